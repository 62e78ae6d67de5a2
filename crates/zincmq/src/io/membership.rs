//! A membership: a multicast endpoint's place on an I/O thread.

use crate::command::{EndpointId, Join, Origin, PipeId};
use crate::engine::Rest;
use crate::engine::multicast::Multicast;
use crate::io::reactor::{BOTH, Reactor, Timer, Timers};
use crate::io::session::Fate;
use crate::io::terms::milliseconds;
use crate::lingering::Unsent;
use crate::monitor::{EventKind, Sides};
use crate::stats::GroupBoard;
use crate::trace::event_of;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The numbers of many sources are told no more often than that.
const TELLING: Duration = Duration::from_millis(100);
/// A timer is set no sooner than so long after a turn, whatever the protocol says.
const SOONEST: Duration = Duration::from_micros(100);
/// The numbers of so many sources are told after each turn.
const FEW: usize = 16;

/// See the module.
#[derive(Debug)]
pub(crate) struct Membership {
    origin: Arc<Origin>,
    key: u64,
    pipe: PipeId,
    bound: bool,
    engine: Multicast,
    timers: Timers,
    board: Arc<GroupBoard>,
    told: Instant,
    closing: bool,
}

impl Membership {
    pub(crate) fn new(join: Join) -> Self {
        let Join { origin, pipe, engine, bound, board } = join;
        let (timers, told) = (Timers::default(), Instant::now());
        Self { origin, key: 0, pipe, bound, engine, timers, board, told, closing: false }
    }

    /// Begins; `key` is the membership's from now on.
    pub(crate) fn start(&mut self, key: u64, reactor: &mut Reactor) -> Fate {
        self.key = key;
        self.timers = Timers::of(key);
        self.engine.attach(reactor.inbox.clone(), key);
        let watched =
            self.engine.descriptors().try_for_each(|descriptor| reactor.watch(descriptor, BOTH, key));
        if let Err(error) = watched {
            self.emit(EventKind::BindFailed, error.raw_os_error().unwrap_or(0) as u64);
            return Fate::Ends;
        }
        self.drive(reactor)
    }

    pub(crate) fn has_pipe(&self, pipe: PipeId) -> bool {
        self.pipe == pipe
    }

    pub(crate) fn belongs_to(&self, socket: u64, endpoint: Option<EndpointId>) -> bool {
        self.origin.is(socket, endpoint)
    }

    /// Something has happened to one of the descriptors.
    pub(crate) fn event(&mut self, event: &mio::event::Event, reactor: &mut Reactor) -> Fate {
        self.engine.event(event.is_readable(), event.is_writable());
        self.drive(reactor)
    }

    /// The pipe from the socket has something, or has ended.
    pub(crate) fn readable(&mut self, reactor: &mut Reactor) -> Fate {
        self.engine.resume();
        self.drive(reactor)
    }

    pub(crate) fn fire(&mut self, timer: Timer, reactor: &mut Reactor) -> Fate {
        self.timers.fired(timer);
        if timer == Timer::Linger { Fate::Ends } else { self.drive(reactor) }
    }

    /// The socket or the endpoint was closed: what is queued may still go out for a time.
    pub(crate) fn linger(&mut self, linger: i32, reactor: &mut Reactor) -> Fate {
        self.closing = true;
        if linger == 0 {
            return Fate::Ends;
        }
        if linger > 0 {
            self.timers.set(Timer::Linger, Instant::now() + milliseconds(linger), reactor);
        }
        self.drive(reactor)
    }

    /// The messages that it lingers for, if it does.
    pub(crate) fn unsent(&self) -> Option<Unsent> {
        self.closing.then(|| self.origin.unsent(self.engine.unsent()))
    }

    /// Moves what can be moved, within one turn.
    pub(crate) fn drive(&mut self, reactor: &mut Reactor) -> Fate {
        let now = Instant::now();
        let Self { engine, origin, bound, .. } = self;
        let mut emit = |kind, value, remote: &str| {
            if kind == EventKind::Gap {
                event_of!(origin, INFO, "drop", "datagrams are lost", source = remote, datagrams = value);
            }
            origin.owner.monitor.emit(kind, value, Sides { local: &origin.name, remote, connects: !*bound });
        };
        let (rest, next) = engine.turn(now, &mut emit);
        let tell = self.tell(now);
        if self.closing && self.engine.is_done() {
            return Fate::Ends;
        }
        if rest == Rest::Busy {
            reactor.busy.push_back(self.key);
        }
        match next.into_iter().chain(tell).min().map(|at| at.max(now + SOONEST)) {
            Some(at) if self.timers.get(Timer::Pace) == Some(at) => {}
            Some(at) => self.timers.set(Timer::Pace, at, reactor),
            None => self.timers.cancel(Timer::Pace, reactor),
        }
        Fate::Lives
    }

    /// Puts the numbers on the board; where that is much, not every time. Returns when it is due.
    fn tell(&mut self, now: Instant) -> Option<Instant> {
        let due = self.told + TELLING;
        if self.engine.source_count() > FEW && now < due {
            return Some(due);
        }
        self.told = now;
        self.board.tell(|numbers| self.engine.tell(numbers));
        None
    }

    fn number(&self) -> u64 {
        self.engine.number()
    }

    fn emit(&self, kind: EventKind, value: u64) {
        self.origin.owner.monitor.emit(kind, value, Sides::of(&self.origin.name, !self.bound));
    }

    /// The end: its descriptors are closed.
    pub(crate) fn close(mut self, reactor: &mut Reactor) {
        self.timers.cancel_all(reactor);
        self.engine.close(Instant::now());
        self.engine.descriptors().for_each(|descriptor| reactor.unwatch(descriptor));
        self.emit(EventKind::Closed, self.number());
    }
}
