//! Where the bytes of a part are.

use bytes::Bytes;
use queue::{Common, Slice};
use std::ops::Deref;

/// Bodies up to this many bytes live in the message itself.
pub(super) const INLINE: usize = 64;

#[derive(Clone)]
pub(super) enum Body {
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
    /// As other subscribers in this process have it.
    Common(Common),
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
            Self::Common(common) => common,
        }
    }
}
