//! An open connection, as its session keeps it: whether the poller hears, and when claims are to be checked.

use crate::engine::Connection;
use crate::io::hub::Hub;
use queue::{Claims, Custody, Gauge, Inbound};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A caller that does not come back to the descriptor within so long has left it.
pub(super) const INBOUND_CHECKS: Duration = Duration::from_millis(2);
/// The same where it asks and is answered: such a part of the connection's age, if that is at least so long, at most so
/// long. A check wakes this thread; a peer that answers has little to say unasked; and if it sends heartbeats, they show
/// in the time of the first one, or come no more than a quarter of that late.
const PAUSE_PART: u32 = 16;
const SHORTEST_PAUSE: Duration = Duration::from_millis(25);
const LONGEST_PAUSE: Duration = Duration::from_millis(400);
/// A writer that has not written for so long has left its stream: at first, and at most where the stream lasts. A timer
/// this short costs some 15 us of two threads' time (docs/decisions/streams.md).
const FIRST_LEFT: Duration = Duration::from_micros(75);
const LAST_LEFT: Duration = Duration::from_micros(500);
/// Between: such a part of the time that the stream has lasted.
const LEFT_PART: u32 = 8;
/// Two streams with no more between them are one.
const GAP: Duration = Duration::from_millis(2);

/// What a session keeps for an open connection.
#[derive(Debug)]
pub(super) struct Traffic {
    pub(super) connection: Arc<Connection>,
    /// Callers know it, too, but do not keep it.
    pub(super) descriptor: Arc<OwnedFd>,
    /// The poller does not hear of the descriptor: a caller does.
    unwatched: bool,
    pub(super) custody: Custody,
    /// What the socket writes, by whichever thread it goes out.
    written: Gauge,
    /// How much that was at the last check of the inbound claim.
    written_before: u64,
    opened: Instant,
    /// When the stream began that the writer writes itself, and when it was checked last.
    streams_since: Instant,
    streamed_at: Instant,
    /// This side or the peer sends PING.
    pub(super) has_heartbeats: bool,
    /// A caller wanted the engine while this thread had it.
    pub(super) called: bool,
}

impl Traffic {
    pub(super) fn new(connection: Arc<Connection>, descriptor: Arc<OwnedFd>, written: Gauge) -> Self {
        let now = Instant::now();
        Self {
            connection,
            descriptor,
            unwatched: false,
            custody: Custody::default(),
            written,
            written_before: 0,
            opened: now,
            streams_since: now,
            streamed_at: now,
            has_heartbeats: false,
            called: false,
        }
    }

    /// The poller hears of the descriptor if and only if no caller does. Returns whether one does.
    pub(super) fn follow(&mut self, claims: Claims, key: u64, hub: &Hub) -> bool {
        let claimed = claims.inbound() != Inbound::Io;
        if claimed != self.unwatched {
            self.unwatched = claimed;
            if claimed {
                hub.unwatch(self.descriptor.as_fd());
            } else {
                _ = hub.watch(self.descriptor.as_fd(), key);
            }
        }
        claimed
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

    /// The time to the next check of the inbound claim.
    pub(super) fn next_pause(&mut self) -> Duration {
        let written = self.written.bytes();
        let answers = std::mem::replace(&mut self.written_before, written) != written;
        let pause = (self.opened.elapsed() / PAUSE_PART).min(LONGEST_PAUSE);
        if answers && !self.has_heartbeats && pause >= SHORTEST_PAUSE { pause } else { INBOUND_CHECKS }
    }
}
