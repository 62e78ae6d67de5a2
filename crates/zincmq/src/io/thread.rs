//! One I/O thread: its loop.

use crate::arena::SlotMap;
use crate::command::{IoHandle, ToIo};
use crate::engine::Overseer;
use crate::io::listener::Listener;
use crate::io::membership::Membership;
use crate::io::reactor::{Reactor, Timer};
use crate::io::scheduling::Scheduling;
use crate::io::session::{Fate, Session};
use crate::lingering::Unsent;
use crate::spin::AdaptiveSpin;
use mio::{Events, Poll, Waker};
use queue::{Inbox, Item, KEPT_ROOM, Wake};
use std::collections::{BTreeSet, VecDeque};
use std::io;
use std::num::NonZeroU64;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How often memory of idle connections is given back.
const SWEEP: Duration = Duration::from_secs(1);
/// The poller takes no times shorter than this.
const POLLED: Duration = Duration::from_millis(1);
/// The poller's own token for the wake-up descriptor; no arena gets that far.
const WAKE: u64 = u64::MAX;

/// A running I/O thread.
#[derive(Debug)]
pub(crate) struct IoThread {
    handle: IoHandle,
    thread: JoinHandle<()>,
}

struct Bell(Waker);

impl Wake for Bell {
    fn wake(&self) {
        // The only failure is a full counter, which is readable already.
        _ = self.0.wake();
    }
}

impl IoThread {
    /// `spins`: for how long it looks awake before it sleeps.
    pub(crate) fn start(index: usize, scheduling: &Scheduling, spins: Duration) -> io::Result<Self> {
        let poll = Poll::new()?;
        let bell = Waker::new(poll.registry(), super::reactor::token(WAKE))?;
        let handle = IoHandle::default();
        let reactor = Reactor {
            registry: Arc::new(poll.registry().try_clone()?),
            inbox: handle.inbox.clone(),
            timers: BTreeSet::new(),
            busy: VecDeque::new(),
        };
        handle.inbox.signal().arm(Arc::new(Bell(bell)));
        let event_loop = EventLoop {
            poll,
            reactor,
            entries: SlotMap::default(),
            handle: handle.clone(),
            items: VecDeque::new(),
            stopping: false,
            swept: Instant::now(),
            ran: Duration::ZERO,
            dirty: false,
            spin: AdaptiveSpin::default(),
            spins,
            active: Instant::now(),
        };
        let name = scheduling.name(&format!("ZMQbg/IO/{index}"));
        let (scheduling, (applied, outcome)) = (scheduling.clone(), sync_channel(1));
        let thread = std::thread::Builder::new().name(name).spawn(move || {
            let result = scheduling.apply();
            let fits = result.is_ok();
            if applied.send(result).is_ok() && fits {
                event_loop.run();
            }
        })?;
        // The thread always answers, unless the process is about to end.
        outcome.recv().unwrap_or(Ok(()))?;
        Ok(Self { handle, thread })
    }

    pub(crate) fn handle(&self) -> &IoHandle {
        &self.handle
    }

    /// Ends the thread once it has nothing left to do, and waits for that.
    pub(crate) fn stop(self) {
        self.release();
        _ = self.thread.join();
    }

    /// Ends the thread once it has nothing left to do, whenever that is.
    pub(crate) fn release(&self) {
        self.handle.inbox.push(Item::Command(ToIo::Stop));
    }
}

impl Overseer for Inbox<ToIo> {
    fn call(&self, session: u64, turn: bool) {
        self.push(Item::Command(ToIo::Attend { session, turn }));
    }
}

#[derive(Debug)]
enum Entry {
    Session(Box<Session>),
    Listener(Box<Listener>),
    Membership(Box<Membership>),
}

struct EventLoop {
    poll: Poll,
    reactor: Reactor,
    entries: SlotMap<Option<Entry>>,
    handle: IoHandle,
    items: VecDeque<Item<ToIo>>,
    stopping: bool,
    swept: Instant,
    /// The processor time that the thread had taken by then.
    ran: Duration,
    /// Some connection has moved bytes since the last sweep, or the thread was busy before it.
    dirty: bool,
    spin: AdaptiveSpin,
    /// For how long it looks awake before it sleeps, and when it last had something to do.
    spins: Duration,
    active: Instant,
}

impl EventLoop {
    fn run(mut self) {
        sys::block_signals();
        // Checks of what writers write themselves come after some 50 us; by default the kernel may add as much.
        _ = rustix::thread::set_current_timer_slack(NonZeroU64::new(1));
        let mut events = Events::with_capacity(256);
        loop {
            self.take_items();
            self.take_turns();
            self.fire_timers();
            self.sweep();
            if self.stopping && self.entries.len() == 0 {
                return;
            }
            let mut wait = self.prepare_to_sleep();
            if let Some(short) = wait.filter(|wait| *wait < POLLED && !wait.is_zero()) {
                sys::await_readable(&self.poll, short);
                wait = Some(Duration::ZERO);
            }
            if let Err(error) = self.poll.poll(&mut events, wait)
                && error.kind() != io::ErrorKind::Interrupted
            {
                // The poller's own descriptor is broken: nothing can be served any more.
                return;
            }
            self.reactor.inbox.signal().disarm();
            self.stay_awake(!events.is_empty());
            for event in &events {
                let key = event.token().0 as u64;
                if key != WAKE {
                    self.dirty = true;
                    self.event(key, event);
                }
            }
        }
    }

    /// The time to look awake begins now, if something has happened.
    fn stay_awake(&mut self, happened: bool) {
        if happened && !self.spins.is_zero() {
            self.active = Instant::now();
        }
    }

    fn is_to_look(&self) -> bool {
        !self.spins.is_zero() && self.active.elapsed() < self.spins
    }

    /// How long the poller may sleep; announced to those who would wake it.
    fn prepare_to_sleep(&mut self) -> Option<Duration> {
        let inbox = &self.reactor.inbox;
        if !self.reactor.busy.is_empty() || inbox.is_pending() {
            self.stay_awake(true);
            return Some(Duration::ZERO);
        }
        if self.spin.look(Duration::ZERO, || inbox.is_pending()) || self.is_to_look() {
            return Some(Duration::ZERO);
        }
        self.reactor.inbox.signal().rearm();
        if self.reactor.inbox.is_pending() {
            return Some(Duration::ZERO);
        }
        let now = Instant::now();
        let timer = self.reactor.timers.first().map(|(at, ..)| at.saturating_duration_since(now));
        let sweep = self.dirty.then(|| (self.swept + SWEEP).saturating_duration_since(now));
        timer.into_iter().chain(sweep).min()
    }

    fn event(&mut self, key: u64, event: &mio::event::Event) {
        self.with(
            key,
            |session, reactor| session.event(event, reactor),
            |membership, reactor| membership.event(event, reactor),
        );
        self.with_listener(key);
    }

    fn with_listener(&mut self, key: u64) {
        if let Some(Some(Entry::Listener(listener))) = self.entries.get(key) {
            for accepted in listener.accept(&mut self.reactor) {
                self.start(Session::accepted(accepted));
            }
        }
    }

    /// Runs `act` on a session and buries the session if that was its end.
    fn with_session(&mut self, key: u64, act: impl FnOnce(&mut Session, &mut Reactor) -> Fate) {
        self.with(key, act, |_, _| Fate::Lives);
    }

    /// Runs `act` on a session, or `share` on a membership, and buries it if that was its end.
    fn with(
        &mut self,
        key: u64,
        act: impl FnOnce(&mut Session, &mut Reactor) -> Fate,
        share: impl FnOnce(&mut Membership, &mut Reactor) -> Fate,
    ) {
        let fate = match self.entries.get(key) {
            Some(Some(Entry::Session(session))) => act(session, &mut self.reactor),
            Some(Some(Entry::Membership(membership))) => share(membership, &mut self.reactor),
            _ => return,
        };
        if fate == Fate::Ends {
            self.remove(key);
        }
    }

    fn remove(&mut self, key: u64) {
        match self.entries.remove(key).flatten() {
            Some(Entry::Session(session)) => session.close(&mut self.reactor),
            Some(Entry::Listener(listener)) => listener.close(&mut self.reactor),
            Some(Entry::Membership(membership)) => membership.close(&mut self.reactor),
            None => return,
        }
        self.handle.load.discount();
    }

    fn start(&mut self, session: Session) {
        self.begin(Entry::Session(Box::new(session)));
    }

    fn begin(&mut self, entry: Entry) {
        let key = self.entries.insert(Some(entry));
        self.with(
            key,
            |session, reactor| session.start(key, reactor),
            |membership, reactor| membership.start(key, reactor),
        );
    }

    fn take_items(&mut self) {
        if !self.reactor.inbox.is_pending() {
            return;
        }
        self.dirty = true;
        let mut items = std::mem::take(&mut self.items);
        self.reactor.inbox.take_all(&mut items);
        for item in items.drain(..) {
            match item {
                Item::Readable(key) => self.with(key, Session::readable, Membership::readable),
                Item::Writable(key) => self.with(key, Session::writable, Membership::drive),
                Item::Command(command) => self.handle_command(command),
            }
        }
        items.shrink_to(KEPT_ROOM);
        self.items = items;
    }

    fn handle_command(&mut self, command: ToIo) {
        match command {
            ToIo::Listen(listen) => {
                let key = self.entries.insert(None);
                let listener = Listener::start(listen, key, &self.reactor);
                if let Some(entry) = self.entries.get(key) {
                    *entry = Some(Entry::Listener(Box::new(listener)));
                }
            }
            ToIo::Accepted(accepted) => self.start(Session::accepted(*accepted)),
            ToIo::Connect(connect) => self.start(Session::connecting(*connect)),
            ToIo::Join(join) => self.begin(Entry::Membership(Box::new(Membership::new(*join)))),
            ToIo::Resolved { session, target } => {
                self.with_session(session, |session, reactor| session.resolved(target, reactor));
            }
            ToIo::Attend { session, turn } => {
                self.with_session(session, |session, reactor| session.attend(turn, reactor));
            }
            ToIo::CloseEndpoint { socket, endpoint, linger } => self.close(socket, Some(endpoint), linger),
            ToIo::CloseSocket { socket, linger } => self.close(socket, None, linger),
            ToIo::TellUnsent { board } => board.tell(self.unsent()),
            ToIo::Abort { pipe } => {
                let found = self.entries.iter().find_map(|(key, entry)| match entry {
                    Some(Entry::Session(session)) if session.has_pipe(pipe) => Some(key),
                    Some(Entry::Membership(membership)) if membership.has_pipe(pipe) => Some(key),
                    _ => None,
                });
                if let Some(key) = found {
                    self.remove(key);
                }
            }
            ToIo::Stop => self.stopping = true,
        }
    }

    /// A socket, or one of its endpoints, was closed.
    fn close(&mut self, socket: u64, endpoint: Option<u64>, linger: i32) {
        for key in self.entries.keys() {
            match self.entries.get(key) {
                Some(Some(Entry::Listener(listener))) if listener.belongs_to(socket, endpoint) => {
                    self.remove(key)
                }
                Some(Some(Entry::Session(session))) if session.belongs_to(socket, endpoint) => {
                    self.with_session(key, |session, reactor| {
                        session.linger(linger, endpoint.is_some(), reactor)
                    });
                }
                Some(Some(Entry::Membership(membership))) if membership.belongs_to(socket, endpoint) => {
                    let stay = |membership: &mut Membership, reactor: &mut Reactor| {
                        membership.linger(linger, reactor)
                    };
                    self.with(key, |_, _| Fate::Lives, stay);
                }
                _ => {}
            }
        }
    }

    /// The messages that sessions and memberships linger for.
    fn unsent(&mut self) -> Vec<Unsent> {
        let Self { entries, reactor, .. } = self;
        let unsent = |entry: &mut Option<Entry>| match entry {
            Some(Entry::Session(session)) => session.unsent(reactor),
            Some(Entry::Membership(membership)) => membership.unsent(),
            Some(Entry::Listener(_)) | None => None,
        };
        entries.values_mut().filter_map(unsent).collect()
    }

    fn take_turns(&mut self) {
        for _ in 0..self.reactor.busy.len() {
            if let Some(key) = self.reactor.busy.pop_front() {
                self.with(key, Session::go_on, Membership::drive);
            }
        }
    }

    fn fire_timers(&mut self) {
        if self.reactor.timers.is_empty() {
            return;
        }
        let now = Instant::now();
        while let Some(&(at, key, timer)) = self.reactor.timers.first()
            && at <= now
        {
            self.reactor.timers.pop_first();
            self.with(
                key,
                |session, reactor| session.fire(timer, reactor),
                |membership, reactor| membership.fire(timer, reactor),
            );
            if timer == Timer::Accept {
                self.with_listener(key);
            }
        }
    }

    fn sweep(&mut self) {
        if !self.dirty || self.swept.elapsed() < SWEEP {
            return;
        }
        let (now, ran) = (Instant::now(), sys::thread_time());
        let busy = self.handle.load.ran(ran.saturating_sub(self.ran), now - self.swept);
        (self.swept, self.ran) = (now, ran);
        // Bodies that are kept go when nobody has needed them for a second.
        self.dirty = queue::warm::trim() || busy;
        self.reactor.busy.shrink_to(KEPT_ROOM);
        for entry in self.entries.values_mut() {
            if let Some(Entry::Session(session)) = entry {
                session.sweep(&mut self.reactor);
            }
        }
    }
}
