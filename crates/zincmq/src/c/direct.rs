//! Sending and receiving with errors of the caller's kind.

use crate::error::Error;
use crate::message::Message;
use crate::pattern::ability::{Receives, Sends};
use crate::socket::Socket;
use queue::{Lent, Part};

/// A socket that turns an error into the caller's own where it comes up, off the way of the messages that are sent and received.
/// An [`Error`] goes back through memory, at every call, a number in a register.
pub trait Direct {
    /// As [`Socket::send`].
    ///
    /// # Errors
    /// What `failed` makes of the error, if it is one to the caller.
    fn send_or<E>(&mut self, bytes: &[u8], failed: impl FnOnce(Error) -> Result<(), E>) -> Result<(), E>;

    /// As [`Socket::recv_into`], or [`Socket::try_recv_into`] if not to `wait`. A message of one part that lies whole in the queue,
    /// and has `most` bytes at most, may be shown to `take` where it lies: then `message` stays, and what `take` returns is
    /// returned.
    ///
    /// # Errors
    /// As [`Direct::send_or`].
    fn recv_or<R, E>(
        &mut self,
        message: &mut Message,
        wait: bool,
        most: usize,
        take: impl FnOnce(Lent<'_>) -> R,
        failed: impl FnOnce(Error) -> Result<(), E>,
    ) -> Result<Option<R>, E>;
}

impl<K: Sends + Receives> Direct for Socket<K> {
    #[inline(always)]
    fn send_or<E>(&mut self, bytes: &[u8], failed: impl FnOnce(Error) -> Result<(), E>) -> Result<(), E> {
        let parts = [Part::Slice(bytes)];
        let core = self.core_mut();
        let first = match core.begin_send() {
            Ok(()) => core.try_send_inlined(&parts),
            denied => denied,
        };
        core.end_send(first, |core| core.try_send(&parts), failed)
    }

    #[inline(always)]
    fn recv_or<R, E>(
        &mut self,
        message: &mut Message,
        wait: bool,
        most: usize,
        take: impl FnOnce(Lent<'_>) -> R,
        failed: impl FnOnce(Error) -> Result<(), E>,
    ) -> Result<Option<R>, E> {
        let core = self.core_mut();
        core.peers.patient &= wait;
        if let Some(part) = core.recv_lent(most) {
            return Ok(Some(take(part)));
        }
        if wait {
            let first = match core.begin() {
                Ok(()) => core.try_recv_inlined(message),
                denied => denied,
            };
            core.end_recv(first, message, failed)?;
        } else {
            self.try_recv_into(message).or_else(failed)?;
        }
        Ok(None)
    }
}
