//! One part of an outgoing message, borrowed from whoever sends it.

use bytes::Bytes;
use std::ops::Deref;

/// One part of an outgoing message.
///
/// Nothing is taken from the sender: a part that fits a segment is copied into it, a larger [`Part::Shared`]
/// is shared by reference count, a larger [`Part::Slice`] is copied once into memory of its own. So a send
/// that fails leaves the message whole.
#[derive(Clone, Copy, Debug)]
pub enum Part<'a> {
    /// Plain bytes.
    Slice(&'a [u8]),
    /// Reference-counted bytes, which a large message shares instead of copying.
    Shared(&'a Bytes),
}

impl Part<'_> {
    /// The bytes as shared memory: free for [`Part::Shared`], one copy for [`Part::Slice`].
    #[must_use]
    pub fn to_bytes(&self) -> Bytes {
        match self {
            Part::Slice(slice) => Bytes::copy_from_slice(slice),
            Part::Shared(bytes) => (*bytes).clone(),
        }
    }
}

impl Deref for Part<'_> {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        match self {
            Part::Slice(slice) => slice,
            Part::Shared(bytes) => bytes,
        }
    }
}
