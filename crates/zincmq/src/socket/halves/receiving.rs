//! The half that receives.

use crate::error::Result;
use crate::message::Message;
use crate::pattern::ability::{Receives, Subscribes};
use crate::pattern::contract::{Denied, Kind};
use crate::socket::blocking::fill;
use crate::socket::halves::RecvHalf;
use crate::socket::halves::half::{Waiting, refusal};
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
    #[inline]
    pub fn try_recv_into(&mut self, message: &mut Message) -> Result<()> {
        // Without the lock: the owner of what was received before may use the other half.
        message.let_go();
        match self.half.with(|core| core.try_recv(message)) {
            Ok(()) => Ok(()),
            Err(denied) => self.try_missed(denied, message),
        }
    }

    /// After an attempt that was denied: what came while nobody heard of it, if anything.
    #[cold]
    fn try_missed(&mut self, denied: Denied, message: &mut Message) -> Result<()> {
        self.half.with(|core| {
            let missed = denied == Denied::Again && core.peers.listens && core.end_caller_io();
            let result = if missed { core.try_recv(message) } else { Err(denied) };
            result.map_err(|denied| refusal(core, denied))
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
    #[inline(always)]
    pub fn recv_into(&mut self, message: &mut Message) -> Result<()> {
        // As above.
        message.let_go();
        match self.half.begin(|core| core.try_recv(message)) {
            Ok(()) => Ok(()),
            Err(denied) => self.go_on_receiving(denied, message),
        }
    }

    /// After a first attempt that was denied.
    #[cold]
    fn go_on_receiving(&mut self, denied: Denied, message: &mut Message) -> Result<()> {
        let until = |core: &Core| deadline(core.peers.options.rcvtimeo);
        let result = self.half.keep_trying(denied, until, |core| core.try_recv(message));
        result.inspect_err(|_| message.clear())
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
