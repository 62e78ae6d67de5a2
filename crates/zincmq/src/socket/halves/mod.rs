//! Both directions of a socket at once: an owned half for each.
//!
//! The halves share the socket's core behind a lock ([`queue::biased`]), which a call holds for one attempt and never while
//! it waits. It costs next to nothing where one thread uses the halves at the time. Each
//! waits on a signal of its own ([`queue::Both`]), or at the connection, whose I/O it then does itself: that takes no core, which the
//! other half may need meanwhile.

mod half;
mod listening;
mod receiving;
mod sending;

#[cfg(feature = "futures")]
pub(super) use half::Attempt;

use crate::error::Result;
use crate::option::{Form, KnownTo, OptionKey, Setting};
use crate::pattern::ability::Splits;
use crate::socket::halves::half::{ReceivingHalf, SendingHalf};
use crate::socket::handle::Socket;
use crate::socket_type::SocketType;
use crate::stats::SocketStats;
use std::marker::PhantomData;

/// The half of a socket that sends ([`Socket::into_split`]): of a `Dealer`, for example, a `SendHalf<Dealer>`.
///
/// It goes to a task or thread of its own. The socket is closed when both halves are dropped.
pub struct SendHalf<S> {
    pub(super) half: SendingHalf,
    whole: PhantomData<fn() -> S>,
}

/// The half of a socket that receives ([`Socket::into_split`]): of a `Dealer`, for example, a `RecvHalf<Dealer>`.
///
/// It goes to a task or thread of its own. The socket is closed when both halves are dropped.
pub struct RecvHalf<S> {
    pub(super) half: ReceivingHalf,
    whole: PhantomData<fn() -> S>,
}

/// The halves are not those of one socket. They are in it, as they were.
#[derive(thiserror::Error)]
#[error("the halves are not of one socket")]
pub struct RejoinError<S> {
    /// The half that sends.
    pub send: SendHalf<S>,
    /// The half that receives.
    pub recv: RecvHalf<S>,
}

impl<K> Socket<K> {
    /// Takes the socket apart into a half that sends and one that receives, to be used at the same time from two tasks or
    /// two threads: a sender that waits for room does not keep the receiver from receiving. For the types whose
    /// directions do not depend on each other: PAIR, DEALER, ROUTER, XPUB, XSUB and STREAM.
    ///
    /// As long as one thread uses the halves, or one of them, a message costs hardly more than on the whole socket. While two
    /// threads do, they share its state behind a lock, which costs tiny messages, and those within a process, part of
    /// their rate. `can_send`, `can_recv` and the other questions that take `&self` always lock; to try is cheaper. The first
    /// split in a process may take some 20 ms, in which the kernel prepares for this. A
    /// [`Socket::descriptor`] that was asked for before tells nothing any more.
    ///
    /// ```
    /// use zincmq::{Context, Dealer, Router};
    ///
    /// # fn main() -> zincmq::Result<()> {
    /// let context = Context::new();
    /// let mut router = Router::new(&context)?;
    /// let endpoint = router.bind("tcp://127.0.0.1:*")?;
    /// let mut dealer = Dealer::new(&context)?;
    /// dealer.connect(&endpoint)?;
    ///
    /// let (mut requests, mut replies) = dealer.into_split();
    /// std::thread::scope(|scope| {
    ///     scope.spawn(move || (0..1000).try_for_each(|n: u32| requests.send(n.to_be_bytes())));
    ///     scope.spawn(move || {
    ///         for _ in 0..1000 {
    ///             let request = router.recv()?;
    ///             router.send(request)?;
    ///         }
    ///         zincmq::Result::Ok(())
    ///     });
    ///     for n in 0..1000_u32 {
    ///         assert_eq!(replies.recv()?, n.to_be_bytes());
    ///     }
    ///     zincmq::Result::Ok(())
    /// })?;
    /// # Ok(()) }
    /// ```
    ///
    /// Types that take turns, or go one way, have no halves:
    ///
    /// ```compile_fail,E0277
    /// # use zincmq::{Context, Req};
    /// let halves = Req::new(&Context::new()).unwrap().into_split();
    /// ```
    #[must_use]
    pub fn into_split(self) -> (SendHalf<Self>, RecvHalf<Self>)
    where
        K: Splits,
    {
        let mut core = self.into_core();
        core.end_caller_io();
        core.waiting.watch = None;
        core.owner.inbox.signal().forget();
        let (sends, receives) = SendingHalf::two_of(core);
        (SendHalf { half: sends, whole: PhantomData }, RecvHalf { half: receives, whole: PhantomData })
    }
}

impl<K: Splits> SendHalf<Socket<K>> {
    /// Makes a whole socket of the halves again.
    ///
    /// # Errors
    /// [`RejoinError`], with the halves, if they are not of one socket.
    pub fn rejoin(self, recv: RecvHalf<Socket<K>>) -> std::result::Result<Socket<K>, RejoinError<Socket<K>>> {
        match self.half.join(recv.half) {
            Ok(core) => {
                core.owner.inbox.signal().forget();
                Ok(Socket::of(core))
            }
            Err((sends, receives)) => Err(RejoinError {
                send: Self { half: sends, whole: PhantomData },
                recv: RecvHalf { half: receives, whole: PhantomData },
            }),
        }
    }
}

/// What any half can be asked or told beside its messages.
macro_rules! common {
    ($($half:ident)+) => {$(
        impl<K> $half<Socket<K>> {
            /// The socket's type.
            #[must_use]
            pub fn socket_type(&self) -> SocketType {
                self.half.ask(|core| core.owner.socket_type)
            }

            /// As [`Socket::stats`], of the whole socket.
            #[must_use]
            pub fn stats(&self) -> SocketStats {
                self.half.ask(|core| core.stats())
            }

            /// As [`Socket::get`].
            ///
            /// # Errors
            /// As [`Socket::get`].
            pub fn get<F: Form, G: KnownTo<K>>(&self, option: OptionKey<F, G>) -> Result<F::Value> {
                self.half.ask(|core| core.get(option))
            }

            /// As [`Socket::set`], for the whole socket.
            ///
            /// # Errors
            /// As [`Socket::set`].
            pub fn set<F: Form, G: KnownTo<K>>(
                &mut self,
                option: OptionKey<F, G>,
                value: impl Setting<F::Value>,
            ) -> Result<()> {
                let value = F::write(value.setting());
                self.half.with(|core| core.set_value(option.row(), value))
            }

            /// As [`Socket::connect`], for both directions.
            ///
            /// # Errors
            /// As [`Socket::connect`].
            pub fn connect(&mut self, endpoint: impl AsRef<str>) -> Result<()> {
                self.half.with(|core| core.connect(endpoint.as_ref()))
            }

            /// As [`Socket::disconnect`], for both directions.
            ///
            /// # Errors
            /// As [`Socket::disconnect`].
            pub fn disconnect(&mut self, endpoint: impl AsRef<str>) -> Result<()> {
                self.half.with(|core| core.release(endpoint.as_ref()))
            }
        }

        impl<S> std::fmt::Debug for $half<S> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                let (name, endpoint) = self.half.ask(|core| (core.name(), core.last_endpoint.clone()));
                write!(f, concat!(stringify!($half), "({}, {:?})"), name, endpoint)
            }
        }
    )+};
}

common!(SendHalf RecvHalf);

impl<S> std::fmt::Debug for RejoinError<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}
