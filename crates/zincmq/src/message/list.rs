//! A message: the list of its parts.

use super::frame::Frame;
use super::frames::Frames;
use queue::PeerInfo;
use std::string::FromUtf8Error;
use std::sync::Arc;

/// A message: a sequence of parts that travels whole or not at all.
///
/// Almost always there is one part, and the message then reads as its bytes ([`Message::as_str`], [`Message::bytes`]).
/// With several it is a list: `message[n]` is part `n`, and [`Message::as_slice`] is there to match on.
///
/// ```
/// use zincmq::Message;
/// let message = Message::from(["topic", "body"]);
/// assert_eq!(message.len(), 2);
/// assert_eq!(message[1], "body");
/// if let [topic, body] = message.as_slice() {
///     assert_eq!((topic.as_str(), body.as_str()), (Ok("topic"), Ok("body")));
/// }
/// assert_eq!(Message::from("hello").as_str(), Ok("hello"));
/// assert_eq!(Message::from("hello"), "hello");
/// ```
pub struct Message {
    /// Those from [`Message::len`] on hold memory for the next message.
    frames: Frames,
    parts: usize,
    source: Option<Arc<PeerInfo>>,
}

impl Message {
    /// A message without parts, to be filled with [`Message::push`] or by a receive.
    ///
    /// ```
    /// # use zincmq::Message;
    /// let mut message = Message::new();
    /// assert!(message.is_empty());
    /// message.push("a part");
    /// assert_eq!(message, "a part");
    /// ```
    #[must_use]
    pub const fn new() -> Self {
        Self { frames: Frames::new(), parts: 0, source: None }
    }

    pub(super) const fn single(part: Frame) -> Self {
        Self { frames: Frames::One(part), parts: 1, source: None }
    }

    /// The number of parts, not of bytes: those of a message of one part are `message.bytes().len()`.
    ///
    /// ```
    /// # use zincmq::Message;
    /// assert_eq!(Message::from("five!").len(), 1);
    /// assert_eq!(Message::from("five!").bytes().len(), 5);
    /// ```
    #[must_use]
    pub const fn len(&self) -> usize {
        self.parts
    }

    /// Whether there is no part at all (a message with one empty part is not empty in this sense).
    ///
    /// ```
    /// # use zincmq::Message;
    /// assert!(Message::new().is_empty());
    /// assert!(!Message::from("").is_empty());
    /// ```
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.parts == 0
    }

    /// The bytes of the first part; empty if there is none.
    ///
    /// ```
    /// # use zincmq::Message;
    /// assert_eq!(Message::from("hello").bytes(), b"hello");
    /// assert_eq!(Message::from(["topic", "body"]).bytes(), b"topic");
    /// ```
    #[must_use]
    #[inline]
    pub fn bytes(&self) -> &[u8] {
        self.first().map_or(&[], |first| first)
    }

    /// The first part as text.
    ///
    /// ```
    /// # use zincmq::Message;
    /// assert_eq!(Message::from("hello").as_str(), Ok("hello"));
    /// assert!(Message::from(b"\xff").as_str().is_err());
    /// ```
    ///
    /// # Errors
    /// As [`std::str::from_utf8`].
    pub fn as_str(&self) -> Result<&str, std::str::Utf8Error> {
        std::str::from_utf8(self.bytes())
    }

    /// The first part as text of its own; the others are dropped.
    ///
    /// ```
    /// # use zincmq::Message;
    /// assert_eq!(Message::from("hello").into_string(), Ok("hello".to_owned()));
    /// ```
    ///
    /// # Errors
    /// As [`String::from_utf8`], with the bytes.
    pub fn into_string(self) -> Result<String, FromUtf8Error> {
        self.into_frame().into_string()
    }

    /// The parts, to match on.
    ///
    /// ```
    /// # use zincmq::Message;
    /// let message = Message::from(["client", "", "GET", "/"]);
    /// match message.as_slice() {
    ///     [client, empty, request @ ..] if empty.is_empty() => {
    ///         assert_eq!(client, "client");
    ///         assert_eq!(request, ["GET", "/"]);
    ///     }
    ///     _ => unreachable!(),
    /// }
    /// ```
    #[must_use]
    #[inline]
    pub fn as_slice(&self) -> &[Frame] {
        &self.frames.as_slice()[..self.parts]
    }

    /// The parts, to be changed.
    ///
    /// ```
    /// # use zincmq::Message;
    /// let mut message = Message::from(["a", "b"]);
    /// message.as_mut_slice().reverse();
    /// assert_eq!(message.as_slice(), ["b", "a"]);
    /// ```
    #[must_use]
    #[inline]
    pub fn as_mut_slice(&mut self) -> &mut [Frame] {
        &mut self.frames.as_mut_slice()[..self.parts]
    }

    /// The parts in order.
    ///
    /// ```
    /// # use zincmq::Message;
    /// let message = Message::from(["a", "bc"]);
    /// assert_eq!(message.iter().map(|part| part.len()).sum::<usize>(), 3);
    /// ```
    pub fn iter(&self) -> std::slice::Iter<'_, Frame> {
        self.as_slice().iter()
    }

    /// Part `at`, if there are so many. (`message[at]` panics if not.)
    ///
    /// ```
    /// # use zincmq::Message;
    /// let message = Message::from(["a", "b"]);
    /// assert_eq!(message.get(1).unwrap(), "b");
    /// assert_eq!(message.get(2), None);
    /// ```
    #[must_use]
    #[inline]
    pub fn get(&self, at: usize) -> Option<&Frame> {
        self.as_slice().get(at)
    }

    /// The first part.
    ///
    /// ```
    /// # use zincmq::Message;
    /// assert_eq!(Message::from(["a", "b"]).first().unwrap(), "a");
    /// assert_eq!(Message::new().first(), None);
    /// ```
    #[must_use]
    #[inline]
    pub fn first(&self) -> Option<&Frame> {
        self.as_slice().first()
    }

    /// The last part, such as the body behind an envelope.
    ///
    /// ```
    /// # use zincmq::Message;
    /// assert_eq!(Message::from(["id", "", "body"]).last().unwrap(), "body");
    /// ```
    #[must_use]
    pub fn last(&self) -> Option<&Frame> {
        self.as_slice().last()
    }

    /// Adds a part at the end.
    ///
    /// ```
    /// # use zincmq::Message;
    /// let mut message = Message::from("topic");
    /// message.push(vec![1, 2, 3]);
    /// assert_eq!(message[1], [1, 2, 3]);
    /// ```
    pub fn push(&mut self, part: impl Into<Frame>) {
        *self.slot() = part.into();
    }

    /// Adds a part in front, such as the routing id of the peer to send to.
    ///
    /// ```
    /// # use zincmq::Message;
    /// let mut reply = Message::from("reply");
    /// reply.push_front("");
    /// reply.push_front("client");
    /// assert_eq!(reply.as_slice(), ["client", "", "reply"]);
    /// ```
    pub fn push_front(&mut self, part: impl Into<Frame>) {
        self.push(part);
        self.as_mut_slice().rotate_right(1);
    }

    /// Removes and returns the first part, such as an envelope's routing id.
    ///
    /// ```
    /// # use zincmq::Message;
    /// let mut message = Message::from(["client", "body"]);
    /// assert_eq!(message.pop_front().unwrap(), "client");
    /// assert_eq!(message, "body");
    /// ```
    pub fn pop_front(&mut self) -> Option<Frame> {
        self.parts = self.parts.checked_sub(1)?;
        Some(self.frames.remove(0))
    }

    /// Removes and returns the first parts, as many as are asked for, such as an envelope; none if there are not so many.
    ///
    /// ```
    /// # use zincmq::Message;
    /// let mut message = Message::from(["client", "", "GET", "/"]);
    /// let Some([client, _]) = message.pop_front_parts() else { unreachable!() };
    /// assert_eq!(client, "client");
    /// assert_eq!(message.as_slice(), ["GET", "/"]);
    /// assert!(message.pop_front_parts::<3>().is_none());
    /// ```
    pub fn pop_front_parts<const N: usize>(&mut self) -> Option<[Frame; N]> {
        let first = self.as_mut_slice().first_chunk_mut::<N>()?.each_mut().map(std::mem::take);
        self.as_mut_slice().rotate_left(N);
        self.parts -= N;
        Some(first)
    }

    /// Removes and returns the last part.
    ///
    /// ```
    /// # use zincmq::Message;
    /// let mut message = Message::from(["client", "body"]);
    /// assert_eq!(message.pop().unwrap(), "body");
    /// assert_eq!(message.len(), 1);
    /// ```
    pub fn pop(&mut self) -> Option<Frame> {
        self.parts = self.parts.checked_sub(1)?;
        Some(self.frames.remove(self.parts))
    }

    /// Cuts the message: the parts from `at` on are removed and returned. There are none beyond the end.
    ///
    /// ```
    /// # use zincmq::Message;
    /// let mut envelope = Message::from(["client", "", "request", "body"]);
    /// let request = envelope.split_off(2);
    /// assert_eq!(envelope.as_slice(), ["client", ""]);
    /// assert_eq!(request.as_slice(), ["request", "body"]);
    /// assert!(envelope.split_off(9).is_empty());
    /// ```
    #[must_use]
    pub fn split_off(&mut self, at: usize) -> Self {
        let at = at.min(self.parts);
        let mut rest: Self = self.as_mut_slice()[at..].iter_mut().map(std::mem::take).collect();
        rest.source.clone_from(&self.source);
        self.parts = at;
        rest
    }

    /// Removes all parts, keeping their memory for the next receive.
    ///
    /// ```
    /// # use zincmq::Message;
    /// let mut message = Message::from(["a", "b"]);
    /// message.clear();
    /// assert!(message.is_empty());
    /// ```
    #[inline]
    pub fn clear(&mut self) {
        self.parts = 0;
    }

    /// The single part of the message, or the first of several; empty if there is none.
    ///
    /// ```
    /// # use zincmq::Message;
    /// assert_eq!(Message::from("body").into_frame().into_vec(), b"body");
    /// ```
    #[must_use]
    pub fn into_frame(mut self) -> Frame {
        self.pop_front().unwrap_or_default()
    }

    /// One property of the connection that brought this message, such as `Socket-Type`, `Routing-Id`, `Peer-Address` or
    /// an `X-` property. `None` for messages that were not received, came over inproc, or whose connection has no such
    /// property (zmq_msg_gets(3)).
    ///
    /// ```
    /// # use zincmq::{Context, Pull, Push};
    /// # fn main() -> zincmq::Result<()> {
    /// # let context = Context::new();
    /// let mut pull = Pull::new(&context)?;
    /// let mut push = Push::new(&context)?;
    /// push.connect(&pull.bind("tcp://127.0.0.1:*")?)?;
    /// push.send("hello")?;
    /// assert_eq!(pull.recv()?.metadata("Socket-Type"), Some(&b"PUSH"[..]));
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn metadata(&self, name: &str) -> Option<&[u8]> {
        self.source.as_ref()?.get(name)
    }

    /// All that the connection that brought this message said of itself.
    ///
    /// ```
    /// # use zincmq::Message;
    /// assert!(Message::from("was not received").peer().is_none());
    /// ```
    #[must_use]
    #[inline]
    pub fn peer(&self) -> Option<&Arc<PeerInfo>> {
        self.source.as_ref()
    }

    /// Takes the body of part `at` out; an empty one is left in its place.
    ///
    /// ```
    /// # use zincmq::Message;
    /// let mut message = Message::from(["a", "b"]);
    /// assert_eq!(message.take_part(1).unwrap(), "b");
    /// assert_eq!(message.as_slice(), ["a", ""]);
    /// ```
    pub fn take_part(&mut self, at: usize) -> Option<Frame> {
        self.as_mut_slice().get_mut(at).map(std::mem::take)
    }

    /// The bytes of part `at`, if their memory is this message's own.
    #[inline]
    pub(crate) fn own(&self, at: usize) -> Option<&[u8]> {
        if at < self.parts { self.frames.get(at)?.own() } else { None }
    }

    /// As [`Message::take_part`], if the memory of the body is not this message's own: shared, or a piece of the buffer
    /// that the network filled.
    #[inline]
    pub(crate) fn take_foreign(&mut self, at: usize) -> Option<Frame> {
        if self.get(at).is_some_and(|part| part.own().is_none()) { self.take_part(at) } else { None }
    }

    /// Lets go of memory that is not this message's own, of parts removed as well: its owner may be called.
    #[inline]
    pub(crate) fn let_go(&mut self) {
        match &mut self.frames {
            Frames::One(frame) => frame.let_go(),
            Frames::Many(frames) => let_all_go(frames),
        }
    }

    /// The place for one more part, with whatever memory an earlier message left there.
    #[inline]
    pub(crate) fn slot(&mut self) -> &mut Frame {
        self.parts += 1;
        self.frames.place(self.parts - 1)
    }

    /// Remembers the connection; costs nothing when it is the same as before.
    #[inline]
    pub(crate) fn set_source(&mut self, source: Option<&Arc<PeerInfo>>) {
        let same = match (&self.source, source) {
            (Some(old), Some(new)) => Arc::ptr_eq(old, new),
            (None, None) => true,
            _ => false,
        };
        if !same {
            self.source = source.cloned();
        }
    }

    /// As [`Message::share_large`].
    pub(crate) fn shared(mut self) -> Self {
        self.share_large();
        self
    }

    /// As [`Frame::share_large`], for every part.
    pub(crate) fn share_large(&mut self) {
        self.as_mut_slice().iter_mut().for_each(Frame::share_large);
    }
}

#[cold]
fn let_all_go(frames: &mut [Frame]) {
    frames.iter_mut().for_each(Frame::let_go);
}
