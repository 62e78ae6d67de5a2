//! Commands: reading the body of a frame that has [`Flags::COMMAND`], and writing whole frames.
//!
//! A body is the name's length in one byte, the name, and what the name says. Source: RFC 37
//! "Commands".

use crate::codec::frame::{self, Flags};
use crate::codec::frame_v1;
use crate::error::Error;
use crate::heartbeat;
use crate::version::Version;

/// A command after the handshake, borrowed from the frame's body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command<'a> {
    /// A sign of life is wanted: answer with [`pong`].
    Ping {
        /// After how many milliseconds without a sign of life to give the peer up; 0: never.
        ttl: u32,
        /// To be given back, at most 16 bytes.
        context: &'a [u8],
    },
    /// The answer to a PING.
    Pong {
        /// The context that the PING carried, at most 16 bytes.
        context: &'a [u8],
    },
    /// Messages that begin with this topic are wanted.
    Subscribe(&'a [u8]),
    /// One subscription to this topic less.
    Cancel(&'a [u8]),
    /// Messages of this group are wanted (draft: RADIO and DISH).
    Join(&'a [u8]),
    /// Messages of this group are no longer wanted.
    Leave(&'a [u8]),
    /// The peer gives up.
    Error {
        /// Why, at most 255 bytes.
        reason: &'a [u8],
    },
    /// Any other command; libzmq ignores it.
    Unknown {
        /// Its name.
        name: &'a [u8],
    },
    /// No whole name, or a body too short for the name; libzmq ignores it.
    Malformed,
}

impl<'a> Command<'a> {
    /// Reads the body of a command frame. Total: every body is some command, if only `Malformed`.
    #[must_use]
    pub fn parse(body: &'a [u8]) -> Self {
        let Some((name, rest)) = split(body) else { return Self::Malformed };
        match name {
            b"PING" => match heartbeat::parse_ping(rest) {
                Some((ttl, context)) => Self::Ping { ttl, context },
                None => Self::Malformed,
            },
            b"PONG" => Self::Pong { context: heartbeat::cut(rest) },
            b"SUBSCRIBE" => Self::Subscribe(rest),
            b"CANCEL" => Self::Cancel(rest),
            b"JOIN" => Self::Join(rest),
            b"LEAVE" => Self::Leave(rest),
            b"ERROR" => parse_reason(rest).map_or(Self::Malformed, |reason| Self::Error { reason }),
            _ => Self::Unknown { name },
        }
    }
}

/// How the bodies begin of a handshake's last command, and of an encrypted frame.
pub(crate) const READY: &[u8] = b"\x05READY";
pub(crate) const MESSAGE: &[u8] = b"\x07MESSAGE";
pub(crate) const HELLO: &[u8] = b"\x05HELLO";
pub(crate) const WELCOME: &[u8] = b"\x07WELCOME";
pub(crate) const INITIATE: &[u8] = b"\x08INITIATE";

const SUBSCRIBE: &[u8] = b"\x09SUBSCRIBE";
const CANCEL: &[u8] = b"\x06CANCEL";

/// How the bodies begin of the commands that carry a topic, which may be as long as a message.
pub const WITH_TOPIC: &[&[u8]] = &[SUBSCRIBE, CANCEL];

/// The name of a command and what follows it.
pub(crate) fn split(body: &[u8]) -> Option<(&[u8], &[u8])> {
    let (&len, rest) = body.split_first()?;
    rest.split_at_checked(usize::from(len))
}

/// The reason in an ERROR's body; bytes behind it are ignored, as libzmq does.
pub(crate) fn parse_reason(body: &[u8]) -> Option<&[u8]> {
    let (&len, rest) = body.split_first()?;
    rest.get(..usize::from(len))
}

/// The error that an ERROR with this behind its name is in a handshake.
pub(crate) fn refusal(body: &[u8]) -> Error {
    match parse_reason(body) {
        Some(reason) => Error::Refused { reason: reason.to_vec() },
        None => Error::Malformed { command: "ERROR" },
    }
}

/// The error that a command is where it is out of turn or unknown.
pub(crate) fn unexpected(body: &[u8]) -> Error {
    let (name, _) = split(body).unwrap_or_default();
    Error::UnexpectedCommand { name: String::from_utf8_lossy(name).into_owned() }
}

/// Appends a PING. `ttl_ms` is how long the peer may wait for the next sign of life before it gives us
/// up: milliseconds, sent as whole tenths of a second, at most 6 553 500; 0 means for ever. Of `context`
/// 16 bytes are sent at most.
pub fn ping(out: &mut Vec<u8>, ttl_ms: u32, context: &[u8]) {
    let context = heartbeat::cut(context);
    frame::append(out, Flags::COMMAND, &[b"\x04PING", &heartbeat::ttl(ttl_ms), context]);
}

/// Appends the PONG that answers a PING with this context, of which 16 bytes are sent at most.
pub fn pong(out: &mut Vec<u8>, context: &[u8]) {
    frame::append(out, Flags::COMMAND, &[b"\x04PONG", heartbeat::cut(context)]);
}

/// Appends a subscription to `topic` in the form of `version`: the command SUBSCRIBE for 3.1, else a
/// message of the byte 1 and the topic.
pub fn subscribe(out: &mut Vec<u8>, topic: &[u8], version: Version) {
    subscription(out, SUBSCRIBE, 1, topic, version);
}

/// Appends the end of a subscription to `topic` in the form of `version`: the command CANCEL for 3.1,
/// else a message of the byte 0 and the topic.
pub fn cancel(out: &mut Vec<u8>, topic: &[u8], version: Version) {
    subscription(out, CANCEL, 0, topic, version);
}

fn subscription(out: &mut Vec<u8>, name: &[u8], byte: u8, topic: &[u8], version: Version) {
    match version {
        Version::V1_0 => frame_v1::append(out, Flags::LAST, &[&[byte], topic]),
        Version::V2_0 | Version::V3_0 => frame::append(out, Flags::LAST, &[&[byte], topic]),
        Version::V3_1 => frame::append(out, Flags::COMMAND, &[name, topic]),
    }
}

/// Appends an ERROR. Of `reason` 255 bytes are sent at most.
pub fn error(out: &mut Vec<u8>, reason: &[u8]) {
    let reason = reason.get(..255).unwrap_or(reason);
    frame::append(out, Flags::COMMAND, &[b"\x05ERROR", &[reason.len() as u8], reason]);
}
