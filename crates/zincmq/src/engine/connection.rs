//! An open connection, as both sides hold it: the engine behind a lock that either may take, so that a thread
//! that waits for a message can do the I/O itself.

use crate::engine::{Engine, Rest};
use crate::monitor::Sides;
use crate::transport::Link;
use mio::Registry;
use mio::unix::SourceFd;
use queue::{Lease, PeerInfo, Take, TryLock};
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};

/// A driven read that brings so many messages is streaming: the I/O thread does that better.
const STREAMING: u64 = 16;

/// What a caller wants of the I/O thread.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Wish {
    /// Another turn for the engine: something is left that the caller could not do.
    Turn,
    /// The caller listens to the descriptor itself: see that it goes on doing so.
    Leased,
    /// The caller no longer listens.
    Unleased,
    /// The caller carries its stream itself: look after it.
    Carried,
}

/// The I/O thread, as a caller sees it.
pub(crate) trait Overseer: Send + Sync + std::fmt::Debug {
    /// Tells it what is wanted for a session.
    fn tell(&self, session: u64, wish: Wish);
}

/// What a writer wants of an I/O thread that has the engine. It is said before the engine's lock is tried, so that the
/// turn which follows a failure heeds it.
#[derive(Debug, Default)]
pub(crate) struct Wants {
    pub(super) to_carry: AtomicBool,
    pub(super) to_put_down: AtomicBool,
}

impl Wants {
    pub(super) fn say(&self, to_carry: bool, to_put_down: bool) {
        self.to_carry.store(to_carry, Ordering::Relaxed);
        self.to_put_down.store(to_put_down, Ordering::Relaxed);
    }
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Connection {
    /// None after the connection's end.
    pub(crate) engine: TryLock<Option<Engine>>,
    /// The session and the engine own it; a caller that waits holds it for that time.
    pub(crate) descriptor: Weak<OwnedFd>,
    /// What it says of itself.
    pub(crate) info: Arc<PeerInfo>,
    /// The endpoints of this side and the other: the name that was bound or connected to, and the link's.
    pub(crate) name: Arc<str>,
    pub(crate) link: Option<Arc<Link>>,
    pub(crate) connects: bool,
    /// The session's key on its I/O thread.
    pub(crate) session: u64,
    pub(crate) overseer: Arc<dyn Overseer>,
    pub(crate) registry: Arc<Registry>,
    pub(crate) lease: Lease,
    /// Whether the pipe's bytes go out as they are: only then can a writer carry them.
    pub(crate) plain: bool,
    /// Heeded by the I/O thread before each turn.
    pub(crate) wants: Wants,
}

/// What came of a caller's turn at the engine.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Driven {
    /// It went as hoped: go on.
    Well,
    /// Messages stream in: leave it to the I/O thread.
    Streams,
    /// The connection has ended, or somebody else has the engine.
    Not,
}

impl Connection {
    /// The endpoints of this side and the other, as far as known.
    pub(crate) fn sides(&self) -> Sides<'_> {
        let sides = Sides::of(&self.name, self.connects);
        self.link.as_ref().map_or(sides, |link| link.complete(sides))
    }

    /// The caller begins to listen to the descriptor itself. `None`: the connection has ended.
    pub(crate) fn take_lease(&self) -> Option<Arc<OwnedFd>> {
        let descriptor = self.descriptor.upgrade()?;
        if self.lease.take() == Take::Anew {
            _ = self.registry.deregister(&mut SourceFd(&descriptor.as_raw_fd()));
            self.tell(Wish::Leased);
        }
        Some(descriptor)
    }

    /// The caller stops listening for now.
    pub(crate) fn leave_lease(&self) {
        if self.lease.leave() {
            self.tell(Wish::Leased);
        }
    }

    /// The caller stops listening for good.
    pub(crate) fn end_lease(&self) {
        if self.lease.end() {
            self.tell(Wish::Unleased);
        }
    }

    pub(super) fn tell(&self, wish: Wish) {
        self.overseer.tell(self.session, wish);
    }

    /// The reader has the connection at last: what it has read before may have made room.
    pub(crate) fn recheck(&self) {
        self.tell(Wish::Turn);
    }

    /// Goes on where the high-water mark stopped the engine, for a caller that has emptied the pipe. Returns whether
    /// that brought something.
    pub(crate) fn pump(&self) -> bool {
        let Some(mut held) = self.engine.try_lock() else { return false };
        let Some(engine) = held.as_mut() else { return false };
        let before = engine.received();
        let result = engine.pump();
        let found = engine.received() != before;
        // With something found the caller will be back by itself.
        let left = match result {
            Ok(Rest::Quiet) => false,
            Ok(Rest::Busy) => !found,
            Err(_) => true,
        };
        let unfinished = left || engine.owes_turn();
        if held.unlock() || unfinished {
            self.tell(Wish::Turn);
        }
        found
    }

    /// Reads what is there, in the I/O thread's place. Returns the number of messages, too. `one_way` says that
    /// nothing has been sent since the last such read: then much at once is streaming, whatever the number.
    pub(crate) fn read(&self, one_way: bool) -> (u64, Driven) {
        let Some(mut held) = self.engine.try_lock() else { return (0, Driven::Not) };
        let Some(engine) = held.as_mut() else { return (0, Driven::Not) };
        let before = engine.received();
        let result = engine.read_now();
        let count = engine.received() - before;
        let driven = match result {
            Ok(much) if count >= STREAMING || (one_way && much) => Driven::Streams,
            Ok(_) => Driven::Well,
            Err(_) => Driven::Not,
        };
        // PING's answer, if there was one, is not for this thread.
        let unfinished = engine.owes_turn() || driven == Driven::Not;
        if held.unlock() || unfinished {
            self.tell(Wish::Turn);
        }
        (count, driven)
    }

    /// Writes what is queued, in the I/O thread's place. Returns whether the engine was free for it.
    pub(crate) fn write(&self) -> bool {
        let Some(mut held) = self.engine.try_lock() else { return false };
        let Some(engine) = held.as_mut() else { return false };
        engine.resume();
        let finished = engine.write_now();
        if held.unlock() || !finished {
            self.tell(Wish::Turn);
        }
        true
    }
}
