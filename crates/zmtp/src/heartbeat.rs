//! Heartbeats: the bodies of PING and PONG after their names. Source: RFC 37 "Heartbeating".

use crate::codec::frame::{self, Flags};

/// The most bytes of context that a PING carries and a PONG gives back.
pub const MAX_CONTEXT: usize = 16;

/// Appends a PING. `ttl_ms` is how long the peer may wait for the next sign of life before it gives us
/// up: milliseconds, sent as whole tenths of a second, at most 6 553 500; 0 means for ever. Context
/// beyond [`MAX_CONTEXT`] is cut.
pub fn ping(out: &mut Vec<u8>, ttl_ms: u32, context: &[u8]) {
    let tenths = u16::try_from(ttl_ms / 100).unwrap_or(u16::MAX);
    frame::append(out, Flags::COMMAND, &[b"\x04PING", &tenths.to_be_bytes(), cut(context)]);
}

/// Appends the PONG that answers a PING with this context. Context beyond [`MAX_CONTEXT`] is cut.
pub fn pong(out: &mut Vec<u8>, context: &[u8]) {
    frame::append(out, Flags::COMMAND, &[b"\x04PONG", cut(context)]);
}

/// The time to live in milliseconds and the context of a PING's body, or `None` if it is too short.
pub(crate) fn parse_ping(body: &[u8]) -> Option<(u32, &[u8])> {
    let (tenths, context) = body.split_first_chunk::<2>()?;
    Some((u32::from(u16::from_be_bytes(*tenths)) * 100, cut(context)))
}

/// At most [`MAX_CONTEXT`] bytes of `context`.
pub(crate) fn cut(context: &[u8]) -> &[u8] {
    context.get(..MAX_CONTEXT).unwrap_or(context)
}
