//! The header of a frame in the pipe: ZMTP 2.0 to 3.1 framing (RFC 23), with four more flag bits for what
//! never comes from a network.

/// More frames of the same message follow.
pub const MORE: u8 = 1;
/// The size takes eight bytes instead of one.
pub const LONG: u8 = 2;
/// A protocol command, not data.
pub const COMMAND: u8 = 4;
/// The body is a reference to a [`Common`](crate::Common) one.
pub(crate) const REFERENCE: u8 = 1 << 5;
/// The bits that stand on the wire; the walk over received bytes clears all others.
pub(crate) const WIRE: u8 = MORE | LONG | COMMAND;

/// The kind of a frame inside the pipe (flag bits 3 to 5).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Kind {
    /// A part of a message.
    Data = 0,
    /// Nothing: a command the engine has dealt with.
    Skip = 1 << 3,
    /// A subscription; the body is the topic.
    Subscribe = 2 << 3,
    /// The end of a subscription; the body is the topic.
    Cancel = 3 << 3,
}

impl Kind {
    #[inline]
    pub(crate) const fn of(flags: u8) -> Self {
        match flags & !(WIRE | REFERENCE) {
            0 => Self::Data,
            0x10 => Self::Subscribe,
            0x18 => Self::Cancel,
            _ => Self::Skip,
        }
    }
}

/// The largest header: flags and an eight-byte size.
pub(crate) const LONGEST: usize = 9;

/// The bytes a header takes for a body of `size`.
#[inline]
pub(crate) const fn header_len(size: usize) -> usize {
    if size < 256 { 2 } else { LONGEST }
}

/// The bytes of a frame with a body of `size`, header included.
#[inline]
pub(crate) const fn whole_size(size: usize) -> usize {
    header_len(size) + size
}

/// Reads a header: flags, header length, body size. `None`: not all of it is there.
#[inline]
pub(crate) fn decode(bytes: &[u8]) -> Option<(u8, usize, u64)> {
    let (&flags, rest) = bytes.split_first()?;
    if flags & LONG == 0 {
        let &size = rest.first()?;
        Some((flags, 2, u64::from(size)))
    } else {
        Some((flags, LONGEST, u64::from_be_bytes(*rest.first_chunk()?)))
    }
}

/// Writes the header of a body of `size` bytes into `into`, which must hold it; returns its length.
#[inline]
pub(crate) fn encode(flags: u8, size: usize, into: &mut [u8; LONGEST]) -> usize {
    if size < 256 {
        into[0] = flags;
        into[1] = size as u8;
        2
    } else {
        into[0] = flags | LONG;
        into[1..].copy_from_slice(&(size as u64).to_be_bytes());
        LONGEST
    }
}

/// Whether `frames` is whole frames of data, each with MORE: only then may they stand in a pipe.
#[inline]
pub(crate) fn is_envelope(mut frames: &[u8]) -> bool {
    while let Some((flags, header, size)) = decode(frames) {
        let rest = usize::try_from(size).ok().and_then(|size| frames.get(header.checked_add(size)?..));
        match rest {
            Some(rest) if flags & !LONG == MORE => frames = rest,
            _ => return false,
        }
    }
    frames.is_empty()
}

/// Appends one encoded frame to `into`: how patterns build envelopes.
pub fn append_frame(flags: u8, body: &[u8], into: &mut Vec<u8>) {
    let mut header = [0; LONGEST];
    let len = encode(flags, body.len(), &mut header);
    into.extend_from_slice(&header[..len]);
    into.extend_from_slice(body);
}
