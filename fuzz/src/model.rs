//! Little parsers that are obviously right, if slow: frames, commands, properties, and the handshakes of NULL and PLAIN.

use zmtp::{Error, Verdict};

pub type Properties = Vec<(String, Vec<u8>)>;

/// A frame of 2.0 to 3.1 as it stands at the beginning of `bytes`.
#[derive(Debug)]
pub struct Frame<'a> {
    pub flags: u8,
    pub header: usize,
    pub size: u64,
    /// As much of its body as there is.
    pub body: &'a [u8],
}

impl Frame<'_> {
    pub fn is_whole(&self) -> bool {
        self.body.len() as u64 == self.size
    }
}

/// `None`: its header is not whole.
pub fn frame(bytes: &[u8]) -> Option<Frame<'_>> {
    let flags = *bytes.first()?;
    let (header, size) = if flags & 2 == 0 {
        (2, u64::from(*bytes.get(1)?))
    } else {
        (9, bytes.get(1..9)?.iter().fold(0, |size, byte| size << 8 | u64::from(*byte)))
    };
    let there = (bytes.len() - header) as u64;
    let body = &bytes[header..][..there.min(size) as usize];
    Some(Frame { flags, header, size, body })
}

/// The bodies of the whole frames.
pub fn bodies(mut bytes: &[u8]) -> Vec<&[u8]> {
    let mut found = Vec::new();
    while let Some(frame) = frame(bytes).filter(Frame::is_whole) {
        found.push(frame.body);
        bytes = &bytes[frame.header + frame.body.len()..];
    }
    found
}

/// A byte, and as many bytes as it says; then the rest.
pub fn short(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let size = usize::from(*bytes.first()?);
    Some((bytes.get(1..1 + size)?, &bytes[1 + size..]))
}

/// Properties: of equal names the first counts, and there are 256 at most. `None`: these are none.
pub fn properties(mut bytes: &[u8]) -> Option<Properties> {
    let mut found = Properties::new();
    while !bytes.is_empty() {
        let (name, rest) = short(bytes)?;
        let size = u32::from_be_bytes(rest.get(..4)?.try_into().ok()?) as usize;
        let value = rest.get(4..4 + size)?;
        let name = String::from_utf8_lossy(name).into_owned();
        if found.iter().all(|(other, _)| *other != name) {
            found.push((name, value.to_vec()));
        }
        bytes = &rest[4 + size..];
    }
    (found.len() <= 256).then_some(found)
}

/// A side whose security keeps no secrets from a parser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Null { zap: bool },
    PlainClient,
    PlainServer,
}

/// The end of a handshake that consists of these bytes. Metadata is judged by whether it is any.
#[derive(Debug, PartialEq)]
pub enum End {
    Waits,
    Open(Properties),
    Oversize,
    Unexpected(String),
    Malformed(&'static str),
    Metadata,
    Incompatible,
    Refused(Vec<u8>),
    Denied(u16),
}

impl End {
    /// The end that the library tells.
    pub fn of(error: Error) -> Self {
        match error {
            Error::Oversize { .. } => Self::Oversize,
            Error::UnexpectedCommand { name } => Self::Unexpected(name),
            Error::Malformed { command } => Self::Malformed(command),
            Error::Metadata(_) => Self::Metadata,
            Error::IncompatibleSocket { .. } => Self::Incompatible,
            Error::Refused { reason } => Self::Refused(reason),
            Error::Denied { status } => Self::Denied(status),
            error => panic!("no end of such a handshake: {error}"),
        }
    }
}

/// A handshake of `role` with an authenticator of this verdict: its end, the bytes that it takes, and the credentials
/// that the authenticator is told.
pub fn handshake(
    role: Role,
    verdict: Verdict,
    accepts: &[&str],
    bytes: &[u8],
) -> (End, usize, Option<Vec<Vec<u8>>>) {
    let denied = (verdict != Verdict::Success).then_some(End::Denied(verdict.status()));
    let (mut at, mut step, mut told) = (0, 0, None);
    if role == (Role::Null { zap: true }) {
        told = Some(Vec::new());
        if let Some(denied) = denied {
            return (denied, 0, told);
        }
    }
    loop {
        let Some(frame) = frame(&bytes[at..]) else { return (End::Waits, bytes.len(), told) };
        if frame.size > 65_536 {
            return (End::Oversize, at, told);
        }
        if !frame.is_whole() {
            return (End::Waits, bytes.len(), told);
        }
        at += frame.header + frame.body.len();
        match judge(role, step, frame.body) {
            Judged::Next => step += 1,
            Judged::Asks(credentials) => {
                told = Some(credentials);
                step += 1;
                if let Some(denied) = denied {
                    return (denied, at, told);
                }
            }
            Judged::Ready(block) => return (met(block, accepts), at, told),
            Judged::Ends(end) => return (end, at, told),
        }
    }
}

enum Judged<'a> {
    Next,
    Asks(Vec<Vec<u8>>),
    Ready(&'a [u8]),
    Ends(End),
}

/// The command with this body, as the step-th one.
fn judge(role: Role, step: usize, body: &[u8]) -> Judged<'_> {
    let (name, rest) = short(body).unwrap_or_default();
    match (role, step, name) {
        (Role::Null { .. }, 0, b"READY")
        | (Role::PlainClient, 1, b"READY")
        | (Role::PlainServer, 1, b"INITIATE") => Judged::Ready(rest),
        (Role::PlainClient, 0, b"WELCOME") if rest.is_empty() => Judged::Next,
        (Role::PlainClient, 0, b"WELCOME") => Judged::Ends(End::Malformed("WELCOME")),
        (Role::PlainClient, ..) if body.starts_with(b"^RROR") => Judged::Ends(refusal(&body[5..])),
        (Role::PlainClient | Role::Null { .. }, _, b"ERROR") => Judged::Ends(refusal(rest)),
        (Role::PlainServer, 0, b"HELLO") => credentials(rest),
        _ => Judged::Ends(End::Unexpected(String::from_utf8_lossy(name).into_owned())),
    }
}

fn credentials(bytes: &[u8]) -> Judged<'_> {
    let parsed = short(bytes).and_then(|(user, rest)| Some((user, short(rest)?)));
    match parsed {
        Some((user, (password, b""))) => Judged::Asks(vec![user.to_vec(), password.to_vec()]),
        _ => Judged::Ends(End::Malformed("HELLO")),
    }
}

fn refusal(bytes: &[u8]) -> End {
    short(bytes).map_or(End::Malformed("ERROR"), |(reason, _)| End::Refused(reason.to_vec()))
}

fn met(block: &[u8], accepts: &[&str]) -> End {
    let Some(properties) = properties(block) else { return End::Metadata };
    let theirs = properties.iter().find(|(name, _)| name == "Socket-Type").map(|(_, value)| value);
    match theirs {
        Some(theirs) if !accepts.iter().any(|name| name.as_bytes() == theirs) => End::Incompatible,
        _ => End::Open(properties),
    }
}
