//! Messages: one or more parts, made from and read as what Rust programs already have.

mod frame;

use bytes::Bytes;
pub use frame::Frame;
pub use queue::PeerInfo;
use std::fmt;
use std::ops::Index;
use std::sync::Arc;

/// A message: a sequence of parts that travels whole or not at all.
///
/// Almost always there is one part, and the message then reads as its bytes (`&message[..]` is not needed:
/// [`Message::as_str`], [`Message::bytes`]); `message[n]` is part `n`.
///
/// ```
/// use zincmq::Message;
/// let message = Message::from(["topic", "body"]);
/// assert_eq!(message.len(), 2);
/// assert_eq!(message[1], "body");
/// assert_eq!(Message::from("hello").as_str().unwrap(), "hello");
/// ```
#[derive(Clone, Default)]
pub struct Message {
    first: Frame,
    rest: Vec<Frame>,
    parts: usize,
    source: Option<Arc<PeerInfo>>,
}

impl Message {
    /// A message without parts, to be filled with [`Message::push`] or by a receive.
    #[must_use]
    pub const fn new() -> Self {
        Self { first: Frame::new(), rest: Vec::new(), parts: 0, source: None }
    }

    /// The number of parts.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.parts
    }

    /// Whether there is no part at all (a message with one empty part is not empty in this sense).
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.parts == 0
    }

    /// The bytes of the first part; empty if there is none.
    #[must_use]
    #[inline]
    pub fn bytes(&self) -> &[u8] {
        if self.parts == 0 { &[] } else { &self.first }
    }

    /// The first part as text.
    ///
    /// # Errors
    /// As [`std::str::from_utf8`].
    pub fn as_str(&self) -> Result<&str, std::str::Utf8Error> {
        std::str::from_utf8(self.bytes())
    }

    /// The parts in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Frame> + DoubleEndedIterator {
        (0..self.parts).map(|at| &self[at])
    }

    /// Adds a part at the end.
    pub fn push(&mut self, part: impl Into<Frame>) {
        *self.slot() = part.into();
    }

    /// Removes all parts, keeping their memory for the next receive.
    #[inline]
    pub fn clear(&mut self) {
        self.parts = 0;
    }

    /// Removes and returns the first part, such as an envelope's routing id.
    pub fn pop_front(&mut self) -> Option<Frame> {
        if self.parts == 0 {
            return None;
        }
        self.rest.truncate(self.parts - 1);
        self.parts -= 1;
        let next = if self.rest.is_empty() { Frame::new() } else { self.rest.remove(0) };
        Some(std::mem::replace(&mut self.first, next))
    }

    /// The single part of the message, or the first of several.
    #[must_use]
    pub fn into_frame(mut self) -> Frame {
        self.pop_front().unwrap_or_default()
    }

    /// One property of the connection that brought this message, such as `Socket-Type`, `Routing-Id`, `Peer-Address` or
    /// an `X-` property. `None` for messages that were not received, came over inproc, or whose connection has no such
    /// property (zmq_msg_gets(3)).
    #[must_use]
    pub fn metadata(&self, name: &str) -> Option<&[u8]> {
        self.source.as_ref()?.get(name)
    }

    /// All that the connection that brought this message said of itself.
    #[must_use]
    #[inline]
    pub fn peer(&self) -> Option<&Arc<PeerInfo>> {
        self.source.as_ref()
    }

    /// Takes the body of part `at` out; an empty one is left in its place.
    pub fn take_part(&mut self, at: usize) -> Option<Frame> {
        let place = match at {
            _ if at >= self.parts => return None,
            0 => &mut self.first,
            _ => self.rest.get_mut(at - 1)?,
        };
        Some(std::mem::take(place))
    }

    /// As [`Message::take_part`], if the memory of the body is not this message's own: shared, or a piece of the buffer
    /// that the network filled.
    #[inline]
    pub fn take_foreign(&mut self, at: usize) -> Option<Frame> {
        if self.own(at).is_some() { None } else { self.take_part(at) }
    }

    /// The bytes of part `at`, if their memory is this message's own. See [`Message::take_foreign`].
    #[must_use]
    #[inline]
    pub fn own(&self, at: usize) -> Option<&[u8]> {
        if at < self.parts { self[at].own() } else { None }
    }

    /// The place for one more part, with whatever memory an earlier message left there.
    #[inline]
    pub(crate) fn slot(&mut self) -> &mut Frame {
        let at = self.parts;
        self.parts += 1;
        if at == 0 {
            return &mut self.first;
        }
        if self.rest.len() < at {
            self.rest.push(Frame::new());
        }
        &mut self.rest[at - 1]
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

    /// As [`Frame::share_large`], for every part.
    pub(crate) fn share_large(&mut self) {
        self.first.share_large();
        self.rest.iter_mut().for_each(Frame::share_large);
    }
}

impl Index<usize> for Message {
    type Output = Frame;

    #[inline]
    fn index(&self, at: usize) -> &Frame {
        assert!(at < self.parts, "part {at} of a message with {} parts", self.parts);
        if at == 0 { &self.first } else { &self.rest[at - 1] }
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl PartialEq for Message {
    fn eq(&self, other: &Self) -> bool {
        self.parts == other.parts && self.iter().zip(other.iter()).all(|(a, b)| **a == **b)
    }
}

impl Eq for Message {}

impl<F: Into<Frame>> FromIterator<F> for Message {
    fn from_iter<I: IntoIterator<Item = F>>(parts: I) -> Self {
        let mut message = Self::new();
        parts.into_iter().for_each(|part| message.push(part));
        message
    }
}

impl<F: Into<Frame>, const N: usize> From<[F; N]> for Message {
    fn from(parts: [F; N]) -> Self {
        parts.into_iter().collect()
    }
}

impl From<Vec<Frame>> for Message {
    fn from(parts: Vec<Frame>) -> Self {
        parts.into_iter().collect()
    }
}

macro_rules! single {
    ($($kind:ty),*) => {$(
        impl From<$kind> for Message {
            fn from(part: $kind) -> Self {
                let mut message = Self::new();
                message.push(part);
                message
            }
        }
    )*};
}

single!(&str, &[u8], String, Vec<u8>, Bytes, Frame);
