//! The things that a side says.

use crate::dump::multicast::told::Told;
use crate::wire::Greeting;
use zmtp::Version;

/// One thing that a side said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Event {
    Greeting(Greeting),
    OldGreeting {
        version: Version,
        socket_type: u8,
    },
    RoutingId(Vec<u8>),
    Command {
        name: String,
        details: Vec<(String, Vec<u8>)>,
    },
    /// A command of the handshake: what it tells, without secrets.
    Handshake {
        mechanism: String,
        name: String,
        size: u64,
        details: Vec<(String, Vec<u8>)>,
    },
    /// The handshake of the connection failed: at which command, and why.
    Failed {
        mechanism: String,
        step: String,
        reason: String,
    },
    /// A frame of a message: its size, and its first bytes.
    Frame {
        more: bool,
        size: u64,
        start: Vec<u8>,
    },
    /// A command that only the holders of the keys can read.
    Opaque {
        name: String,
        size: u64,
    },
    /// So many bytes are not in the capture; nothing that follows can be read.
    Gap(u64),
    /// A packet of a multicast source, or to one.
    Multicast(Told),
    /// Datagrams of a multicast source that are not in the capture: so many, from this number on.
    Lost {
        first: u32,
        count: u64,
    },
    /// A datagram, or the messages in it, cannot be read.
    Malformed(String),
    /// This is not ZMTP, or not from its beginning.
    Broken(&'static str),
    /// The connection ended within something.
    CutOff,
    End,
}
