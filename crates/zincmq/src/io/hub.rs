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

/// Why a session or listener wants to be called at a time.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Alarm {
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
    /// A listener that ran out of descriptors tries again.
    Accept,
}

/// Every kind, in order.
const ALARMS: [Alarm; KINDS] = [
    Alarm::Deadline,
    Alarm::Reconnect,
    Alarm::Beat,
    Alarm::Linger,
    Alarm::CheckInbound,
    Alarm::CheckOutbound,
    Alarm::Accept,
];
const KINDS: usize = 7;

/// The alarms of one session or listener, one of a kind at most.
#[derive(Debug, Default)]
pub(crate) struct Alarms {
    key: u64,
    at: [Option<Instant>; KINDS],
}

/// The shared part of one I/O thread.
#[derive(Debug)]
pub(crate) struct Hub {
    pub(crate) registry: Arc<Registry>,
    pub(crate) inbox: Arc<Inbox<ToIo>>,
    pub(crate) alarms: BTreeSet<(Instant, u64, Alarm)>,
    /// Sessions whose engine has more to do than one turn allowed.
    pub(crate) busy: VecDeque<u64>,
}

impl Hub {
    /// Watches a descriptor, edge-triggered, both ways.
    pub(crate) fn watch(&self, descriptor: BorrowedFd<'_>, key: u64) -> io::Result<()> {
        let interest = Interest::READABLE | Interest::WRITABLE;
        self.registry.register(&mut SourceFd(&descriptor.as_raw_fd()), token(key), interest)
    }

    pub(crate) fn unwatch(&self, descriptor: BorrowedFd<'_>) {
        _ = self.registry.deregister(&mut SourceFd(&descriptor.as_raw_fd()));
    }
}

impl Alarms {
    /// No alarm, for the session or listener of this key.
    pub(crate) fn of(key: u64) -> Self {
        Self { key, at: [None; KINDS] }
    }

    /// When it will ring.
    pub(crate) fn get(&self, alarm: Alarm) -> Option<Instant> {
        self.at[alarm as usize]
    }

    /// Sets an alarm, in place of the one of its kind.
    pub(crate) fn set(&mut self, alarm: Alarm, at: Instant, hub: &mut Hub) {
        self.cancel(alarm, hub);
        self.at[alarm as usize] = Some(at);
        hub.alarms.insert((at, self.key, alarm));
    }

    pub(crate) fn cancel(&mut self, alarm: Alarm, hub: &mut Hub) {
        if let Some(at) = self.at[alarm as usize].take() {
            hub.alarms.remove(&(at, self.key, alarm));
        }
    }

    /// To be called at the end of who set them: some would ring only after hours.
    pub(crate) fn cancel_all(&mut self, hub: &mut Hub) {
        for alarm in ALARMS {
            self.cancel(alarm, hub);
        }
    }

    /// The alarm has rung.
    pub(crate) fn rang(&mut self, alarm: Alarm) {
        self.at[alarm as usize] = None;
    }
}

pub(crate) const fn token(key: u64) -> Token {
    Token(key as usize)
}
