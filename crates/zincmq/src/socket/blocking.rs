//! Waiting as a thread.

use crate::error::{BatchError, Error, Result, SendError};
use crate::message::Message;
use crate::pattern::ability::{Receives, Sends};
use crate::pattern::contract::Denied;
use crate::socket::outgoing::{Outgoing, Parts, refused};
use crate::socket::streaming::end_streams_of_thread;
use crate::socket::{Core, Socket};
use std::time::{Duration, Instant};

/// The moment at which a timeout option ends a wait; `None`: never.
pub(super) fn deadline(timeout: i32) -> Option<Instant> {
    u64::try_from(timeout).ok().and_then(|timeout| Instant::now().checked_add(Duration::from_millis(timeout)))
}

impl Core {
    /// Waits for a change. `Err`: the time is over, or the context.
    fn wait(&mut self, until: Option<Instant>, receives: bool) -> Result<()> {
        if self.is_stopped() {
            return Err(Error::Terminated);
        }
        self.heed_interrupt()?;
        if until.is_some_and(|until| Instant::now() >= until) {
            self.peers.end_streams();
            return Err(Error::Timeout);
        }
        if self.is_unsettled() {
            return Ok(());
        }
        if !receives && self.peers.write_streams() {
            return Ok(());
        }
        end_streams_of_thread();
        if receives && let Some(result) = self.listen(until) {
            return result;
        }
        let inbox = self.owner.inbox.clone();
        let spin = self.spin_time(until);
        if self.waiting.spin.look_and_yield(spin, || inbox.is_pending()) {
            return Ok(());
        }
        inbox.signal().arm_thread();
        if inbox.is_pending() {
            inbox.signal().disarm();
            return Ok(());
        }
        let undisturbed = inbox.signal().sleep(until);
        if undisturbed || !self.waiting.interruptible { Ok(()) } else { Err(Error::Interrupted) }
    }

    /// Tries to send until the attempt is not denied for now, as long as `SNDTIMEO` allows.
    /// How long a wait looks awake in any case: as `SPIN` says, and not past its end.
    pub(super) fn spin_time(&self, until: Option<Instant>) -> Duration {
        let spin = self.peers.options.spin_time();
        match until {
            Some(until) if !spin.is_zero() => spin.min(until.saturating_duration_since(Instant::now())),
            _ => spin,
        }
    }

    #[inline(always)]
    pub(crate) fn send_in_time(
        &mut self,
        attempt: impl FnMut(&mut Self) -> std::result::Result<(), Denied>,
    ) -> Result<()> {
        self.peers.may_wait = self.peers.options.sndtimeo < 0;
        let result = self.block(false, |core| deadline(core.peers.options.sndtimeo), attempt);
        self.peers.may_wait = false;
        if self.peers.large.is_some() {
            self.write_large();
        }
        result
    }

    /// Writes the large message that was queued.
    #[cold]
    fn write_large(&mut self) {
        if let Some(large) = self.peers.large.take() {
            let written = large.write();
            self.peers.end_large(&large, written);
        }
    }

    /// Tries until the attempt is not denied for now, or the moment has come that `until` gives; `None`: no limit.
    #[inline(always)]
    fn block(
        &mut self,
        receives: bool,
        until: impl FnOnce(&Self) -> Option<Instant>,
        mut attempt: impl FnMut(&mut Self) -> std::result::Result<(), Denied>,
    ) -> Result<()> {
        self.heed_interrupt()?;
        if !receives {
            self.peers.patient = false;
        }
        match attempt(self) {
            Ok(()) => Ok(()),
            Err(Denied::Again) => self.keep_trying(receives, until(self), attempt),
            Err(denied) => Err(self.refusal(denied)),
        }
    }

    /// After a first attempt that was denied for now.
    #[cold]
    fn keep_trying(
        &mut self,
        receives: bool,
        until: Option<Instant>,
        mut attempt: impl FnMut(&mut Self) -> std::result::Result<(), Denied>,
    ) -> Result<()> {
        self.peers.patient = self.waiting.spin.is_worth_it();
        let result = loop {
            if let Err(error) = self.wait(until, receives) {
                // The time may have been over before the wait, and a message there.
                let missed = receives && matches!(error, Error::Timeout) && self.read_missed();
                break if missed && attempt(self).is_ok() { Ok(()) } else { Err(error) };
            }
            match attempt(self) {
                Ok(()) => break Ok(()),
                Err(Denied::Again) => {}
                Err(denied) => break Err(self.refusal(denied)),
            }
        };
        // A thread that waits in calls goes on so: the next call need not find out anew. With several peers it would
        // look for one while another has something.
        self.peers.patient =
            receives && result.is_ok() && self.peers.count() == 1 && self.waiting.spin.is_worth_it();
        self.keep_watch();
        result
    }

    /// After the context's end, that; otherwise what the pattern denied.
    #[cold]
    pub(crate) fn refusal(&self, denied: Denied) -> Error {
        if self.is_stopped() { Error::Terminated } else { Error::denied(denied, self.name()) }
    }
}

/// Calls that send, and wait where the type does.
impl<K> Socket<K> {
    /// Sends a message: waits while there is no peer to send to or every queue is at its high-water mark, where
    /// the socket type waits at all, at most for `SNDTIMEO`.
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
        let result = self.core_mut().block(false, until, |core| message.with(|parts| core.try_send(parts)));
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
    #[inline]
    pub fn recv_into(&mut self, message: &mut Message) -> Result<()>
    where
        K: Receives,
    {
        let until = |core: &Core| deadline(core.peers.options.rcvtimeo);
        self.core_mut().block(true, until, |core| {
            // What is waited for may come into the memory of the message before, which is warm.
            core.try_recv(message).inspect_err(|_| message.let_go())
        })
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
        self.core_mut().block(true, until, |core| core.try_recv(&mut message))?;
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
