//! The reader's end of a monitor: blocking, async, as an iterator and as a stream.

use crate::error::{Error, Result};
use crate::monitor::feed::{Event, Feed};
use queue::Signal;
use std::borrow::BorrowMut;
use std::fmt;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

/// The connection events of one socket, in order. It never holds the socket up: events that nobody reads are
/// dropped beyond 65,536.
///
/// As an iterator it blocks until the next event, and ends with the socket, or with the context:
///
/// ```
/// use zincmq::{Context, EventKind, Pull, Push};
/// # fn main() -> zincmq::Result<()> {
/// let context = Context::new();
/// let mut push = Push::new(&context)?;
/// let mut monitor = push.monitor(EventKind::Connected | EventKind::HandshakeSucceeded);
/// let mut pull = Pull::new(&context)?;
/// push.connect(&pull.bind("tcp://127.0.0.1:*")?)?;
/// for event in &mut monitor {
///     println!("{:?} {}", event.kind, event.endpoint());
///     if event.kind == EventKind::HandshakeSucceeded {
///         break;
///     }
/// }
/// drop(push);
/// assert!(monitor.into_iter().next().is_none()); // of these kinds there are no more
/// # Ok(()) }
/// ```
///
/// With the feature `futures` it is a `futures_core::Stream` too, and a [`Poller`](crate::Poller) waits for it along with
/// sockets.
pub struct Monitor {
    feed: Arc<Feed>,
}

impl Monitor {
    pub(super) fn new(feed: Arc<Feed>) -> Self {
        Self { feed }
    }

    /// The next event, if there is one now.
    ///
    /// ```
    /// # use zincmq::{Context, Error, EventKind, Pull};
    /// # fn main() -> zincmq::Result<()> {
    /// # let context = Context::new();
    /// # let mut pull = Pull::new(&context)?;
    /// # let mut monitor = pull.monitor(EventKind::Listening);
    /// assert_eq!(monitor.try_recv(), Err(Error::Again));
    /// pull.bind("tcp://127.0.0.1:*")?;
    /// while monitor.try_recv() == Err(Error::Again) {
    ///     // An I/O thread tells of it, in a moment.
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`Error::Again`] if there is none; [`Error::Terminated`] if there is none after
    /// [`EventKind::MonitorStopped`](crate::EventKind::MonitorStopped) or
    /// [`Context::shutdown`](crate::Context::shutdown).
    pub fn try_recv(&mut self) -> Result<Event> {
        self.feed.take()
    }

    /// Waits for the next event.
    ///
    /// ```
    /// # use zincmq::{Context, Error, EventKind, Pull};
    /// # fn main() -> zincmq::Result<()> {
    /// # let context = Context::new();
    /// # let mut pull = Pull::new(&context)?;
    /// # let mut monitor = pull.monitor(EventKind::Listening);
    /// pull.bind("tcp://127.0.0.1:*")?;
    /// assert_eq!(monitor.recv()?.kind, EventKind::Listening);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`Error::Terminated`], as [`Monitor::try_recv`].
    pub fn recv(&mut self) -> Result<Event> {
        self.recv_until(None)
    }

    /// Waits for the next event, at most so long.
    ///
    /// ```
    /// # use zincmq::{Context, Error, EventKind, Pull};
    /// # fn main() -> zincmq::Result<()> {
    /// # let context = Context::new();
    /// # let mut pull = Pull::new(&context)?;
    /// # let mut monitor = pull.monitor(EventKind::Listening);
    /// # use std::time::Duration;
    /// assert_eq!(monitor.recv_timeout(Duration::from_millis(1)), Err(Error::Timeout));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`Error::Timeout`]; [`Error::Terminated`], as [`Monitor::try_recv`].
    pub fn recv_timeout(&mut self, timeout: Duration) -> Result<Event> {
        self.recv_until(Instant::now().checked_add(timeout))
    }

    /// As [`Monitor::recv`], for async code; needs no particular executor. Dropping the future loses no event.
    ///
    /// ```
    /// # use zincmq::{EventKind, Monitor};
    /// async fn until_lost(monitor: &mut Monitor) -> zincmq::Result<()> {
    ///     while monitor.recv_async().await?.kind != EventKind::Disconnected {}
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    /// As [`Monitor::recv`].
    pub async fn recv_async(&mut self) -> Result<Event> {
        poll_fn(|context| self.poll(context)).await
    }

    fn poll(&mut self, context: &Context<'_>) -> Poll<Result<Event>> {
        self.feed.signal.arm(Arc::new(context.waker().clone()));
        match self.try_recv() {
            Err(Error::Again) => Poll::Pending,
            result => {
                self.feed.signal.forget();
                Poll::Ready(result)
            }
        }
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
    ///
    /// ```
    /// # use zincmq::{Context, Error, EventKind, Pull};
    /// # fn main() -> zincmq::Result<()> {
    /// # let context = Context::new();
    /// # let mut pull = Pull::new(&context)?;
    /// # let mut monitor = pull.monitor(EventKind::Listening);
    /// assert_eq!(monitor.dropped(), 0);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.feed.dropped()
    }

    /// Whether [`Monitor::recv`] would not wait.
    pub(crate) fn is_ready(&self) -> bool {
        self.feed.is_ready()
    }

    /// Notified at each event.
    pub(crate) fn signal(&self) -> &Signal {
        &self.feed.signal
    }
}

impl fmt::Debug for Monitor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { feed } = self;
        f.debug_struct("Monitor")
            .field("events", &feed.events)
            .field("waiting", &feed.waiting())
            .field("dropped", &feed.dropped())
            .finish()
    }
}

/// The events of a [`Monitor`] (or `&mut Monitor`), each waited for as by [`Monitor::recv`], until none comes any more.
///
/// The monitor itself is no iterator: with the feature `futures` it has the methods of streams, which have the same names.
#[derive(Debug)]
pub struct MonitorIter<M>(M);

impl<M: BorrowMut<Monitor>> Iterator for MonitorIter<M> {
    type Item = Event;

    fn next(&mut self) -> Option<Event> {
        self.0.borrow_mut().recv().ok()
    }
}

impl IntoIterator for Monitor {
    type Item = Event;
    type IntoIter = MonitorIter<Self>;

    fn into_iter(self) -> MonitorIter<Self> {
        MonitorIter(self)
    }
}

impl<'a> IntoIterator for &'a mut Monitor {
    type Item = Event;
    type IntoIter = MonitorIter<Self>;

    fn into_iter(self) -> MonitorIter<&'a mut Monitor> {
        MonitorIter(self)
    }
}

/// Ends when [`Monitor::recv_async`] would fail. Dropping a future of the next event loses none.
#[cfg(feature = "futures")]
impl futures_core::Stream for Monitor {
    type Item = Event;

    fn poll_next(self: std::pin::Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Event>> {
        self.get_mut().poll(context).map(Result::ok)
    }
}
