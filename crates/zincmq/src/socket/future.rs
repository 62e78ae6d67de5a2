//! Waiting as a task, under any executor.

use crate::error::{Error, Result, SendError};
use crate::message::Message;
use crate::pattern::ability::{Receives, Sends};
use crate::pattern::contract::Denied;
use crate::socket::outgoing::{Outgoing, Parts, refused};
use crate::socket::streaming::end_streams_of_thread;
use crate::socket::{Core, Interest, Socket};
use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};

impl Core {
    /// As [`Core::poll_once`], unless it is others' turn.
    pub(super) fn poll(
        &mut self,
        context: &Context<'_>,
        attempt: impl FnMut(&mut Self) -> std::result::Result<(), Denied>,
    ) -> Poll<Result<()>> {
        self.end_caller_io();
        if self.waiting.turn.is_over() {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let result = self.poll_once(context, attempt);
        self.waiting.turn.count(result.is_ready());
        result
    }

    /// What of `wanted` is so; denied for now if nothing is.
    pub(super) fn look_for(&mut self, wanted: Interest) -> std::result::Result<Interest, Denied> {
        let readable = wanted.readable && self.can_recv();
        let writable = wanted.writable && self.can_send();
        if readable || writable {
            Ok(Interest { readable, writable, ..Interest::default() })
        } else {
            Err(Denied::Again)
        }
    }

    /// Tries; if it is denied for now, has the task woken at the next change.
    fn poll_once(
        &mut self,
        context: &Context<'_>,
        mut attempt: impl FnMut(&mut Self) -> std::result::Result<(), Denied>,
    ) -> Poll<Result<()>> {
        if let Err(error) = self.heed_interrupt() {
            return Poll::Ready(Err(error));
        }
        for armed in [false, true] {
            match attempt(self) {
                Ok(()) => return Poll::Ready(Ok(())),
                Err(_) if self.is_stopped() => return Poll::Ready(Err(Error::Terminated)),
                Err(Denied::Again) if !armed => {
                    self.owner.inbox.signal().arm(Arc::new(context.waker().clone()));
                }
                Err(Denied::Again) => {}
                Err(denied) => return Poll::Ready(Err(Error::denied(denied, self.name()))),
            }
        }
        end_streams_of_thread();
        if self.is_unsettled() || self.waiting.interrupted {
            context.waker().wake_by_ref();
        }
        Poll::Pending
    }
}

/// Forgets the waker when the future is dropped.
struct Forget<'a>(&'a mut Core);

impl Drop for Forget<'_> {
    fn drop(&mut self) {
        self.0.rest();
    }
}

/// Calls for tasks, under any executor.
impl<K> Socket<K> {
    /// As [`Socket::send`], for async code; needs no particular executor. Dropping the future before it is
    /// ready sends nothing, and drops an owned message: where another branch of a `select!` may win, send it by reference.
    /// `SNDTIMEO` does not apply: use the executor's timer. After 128 results in a row without a wait the next call lets
    /// other tasks run first.
    ///
    /// ```
    /// # use zincmq::{Message, Push};
    /// async fn pass_on(push: &mut Push, message: Message) -> zincmq::Result<()> {
    ///     push.send_async(&message).await?;
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    /// As [`Socket::send`].
    pub async fn send_async<M: Outgoing>(
        &mut self,
        message: M,
    ) -> std::result::Result<(), SendError<M::Unsent>>
    where
        K: Sends,
    {
        let message = message.ready();
        let guard = Forget(self.core_mut());
        let attempt = |core: &mut Core| message.with(|parts| core.try_send(parts));
        let result = poll_fn(|context| guard.0.poll(context, attempt)).await;
        result.map_err(|error| refused::<M>(message, error))
    }

    /// As [`Socket::recv`], for async code; needs no particular executor. Dropping the future loses no message.
    /// `RCVTIMEO` does not apply: use the executor's timer. After 128 results in a row without a wait the next call lets
    /// other tasks run first, so it may be pending once although a message is there: use [`Socket::try_recv`] to ask.
    ///
    /// ```
    /// # use zincmq::Pull;
    /// async fn sum(pull: &mut Pull, count: usize) -> zincmq::Result<usize> {
    ///     let mut bytes = 0;
    ///     for _ in 0..count {
    ///         bytes += pull.recv_async().await?.bytes().len();
    ///     }
    ///     Ok(bytes)
    /// }
    /// ```
    ///
    /// # Errors
    /// As [`Socket::recv`].
    pub async fn recv_async(&mut self) -> Result<Message>
    where
        K: Receives,
    {
        let mut message = Message::new();
        let guard = Forget(self.core_mut());
        poll_fn(|context| guard.0.poll(context, |core| core.try_recv(&mut message))).await?;
        drop(guard);
        Ok(message)
    }

    /// Waits until a message can be received or a send would be accepted, as far as `wanted` asks for it, and says
    /// which. For a task that both sends and receives with one socket: it never awaits a send that holds up receiving. (For
    /// two tasks there is [`Socket::into_split`].)
    /// A socket whose type never sends is not found writable, and one whose type never receives not readable. Dropping
    /// the future changes nothing.
    ///
    /// ```
    /// use zincmq::{Dealer, Message, poller::Interest};
    ///
    /// /// Sends all requests and receives as many replies, whatever fits where.
    /// async fn converse(dealer: &mut Dealer, requests: &[Message]) -> zincmq::Result<Vec<Message>> {
    ///     let (count, mut replies) = (requests.len(), Vec::new());
    ///     let mut requests = requests.iter().peekable();
    ///     while replies.len() < count {
    ///         let wanted = if requests.peek().is_some() { Interest::BOTH } else { Interest::READABLE };
    ///         let found = dealer.ready(wanted).await?;
    ///         if found.writable && let Some(request) = requests.next() {
    ///             dealer.try_send(request)?;
    ///         }
    ///         if found.readable {
    ///             replies.push(dealer.try_recv()?);
    ///         }
    ///     }
    ///     Ok(replies)
    /// }
    /// ```
    ///
    /// # Errors
    /// [`Error::Interrupted`], [`Error::Terminated`].
    pub async fn ready(&mut self, wanted: Interest) -> Result<Interest> {
        let mut found = Interest::default();
        let guard = Forget(self.core_mut());
        let mut look = |core: &mut Core| core.look_for(wanted).map(|ready| found = ready);
        poll_fn(|context| guard.0.poll(context, &mut look)).await?;
        drop(guard);
        Ok(found)
    }

    /// Waits until a message can be received, and takes none. Dropping the future changes nothing.
    ///
    /// ```
    /// # use zincmq::{Context, Pull};
    /// /// Receives all that is there, and waits if that is nothing.
    /// async fn drain(pull: &mut Pull) -> zincmq::Result<usize> {
    ///     pull.readable().await?;
    ///     let mut count = 0;
    ///     while pull.try_recv().is_ok() {
    ///         count += 1;
    ///     }
    ///     Ok(count)
    /// }
    /// ```
    ///
    /// # Errors
    /// As [`Socket::ready`].
    pub async fn readable(&mut self) -> Result<()>
    where
        K: Receives,
    {
        self.ready(Interest::READABLE).await.map(drop)
    }

    /// Waits until a send would be accepted. The next [`Socket::try_send`] succeeds, unless the peer leaves meanwhile, or
    /// the message is for another peer than the one that has room. Dropping the future changes nothing.
    ///
    /// ```
    /// # use zincmq::Push;
    /// async fn send_number(push: &mut Push, number: u32) -> zincmq::Result<()> {
    ///     push.writable().await?;
    ///     push.try_send(number.to_be_bytes())?;
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    /// As [`Socket::ready`].
    pub async fn writable(&mut self) -> Result<()>
    where
        K: Sends,
    {
        self.ready(Interest::WRITABLE).await.map(drop)
    }
}
