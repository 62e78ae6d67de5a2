//! The end of a connection that this side closes.
//!
//! close(2) takes back what is still on its way. Over tcp, input that was not read, or that comes later, makes the kernel
//! reset the connection and drop its unsent bytes. Over ipc the peer hears of a hang-up before it has read everything,
//! and libzmq, where it stands at its high-water mark, then drops the rest. So this side only says that it writes no
//! more, reads on for nobody, and closes when the peer has everything, or has closed.

use crate::engine::contract::End;
use rustix::net::{Shutdown, shutdown};
use std::os::fd::BorrowedFd;
use std::time::{Duration, Instant};

/// How long a peer may take nothing before it is given up: longer than a busy one rests, shorter than a program may
/// seem to hang at its end.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often to check whether the peer has everything, which no event tells; its own closing is one.
pub(crate) const LEAVING_CHECKS: Duration = Duration::from_millis(20);

/// The number of bytes that the peer has not got yet, and since when it has been the same.
#[derive(Debug)]
pub(super) struct Leaving {
    unsent: usize,
    since: Instant,
}

impl Leaving {
    /// Everything is written: a step on the way to the end, the first one or after `before`. A peer that has everything is
    /// not waited for, though it may be sending: it learns of a reset then instead of the end.
    ///
    /// # Errors
    /// [`End::Flushed`]: the peer has everything, or is given up.
    pub(super) fn step(before: Option<Box<Self>>, descriptor: BorrowedFd<'_>) -> Result<Box<Self>, End> {
        let (unsent, now) = (sys::unsent(descriptor), Instant::now());
        match before {
            _ if unsent == 0 => return Err(End::Flushed),
            None => shutdown(descriptor, Shutdown::Write).map_err(|_| End::Flushed)?,
            Some(before) if unsent < before.unsent => {}
            Some(before) if now < before.since + PATIENCE => return Ok(before),
            Some(_) => return Err(End::Flushed),
        }
        Ok(Box::new(Self { unsent, since: now }))
    }
}
