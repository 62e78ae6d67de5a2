//! Heartbeats: the data that PING and PONG carry behind their names. Source: RFC 37 "Heartbeating".

/// The most bytes of context that a PING carries and a PONG gives back.
const MAX_CONTEXT: usize = 16;

/// A time to live in milliseconds as it stands in a PING: whole tenths of a second.
pub(crate) fn ttl(ms: u32) -> [u8; 2] {
    u16::try_from(ms / 100).unwrap_or(u16::MAX).to_be_bytes()
}

/// The time to live in milliseconds and the context in a PING, or `None` if it is too short.
pub(crate) fn parse_ping(body: &[u8]) -> Option<(u32, &[u8])> {
    let (tenths, context) = body.split_first_chunk::<2>()?;
    Some((u32::from(u16::from_be_bytes(*tenths)) * 100, cut(context)))
}

/// At most 16 bytes of `context`.
pub(crate) fn cut(context: &[u8]) -> &[u8] {
    context.get(..MAX_CONTEXT).unwrap_or(context)
}
