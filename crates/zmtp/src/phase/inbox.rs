//! Gathers one frame of the opening from however many pieces it comes in.

use crate::codec::frame::{self, Header};
use crate::error::Error;
use std::fmt;

/// Reads a header, as the framing in use has it.
pub(super) type Decode = fn(&[u8]) -> Result<Option<Header>, Error>;

/// Reads a header of ZMTP 2.0 to 3.1.
pub(super) fn decode(bytes: &[u8]) -> Result<Option<Header>, Error> {
    Ok(frame::decode_header(bytes))
}

/// The beginning of a frame.
#[derive(Default)]
pub(super) struct Inbox {
    bytes: Vec<u8>,
}

impl fmt::Debug for Inbox {
    /// The bytes may be a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Inbox({} bytes)", self.bytes.len())
    }
}

impl Inbox {
    /// With bytes that turned out to be the beginning of a frame, at most its header.
    pub(super) fn starting_with(bytes: &[u8]) -> Self {
        Self { bytes: bytes.to_vec() }
    }

    /// Takes from `input` what one frame still lacks. Returns its body when whole, else `None` with all
    /// of `input` taken. Memory grows with the bytes that came, not with the size announced.
    pub(super) fn take(
        &mut self,
        input: &mut &[u8],
        limit: u64,
        decode: Decode,
    ) -> Result<Option<Vec<u8>>, Error> {
        loop {
            let missing = match decode(&self.bytes)? {
                None => 1,
                Some(Header { size, .. }) if size > limit => return Err(Error::Oversize { size, limit }),
                Some(Header { size, header_len, .. }) => {
                    let missing = (header_len + size as usize).saturating_sub(self.bytes.len());
                    if missing == 0 {
                        self.bytes.drain(..header_len);
                        return Ok(Some(std::mem::take(&mut self.bytes)));
                    }
                    missing
                }
            };
            let (taken, rest) = input.split_at(missing.min(input.len()));
            if taken.is_empty() {
                return Ok(None);
            }
            self.bytes.extend_from_slice(taken);
            *input = rest;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_announced_size_takes_no_memory() {
        let mut inbox = Inbox::default();
        let mut input: &[u8] = &[6, 0, 0, 0, 0, 0, 1, 0, 0, b'x'];
        let frame = inbox.take(&mut input, 65_536, decode);
        assert_eq!(frame, Ok(None));
        assert!(input.is_empty());
        assert!(inbox.bytes.capacity() < 64, "{}", inbox.bytes.capacity());
    }
}
