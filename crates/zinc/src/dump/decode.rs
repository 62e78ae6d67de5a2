//! One direction of a connection, from bytes to what they say.

use crate::dump::event::Event;
use crate::dump::handshake;
use crate::text::hex;
use crate::wire::{self, Beginning, GREETING};
use zmtp::{Command, Flags, Header, Version, command, frame, frame_v1};

/// Commands are looked at up to this size; larger ones can only be subscriptions.
const COMMAND: u64 = 64 << 10;
/// Bytes of a long topic that are shown.
const TOPIC: usize = 64;
/// No memory holds more: the stream is not what it seems.
const BODY: u64 = 1 << 48;
/// No routing id is longer.
const ROUTING_ID: u64 = 255;
/// Bytes of a greeting that meets a peer of 1.0 or 2.0: the type of the socket is the last.
const OLD_GREETING: usize = 12;

/// Where in the stream it is.
#[derive(Debug)]
enum Phase {
    Greeting,
    /// The frame that stands in place of a handshake before 3.0.
    RoutingId,
    Frames,
    /// Nothing more can be read.
    Lost,
}

#[derive(Debug)]
pub(super) struct Decoder {
    phase: Phase,
    buffer: Vec<u8>,
    /// Bytes of the last body that are not looked at.
    skip: u64,
    /// Bytes of a body that are.
    shown: usize,
    version: Version,
    mechanism: String,
    /// This side has more to say in the handshake.
    shaking: bool,
    /// The mechanism is CURVE, or another that is not known.
    closed: bool,
}

impl Decoder {
    pub(super) fn new(shown: usize) -> Self {
        let (phase, buffer) = (Phase::Greeting, Vec::new());
        let (version, mechanism) = (Version::V3_1, String::new());
        Self { phase, buffer, skip: 0, shown, version, mechanism, shaking: false, closed: false }
    }

    pub(super) fn feed(&mut self, bytes: &[u8]) {
        let skipped = self.skip.min(bytes.len() as u64);
        self.skip -= skipped;
        if !matches!(self.phase, Phase::Lost) {
            self.buffer.extend_from_slice(bytes.get(skipped as usize..).unwrap_or_default());
        }
    }

    /// How this side began; unclear too when that has been passed.
    pub(super) fn beginning(&self) -> Beginning {
        match self.phase {
            Phase::Greeting => wire::beginning(&self.buffer),
            _ => Beginning::Unclear,
        }
    }

    /// All that can be said now. `peer` is how the other side began, as far as that is known.
    pub(super) fn advance(&mut self, peer: Option<&Beginning>) -> Vec<Event> {
        let mut events = Vec::new();
        while let Some((event, taken)) = self.step(peer) {
            let have = taken.min(self.buffer.len() as u64);
            self.buffer.drain(..have as usize);
            self.skip = taken - have;
            events.extend(event);
        }
        events
    }

    /// Bytes that wait to be understood.
    pub(super) const fn backlog(&self) -> usize {
        self.buffer.len()
    }

    /// Part of the stream is missing.
    pub(super) fn gap(&mut self, bytes: u64) -> Option<Event> {
        let lost = matches!(self.phase, Phase::Lost);
        self.lose();
        (!lost).then_some(Event::Gap(bytes))
    }

    /// Nothing follows.
    pub(super) fn end(&mut self) -> Vec<Event> {
        let cut_off = !self.buffer.is_empty() || self.skip > 0;
        self.lose();
        if cut_off { vec![Event::CutOff, Event::End] } else { vec![Event::End] }
    }

    fn lose(&mut self) {
        (self.phase, self.skip) = (Phase::Lost, 0);
        self.buffer.clear();
    }

    /// The next thing said, if it is whole, and the bytes that it takes.
    fn step(&mut self, peer: Option<&Beginning>) -> Option<(Option<Event>, u64)> {
        if self.skip > 0 {
            return None;
        }
        match self.phase {
            Phase::Greeting => self.greeting(peer),
            Phase::RoutingId => {
                let (header, body) = self.frame()?;
                if header.size > ROUTING_ID {
                    return Some((Some(self.broken("a routing id of impossible size")), 0));
                }
                let body = body?.to_vec();
                self.phase = Phase::Frames;
                Some((Some(Event::RoutingId(body)), header.header_len as u64 + header.size))
            }
            Phase::Frames if self.shaking => self.handshake(),
            Phase::Frames => self.traffic(),
            Phase::Lost => None,
        }
    }

    fn greeting(&mut self, peer: Option<&Beginning>) -> Option<(Option<Event>, u64)> {
        let old = match peer {
            Some(Beginning::Old(version)) => Some(*version),
            Some(Beginning::Bare) => Some(Version::V1_0),
            _ => None,
        };
        match (wire::beginning(&self.buffer), old) {
            // The routing id of a peer of 1.0, which knows no greeting, is a short frame that is the last.
            (Beginning::Bare, _) if !matches!(self.buffer.get(..2)?, [1..=u8::MAX, 0]) => {
                Some((Some(self.broken("there is no greeting")), 0))
            }
            (Beginning::Bare, _) => {
                self.settle(Version::V1_0);
                let event = Event::OldGreeting { version: Version::V1_0, socket_type: u8::MAX };
                Some((Some(event), 0))
            }
            // The signature of a newer side is the header of a routing id to a peer that knows no greeting.
            (_, Some(_)) if matches!(peer, Some(Beginning::Bare)) => {
                self.settle(Version::V1_0);
                Some((None, 0))
            }
            (Beginning::Old(version), old) => self.old_greeting(old.map_or(version, |old| old.min(version))),
            (_, Some(version)) => self.old_greeting(version),
            (Beginning::Modern(greeting), None) => {
                self.closed = !["NULL", "PLAIN"].contains(&&*greeting.mechanism);
                self.shaking = handshake::is_known(&greeting.mechanism);
                self.mechanism.clone_from(&greeting.mechanism);
                self.version = greeting.version;
                self.phase = Phase::Frames;
                Some((Some(Event::Greeting(greeting)), GREETING as u64))
            }
            (Beginning::Unclear, None) => None,
        }
    }

    fn old_greeting(&mut self, version: Version) -> Option<(Option<Event>, u64)> {
        let socket_type = *self.buffer.get(OLD_GREETING - 1)?;
        self.settle(version);
        Some((Some(Event::OldGreeting { version, socket_type }), OLD_GREETING as u64))
    }

    fn broken(&mut self, reason: &'static str) -> Event {
        self.lose();
        Event::Broken(reason)
    }

    fn settle(&mut self, version: Version) {
        self.version = version;
        self.phase = Phase::RoutingId;
    }

    /// The header of the next frame, and its body if that is there.
    fn frame(&mut self) -> Option<(Header, Option<&[u8]>)> {
        let header = if self.version == Version::V1_0 {
            match frame_v1::decode_header(&self.buffer) {
                // The signature as a header: the reserved byte in its middle counts as flags.
                Ok(header) => header?,
                Err(_) => {
                    self.lose();
                    return None;
                }
            }
        } else {
            frame::decode_header(&self.buffer)?
        };
        let end = usize::try_from(header.size).ok().and_then(|size| header.header_len.checked_add(size));
        let body = end.and_then(|end| self.buffer.get(header.header_len..end));
        Some((header, body))
    }

    /// A frame of the handshake, whatever its flags are.
    fn handshake(&mut self) -> Option<(Option<Event>, u64)> {
        let mechanism = self.mechanism.clone();
        let (header, body) = self.frame()?;
        let event = match body {
            _ if header.size > handshake::LONGEST => None,
            body => handshake::read(&mechanism, body?),
        };
        if event.is_none() && mechanism != "NULL" {
            return Some((Some(self.broken("a frame of impossible size")), 0));
        }
        self.shaking = matches!(&event, Some(Event::Handshake { name, .. }) if !handshake::ends(name));
        event.map_or_else(
            || self.traffic(),
            |event| Some((Some(event), header.header_len as u64 + header.size)),
        )
    }

    fn traffic(&mut self) -> Option<(Option<Event>, u64)> {
        let (shown, version, closed) = (self.shown, self.version, self.closed);
        let (header, body) = self.frame()?;
        let Header { flags, header_len, size } = header;
        let command = version >= Version::V3_0 && flags.has(Flags::COMMAND);
        let taken = size.saturating_add(header_len as u64);
        let command = command && !closed;
        if command && size <= COMMAND {
            let Some(event) = read_command(body?) else {
                return Some((Some(self.broken("a command without a name")), 0));
            };
            return Some((Some(event), taken));
        }
        let start = self.buffer.get(header_len..).unwrap_or_default();
        if size > BODY || (command && !begins_as_subscription(start)) {
            return Some((Some(self.broken("a frame of impossible size")), 0));
        }
        if command {
            // The length of the longest name and the name itself.
            return Some((Some(read_subscription(start.get(..TOPIC + 10)?)?), taken));
        }
        // Of a long body only the first bytes are awaited.
        let wanted = header_len + size.min(shown.max(256) as u64) as usize;
        let start = self.buffer.get(header_len..wanted)?;
        let event = if closed {
            Event::Opaque { name: opaque_name(start), size }
        } else {
            let start = start.get(..shown.min(start.len())).unwrap_or_default().to_vec();
            Event::Frame { more: flags.has(Flags::MORE), size, start }
        };
        Some((Some(event), taken))
    }
}

/// The name of a command whose content is closed.
fn opaque_name(start: &[u8]) -> String {
    let name = wire::split_command(start).map(|(name, _)| name);
    let name = name.filter(|name| !name.is_empty() && name.iter().all(u8::is_ascii_uppercase));
    name.map_or_else(|| "unknown".to_owned(), |name| String::from_utf8_lossy(name).into_owned())
}

/// Whether a command may be a subscription, as far as it is known.
fn begins_as_subscription(start: &[u8]) -> bool {
    command::WITH_TOPIC.iter().any(|name| name.iter().zip(start).all(|(one, other)| one == other))
}

/// A subscription of which only the beginning is awaited.
fn read_subscription(start: &[u8]) -> Option<Event> {
    let (name, topic) = wire::split_command(start)?;
    let topic = [&topic[..TOPIC.min(topic.len())], b"..."].concat();
    let name = String::from_utf8_lossy(name).into_owned();
    Some(Event::Command { name, details: vec![("topic".to_owned(), topic)] })
}

fn read_command(body: &[u8]) -> Option<Event> {
    let (name, rest) = wire::split_command(body).filter(|(name, _)| !name.is_empty())?;
    let one = |what: &str, bytes: &[u8]| vec![(what.to_owned(), bytes.to_vec())];
    let details = match (name, Command::parse(body)) {
        // It may have a password, even where it has no place.
        (b"HELLO", _) => Vec::new(),
        (_, Command::Ping { ttl, context }) => {
            [one("ttl", format!("{ttl:?}").as_bytes()), one("context", context)].concat()
        }
        (_, Command::Pong { context }) => one("context", context),
        (_, Command::Subscribe(topic) | Command::Cancel(topic)) => one("topic", topic),
        (_, Command::Join(group) | Command::Leave(group)) => one("group", group),
        (_, Command::Error { reason }) => one("reason", reason),
        _ if rest.is_empty() => Vec::new(),
        _ => one("body", hex(rest.get(..rest.len().min(64)).unwrap_or_default()).as_bytes()),
    };
    Some(Event::Command { name: String::from_utf8_lossy(name).into_owned(), details })
}

#[cfg(test)]
mod tests;
