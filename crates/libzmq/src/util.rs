//! Beside messaging: the version, error numbers, counters, stopwatches, threads.

use crate::border::guarded;
use crate::errno::{self, EFSM, EMTHREAD, ENOCOMPATPROTO, ETERM};
use libc::{c_char, c_int, c_ulong, c_void};
use std::ffi::CStr;
use std::ptr;
use std::sync::atomic::{AtomicI32, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Instant;

/// The version of libzmq's interface that this is.
const VERSION: [c_int; 3] = [4, 3, 5];

/// The names that [`zmq_has`] says yes to: `draft` is the draft functions, not each of the draft socket types. tcp and
/// inproc are no capabilities: everybody has them.
const CAPABILITIES: [&CStr; 4] = [c"ipc", c"pgm", c"curve", c"draft"];

/// The calling thread's `errno`: for programs whose C library is not the one libzmq was built with.
#[unsafe(no_mangle)]
pub extern "C" fn zmq_errno() -> c_int {
    errno::get()
}

/// The meaning of an error number, in English; never NULL.
#[unsafe(no_mangle)]
pub extern "C" fn zmq_strerror(number: c_int) -> *const c_char {
    let text = match number {
        EFSM => c"Operation cannot be accomplished in current state",
        ENOCOMPATPROTO => c"The protocol is not compatible with the socket type",
        ETERM => c"Context was terminated",
        EMTHREAD => c"No thread available",
        libc::EHOSTUNREACH => c"Host unreachable",
        // SAFETY: strerror(3) takes any number and returns a string that outlives the call.
        _ => return guarded(c"".as_ptr(), || unsafe { libc::strerror(number).cast_const() }),
    };
    text.as_ptr()
}

/// Tells the version of libzmq that this library takes the place of.
///
/// # Safety
/// Each pointer is NULL or may be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmq_version(major: *mut c_int, minor: *mut c_int, patch: *mut c_int) {
    for (place, number) in [major, minor, patch].into_iter().zip(VERSION) {
        if !place.is_null() {
            // SAFETY: not NULL, hence to be written to.
            unsafe { place.write(number) };
        }
    }
}

/// 1 if the library has a capability, else 0.
///
/// # Safety
/// `capability` is NULL or a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmq_has(capability: *const c_char) -> c_int {
    if capability.is_null() {
        return 0;
    }
    // SAFETY: not NULL, hence a string.
    let capability = unsafe { CStr::from_ptr(capability) };
    CAPABILITIES.contains(&capability).into()
}

/// Makes a counter that is 0, to be freed by [`zmq_atomic_counter_destroy`].
#[unsafe(no_mangle)]
pub extern "C" fn zmq_atomic_counter_new() -> *mut c_void {
    guarded(ptr::null_mut(), || Box::into_raw(Box::new(AtomicI32::new(0))).cast())
}

/// The counter behind a pointer of the caller's; `None` for NULL.
///
/// # Safety
/// `counter` is NULL or comes from [`zmq_atomic_counter_new`] and has not been destroyed.
unsafe fn counter<'a>(counter: *mut c_void) -> Option<&'a AtomicI32> {
    // SAFETY: as promised, zmq_atomic_counter_new has made the counter; nobody has a `&mut` to it.
    unsafe { counter.cast::<AtomicI32>().as_ref() }
}

/// Sets a counter.
///
/// # Safety
/// `counter` is NULL or a counter.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmq_atomic_counter_set(counter: *mut c_void, value: c_int) {
    // SAFETY: passed on.
    if let Some(counter) = unsafe { self::counter(counter) } {
        counter.store(value, Ordering::SeqCst);
    }
}

/// Adds one, and returns the value before.
///
/// # Safety
/// As [`zmq_atomic_counter_set`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmq_atomic_counter_inc(counter: *mut c_void) -> c_int {
    // SAFETY: passed on.
    unsafe { self::counter(counter) }.map_or(0, |counter| counter.fetch_add(1, Ordering::SeqCst))
}

/// Takes one away, and returns 0 if nothing is left, else 1.
///
/// # Safety
/// As [`zmq_atomic_counter_set`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmq_atomic_counter_dec(counter: *mut c_void) -> c_int {
    // SAFETY: passed on.
    let before = unsafe { self::counter(counter) }.map(|counter| counter.fetch_sub(1, Ordering::SeqCst));
    before.is_some_and(|before| before != 1).into()
}

/// The value of a counter.
///
/// # Safety
/// As [`zmq_atomic_counter_set`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmq_atomic_counter_value(counter: *mut c_void) -> c_int {
    // SAFETY: passed on.
    unsafe { self::counter(counter) }.map_or(0, |counter| counter.load(Ordering::SeqCst))
}

/// Frees a counter, and makes the caller's pointer to it NULL.
///
/// # Safety
/// `counter` is NULL or points to a counter or to NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmq_atomic_counter_destroy(counter: *mut *mut c_void) {
    // SAFETY: the caller's pointer, if it is one.
    let Some(place) = (unsafe { counter.as_mut() }) else { return };
    let counter = std::mem::replace(place, ptr::null_mut());
    if !counter.is_null() {
        // SAFETY: made by zmq_atomic_counter_new, and destroyed only once, as promised.
        drop(unsafe { Box::from_raw(counter.cast::<AtomicI32>()) });
    }
}

/// Starts a stopwatch, to be freed by [`zmq_stopwatch_stop`].
#[unsafe(no_mangle)]
pub extern "C" fn zmq_stopwatch_start() -> *mut c_void {
    guarded(ptr::null_mut(), || Box::into_raw(Box::new(Instant::now())).cast())
}

/// Microseconds since a stopwatch was started.
///
/// # Safety
/// `watch` is NULL or comes from [`zmq_stopwatch_start`] and has not been stopped.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmq_stopwatch_intermediate(watch: *mut c_void) -> c_ulong {
    // SAFETY: as promised, what zmq_stopwatch_start has made.
    let start = unsafe { watch.cast::<Instant>().as_ref() };
    start.map_or(0, |start| start.elapsed().as_micros().try_into().unwrap_or(c_ulong::MAX))
}

/// Microseconds since a stopwatch was started, which is freed.
///
/// # Safety
/// As [`zmq_stopwatch_intermediate`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmq_stopwatch_stop(watch: *mut c_void) -> c_ulong {
    // SAFETY: passed on.
    let elapsed = unsafe { zmq_stopwatch_intermediate(watch) };
    if !watch.is_null() {
        // SAFETY: made by zmq_stopwatch_start, and stopped only once, as promised.
        drop(unsafe { Box::from_raw(watch.cast::<Instant>()) });
    }
    elapsed
}

/// Waits so many seconds, or until a signal comes.
#[unsafe(no_mangle)]
pub extern "C" fn zmq_sleep(seconds: c_int) {
    if let Ok(seconds) = seconds.try_into() {
        // SAFETY: sleep(3) has no preconditions.
        unsafe { libc::sleep(seconds) };
    }
}

/// The function that a thread of [`zmq_threadstart`] runs.
type Run = unsafe extern "C" fn(*mut c_void);

/// The caller's argument on its way to the new thread.
struct Argument(*mut c_void);

// SAFETY: it is only handed to the caller's function, whose business it is.
unsafe impl Send for Argument {}

impl Argument {
    /// A method, so that a closure takes the whole and not the pointer, which is not `Send`.
    fn into_inner(self) -> *mut c_void {
        self.0
    }
}

/// Starts a thread, to be waited for by [`zmq_threadclose`]. It blocks all signals, as libzmq's do. NULL with
/// EFAULT for no function, with EAGAIN for no thread.
///
/// # Safety
/// `run` may be called on another thread with `argument`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmq_threadstart(run: Option<Run>, argument: *mut c_void) -> *mut c_void {
    let Some(run) = run else {
        errno::set(libc::EFAULT);
        return ptr::null_mut();
    };
    let argument = Argument(argument);
    let body = move || {
        sys::block_signals();
        // SAFETY: the caller wants it called, here and with this.
        unsafe { run(argument.into_inner()) }
    };
    guarded(ptr::null_mut(), || match thread::Builder::new().name("ZMQapp".into()).spawn(body) {
        Ok(thread) => Box::into_raw(Box::new(thread)).cast(),
        Err(error) => {
            errno::set(error.raw_os_error().unwrap_or(libc::EAGAIN));
            ptr::null_mut()
        }
    })
}

/// Waits for a thread's end.
///
/// # Safety
/// `thread` is NULL or comes from [`zmq_threadstart`], and was not waited for before.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmq_threadclose(thread: *mut c_void) {
    if !thread.is_null() {
        // SAFETY: made by zmq_threadstart, and closed only once, as promised.
        let thread = unsafe { Box::from_raw(thread.cast::<JoinHandle<()>>()) };
        guarded((), || drop(thread.join()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_told() {
        let (mut major, mut minor, mut patch) = (0, 0, 0);
        // SAFETY: pointers to integers, or NULL.
        unsafe {
            zmq_version(&mut major, &mut minor, &mut patch);
            zmq_version(ptr::null_mut(), ptr::null_mut(), ptr::null_mut());
        }
        assert_eq!([major, minor, patch], VERSION);
    }

    #[test]
    fn capabilities_are_what_there_is() {
        // SAFETY: strings, or NULL.
        let has = |name: &CStr| unsafe { zmq_has(name.as_ptr()) };
        assert_eq!([c"ipc", c"pgm", c"draft", c"curve"].map(has), [1; 4]);
        for other in [c"", c"IPC", c"ipc ", c"DRAFT", c"CURVE", c"gssapi", c"PGM", c"norm", c"tcp"] {
            assert_eq!(has(other), 0, "{other:?}");
        }
        // SAFETY: NULL.
        assert_eq!(unsafe { zmq_has(ptr::null()) }, 0);
    }

    #[test]
    fn counters_count() {
        let mut counter = zmq_atomic_counter_new();
        // SAFETY: a counter until it is destroyed, and NULL after.
        unsafe {
            assert_eq!(zmq_atomic_counter_value(counter), 0);
            assert_eq!(zmq_atomic_counter_inc(counter), 0);
            assert_eq!(zmq_atomic_counter_inc(counter), 1);
            assert_eq!(zmq_atomic_counter_dec(counter), 1);
            assert_eq!(zmq_atomic_counter_dec(counter), 0);
            assert_eq!(zmq_atomic_counter_dec(counter), 1, "below nothing is not nothing");
            zmq_atomic_counter_set(counter, c_int::MAX);
            assert_eq!(zmq_atomic_counter_inc(counter), c_int::MAX);
            assert_eq!(zmq_atomic_counter_value(counter), c_int::MIN);
            zmq_atomic_counter_destroy(&mut counter);
            assert!(counter.is_null());
            zmq_atomic_counter_destroy(&mut counter);
            zmq_atomic_counter_destroy(ptr::null_mut());
            zmq_atomic_counter_set(counter, 1);
            assert_eq!(zmq_atomic_counter_inc(counter), 0);
            assert_eq!(zmq_atomic_counter_dec(counter), 0);
            assert_eq!(zmq_atomic_counter_value(counter), 0);
        }
    }

    #[test]
    fn stopwatches_go_forward() {
        let watch = zmq_stopwatch_start();
        // SAFETY: a watch until it is stopped, or NULL.
        unsafe {
            let first = zmq_stopwatch_intermediate(watch);
            while zmq_stopwatch_intermediate(watch) < first + 2000 {}
            assert!(zmq_stopwatch_stop(watch) >= first + 2000);
            assert_eq!(zmq_stopwatch_intermediate(ptr::null_mut()), 0);
            assert_eq!(zmq_stopwatch_stop(ptr::null_mut()), 0);
        }
    }

    #[test]
    fn sleep_returns() {
        zmq_sleep(0);
        zmq_sleep(-1);
    }

    unsafe extern "C" fn name_itself(argument: *mut c_void) {
        // SAFETY: the test gives a String that it does not touch until the thread is over.
        let name = unsafe { &mut *argument.cast::<String>() };
        name.extend(thread::current().name());
    }

    #[test]
    fn threads_run_and_are_waited_for() {
        let mut name = String::new();
        // SAFETY: as name_itself wants it; the handle is closed once.
        unsafe { zmq_threadclose(zmq_threadstart(Some(name_itself), (&raw mut name).cast())) };
        assert_eq!(name, "ZMQapp");
    }

    #[test]
    fn no_function_is_no_thread() {
        errno::set(0);
        // SAFETY: no function, no thread.
        unsafe {
            assert!(zmq_threadstart(None, ptr::null_mut()).is_null());
            zmq_threadclose(ptr::null_mut());
        }
        assert_eq!(errno::get(), libc::EFAULT);
    }
}
