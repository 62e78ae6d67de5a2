//! The half that sends.

use crate::error::{BatchError, Result, SendError};
use crate::pattern::ability::Sends;
use crate::socket::blocking::batch;
use crate::socket::halves::SendHalf;
use crate::socket::halves::half::Waiting;
use crate::socket::outgoing::{Outgoing, Parts, refused};
use crate::socket::{Core, Interest, Socket};
use std::time::{Duration, Instant};

impl<K: Sends> SendHalf<Socket<K>> {
    /// As [`Socket::try_send`].
    ///
    /// # Errors
    /// As that.
    #[inline]
    pub fn try_send<M: Outgoing>(&mut self, message: M) -> std::result::Result<(), SendError<M::Unsent>> {
        let message = message.ready();
        let result = message.with(|parts| self.half.attempt(|core| core.try_send(parts)));
        result.map_err(|error| refused::<M>(message, error))
    }

    /// As [`Socket::send`].
    ///
    /// # Errors
    /// As that.
    #[inline(always)]
    pub fn send<M: Outgoing>(&mut self, message: M) -> std::result::Result<(), SendError<M::Unsent>> {
        let message = message.ready();
        match message.with(|parts| self.half.begin_to_send(parts)) {
            Ok(()) => Ok(()),
            Err(rest) => {
                self.half.go_on_sending(rest, &message).map_err(|error| refused::<M>(message, error))
            }
        }
    }

    /// As [`Socket::send_timeout`].
    ///
    /// # Errors
    /// As that.
    pub fn send_timeout<M: Outgoing>(
        &mut self,
        message: M,
        timeout: Duration,
    ) -> std::result::Result<(), SendError<M::Unsent>> {
        let message = message.ready();
        let until = |_: &Core| Instant::now().checked_add(timeout);
        let result = message.with(|parts| self.half.block(until, |core| core.try_send(parts)));
        result.map_err(|error| refused::<M>(message, error))
    }

    /// As [`Socket::send_batch`].
    ///
    /// # Errors
    /// As that.
    pub fn send_batch<M: Outgoing>(
        &mut self,
        messages: impl IntoIterator<Item = M>,
    ) -> std::result::Result<usize, BatchError<M::Unsent>> {
        batch(self, messages, |half| half.half.with(Core::would_send), Self::send)
    }

    /// As [`Socket::send_async`].
    ///
    /// ```
    /// # use zincmq::{Dealer, Message, SendHalf};
    /// /// Sends all requests, whether replies come meanwhile or not.
    /// async fn ask(mut dealer: SendHalf<Dealer>, requests: Vec<Message>) -> zincmq::Result<()> {
    ///     for request in requests {
    ///         dealer.send_async(request).await?;
    ///     }
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    /// As that.
    pub async fn send_async<M: Outgoing>(
        &mut self,
        message: M,
    ) -> std::result::Result<(), SendError<M::Unsent>> {
        let message = message.ready();
        let waiting = Waiting(&mut self.half);
        let result = waiting.until(|core| message.with(|parts| core.try_send(parts))).await;
        result.map_err(|error| refused::<M>(message, error))
    }

    /// Waits until a send would be accepted ([`Socket::writable`]).
    ///
    /// # Errors
    /// As that.
    pub async fn writable(&mut self) -> Result<()> {
        Waiting(&mut self.half).until(|core| core.look_for(Interest::WRITABLE).map(drop)).await
    }

    /// Whether a send would be accepted now.
    #[must_use]
    pub fn can_send(&self) -> bool {
        self.half.ask(Core::can_send)
    }
}
