//! Routing ids of old peers: with 1.0 and 2.0 the first message of each side is its routing id.

use crate::codec::frame::{self, Flags, Header};
use crate::codec::frame_v1;
use crate::error::Error;
use crate::local::Local;
use crate::phase::inbox::{self, Inbox};
use crate::phase::traffic::Peer;
use crate::version::Version;

/// Reads the header of the first frame of a peer without greeting. Its second byte tells it from a program that
/// speaks something else: no flag has a meaning there, where others have a letter.
fn decode_unversioned(bytes: &[u8]) -> Result<Option<Header>, Error> {
    let header = frame_v1::decode_header(bytes)?;
    let flags = header.and_then(|header| bytes.get(header.header_len - 1));
    if flags.is_some_and(|&flags| flags != 0) { Err(Error::Foreign) } else { Ok(header) }
}

/// The longest routing id.
const MAX_ROUTING_ID: u64 = 255;

/// Waits for the routing id of an old peer; ours is sent.
#[derive(Debug)]
pub(crate) struct RoutingId {
    version: Version,
    unversioned: bool,
    inbox: Inbox,
}

/// The state after some more bytes.
#[derive(Debug)]
pub(crate) enum Identified {
    /// More of the routing id is needed.
    More(RoutingId),
    /// Traffic begins.
    Open(Peer),
}

impl RoutingId {
    /// A peer whose greeting said 1.0 or 2.0.
    pub(crate) fn new(local: &Local, version: Version, out: &mut Vec<u8>) -> Self {
        let append = if version == Version::V1_0 { frame_v1::append } else { frame::append };
        append(out, Flags::LAST, &[local.routing_id()]);
        Self { version, unversioned: false, inbox: Inbox::default() }
    }

    /// A peer without greeting: `seen` is the start of the header of its routing id, and our signature
    /// was the header of ours.
    pub(crate) fn unversioned(local: &Local, seen: &[u8], out: &mut Vec<u8>) -> Self {
        out.extend_from_slice(local.routing_id());
        let inbox = Inbox::starting_with(seen);
        Self { version: Version::V1_0, unversioned: true, inbox }
    }

    /// Takes the message that is the routing id and not a byte more. The flags of a peer that sent a greeting are
    /// ignored, as libzmq does.
    pub(crate) fn feed(mut self, input: &mut &[u8]) -> Result<Identified, Error> {
        let decode = match self.version {
            Version::V1_0 if self.unversioned => decode_unversioned,
            Version::V1_0 => frame_v1::decode_header,
            _ => inbox::decode,
        };
        let Some(id) = self.inbox.take(input, MAX_ROUTING_ID, decode)? else {
            return Ok(Identified::More(self));
        };
        Ok(Identified::Open(Peer {
            version: self.version,
            socket_type: None,
            routing_id: Some(id),
            properties: Vec::new(),
            unversioned: self.unversioned,
        }))
    }
}
