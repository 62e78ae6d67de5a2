//! The parts that sessions and listeners share on their I/O thread: the poller's registry, timers, the turn queue.

use crate::command::ToIo;
use mio::unix::SourceFd;
use mio::{Interest, Registry, Token};
use queue::Inbox;
use std::collections::{BTreeSet, VecDeque};
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::sync::Arc;
use std::time::Instant;

/// The reasons for which a session, listener or membership is called at a time.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Timer {
    /// Connecting or the handshake takes too long.
    Deadline,
    /// It is time to connect again.
    Reconnect,
    /// Heartbeats.
    Beat,
    /// Unsent messages have lingered long enough.
    Linger,
    /// A caller may not come back to the descriptor that it has claimed.
    CheckInbound,
    /// A stream that its writer writes itself may be over, or the peer may have everything that a closing connection has
    /// sent.
    CheckOutbound,
    /// It is time to ask an authenticator again.
    Ask,
    /// A listener that ran out of descriptors tries again.
    Accept,
    /// The rate lets a multicast source send again, or a multicast endpoint has something to say.
    Pace,
}

/// The timers of one session, listener or membership, one of a kind at most. Most have none, and hold no memory.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    key: u64,
    set: Vec<(Timer, Instant)>,
}

const BOTH: Interest = Interest::READABLE.add(Interest::WRITABLE);

/// The shared part of one I/O thread.
#[derive(Debug)]
pub(crate) struct Reactor {
    pub(crate) registry: Arc<Registry>,
    pub(crate) inbox: Arc<Inbox<ToIo>>,
    pub(crate) timers: BTreeSet<(Instant, u64, Timer)>,
    /// Sessions whose engine has more to do than one turn allowed.
    pub(crate) busy: VecDeque<u64>,
}

impl Reactor {
    /// Watches a descriptor, edge-triggered, both ways.
    pub(crate) fn watch(&self, descriptor: BorrowedFd<'_>, key: u64) -> io::Result<()> {
        self.registry.register(&mut SourceFd(&descriptor.as_raw_fd()), token(key), BOTH)
    }

    /// Goes on watching a descriptor, with or without word of its room.
    pub(crate) fn watch_room(&self, descriptor: BorrowedFd<'_>, key: u64, room: bool) -> io::Result<()> {
        let interest = if room { BOTH } else { Interest::READABLE };
        self.registry.reregister(&mut SourceFd(&descriptor.as_raw_fd()), token(key), interest)
    }

    pub(crate) fn unwatch(&self, descriptor: BorrowedFd<'_>) {
        _ = self.registry.deregister(&mut SourceFd(&descriptor.as_raw_fd()));
    }
}

impl Timers {
    /// No timer, for the session, listener or membership of this key.
    pub(crate) fn of(key: u64) -> Self {
        Self { key, set: Vec::new() }
    }

    /// The owner's key.
    pub(crate) fn key(&self) -> u64 {
        self.key
    }

    /// The time at which it will fire.
    pub(crate) fn get(&self, timer: Timer) -> Option<Instant> {
        self.set.iter().find(|(set, _)| *set == timer).map(|(_, at)| *at)
    }

    /// Sets a timer, in place of the one of its kind.
    pub(crate) fn set(&mut self, timer: Timer, at: Instant, reactor: &mut Reactor) {
        self.cancel(timer, reactor);
        self.set.push((timer, at));
        reactor.timers.insert((at, self.key, timer));
    }

    pub(crate) fn cancel(&mut self, timer: Timer, reactor: &mut Reactor) {
        if let Some(at) = self.get(timer) {
            reactor.timers.remove(&(at, self.key, timer));
            self.fired(timer);
        }
    }

    /// Cancels all timers, at the end of their owner: some would fire only after hours.
    pub(crate) fn cancel_all(&mut self, reactor: &mut Reactor) {
        for (timer, at) in std::mem::take(&mut self.set) {
            reactor.timers.remove(&(at, self.key, timer));
        }
    }

    /// The timer has fired.
    pub(crate) fn fired(&mut self, timer: Timer) {
        self.set.retain(|(set, _)| *set != timer);
        if self.set.is_empty() {
            self.set = Vec::new();
        }
    }
}

pub(crate) const fn token(key: u64) -> Token {
    Token(key as usize)
}
