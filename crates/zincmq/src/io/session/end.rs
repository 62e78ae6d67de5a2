//! The end of a connection, and of its session.

use super::state::{Fate, Phase, Session};
use crate::command::ToSocket;
use crate::engine::{End, Engine};
use crate::io::notice;
use crate::io::reactor::{Reactor, Timer};
use crate::io::terms::milliseconds;
use crate::life::fresh_id;
use crate::lingering::Unsent;
use crate::monitor::EventKind;
use crate::trace::{self, event_of, span};
use queue::{Drain, Held, Item};
use std::os::fd::{AsFd, AsRawFd};
use std::sync::atomic::Ordering;
use std::time::Instant;

impl Session {
    /// The engine has come to its end: the pipe goes on, or goes down with it.
    pub(super) fn ended(
        &mut self,
        mut held: Held<'_, Option<Engine>>,
        end: &End,
        reactor: &mut Reactor,
    ) -> Fate {
        let Some(engine) = held.take() else { return Fate::Ends };
        drop(held);
        let (mut drain, mut filler) = engine.dismantle();
        let passed = self.passed(&mut drain, &mut filler);
        self.rewind(&mut drain);
        filler.cut();
        let (peer, reason) = (self.peer_address(), format_args!("{end}"));
        if matches!(end, End::Flushed) {
            event_of!(self.origin, DEBUG, "connection", "ended", peer = peer, reason = reason);
            return Fate::Ends;
        }
        event_of!(self.origin, INFO, "connection", "lost", peer = peer, reason = reason);
        let last = self.is_last(matches!(end, End::Protocol(_) | End::TooLarge | End::NoReply));
        if let Some(dialer) = &mut self.dialer {
            dialer.lost(Instant::now(), passed);
        }
        let connects = self.dialer.is_some();
        let immediate = self.dialer.as_ref().is_some_and(|dialer| dialer.immediate);
        let lasts = connects && !last && !immediate;
        notice::lost(&mut filler, self.origin.owner.socket_type, &self.origin.options, connects, lasts);
        self.timers.cancel(Timer::Beat, reactor);
        if last || !connects {
            self.ends = Some(Box::new((drain, filler)));
            self.part();
            self.disconnected(reactor);
            return Fate::Ends;
        }
        self.disconnected(reactor);
        if immediate {
            drop((drain, filler));
            self.origin.owner.inbox.push(Item::Command(ToSocket::Detach { pipe: self.pipe }));
            self.pipe = fresh_id();
            return self.retry(reactor);
        }
        let mut fresh = None;
        if self.origin.owner.socket_type.profile().subscribes {
            // Subscriptions are sent anew: frames queued before would mix with them.
            let (writer, reader) = queue::channel(&self.origin.owner.pool);
            reader.attach(reactor.inbox.clone(), self.timers.key());
            drain = Drain::new(reader);
            fresh = Some(writer);
        }
        self.origin.owner.inbox.push(Item::Command(ToSocket::Lost { pipe: self.pipe, fresh }));
        self.ends = Some(Box::new((drain, filler)));
        self.retry(reactor)
    }

    /// The next connection begins at the message that this one has not got whole: unless it is the message that ends
    /// one after the other.
    pub(super) fn rewind(&mut self, drain: &mut Drain) {
        let inside = drain.is_inside_message();
        let number = drain.frames().passed();
        drain.rewind();
        // Under IMMEDIATE the whole pipe goes with its connection.
        if inside && self.dialer.as_mut().is_some_and(|dialer| !dialer.immediate && dialer.cut_off(number)) {
            drain.skip_message();
            self.origin.owner.troubles.message_refused();
            event_of!(
                self.origin,
                WARN,
                "drop",
                "a message is lost: one connection after the other ended within it"
            );
        }
    }

    /// The descriptor is given up; the monitor hears of it.
    pub(super) fn disconnected(&mut self, reactor: &mut Reactor) {
        let number = match std::mem::replace(&mut self.phase, Phase::Resting) {
            Phase::Handshake(handshake) => {
                reactor.unwatch(handshake.descriptor.as_fd());
                handshake.descriptor.as_raw_fd()
            }
            Phase::Traffic(traffic) => {
                reactor.unwatch(traffic.descriptor.as_fd());
                // A caller may be waiting on it.
                _ = rustix::net::shutdown(&traffic.descriptor, rustix::net::Shutdown::Both);
                traffic.descriptor.as_raw_fd()
            }
            Phase::Connecting(descriptor) => {
                reactor.unwatch(descriptor.as_fd());
                descriptor.as_raw_fd()
            }
            Phase::Resting => return,
        };
        self.timers.cancel(Timer::Deadline, reactor);
        self.timers.cancel(Timer::Ask, reactor);
        self.emit(EventKind::Disconnected, number as u64);
        self.link = None;
    }

    /// The socket, or this endpoint of it (`released`), was closed: queued messages may still go out for a time.
    pub(crate) fn linger(&mut self, linger: i32, released: bool, reactor: &mut Reactor) -> Fate {
        self.released |= released;
        let (socket, endpoint) = (self.origin.owner.socket_type.name(), &*self.origin.name);
        let begin = || span!("end", "linger", socket = socket, endpoint = endpoint, linger_ms = linger);
        self.lingering.get_or_insert_with(begin);
        if linger == 0 || (!self.may_connect() && !matches!(self.phase, Phase::Traffic(_))) {
            return Fate::Ends;
        }
        if linger > 0 {
            self.timers.set(Timer::Linger, Instant::now() + milliseconds(linger), reactor);
        }
        match self.phase {
            Phase::Traffic(_) => self.turn(reactor),
            _ => self.check_linger(),
        }
    }

    /// Whether there is still something to connect for.
    pub(super) fn check_linger(&mut self) -> Fate {
        let ended = match self.ends.as_deref_mut() {
            // A reader that rests is told of the end, which may come after this.
            Some((drain, _)) => drain.frames().has_ended() || (!drain.park() && drain.frames().has_ended()),
            None => self.is_closing(),
        };
        if ended { Fate::Ends } else { Fate::Lives }
    }

    /// It has lingered long enough.
    pub(super) fn linger_no_longer(&mut self, reactor: &mut Reactor) -> Fate {
        if trace::IS_ON
            && let Some(unsent) = self.unsent(reactor)
        {
            let Unsent { messages, bytes, .. } = unsent;
            event_of!(self.origin, INFO, "drop", "LINGER is over", messages = messages, bytes = bytes);
        }
        Fate::Ends
    }

    /// The messages that it lingers for, if it does.
    pub(crate) fn unsent(&mut self, reactor: &mut Reactor) -> Option<Unsent> {
        if !self.is_closing() {
            return None;
        }
        let backlog = match &self.phase {
            Phase::Traffic(traffic) => {
                let connection = traffic.connection.clone();
                let mut held = connection.engine.try_lock()?;
                let backlog = held.as_mut().map(Engine::unsent);
                if held.unlock() {
                    self.call_back(reactor);
                }
                backlog
            }
            _ => self.ends.as_deref_mut().map(|(drain, _)| drain.unsent()),
        }?;
        Some(self.origin.unsent(backlog))
    }

    pub(crate) fn sweep(&mut self, reactor: &mut Reactor) {
        let Phase::Traffic(traffic) = &self.phase else { return };
        let connection = traffic.connection.clone();
        if let Some(mut held) = connection.engine.try_lock() {
            if let Some(engine) = held.as_mut() {
                engine.sweep();
            }
            if held.unlock() {
                self.call_back(reactor);
            }
            // The socket's own end, too, may hold memory.
            if !self.origin.owner.sweeping.swap(true, Ordering::Relaxed) {
                self.origin.owner.inbox.push(Item::Command(ToSocket::Sweep));
            }
        }
    }

    /// The end of the session: its descriptor is closed.
    pub(crate) fn close(mut self, reactor: &mut Reactor) {
        self.timers.cancel_all(reactor);
        match std::mem::replace(&mut self.phase, Phase::Resting) {
            Phase::Handshake(handshake) => reactor.unwatch(handshake.descriptor.as_fd()),
            Phase::Connecting(descriptor) => reactor.unwatch(descriptor.as_fd()),
            Phase::Traffic(traffic) => {
                reactor.unwatch(traffic.descriptor.as_fd());
                if let Some(mut held) = traffic.connection.engine.try_lock() {
                    held.take();
                }
            }
            Phase::Resting => {}
        }
    }
}
