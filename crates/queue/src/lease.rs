//! Who hears from a connection's descriptor: the I/O thread's poller, or a caller that waits for a message and
//! does the I/O itself. The caller keeps the lease between its calls; the I/O thread takes it back when it is
//! not used.

use crate::primitive::{AtomicU8, Ordering};

/// The I/O thread's poller hears.
const NONE: u8 = 0;
/// The caller has it and is elsewhere, since the last tick at most.
const FRESH: u8 = 1;
/// The caller has been elsewhere for a whole tick.
const STALE: u8 = 2;
/// The caller waits.
const BUSY: u8 = 3;
/// The caller has been waiting for a whole tick; it must tell when it leaves.
const QUIET: u8 = 4;

/// See the module. One caller and one I/O thread.
#[derive(Debug, Default)]
pub struct Lease(AtomicU8);

/// How a caller came by the lease.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Take {
    /// It had it still.
    Again,
    /// It has it now: the descriptor must leave the poller, and the I/O thread must be told.
    Anew,
}

/// What a tick found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tick {
    /// In use: look again at the next tick.
    Held,
    /// Nothing to look for until told again.
    Forget,
    /// Not used any more: the descriptor goes back to the poller.
    Back,
}

impl Lease {
    /// Caller: about to wait.
    pub fn take(&self) -> Take {
        match self.0.swap(BUSY, Ordering::AcqRel) {
            NONE => Take::Anew,
            _ => Take::Again,
        }
    }

    /// Caller: done waiting, may be back soon. Returns whether the I/O thread must be told to tick again.
    #[must_use]
    pub fn leave(&self) -> bool {
        if self.0.compare_exchange(BUSY, FRESH, Ordering::AcqRel, Ordering::Acquire).is_ok() {
            return false;
        }
        self.0.compare_exchange(QUIET, FRESH, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    /// Either side: the lease ends. Returns whether there was one: the descriptor goes back to the poller.
    #[must_use]
    pub fn end(&self) -> bool {
        self.is_held() && self.0.swap(NONE, Ordering::AcqRel) != NONE
    }

    /// Whether the caller has it.
    #[must_use]
    pub fn is_held(&self) -> bool {
        self.0.load(Ordering::Acquire) != NONE
    }

    /// I/O thread: a tick has passed.
    pub fn tick(&self) -> Tick {
        let state = self.0.load(Ordering::Acquire);
        let (next, found) = match state {
            FRESH => (STALE, Tick::Held),
            STALE => (NONE, Tick::Back),
            BUSY => (QUIET, Tick::Forget),
            _ => return Tick::Forget,
        };
        match self.0.compare_exchange(state, next, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => found,
            Err(_) => Tick::Held,
        }
    }
}
