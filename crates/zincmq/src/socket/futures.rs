//! Sockets and their halves as streams and sinks of the `futures` crates.

use crate::error::{Error, Result};
use crate::message::Message;
use crate::pattern::ability::{Receives, Sends};
use crate::pattern::contract::Denied;
use crate::socket::halves::{Attempt, RecvHalf, SendHalf};
use crate::socket::outgoing::Parts;
use crate::socket::{Core, Socket};
use futures_core::Stream;
use futures_sink::Sink;
use std::pin::Pin;
use std::task::{Context, Poll};

/// An object that a task can wait for.
trait Task {
    fn poll(&mut self, context: &Context<'_>, attempt: impl FnMut(&mut Core) -> Attempt) -> Poll<Result<()>>;

    fn attempt(&mut self, attempt: impl FnOnce(&mut Core) -> Attempt) -> Result<()>;
}

impl<K> Task for Socket<K> {
    fn poll(&mut self, context: &Context<'_>, attempt: impl FnMut(&mut Core) -> Attempt) -> Poll<Result<()>> {
        self.core_mut().poll(context, attempt)
    }

    fn attempt(&mut self, attempt: impl FnOnce(&mut Core) -> Attempt) -> Result<()> {
        let core = self.core_mut();
        attempt(core).map_err(|denied| core.refusal(denied))
    }
}

macro_rules! tasks {
    ($($half:ident)+) => {$(
        impl<S> Task for $half<S> {
            fn poll(
                &mut self,
                context: &Context<'_>,
                attempt: impl FnMut(&mut Core) -> Attempt,
            ) -> Poll<Result<()>> {
                self.half.poll(context, attempt)
            }

            fn attempt(&mut self, attempt: impl FnOnce(&mut Core) -> Attempt) -> Result<()> {
                self.half.attempt(attempt)
            }
        }
    )+};
}

tasks!(SendHalf RecvHalf);

impl Core {
    /// Sends what a sink has taken and not sent yet.
    fn send_unsent(&mut self) -> Attempt {
        let Some(message) = self.unsent.take() else { return Ok(()) };
        let result = message.with(|parts| self.try_send(parts));
        if result == Err(Denied::Again) {
            self.unsent = Some(message);
        }
        result
    }

    /// Sends the message, or keeps it if that is denied for now.
    fn take_up_unsent(&mut self, message: Message) -> Attempt {
        self.send_unsent()?;
        self.unsent = Some(Box::new(message));
        match self.send_unsent() {
            Err(Denied::Again) if !self.is_stopped() => Ok(()),
            result => result,
        }
    }
}

macro_rules! streams {
    ($($(#[doc = $doc:literal])+ $whole:ty;)+) => {$(
        $(#[doc = $doc])+
        impl<K: Receives> Stream for $whole {
            type Item = Result<Message>;

            fn poll_next(
                mut self: Pin<&mut Self>,
                context: &mut Context<'_>,
            ) -> Poll<Option<Result<Message>>> {
                let mut message = Message::new();
                self.poll(context, |core| core.try_recv(&mut message)).map(|result| match result {
                    Ok(()) => Some(Ok(message)),
                    Err(Error::Terminated) => None,
                    Err(error) => Some(Err(error)),
                })
            }
        }
    )+};
}

streams! {
    /// The messages that the socket receives, as by [`Socket::recv_async`]. The stream ends with the context.
    Socket<K>;
    /// The messages that the socket receives, as by [`RecvHalf::recv_async`]. The stream ends with the context.
    RecvHalf<Socket<K>>;
}

macro_rules! sinks {
    ($($(#[doc = $doc:literal])+ $whole:ty;)+) => {$(
        $(#[doc = $doc])+
        ///
        /// To be flushed means to be handed to the queue of a peer, as after a `send`; whether it has left the process is for
        /// `LINGER`. A message that the socket denied for now is kept in it: one at most.
        impl<K: Sends, M: Into<Message>> Sink<M> for $whole {
            type Error = Error;

            fn poll_ready(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
                // Whether there is room depends on the message, which is not there yet.
                self.poll(context, Core::send_unsent)
            }

            fn start_send(mut self: Pin<&mut Self>, message: M) -> Result<()> {
                self.attempt(|core| core.take_up_unsent(message.into()))
            }

            fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
                self.poll(context, Core::send_unsent)
            }

            fn poll_close(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
                <Self as Sink<M>>::poll_flush(self, context)
            }
        }
    )+};
}

sinks! {
    /// The messages that the socket sends, as by [`Socket::send_async`].
    Socket<K>;
    /// The messages that the socket sends, as by [`SendHalf::send_async`].
    SendHalf<Socket<K>>;
}
