//! A session in the handshake, and what begins when that is done.

use super::connect::HANDSHAKE_FAILED;
use super::state::{Fate, Phase, Session, io_ends};
use super::traffic::Traffic;
use crate::command::{Attach, ToSocket};
use crate::engine::{Boxes, Connection, Engine, Setup};
use crate::io::dialer::Passed;
use crate::io::handshake::{Failure, HandshakeStatus, Opened};
use crate::io::notice;
use crate::io::reactor::{Reactor, Timer};
use crate::io::terms::Terms;
use crate::monitor::EventKind;
use crate::pattern::contract::Attached;
use crate::pipe::{Conflates, Ends, pipe};
use crate::trace::event_of;
use queue::{Drain, Filler, Item, Notify, TryLock};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};
use zmtp::Cipher;

/// An authenticator that went without an answer may come back within so long.
const ASK_AGAIN: Duration = Duration::from_millis(100);

impl Session {
    /// Goes on with the handshake.
    pub(super) fn shake_hands(&mut self, reactor: &mut Reactor) -> Fate {
        let Phase::Handshake(handshake) = &mut self.phase else { return Fate::Lives };
        let raw = self.origin.options.is_raw(self.origin.owner.socket_type) && !handshake.has_proxy();
        let status = if raw { Ok(HandshakeStatus::Raw) } else { handshake.turn() };
        self.proceed(status, reactor)
    }

    /// The authenticator may have answered.
    pub(super) fn look_for_answer(&mut self, reactor: &mut Reactor) -> Fate {
        let Phase::Handshake(handshake) = &mut self.phase else { return Fate::Lives };
        let status = handshake.look_for_answer();
        self.proceed(status, reactor)
    }

    /// Asks the authenticator about the peer.
    pub(super) fn ask(&mut self, reactor: &mut Reactor) -> Fate {
        let Phase::Handshake(handshake) = &mut self.phase else { return Fate::Lives };
        let address = self.link.as_ref().map_or("", |link| link.peer_address());
        let notify = (reactor.inbox.clone() as Arc<dyn Notify>, self.timers.key());
        let status = handshake.ask(&self.origin.owner, &self.origin.options, address, notify);
        self.proceed(status, reactor)
    }

    fn proceed(&mut self, status: Result<HandshakeStatus, Failure>, reactor: &mut Reactor) -> Fate {
        match status {
            Ok(HandshakeStatus::Asks) => self.ask(reactor),
            Ok(HandshakeStatus::AsksLater) => {
                self.timers.set(Timer::Ask, Instant::now() + ASK_AGAIN, reactor);
                self.limit_handshake(reactor)
            }
            Ok(HandshakeStatus::Pending) => self.limit_handshake(reactor),
            Ok(HandshakeStatus::Done(opened)) => self.open(Some(*opened), reactor),
            Ok(HandshakeStatus::Raw) => self.open(None, reactor),
            Err(failure) => self.refuse(&failure, reactor),
        }
    }

    /// The handshake goes on, for as long as it may.
    fn limit_handshake(&mut self, reactor: &mut Reactor) -> Fate {
        if self.timers.get(Timer::Deadline).is_none() {
            self.set_deadline(self.origin.options.handshake_ivl, reactor);
        }
        Fate::Lives
    }

    /// The handshake has failed.
    pub(super) fn refuse(&mut self, failure: &Failure, reactor: &mut Reactor) -> Fate {
        self.origin.owner.troubles.handshake_failed();
        self.within_handshake(|| {
            let (peer, reason) = (self.peer_address(), format_args!("{failure}"));
            event_of!(self.origin, INFO, "connection", "the handshake failed", peer = peer, reason = reason);
        });
        let errno =
            |error: &io::Error| error.raw_os_error().unwrap_or(rustix::io::Errno::PIPE.raw_os_error());
        match failure {
            Failure::Lost(error) => self.emit(EventKind::HandshakeFailedNoDetail, errno(error) as u64),
            Failure::Proxy(_) => {}
            Failure::NoAuthenticator => self.failed_with(rustix::io::Errno::FAULT),
            Failure::Protocol(zmtp::Error::Foreign) => self.failed_with(rustix::io::Errno::PROTO),
            Failure::Protocol(error) => match (error.auth_status(), error.code()) {
                (Some(status), _) => self.emit(EventKind::HandshakeFailedAuth, u64::from(status)),
                (None, code) => {
                    self.emit(EventKind::HandshakeFailedProtocol, u64::from(code.unwrap_or(0x1000_0000)));
                }
            },
        }
        // A peer that broke the protocol would do so again. A program that speaks another may leave its place to one.
        // One that the authenticator cannot judge yet (300) may be let in later.
        let broken = matches!(failure, Failure::Protocol(error)
            if !matches!(error, zmtp::Error::Foreign | zmtp::Error::Denied { status: 300 }));
        let last = self.is_last(broken || self.stops(HANDSHAKE_FAILED));
        if last {
            self.part();
        }
        self.disconnected(reactor);
        if last { Fate::Ends } else { self.retry(reactor) }
    }

    /// Has the events of `act` belong to the handshake, if one is under way.
    fn within_handshake(&self, act: impl FnOnce()) {
        match &self.phase {
            Phase::Handshake(handshake) => handshake.span.in_scope(act),
            _ => act(),
        }
    }

    fn failed_with(&self, errno: rustix::io::Errno) {
        self.emit(EventKind::HandshakeFailedNoDetail, errno.raw_os_error() as u64);
    }

    /// The peer is known: messages can flow.
    pub(super) fn open(&mut self, opened: Option<Opened>, reactor: &mut Reactor) -> Fate {
        self.within_handshake(|| {
            let speaks = opened.as_ref().and_then(|opened| opened.peer.socket_type.as_deref());
            let (peer, speaks) = (self.peer_address(), speaks.unwrap_or_default());
            event_of!(self.origin, INFO, "connection", "the peer is there", peer = peer, peer_type = speaks);
        });
        let Phase::Handshake(mut handshake) = std::mem::replace(&mut self.phase, Phase::Resting) else {
            return Fate::Ends;
        };
        self.timers.cancel(Timer::Deadline, reactor);
        self.timers.cancel(Timer::Ask, reactor);
        self.admitted = None;
        let unsent = if opened.is_some() { handshake.unsent() } else { Vec::new() };
        let (peer, granted, cipher, rest) = match opened {
            Some(Opened { peer, granted, cipher, rest }) => (Some(peer), granted, cipher, rest),
            None => (None, Vec::new(), None, Vec::new()),
        };
        let descriptor = Arc::new(handshake.into_descriptor());
        let routing_id = peer.as_ref().and_then(|peer| peer.routing_id.clone()).unwrap_or_default();
        let fresh = self.ends.is_none().then(|| self.make_pipe(reactor));
        if fresh.is_none() {
            self.introduce(&routing_id);
        }
        let Some((mut drain, mut filler)) = self.ends.take().map(|ends| *ends) else { return Fate::Ends };
        let origin = &self.origin;
        let terms =
            Terms { socket_type: origin.owner.socket_type, options: &origin.options, peer: peer.as_ref() };
        let info = Arc::new(terms.describe(granted, self.link.as_deref(), descriptor.as_raw_fd()));
        filler.restart(Some(info.clone()));
        let again = fresh.is_none() && self.dialer.as_ref().is_some_and(|dialer| dialer.connected_before);
        terms.begin(&mut filler, again);
        let passed = self.passed(&mut drain, &mut filler);
        let written = drain.frames().gauge();
        let (engine, plain) =
            make_engine(&terms, cipher, (drain, filler), descriptor.clone(), (unsent, &rest));
        let connection = Arc::new(Connection {
            engine: TryLock::new(Some(engine)),
            descriptor: Arc::downgrade(&descriptor),
            info,
            name: origin.name.clone(),
            link: self.link.clone(),
            connects: self.dialer.is_some(),
            session: self.timers.key(),
            overseer: reactor.inbox.clone(),
            plain,
            reads_much: AtomicBool::new(false),
        });
        self.announce(fresh, routing_id, &connection, reactor);
        // A thread that waits for this event to send finds the peer there.
        self.emit(EventKind::HandshakeSucceeded, 0);
        self.phase = Phase::Traffic(Traffic::new(connection, descriptor, written));
        if self.dialer.as_mut().is_some_and(|dialer| dialer.arrived(Instant::now(), passed)) {
            self.origin.owner.troubles.reconnected();
        }
        self.turn(reactor)
    }

    /// A pipe for a connection that had none: the socket's ends.
    pub(super) fn make_pipe(&mut self, reactor: &Reactor) -> Ends {
        let conflates = Conflates::new(self.origin.owner.socket_type, &self.origin.options);
        let (theirs, ours) = pipe(&self.origin.owner.pool, conflates, &self.origin.options);
        let (mut drain, mut filler) = io_ends(ours, &self.origin.options);
        drain.frames().attach(reactor.inbox.clone(), self.timers.key());
        filler.writer().attach(reactor.inbox.clone(), self.timers.key());
        self.ends = Some(Box::new((drain, filler)));
        theirs
    }

    /// Tells the socket who the peer is at the other end of a pipe that it has: at first, and when that is another one than
    /// before, before anything is heard of it. Not where the socket knows better (`CONNECT_ROUTING_ID`).
    pub(super) fn introduce(&mut self, routing_id: &[u8]) {
        let Some(dialer) = &mut self.dialer else { return };
        let changed = *dialer.announced != *routing_id && self.origin.options.connect_routing_id.is_none();
        if !dialer.connected_before || changed {
            dialer.announced = routing_id.into();
            let (pipe, routing_id, disconnect_msg) = (self.pipe, routing_id.to_vec(), Vec::new());
            self.origin.owner.inbox.push(Item::Command(ToSocket::Identified {
                pipe,
                routing_id,
                disconnect_msg,
            }));
        }
    }

    /// Tells the socket of the connection.
    pub(super) fn announce(
        &self,
        fresh: Option<Ends>,
        routing_id: Vec<u8>,
        connection: &Arc<Connection>,
        reactor: &Reactor,
    ) {
        let connection = connection.clone();
        let inbox = &self.origin.owner.inbox;
        let Some(ends) = fresh else {
            return inbox.push(Item::Command(ToSocket::Opened { pipe: self.pipe, connection }));
        };
        let connects = self.dialer.is_some();
        let how = Attached {
            routing_id: Some(routing_id),
            assigned_id: self.origin.options.connect_routing_id.clone().filter(|_| connects),
            ..Attached::default()
        };
        let attach = Attach {
            pipe: self.pipe,
            endpoint: self.origin.endpoint,
            ends,
            how,
            io: Some(reactor.inbox.clone()),
            connection: Some(connection),
            disconnect_msg: Vec::new(),
            told: None,
        };
        attach.send(inbox, &self.origin.owner.topics);
    }

    /// How many messages have gone out and come in. Subscriptions go out on each connection.
    pub(super) fn passed(&self, drain: &mut Drain, filler: &mut Filler) -> Passed {
        let subscribes = self.origin.owner.socket_type.profile().subscribes;
        (if subscribes { 0 } else { drain.frames().passed() }, filler.writer().written())
    }
}

/// The engine, which sends `unsent` first and has received `rest` already; and whether the pipe's bytes go out as they are.
fn make_engine(
    terms: &Terms<'_>,
    cipher: Option<Cipher>,
    (drain, filler): (Drain, Filler),
    descriptor: Arc<OwnedFd>,
    (mut unsent, rest): (Vec<u8>, &[u8]),
) -> (Engine, bool) {
    let (sealer, opener) = cipher.map(|Cipher { sealer, opener }| (sealer, opener)).unzip();
    let mut transcoder = terms.transcoder(sealer);
    notice::hello(terms.socket_type, terms.options, transcoder.as_mut(), &mut unsent);
    if let Some(Err(_)) = transcoder.as_mut().map(|transcoder| transcoder.finish(&mut unsent, usize::MAX)) {
        // The first write says so.
        unsent.clear();
    }
    let plain = transcoder.is_none();
    let heartbeat = terms.heartbeat();
    let setup = Setup {
        descriptor,
        drain,
        filler,
        transcoder,
        boxes: opener.map(|opener| Box::new(Boxes(opener))),
        socket_type: terms.socket_type,
        heartbeat,
    };
    (Engine::new(setup, unsent, rest), plain)
}
