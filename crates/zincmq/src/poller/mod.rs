//! Waiting for several sockets, monitors, and foreign descriptors beside them, in one thread (zmq_poll(3)).

mod item;

use crate::bell::{self, Bell};
use crate::error::{Error, Result};
pub use crate::socket::Interest;
use crate::socket::end_streams_of_thread;
use crate::spin::AdaptiveSpin;
pub use item::{Event, Item, Token};
use queue::{Signal, Wake};
use rustix::event::{PollFd, PollFlags};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use sys::SignalMask;

/// Waits for the first of several sockets, monitors and descriptors.
///
/// Each [`Item`] has a key, the [`Token`], and each [`Event`] names it. So the list can be another in each wait: an item
/// may be there or not.
///
/// ```
/// use zincmq::poller::{Interest, Item, Poller, Token};
/// # use zincmq::{Context, Events, Pull, Push};
/// # fn main() -> zincmq::Result<()> {
/// # let context = Context::new();
/// # let mut work = Pull::new(&context)?;
/// # let mut monitor = work.monitor(Events::ALL);
/// # work.bind("tcp://127.0.0.1:*")?;
/// # let mut control = Pull::new(&context)?;
/// # let mut push = Push::new(&context)?;
/// # push.connect(work.last_endpoint())?;
/// # push.send("work")?;
/// const WORK: Token = Token(0);
/// const CONTROL: Token = Token(1);
/// const PEERS: Token = Token(2);
///
/// let mut poller = Poller::new();
/// let mut paused = false;
/// # let mut done = 0;
/// loop {
///     let items = [
///         (!paused).then(|| Item::socket(WORK, &mut work, Interest::READABLE)),
///         Some(Item::socket(CONTROL, &mut control, Interest::READABLE)),
///         Some(Item::monitor(PEERS, &mut monitor)),
///     ];
///     for event in poller.wait(items, None)? {
///         match event.token {
///             WORK => println!("{:?}", work.recv()?),
///             CONTROL => paused = control.recv()? == "PAUSE",
///             _ => println!("{:?}", monitor.recv()?),
///         }
///         # done += usize::from(event.token == WORK);
///     }
///     # if done > 0 { break }
/// }
/// # Ok(()) }
/// ```
///
/// A poller is to be used again: its waits take no memory then.
#[derive(Default)]
pub struct Poller {
    found: Vec<Event>,
    /// Empty between waits, as the next: they keep their memory. What is in a mutex, which `&mut self` passes by, does not
    /// keep a poller from being shared, or used where panics are caught.
    items: Mutex<Vec<Item<'static>>>,
    set: Vec<PollFd<'static>>,
    bell: Arc<Signal>,
    /// The bell where descriptors are items for too; made when first needed.
    descriptor: Option<Arc<Bell>>,
    spin: AdaptiveSpin,
    interruptible: bool,
    pub(crate) mask: Option<SignalMask>,
}

impl Poller {
    /// A poller that has found nothing.
    ///
    /// ```
    /// # use zincmq::{Context, Pull, Push};
    /// # fn main() -> zincmq::Result<()> {
    /// # let context = Context::new();
    /// # let (mut push, mut pull) = (Push::new(&context)?, Pull::new(&context)?);
    /// # push.connect(pull.bind("inproc://x")?)?;
    /// # use zincmq::poller::{Interest, Item, Poller, Token};
    /// let poller = Poller::new();
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether a signal handler that runs during a wait makes it return [`Error::Interrupted`], as in C. By default
    /// the wait goes on.
    ///
    /// ```
    /// # use zincmq::{Context, Pull, Push};
    /// # fn main() -> zincmq::Result<()> {
    /// # let context = Context::new();
    /// # let (mut push, mut pull) = (Push::new(&context)?, Pull::new(&context)?);
    /// # push.connect(pull.bind("inproc://x")?)?;
    /// # use zincmq::poller::{Interest, Item, Poller, Token};
    /// let mut poller = Poller::new();
    /// poller.set_interruptible(true); // a signal handler ends a wait: `Error::Interrupted`
    /// # Ok(()) }
    /// ```
    pub fn set_interruptible(&mut self, on: bool) {
        self.interruptible = on;
    }

    /// Waits until at least one item is ready, at most for `timeout` (`None`: without limit). Returns an event for each
    /// item that is, in the order of the items; none when the time is over.
    ///
    /// The items may come in an array, a vector or from any other iterator, and some of them may be `None`.
    ///
    /// ```
    /// # use zincmq::{Context, Pull, Push};
    /// # fn main() -> zincmq::Result<()> {
    /// # let context = Context::new();
    /// # let (mut push, mut pull) = (Push::new(&context)?, Pull::new(&context)?);
    /// # push.connect(pull.bind("inproc://x")?)?;
    /// # use zincmq::poller::{Interest, Item, Poller, Token};
    /// # use std::time::Duration;
    /// let mut poller = Poller::new();
    /// let limit = Some(Duration::from_millis(1));
    /// let item = Item::socket(Token(0), &mut pull, Interest::READABLE);
    /// assert!(poller.wait([item], limit)?.is_empty());
    /// push.send("message")?;
    /// let item = Item::socket(Token(0), &mut pull, Interest::READABLE);
    /// for event in poller.wait([item], None)? {
    ///     assert!(event.readable);
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`Error::Terminated`] if the context of one of the sockets has ended; [`Error::Interrupted`] by an
    /// [`Interrupter`](crate::Interrupter) of one; [`Error::System`].
    pub fn wait<'a, I>(&mut self, items: I, timeout: Option<Duration>) -> Result<&[Event]>
    where
        I: IntoIterator<Item: Into<Option<Item<'a>>>>,
    {
        let mut list: Vec<Item<'a>> = std::mem::take(self.spare());
        list.extend(items.into_iter().filter_map(Into::into));
        let result = self.wait_for(&mut list, timeout);
        *self.spare() = emptied(list);
        result.map(|()| &*self.found)
    }

    /// The memory for a list of items.
    fn spare(&mut self) -> &mut Vec<Item<'static>> {
        self.items.get_mut().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait_for(&mut self, items: &mut [Item<'_>], timeout: Option<Duration>) -> Result<()> {
        let until = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        if self.look(items)? {
            return Ok(());
        }
        if timeout == Some(Duration::ZERO) {
            return self.let_signals_in(items);
        }
        let foreign = self.mask.is_some() || items.iter().any(Item::is_descriptor);
        let bell: Arc<dyn Wake> = if foreign { self.descriptor()? } else { self.bell.clone() };
        let result = self.sleep(items, &bell, foreign, until);
        items.iter().for_each(Item::rest);
        result
    }

    /// A wait without time is a moment in which the signals of the mask can come.
    fn let_signals_in(&mut self, items: &[Item<'_>]) -> Result<()> {
        if self.mask.is_none() {
            return Ok(());
        }
        self.descriptor()?;
        let undisturbed = self.poll(items, Some(Duration::ZERO))?;
        if undisturbed || !self.interruptible { Ok(()) } else { Err(Error::Interrupted) }
    }

    fn descriptor(&mut self) -> Result<Arc<Bell>> {
        if let Some(descriptor) = &self.descriptor {
            return Ok(descriptor.clone());
        }
        let fresh = Arc::new(Bell::new().map_err(Error::System)?);
        self.descriptor = Some(fresh.clone());
        Ok(fresh)
    }

    fn sleep(
        &mut self,
        items: &mut [Item<'_>],
        bell: &Arc<dyn Wake>,
        foreign: bool,
        until: Option<Instant>,
    ) -> Result<()> {
        end_streams_of_thread();
        loop {
            self.bell.arm_thread();
            items.iter().for_each(|item| item.arm(bell));
            // Events from before the bells were set are seen here.
            let found = self.look(items);
            let now = Instant::now();
            if !matches!(found, Ok(false)) || until.is_some_and(|until| now >= until) {
                self.bell.disarm();
                return found.map(|_| ());
            }
            let unsettled = items.iter().any(Item::is_unsettled);
            let undisturbed = if foreign {
                self.bell.disarm();
                let left = until.map(|until| until - now);
                self.poll(items, if unsettled { Some(Duration::ZERO) } else { left })?
            } else if unsettled {
                self.bell.disarm();
                true
            } else {
                self.rest(items, until)
            };
            if !undisturbed && self.interruptible {
                return Err(Error::Interrupted);
            }
        }
    }

    /// Looks again for a while, if that has paid off lately, then sleeps. Returns `false` if a signal handler ran.
    fn rest(&mut self, items: &[Item<'_>], until: Option<Instant>) -> bool {
        let longest = items.iter().map(Item::spin_time).max().unwrap_or_default();
        let left = until.map_or(longest, |until| until.saturating_duration_since(Instant::now()));
        if !self.spin.look(longest.min(left), || items.iter().any(Item::is_pending)) {
            return self.bell.sleep(until);
        }
        self.bell.disarm();
        true
    }

    /// Sleeps in poll(2) until a descriptor is ready or the bell rings. Returns `false` if a signal handler ran.
    fn poll(&mut self, items: &[Item<'_>], timeout: Option<Duration>) -> Result<bool> {
        let Some(bell) = &self.descriptor else { return Ok(true) };
        let mut set: Vec<PollFd<'_>> = std::mem::take(&mut self.set);
        set.extend(items.iter().filter_map(Item::as_descriptor));
        set.push(PollFd::from_borrowed_fd(bell.descriptor(), PollFlags::IN));
        let undisturbed = bell::wait(&mut set, timeout, self.mask.as_ref()).map_err(Error::System)?;
        self.set = emptied(set);
        bell.silence();
        Ok(undisturbed)
    }

    /// Looks at every item once. Returns whether one is ready.
    fn look(&mut self, items: &mut [Item<'_>]) -> Result<bool> {
        self.found.clear();
        let mut set: Vec<PollFd<'_>> = std::mem::take(&mut self.set);
        set.extend(items.iter().filter_map(Item::as_descriptor));
        if !set.is_empty() {
            bell::wait(&mut set, Some(Duration::ZERO), None).map_err(Error::System)?;
        }
        let mut outcomes = set.iter().map(PollFd::revents);
        for item in items {
            let found = item.look(&mut outcomes)?;
            if Interest::from(found).any() {
                self.found.push(found);
            }
        }
        self.set = emptied(set);
        Ok(!self.found.is_empty())
    }
}

/// The memory of a list, for one of the same kind that borrows for another time: the standard library keeps it, since the
/// two kinds have one layout.
fn emptied<T, U>(mut list: Vec<T>) -> Vec<U> {
    list.clear();
    list.into_iter().filter_map(|_| None).collect()
}

impl fmt::Debug for Poller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Poller").field("found", &self.found).finish_non_exhaustive()
    }
}
