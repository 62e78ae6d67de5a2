//! A session with an open connection: it runs the engine, unless a caller does, and checks the claims of callers that do.

use super::{Fate, Phase, Session};
use crate::command::ToSocket;
use crate::engine::{Connection, Engine, LEAVING_CHECKS, Rest};
use crate::io::hub::{Alarm, Hub};
use crate::io::terms::milliseconds;
use queue::{Check, Claims, Custody, Gauge, Inbound, Item, Outbound};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A caller that does not come back to the descriptor within so long has left it.
const INBOUND_CHECKS: Duration = Duration::from_millis(2);
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
    custody: Custody,
    /// What the socket writes, by whichever thread it goes out.
    written: Gauge,
    /// How much that was at the last check of the inbound claim.
    written_before: u64,
    opened: Instant,
    /// When the stream began that the writer writes itself, and when it was checked last.
    streams_since: Instant,
    streamed_at: Instant,
    /// This side or the peer sends PING.
    has_heartbeats: bool,
    /// A caller wanted the engine while this thread had it.
    called: bool,
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
    fn follow(&mut self, claims: Claims, key: u64, hub: &Hub) -> bool {
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
    fn left_after(&mut self) -> Duration {
        let now = Instant::now();
        if now > self.streamed_at + GAP {
            self.streams_since = now;
        }
        self.streamed_at = now;
        ((now - self.streams_since) / LEFT_PART).clamp(FIRST_LEFT, LAST_LEFT)
    }

    /// The time to the next check of the inbound claim.
    fn next_pause(&mut self) -> Duration {
        let written = self.written.bytes();
        let answers = std::mem::replace(&mut self.written_before, written) != written;
        let pause = (self.opened.elapsed() / PAUSE_PART).min(LONGEST_PAUSE);
        if answers && !self.has_heartbeats && pause >= SHORTEST_PAUSE { pause } else { INBOUND_CHECKS }
    }
}

impl Session {
    /// The outbound pipe has something.
    pub(crate) fn readable(&mut self, hub: &mut Hub) -> Fate {
        if matches!(self.phase, Phase::Traffic(_)) {
            return self.drive(hub, Engine::resume);
        }
        if let Some((drain, _)) = &mut self.ends {
            drain.frames().resume();
        }
        self.check_linger()
    }

    /// The inbound pipe has room.
    pub(crate) fn writable(&mut self, hub: &mut Hub) -> Fate {
        self.drive(hub, Engine::make_room)
    }

    /// Another turn for the engine.
    pub(crate) fn turn(&mut self, hub: &mut Hub) -> Fate {
        self.drive(hub, Engine::recheck)
    }

    /// The engine had more to do than its turn allowed, or a caller has left word.
    pub(crate) fn go_on(&mut self, hub: &mut Hub) -> Fate {
        if let Phase::Traffic(traffic) = &mut self.phase
            && std::mem::take(&mut traffic.called)
        {
            return self.turn(hub);
        }
        self.drive(hub, |_| ())
    }

    /// A caller wanted the engine while this thread had it.
    pub(super) fn call_back(&mut self, hub: &mut Hub) {
        if let Phase::Traffic(traffic) = &mut self.phase {
            traffic.called = true;
        }
        hub.busy.push_back(self.key);
    }

    /// Runs the engine, if there is one, unless a caller does: then the caller hands back what it could not know of.
    pub(super) fn drive(&mut self, hub: &mut Hub, prepare: impl FnOnce(&mut Engine)) -> Fate {
        let Phase::Traffic(traffic) = &self.phase else { return Fate::Lives };
        let connection = traffic.connection.clone();
        let Some(mut held) = connection.engine.try_lock() else { return Fate::Lives };
        let Some(engine) = held.as_mut() else { return Fate::Ends };
        prepare(engine);
        let claims = connection.engine.claims();
        // Only the poller can tell when the kernel takes bytes again.
        let streams = claims.streams() && !engine.is_blocked();
        if claims.streams() && !streams {
            connection.engine.change(|claims| claims.with_outbound(Outbound::Io));
        }
        match engine.turn(streams) {
            Ok(rest) => {
                if rest == Rest::Busy {
                    hub.busy.push_back(self.key);
                }
                let beat = engine.next_beat();
                let blocked = engine.is_blocked();
                let leaves = engine.is_leaving();
                let stuck = engine.is_stuck();
                let has_heartbeats = engine.has_heartbeats();
                if held.unlock() {
                    self.call_back(hub);
                }
                if let Some(at) = beat {
                    self.set_beat(at, hub);
                }
                if leaves && self.alarms.get(Alarm::CheckLeaving).is_none() {
                    self.alarms.set(Alarm::CheckLeaving, Instant::now() + LEAVING_CHECKS, hub);
                }
                if stuck {
                    self.tell_stuck();
                }
                if blocked && connection.is_listened_to() {
                    connection.engine.change(Claims::released);
                }
                self.note_heartbeats(has_heartbeats, hub);
                self.follow_claims(hub);
                Fate::Lives
            }
            Err(end) => self.ended(held, &end, hub),
        }
    }

    /// Heartbeats must not wait for a check that comes late.
    fn note_heartbeats(&mut self, in_use: bool, hub: &mut Hub) {
        let Phase::Traffic(traffic) = &mut self.phase else { return };
        let begin = in_use && !std::mem::replace(&mut traffic.has_heartbeats, in_use);
        if begin && self.alarms.get(Alarm::CheckInbound).is_some() {
            self.alarms.set(Alarm::CheckInbound, Instant::now() + INBOUND_CHECKS, hub);
        }
    }

    /// Where the socket may never read what fills the pipe, it is told that this hides the peer's end.
    #[cold]
    fn tell_stuck(&self) {
        if self.owner.socket_type.profile().reveals_ends {
            self.owner.inbox.push(Item::Command(ToSocket::HungUp { pipe: self.pipe }));
        }
    }

    /// A caller has changed its claims, or has left something to do for a `turn`.
    pub(crate) fn attend(&mut self, turn: bool, hub: &mut Hub) -> Fate {
        let listened_to = self.follow_claims(hub);
        if turn {
            return self.turn(hub);
        }
        // The poller may have been about to tell of that, and callers do not hear of it.
        if listened_to { self.drive(hub, Engine::writable) } else { Fate::Lives }
    }

    /// Has the poller hear what callers do not, and sets the checks of their claims. Returns whether a caller hears.
    fn follow_claims(&mut self, hub: &mut Hub) -> bool {
        let Phase::Traffic(traffic) = &mut self.phase else { return false };
        let claims = traffic.connection.engine.claims();
        if traffic.custody.begin_inbound(claims) {
            let at = Instant::now() + traffic.next_pause();
            self.alarms.set(Alarm::CheckInbound, at, hub);
        }
        if traffic.custody.begin_outbound(claims) {
            let at = Instant::now() + traffic.left_after();
            self.alarms.set(Alarm::CheckOutbound, at, hub);
        }
        traffic.follow(claims, self.key, hub)
    }

    /// Checks whether the caller that has claimed the descriptor has come back to it.
    pub(super) fn check_inbound(&mut self, hub: &mut Hub) -> Fate {
        let Phase::Traffic(traffic) = &mut self.phase else { return Fate::Lives };
        match traffic.custody.check_inbound(&traffic.connection.engine) {
            Check::Used => {
                let at = Instant::now() + traffic.next_pause();
                let away = traffic.connection.engine.claims().inbound() == Inbound::Away;
                self.alarms.set(Alarm::CheckInbound, at, hub);
                // Meanwhile nobody hears what the peer says unasked.
                if away { self.drive(hub, |engine| engine.readable(false)) } else { Fate::Lives }
            }
            Check::Over => Fate::Lives,
            Check::TakenBack => self.attend(true, hub),
        }
    }

    /// Checks whether the writer that writes its stream itself goes on; if not, writes what it has left.
    pub(super) fn check_outbound(&mut self, hub: &mut Hub) -> Fate {
        let Phase::Traffic(traffic) = &mut self.phase else { return Fate::Lives };
        let connection = traffic.connection.clone();
        let (now, pause) = (Instant::now(), traffic.left_after());
        let mut lasts = now + pause;
        // Otherwise the writer writes at this moment.
        if let Some(held) = connection.engine.try_lock() {
            lasts = held.as_ref().map_or(now, |engine| engine.stream_lasts(pause));
            if held.unlock() {
                self.call_back(hub);
            }
        }
        let Phase::Traffic(traffic) = &mut self.phase else { return Fate::Lives };
        match traffic.custody.check_outbound(&connection.engine, lasts > now) {
            Check::Used => {
                self.alarms.set(Alarm::CheckOutbound, lasts, hub);
                Fate::Lives
            }
            Check::Over => Fate::Lives,
            Check::TakenBack => self.drive(hub, |_| ()),
        }
    }

    fn set_beat(&mut self, at: Instant, hub: &mut Hub) {
        // The earliest: a beat that comes too early asks again.
        if self.alarms.get(Alarm::Beat).is_none_or(|set| at < set) {
            self.alarms.set(Alarm::Beat, at, hub);
        }
    }

    pub(super) fn beat(&mut self, hub: &mut Hub) -> Fate {
        let Phase::Traffic(traffic) = &self.phase else { return Fate::Lives };
        let connection = traffic.connection.clone();
        let Some(mut held) = connection.engine.try_lock() else {
            // A caller moves bytes this very moment: alive.
            self.set_beat(Instant::now() + milliseconds(self.options.heartbeat_ivl.max(1)), hub);
            return Fate::Lives;
        };
        let Some(engine) = held.as_mut() else { return Fate::Ends };
        if let Err(end) = engine.beat(Instant::now()) {
            return self.ended(held, &end, hub);
        }
        if held.unlock() {
            self.call_back(hub);
        }
        self.drive(hub, |_| ())
    }
}
