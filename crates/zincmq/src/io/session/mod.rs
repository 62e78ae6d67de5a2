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

use crate::io::greeting::Failure;
use crate::io::hub::{Alarm, Alarms, Hub};
use state::Phase;
use std::io;
use std::os::fd::AsFd;

impl Session {
    /// Begins; `key` is the session's from now on.
    pub(crate) fn start(&mut self, key: u64, hub: &mut Hub) -> Fate {
        self.key = key;
        self.alarms = Alarms::of(key);
        if let Some((drain, filler)) = &mut self.ends {
            drain.frames().attach(hub.inbox.clone(), key);
            filler.writer().attach(hub.inbox.clone(), key);
        }
        match &self.phase {
            Phase::Greeting(greeting) => {
                if hub.watch(greeting.descriptor.as_fd(), key).is_err() {
                    return Fate::Ends;
                }
                self.greet(hub)
            }
            _ => self.connect(hub),
        }
    }

    /// Something has happened to the descriptor.
    pub(crate) fn event(&mut self, event: &mio::event::Event, hub: &mut Hub) -> Fate {
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
                self.alarms.cancel(Alarm::Deadline, hub);
                self.connected(descriptor, hub)
            }
            Phase::Greeting(_) => self.greet(hub),
            Phase::Traffic(_) => self.drive(hub, |engine| {
                if event.is_readable() || hung_up {
                    engine.readable(hung_up);
                }
                if event.is_writable() {
                    engine.writable();
                }
            }),
        }
    }

    pub(crate) fn alarm(&mut self, alarm: Alarm, hub: &mut Hub) -> Fate {
        self.alarms.rang(alarm);
        match alarm {
            Alarm::Reconnect if matches!(self.phase, Phase::Resting) => self.connect(hub),
            Alarm::Deadline => self.late(hub),
            Alarm::Linger => Fate::Ends,
            Alarm::Beat => self.beat(hub),
            Alarm::CheckInbound => self.check_inbound(hub),
            Alarm::CheckOutbound => self.check_outbound(hub),
            Alarm::Reconnect | Alarm::Accept => Fate::Lives,
        }
    }

    /// Connecting or the handshake has taken too long.
    fn late(&mut self, hub: &mut Hub) -> Fate {
        let late = io::Error::from(rustix::io::Errno::TIMEDOUT);
        match std::mem::replace(&mut self.phase, Phase::Resting) {
            Phase::Connecting(descriptor) => self.attempt_failed(Some(descriptor), &late, hub),
            phase => {
                self.phase = phase;
                self.refuse(&Failure::Lost(late), hub)
            }
        }
    }
}
