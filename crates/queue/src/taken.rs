//! Frames as a reader takes them.

use crate::common::Common;
use crate::header::Kind;
use crate::segment::Slice;
use bytes::Bytes;

/// The body of a frame that was taken.
#[derive(Debug)]
pub enum Body<'a> {
    /// Small: to be copied out before the next call.
    Copy(&'a [u8]),
    /// A good part of its segment, which it keeps alive.
    Slice(Slice),
    /// By reference since it was sent.
    Shared(Bytes),
    /// As other readers have it.
    Common(Common),
}

impl AsRef<[u8]> for Body<'_> {
    fn as_ref(&self) -> &[u8] {
        match self {
            Self::Copy(bytes) => bytes,
            Self::Slice(slice) => slice,
            Self::Shared(bytes) => bytes,
            Self::Common(common) => common,
        }
    }
}

/// One frame that was taken.
#[derive(Debug)]
pub struct Taken<'a> {
    /// The kind of the frame.
    pub kind: Kind,
    /// Whether more parts of the same message follow.
    pub more: bool,
    /// Its body.
    pub body: Body<'a>,
}
