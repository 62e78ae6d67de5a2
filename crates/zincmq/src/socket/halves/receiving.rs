//! The half that receives.

use crate::error::Result;
use crate::message::Message;
use crate::pattern::ability::{Receives, Subscribes};
use crate::pattern::contract::{Denied, Kind};
use crate::socket::blocking::fill;
use crate::socket::halves::RecvHalf;
use crate::socket::halves::half::Waiting;
use crate::socket::waiting::deadline;
use crate::socket::{Core, Interest, Socket};
use std::time::{Duration, Instant};

impl<K: Receives> RecvHalf<Socket<K>> {
    /// As [`Socket::try_recv`].
    ///
    /// # Errors
    /// As that.
    pub fn try_recv(&mut self) -> Result<Message> {
        let mut message = Message::new();
        self.try_recv_into(&mut message)?;
        Ok(message)
    }

    /// As [`Socket::try_recv_into`].
    ///
    /// # Errors
    /// As that.
    pub fn try_recv_into(&mut self, message: &mut Message) -> Result<()> {
        // Without the lock: the owner of what was received before may use the other half.
        message.let_go();
        self.half.attempt(|core| match core.try_recv(message) {
            Err(Denied::Again) if core.peers.listens && core.end_caller_io() => core.try_recv(message),
            result => result,
        })
    }

    /// As [`Socket::recv`].
    ///
    /// # Errors
    /// As that.
    pub fn recv(&mut self) -> Result<Message> {
        let mut message = Message::new();
        self.recv_into(&mut message)?;
        Ok(message)
    }

    /// As [`Socket::recv_string`].
    ///
    /// # Errors
    /// As that.
    pub fn recv_string(&mut self) -> Result<String> {
        Ok(self.recv()?.into_string()?)
    }

    /// As [`Socket::recv_into`].
    ///
    /// # Errors
    /// As that.
    pub fn recv_into(&mut self, message: &mut Message) -> Result<()> {
        // As above.
        message.let_go();
        let until = |core: &Core| deadline(core.peers.options.rcvtimeo);
        self.half.block(until, |core| core.try_recv(message))
    }

    /// As [`Socket::recv_timeout`].
    ///
    /// # Errors
    /// As that.
    pub fn recv_timeout(&mut self, timeout: Duration) -> Result<Message> {
        let mut message = Message::new();
        let until = |_: &Core| Instant::now().checked_add(timeout);
        self.half.block(until, |core| core.try_recv(&mut message))?;
        Ok(message)
    }

    /// As [`Socket::recv_batch`].
    ///
    /// # Errors
    /// As that.
    pub fn recv_batch(&mut self, messages: &mut Vec<Message>, most: usize) -> Result<usize> {
        fill(self, messages, most, Self::recv, Self::try_recv)
    }

    /// As [`Socket::recv_async`].
    ///
    /// # Errors
    /// As that.
    pub async fn recv_async(&mut self) -> Result<Message> {
        let mut message = Message::new();
        Waiting(&mut self.half).until(|core| core.try_recv(&mut message)).await?;
        Ok(message)
    }

    /// Waits until a message can be received ([`Socket::readable`]).
    ///
    /// # Errors
    /// As that.
    pub async fn readable(&mut self) -> Result<()> {
        Waiting(&mut self.half).until(|core| core.look_for(Interest::READABLE).map(drop)).await
    }

    /// Whether a message can be received now.
    #[must_use]
    pub fn can_recv(&self) -> bool {
        self.half.ask(Core::can_recv)
    }
}

impl<K: Subscribes> RecvHalf<Socket<K>> {
    /// As [`Socket::subscribe`]: XPUB confirms with it what was received last.
    ///
    /// # Errors
    /// As that.
    pub fn subscribe(&mut self, topic: impl AsRef<[u8]>) -> Result<()> {
        self.half.with(|core| core.subscribe(Kind::Subscribe, topic.as_ref()))
    }

    /// As [`Socket::unsubscribe`].
    ///
    /// # Errors
    /// As that.
    pub fn unsubscribe(&mut self, topic: impl AsRef<[u8]>) -> Result<()> {
        self.half.with(|core| core.subscribe(Kind::Cancel, topic.as_ref()))
    }
}
