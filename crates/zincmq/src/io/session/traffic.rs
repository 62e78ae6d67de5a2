//! An open connection, as its session keeps it: whether the poller hears, and when claims are to be checked.

use crate::engine::Connection;
use crate::io::reactor::{BOTH, Reactor};
use mio::Interest;
use queue::{Claims, Custody, Gauge, Inbound};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// A caller that does not come back to the descriptor within so long has left it.
pub(super) const INBOUND_CHECKS: Duration = Duration::from_millis(2);
/// The same where it asks and is answered: such a part of the time since it was claimed first, if that is at least so long,
/// at most so long. A check wakes this thread, and a peer that answers has little to say unasked. Its first PING, if it
/// sends any, is late by no more than such a part of their interval.
/// One that reads much and comes back has the shortest of these pauses at once: if it is not let run for a moment, this thread
/// would fill cold memory meanwhile, while the kernel has room.
const PAUSE_PART: u32 = 16;
const SHORTEST_PAUSE: Duration = Duration::from_millis(25);
const LONGEST_PAUSE: Duration = Duration::from_millis(400);
/// A writer that has not written for so long has left its stream: at first, and at most where the stream lasts. A timer
/// this short costs some 15 us of two threads' time (docs/decisions/streams.md).
const FIRST_LEFT: Duration = Duration::from_micros(75);
pub(super) const LAST_LEFT: Duration = Duration::from_micros(500);
/// Between: such a part of the time that the stream has lasted.
const LEFT_PART: u32 = 8;
/// Two streams with no more between them are one.
const GAP: Duration = Duration::from_millis(2);

/// An open connection and what its session keeps for it.
#[derive(Debug)]
pub(super) struct Traffic {
    pub(super) connection: Arc<Connection>,
    /// Callers know it, too, but do not keep it.
    pub(super) descriptor: Arc<OwnedFd>,
    /// The bytes that the socket writes, by whichever thread they go out.
    written: Gauge,
    /// The checks of claims; most connections are never claimed.
    checks: Option<Box<Checks>>,
    /// What the poller hears of the descriptor, unless a caller does.
    heard: Option<Interest>,
    /// At the last turn the kernel took no more bytes, and no caller waits until it does.
    pub(super) blocked: bool,
    /// This side or the peer sends PING.
    pub(super) has_heartbeats: bool,
    /// A caller wanted the engine while this thread had it.
    pub(super) called: bool,
}

/// The state of the checks of a connection's claims.
#[derive(Debug)]
pub(super) struct Checks {
    pub(super) custody: Custody,
    /// How much had been written at the last check of the inbound claim.
    written_before: u64,
    /// When the connection was claimed first.
    since: Instant,
    /// When the stream began that the writer writes itself, and when it was checked last.
    streams_since: Instant,
    streamed_at: Instant,
}

impl Checks {
    fn new() -> Box<Self> {
        let now = Instant::now();
        let custody = Custody::default();
        Box::new(Self { custody, written_before: 0, since: now, streams_since: now, streamed_at: now })
    }

    /// The time after which the stream that the writer writes itself counts as left. A stream that goes on soon after it was
    /// taken back is the same still.
    pub(super) fn left_after(&mut self) -> Duration {
        let now = Instant::now();
        if now > self.streamed_at + GAP {
            self.streams_since = now;
        }
        self.streamed_at = now;
        ((now - self.streams_since) / LEFT_PART).clamp(FIRST_LEFT, LAST_LEFT)
    }
}

impl Traffic {
    pub(super) fn new(connection: Arc<Connection>, descriptor: Arc<OwnedFd>, written: Gauge) -> Self {
        Self {
            connection,
            descriptor,
            written,
            checks: None,
            heard: Some(BOTH),
            blocked: false,
            has_heartbeats: false,
            called: false,
        }
    }

    pub(super) fn checks(&mut self) -> &mut Checks {
        self.checks.get_or_insert_with(Checks::new)
    }

    /// The poller hears of the descriptor if and only if no caller does. Returns whether one does.
    pub(super) fn follow(&mut self, claims: Claims, key: u64, reactor: &Reactor) -> bool {
        let claimed = claims.inbound() != Inbound::Io;
        // Over ipc the poller would tell each time that the peer has read something.
        let interest = if self.blocked { BOTH } else { Interest::READABLE };
        let hears = (!claimed).then_some(interest);
        let descriptor = self.descriptor.as_fd();
        match (std::mem::replace(&mut self.heard, hears), hears) {
            (before, now) if before == now => {}
            (Some(_), Some(interest)) => reactor.watch_for(descriptor, interest, key),
            (None, Some(interest)) => _ = reactor.watch(descriptor, interest, key),
            (_, None) => reactor.unwatch(descriptor),
        }
        claimed
    }

    /// The time to the next check of the inbound claim.
    pub(super) fn next_pause(&mut self) -> Duration {
        let (written, has_heartbeats) = (self.written.bytes(), self.has_heartbeats);
        let much = self.connection.reads_much.swap(false, Ordering::Relaxed);
        let checks = self.checks();
        let answers = std::mem::replace(&mut checks.written_before, written) != written;
        let pause = (checks.since.elapsed() / PAUSE_PART).min(LONGEST_PAUSE);
        if has_heartbeats {
            INBOUND_CHECKS
        } else if answers && pause >= SHORTEST_PAUSE {
            pause
        } else if much {
            SHORTEST_PAUSE
        } else {
            INBOUND_CHECKS
        }
    }
}
