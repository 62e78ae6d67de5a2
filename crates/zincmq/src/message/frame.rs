//! One part of a message.

use super::body::{Body, INLINE};
use bytes::{Bytes, BytesMut};
use queue::warm::Buffer;
use queue::{Common, Part, Slice};
use std::borrow::{Borrow, Cow};
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::string::FromUtf8Error;
use std::sync::Arc;

/// Bodies of this size and more do not fit a segment of the queue, or hardly.
const LARGE: usize = 60 << 10;

/// One part of a message: bytes, held the cheapest way for their size and origin.
///
/// Reads as `&[u8]`. Up to 64 bytes are stored inline; larger ones are owned, shared by reference count, or a
/// piece of the buffer the network filled. It compares, sorts and hashes as its bytes, so that a map may have routing ids
/// as its keys, and be asked with a slice.
///
/// ```
/// use std::collections::HashMap;
/// use zincmq::{Frame, Message};
/// let mut workers = HashMap::from([(Frame::from("worker 7"), "idle")]);
/// let mut message = Message::from(["worker 7", "", "READY"]);
/// let id = message.pop_front().unwrap();
/// assert_eq!(workers.remove(&id), Some("idle"));
/// assert_eq!(workers.get(&b"worker 7"[..]), None);
/// ```
#[derive(Clone)]
pub struct Frame(Body);

impl Frame {
    /// The bytes, if their memory is this frame's own.
    #[inline]
    pub(crate) fn own(&self) -> Option<&[u8]> {
        match &self.0 {
            Body::Inline { len, bytes } => Some(&bytes[..usize::from(*len)]),
            Body::Owned(vec) => Some(vec),
            Body::Shared(_) | Body::Kept(_) | Body::Slice(_) | Body::Common(_) => None,
        }
    }

    /// Lets go of memory that is not this frame's own.
    #[inline]
    pub(crate) fn let_go(&mut self) {
        if !matches!(self.0, Body::Inline { .. } | Body::Owned(_)) {
            self.empty();
        }
    }

    #[cold]
    fn empty(&mut self) {
        *self = Self::new();
    }

    /// An empty part.
    ///
    /// ```
    /// # use zincmq::Frame;
    /// assert_eq!(Frame::new(), "");
    /// ```
    #[must_use]
    pub const fn new() -> Self {
        Self(Body::Inline { len: 0, bytes: [0; INLINE] })
    }

    /// A part that holds a copy of `bytes`.
    ///
    /// ```
    /// # use zincmq::Frame;
    /// assert_eq!(Frame::copy_from(&[1, 2]), [1, 2]);
    /// ```
    #[must_use]
    pub fn copy_from(bytes: &[u8]) -> Self {
        let mut frame = Self::new();
        frame.fill(bytes);
        frame
    }

    /// A part that shares `bytes`, however few, and that a receiver in the same process gets as the same memory: for bytes
    /// that belong to somebody who wants to know when nobody needs them any more ([`Bytes::from_owner`]).
    ///
    /// ```
    /// # use zincmq::Frame;
    /// let bytes = bytes::Bytes::from("few");
    /// let kept = Frame::kept(bytes.clone());
    /// assert_eq!(kept.as_ptr(), bytes.as_ptr());
    /// ```
    #[must_use]
    pub const fn kept(bytes: Bytes) -> Self {
        Self(Body::Kept(bytes))
    }

    /// Replaces the contents by a copy of `bytes`, keeping memory that is already there.
    #[inline]
    pub(crate) fn fill(&mut self, from: &[u8]) {
        match &mut self.0 {
            Body::Inline { len, bytes } if from.len() <= INLINE => {
                *len = from.len() as u8;
                sys::copy_into(from, bytes);
            }
            _ => self.refill(from),
        }
    }

    fn refill(&mut self, from: &[u8]) {
        if let Body::Owned(vec) = &mut self.0 {
            vec.clear();
            vec.extend_from_slice(from);
        } else if from.len() <= INLINE {
            let mut bytes = [0; INLINE];
            sys::copy_into(from, &mut bytes);
            self.0 = Body::Inline { len: from.len() as u8, bytes };
        } else {
            self.0 = Body::Owned(from.to_vec());
        }
    }

    /// A part that holds this very memory, however few bytes: for what may have to be given back.
    pub(crate) fn hold(bytes: Vec<u8>) -> Self {
        Self(Body::Owned(bytes))
    }

    pub(crate) fn from_slice(slice: Slice) -> Self {
        Self(Body::Slice(slice))
    }

    /// The body, if other subscribers have it, too; an empty part stays.
    pub(crate) fn take_common(&mut self) -> Option<Common> {
        match std::mem::take(self) {
            Self(Body::Common(common)) => Some(common),
            other => {
                *self = other;
                None
            }
        }
    }

    pub(crate) fn from_common(common: Common) -> Self {
        Self(Body::Common(common))
    }

    /// The part as text, if it is UTF-8.
    ///
    /// ```
    /// # use zincmq::Frame;
    /// assert_eq!(Frame::from("text").as_str(), Ok("text"));
    /// ```
    ///
    /// # Errors
    /// As [`std::str::from_utf8`].
    pub fn as_str(&self) -> Result<&str, std::str::Utf8Error> {
        std::str::from_utf8(self)
    }

    /// The part as text, if it is UTF-8, without a copy where the part owns its bytes.
    ///
    /// ```
    /// # use zincmq::Frame;
    /// assert_eq!(Frame::from("text").into_string(), Ok("text".to_owned()));
    /// assert_eq!(Frame::from(b"\xff").into_string().unwrap_err().into_bytes(), b"\xff");
    /// ```
    ///
    /// # Errors
    /// As [`String::from_utf8`], with the bytes.
    pub fn into_string(self) -> Result<String, FromUtf8Error> {
        String::from_utf8(self.into_vec())
    }

    /// Whether other messages may share the memory of this part.
    ///
    /// ```
    /// # use zincmq::Frame;
    /// let bytes = bytes::Bytes::from(vec![0; 1000]);
    /// let frame = Frame::from(&bytes);
    /// assert!(frame.is_shared());
    /// drop(bytes);
    /// assert!(!frame.is_shared());
    /// ```
    #[must_use]
    pub fn is_shared(&self) -> bool {
        match &self.0 {
            Body::Shared(bytes) | Body::Kept(bytes) => !bytes.is_unique(),
            Body::Common(common) => common.is_shared(),
            Body::Inline { .. } | Body::Owned(_) | Body::Slice(_) => false,
        }
    }

    /// The bytes, without a copy where the part owns them already.
    ///
    /// ```
    /// # use zincmq::Frame;
    /// assert_eq!(Frame::from("abc").into_vec(), [97, 98, 99]);
    /// ```
    #[must_use]
    pub fn into_vec(self) -> Vec<u8> {
        match self.0 {
            Body::Owned(vec) => vec,
            Body::Shared(bytes) | Body::Kept(bytes) => bytes.into(),
            ref other => other.deref().to_vec(),
        }
    }

    /// The bytes as shared memory, without a copy for parts above 64 bytes.
    ///
    /// ```
    /// # use zincmq::Frame;
    /// assert_eq!(Frame::from("abc").into_bytes(), "abc");
    /// ```
    #[must_use]
    pub fn into_bytes(self) -> Bytes {
        match self.0 {
            Body::Owned(vec) => vec.into(),
            Body::Shared(bytes) | Body::Kept(bytes) => bytes,
            Body::Slice(slice) => Bytes::from_owner(slice),
            Body::Common(common) => Bytes::from_owner(common),
            ref inline @ Body::Inline { .. } => Bytes::copy_from_slice(inline),
        }
    }

    /// The part as the pipe takes it.
    #[inline]
    pub(crate) fn as_part(&self) -> Part<'_> {
        match &self.0 {
            Body::Shared(bytes) => Part::Shared(bytes),
            Body::Kept(bytes) => Part::Kept(bytes),
            other => Part::Slice(other),
        }
    }

    /// As [`Frame::share_large`].
    pub(crate) fn shared(mut self) -> Self {
        self.share_large();
        self
    }

    /// A body too large to be copied into the queue becomes shared, so that it is not copied at all.
    pub(crate) fn share_large(&mut self) {
        if self.len() < LARGE {
            return;
        }
        if let Body::Owned(vec) = &mut self.0 {
            self.0 = Body::Shared(std::mem::take(vec).into());
        } else if let Body::Slice(slice) = &self.0 {
            self.0 = Body::Shared(Bytes::from_owner(slice.clone()));
        } else if let Body::Common(common) = &self.0 {
            self.0 = Body::Shared(Bytes::from_owner(common.clone()));
        }
    }
}

impl Deref for Frame {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl AsRef<[u8]> for Frame {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl Default for Frame {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.escape_ascii())
    }
}

impl<T: AsRef<[u8]> + ?Sized> PartialEq<T> for Frame {
    fn eq(&self, other: &T) -> bool {
        **self == *other.as_ref()
    }
}

impl Eq for Frame {}

impl PartialOrd for Frame {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Frame {
    fn cmp(&self, other: &Self) -> Ordering {
        (**self).cmp(other)
    }
}

impl Hash for Frame {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }
}

impl Borrow<[u8]> for Frame {
    fn borrow(&self) -> &[u8] {
        self
    }
}

/// What is borrowed is copied, but for shared memory.
macro_rules! from {
    ($([$($generic:tt)*] $kind:ty: $make:expr;)+) => {$(
        impl<$($generic)*> From<$kind> for Frame {
            fn from(value: $kind) -> Self {
                let make: fn($kind) -> Self = $make;
                make(value)
            }
        }
    )+};
}

from! {
    [] &[u8]: Self::copy_from;
    [] &Vec<u8>: |bytes| Self::copy_from(bytes);
    [const N: usize] &[u8; N]: |bytes| Self::copy_from(bytes);
    [const N: usize] [u8; N]: |bytes| Self::copy_from(&bytes);
    [] &str: |text| Self::copy_from(text.as_bytes());
    [] &String: |text| Self::copy_from(text.as_bytes());
    [] &Bytes: |bytes| if bytes.len() <= INLINE { Self::copy_from(bytes) } else { bytes.clone().into() };
    [] &Self: Self::clone;
    // What an iterator over borrowed values gives.
    [] &&[u8]: |bytes| Self::copy_from(bytes);
    [const N: usize] &&[u8; N]: |bytes| Self::copy_from(*bytes);
    [] &&str: |text| Self::copy_from(text.as_bytes());
    [] &&Self: |frame| (*frame).clone();
    [] Vec<u8>: |bytes| if bytes.len() <= INLINE { Self::copy_from(&bytes) } else { Self::hold(bytes) };
    [] String: |text| text.into_bytes().into();
    [] Box<[u8]>: |bytes| bytes.into_vec().into();
    [] Box<str>: |text| text.into_string().into();
    [] Bytes: |bytes| if bytes.len() <= INLINE { Self::copy_from(&bytes) } else { Self(Body::Shared(bytes)) };
    [] BytesMut: |bytes| bytes.freeze().into();
    [] Buffer: |buffer| Bytes::from(buffer).into();
    [] Arc<[u8]>: |bytes| if bytes.len() <= INLINE { Self::copy_from(&bytes) } else { Bytes::from_owner(bytes).into() };
    [] Arc<str>: |text| Arc::<[u8]>::from(text).into();
    [] Cow<'_, [u8]>: |bytes| match bytes {
        Cow::Borrowed(bytes) => bytes.into(),
        Cow::Owned(bytes) => bytes.into(),
    };
    [] Cow<'_, str>: |text| match text {
        Cow::Borrowed(text) => text.into(),
        Cow::Owned(text) => text.into(),
    };
}

impl From<Frame> for Vec<u8> {
    fn from(frame: Frame) -> Self {
        frame.into_vec()
    }
}

impl From<Frame> for Bytes {
    fn from(frame: Frame) -> Self {
        frame.into_bytes()
    }
}

impl TryFrom<Frame> for String {
    type Error = FromUtf8Error;

    fn try_from(frame: Frame) -> Result<Self, FromUtf8Error> {
        frame.into_string()
    }
}
