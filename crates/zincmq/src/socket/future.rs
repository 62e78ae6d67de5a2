//! Waiting as a task, under any executor.

use crate::error::{Error, Result};
use crate::message::Message;
use crate::pattern::ability::{Receives, Sends};
use crate::pattern::contract::Denied;
use crate::socket::outgoing::{Outgoing, Parts};
use crate::socket::{Core, Socket};
use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};

/// So many results in a row, none of which was waited for, and others have their turn: a task that never waits would
/// keep its executor from timers, signals and other tasks.
const RESULTS: u32 = 128;

/// How many results a task has had in a row.
#[derive(Debug, Default)]
pub(crate) struct Turn(u32);

impl Turn {
    /// Whether the turn is over; the next begins.
    fn is_over(&mut self) -> bool {
        let over = self.0 >= RESULTS;
        if over {
            self.0 = 0;
        }
        over
    }
}

impl Core {
    /// As [`Core::poll_once`], unless it is others' turn.
    fn poll(
        &mut self,
        context: &Context<'_>,
        attempt: impl FnMut(&mut Self) -> std::result::Result<(), Denied>,
    ) -> Poll<Result<()>> {
        self.stop_driving();
        if self.turn.is_over() {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let result = self.poll_once(context, attempt);
        self.turn.0 = if result.is_ready() { self.turn.0 + 1 } else { 0 };
        result
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
        if self.is_unsettled() || self.interrupted {
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

impl<K: Sends> Socket<K> {
    /// As [`Socket::send`], for async code; needs no particular executor. Dropping the future before it is
    /// ready sends nothing. `SNDTIMEO` does not apply: use the executor's timer. After 128 results in a row without a
    /// wait the next call lets other tasks run first.
    ///
    /// # Errors
    /// As [`Socket::send`].
    pub async fn send_async(&mut self, message: impl Outgoing) -> Result<()> {
        let message = message.ready();
        let guard = Forget(&mut self.core);
        poll_fn(|context| guard.0.poll(context, |core| message.with(|parts| core.try_send(parts)))).await
    }
}

impl<K: Receives> Socket<K> {
    /// As [`Socket::recv`], for async code; needs no particular executor. Dropping the future loses no message.
    /// `RCVTIMEO` does not apply: use the executor's timer. After 128 results in a row without a wait the next call lets
    /// other tasks run first, so it may be pending once although a message is there: use [`Socket::try_recv`] to ask.
    ///
    /// # Errors
    /// As [`Socket::recv`].
    pub async fn recv_async(&mut self) -> Result<Message> {
        let mut message = Message::new();
        let guard = Forget(&mut self.core);
        poll_fn(|context| guard.0.poll(context, |core| core.try_recv(&mut message))).await?;
        drop(guard);
        Ok(message)
    }
}
