//! A session: its plain data, and what it says of itself.

use super::traffic::Traffic;
use crate::admission::Admitted;
use crate::command::{Accepted, Connect, EndpointId, Origin, PipeId};
use crate::engine;
use crate::io::dialer::Dialer;
use crate::io::exposure::warn_if_exposed;
use crate::io::handshake::Handshake;
use crate::io::reactor::{Reactor, Timer, Timers};
use crate::io::terms::milliseconds;
use crate::life::fresh_id;
use crate::monitor::{EventKind, Sides};
use crate::option::Options;
use crate::pipe::Ends;
use crate::trace::{Span, event_of, span};
use crate::transport::Link;
use queue::{Drain, Filler};
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::Arc;
use std::time::Instant;

/// Whether a session goes on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fate {
    Lives,
    Ends,
}

#[derive(Debug)]
pub(super) enum Phase {
    /// Between two attempts, or while a name is looked up.
    Resting,
    Connecting(OwnedFd),
    Handshake(Box<Handshake>),
    Traffic(Traffic),
}

/// One peer, on the I/O thread.
#[derive(Debug)]
pub(crate) struct Session {
    pub(super) origin: Arc<Origin>,
    pub(super) pipe: PipeId,
    /// The pipe's ends while no engine has them.
    pub(super) ends: Option<Box<(Drain, Filler)>>,
    pub(super) phase: Phase,
    pub(super) link: Option<Arc<Link>>,
    /// How to connect again; an accepted session cannot.
    pub(super) dialer: Option<Box<Dialer>>,
    pub(super) timers: Timers,
    /// An accepted session, until its handshake is done.
    pub(super) admitted: Option<Box<Admitted>>,
    /// The time since the socket or endpoint was closed.
    pub(super) lingering: Option<Span>,
    /// It was the endpoint: disconnected or unbound.
    pub(super) released: bool,
}

impl Session {
    pub(crate) fn accepted(accepted: Accepted) -> Self {
        let Accepted { origin, descriptor, link, admitted } = accepted;
        event_of!(origin, DEBUG, "connection", "accepted", peer = link.peer_address());
        let sides = link.complete(Sides::of(&origin.name, false));
        origin.owner.monitor.emit(EventKind::Accepted, descriptor.as_raw_fd() as u64, sides);
        let phase = Self::handshake(&origin, Some(&link), descriptor, None);
        Self {
            link: Some(Arc::new(link)),
            admitted: Some(Box::new(admitted)),
            ..Self::new(origin, fresh_id(), phase)
        }
    }

    pub(crate) fn connecting(connect: Connect) -> Self {
        let Connect { origin, transport, pipe, ends } = connect;
        let dialer = Box::new(Dialer::new(transport, ends.is_none()));
        let ends = ends.map(|ends| Box::new(io_ends(ends, &origin.options)));
        Self { ends, dialer: Some(dialer), ..Self::new(origin, pipe, Phase::Resting) }
    }

    fn new(origin: Arc<Origin>, pipe: PipeId, phase: Phase) -> Self {
        Self {
            origin,
            pipe,
            ends: None,
            phase,
            link: None,
            dialer: None,
            timers: Timers::default(),
            admitted: None,
            lingering: None,
            released: false,
        }
    }

    pub(super) fn handshake(
        origin: &Origin,
        link: Option<&Link>,
        descriptor: OwnedFd,
        proxy: Option<crate::transport::net::socks::Client>,
    ) -> Phase {
        if let Some(link) = link {
            warn_if_exposed(origin, link.peer_address());
        }
        let (socket_type, options) = (origin.owner.socket_type, &origin.options);
        let peer = link.map_or("", |link| link.peer_address());
        let (socket, endpoint) = (socket_type.name(), &*origin.name);
        let span = span!("connection", "handshake", socket = socket, endpoint = endpoint, peer = peer);
        Phase::Handshake(Box::new(Handshake::new(descriptor, proxy, socket_type, options, span)))
    }

    pub(crate) fn has_pipe(&self, pipe: PipeId) -> bool {
        self.pipe == pipe
    }

    pub(crate) fn belongs_to(&self, socket: u64, endpoint: Option<EndpointId>) -> bool {
        self.origin.is(socket, endpoint)
    }

    pub(super) fn emit(&self, kind: EventKind, value: u64) {
        self.origin.owner.monitor.emit(kind, value, self.sides());
    }

    pub(super) fn sides(&self) -> Sides<'_> {
        let sides = Sides::of(&self.origin.name, self.dialer.is_some());
        self.link.as_ref().map_or(sides, |link| link.complete(sides))
    }

    /// Whether the socket or endpoint was closed.
    pub(super) fn is_closing(&self) -> bool {
        self.lingering.is_some()
    }

    /// Where the peer is, as far as known.
    pub(super) fn peer_address(&self) -> &str {
        self.link.as_ref().map_or("", |link| link.peer_address())
    }

    pub(super) fn set_deadline(&mut self, after: i32, reactor: &mut Reactor) {
        if after > 0 {
            self.timers.set(Timer::Deadline, Instant::now() + milliseconds(after), reactor);
        }
    }
}

/// The I/O thread's ends of a pipe.
pub(super) fn io_ends(ends: Ends, options: &Options) -> (Drain, Filler) {
    (Drain::new(ends.reader), Filler::new(ends.writer, engine::bounds(options)))
}
