//! The socket that an application holds: how it is made, set and asked.

use crate::context::Context;
#[cfg(doc)]
use crate::error::Error;
use crate::error::Result;
use crate::life::lock;
use crate::monitor::{Events, Monitor};
#[cfg(doc)]
use crate::option;
use crate::option::{Form, KnownTo, OptionKey, Row, Setting, Value};
use crate::pattern::ability::{Any, Typed};
use crate::socket::core::Core;
use crate::socket_type::SocketType;
use crate::stats::SocketStats;
use std::marker::PhantomData;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A ZeroMQ socket of the kind `K` (zmq_socket(3)).
///
/// A socket can move between threads and is used by one at a time: what sends, receives or changes it takes `&mut self`.
/// Questions take `&self` and change nothing. Dropping the socket closes it; messages that were
/// accepted by a send still go out in the background, as long as `LINGER` allows.
///
/// | to | calls |
/// |---|---|
/// | make one | [`new`](Socket::new); with options [`builder`](Socket::builder); of a type that is known later [`AnySocket::with_type`] |
/// | be found, find others | [`bind`](Socket::bind), [`connect`](Socket::connect); [`subscribe`](Socket::subscribe) |
/// | send | [`send`](Socket::send), [`try_send`](Socket::try_send), [`send_timeout`](Socket::send_timeout), [`send_async`](Socket::send_async), [`send_batch`](Socket::send_batch) |
/// | receive | [`recv`](Socket::recv), [`try_recv`](Socket::try_recv), [`recv_timeout`](Socket::recv_timeout), [`recv_async`](Socket::recv_async), [`recv_batch`](Socket::recv_batch), [`recv_string`](Socket::recv_string) |
/// | do both at once | [`into_split`](Socket::into_split); in one task [`ready`](Socket::ready); for several sockets [`Poller`](crate::Poller) |
/// | set and ask | [`set`](Socket::set), [`get`](Socket::get); [`stats`](Socket::stats), [`monitor`](Socket::monitor), [`can_send`](Socket::can_send), [`can_recv`](Socket::can_recv) |
/// | secure | [`curve_server`](Socket::curve_server), [`curve_client`](Socket::curve_client); see [`security`](crate::security) |
/// | end | drop it, or [`close_async`](Socket::close_async); from outside [`interrupter`](Socket::interrupter) |
pub struct Socket<K> {
    core: Mutex<Core>,
    kind: PhantomData<fn() -> K>,
}

/// A socket whose type is known when the program runs.
pub type AnySocket = Socket<Any>;

impl<K: Typed> Socket<K> {
    /// A new socket in this context.
    ///
    /// ```
    /// # use zincmq::{Context, Dealer};
    /// # fn main() -> zincmq::Result<()> {
    /// # let context = Context::new();
    /// let dealer = Dealer::new(&context)?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`Error::Terminated`] after the context's end, [`Error::TooManySockets`]; [`Error::System`] if the I/O
    /// threads could not be started.
    pub fn new(context: &Context) -> Result<Self> {
        Core::new(context.0.clone(), K::TYPE).map(Self::of)
    }

    /// The same socket, its type forgotten by the compiler.
    ///
    /// ```
    /// # use zincmq::{AnySocket, Context, Pull, Push};
    /// # fn main() -> zincmq::Result<()> {
    /// # let context = Context::new();
    /// let (push, pull) = (Push::new(&context)?, Pull::new(&context)?);
    /// let sockets: Vec<AnySocket> = vec![push.into_any(), pull.into_any()];
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn into_any(self) -> AnySocket {
        Socket::of(self.into_core())
    }
}

impl Socket<Any> {
    /// A new socket of a type chosen at run time.
    ///
    /// ```
    /// # use zincmq::{AnySocket, Context, SocketType};
    /// # fn main() -> zincmq::Result<()> {
    /// # let context = Context::new();
    /// let named: SocketType = "PUSH".parse().unwrap();
    /// let socket = AnySocket::with_type(&context, named)?;
    /// assert_eq!(socket.socket_type(), SocketType::Push);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`Socket::new`].
    pub fn with_type(context: &Context, socket_type: SocketType) -> Result<Self> {
        Core::new(context.0.clone(), socket_type).map(Self::of)
    }
}

impl<K> Socket<K> {
    pub(super) fn of(core: Core) -> Self {
        Self { core: Mutex::new(core), kind: PhantomData }
    }

    pub(super) fn into_core(self) -> Core {
        self.core.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// The core, for the thread that may change the socket: without a lock.
    #[inline(always)]
    pub(crate) fn core_mut(&mut self) -> &mut Core {
        self.core.get_mut().unwrap_or_else(PoisonError::into_inner)
    }

    /// The core, for a question that any thread may ask.
    pub(crate) fn locked(&self) -> MutexGuard<'_, Core> {
        lock(&self.core)
    }

    /// The socket's type.
    ///
    /// ```
    /// # use zincmq::{Context, Dealer, SocketType};
    /// # fn main() -> zincmq::Result<()> {
    /// # let context = Context::new();
    /// assert_eq!(Dealer::new(&context)?.socket_type(), SocketType::Dealer);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn socket_type(&self) -> SocketType {
        self.locked().owner.socket_type
    }

    /// Whether it speaks plain TCP: STREAM, and ROUTER with [`ROUTER_RAW`](crate::option::ROUTER_RAW).
    ///
    /// ```
    /// # use zincmq::{Context, Router, Stream};
    /// # fn main() -> zincmq::Result<()> {
    /// # let context = Context::new();
    /// assert!(Stream::new(&context)?.is_raw());
    /// assert!(!Router::new(&context)?.is_raw());
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn is_raw(&self) -> bool {
        let core = self.locked();
        core.peers.options.is_raw(core.owner.socket_type)
    }

    /// Sets an option. Times are [`Duration`](std::time::Duration)s, sizes and numbers `usize`, flags `bool`; each
    /// is an `Option` where `None` has a meaning, such as a wait without end.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use zincmq::{Context, Router, option};
    /// # fn main() -> zincmq::Result<()> {
    /// # let mut router = Router::new(&Context::new())?;
    /// router.set(option::SNDHWM, 10)?;
    /// router.set(option::LINGER, Duration::from_secs(1))?;
    /// router.set(option::RCVTIMEO, None)?;
    /// router.set(option::ROUTING_ID, "broker")?;
    /// router.set(option::ROUTER_MANDATORY, true)?;
    /// # Ok(()) }
    /// ```
    ///
    /// An option that the socket's type does not have does not compile, nor does a value of another type:
    ///
    /// ```compile_fail,E0277
    /// # use zincmq::{Context, Pull, option};
    /// # let mut pull = Pull::new(&Context::new()).unwrap();
    /// pull.set(option::ROUTER_MANDATORY, true);
    /// ```
    ///
    /// ```compile_fail,E0277
    /// # use zincmq::{Context, Pull, option};
    /// # let mut pull = Pull::new(&Context::new()).unwrap();
    /// pull.set(option::LINGER, true);
    /// ```
    ///
    /// # Errors
    /// [`Error::Option`] if the value is out of range, or the option belongs to another socket type than an [`AnySocket`] has;
    /// [`Error::Terminated`].
    pub fn set<F: Form, G: KnownTo<K>>(
        &mut self,
        option: OptionKey<F, G>,
        value: impl Setting<F::Value>,
    ) -> Result<()> {
        self.set_value(option.row(), F::write(value.setting()))
    }

    /// Sets the option of a row of the table.
    ///
    /// ```
    /// # use zincmq::{Context, Push, option};
    /// # fn main() -> zincmq::Result<()> {
    /// # let context = Context::new();
    /// let mut push = Push::new(&context)?;
    /// // An option whose name is known when the program runs.
    /// let row = option::by_name("SNDHWM").unwrap();
    /// push.set_value(row, row.parse("10")?)?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`Socket::set`].
    pub fn set_value(&mut self, row: &Row, value: Value) -> Result<()> {
        self.core_mut().set_value(row, value)
    }

    /// The value of an option.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use zincmq::{Context, Pull, option};
    /// # fn main() -> zincmq::Result<()> {
    /// # let mut pull = Pull::new(&Context::new())?;
    /// assert_eq!(pull.get(option::RCVHWM)?, 1000);
    /// assert_eq!(pull.get(option::LINGER)?, None);
    /// assert_eq!(pull.get(option::RECONNECT_IVL)?, Some(Duration::from_millis(100)));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`Error::Terminated`].
    pub fn get<F: Form, G: KnownTo<K>>(&self, option: OptionKey<F, G>) -> Result<F::Value> {
        self.locked().get(option)
    }

    /// Whether a send would be accepted now (`ZMQ_POLLOUT`).
    ///
    /// ```
    /// # use zincmq::{Context, Pull, Push};
    /// # fn main() -> zincmq::Result<()> {
    /// # let context = Context::new();
    /// # let (mut push, mut pull) = (Push::new(&context)?, Pull::new(&context)?);
    /// # push.connect(pull.bind("inproc://x")?)?;
    /// assert!(push.can_send());
    /// push.send("there is room")?;
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn can_send(&self) -> bool {
        self.locked().can_send()
    }

    /// Whether a message can be received now (`ZMQ_POLLIN`).
    ///
    /// ```
    /// # use zincmq::{Context, Pull, Push};
    /// # fn main() -> zincmq::Result<()> {
    /// # let context = Context::new();
    /// # let (mut push, mut pull) = (Push::new(&context)?, Pull::new(&context)?);
    /// # push.connect(pull.bind("inproc://x")?)?;
    /// assert!(!pull.can_recv());
    /// push.send("message")?;
    /// assert!(pull.can_recv());
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn can_recv(&self) -> bool {
        self.locked().can_recv()
    }

    /// Whether a send to the peer of this routing id would be accepted now: ROUTER (zmq_socket_get_peer_state).
    ///
    /// ```
    /// # use zincmq::{Context, Dealer, Error, Router};
    /// # fn main() -> zincmq::Result<()> {
    /// # let context = Context::new();
    /// let mut router = Router::new(&context)?;
    /// router.bind("inproc://x")?;
    /// let dealer = Dealer::builder(&context).routing_id("dealer").connect("inproc://x")?;
    /// assert_eq!(router.can_send_to(b"dealer"), Ok(true));
    /// assert_eq!(router.can_send_to(b"nobody"), Err(Error::Unroutable));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`Error::Unroutable`] if there is no such peer, [`Error::Unsupported`] on other types,
    /// [`Error::Terminated`].
    pub fn can_send_to(&self, routing_id: &[u8]) -> Result<bool> {
        self.locked().has_room_for(routing_id)
    }

    /// Whether a signal handler that runs while a call waits makes it return [`Error::Interrupted`], as in C. By
    /// default calls go on waiting.
    ///
    /// ```
    /// # use zincmq::{Context, Pull, Push};
    /// # fn main() -> zincmq::Result<()> {
    /// # let context = Context::new();
    /// # let (mut push, mut pull) = (Push::new(&context)?, Pull::new(&context)?);
    /// # push.connect(pull.bind("inproc://x")?)?;
    /// pull.set_interruptible(true);
    /// // From now on a receive that a signal handler interrupts fails with `Error::Interrupted`.
    /// # Ok(()) }
    /// ```
    pub fn set_interruptible(&mut self, on: bool) {
        self.core_mut().waiting.interruptible = on;
    }

    /// The numbers of this socket and of each of its peers.
    ///
    /// ```
    /// # use zincmq::{Context, Pull, Push};
    /// # fn main() -> zincmq::Result<()> {
    /// # let context = Context::new();
    /// # let (mut push, mut pull) = (Push::new(&context)?, Pull::new(&context)?);
    /// # push.connect(pull.bind("inproc://x")?)?;
    /// push.send("message")?;
    /// pull.recv()?;
    /// assert_eq!((push.stats().sent, pull.stats().received), (1, 1));
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn stats(&self) -> SocketStats {
        self.locked().stats()
    }

    /// Begins to watch the socket's connections: [`Events::ALL`], one [`EventKind`](crate::EventKind), or several with
    /// `|`. A monitor opened before is stopped.
    ///
    /// ```
    /// # use zincmq::{Context, EventKind, Pull};
    /// # fn main() -> zincmq::Result<()> {
    /// # let context = Context::new();
    /// let mut pull = Pull::new(&context)?;
    /// let mut monitor = pull.monitor(EventKind::Listening | EventKind::Accepted);
    /// pull.bind("tcp://127.0.0.1:*")?;
    /// assert_eq!(monitor.recv()?.kind, EventKind::Listening);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn monitor(&mut self, events: impl Into<Events>) -> Monitor {
        self.core_mut().owner.monitor.open(events.into())
    }
}

impl<K> std::fmt::Debug for Socket<K> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let core = self.locked();
        write!(f, "Socket({}, {:?})", core.name(), core.last_endpoint)
    }
}
