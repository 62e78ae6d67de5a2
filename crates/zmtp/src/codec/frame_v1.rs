//! Frames of ZMTP 1.0: the length of what follows in one byte, or FF and eight bytes; a flags byte,
//! which the length includes; the body.
//!
//! There are no commands; of the flags only [`Flags::MORE`] has a meaning. Source: RFC 13.

use crate::codec::frame::{Flags, Header};
use crate::error::Error;

/// The most bytes a header takes.
pub const MAX_HEADER: usize = 10;

/// The header at the start of `bytes` (its `header_len` 2 or 10, its `size` that of the body alone), or
/// `None` while it is not complete. See [`frame::check`](crate::frame::check) before believing the size.
///
/// # Errors
/// [`Error::EmptyFrame`] for a length of zero.
#[inline]
pub fn decode_header(bytes: &[u8]) -> Result<Option<Header>, Error> {
    let Some(&short) = bytes.first() else { return Ok(None) };
    let (length, flags_at) = if short == 0xFF {
        let Some((_, length)) = bytes.first_chunk::<9>().and_then(|head| head.split_last_chunk::<8>()) else {
            return Ok(None);
        };
        (u64::from_be_bytes(*length), 9)
    } else {
        (u64::from(short), 1)
    };
    let size = length.checked_sub(1).ok_or(Error::EmptyFrame)?;
    let header = |flags: &u8| Header { flags: Flags(flags & Flags::MORE.0), header_len: flags_at + 1, size };
    Ok(bytes.get(flags_at).map(header))
}

/// Writes a header for a body of `size` bytes and returns its length, 2 or 10. Of `flags` only
/// [`Flags::MORE`] is sent.
#[inline]
pub fn encode_header(flags: Flags, size: u64, header: &mut [u8; MAX_HEADER]) -> usize {
    let more = flags.0 & Flags::MORE.0;
    let length = size.saturating_add(1);
    if length < 0xFF {
        header[0] = length as u8;
        header[1] = more;
        return 2;
    }
    header[0] = 0xFF;
    header[1..9].copy_from_slice(&length.to_be_bytes());
    header[9] = more;
    10
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
