//! What a message is made from and taken apart into, and what it is compared with.

use super::frame::Frame;
use super::list::Message;
use bytes::{Bytes, BytesMut};
use std::borrow::Cow;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::iter::FusedIterator;
use std::ops::{Index, IndexMut, Range};
use std::slice::SliceIndex;
use std::sync::Arc;

impl Default for Message {
    fn default() -> Self {
        Self::new()
    }
}

impl Clone for Message {
    fn clone(&self) -> Self {
        let mut clone: Self = self.iter().collect();
        clone.set_source(self.peer());
        clone
    }
}

impl<I: SliceIndex<[Frame]>> Index<I> for Message {
    type Output = I::Output;

    #[inline]
    fn index(&self, at: I) -> &I::Output {
        &self.as_slice()[at]
    }
}

impl<I: SliceIndex<[Frame]>> IndexMut<I> for Message {
    #[inline]
    fn index_mut(&mut self, at: I) -> &mut I::Output {
        &mut self.as_mut_slice()[at]
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self).finish()
    }
}

impl PartialEq for Message {
    fn eq(&self, other: &Self) -> bool {
        self.as_slice() == other.as_slice()
    }
}

/// A message equals bytes or text if it is one part of these bytes.
impl<T: AsRef<[u8]> + ?Sized> PartialEq<T> for Message {
    fn eq(&self, other: &T) -> bool {
        matches!(self.as_slice(), [only] if only == other.as_ref())
    }
}

impl Eq for Message {}

impl Hash for Message {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_slice().hash(state);
    }
}

impl AsRef<[Frame]> for Message {
    fn as_ref(&self) -> &[Frame] {
        self.as_slice()
    }
}

impl<F: Into<Frame>> Extend<F> for Message {
    fn extend<I: IntoIterator<Item = F>>(&mut self, parts: I) {
        parts.into_iter().for_each(|part| self.push(part));
    }
}

impl<F: Into<Frame>> FromIterator<F> for Message {
    fn from_iter<I: IntoIterator<Item = F>>(parts: I) -> Self {
        let mut message = Self::new();
        message.extend(parts);
        message
    }
}

impl<'a> IntoIterator for &'a Message {
    type Item = &'a Frame;
    type IntoIter = std::slice::Iter<'a, Frame>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl IntoIterator for Message {
    type Item = Frame;
    type IntoIter = MessageIntoIter;

    fn into_iter(self) -> MessageIntoIter {
        MessageIntoIter { left: 0..self.len(), message: self }
    }
}

/// The parts of a message, one after the other.
#[derive(Debug)]
pub struct MessageIntoIter {
    message: Message,
    left: Range<usize>,
}

impl Iterator for MessageIntoIter {
    type Item = Frame;

    fn next(&mut self) -> Option<Frame> {
        self.left.next().and_then(|at| self.message.take_part(at))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.left.size_hint()
    }
}

impl DoubleEndedIterator for MessageIntoIter {
    fn next_back(&mut self) -> Option<Frame> {
        self.left.next_back().and_then(|at| self.message.take_part(at))
    }
}

impl ExactSizeIterator for MessageIntoIter {}
impl FusedIterator for MessageIntoIter {}

/// A message has another number of parts than was asked for. It comes back.
///
/// ```
/// use zincmq::{Frame, Message};
/// let message = Message::from(["client", "", "body"]);
/// let [client, _, body]: [Frame; 3] = message.clone().try_into().unwrap();
/// assert_eq!((client.as_str(), body.as_str()), (Ok("client"), Ok("body")));
///
/// let refused = <[Frame; 2]>::try_from(message.clone()).unwrap_err();
/// assert_eq!(refused.to_string(), "a message of 3 parts, not 2");
/// assert_eq!(refused.message, message);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a message of {} parts, not {wanted}", message.len())]
#[non_exhaustive]
pub struct PartsError {
    /// The message.
    pub message: Message,
    /// The number of parts asked for.
    pub wanted: usize,
}

impl<const N: usize> TryFrom<Message> for [Frame; N] {
    type Error = PartsError;

    fn try_from(message: Message) -> Result<Self, PartsError> {
        if message.len() != N {
            return Err(PartsError { message, wanted: N });
        }
        let mut parts = message.into_iter();
        Ok(std::array::from_fn(|_| parts.next().unwrap_or_default()))
    }
}

impl From<Message> for Vec<Frame> {
    fn from(message: Message) -> Self {
        message.into_iter().collect()
    }
}

impl<F: Into<Frame>, const N: usize> From<[F; N]> for Message {
    fn from(parts: [F; N]) -> Self {
        parts.into_iter().collect()
    }
}

impl<'a, F, const N: usize> From<&'a [F; N]> for Message
where
    &'a F: Into<Frame>,
{
    fn from(parts: &'a [F; N]) -> Self {
        parts.iter().collect()
    }
}

impl<'a, F> From<&'a [F]> for Message
where
    &'a F: Into<Frame>,
{
    fn from(parts: &'a [F]) -> Self {
        parts.iter().collect()
    }
}

impl<F: Into<Frame>> From<Vec<F>> for Message {
    fn from(parts: Vec<F>) -> Self {
        parts.into_iter().collect()
    }
}

impl<'a, F> From<&'a Vec<F>> for Message
where
    &'a F: Into<Frame>,
{
    fn from(parts: &'a Vec<F>) -> Self {
        parts.iter().collect()
    }
}

/// What a tuple may have at a place: a part, or the parts of another message.
///
/// ```
/// use zincmq::Message;
/// let request = Message::from(["GET", "/"]);
/// let message = Message::from(("worker", "", &request, 42_u32.to_be_bytes()));
/// assert_eq!(message.len(), 5);
/// assert_eq!(message[..4], ["worker", "", "GET", "/"]);
/// ```
#[diagnostic::on_unimplemented(
    message = "a `{Self}` is no part of a message",
    note = "bytes and text are, a `Frame`, and a `Message` or a slice of `Frame`s with all their parts"
)]
pub trait IntoParts {
    /// Adds the part, or parts, to a message.
    fn add_to(self, message: &mut Message);
}

#[diagnostic::do_not_recommend]
impl<F: Into<Frame>> IntoParts for F {
    fn add_to(self, message: &mut Message) {
        message.push(self);
    }
}

macro_rules! lists {
    ($($list:ty)+) => {$(
        impl IntoParts for $list {
            fn add_to(self, message: &mut Message) {
                message.extend(self);
            }
        }
    )+};
}

lists!(Message & Message & [Frame]);

macro_rules! tuples {
    ($(($($part:ident)+))+) => {$(
        impl<$($part: IntoParts),+> From<($($part,)+)> for Message {
            #[allow(non_snake_case, reason = "a part goes by the name of its type")]
            fn from(($($part,)+): ($($part,)+)) -> Self {
                let mut message = Self::new();
                $($part.add_to(&mut message);)+
                message
            }
        }
    )+};
}

tuples!((A)(A B)(A B C)(A B C D)(A B C D E)(A B C D E F)(A B C D E F G)(A B C D E F G H));

macro_rules! single {
    ($([$($generic:tt)*] $kind:ty;)+) => {$(
        impl<$($generic)*> From<$kind> for Message {
            fn from(part: $kind) -> Self {
                Self::single(part.into())
            }
        }
    )+};
}

single! {
    [] &str;
    [] &String;
    [] &[u8];
    [] &Vec<u8>;
    [const N: usize] &[u8; N];
    [] &Bytes;
    [] &Frame;
    [] String;
    [] Vec<u8>;
    [const N: usize] [u8; N];
    [] Bytes;
    [] BytesMut;
    [] Box<[u8]>;
    [] Box<str>;
    [] Arc<[u8]>;
    [] Arc<str>;
    [] Cow<'_, [u8]>;
    [] Cow<'_, str>;
    [] Frame;
}
