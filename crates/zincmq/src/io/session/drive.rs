//! A session with an open connection: it runs the engine, unless a caller does, and checks the claims of callers that do.

use super::state::{Fate, Phase, Session};
use super::traffic::{INBOUND_CHECKS, LAST_LEFT};
use crate::command::ToSocket;
use crate::engine::{Engine, LEAVING_CHECKS, Rest};
use crate::io::reactor::{Reactor, Timer};
use crate::io::terms::milliseconds;
use queue::{Check, Claims, Inbound, Item, Outbound};
use std::time::Instant;

impl Session {
    /// The outbound pipe has something.
    pub(crate) fn readable(&mut self, reactor: &mut Reactor) -> Fate {
        if matches!(self.phase, Phase::Traffic(_)) {
            return self.drive(reactor, Engine::resume);
        }
        let fate = self.look_for_answer(reactor);
        if fate == Fate::Ends || matches!(self.phase, Phase::Traffic(_)) {
            return fate;
        }
        if let Some((drain, _)) = self.ends.as_deref_mut() {
            drain.frames().resume();
        }
        self.check_linger()
    }

    /// The inbound pipe has room.
    pub(crate) fn writable(&mut self, reactor: &mut Reactor) -> Fate {
        self.drive(reactor, Engine::make_room)
    }

    /// Another turn for the engine.
    pub(crate) fn turn(&mut self, reactor: &mut Reactor) -> Fate {
        self.drive(reactor, Engine::recheck)
    }

    /// The engine had more to do than its turn allowed, or a caller has left word.
    pub(crate) fn go_on(&mut self, reactor: &mut Reactor) -> Fate {
        if let Phase::Traffic(traffic) = &mut self.phase
            && std::mem::take(&mut traffic.called)
        {
            return self.turn(reactor);
        }
        self.drive(reactor, |_| ())
    }

    /// A caller wanted the engine while this thread had it.
    pub(super) fn call_back(&mut self, reactor: &mut Reactor) {
        if let Phase::Traffic(traffic) = &mut self.phase {
            traffic.called = true;
        }
        reactor.busy.push_back(self.timers.key());
    }

    /// Runs the engine, if there is one, unless a caller does: then the caller hands back what it could not know of.
    pub(super) fn drive(&mut self, reactor: &mut Reactor, prepare: impl FnOnce(&mut Engine)) -> Fate {
        let Phase::Traffic(traffic) = &self.phase else { return Fate::Lives };
        let connection = traffic.connection.clone();
        let Some(mut held) = connection.engine.try_lock() else { return Fate::Lives };
        let Some(engine) = held.as_mut() else { return Fate::Ends };
        prepare(engine);
        let claims = connection.engine.claims();
        // Only the poller can tell a stream when the kernel takes bytes again.
        let streams = match claims.outbound() {
            Outbound::Io | Outbound::Answer => false,
            Outbound::Stream => !engine.is_blocked(),
            Outbound::Large => true,
        };
        if claims.streams() && !streams {
            connection.engine.change(|claims| claims.with_outbound(Outbound::Io));
        }
        match engine.turn(streams) {
            Ok(rest) => {
                if rest == Rest::Busy {
                    reactor.busy.push_back(self.timers.key());
                }
                let beat = engine.next_beat();
                let blocked = engine.is_blocked();
                let leaves = engine.is_leaving();
                let stuck = engine.is_stuck();
                let has_heartbeats = engine.has_heartbeats();
                if held.unlock() {
                    self.call_back(reactor);
                }
                if let Some(at) = beat {
                    self.set_beat(at, reactor);
                }
                if leaves && self.timers.get(Timer::CheckOutbound).is_none() {
                    self.timers.set(Timer::CheckOutbound, Instant::now() + LEAVING_CHECKS, reactor);
                }
                if stuck {
                    self.tell_stuck();
                }
                if blocked && connection.is_listened_to() {
                    connection.engine.change(Claims::released);
                }
                self.note_heartbeats(has_heartbeats, reactor);
                if let Phase::Traffic(traffic) = &mut self.phase {
                    traffic.blocked = blocked && claims.outbound() != Outbound::Large;
                }
                self.follow_claims(reactor);
                Fate::Lives
            }
            Err(end) => self.ended(held, &end, reactor),
        }
    }

    /// Heartbeats must not wait for a check that comes late.
    fn note_heartbeats(&mut self, in_use: bool, reactor: &mut Reactor) {
        let Phase::Traffic(traffic) = &mut self.phase else { return };
        let begin = in_use && !std::mem::replace(&mut traffic.has_heartbeats, in_use);
        if begin && self.timers.get(Timer::CheckInbound).is_some() {
            self.timers.set(Timer::CheckInbound, Instant::now() + INBOUND_CHECKS, reactor);
        }
    }

    /// Where the socket may never read what fills the pipe, it is told that this hides the peer's end.
    #[cold]
    fn tell_stuck(&self) {
        if self.origin.owner.socket_type.profile().reveals_ends {
            self.origin.owner.inbox.push(Item::Command(ToSocket::HungUp { pipe: self.pipe }));
        }
    }

    /// A caller has changed its claims, or has left something to do for a `turn`.
    pub(crate) fn attend(&mut self, turn: bool, reactor: &mut Reactor) -> Fate {
        let listened_to = self.follow_claims(reactor);
        if turn {
            return self.turn(reactor);
        }
        // The poller may have been about to tell of that, and callers do not hear of it.
        if listened_to { self.drive(reactor, Engine::writable) } else { Fate::Lives }
    }

    /// Has the poller hear what callers do not, and sets the checks of their claims. Returns whether a caller hears.
    fn follow_claims(&mut self, reactor: &mut Reactor) -> bool {
        let Phase::Traffic(traffic) = &mut self.phase else { return false };
        let claims = traffic.connection.engine.claims();
        if claims.is_any() {
            if traffic.checks().custody.begin_inbound(claims) {
                let at = Instant::now() + traffic.next_pause();
                self.timers.set(Timer::CheckInbound, at, reactor);
            }
            if traffic.checks().custody.begin_outbound(claims) {
                let at = Instant::now() + traffic.checks().left_after();
                self.timers.set(Timer::CheckOutbound, at, reactor);
            }
        }
        traffic.follow(claims, self.timers.key(), reactor)
    }

    /// Checks whether the caller that has claimed the descriptor has come back to it.
    pub(super) fn check_inbound(&mut self, reactor: &mut Reactor) -> Fate {
        let Phase::Traffic(traffic) = &mut self.phase else { return Fate::Lives };
        let connection = traffic.connection.clone();
        match traffic.checks().custody.check_inbound(&connection.engine) {
            Check::Used => {
                let at = Instant::now() + traffic.next_pause();
                let away = connection.engine.claims().inbound() == Inbound::Away;
                self.timers.set(Timer::CheckInbound, at, reactor);
                // Meanwhile nobody hears what the peer says unasked.
                if away { self.drive(reactor, |engine| engine.readable(false)) } else { Fate::Lives }
            }
            Check::Over => Fate::Lives,
            Check::TakenBack => self.attend(true, reactor),
        }
    }

    /// Checks whether the writer that writes its stream itself goes on; if not, writes what it has left.
    pub(super) fn check_outbound(&mut self, reactor: &mut Reactor) -> Fate {
        let Phase::Traffic(traffic) = &mut self.phase else { return Fate::Lives };
        let connection = traffic.connection.clone();
        let (now, pause) = (Instant::now(), traffic.checks().left_after());
        let mut lasts = now + pause;
        // Otherwise the writer writes at this moment.
        if let Some(held) = connection.engine.try_lock() {
            lasts = held.as_ref().and_then(|engine| engine.stream_lasts(pause, LAST_LEFT)).unwrap_or(now);
            if held.unlock() {
                self.call_back(reactor);
            }
        }
        let Phase::Traffic(traffic) = &mut self.phase else { return Fate::Lives };
        match traffic.checks().custody.check_outbound(&connection.engine, lasts > now) {
            Check::Used => {
                self.timers.set(Timer::CheckOutbound, lasts, reactor);
                Fate::Lives
            }
            // The peer may have everything that a closing connection has sent.
            Check::Over | Check::TakenBack => self.drive(reactor, |_| ()),
        }
    }

    fn set_beat(&mut self, at: Instant, reactor: &mut Reactor) {
        // The earliest: a beat that comes too early asks again.
        if self.timers.get(Timer::Beat).is_none_or(|set| at < set) {
            self.timers.set(Timer::Beat, at, reactor);
        }
    }

    pub(super) fn beat(&mut self, reactor: &mut Reactor) -> Fate {
        let Phase::Traffic(traffic) = &self.phase else { return Fate::Lives };
        let connection = traffic.connection.clone();
        let Some(mut held) = connection.engine.try_lock() else {
            // A caller moves bytes this very moment: alive.
            self.set_beat(Instant::now() + milliseconds(self.origin.options.heartbeat_ivl.max(1)), reactor);
            return Fate::Lives;
        };
        let Some(engine) = held.as_mut() else { return Fate::Ends };
        if let Err(end) = engine.beat(Instant::now()) {
            return self.ended(held, &end, reactor);
        }
        if held.unlock() {
            self.call_back(reactor);
        }
        self.drive(reactor, |_| ())
    }
}
