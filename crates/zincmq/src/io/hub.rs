//! What sessions and listeners share on their I/O thread: the poller's registry, timers, the turn queue.

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
    /// A writer may have stopped carrying its stream.
    Look,
    /// A listener that ran out of descriptors tries again.
    Accept,
}

/// The shared part of one I/O thread.
#[derive(Debug)]
pub(crate) struct Hub {
    pub(crate) registry: Arc<Registry>,
    pub(crate) inbox: Arc<Inbox<ToIo>>,
    pub(crate) alarms: BTreeSet<(Instant, u64, Alarm)>,
    /// Sessions whose engine has more to do than one turn allowed.
    pub(crate) busy: VecDeque<u64>,
    /// Sessions whose descriptor a caller listens to.
    pub(crate) leased: Vec<u64>,
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

    pub(crate) fn set_alarm(&mut self, at: Instant, key: u64, alarm: Alarm) {
        self.alarms.insert((at, key, alarm));
    }
}

pub(crate) const fn token(key: u64) -> Token {
    Token(key as usize)
}
