//! A bell that poll(2) hears: a descriptor that becomes readable when something wakes it.

use queue::Wake;
use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};
use rustix::io::Errno;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

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
}

/// poll(2); an interruption by a signal counts as waking up. `None`: without limit.
pub(crate) fn wait(set: &mut [PollFd<'_>], timeout: Option<Duration>) -> io::Result<()> {
    let timeout = timeout.and_then(|timeout| Timespec::try_from(timeout).ok());
    match poll(set, timeout.as_ref()) {
        Ok(_) | Err(Errno::INTR) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Whether poll(2) found something on this descriptor.
pub(crate) fn rang(item: &PollFd<'_>) -> bool {
    item.revents() != PollFlags::empty()
}
