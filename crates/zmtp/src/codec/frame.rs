//! Frames of ZMTP 2.0 to 3.1: a flags byte, the body's size in one byte or eight, the body.
//!
//! The hot path: nothing here allocates or keeps state, and the short form takes one branch.
//! Source: RFC 15, RFC 37 "Framing".

use std::ops::BitOr;

use crate::error::Error;

/// The most bytes a header takes.
pub const MAX_HEADER: usize = 9;

/// The flags byte of a frame. Reserved bits are kept and ignored, as libzmq does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Flags(pub u8);

impl Flags {
    /// The last frame of a message.
    pub const LAST: Self = Self(0);
    /// Another frame of the same message follows.
    pub const MORE: Self = Self(1);
    /// The size takes eight bytes. The encoders set it by themselves.
    pub const LONG: Self = Self(2);
    /// The body is a command, not part of a message (from 3.0 on).
    pub const COMMAND: Self = Self(4);

    /// Whether all bits of `other` are set.
    #[inline]
    #[must_use]
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

impl BitOr for Flags {
    type Output = Self;

    #[inline]
    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// A frame's header, as it stands before the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The flags byte.
    pub flags: Flags,
    /// Bytes this header takes: 2 or 9 (ZMTP 1.0: 2 or 10).
    pub header_len: usize,
    /// Bytes of the body, as announced by the peer: see [`check`] before believing it.
    pub size: u64,
}

/// The header at the start of `bytes`, or `None` while it is not complete. Any bytes are a valid header.
#[inline]
#[must_use]
pub fn decode_header(bytes: &[u8]) -> Option<Header> {
    let (&[flags, size], _) = bytes.split_first_chunk::<2>()?;
    let flags = Flags(flags);
    if flags.has(Flags::LONG) {
        let (_, size) = bytes.first_chunk::<MAX_HEADER>()?.split_last_chunk::<8>()?;
        return Some(Header { flags, header_len: 9, size: u64::from_be_bytes(*size) });
    }
    Some(Header { flags, header_len: 2, size: u64::from(size) })
}

/// Writes a header and returns its length, 2 or 9. [`Flags::LONG`] follows from `size` alone.
#[inline]
pub fn encode_header(flags: Flags, size: u64, header: &mut [u8; MAX_HEADER]) -> usize {
    let flags = flags.0 & !Flags::LONG.0;
    if let Ok(size) = u8::try_from(size) {
        header[0] = flags;
        header[1] = size;
        return 2;
    }
    header[0] = flags | Flags::LONG.0;
    header[1..].copy_from_slice(&size.to_be_bytes());
    9
}

/// Refuses a body that no memory can hold (above `isize::MAX`) or above `max_frame` bytes, a negative
/// `max_frame` meaning no limit, as in `ZMQ_MAXMSGSIZE`. To be asked before memory is taken.
///
/// # Errors
/// [`Error::Oversize`].
#[inline]
pub fn check(size: u64, max_frame: i64) -> Result<(), Error> {
    // A negative maximum becomes a huge one and is cut to what memory allows.
    let limit = (max_frame as u64).min(isize::MAX as u64);
    if size > limit { Err(oversize(size, limit)) } else { Ok(()) }
}

#[cold]
fn oversize(size: u64, limit: u64) -> Error {
    Error::Oversize { size, limit }
}

/// Appends a whole frame whose body is `parts` one after the other.
pub fn append(out: &mut Vec<u8>, flags: Flags, parts: &[&[u8]]) {
    let size: usize = parts.iter().map(|part| part.len()).sum();
    let mut header = [0; MAX_HEADER];
    let len = encode_header(flags, size as u64, &mut header);
    out.reserve(len + size);
    out.extend_from_slice(&header[..len]);
    parts.iter().for_each(|part| out.extend_from_slice(part));
}
