//! A session: one peer's place on an I/O thread. It connects, reconnects, attaches the pipe and lingers.

#[cfg(test)]
mod tests;
mod traffic;

use crate::command::{Attach, Connect, EndpointId, Listen, Owner, PipeId, ToIo, ToSocket};
use crate::engine::{self, Connection, End, Engine, Setup};
use crate::io::greeting::{Failure, Greeted, Greeting};
use crate::io::hub::{Alarm, Alarms, Hub};
use crate::io::notice;
use crate::io::route::{self, Route};
use crate::io::terms::{Terms, milliseconds};
use crate::life::fresh_id;
use crate::monitor::{EventKind, Sides};
use crate::option::Options;
use crate::pattern::contract::Attached;
use crate::pipe::{Conflates, Ends, pipe};
use crate::socket_type::SocketType;
use crate::transport::{Link, Target, Transport};
use queue::{Drain, Filler, Held, Item, TryLock};
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;
use traffic::Traffic;

/// Bits of `RECONNECT_STOP`.
const REFUSED: i32 = 1;
const UNGREETED: i32 = 2;
const RELEASED: i32 = 4;

/// Whether a session goes on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fate {
    Lives,
    Ends,
}

#[derive(Debug)]
enum Phase {
    /// Between two attempts, or while a name is looked up.
    Resting,
    Connecting(OwnedFd),
    Greeting(Box<Greeting>),
    Traffic(Box<Traffic>),
}

/// One peer, on the I/O thread.
#[derive(Debug)]
pub(crate) struct Session {
    owner: Arc<Owner>,
    options: Arc<Options>,
    transport: &'static dyn Transport,
    endpoint: EndpointId,
    /// The endpoint that was bound or connected.
    name: Arc<str>,
    key: u64,
    pipe: PipeId,
    /// The pipe's ends while no engine has them.
    ends: Option<(Drain, Filler)>,
    phase: Phase,
    link: Option<Arc<Link>>,
    /// How to connect again; an accepted session cannot.
    route: Option<Box<Route>>,
    alarms: Alarms,
    /// The socket or endpoint was closed.
    closing: bool,
    /// It was the endpoint: disconnected or unbound.
    released: bool,
    /// The routing id of the peer, as the socket knows it.
    announced: Vec<u8>,
}

impl Session {
    pub(crate) fn accepted(listen: &Listen, descriptor: OwnedFd, link: Link) -> Self {
        let phase = Self::greeting(descriptor, None, listen.owner.socket_type, &listen.options);
        Self {
            owner: listen.owner.clone(),
            options: listen.options.clone(),
            transport: listen.transport,
            endpoint: listen.endpoint,
            name: listen.name.clone(),
            key: 0,
            pipe: fresh_id(),
            ends: None,
            phase,
            link: Some(Arc::new(link)),
            route: None,
            alarms: Alarms::default(),
            closing: false,
            released: false,
            announced: Vec::new(),
        }
    }

    pub(crate) fn connecting(connect: Connect) -> Self {
        let route = Box::new(Route::new(connect.address, connect.ends.is_none()));
        Self {
            ends: connect.ends.map(|ends| io_ends(ends, &connect.options)),
            owner: connect.owner,
            options: connect.options,
            transport: connect.transport,
            endpoint: connect.endpoint,
            name: connect.name,
            key: 0,
            pipe: connect.pipe,
            phase: Phase::Resting,
            link: None,
            route: Some(route),
            alarms: Alarms::default(),
            closing: false,
            released: false,
            announced: Vec::new(),
        }
    }

    fn greeting(
        descriptor: OwnedFd,
        proxy: Option<crate::transport::net::socks::Client>,
        socket_type: SocketType,
        options: &Options,
    ) -> Phase {
        Phase::Greeting(Box::new(Greeting::new(descriptor, proxy, socket_type, options)))
    }

    pub(crate) fn has_pipe(&self, pipe: PipeId) -> bool {
        self.pipe == pipe
    }

    pub(crate) fn belongs_to(&self, socket: u64, endpoint: Option<EndpointId>) -> bool {
        self.owner.id == socket && endpoint.is_none_or(|endpoint| self.endpoint == endpoint)
    }

    fn emit(&self, kind: EventKind, value: u64) {
        self.owner.monitor.emit(kind, value, self.sides());
    }

    fn sides(&self) -> Sides<'_> {
        let sides = Sides::of(&self.name, self.route.is_some());
        self.link.as_ref().map_or(sides, |link| link.complete(sides))
    }

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

    /// Looks the address up and connects.
    fn connect(&mut self, hub: &mut Hub) -> Fate {
        let Some(route) = &self.route else { return Fate::Ends };
        if !self.transport.needs_lookup(&route.address, &self.options) {
            let target = self.transport.resolve(&route.address, &self.options);
            return self.resolved(target, hub);
        }
        let (transport, options) = (self.transport, self.options.clone());
        let (inbox, session, address) = (hub.inbox.clone(), self.key, route.address.clone());
        let look_up = move || {
            let target = transport.resolve(&address, &options);
            inbox.push(Item::Command(ToIo::Resolved { session, target }));
        };
        match std::thread::Builder::new().name("ZMQbg/resolver".to_owned()).spawn(look_up) {
            Ok(_) => Fate::Lives,
            Err(_) => self.retry(hub),
        }
    }

    /// A lookup is done.
    pub(crate) fn resolved(&mut self, target: io::Result<Target>, hub: &mut Hub) -> Fate {
        let (Phase::Resting, Some(route)) = (&self.phase, &mut self.route) else { return Fate::Lives };
        let Ok(target) = target else { return self.retry(hub) };
        let attempt = route.attempts;
        route.attempts += 1;
        let connected = self.transport.connect(&target, attempt, &self.options);
        route.target = Some(target);
        match connected {
            Ok((descriptor, connected)) => {
                if hub.watch(descriptor.as_fd(), self.key).is_err() {
                    return self.retry(hub);
                }
                if connected {
                    return self.connected(descriptor, hub);
                }
                self.emit(EventKind::ConnectDelayed, rustix::io::Errno::INPROGRESS.raw_os_error() as u64);
                self.set_deadline(self.options.connect_timeout, hub);
                self.phase = Phase::Connecting(descriptor);
                Fate::Lives
            }
            Err(error) => self.attempt_failed(None, &error, hub),
        }
    }

    /// The attempt to connect has come to nothing.
    fn attempt_failed(&mut self, descriptor: Option<OwnedFd>, error: &io::Error, hub: &mut Hub) -> Fate {
        let number = descriptor.as_ref().map_or(u64::MAX, |descriptor| descriptor.as_raw_fd() as u64);
        if let Some(descriptor) = descriptor {
            hub.unwatch(descriptor.as_fd());
        }
        let refused = error.kind() == io::ErrorKind::ConnectionRefused;
        let last = self.is_last(refused && self.stops(REFUSED));
        if last {
            self.part();
        }
        self.emit(EventKind::Closed, number);
        if last { Fate::Ends } else { self.retry(hub) }
    }

    fn connected(&mut self, descriptor: OwnedFd, hub: &mut Hub) -> Fate {
        match self.transport.connected(descriptor.as_fd(), &self.name, &self.options) {
            Ok(link) => self.link = Some(Arc::new(link)),
            Err(error) => return self.attempt_failed(Some(descriptor), &error, hub),
        }
        self.emit(EventKind::Connected, descriptor.as_raw_fd() as u64);
        let target = self.route.as_ref().and_then(|route| route.target.as_ref());
        let proxy = target.and_then(|target| target.proxy(&self.options));
        self.phase = Self::greeting(descriptor, proxy, self.owner.socket_type, &self.options);
        self.greet(hub)
    }

    /// Goes on with the handshake.
    fn greet(&mut self, hub: &mut Hub) -> Fate {
        let Phase::Greeting(greeting) = &mut self.phase else { return Fate::Lives };
        let raw = self.options.is_raw(self.owner.socket_type) && !greeting.has_proxy();
        let greeted = if raw { Ok(Greeted::Raw) } else { greeting.turn() };
        match greeted {
            Ok(Greeted::Not) => {
                if self.alarms.get(Alarm::Deadline).is_none() {
                    self.set_deadline(self.options.handshake_ivl, hub);
                }
                Fate::Lives
            }
            Ok(Greeted::Yes(peer, rest)) => self.open(Some(peer), &rest, hub),
            Ok(Greeted::Raw) => self.open(None, &[], hub),
            Err(failure) => self.refuse(&failure, hub),
        }
    }

    /// The handshake has failed.
    fn refuse(&mut self, failure: &Failure, hub: &mut Hub) -> Fate {
        self.owner.troubles.handshake_failed();
        let errno =
            |error: &io::Error| error.raw_os_error().unwrap_or(rustix::io::Errno::PIPE.raw_os_error());
        match failure {
            Failure::Lost(error) => self.emit(EventKind::HandshakeFailedNoDetail, errno(error) as u64),
            Failure::Proxy(_) => {}
            Failure::Protocol(zmtp::Error::Foreign) => {
                let errno = rustix::io::Errno::PROTO.raw_os_error();
                self.emit(EventKind::HandshakeFailedNoDetail, errno as u64);
            }
            Failure::Protocol(error) => match (error.auth_status(), error.code()) {
                (Some(status), _) => self.emit(EventKind::HandshakeFailedAuth, u64::from(status)),
                (None, code) => {
                    self.emit(EventKind::HandshakeFailedProtocol, u64::from(code.unwrap_or(0x1000_0000)));
                }
            },
        }
        // A peer that broke the protocol would do so again. A program that speaks another may leave its place to one.
        let broken = matches!(failure, Failure::Protocol(error) if *error != zmtp::Error::Foreign);
        let last = self.is_last(broken || self.stops(UNGREETED));
        if last {
            self.part();
        }
        self.disconnected(hub);
        if last { Fate::Ends } else { self.retry(hub) }
    }

    /// The peer is known: messages can flow.
    fn open(&mut self, peer: Option<zmtp::Peer>, rest: &[u8], hub: &mut Hub) -> Fate {
        let Phase::Greeting(mut greeting) = std::mem::replace(&mut self.phase, Phase::Resting) else {
            return Fate::Ends;
        };
        self.alarms.cancel(Alarm::Deadline, hub);
        let mut unsent = if peer.is_some() { greeting.unsent() } else { Vec::new() };
        let descriptor = Arc::new(greeting.into_descriptor());
        let routing_id = peer.as_ref().and_then(|peer| peer.routing_id.clone()).unwrap_or_default();
        let fresh = self.ends.is_none().then(|| self.make_pipe(hub));
        if fresh.is_none() {
            self.introduce(&routing_id);
        }
        let Some((mut drain, mut filler)) = self.ends.take() else { return Fate::Ends };
        let terms =
            Terms { socket_type: self.owner.socket_type, options: &self.options, peer: peer.as_ref() };
        let info = Arc::new(terms.describe(self.link.as_deref(), descriptor.as_raw_fd()));
        filler.restart(Some(info.clone()));
        let again = fresh.is_none() && self.route.as_ref().is_some_and(|route| route.connected_before);
        terms.begin(&mut filler, again);
        let passed = self.passed(&mut drain, &mut filler);
        let mut transcoder = terms.transcoder();
        notice::hello(terms.socket_type, &self.options, transcoder.as_mut(), &mut unsent);
        let plain = transcoder.is_none();
        let written = drain.frames().gauge();
        let setup = Setup {
            descriptor: descriptor.clone(),
            drain,
            filler,
            transcoder,
            socket_type: terms.socket_type,
            heartbeat: terms.heartbeat(),
        };
        let engine = Engine::new(setup, unsent, rest);
        let connection = Arc::new(Connection {
            engine: TryLock::new(Some(engine)),
            descriptor: Arc::downgrade(&descriptor),
            info,
            name: self.name.clone(),
            link: self.link.clone(),
            connects: self.route.is_some(),
            session: self.key,
            overseer: hub.inbox.clone(),
            plain,
        });
        self.announce(fresh, routing_id, &connection, hub);
        // Who waits for this event to send finds the peer there.
        self.emit(EventKind::HandshakeSucceeded, 0);
        self.phase = Phase::Traffic(Box::new(Traffic::new(connection, descriptor, written)));
        if self.route.as_mut().is_some_and(|route| route.arrived(Instant::now(), passed)) {
            self.owner.troubles.reconnected();
        }
        self.turn(hub)
    }

    /// A pipe for a connection that had none: the socket's ends.
    fn make_pipe(&mut self, hub: &Hub) -> Ends {
        let conflates = Conflates::new(self.owner.socket_type, &self.options);
        let (theirs, ours) = pipe(&self.owner.pool, conflates, &self.options);
        let (mut drain, mut filler) = io_ends(ours, &self.options);
        drain.frames().attach(hub.inbox.clone(), self.key);
        filler.writer().attach(hub.inbox.clone(), self.key);
        self.ends = Some((drain, filler));
        theirs
    }

    /// Tells the socket who the peer is at the other end of a pipe that it has: at first, and when that is another one than
    /// before, before anything is heard of it. Not where the socket knows better (`CONNECT_ROUTING_ID`).
    fn introduce(&mut self, routing_id: &[u8]) {
        let first = self.route.as_ref().is_some_and(|route| !route.connected_before);
        let changed = self.announced != routing_id && self.options.connect_routing_id.is_none();
        if first || changed {
            self.announced = routing_id.to_vec();
            let (pipe, routing_id, farewell) = (self.pipe, routing_id.to_vec(), Vec::new());
            self.owner.inbox.push(Item::Command(ToSocket::Identified { pipe, routing_id, farewell }));
        }
    }

    /// Tells the socket of the connection.
    fn announce(&self, fresh: Option<Ends>, routing_id: Vec<u8>, connection: &Arc<Connection>, hub: &Hub) {
        let connection = connection.clone();
        let inbox = &self.owner.inbox;
        let Some(ends) = fresh else {
            return inbox.push(Item::Command(ToSocket::Opened { pipe: self.pipe, connection }));
        };
        let connects = self.route.is_some();
        let how = Attached {
            routing_id: Some(routing_id),
            assigned_id: self.options.connect_routing_id.clone().filter(|_| connects),
            ..Attached::default()
        };
        let attach = Attach {
            pipe: self.pipe,
            endpoint: self.endpoint,
            ends,
            how,
            io: Some(hub.inbox.clone()),
            connection: Some(connection),
            farewell: Vec::new(),
            told: None,
        };
        attach.send(inbox, &self.owner.topics);
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

    /// The engine has come to its end: the pipe goes on, or goes down with it.
    fn ended(&mut self, mut held: Held<'_, Option<Engine>>, end: &End, hub: &mut Hub) -> Fate {
        let Some(engine) = held.take() else { return Fate::Ends };
        drop(held);
        let (mut drain, mut filler) = engine.dismantle();
        let passed = self.passed(&mut drain, &mut filler);
        self.rewind(&mut drain);
        filler.cut();
        if matches!(end, End::Flushed) {
            return Fate::Ends;
        }
        let last = self.is_last(matches!(end, End::Protocol(_) | End::TooLarge | End::NoReply));
        if let Some(route) = &mut self.route {
            route.lost(Instant::now(), passed);
        }
        let connects = self.route.is_some();
        let immediate = self.route.as_ref().is_some_and(|route| route.immediate);
        let lasts = connects && !last && !immediate;
        notice::lost(&mut filler, self.owner.socket_type, &self.options, connects, lasts);
        self.alarms.cancel(Alarm::Beat, hub);
        if last || !connects {
            self.ends = Some((drain, filler));
            self.part();
            self.disconnected(hub);
            return Fate::Ends;
        }
        self.disconnected(hub);
        if immediate {
            drop((drain, filler));
            self.owner.inbox.push(Item::Command(ToSocket::Detach { pipe: self.pipe }));
            self.pipe = fresh_id();
            return self.retry(hub);
        }
        let mut fresh = None;
        if self.owner.socket_type.profile().subscribes {
            // Subscriptions are sent anew: what was queued would mix with them.
            let (writer, reader) = queue::channel(&self.owner.pool);
            reader.attach(hub.inbox.clone(), self.key);
            drain = Drain::new(reader);
            fresh = Some(writer);
        }
        self.owner.inbox.push(Item::Command(ToSocket::Lost { pipe: self.pipe, fresh }));
        self.ends = Some((drain, filler));
        self.retry(hub)
    }

    /// The next connection begins at the message that this one has not got whole: unless it is the message that ends
    /// one after the other.
    fn rewind(&mut self, drain: &mut Drain) {
        let inside = drain.is_inside_message();
        let number = drain.frames().passed();
        drain.rewind();
        // Under IMMEDIATE the whole pipe goes with its connection.
        if inside && self.route.as_mut().is_some_and(|route| !route.immediate && route.cut_off(number)) {
            drain.skip_message();
            self.owner.troubles.message_refused();
        }
    }

    /// How many messages have gone out and come in. Subscriptions go out on each connection.
    fn passed(&self, drain: &mut Drain, filler: &mut Filler) -> route::Traffic {
        let subscribes = self.owner.socket_type.profile().subscribes;
        (if subscribes { 0 } else { drain.frames().passed() }, filler.writer().written())
    }

    /// The descriptor is given up; the monitor hears of it.
    fn disconnected(&mut self, hub: &mut Hub) {
        let number = match std::mem::replace(&mut self.phase, Phase::Resting) {
            Phase::Greeting(greeting) => {
                hub.unwatch(greeting.descriptor.as_fd());
                greeting.descriptor.as_raw_fd()
            }
            Phase::Traffic(traffic) => {
                hub.unwatch(traffic.descriptor.as_fd());
                // A caller may be waiting on it.
                _ = rustix::net::shutdown(&traffic.descriptor, rustix::net::Shutdown::Both);
                traffic.descriptor.as_raw_fd()
            }
            Phase::Connecting(descriptor) => {
                hub.unwatch(descriptor.as_fd());
                descriptor.as_raw_fd()
            }
            Phase::Resting => return,
        };
        self.alarms.cancel(Alarm::Deadline, hub);
        self.emit(EventKind::Disconnected, number as u64);
        self.link = None;
    }

    /// Whether this is a reason not to connect again (`RECONNECT_STOP`).
    fn stops(&self, reason: i32) -> bool {
        self.options.reconnect_stop & reason != 0
    }

    fn may_connect(&self) -> bool {
        self.route.is_some() && !(self.released && self.stops(RELEASED))
    }

    /// Whether there will be no other attempt: it would end like this one, or is not wanted.
    fn is_last(&self, hopeless: bool) -> bool {
        hopeless || self.options.reconnect_ivl <= 0
    }

    /// Never again. To be said before the monitor hears of it: who waits for that may connect anew.
    fn part(&mut self) {
        // Before the pipe ends: who finds nobody to send to may disconnect, or connect by hand.
        if self.route.is_some() {
            self.owner.inbox.push(Item::Command(ToSocket::Forget { endpoint: self.endpoint }));
        }
        self.ends = None;
        self.owner.inbox.push(Item::Command(ToSocket::Detach { pipe: self.pipe }));
    }

    /// Connects again after a pause, if this side connects and may.
    fn retry(&mut self, hub: &mut Hub) -> Fate {
        self.phase = Phase::Resting;
        if self.closing && (self.check_linger() == Fate::Ends || !self.may_connect()) {
            return Fate::Ends;
        }
        let options = &self.options;
        let Some(route) = &mut self.route else { return Fate::Ends };
        if options.reconnect_ivl <= 0 {
            self.part();
            return Fate::Ends;
        }
        let pause = route.next_pause(options);
        self.emit(EventKind::ConnectRetried, pause.as_millis() as u64);
        self.alarms.set(Alarm::Reconnect, Instant::now() + pause, hub);
        Fate::Lives
    }

    fn set_deadline(&mut self, after: i32, hub: &mut Hub) {
        if after > 0 {
            self.alarms.set(Alarm::Deadline, Instant::now() + milliseconds(after), hub);
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
            Alarm::CheckLeaving => self.drive(hub, |_| ()),
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

    /// The socket, or this endpoint of it (`released`), was closed: what is queued may still go out for a time.
    pub(crate) fn linger(&mut self, linger: i32, released: bool, hub: &mut Hub) -> Fate {
        self.closing = true;
        self.released |= released;
        if linger == 0 || (!self.may_connect() && !matches!(self.phase, Phase::Traffic(_))) {
            return Fate::Ends;
        }
        if linger > 0 {
            self.alarms.set(Alarm::Linger, Instant::now() + milliseconds(linger), hub);
        }
        match self.phase {
            Phase::Traffic(_) => self.turn(hub),
            _ => self.check_linger(),
        }
    }

    /// Whether there is still something to connect for.
    fn check_linger(&mut self) -> Fate {
        let ended = match &mut self.ends {
            // A reader that rests is told of the end, which may come after this.
            Some((drain, _)) => drain.frames().has_ended() || (!drain.park() && drain.frames().has_ended()),
            None => self.closing,
        };
        if ended { Fate::Ends } else { Fate::Lives }
    }

    pub(crate) fn sweep(&mut self, hub: &mut Hub) {
        let Phase::Traffic(traffic) = &self.phase else { return };
        let connection = traffic.connection.clone();
        if let Some(mut held) = connection.engine.try_lock() {
            if let Some(engine) = held.as_mut() {
                engine.sweep();
            }
            if held.unlock() {
                self.call_back(hub);
            }
            // The socket's own end, too, may hold memory.
            if !self.owner.sweeping.swap(true, Ordering::Relaxed) {
                self.owner.inbox.push(Item::Command(ToSocket::Sweep));
            }
        }
    }

    /// The end of the session: its descriptor is closed.
    pub(crate) fn close(mut self, hub: &mut Hub) {
        self.alarms.cancel_all(hub);
        match std::mem::replace(&mut self.phase, Phase::Resting) {
            Phase::Greeting(greeting) => hub.unwatch(greeting.descriptor.as_fd()),
            Phase::Connecting(descriptor) => hub.unwatch(descriptor.as_fd()),
            Phase::Traffic(traffic) => {
                hub.unwatch(traffic.descriptor.as_fd());
                if let Some(mut held) = traffic.connection.engine.try_lock() {
                    held.take();
                }
            }
            Phase::Resting => {}
        }
    }
}

/// The I/O thread's ends of a pipe.
fn io_ends(ends: Ends, options: &Options) -> (Drain, Filler) {
    (Drain::new(ends.reader), Filler::new(ends.writer, engine::bounds(options)))
}
