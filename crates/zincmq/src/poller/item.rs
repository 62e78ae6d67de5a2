//! The things to wait for, under the caller's keys, and what is found of them.

use crate::error::Result;
use crate::monitor::Monitor;
use crate::socket::{Core, Interest, Socket};
use queue::Wake;
use rustix::event::{PollFd, PollFlags};
use std::fmt;
use std::os::fd::BorrowedFd;
use std::sync::Arc;
use std::time::Duration;

/// The caller's key of an [`Item`], by which [`Event`]s name it. Items may share one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Token(pub usize);

/// One thing to wait for, and its key.
pub struct Item<'a> {
    token: Token,
    interest: Interest,
    target: Target<'a>,
}

enum Target<'a> {
    Socket(&'a mut Core),
    Monitor(&'a mut Monitor),
    Descriptor(BorrowedFd<'a>),
}

/// What a wait has found of one item.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Event {
    /// The key of the item.
    pub token: Token,
    /// There is a message or an event to receive, or something to read from the descriptor.
    pub readable: bool,
    /// A send would be accepted, or the descriptor can be written.
    pub writable: bool,
    /// The descriptor has something urgent to read: see [`Interest::urgent`].
    pub urgent: bool,
    /// The descriptor has failed: see [`Interest::failed`].
    pub failed: bool,
}

impl From<Event> for Interest {
    fn from(event: Event) -> Self {
        let Event { readable, writable, urgent, failed, .. } = event;
        Self { readable, writable, urgent, failed }
    }
}

impl<'a> Item<'a> {
    /// A socket. Without an interest ([`Interest::default`]) it is never found, but its
    /// [`Interrupter`](crate::Interrupter) and the end of its context end the wait.
    ///
    /// ```
    /// # use zincmq::{Context, Pull, Push};
    /// # fn main() -> zincmq::Result<()> {
    /// # let context = Context::new();
    /// # let (mut push, mut pull) = (Push::new(&context)?, Pull::new(&context)?);
    /// # push.connect(pull.bind("inproc://x")?)?;
    /// # use zincmq::poller::{Interest, Item, Poller, Token};
    /// # push.send("message")?;
    /// let mut poller = Poller::new();
    /// let events = poller.wait([Item::socket(Token(1), &mut pull, Interest::READABLE)], None)?;
    /// assert_eq!(events[0].token, Token(1));
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn socket<K>(token: Token, socket: &'a mut Socket<K>, interest: Interest) -> Self {
        Self::core(token, socket.core_mut(), interest)
    }

    /// A monitor, which is readable when it has an event or has ended.
    ///
    /// ```
    /// # use zincmq::{Context, Pull, Push};
    /// # fn main() -> zincmq::Result<()> {
    /// # let context = Context::new();
    /// # let (mut push, mut pull) = (Push::new(&context)?, Pull::new(&context)?);
    /// # push.connect(pull.bind("inproc://x")?)?;
    /// # use zincmq::poller::{Interest, Item, Poller, Token};
    /// let mut monitor = pull.monitor(zincmq::EventKind::Listening);
    /// pull.bind("tcp://127.0.0.1:*")?;
    /// let mut poller = Poller::new();
    /// assert!(poller.wait([Item::monitor(Token(2), &mut monitor)], None)?[0].readable);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn monitor(token: Token, monitor: &'a mut Monitor) -> Self {
        Self { token, interest: Interest::READABLE, target: Target::Monitor(monitor) }
    }

    /// A descriptor that is not a ZeroMQ socket.
    ///
    /// ```
    /// # use zincmq::{Context, Pull, Push};
    /// # fn main() -> zincmq::Result<()> {
    /// # let context = Context::new();
    /// # let (mut push, mut pull) = (Push::new(&context)?, Pull::new(&context)?);
    /// # push.connect(pull.bind("inproc://x")?)?;
    /// # use zincmq::poller::{Interest, Item, Poller, Token};
    /// # use std::os::fd::AsFd;
    /// let output = std::io::stdout();
    /// let mut poller = Poller::new();
    /// let items = [Item::descriptor(Token(3), output.as_fd(), Interest::WRITABLE)];
    /// let count = poller.wait(items, Some(std::time::Duration::from_millis(1)))?.len();
    /// assert!(count <= 1);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn descriptor(token: Token, descriptor: BorrowedFd<'a>, interest: Interest) -> Self {
        Self { token, interest, target: Target::Descriptor(descriptor) }
    }

    pub(crate) fn core(token: Token, core: &'a mut Core, interest: Interest) -> Self {
        Self { token, interest, target: Target::Socket(core) }
    }

    pub(super) fn is_descriptor(&self) -> bool {
        matches!(self.target, Target::Descriptor(_))
    }

    /// Whether something has happened to it since it was looked at.
    pub(super) fn is_pending(&self) -> bool {
        match &self.target {
            Target::Socket(core) => core.owner.inbox.is_pending(),
            Target::Monitor(monitor) => monitor.is_ready(),
            Target::Descriptor(_) => false,
        }
    }

    /// How long a thread looks awake for it before it sleeps.
    pub(super) fn spin_time(&self) -> Duration {
        match &self.target {
            Target::Socket(core) => core.peers.options.spin_time(),
            Target::Monitor(_) | Target::Descriptor(_) => Duration::ZERO,
        }
    }

    /// Whether it has not looked at everything: it is to be asked again rather than slept for.
    pub(super) fn is_unsettled(&self) -> bool {
        matches!(&self.target, Target::Socket(core) if core.is_unsettled())
    }

    /// Has `bell` called at its next change.
    pub(super) fn arm(&self, bell: &Arc<dyn Wake>) {
        match &self.target {
            Target::Socket(core) => core.owner.inbox.signal().arm(bell.clone()),
            Target::Monitor(monitor) => monitor.signal().arm(bell.clone()),
            Target::Descriptor(_) => {}
        }
    }

    /// The wait is over.
    pub(super) fn rest(&self) {
        match &self.target {
            Target::Socket(core) => core.rest(),
            Target::Monitor(monitor) => monitor.signal().forget(),
            Target::Descriptor(_) => {}
        }
    }

    /// As poll(2) is asked, where it is to be asked.
    pub(super) fn as_descriptor(&self) -> Option<PollFd<'a>> {
        let Target::Descriptor(descriptor) = self.target else { return None };
        let mut flags = PollFlags::empty();
        flags.set(PollFlags::IN, self.interest.readable);
        flags.set(PollFlags::OUT, self.interest.writable);
        flags.set(PollFlags::PRI, self.interest.urgent);
        Some(PollFd::from_borrowed_fd(descriptor, flags))
    }

    /// What is ready of it; of a descriptor by what poll(2) has said, which is next in `outcomes`.
    pub(super) fn look(&mut self, outcomes: &mut impl Iterator<Item = PollFlags>) -> Result<Event> {
        let Self { token, interest, .. } = *self;
        let mut found = Event { token, readable: false, writable: false, urgent: false, failed: false };
        match &mut self.target {
            Target::Socket(core) => {
                core.check()?;
                core.heed_interrupt()?;
                found.readable = interest.readable && core.can_recv();
                found.writable = interest.writable && core.can_send();
            }
            Target::Monitor(monitor) => found.readable = monitor.is_ready(),
            Target::Descriptor(_) => {
                let outcome = outcomes.next().unwrap_or(PollFlags::empty());
                let broken = PollFlags::ERR | PollFlags::HUP | PollFlags::NVAL;
                found.readable = interest.readable && outcome.intersects(PollFlags::IN);
                found.writable = interest.writable && outcome.intersects(PollFlags::OUT);
                found.urgent = outcome.intersects(PollFlags::PRI);
                found.failed = outcome.intersects(broken);
            }
        }
        Ok(found)
    }
}

impl fmt::Debug for Item<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { token: Token(token), interest, target } = self;
        match target {
            Target::Socket(core) => write!(f, "Item({token}: {}, {interest:?})", core.name()),
            Target::Monitor(monitor) => write!(f, "Item({token}: {monitor:?})"),
            Target::Descriptor(descriptor) => write!(f, "Item({token}: {descriptor:?}, {interest:?})"),
        }
    }
}
