//! Waiting for several sockets, and foreign descriptors beside them, in one thread (zmq_poll(3)).

use crate::bell::{self, Bell};
use crate::error::{Error, Result};
pub use crate::socket::Interest;
use crate::socket::{Core, Socket, end_streams_of_thread};
use crate::spin::AdaptiveSpin;
use queue::{Signal, Wake};
use rustix::event::{PollFd, PollFlags};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::time::{Duration, Instant};
pub use sys::SignalMask;

/// Any socket, whatever its type.
pub trait Pollable: private::Sealed {}

mod private {
    pub trait Sealed {
        #[allow(private_interfaces, reason = "the trait is sealed")]
        fn core(&mut self) -> &mut crate::socket::Core;
    }
}

impl<K> private::Sealed for Socket<K> {
    #[allow(private_interfaces, reason = "the trait is sealed")]
    fn core(&mut self) -> &mut Core {
        self.core_mut()
    }
}

impl<K> Pollable for Socket<K> {}

/// One thing to wait for.
pub enum Item<'a> {
    /// A socket.
    Socket(&'a mut dyn Pollable, Interest),
    /// A descriptor that is not a ZeroMQ socket.
    Descriptor(BorrowedFd<'a>, Interest),
}

impl Item<'_> {
    /// Whether something has happened to the socket.
    fn is_pending(&mut self) -> bool {
        match self {
            Self::Socket(socket, _) => socket.core().owner.inbox.is_pending(),
            Self::Descriptor(..) => false,
        }
    }

    /// Whether the socket has not looked at everything: it is to be asked again rather than slept for.
    fn is_unsettled(&mut self) -> bool {
        match self {
            Self::Socket(socket, _) => socket.core().is_unsettled(),
            Self::Descriptor(..) => false,
        }
    }
}

impl std::fmt::Debug for Item<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Socket(_, interest) => write!(f, "Socket({interest:?})"),
            Self::Descriptor(fd, interest) => write!(f, "Descriptor({fd:?}, {interest:?})"),
        }
    }
}

/// Waits for the first of several sockets and descriptors.
///
/// ```
/// use zincmq::poller::{Interest, Item, Poller};
/// # use zincmq::{Context, Pull, Push};
/// # fn main() -> zincmq::Result<()> {
/// # let context = Context::new();
/// # let (mut a, mut b) = (Pull::new(&context)?, Pull::new(&context)?);
/// # a.bind("inproc://a")?; b.bind("inproc://b")?;
/// # let mut push = Push::new(&context)?;
/// # push.connect("inproc://b")?; push.send("work")?;
/// let mut poller = Poller::new();
/// let readable = Interest::READABLE;
/// poller.wait(&mut [Item::Socket(&mut a, readable), Item::Socket(&mut b, readable)], None)?;
/// if poller.found(0).readable { a.try_recv()?; }
/// if poller.found(1).readable { b.try_recv()?; }
/// # assert!(poller.found(1).readable && !poller.found(0).readable);
/// # Ok(()) }
/// ```
#[derive(Debug, Default)]
pub struct Poller {
    found: Vec<Interest>,
    bell: Arc<Signal>,
    /// The bell where descriptors are waited for too; made when first needed.
    descriptor: Option<Arc<Bell>>,
    spin: AdaptiveSpin,
    interruptible: bool,
    mask: Option<SignalMask>,
}

impl Poller {
    /// A poller that has found nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether a signal handler that runs during a wait makes it return [`Error::Interrupted`], as in C. By default
    /// the wait goes on.
    pub fn set_interruptible(&mut self, on: bool) {
        self.interruptible = on;
    }

    /// Sets the signals that are blocked while the poller sleeps, in place of those that the thread blocks, as in
    /// ppoll(2). Default: `None`, the thread's own signal mask stays in force.
    ///
    /// The kernel changes the mask and begins the sleep in one step. A program can so block a signal everywhere but
    /// in the sleep: the signal cannot come between a check of the program and the sleep. A wait with a timeout of
    /// zero lets such signals in as well. Use [`Poller::set_interruptible`] to have the handler of a signal end the
    /// wait.
    pub fn set_signal_mask(&mut self, mask: Option<SignalMask>) {
        self.mask = mask;
    }

    /// The readiness that the last wait found of item `at`.
    #[must_use]
    pub fn found(&self, at: usize) -> Interest {
        self.found.get(at).copied().unwrap_or_default()
    }

    /// Waits until at least one item is ready, at most for `timeout` (`None`: without limit). Returns how many
    /// are; 0 when the time is over. [`Poller::found`] tells which.
    ///
    /// # Errors
    /// [`Error::Terminated`] if the context of one of the sockets has ended; [`Error::Interrupted`] by an
    /// [`Interrupter`](crate::Interrupter) of one; [`Error::System`].
    pub fn wait(&mut self, items: &mut [Item<'_>], timeout: Option<Duration>) -> Result<usize> {
        let until = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        if let Some(ready) = self.look(items)? {
            return Ok(ready);
        }
        if timeout == Some(Duration::ZERO) {
            return self.let_signals_in(items).map(|()| 0);
        }
        let foreign = self.mask.is_some() || items.iter().any(|item| matches!(item, Item::Descriptor(..)));
        let bell: Arc<dyn Wake> = if foreign { self.descriptor()? } else { self.bell.clone() };
        let result = self.sleep(items, &bell, foreign, until);
        for item in items {
            if let Item::Socket(socket, _) = item {
                socket.core().rest();
            }
        }
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
    ) -> Result<usize> {
        end_streams_of_thread();
        loop {
            self.bell.arm_thread();
            for item in &mut *items {
                if let Item::Socket(socket, _) = item {
                    socket.core().owner.inbox.signal().arm(bell.clone());
                }
            }
            // Events from before the bells were set are seen here.
            if let Some(ready) = self.look(items)? {
                self.bell.disarm();
                return Ok(ready);
            }
            let now = Instant::now();
            if until.is_some_and(|until| now >= until) {
                self.bell.disarm();
                return Ok(0);
            }
            let unsettled = items.iter_mut().any(Item::is_unsettled);
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
    fn rest(&mut self, items: &mut [Item<'_>], until: Option<Instant>) -> bool {
        let mut pending = || items.iter_mut().any(|item| item.is_pending());
        if !self.spin.look(&mut pending) {
            return self.bell.sleep(until);
        }
        self.bell.disarm();
        true
    }

    /// Sleeps in poll(2) until a descriptor is ready or the bell rings. Returns `false` if a signal handler ran.
    fn poll(&self, items: &[Item<'_>], timeout: Option<Duration>) -> Result<bool> {
        let Some(bell) = &self.descriptor else { return Ok(true) };
        let mut set: Vec<_> = descriptors(items).collect();
        set.push(PollFd::from_borrowed_fd(bell.descriptor(), PollFlags::IN));
        let undisturbed = bell::wait(&mut set, timeout, self.mask.as_ref()).map_err(Error::System)?;
        bell.silence();
        Ok(undisturbed)
    }

    /// Looks at every item once. `None`: none is ready.
    fn look(&mut self, items: &mut [Item<'_>]) -> Result<Option<usize>> {
        self.found.clear();
        self.found.resize(items.len(), Interest::default());
        let mut set: Vec<_> = descriptors(items).collect();
        if !set.is_empty() {
            bell::wait(&mut set, Some(Duration::ZERO), None).map_err(Error::System)?;
        }
        let outcomes: Vec<PollFlags> = set.iter().map(PollFd::revents).collect();
        let mut outcomes = outcomes.into_iter();
        let broken = PollFlags::ERR | PollFlags::HUP | PollFlags::NVAL;
        for (item, found) in items.iter_mut().zip(&mut self.found) {
            match item {
                Item::Socket(socket, interest) => {
                    let core = socket.core();
                    core.check()?;
                    core.heed_interrupt()?;
                    found.readable = interest.readable && core.can_recv();
                    found.writable = interest.writable && core.can_send();
                }
                Item::Descriptor(_, interest) => {
                    let outcome = outcomes.next().unwrap_or(PollFlags::empty());
                    found.readable = interest.readable && outcome.intersects(PollFlags::IN);
                    found.writable = interest.writable && outcome.intersects(PollFlags::OUT);
                    found.urgent = outcome.intersects(PollFlags::PRI);
                    found.failed = outcome.intersects(broken);
                }
            }
        }
        let ready = self.found.iter().filter(|found| found.any()).count();
        Ok((ready > 0).then_some(ready))
    }
}

fn descriptors<'a>(items: &'a [Item<'_>]) -> impl Iterator<Item = PollFd<'a>> {
    items.iter().filter_map(|item| match item {
        Item::Descriptor(descriptor, interest) => {
            let mut flags = PollFlags::empty();
            flags.set(PollFlags::IN, interest.readable);
            flags.set(PollFlags::OUT, interest.writable);
            flags.set(PollFlags::PRI, interest.urgent);
            Some(PollFd::from_borrowed_fd(descriptor.as_fd(), flags))
        }
        Item::Socket(..) => None,
    })
}
