//! The greeting, byte by byte: signature (10), revision, then the part that depends on the peer's revision.
//!
//! Source: RFC 37 "Greeting"; the older forms as libzmq understands them.

use crate::version::Version;

/// Bytes of the signature.
pub(crate) const SIGNATURE: usize = 10;
/// Where the peer's revision stands.
pub(crate) const REVISION: usize = 10;
/// Where the minor version of a 3.x peer stands, or the socket type of an older one.
pub(crate) const MINOR: usize = 11;
/// Where the mechanism's name begins.
pub(crate) const MECHANISM: usize = 12;
/// Bytes of the greeting of a peer of revision 0 or 1.
pub(crate) const OLD_LEN: usize = 12;
/// Bytes of the greeting of a 3.x peer.
pub(crate) const LEN: usize = 64;

/// The revision byte we send.
pub(crate) const OUR_REVISION: u8 = 3;

/// A mechanism's name as it stands in the greeting, padded with zeros.
pub(crate) type Name = [u8; 20];

/// The signature. It also reads as the header of a ZMTP 1.0 message that holds our routing id, so that
/// a peer which knows no greeting takes it for that.
pub(crate) fn signature(routing_id_len: usize) -> [u8; SIGNATURE] {
    let mut bytes = [0xFF; SIGNATURE];
    bytes[1..9].copy_from_slice(&(routing_id_len as u64).saturating_add(1).to_be_bytes());
    bytes[9] = 0x7F;
    bytes
}

/// The bytes that follow the revision for a 3.x peer: minor version, mechanism, as-server (always 0, as in
/// libzmq, and never looked at), filler.
pub(crate) fn rest(mechanism: &Name) -> [u8; LEN - MINOR] {
    let mut bytes = [0; LEN - MINOR];
    bytes[0] = 1;
    bytes[1..21].copy_from_slice(mechanism);
    bytes
}

/// A mechanism's name in the form of the greeting; bytes beyond the 20th are cut.
pub(crate) fn name(mechanism: &str) -> Name {
    let mut name = Name::default();
    name.iter_mut().zip(mechanism.bytes()).for_each(|(at, byte)| *at = byte);
    name
}

/// The version of a peer with a revision below 3.0's, or `None` if it speaks 3.x.
pub(crate) fn old(revision: u8) -> Option<Version> {
    match revision {
        0 => Some(Version::V1_0),
        1 => Some(Version::V2_0),
        _ => None,
    }
}

/// The version of a 3.x peer. Revisions that do not exist count as 3.1, as in libzmq.
pub(crate) fn modern(revision: u8, minor: u8) -> Version {
    if (revision, minor) == (3, 0) { Version::V3_0 } else { Version::V3_1 }
}
