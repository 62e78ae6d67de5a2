//! One part of a message.

use bytes::Bytes;
use queue::{Part, Slice};
use std::fmt;
use std::ops::Deref;

/// Bodies up to this many bytes live in the message itself.
const INLINE: usize = 64;
/// Bodies of this size and more do not fit a segment of the queue, or hardly.
const LARGE: usize = 60 << 10;

/// One part of a message: bytes, held the cheapest way for their size and origin.
///
/// Reads as `&[u8]`. Up to 64 bytes are stored inline; larger ones are owned, shared by reference count, or a
/// piece of the buffer the network filled.
#[derive(Clone)]
pub struct Frame(Body);

#[derive(Clone)]
enum Body {
    Inline {
        len: u8,
        bytes: [u8; INLINE],
    },
    Owned(Vec<u8>),
    Shared(Bytes),
    /// Shared, and over inproc passed on as it is.
    Kept(Bytes),
    /// Still where the network put it.
    Slice(Slice),
}

impl Frame {
    /// The bytes, if their memory is this frame's own.
    #[inline]
    pub(super) fn own(&self) -> Option<&[u8]> {
        match &self.0 {
            Body::Inline { len, bytes } => Some(&bytes[..usize::from(*len)]),
            Body::Owned(vec) => Some(vec),
            Body::Shared(_) | Body::Kept(_) | Body::Slice(_) => None,
        }
    }

    /// An empty part.
    #[must_use]
    pub const fn new() -> Self {
        Self(Body::Inline { len: 0, bytes: [0; INLINE] })
    }

    /// A part that holds a copy of `bytes`.
    #[must_use]
    pub fn copy_from(bytes: &[u8]) -> Self {
        let mut frame = Self::new();
        frame.fill(bytes);
        frame
    }

    /// A part that shares `bytes`, however few, and that a receiver in the same process gets as the same memory: for bytes
    /// that belong to somebody who wants to know when nobody needs them any more ([`Bytes::from_owner`]).
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

    pub(crate) fn from_slice(slice: Slice) -> Self {
        Self(Body::Slice(slice))
    }

    /// The part as text, if it is UTF-8.
    ///
    /// # Errors
    /// As [`std::str::from_utf8`].
    pub fn as_str(&self) -> Result<&str, std::str::Utf8Error> {
        std::str::from_utf8(self)
    }

    /// Whether other messages may share the memory of this part.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        matches!(&self.0, Body::Shared(bytes) | Body::Kept(bytes) if !bytes.is_unique())
    }

    /// The bytes, without a copy where the part owns them already.
    #[must_use]
    pub fn into_vec(self) -> Vec<u8> {
        match self.0 {
            Body::Owned(vec) => vec,
            Body::Shared(bytes) | Body::Kept(bytes) => bytes.into(),
            ref other => other.deref().to_vec(),
        }
    }

    /// The bytes as shared memory, without a copy for parts above 64 bytes.
    #[must_use]
    pub fn into_bytes(self) -> Bytes {
        match self.0 {
            Body::Owned(vec) => vec.into(),
            Body::Shared(bytes) | Body::Kept(bytes) => bytes,
            Body::Slice(slice) => Bytes::from_owner(slice),
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

    /// A body too large to be copied into the queue becomes shared, so that it is not copied at all.
    pub(crate) fn share_large(&mut self) {
        if self.len() < LARGE {
            return;
        }
        if let Body::Owned(vec) = &mut self.0 {
            self.0 = Body::Shared(std::mem::take(vec).into());
        } else if let Body::Slice(slice) = &self.0 {
            self.0 = Body::Shared(Bytes::from_owner(slice.clone()));
        }
    }
}

impl Deref for Body {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        match self {
            Self::Inline { len, bytes } => &bytes[..usize::from(*len)],
            Self::Owned(vec) => vec,
            Self::Shared(bytes) | Self::Kept(bytes) => bytes,
            Self::Slice(slice) => slice,
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

impl From<&[u8]> for Frame {
    fn from(bytes: &[u8]) -> Self {
        Self::copy_from(bytes)
    }
}

impl<const N: usize> From<&[u8; N]> for Frame {
    fn from(bytes: &[u8; N]) -> Self {
        Self::copy_from(bytes)
    }
}

impl From<&str> for Frame {
    fn from(text: &str) -> Self {
        Self::copy_from(text.as_bytes())
    }
}

impl From<Vec<u8>> for Frame {
    fn from(vec: Vec<u8>) -> Self {
        if vec.len() <= INLINE { Self::copy_from(&vec) } else { Self(Body::Owned(vec)) }
    }
}

impl From<String> for Frame {
    fn from(text: String) -> Self {
        text.into_bytes().into()
    }
}

impl From<Bytes> for Frame {
    fn from(bytes: Bytes) -> Self {
        if bytes.len() <= INLINE { Self::copy_from(&bytes) } else { Self(Body::Shared(bytes)) }
    }
}
