//! Greeting: the version and mechanism of each side. Ends with the peer's version known and our side of the
//! greeting sent.

use crate::codec::greeting::{self as wire, LEN, MECHANISM, MINOR, OLD_LEN, REVISION, SIGNATURE};
use crate::error::Error;
use crate::local::Local;
use crate::phase::handshake::Handshake;
use crate::phase::routing_id::RoutingId;
use crate::version::Version;

/// How much has come when the peer's revision has.
const WITH_REVISION: usize = REVISION + 1;

/// The greeting phase.
#[derive(Debug)]
pub(crate) struct Greeting {
    local: Local,
    /// The first `len` bytes of the peer.
    seen: [u8; LEN],
    len: usize,
}

/// The state after some more bytes.
#[derive(Debug)]
pub(crate) enum Greeted {
    /// More of the greeting is needed.
    More(Greeting),
    /// A peer of 1.0 or 2.0: routing ids are exchanged.
    Old(RoutingId),
    /// A peer of 3.x: the handshake follows.
    Modern(Handshake),
}

impl Greeting {
    /// Begins by sending the signature.
    pub(crate) fn new(local: Local, out: &mut Vec<u8>) -> Self {
        out.extend_from_slice(&wire::signature(local.routing_id().len()));
        Self { local, seen: [0; LEN], len: 0 }
    }

    /// Takes bytes of the greeting and not one more. Each byte is judged as it comes, so that cuts in
    /// the stream cannot matter.
    pub(crate) fn feed(mut self, input: &mut &[u8], out: &mut Vec<u8>) -> Result<Greeted, Error> {
        while let Some((&byte, rest)) = input.split_first() {
            let Some(slot) = self.seen.get_mut(self.len) else { break };
            *slot = byte;
            self.len += 1;
            *input = rest;

            match self.len {
                // No signature, but the header of a message: the peer knows no greeting.
                1 if byte != 0xFF => return self.unversioned(out),
                SIGNATURE if byte & 1 == 0 => return self.unversioned(out),
                SIGNATURE => out.push(wire::OUR_REVISION),
                WITH_REVISION => self.answer_revision(out),
                OLD_LEN => {
                    if let Some(version) = wire::old(self.seen[REVISION]) {
                        self.admit_old(version)?;
                        return Ok(Greeted::Old(RoutingId::new(&self.local, version, out)));
                    }
                }
                LEN => return self.modern(out),
                _ => {}
            }
        }
        Ok(Greeted::More(self))
    }

    /// The rest of our greeting, in the form that the peer's revision understands.
    fn answer_revision(&self, out: &mut Vec<u8>) {
        match wire::old(self.seen[REVISION]) {
            Some(_) => out.push(self.local.socket_type.code),
            None => out.extend_from_slice(&wire::rest(&wire::name(self.local.security.name()))),
        }
    }

    fn unversioned(self, out: &mut Vec<u8>) -> Result<Greeted, Error> {
        self.admit_old(Version::V1_0)?;
        let seen = self.seen.get(..self.len).unwrap_or_default();
        Ok(Greeted::Old(RoutingId::unversioned(&self.local, seen, out)))
    }

    fn admit_old(&self, version: Version) -> Result<(), Error> {
        if self.local.allow_old && self.local.security.admits_old() {
            Ok(())
        } else {
            Err(Error::OldPeer { version })
        }
    }

    fn modern(self, out: &mut Vec<u8>) -> Result<Greeted, Error> {
        let ours = self.local.security.name();
        let theirs = &self.seen[MECHANISM..MECHANISM + 20];
        if theirs != wire::name(ours) {
            let theirs = String::from_utf8_lossy(theirs).trim_end_matches('\0').to_owned();
            return Err(Error::MechanismMismatch { ours, theirs });
        }
        let version = wire::modern(self.seen[REVISION], self.seen[MINOR]);
        Ok(Greeted::Modern(Handshake::new(&self.local, version, out)?))
    }
}
