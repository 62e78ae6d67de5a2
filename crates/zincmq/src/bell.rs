//! A bell that poll(2) hears: a descriptor that becomes readable when something wakes it.

use queue::Wake;
use rustix::event::{EventfdFlags, PollFd, PollFlags, eventfd};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};
use sys::SignalMask;

/// See the module.
#[derive(Debug)]
pub(crate) struct Bell(OwnedFd);

impl Wake for Bell {
    fn wake(&self) {
        // The only failure is a full counter, which is readable already.
        _ = rustix::io::write(&self.0, &1_u64.to_ne_bytes());
    }
}

impl Bell {
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self(eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?))
    }

    pub(crate) fn descriptor(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }

    /// Makes it silent again.
    pub(crate) fn silence(&self) {
        _ = rustix::io::read(&self.0, &mut [0; 8]);
    }

    /// Waits for a descriptor that becomes readable, or for the bell, which is silent then. Returns whether the descriptor is.
    ///
    /// # Errors
    /// `Interrupted` if a signal handler ran; others as ppoll(2).
    pub(crate) fn wait_beside(&self, descriptor: BorrowedFd<'_>, until: Option<Instant>) -> io::Result<bool> {
        let mut set =
            [descriptor, self.descriptor()].map(|each| PollFd::from_borrowed_fd(each, PollFlags::IN));
        let left = until.map(|until| until.saturating_duration_since(Instant::now()));
        sys::poll(&mut set, left, None)?;
        if rang(&set[1]) {
            self.silence();
        }
        Ok(rang(&set[0]))
    }
}

/// ppoll(2); no timeout: without limit. Returns `false` if a signal handler ran.
pub(crate) fn wait(
    set: &mut [PollFd<'_>],
    timeout: Option<Duration>,
    mask: Option<&SignalMask>,
) -> io::Result<bool> {
    match sys::poll(set, timeout, mask) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(false),
        Err(error) => Err(error),
    }
}

/// Whether poll(2) found something on this descriptor.
pub(crate) fn rang(item: &PollFd<'_>) -> bool {
    item.revents() != PollFlags::empty()
}
