//! Thin wrappers over the system calls that zincmq needs and mio, socket2 and rustix do not give.

pub mod datagrams;

use rustix::event::{PollFd, Timespec};
use rustix::net::{RecvFlags, SendAncillaryBuffer, SendFlags, sendmsg};
use rustix::thread::{MembarrierCommand, membarrier, membarrier_query};
use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr;
use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// Sends `pieces` in one call, without SIGPIPE and without waiting. Returns the bytes taken.
///
/// # Errors
/// As sendmsg(2).
pub fn send(to: BorrowedFd<'_>, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
    let flags = SendFlags::NOSIGNAL | SendFlags::DONTWAIT;
    // The kernel has less to look at.
    if let [only] = pieces {
        return Ok(rustix::net::send(to, only, flags)?);
    }
    Ok(sendmsg(to, pieces, &mut SendAncillaryBuffer::default(), flags)?)
}

/// Receives into `first`, then into `second`, in one call and without waiting. Returns the bytes received.
///
/// # Errors
/// As recvmsg(2).
pub fn receive(
    from: BorrowedFd<'_>,
    first: &mut [MaybeUninit<u8>],
    second: &mut [MaybeUninit<u8>],
) -> io::Result<usize> {
    if second.is_empty() {
        let (received, _) = rustix::net::recv(from, first, RecvFlags::DONTWAIT)?;
        return Ok(received.0.len());
    }
    let piece = |room: &mut [MaybeUninit<u8>]| libc::iovec {
        iov_base: room.as_mut_ptr().cast(),
        iov_len: room.len(),
    };
    let mut pieces = [piece(first), piece(second)];
    // SAFETY: a header of zeros is valid; the two pieces describe writable memory of the given lengths.
    let received = unsafe {
        let mut header: libc::msghdr = std::mem::zeroed();
        header.msg_iov = pieces.as_mut_ptr();
        header.msg_iovlen = 2;
        libc::recvmsg(from.as_raw_fd(), &mut header, libc::MSG_DONTWAIT)
    };
    usize::try_from(received).map_err(|_| io::Error::last_os_error())
}

/// Sets how many bytes must have come before a tcp socket counts as readable; its end and an error count in any case. The kernel
/// takes fewer where its buffer is small.
///
/// # Errors
/// As setsockopt(2).
pub fn set_low_water(of: BorrowedFd<'_>, bytes: usize) -> io::Result<()> {
    let bytes = libc::c_int::try_from(bytes).unwrap_or(libc::c_int::MAX);
    let size = size_of_val(&bytes) as libc::socklen_t;
    let value = (&raw const bytes).cast();
    // SAFETY: the call only reads the number, whose size is given.
    let result =
        unsafe { libc::setsockopt(of.as_raw_fd(), libc::SOL_SOCKET, libc::SO_RCVLOWAT, value, size) };
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// How many bytes were written to a connected socket that the peer does not have yet: its kernel over tcp, its process
/// over ipc, where the number is not exact, but 0 if and only if there are none. 0 if that cannot be told.
#[must_use]
pub fn unsent(of: BorrowedFd<'_>) -> usize {
    let mut unsent: libc::c_int = 0;
    // SAFETY: the call only writes to the number given.
    let result = unsafe { libc::ioctl(of.as_raw_fd(), libc::TIOCOUTQ, &raw mut unsent) };
    if result < 0 { 0 } else { usize::try_from(unsent).unwrap_or(0) }
}

/// Fetches the cache line at an address to write to it, where the processor takes such a hint.
#[inline(always)]
pub fn prefetch_to_write(address: *const u8) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: a hint, whatever the address is; processors that do not know it do nothing.
    unsafe {
        std::arch::asm!("prefetchw [{}]", in(reg) address, options(nostack, preserves_flags, readonly));
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = address;
}

/// Copies `from` to `to`, which do not overlap. A few bytes go in two overlapping pieces of a fixed size: that is cheaper
/// than a call, and who copies them on in the same way, as memcpy does, reads in one piece what was written as one, for
/// which the processor need not wait.
///
/// # Safety
/// `to` has room for so many bytes.
#[inline(always)]
pub unsafe fn copy(from: &[u8], to: *mut u8) {
    /// # Safety
    /// `from` has at least `N` bytes, and `to` as much room as `from`.
    #[inline(always)]
    unsafe fn ends<const N: usize>(from: &[u8], to: *mut u8) {
        let behind = from.len() - N;
        // SAFETY: both pieces lie within `from`, and so within `to`.
        unsafe {
            ptr::copy_nonoverlapping(from.as_ptr().add(behind), to.add(behind), N);
            ptr::copy_nonoverlapping(from.as_ptr(), to, N);
        }
    }
    // SAFETY: the caller's word; the sizes fit.
    unsafe {
        match from.len() {
            16..32 => ends::<16>(from, to),
            32..=64 => ends::<32>(from, to),
            8..16 => ends::<8>(from, to),
            4..8 => ends::<4>(from, to),
            2..4 => ends::<2>(from, to),
            0 => {}
            size => ptr::copy_nonoverlapping(from.as_ptr(), to, size),
        }
    }
}

/// As [`copy`], to the beginning of `to`; nothing if it is shorter.
#[inline(always)]
pub fn copy_into(from: &[u8], to: &mut [u8]) {
    if from.len() <= to.len() {
        // SAFETY: there is room, and two borrows of which one is mutable do not overlap.
        unsafe { copy(from, to.as_mut_ptr()) };
    }
}

/// A set of signals, for the time of a wait.
#[derive(Clone, Copy)]
pub struct SignalMask(libc::sigset_t);

impl From<libc::sigset_t> for SignalMask {
    fn from(set: libc::sigset_t) -> Self {
        Self(set)
    }
}

impl std::fmt::Debug for SignalMask {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SignalMask")
    }
}

/// Waits for descriptors, with the signals of `mask` blocked instead of the thread's own if it is given. No timeout:
/// without limit.
///
/// # Errors
/// As ppoll(2).
pub fn poll(set: &mut [PollFd<'_>], timeout: Option<Duration>, mask: Option<&SignalMask>) -> io::Result<()> {
    let limit = timeout.map(timespec);
    let Some(mask) = mask else {
        let limit = limit.map(|limit| Timespec { tv_sec: limit.tv_sec, tv_nsec: limit.tv_nsec });
        // The C library's call is a place where a thread may be cancelled, which costs two atomic operations.
        rustix::event::poll(set, limit.as_ref())?;
        return Ok(());
    };
    let limit = limit.as_ref().map_or(ptr::null(), ptr::from_ref);
    let mask = &raw const mask.0;
    // SAFETY: rustix hands `PollFd` to the same system call as it is; all pointers outlive the call.
    let result = unsafe { libc::ppoll(set.as_mut_ptr().cast(), set.len() as libc::nfds_t, limit, mask) };
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

fn timespec(time: Duration) -> libc::timespec {
    libc::timespec {
        tv_sec: libc::time_t::try_from(time.as_secs()).unwrap_or(libc::time_t::MAX),
        tv_nsec: time.subsec_nanos().into(),
    }
}

/// The time in nanoseconds, in ticks of some milliseconds: this costs less than an exact one. Never 0.
#[must_use]
pub fn coarse_time() -> u64 {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the call only writes to the time given.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC_COARSE, &raw mut now) };
    (now.tv_sec.cast_unsigned() * 1_000_000_000 + now.tv_nsec.cast_unsigned()).max(1)
}

/// The processor time of this thread so far. Not by rustix, which looks for the vDSO by itself: valgrind unmaps the vDSO, so that
/// to look at it ends the process.
#[must_use]
pub fn thread_time() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the call only writes to the time given.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    Duration::new(time.tv_sec.cast_unsigned(), time.tv_nsec.cast_unsigned() as u32)
}

/// Waits until there is something to read from a descriptor, or an error, or `timeout` is over.
pub fn await_readable(descriptor: &impl AsRawFd, timeout: Duration) {
    let mut set = libc::pollfd { fd: descriptor.as_raw_fd(), events: libc::POLLIN, revents: 0 };
    let limit = timespec(timeout);
    // SAFETY: the set and the limit outlive the call.
    unsafe { libc::ppoll(&raw mut set, 1, &raw const limit, ptr::null()) };
}

/// Sleeps while `word` holds `expected`, until woken or until `until`. Returns `false` only if a signal handler
/// ran. The timeout is absolute even where none is asked for: the kernel restarts a wait without one after
/// a handler with SA_RESTART, and the interruption would be lost. May return early: look and sleep again.
#[must_use]
pub fn futex_wait(word: &AtomicU32, expected: u32, until: Option<Instant>) -> bool {
    const LONG: Duration = Duration::from_secs(365 * 24 * 3600);
    let left = until.map_or(LONG, |until| until.saturating_duration_since(Instant::now())).min(LONG);
    // SAFETY: the call only writes to the time given, for which zeros are valid.
    let now = unsafe {
        let mut now: libc::timespec = std::mem::zeroed();
        libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut now);
        now
    };
    let nanoseconds = now.tv_nsec + i64::from(left.subsec_nanos());
    let deadline = libc::timespec {
        tv_sec: now.tv_sec + left.as_secs() as i64 + nanoseconds / 1_000_000_000,
        tv_nsec: nanoseconds % 1_000_000_000,
    };
    // SAFETY: the word and the deadline outlive the call; FUTEX_WAIT_BITSET takes the time as absolute.
    let result = unsafe {
        libc::syscall(
            libc::SYS_futex,
            word.as_ptr(),
            libc::FUTEX_WAIT_BITSET | libc::FUTEX_PRIVATE_FLAG,
            expected,
            &raw const deadline,
            ptr::null::<u32>(),
            libc::FUTEX_BITSET_MATCH_ANY,
        )
    };
    result == 0 || io::Error::last_os_error().raw_os_error() != Some(libc::EINTR)
}

/// Wakes one thread that sleeps on `word`.
pub fn futex_wake(word: &AtomicU32) {
    // SAFETY: the word is a valid address; waking has no other precondition.
    unsafe {
        libc::syscall(libc::SYS_futex, word.as_ptr(), libc::FUTEX_WAKE | libc::FUTEX_PRIVATE_FLAG, 1);
    }
}

/// Whether [`fence_all_threads`] can be had: nobody has asked, yes, no. No lock: a process may fork in the middle.
static FENCES: AtomicU8 = AtomicU8::new(UNASKED);
const UNASKED: u8 = 0;
const YES: u8 = 1;
const NO: u8 = 2;

/// Registers the process for [`fence_all_threads`], if it is not registered yet: some microseconds while it has one thread, and 10 to
/// 20 ms later.
pub fn register_fences() {
    if FENCES.load(Ordering::Relaxed) == UNASKED {
        let can = membarrier_query().contains_command(MembarrierCommand::PrivateExpedited)
            && membarrier(MembarrierCommand::RegisterPrivateExpedited).is_ok();
        FENCES.store(if can { YES } else { NO }, Ordering::Relaxed);
    }
}

/// Whether [`fence_all_threads`] can be had, without a system call.
#[must_use]
pub fn has_fences() -> bool {
    FENCES.load(Ordering::Relaxed) == YES
}

/// Every thread of this process passes a full fence between the begin and the end of this call. The others that run
/// are interrupted for it, which takes some microseconds.
///
/// # Errors
/// As membarrier(2); none where [`has_fences`] has said yes, unless the process forbids itself the call later: then it says no.
pub fn fence_all_threads() -> io::Result<()> {
    membarrier(MembarrierCommand::PrivateExpedited).inspect_err(|_| FENCES.store(NO, Ordering::Relaxed))?;
    Ok(())
}

/// What tells the calling thread from all others that exist: the address of its own data.
#[inline(always)]
#[must_use]
pub fn thread_pointer() -> usize {
    let pointer;
    // SAFETY: the ABI of Linux keeps the address of the thread's block there, in the block's first word.
    #[cfg(all(target_os = "linux", target_arch = "x86_64", target_pointer_width = "64"))]
    unsafe {
        std::arch::asm!("mov {}, fs:0", out(reg) pointer, options(pure, readonly, nostack, preserves_flags));
    }
    // SAFETY: this register is the thread's own, and may always be read.
    #[cfg(all(target_os = "linux", target_arch = "aarch64"))]
    unsafe {
        std::arch::asm!("mrs {}, tpidr_el0", out(reg) pointer, options(pure, nomem, nostack, preserves_flags));
    }
    #[cfg(not(all(
        target_os = "linux",
        any(all(target_arch = "x86_64", target_pointer_width = "64"), target_arch = "aarch64")
    )))]
    {
        thread_local!(static OWN: u8 = const { 0 });
        pointer = OWN.with(|own| ptr::from_ref(own).addr());
    }
    pointer
}

/// Blocks all signals for the calling thread, so that handlers run on the application's own threads.
pub fn block_signals() {
    // SAFETY: the set is initialised by sigfillset before it is used.
    unsafe {
        let mut set: libc::sigset_t = std::mem::zeroed();
        libc::sigfillset(&mut set);
        libc::pthread_sigmask(libc::SIG_BLOCK, &set, ptr::null_mut());
    }
}

pub use libc::{SCHED_BATCH, SCHED_FIFO, SCHED_IDLE, SCHED_OTHER, SCHED_RR};

/// Sets how the calling thread is scheduled; `priority` is 0 except for the real-time policies.
///
/// # Errors
/// As sched_setscheduler(2).
pub fn set_scheduler(policy: i32, priority: i32) -> io::Result<()> {
    // SAFETY: the parameters are initialised and outlive the call; 0 is the calling thread.
    let result = unsafe {
        let mut parameters: libc::sched_param = std::mem::zeroed();
        parameters.sched_priority = priority;
        libc::sched_setscheduler(0, policy, &parameters)
    };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
