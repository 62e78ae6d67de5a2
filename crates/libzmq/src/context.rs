//! Contexts: `zmq_ctx_...`.

use crate::border::{call, guarded};
use crate::errno::Errno;
use crate::fork::{self, Inherited};
use crate::handle::{SlotError, Table};
use libc::{c_int, c_void};
use std::collections::BTreeSet;
use std::ptr;
use std::slice;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use zincmq::SchedPolicy;
use zincmq::c::Configures;

const IO_THREADS: c_int = 1;
const MAX_SOCKETS: c_int = 2;
/// To read.
const SOCKET_LIMIT: c_int = 3;
/// To set.
const THREAD_PRIORITY: c_int = 3;
const THREAD_SCHED_POLICY: c_int = 4;
const MAX_MSGSZ: c_int = 5;
const MSG_T_SIZE: c_int = 6;
const THREAD_AFFINITY_CPU_ADD: c_int = 7;
const THREAD_AFFINITY_CPU_REMOVE: c_int = 8;
const THREAD_NAME_PREFIX: c_int = 9;
const ZERO_COPY_RECV: c_int = 10;
const IPV6: c_int = 42;
const BLOCKY: c_int = 70;

/// The longest prefix that thread names may have.
const LONGEST_PREFIX: usize = 16;

pub(crate) static CONTEXTS: Table<Arc<Context>> = Table::new();
static INHERITED: &dyn Inherited = &CONTEXTS;

/// A context, and its options as C reads them.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) core: zincmq::Context,
    settings: Mutex<Settings>,
}

#[derive(Debug)]
struct Settings {
    sched_policy: c_int,
    /// Bounds nothing, as in libzmq: `ZMQ_MAXMSGSIZE` of a socket does.
    max_msgsz: c_int,
    name_prefix: String,
    /// Says nothing: large messages are never copied.
    zero_copy_recv: c_int,
    ipv6: c_int,
    blocky: c_int,
    cpus: BTreeSet<usize>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            sched_policy: -1,
            max_msgsz: c_int::MAX,
            name_prefix: String::new(),
            zero_copy_recv: 1,
            ipv6: 0,
            blocky: 1,
            cpus: BTreeSet::new(),
        }
    }
}

const INVALID: Errno = Errno(libc::EINVAL);

/// The context of a handle.
pub(crate) fn find(handle: *mut c_void) -> Result<Arc<Context>, Errno> {
    loop {
        match CONTEXTS.borrow(handle) {
            Ok(context) => return Ok(Arc::clone(&context)),
            // Some thread is doing just this.
            Err(SlotError::Busy) => std::hint::spin_loop(),
            Err(_) => return Err(Errno(libc::EFAULT)),
        }
    }
}

impl Context {
    fn settings(&self) -> MutexGuard<'_, Settings> {
        self.settings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, option: c_int, value: c_int) -> Result<c_int, Errno> {
        let mut settings = self.settings();
        if option == THREAD_NAME_PREFIX {
            self.set_prefix(&mut settings, value.to_string());
            return Ok(0);
        }
        let count = usize::try_from(value).map_err(|_| INVALID)?;
        let on = count > 0;
        match option {
            IO_THREADS => self.core.configure(|builder| builder.io_threads(count)),
            MAX_SOCKETS if count >= 1 => self.core.configure(|builder| builder.max_sockets(count)),
            THREAD_PRIORITY => self.core.configure(|builder| builder.thread_priority(value)),
            THREAD_SCHED_POLICY => {
                let policy = policy(value).ok_or(INVALID)?;
                self.core.configure(|builder| builder.thread_sched_policy(policy));
                settings.sched_policy = value;
            }
            MAX_MSGSZ => settings.max_msgsz = value,
            THREAD_AFFINITY_CPU_ADD => {
                settings.cpus.insert(count);
                self.apply_affinity(&settings);
            }
            THREAD_AFFINITY_CPU_REMOVE if settings.cpus.remove(&count) => self.apply_affinity(&settings),
            ZERO_COPY_RECV => settings.zero_copy_recv = on.into(),
            IPV6 => {
                self.core.configure(|builder| builder.ipv6(on));
                settings.ipv6 = on.into();
            }
            BLOCKY => {
                self.core.configure(|builder| builder.blocky(on));
                settings.blocky = on.into();
            }
            _ => return Err(INVALID),
        }
        Ok(0)
    }

    fn apply_affinity(&self, settings: &Settings) {
        self.core.configure(|builder| builder.thread_affinity(settings.cpus.iter().copied()));
    }

    fn set_prefix(&self, settings: &mut Settings, prefix: String) {
        self.core.configure(|builder| builder.thread_name_prefix(&prefix));
        settings.name_prefix = prefix;
    }

    fn get(&self, option: c_int) -> Result<c_int, Errno> {
        let settings = self.settings();
        Ok(match option {
            IO_THREADS => self.core.io_threads() as c_int,
            MAX_SOCKETS => self.core.max_sockets() as c_int,
            SOCKET_LIMIT => 65535,
            THREAD_SCHED_POLICY => settings.sched_policy,
            MAX_MSGSZ => settings.max_msgsz,
            MSG_T_SIZE => 64,
            THREAD_NAME_PREFIX => settings.name_prefix.parse().unwrap_or(0),
            ZERO_COPY_RECV => settings.zero_copy_recv,
            IPV6 => settings.ipv6,
            BLOCKY => settings.blocky,
            _ => return Err(INVALID),
        })
    }

    /// As [`Context::set`], from bytes: text for names, an `int` for the rest.
    fn set_bytes(&self, option: c_int, bytes: &[u8]) -> Result<c_int, Errno> {
        if let Ok(int) = bytes.try_into() {
            return self.set(option, c_int::from_ne_bytes(int));
        }
        if option != THREAD_NAME_PREFIX || bytes.is_empty() || bytes.len() > LONGEST_PREFIX {
            return Err(INVALID);
        }
        let text = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
        let prefix = str::from_utf8(text).map_err(|_| INVALID)?.to_owned();
        self.set_prefix(&mut self.settings(), prefix);
        Ok(0)
    }

    fn get_bytes(&self, option: c_int) -> Result<Vec<u8>, Errno> {
        if option == THREAD_NAME_PREFIX {
            return Ok([self.settings().name_prefix.as_bytes(), &[0]].concat());
        }
        Ok(self.get(option)?.to_ne_bytes().to_vec())
    }
}

const fn policy(number: c_int) -> Option<SchedPolicy> {
    Some(match number {
        libc::SCHED_OTHER => SchedPolicy::Other,
        libc::SCHED_BATCH => SchedPolicy::Batch,
        libc::SCHED_IDLE => SchedPolicy::Idle,
        libc::SCHED_FIFO => SchedPolicy::Fifo,
        libc::SCHED_RR => SchedPolicy::RoundRobin,
        _ => return None,
    })
}

/// A new context, or NULL.
#[unsafe(no_mangle)]
pub extern "C" fn zmq_ctx_new() -> *mut c_void {
    guarded(ptr::null_mut(), || {
        fork::watch(&INHERITED);
        // For the owners of sockets. Most programs have one thread at this time, so that it takes no time.
        sys::register_fences();
        let context = Context { core: zincmq::Context::new(), settings: Mutex::default() };
        let handle = CONTEXTS.insert(Arc::new(context));
        handle.unwrap_or_else(|| Errno(libc::EMFILE).report(ptr::null_mut()))
    })
}

/// Ends a context: waits until every socket has been closed and has lingered.
#[unsafe(no_mangle)]
pub extern "C" fn zmq_ctx_term(context: *mut c_void) -> c_int {
    call(|| {
        if let Err(SlotError::Inherited) = CONTEXTS.borrow(context) {
            _ = CONTEXTS.remove(context);
            return Ok(0);
        }
        find(context)?.core.term_interruptible()?;
        while let Err(SlotError::Busy) = CONTEXTS.remove(context) {
            std::hint::spin_loop();
        }
        Ok(0)
    })
}

/// Makes every call in the context's sockets fail with ETERM.
#[unsafe(no_mangle)]
pub extern "C" fn zmq_ctx_shutdown(context: *mut c_void) -> c_int {
    call(|| {
        find(context)?.core.shutdown();
        Ok(0)
    })
}

/// Sets an option of a context.
#[unsafe(no_mangle)]
pub extern "C" fn zmq_ctx_set(context: *mut c_void, option: c_int, value: c_int) -> c_int {
    call(|| find(context)?.set(option, value))
}

/// The value of an option of a context.
#[unsafe(no_mangle)]
pub extern "C" fn zmq_ctx_get(context: *mut c_void, option: c_int) -> c_int {
    call(|| find(context)?.get(option))
}

/// Sets an option of a context, from `length` bytes.
///
/// # Safety
/// `value` is NULL or points to as many bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmq_ctx_set_ext(
    context: *mut c_void,
    option: c_int,
    value: *const c_void,
    length: usize,
) -> c_int {
    call(|| {
        let context = find(context)?;
        if value.is_null() {
            return Err(INVALID);
        }
        // SAFETY: the caller's word.
        context.set_bytes(option, unsafe { slice::from_raw_parts(value.cast(), length) })
    })
}

/// The value of an option of a context, as bytes; `length` is the room there is, and then the room that was needed.
///
/// # Safety
/// `length` points to a length, and `value` to so much room.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmq_ctx_get_ext(
    context: *mut c_void,
    option: c_int,
    value: *mut c_void,
    length: *mut usize,
) -> c_int {
    call(|| {
        let bytes = find(context)?.get_bytes(option)?;
        // SAFETY: the caller's word.
        let Some(length) = (unsafe { length.as_mut() }) else { return Err(INVALID) };
        if value.is_null() || *length < bytes.len() {
            return Err(INVALID);
        }
        // SAFETY: the caller's word; there is room.
        unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), value.cast::<u8>(), bytes.len()) };
        *length = bytes.len();
        Ok(0)
    })
}

/// A new context with so many I/O threads. Deprecated: `zmq_ctx_new`.
#[unsafe(no_mangle)]
pub extern "C" fn zmq_init(io_threads: c_int) -> *mut c_void {
    if io_threads < 0 {
        return INVALID.report(ptr::null_mut());
    }
    let context = zmq_ctx_new();
    if !context.is_null() {
        zmq_ctx_set(context, IO_THREADS, io_threads);
    }
    context
}

/// As `zmq_ctx_term`. Deprecated.
#[unsafe(no_mangle)]
pub extern "C" fn zmq_term(context: *mut c_void) -> c_int {
    zmq_ctx_term(context)
}

/// As `zmq_ctx_term`. Deprecated.
#[unsafe(no_mangle)]
pub extern "C" fn zmq_ctx_destroy(context: *mut c_void) -> c_int {
    zmq_ctx_term(context)
}
