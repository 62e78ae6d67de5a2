//! The parts in front of a request that say where its reply goes, up to and including an empty part (RFC 28).

use crate::pattern::contract::{PeerId, Peers};

const MORE: u8 = 0x01;
const LONG: u8 = 0x02;

/// So many bytes of memory are kept for the next envelope.
const KEPT: usize = 1024;

/// The result of opening the message at the head of a peer's queue.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Opened {
    /// The envelope has been removed; the body follows.
    Body,
    /// The message had the wrong form and is gone.
    Malformed,
    /// There is no message.
    Nothing,
}

/// The address on a request, as REP keeps it for the reply.
#[derive(Debug, Default)]
pub(crate) struct Envelope(Vec<u8>);

impl Envelope {
    /// The frames as ZMTP encodes them, each with more to follow.
    pub(crate) fn encoded(&self) -> &[u8] {
        &self.0
    }

    /// Moves the envelope of a peer's next message here.
    pub(crate) fn open(&mut self, peers: &mut impl Peers, peer: PeerId) -> Opened {
        self.0.clear();
        self.0.shrink_to(KEPT);
        loop {
            let mut delimiter = false;
            let passed = peers.pass(peer, |head| {
                delimiter = head.body.is_empty();
                self.push(head.body);
                head.more
            });
            match passed {
                None => return Opened::Nothing,
                Some(false) => {
                    peers.skip(peer);
                    return Opened::Malformed;
                }
                Some(true) if delimiter => return Opened::Body,
                Some(true) => {}
            }
        }
    }

    fn push(&mut self, body: &[u8]) {
        match u8::try_from(body.len()) {
            Ok(short) => self.0.extend([MORE, short]),
            Err(_) => {
                self.0.push(MORE | LONG);
                self.0.extend((body.len() as u64).to_be_bytes());
            }
        }
        self.0.extend_from_slice(body);
    }
}

/// The frames that REQ puts before a request and expects before its reply.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Delimiter {
    bytes: [u8; 8],
    numbered: bool,
}

impl Delimiter {
    /// An empty part, with the number of the request before it if there is one.
    pub(crate) fn new(number: Option<u32>) -> Self {
        let [a, b, c, d] = number.unwrap_or(0).to_be_bytes();
        Self { bytes: [MORE, 4, a, b, c, d, MORE, 0], numbered: number.is_some() }
    }

    /// The frames as ZMTP encodes them, each with more to follow.
    pub(crate) fn encoded(&self) -> &[u8] {
        if self.numbered { &self.bytes } else { &self.bytes[6..] }
    }

    /// Removes exactly this from the front of a peer's next message, or else the whole message.
    pub(crate) fn open(&self, peers: &mut impl Peers, peer: PeerId) -> Opened {
        let number = match self.numbered {
            true => peers.pass(peer, |head| head.more && head.body == &self.bytes[2..6]),
            false => Some(true),
        };
        let delimiter = match number {
            Some(true) => peers.pass(peer, |head| head.more && head.body.is_empty()),
            none_or_other => none_or_other,
        };
        match delimiter {
            None => Opened::Nothing,
            Some(true) => Opened::Body,
            Some(false) => {
                peers.skip(peer);
                Opened::Malformed
            }
        }
    }
}
