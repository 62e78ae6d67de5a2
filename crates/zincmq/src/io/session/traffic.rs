//! A session with an open connection: it runs the engine, unless a caller does, and looks after callers that do.

use super::{Fate, Phase, Session};
use crate::command::ToSocket;
use crate::engine::{Connection, Engine, LEAVE_LOOKS, LOOKS, Rest};
use crate::io::hub::{Alarm, Hub};
use crate::io::terms::milliseconds;
use queue::{Item, Tick};
use std::os::fd::AsFd;
use std::time::Instant;

impl Session {
    /// The outbound pipe has something.
    pub(crate) fn readable(&mut self, hub: &mut Hub) -> Fate {
        match &self.phase {
            Phase::Traffic(connection) => {
                let connection = connection.clone();
                self.drive(&connection, hub, Engine::resume)
            }
            _ => {
                if let Some((drain, _)) = &mut self.ends {
                    drain.frames().resume();
                }
                self.check_linger()
            }
        }
    }

    /// The inbound pipe has room.
    pub(crate) fn writable(&mut self, hub: &mut Hub) -> Fate {
        self.drive_traffic(hub, Engine::make_room)
    }

    /// Another turn for the engine.
    pub(crate) fn turn(&mut self, hub: &mut Hub) -> Fate {
        self.drive_traffic(hub, Engine::recheck)
    }

    /// The engine had more to do than its turn allowed, or a caller has left word.
    pub(crate) fn go_on(&mut self, hub: &mut Hub) -> Fate {
        if std::mem::take(&mut self.called) {
            return self.turn(hub);
        }
        self.drive_traffic(hub, |_| ())
    }

    /// Runs the engine, if there is one.
    fn drive_traffic(&mut self, hub: &mut Hub, prepare: impl FnOnce(&mut Engine)) -> Fate {
        let Phase::Traffic(connection) = &self.phase else { return Fate::Lives };
        let connection = connection.clone();
        self.drive(&connection, hub, prepare)
    }

    /// A caller wanted the engine while this thread had it.
    pub(super) fn call_back(&mut self, hub: &mut Hub) {
        self.called = true;
        hub.busy.push_back(self.key);
    }

    /// Runs the engine, unless a caller does: then the caller hands back what it could not know of.
    pub(super) fn drive(
        &mut self,
        connection: &Connection,
        hub: &mut Hub,
        prepare: impl FnOnce(&mut Engine),
    ) -> Fate {
        let Some(mut held) = connection.engine.try_lock() else { return Fate::Lives };
        let Some(engine) = held.as_mut() else { return Fate::Ends };
        if connection.heed(engine) {
            self.look_at(Instant::now() + LOOKS, hub);
        }
        prepare(engine);
        match engine.turn() {
            Ok(rest) => {
                if rest == Rest::Busy {
                    hub.busy.push_back(self.key);
                }
                let beat = engine.next_beat();
                let blocked = engine.is_blocked();
                let leaves = engine.is_leaving();
                let stuck = engine.is_stuck();
                if held.unlock() {
                    self.call_back(hub);
                }
                if let Some(at) = beat {
                    self.set_beat(at, hub);
                }
                if leaves {
                    self.look_at(Instant::now() + LEAVE_LOOKS, hub);
                }
                if stuck {
                    self.tell_stuck();
                }
                // Only the poller can tell when the kernel takes bytes again.
                if blocked && connection.lease.end() {
                    return self.unleased(hub);
                }
                Fate::Lives
            }
            Err(end) => self.ended(held, &end, hub),
        }
    }

    /// Where the socket may never read what fills the pipe, it is told that this hides the peer's end.
    #[cold]
    fn tell_stuck(&self) {
        if self.owner.socket_type.profile().reveals_ends {
            self.owner.inbox.push(Item::Command(ToSocket::HungUp { pipe: self.pipe }));
        }
    }

    /// A tick has passed while a caller listens to the descriptor.
    pub(crate) fn tick(&mut self, hub: &mut Hub) -> Fate {
        let Phase::Traffic(connection) = &self.phase else { return Fate::Lives };
        match connection.lease.tick() {
            Tick::Held => hub.leased.push(self.key),
            Tick::Forget => {}
            Tick::Back => return self.unleased(hub),
        }
        Fate::Lives
    }

    /// The writer carries its stream itself.
    pub(crate) fn carried(&mut self, hub: &mut Hub) -> Fate {
        self.look_at(Instant::now() + LOOKS, hub);
        Fate::Lives
    }

    fn look_at(&mut self, at: Instant, hub: &mut Hub) {
        if self.alarms.get(Alarm::Look).is_none() {
            self.alarms.set(Alarm::Look, at, hub);
        }
    }

    /// Looks whether the writer still carries its stream.
    pub(super) fn look(&mut self, hub: &mut Hub) -> Fate {
        let Phase::Traffic(connection) = &self.phase else { return Fate::Lives };
        let connection = connection.clone();
        // It writes this very moment.
        let Some(mut held) = connection.engine.try_lock() else { return self.carried(hub) };
        let Some(engine) = held.as_mut() else { return Fate::Ends };
        let again = engine.look_after();
        if held.unlock() {
            self.call_back(hub);
        }
        let Some(again) = again else { return self.drive(&connection, hub, |_| ()) };
        self.look_at(again, hub);
        Fate::Lives
    }

    /// A caller listens to the descriptor: but not while there is something that only the poller can tell.
    pub(crate) fn leased(&mut self, hub: &mut Hub) -> Fate {
        let Phase::Traffic(connection) = &self.phase else { return Fate::Lives };
        // It may have ended before the caller had taken the descriptor out of the poller.
        if !connection.lease.is_held() {
            return self.unleased(hub);
        }
        // This thread may have taken it back and watched it anew between the caller's taking it and its word of that:
        // two would hear of each message.
        if let Some(descriptor) = &self.descriptor {
            hub.unwatch(descriptor.as_fd());
        }
        let connection = connection.clone();
        self.drive(&connection, hub, Engine::writable)
    }

    /// The descriptor is the poller's again.
    pub(crate) fn unleased(&mut self, hub: &mut Hub) -> Fate {
        let Phase::Traffic(connection) = &self.phase else { return Fate::Lives };
        let connection = connection.clone();
        // Unless a caller has it again already; whoever has it will say when it ends.
        if !connection.lease.is_held()
            && let Some(descriptor) = &self.descriptor
        {
            _ = hub.watch(descriptor.as_fd(), self.key);
        }
        self.drive(&connection, hub, Engine::recheck)
    }

    fn set_beat(&mut self, at: Instant, hub: &mut Hub) {
        // The earliest: a beat that comes too early asks again.
        if self.alarms.get(Alarm::Beat).is_none_or(|set| at < set) {
            self.alarms.set(Alarm::Beat, at, hub);
        }
    }

    pub(super) fn beat(&mut self, hub: &mut Hub) -> Fate {
        let Phase::Traffic(connection) = &self.phase else { return Fate::Lives };
        let connection = connection.clone();
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
        self.drive(&connection, hub, |_| ())
    }
}
