//! Sending and receiving without a wait.

#[cfg(doc)]
use crate::error::Error;
use crate::error::{Result, SendError};
use crate::message::Message;
use crate::pattern::ability::{Receives, Sends};
use crate::socket::Socket;
use crate::socket::outgoing::{Outgoing, Parts, refused};

/// Calls that do not wait.
impl<K> Socket<K> {
    /// Sends if that is possible at once.
    ///
    /// ```
    /// # use zincmq::{Context, Error, Message, Pull, Push};
    /// # fn main() -> zincmq::Result<()> {
    /// # let context = Context::new();
    /// # let mut push = Push::new(&context)?;
    /// // Nobody is there yet, and the message comes back.
    /// let refused = push.try_send(Message::from(["several", "parts"])).unwrap_err();
    /// assert_eq!(refused.error, Error::Again);
    /// # let mut pull = Pull::new(&context)?;
    /// # pull.bind("inproc://x")?;
    /// push.connect("inproc://x")?;
    /// push.try_send(refused.message)?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`Error::Again`] if it is not; the other errors of [`Socket::send`].
    #[inline]
    pub fn try_send<M: Outgoing>(&mut self, message: M) -> std::result::Result<(), SendError<M::Unsent>>
    where
        K: Sends,
    {
        let message = message.ready();
        let core = self.core_mut();
        let result = core.offer(|core| message.with(|parts| core.try_send(parts)));
        result.map_err(|denied| refused::<M>(message, core.refusal(denied)))
    }

    /// Receives if a message is there.
    ///
    /// ```
    /// # use zincmq::{Context, Pull, Push, Error};
    /// # fn main() -> zincmq::Result<()> {
    /// # let context = Context::new();
    /// # let (mut push, mut pull) = (Push::new(&context)?, Pull::new(&context)?);
    /// # push.connect(pull.bind("inproc://x")?)?;
    /// assert_eq!(pull.try_recv(), Err(Error::Again));
    /// push.send("message")?;
    /// assert_eq!(pull.try_recv()?, "message");
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`Error::Again`] if none is; the other errors of [`Socket::recv`].
    pub fn try_recv(&mut self) -> Result<Message>
    where
        K: Receives,
    {
        let mut message = Message::new();
        self.try_recv_into(&mut message)?;
        Ok(message)
    }

    /// As [`Socket::try_recv`], into a message whose memory is used again.
    ///
    /// ```
    /// # use zincmq::{Context, Pull, Push, Message};
    /// # fn main() -> zincmq::Result<()> {
    /// # let context = Context::new();
    /// # let (mut push, mut pull) = (Push::new(&context)?, Pull::new(&context)?);
    /// # push.connect(pull.bind("inproc://x")?)?;
    /// # push.send("message")?;
    /// let mut message = Message::new();
    /// while pull.try_recv_into(&mut message).is_ok() {
    ///     println!("{message:?}");
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`Socket::try_recv`].
    #[inline]
    pub fn try_recv_into(&mut self, message: &mut Message) -> Result<()>
    where
        K: Receives,
    {
        let core = self.core_mut();
        core.peers.patient = false;
        let mut result = core.attempt(|core| core.try_recv(message));
        if result.is_err() && core.end_caller_io() {
            result = core.attempt(|core| core.try_recv(message));
        }
        result.map_err(|denied| core.refusal(denied))
    }
}
