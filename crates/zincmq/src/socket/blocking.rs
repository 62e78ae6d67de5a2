//! The calls that wait as a thread.

#[cfg(doc)]
use crate::error::Error;
use crate::error::{BatchError, Result, SendError};
use crate::message::Message;
use crate::pattern::ability::{Receives, Sends};
use crate::socket::outgoing::{Outgoing, Parts, refused};
use crate::socket::{Core, Socket};
use std::time::{Duration, Instant};

/// Calls that send, and wait where the type does.
impl<K> Socket<K> {
    /// Sends a message: waits while there is no peer to send to or every queue is at its high-water mark, where
    /// the socket type waits at all, at most for `SNDTIMEO`. Without that option, a thread that sends large messages, or a long
    /// stream of others to one peer, may be kept for up to 20 ms although its queue has room: it then writes to the connection
    /// itself, or lets a reader in its process keep up, and the next calls do not wait if that was in vain.
    ///
    /// ```
    /// # use zincmq::{Context, Message, Pull, Push};
    /// # fn main() -> zincmq::Result<()> {
    /// # let context = Context::new();
    /// # let mut pull = Pull::new(&context)?;
    /// # pull.bind("inproc://x")?;
    /// # let mut push = Push::new(&context)?;
    /// # push.connect("inproc://x")?;
    /// push.send("text")?;
    /// push.send(&[1, 2, 3])?;
    /// push.send(["several", "parts"])?;
    /// push.send(vec![0; 1 << 20])?; // not copied
    /// # for _ in 0..4 { pull.recv()?; }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`Error::Timeout`], [`Error::State`], [`Error::Unroutable`], [`Error::Interrupted`], [`Error::Terminated`],
    /// [`Error::InvalidMessage`]; with the message, which has not been sent ([`SendError`]).
    #[inline(always)]
    pub fn send<M: Outgoing>(&mut self, message: M) -> std::result::Result<(), SendError<M::Unsent>>
    where
        K: Sends,
    {
        let message = message.ready();
        let core = self.core_mut();
        let result = core.send_in_time(|core| message.with(|parts| core.try_send(parts)));
        result.map_err(|error| refused::<M>(message, error))
    }

    /// As [`Socket::send`], waiting at most so long, whatever `SNDTIMEO` says.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use zincmq::{Context, Error, Push};
    /// # fn main() -> zincmq::Result<()> {
    /// # let context = Context::new();
    /// let mut push = Push::new(&context)?;
    /// let failed = push.send_timeout(vec![1, 2, 3], Duration::from_millis(10)).unwrap_err();
    /// assert_eq!(failed.error, Error::Timeout);
    /// assert_eq!(failed.message, [1, 2, 3]);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`Socket::send`].
    pub fn send_timeout<M: Outgoing>(
        &mut self,
        message: M,
        timeout: Duration,
    ) -> std::result::Result<(), SendError<M::Unsent>>
    where
        K: Sends,
    {
        let message = message.ready();
        let until = |_: &Core| Instant::now().checked_add(timeout);
        let core = self.core_mut();
        core.peers.patient = false;
        let attempt = |core: &mut Core| message.with(|parts| core.try_send(parts));
        let first = core.begin().and_then(|()| attempt(core));
        let result = first.or_else(|denied| core.go_on(denied, false, until, attempt));
        result.map_err(|error| refused::<M>(message, error))
    }

    /// Sends messages one after the other, as long as that needs no wait, and returns how many; for the first it waits,
    /// as [`Socket::send`] does. No message is taken from `messages` before there is room for it, so the messages left
    /// there have not been sent, and can be the next batch.
    ///
    /// ```
    /// # use zincmq::{Context, Pull, Push, option};
    /// # fn main() -> zincmq::Result<()> {
    /// # let context = Context::new();
    /// # let mut pull = Pull::new(&context)?;
    /// # pull.set(option::RCVHWM, 5)?;
    /// # pull.bind("inproc://batches")?;
    /// # let mut push = Push::new(&context)?;
    /// # push.set(option::SNDHWM, 5)?;
    /// # push.connect("inproc://batches")?;
    /// let mut numbers = (0..25).map(|n| n.to_string());
    /// let mut received = Vec::new();
    /// while push.send_batch(numbers.by_ref())? > 0 {
    ///     pull.recv_batch(&mut received, 10)?;
    /// }
    /// assert_eq!(received.len(), 25);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`Socket::send`], with the number of messages sent before and the message that failed. Where there was room for some, but not for the peers of the one that was taken (ROUTER with `ROUTER_MANDATORY`, PUB and XPUB with
    /// `XPUB_NODROP`, a peer that left at that moment), it waits, and fails when `SNDTIMEO` is over.
    pub fn send_batch<M: Outgoing>(
        &mut self,
        messages: impl IntoIterator<Item = M>,
    ) -> std::result::Result<usize, BatchError<M::Unsent>>
    where
        K: Sends,
    {
        batch(self, messages, |socket| socket.core_mut().would_send(), Self::send)
    }
}

/// What comes of sending a message.
type Sent<M> = std::result::Result<(), SendError<<M as Outgoing>::Unsent>>;

/// Sends with `send` while there is room for one more, at least once.
pub(super) fn batch<S, M: Outgoing>(
    sender: &mut S,
    messages: impl IntoIterator<Item = M>,
    has_room: fn(&mut S) -> bool,
    send: fn(&mut S, M) -> Sent<M>,
) -> std::result::Result<usize, BatchError<M::Unsent>> {
    let mut messages = messages.into_iter();
    let mut sent = 0;
    while (sent == 0 || has_room(sender))
        && let Some(message) = messages.next()
    {
        send(sender, message).map_err(|SendError { error, message }| BatchError { sent, error, message })?;
        sent += 1;
    }
    Ok(sent)
}

/// Calls that receive, and wait.
impl<K> Socket<K> {
    /// Receives a message: waits until there is one, at most for `RCVTIMEO`.
    ///
    /// ```
    /// # use zincmq::{Context, Pull, Push};
    /// # fn main() -> zincmq::Result<()> {
    /// # let context = Context::new();
    /// # let (mut push, mut pull) = (Push::new(&context)?, Pull::new(&context)?);
    /// # push.connect(pull.bind("inproc://x")?)?;
    /// push.send(("a part", "another"))?;
    /// let message = pull.recv()?;
    /// assert_eq!(message.as_slice(), ["a part", "another"]);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`Error::Timeout`], [`Error::State`], [`Error::Interrupted`], [`Error::Terminated`].
    pub fn recv(&mut self) -> Result<Message>
    where
        K: Receives,
    {
        let mut message = Message::new();
        self.recv_into(&mut message)?;
        Ok(message)
    }

    /// As [`Socket::recv`], for a message that is a text: its first part, if it has several.
    ///
    /// ```
    /// # use zincmq::{Context, Pull, Push};
    /// # fn main() -> zincmq::Result<()> {
    /// # let context = Context::new();
    /// # let mut pull = Pull::new(&context)?;
    /// # pull.bind("inproc://x")?;
    /// # let mut push = Push::new(&context)?;
    /// # push.connect("inproc://x")?;
    /// push.send("hello")?;
    /// let text: String = pull.recv_string()?;
    /// assert_eq!(text, "hello");
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`Socket::recv`]; [`Error::Text`] if what was received is not UTF-8.
    pub fn recv_string(&mut self) -> Result<String>
    where
        K: Receives,
    {
        Ok(self.recv()?.into_string()?)
    }

    /// As [`Socket::recv`], into a message whose memory is used again: the fast way to receive many.
    ///
    /// ```
    /// # use zincmq::{Context, Pull, Push, Message};
    /// # fn main() -> zincmq::Result<()> {
    /// # let context = Context::new();
    /// # let (mut push, mut pull) = (Push::new(&context)?, Pull::new(&context)?);
    /// # push.connect(pull.bind("inproc://x")?)?;
    /// # for n in 0..3 { push.send([n])?; }
    /// let mut message = Message::new();
    /// for n in 0..3 {
    ///     pull.recv_into(&mut message)?;
    ///     assert_eq!(message.bytes(), [n]);
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`Socket::recv`]; `message` is empty then.
    #[inline(always)]
    pub fn recv_into(&mut self, message: &mut Message) -> Result<()>
    where
        K: Receives,
    {
        let core = self.core_mut();
        let first = core.begin().and_then(|()| core.try_recv(message));
        core.end_recv(first, message, Err)
    }

    /// As [`Socket::recv`], waiting at most so long, whatever `RCVTIMEO` says.
    ///
    /// ```
    /// # use zincmq::{Context, Pull, Push, Error};
    /// # fn main() -> zincmq::Result<()> {
    /// # let context = Context::new();
    /// # let (mut push, mut pull) = (Push::new(&context)?, Pull::new(&context)?);
    /// # push.connect(pull.bind("inproc://x")?)?;
    /// # use std::time::Duration;
    /// match pull.recv_timeout(Duration::from_millis(10)) {
    ///     Ok(message) => println!("{message:?}"),
    ///     Err(Error::Timeout) => println!("nothing yet"),
    ///     Err(error) => return Err(error),
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`Socket::recv`].
    pub fn recv_timeout(&mut self, timeout: Duration) -> Result<Message>
    where
        K: Receives,
    {
        let mut message = Message::new();
        let until = |_: &Core| Instant::now().checked_add(timeout);
        let core = self.core_mut();
        let first = core.begin().and_then(|()| core.try_recv(&mut message));
        first.or_else(|denied| core.go_on(denied, true, until, |core| core.try_recv(&mut message)))?;
        Ok(message)
    }

    /// Waits for one message, then adds it and all that are there, up to `most`, to `messages`. Returns how
    /// many were added.
    ///
    /// ```
    /// # use zincmq::{Context, Pull, Push};
    /// # fn main() -> zincmq::Result<()> {
    /// # let context = Context::new();
    /// # let (mut push, mut pull) = (Push::new(&context)?, Pull::new(&context)?);
    /// # push.connect(pull.bind("inproc://x")?)?;
    /// # for n in 0..5 { push.send([n])?; }
    /// let mut messages = Vec::new();
    /// while messages.len() < 5 {
    ///     pull.recv_batch(&mut messages, 100)?;
    /// }
    /// assert_eq!(messages[4], [4]);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`Socket::recv`].
    pub fn recv_batch(&mut self, messages: &mut Vec<Message>, most: usize) -> Result<usize>
    where
        K: Receives,
    {
        fill(self, messages, most, Self::recv, Self::try_recv)
    }
}

/// Waits for one message, then takes what is there.
pub(super) fn fill<S>(
    receiver: &mut S,
    messages: &mut Vec<Message>,
    most: usize,
    recv: fn(&mut S) -> Result<Message>,
    try_recv: fn(&mut S) -> Result<Message>,
) -> Result<usize> {
    if most == 0 {
        return Ok(0);
    }
    messages.push(recv(receiver)?);
    let mut received = 1;
    while received < most
        && let Ok(message) = try_recv(receiver)
    {
        messages.push(message);
        received += 1;
    }
    Ok(received)
}
