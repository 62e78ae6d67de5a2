//! Reads the frames of one message, within limits.

use std::collections::TryReserveError;

use crate::codec::frame::{Flags, Header};
use crate::codec::frame_v1;

/// What a frame counts for in a message, beside its body.
const FRAME_COST: u64 = 16;

/// A message of so many parts is handed over without an allocation.
const FEW: usize = 16;

/// What is to come after a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// The next one.
    Go,
    /// Nothing for now. The message itself was taken.
    Pause,
}

/// The receiver of messages, as their parts.
pub(super) type Deliver<'d> = dyn FnMut(&[&[u8]]) -> Flow + 'd;

/// The limits of what a source may send; `u64::MAX` stands for none.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The largest frame, in bytes of its body (`ZMQ_MAXMSGSIZE`).
    pub frame: u64,
    /// The largest message in bytes, each frame counting 16 more.
    pub message: u64,
    /// The most parts of a message.
    pub parts: u64,
}

/// Why a payload, or the rest of it, was thrown away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Malformed {
    /// A payload without room for the offset.
    #[error("a payload of {size} bytes")]
    Short {
        /// Its bytes.
        size: usize,
    },
    /// An offset beyond the end.
    #[error("the first message is said to begin at byte {offset} of {size}")]
    Beyond {
        /// The offset.
        offset: u16,
        /// The payload's bytes without it.
        size: usize,
    },
    /// The offset tells another place than the frames before it.
    #[error("the first message is not said to begin where the last one ends")]
    Astray,
    /// A frame of length zero: not even the flags fit.
    #[error("a frame of length zero")]
    EmptyFrame,
    /// A frame over [`Limits::frame`], or over what memory can hold.
    #[error("a frame of {size} bytes exceeds the limit of {limit}")]
    Frame {
        /// The size of its body.
        size: u64,
        /// The most that is allowed.
        limit: u64,
    },
    /// A message over [`Limits::message`].
    #[error("a message of {size} bytes and more exceeds the limit of {limit}")]
    Message {
        /// The size so far, each frame counting 16 more.
        size: u64,
        /// The most that is allowed.
        limit: u64,
    },
    /// A message over [`Limits::parts`].
    #[error("a message of more than {limit} parts")]
    Parts {
        /// The most that is allowed.
        limit: u64,
    },
    /// No fault of the source: the system has no memory for the message.
    #[error("no memory for a message")]
    Memory,
}

impl From<TryReserveError> for Malformed {
    fn from(_: TryReserveError) -> Self {
        Self::Memory
    }
}

/// How far the frames of one message were read.
#[derive(Debug, Default)]
pub(super) struct Walk {
    /// Where the next frame begins, from the message's first byte.
    pub(super) next: usize,
    /// Frames before that.
    pub(super) parts: u64,
    /// Bytes of these, with their cost.
    size: u64,
}

impl Walk {
    /// Goes on over `bytes`, the message from its first byte. Whether it is whole: it ends at `next` then.
    pub(super) fn advance(&mut self, bytes: &[u8], limits: &Limits) -> Result<bool, Malformed> {
        while let Some(header) = header(bytes.get(self.next..).unwrap_or_default())? {
            let after = self.add(header, limits)?;
            if after.next > bytes.len() {
                break;
            }
            *self = after;
            if !header.flags.has(Flags::MORE) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// With one more frame, if it is allowed.
    fn add(&self, header: Header, limits: &Limits) -> Result<Self, Malformed> {
        let limit = limits.frame.min(isize::MAX as u64);
        if header.size > limit {
            return Err(Malformed::Frame { size: header.size, limit });
        }
        let (parts, size) =
            (self.parts + 1, self.size.saturating_add(header.size).saturating_add(FRAME_COST));
        if size > limits.message {
            return Err(Malformed::Message { size, limit: limits.message });
        }
        if parts > limits.parts {
            return Err(Malformed::Parts { limit: limits.parts });
        }
        let next = self.next.saturating_add(header.header_len).saturating_add(header.size as usize);
        Ok(Self { next, parts, size })
    }
}

fn header(bytes: &[u8]) -> Result<Option<Header>, Malformed> {
    frame_v1::decode_header(bytes).map_err(|_| Malformed::EmptyFrame)
}

/// Gives a whole message of so many parts to `deliver`.
pub(super) fn hand_over(message: &[u8], parts: u64, deliver: &mut Deliver<'_>) -> Result<Flow, Malformed> {
    let count = parts as usize;
    let mut few: [&[u8]; FEW] = [&[]; FEW];
    let mut many: Vec<&[u8]> = Vec::new();
    let parts = match few.get_mut(..count) {
        Some(few) => few,
        None => {
            many.try_reserve_exact(count)?;
            many.resize(count, &[]);
            &mut many[..]
        }
    };
    let mut rest = message;
    for part in parts.iter_mut() {
        let Some(header) = header(rest)? else { break };
        let (body, behind) = rest
            .get(header.header_len..)
            .and_then(|rest| rest.split_at_checked(header.size as usize))
            .unwrap_or_default();
        (*part, rest) = (body, behind);
    }
    Ok(deliver(parts))
}
