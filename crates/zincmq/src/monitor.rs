//! Connection events of a socket, as they happen (zmq_socket_monitor(3)).

use crate::error::{Error, Result};
use crate::life::lock;
use queue::Signal;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, Weak};
use std::task::Poll;
use std::time::{Duration, Instant};

/// A monitor that nobody reads keeps this many events, then drops and counts.
const KEPT: usize = 64 << 10;

/// The kind of an event. The numbers are the bits of `zmq_socket_monitor(3)`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(u32)]
#[non_exhaustive]
pub enum EventKind {
    /// A connection was made; the value is its descriptor.
    Connected = 0x1,
    /// A connection is under way; the value is the error number that says so.
    ConnectDelayed = 0x2,
    /// A connection will be tried again; the value is the pause in milliseconds.
    ConnectRetried = 0x4,
    /// The socket listens; the value is the descriptor.
    Listening = 0x8,
    /// The socket could not be bound; the value is the error number.
    BindFailed = 0x10,
    /// A connection was accepted; the value is its descriptor.
    Accepted = 0x20,
    /// A connection could not be accepted; the value is the error number.
    AcceptFailed = 0x40,
    /// A listener, or an attempt to connect, was closed; the value is the descriptor.
    Closed = 0x80,
    /// A descriptor could not be closed; the value is the error number.
    CloseFailed = 0x100,
    /// A connection was lost or ended; the value is the descriptor.
    Disconnected = 0x200,
    /// The monitor has stopped: its socket was closed. Nothing follows.
    MonitorStopped = 0x400,
    /// The handshake failed for a reason without a code; the value is the error number.
    HandshakeFailedNoDetail = 0x800,
    /// The handshake is done: messages can flow.
    HandshakeSucceeded = 0x1000,
    /// The peer broke the protocol; the value is a `ZMQ_PROTOCOL_ERROR_...` code.
    HandshakeFailedProtocol = 0x2000,
    /// The peer was refused, or refused us; the value is the status: 300, 400 or 500.
    HandshakeFailedAuth = 0x4000,
    /// A report of the messages queued for a peer, which comes when asked for
    /// (`zmq_socket_monitor_pipes_stats`, in C only). The value is the number of messages queued outbound,
    /// [`Event::inbound`] that inbound.
    PipesStats = 0x10000,
    /// A source was heard for the first time on a multicast endpoint. [`Event::remote`] names it: its address and session.
    SourceJoined = 0x0100_0000,
    /// Some datagrams of a multicast source are lost for good, and the messages that were in them; the value is the number of
    /// datagrams.
    Gap = 0x8000,
    /// A multicast source has said that it ends, and all that it sent has come, or is lost.
    SourceFinished = 0x0400_0000,
    /// A multicast source is forgotten: it was silent for five minutes, or too many others came.
    SourceGone = 0x0800_0000,
}

/// A set of event kinds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Events(u32);

impl Events {
    /// Every event.
    pub const ALL: Self = Self(u32::MAX);
    /// No event.
    pub const NONE: Self = Self(0);

    /// These events and `kind`.
    #[must_use]
    pub const fn with(self, kind: EventKind) -> Self {
        Self(self.0 | kind as u32)
    }

    /// The events whose bits are set, as C names them.
    #[must_use]
    pub const fn from_bits(bits: u32) -> Self {
        Self(bits)
    }

    /// Whether `kind` is among these.
    #[must_use]
    pub const fn contains(self, kind: EventKind) -> bool {
        self.0 & kind as u32 != 0
    }
}

/// One connection event.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Event {
    /// The kind of the event.
    pub kind: EventKind,
    /// A descriptor, an error number, a code or a time: see [`EventKind`].
    pub value: u64,
    /// With [`EventKind::PipesStats`], the messages queued inbound; otherwise 0.
    pub inbound: u64,
    /// The endpoint on this side, as far as known.
    pub local: String,
    /// The endpoint on the other side, as far as known.
    pub remote: String,
    /// Whether this side connects.
    pub connects: bool,
}

impl Event {
    fn new(kind: EventKind, value: u64, sides: Sides<'_>) -> Self {
        let Sides { local, remote, connects } = sides;
        Self { kind, value, inbound: 0, local: local.to_owned(), remote: remote.to_owned(), connects }
    }

    /// The endpoint that this side has bound or connected to.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        if self.connects { &self.remote } else { &self.local }
    }
}

/// The endpoints of a connection, as far as known.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Sides<'a> {
    pub(crate) local: &'a str,
    pub(crate) remote: &'a str,
    pub(crate) connects: bool,
}

impl<'a> Sides<'a> {
    /// Without a connection: the endpoint that was bound, or connected to.
    pub(crate) fn of(endpoint: &'a str, connects: bool) -> Self {
        let (local, remote) = if connects { ("", endpoint) } else { (endpoint, "") };
        Self { local, remote, connects }
    }
}

/// The place where a socket's events go: nowhere, or to its monitor while that lives.
#[derive(Debug, Default)]
pub(crate) struct Sink(Mutex<Outlet>);

#[derive(Debug, Default)]
struct Outlet {
    feed: Weak<Feed>,
    /// The context was shut down.
    shut: bool,
}

#[derive(Debug)]
struct Feed {
    events: Events,
    queue: Mutex<Queue>,
    signal: Signal,
}

#[derive(Debug, Default)]
struct Queue {
    events: VecDeque<Event>,
    dropped: u64,
    ended: bool,
}

impl Feed {
    fn add(&self, event: Event) {
        let mut queue = lock(&self.queue);
        if self.events.contains(event.kind) {
            if queue.events.len() < KEPT {
                queue.events.push_back(event);
            } else {
                queue.dropped += 1;
            }
        }
        drop(queue);
        self.signal.notify();
    }

    /// Ends the queue: a thread that finds no event in it waits no more.
    fn end(&self) {
        lock(&self.queue).ended = true;
        self.signal.notify();
    }
}

impl Sink {
    /// Tells the monitor, if there is one.
    pub(crate) fn emit(&self, kind: EventKind, value: u64, sides: Sides<'_>) {
        if let Some(feed) = self.feed() {
            feed.add(Event::new(kind, value, sides));
        }
    }

    /// Tells the monitor, if there is one, what is queued for a peer.
    pub(crate) fn report(&self, outbound: u64, inbound: u64, sides: Sides<'_>) {
        if let Some(feed) = self.feed() {
            let event = Event::new(EventKind::PipesStats, outbound, sides);
            feed.add(Event { inbound, ..event });
        }
    }

    /// Ends the monitor, if there is one, with its last event.
    pub(crate) fn stop(&self) {
        if let Some(feed) = std::mem::take(&mut lock(&self.0).feed).upgrade() {
            feed.add(Event::new(EventKind::MonitorStopped, 0, Sides::default()));
            feed.end();
        }
    }

    /// The context was shut down: nobody waits for events any more.
    pub(crate) fn shut(&self) {
        lock(&self.0).shut = true;
        if let Some(feed) = self.feed() {
            feed.end();
        }
    }

    fn feed(&self) -> Option<Arc<Feed>> {
        lock(&self.0).feed.upgrade()
    }

    /// Begins a monitor; one that ran before is stopped.
    pub(crate) fn open(&self, events: Events) -> Monitor {
        self.stop();
        let mut outlet = lock(&self.0);
        let queue = Mutex::new(Queue { ended: outlet.shut, ..Queue::default() });
        let feed = Arc::new(Feed { events, queue, signal: Signal::default() });
        outlet.feed = Arc::downgrade(&feed);
        Monitor { feed }
    }
}

/// The connection events of one socket, in order. It never holds the socket up: events that nobody reads are
/// dropped beyond 65,536.
#[derive(Debug)]
pub struct Monitor {
    feed: Arc<Feed>,
}

impl Monitor {
    /// The next event, if there is one now.
    ///
    /// # Errors
    /// [`Error::Again`] if there is none; [`Error::Terminated`] if there is none after
    /// [`EventKind::MonitorStopped`] or [`Context::shutdown`](crate::Context::shutdown).
    pub fn try_recv(&mut self) -> Result<Event> {
        let mut queue = lock(&self.feed.queue);
        match queue.events.pop_front() {
            Some(event) => Ok(event),
            None if queue.ended => Err(Error::Terminated),
            None => Err(Error::Again),
        }
    }

    /// Waits for the next event.
    ///
    /// # Errors
    /// [`Error::Terminated`], as [`Monitor::try_recv`].
    pub fn recv(&mut self) -> Result<Event> {
        self.recv_until(None)
    }

    /// Waits for the next event, at most so long.
    ///
    /// # Errors
    /// [`Error::Timeout`]; [`Error::Terminated`], as [`Monitor::try_recv`].
    pub fn recv_timeout(&mut self, timeout: Duration) -> Result<Event> {
        self.recv_until(Instant::now().checked_add(timeout))
    }

    /// As [`Monitor::recv`], for async code; needs no particular executor. Dropping the future loses no event.
    ///
    /// # Errors
    /// As [`Monitor::recv`].
    pub async fn recv_async(&mut self) -> Result<Event> {
        poll_fn(|context| {
            self.feed.signal.arm(Arc::new(context.waker().clone()));
            match self.try_recv() {
                Err(Error::Again) => Poll::Pending,
                result => {
                    self.feed.signal.forget();
                    Poll::Ready(result)
                }
            }
        })
        .await
    }

    fn recv_until(&mut self, until: Option<Instant>) -> Result<Event> {
        loop {
            self.feed.signal.arm_thread();
            match self.try_recv() {
                Err(Error::Again) => {
                    if until.is_some_and(|until| Instant::now() >= until) {
                        self.feed.signal.disarm();
                        return Err(Error::Timeout);
                    }
                    self.feed.signal.sleep(until);
                }
                result => {
                    self.feed.signal.disarm();
                    return result;
                }
            }
        }
    }

    /// Events that were dropped because nobody read them.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        lock(&self.feed.queue).dropped
    }
}
