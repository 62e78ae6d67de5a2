//! Events on their way from a socket to its monitor.

use crate::error::{Error, Result};
use crate::life::lock;
use crate::monitor::kind::{EventKind, Events};
use queue::Signal;
use std::collections::VecDeque;
use std::sync::Mutex;

/// A monitor that nobody reads keeps this many events, then drops and counts.
const KEPT: usize = 64 << 10;

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
    pub(super) fn new(kind: EventKind, value: u64, sides: Sides<'_>) -> Self {
        let Sides { local, remote, connects } = sides;
        Self { kind, value, inbound: 0, local: local.to_owned(), remote: remote.to_owned(), connects }
    }

    /// The endpoint that this side has bound or connected to.
    ///
    /// ```
    /// # use zincmq::{Context, EventKind, Pull, Push};
    /// # fn main() -> zincmq::Result<()> {
    /// # let context = Context::new();
    /// let mut pull = Pull::new(&context)?;
    /// let mut monitor = pull.monitor(EventKind::Listening);
    /// let endpoint = pull.bind("tcp://127.0.0.1:*")?;
    /// assert_eq!(monitor.recv()?.endpoint(), endpoint);
    /// # Ok(()) }
    /// ```
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

/// The events that wait for a monitor.
#[derive(Debug)]
pub(super) struct Feed {
    pub(super) events: Events,
    queue: Mutex<Queue>,
    pub(super) signal: Signal,
}

#[derive(Debug, Default)]
struct Queue {
    events: VecDeque<Event>,
    dropped: u64,
    ended: bool,
}

impl Feed {
    /// Without an event; `ended`: and none comes.
    pub(super) fn new(events: Events, ended: bool) -> Self {
        let queue = Mutex::new(Queue { ended, ..Queue::default() });
        Self { events, queue, signal: Signal::default() }
    }

    pub(super) fn add(&self, event: Event) {
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
    pub(super) fn end(&self) {
        lock(&self.queue).ended = true;
        self.signal.notify();
    }

    /// The next event; `Err(Again)` if there is none now, `Err(Terminated)` if none comes.
    pub(super) fn take(&self) -> Result<Event> {
        let mut queue = lock(&self.queue);
        match queue.events.pop_front() {
            Some(event) => Ok(event),
            None if queue.ended => Err(Error::Terminated),
            None => Err(Error::Again),
        }
    }

    /// Whether [`Feed::take`] would give an event or say that none comes.
    pub(super) fn is_ready(&self) -> bool {
        let queue = lock(&self.queue);
        queue.ended || !queue.events.is_empty()
    }

    /// The number of events that wait.
    pub(super) fn waiting(&self) -> usize {
        lock(&self.queue).events.len()
    }

    /// The number of events that were dropped.
    pub(super) fn dropped(&self) -> u64 {
        lock(&self.queue).dropped
    }
}
