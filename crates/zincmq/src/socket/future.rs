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

impl Core {
    /// Tries; if it is denied for now, has the task woken at the next change.
    fn poll(
        &mut self,
        context: &Context<'_>,
        mut attempt: impl FnMut(&mut Self) -> std::result::Result<(), Denied>,
    ) -> Poll<Result<()>> {
        self.stop_driving();
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
    /// ready sends nothing. `SNDTIMEO` does not apply: use the executor's timer.
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
    /// `RCVTIMEO` does not apply: use the executor's timer.
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
