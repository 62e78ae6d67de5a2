//! A session: one peer's place on an I/O thread. It connects, reconnects, attaches the pipe and lingers.

mod connect;
mod drive;
mod end;
mod handshake;
mod state;
#[cfg(test)]
mod tests;
mod traffic;

pub(crate) use state::{Fate, Session};

use crate::io::handshake::Failure;
use crate::io::reactor::{Reactor, Timer, Timers};
use state::Phase;
use std::io;
use std::os::fd::AsFd;

impl Session {
    /// Begins; `key` is the session's from now on.
    pub(crate) fn start(&mut self, key: u64, reactor: &mut Reactor) -> Fate {
        self.timers = Timers::of(key);
        if let Some((drain, filler)) = self.ends.as_deref_mut() {
            drain.frames().attach(reactor.inbox.clone(), key);
            filler.writer().attach(reactor.inbox.clone(), key);
        }
        match &self.phase {
            Phase::Handshake(handshake) => {
                if reactor.watch(handshake.descriptor.as_fd(), key).is_err() {
                    return Fate::Ends;
                }
                self.shake_hands(reactor)
            }
            _ => self.connect(reactor),
        }
    }

    /// Something has happened to the descriptor.
    pub(crate) fn event(&mut self, event: &mio::event::Event, reactor: &mut Reactor) -> Fate {
        let hung_up = event.is_read_closed() || event.is_error();
        match &mut self.phase {
            Phase::Resting => Fate::Lives,
            Phase::Connecting(_) => {
                if !event.is_writable() && !hung_up {
                    return Fate::Lives;
                }
                let Phase::Connecting(descriptor) = std::mem::replace(&mut self.phase, Phase::Resting) else {
                    return Fate::Lives;
                };
                self.timers.cancel(Timer::Deadline, reactor);
                self.connected(descriptor, reactor)
            }
            Phase::Handshake(handshake) => {
                if hung_up {
                    handshake.hung_up();
                }
                self.shake_hands(reactor)
            }
            Phase::Traffic(traffic) => {
                let arrived = event.is_readable() || hung_up;
                if !arrived && traffic.leaves_room(self.timers.key(), reactor) {
                    return Fate::Lives;
                }
                self.drive(reactor, |engine| {
                    if arrived {
                        engine.readable(hung_up);
                    }
                    if event.is_writable() {
                        engine.writable();
                    }
                })
            }
        }
    }

    pub(crate) fn fire(&mut self, timer: Timer, reactor: &mut Reactor) -> Fate {
        self.timers.fired(timer);
        match timer {
            Timer::Reconnect if matches!(self.phase, Phase::Resting) => self.connect(reactor),
            Timer::Deadline => self.late(reactor),
            Timer::Ask => self.ask(reactor),
            Timer::Linger => self.linger_no_longer(reactor),
            Timer::Beat => self.beat(reactor),
            Timer::CheckInbound => self.check_inbound(reactor),
            Timer::CheckOutbound => self.check_outbound(reactor),
            Timer::Reconnect | Timer::Accept | Timer::Pace => Fate::Lives,
        }
    }

    /// Connecting or the handshake has taken too long.
    fn late(&mut self, reactor: &mut Reactor) -> Fate {
        let late = io::Error::from(rustix::io::Errno::TIMEDOUT);
        match std::mem::replace(&mut self.phase, Phase::Resting) {
            Phase::Connecting(descriptor) => self.attempt_failed(Some(descriptor), &late, reactor),
            phase => {
                self.phase = phase;
                self.refuse(&Failure::Lost(late), reactor)
            }
        }
    }
}
