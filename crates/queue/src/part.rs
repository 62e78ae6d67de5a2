//! One part of an outgoing message, borrowed from its sender.

use crate::common::Common;
use crate::warm;
use bytes::Bytes;
use std::fmt::Debug;
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
    /// Bytes that a reader in this process gets as they are, however few: see [`crate::Writer::serve_process`].
    Kept(&'a dyn Keep),
}

/// Memory that can be shared. That it is may cost something, so it is done only where it must be.
pub trait Keep: AsRef<[u8]> + Debug {
    /// A reference to the memory, which lives as long.
    fn share(&self) -> Bytes;

    /// Whether its owner, who may do anything then, is called when the memory is done with.
    fn calls_back(&self) -> bool {
        true
    }
}

impl Keep for Bytes {
    fn share(&self) -> Bytes {
        self.clone()
    }
}

impl Keep for Common {
    fn share(&self) -> Bytes {
        Bytes::from_owner(self.clone())
    }
}

impl Part<'_> {
    /// The bytes as shared memory: one copy for [`Part::Slice`], none for the others.
    #[must_use]
    pub fn to_bytes(&self) -> Bytes {
        match self {
            Part::Slice(slice) => warm::copy(slice),
            Part::Shared(bytes) => (*bytes).clone(),
            Part::Kept(kept) => kept.share(),
        }
    }

    /// Whether somebody may be called when what [`Part::to_bytes`] gives is done with.
    pub(crate) fn calls_back(&self) -> bool {
        match self {
            Part::Slice(_) => false,
            Part::Shared(_) => true,
            Part::Kept(kept) => kept.calls_back(),
        }
    }

    /// The bytes, if they may be copied. `keeps`: those to be kept may not.
    #[inline(always)]
    pub(crate) fn plain(&self, keeps: bool) -> Option<&[u8]> {
        match self {
            Part::Slice(slice) => Some(slice),
            Part::Shared(bytes) => Some(bytes),
            Part::Kept(_) if keeps => None,
            Part::Kept(kept) => Some((*kept).as_ref()),
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
            Part::Kept(kept) => (*kept).as_ref(),
        }
    }
}
