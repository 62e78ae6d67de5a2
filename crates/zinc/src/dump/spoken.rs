//! What was said, and by whom.

use crate::dump::event::Event;
use std::fmt;
use std::net::{IpAddr, SocketAddr};

/// One thing said, and where.
#[derive(Debug)]
pub(super) struct Spoken {
    pub(super) event: Event,
    /// None where the input is one stream.
    pub(super) place: Option<Place>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) time: f64,
    /// None for what cannot be read at all.
    pub(super) party: Option<Party>,
    pub(super) from: End,
    pub(super) to: End,
}

/// The connection, or the source of a multicast group. Each kind is numbered as they appear.
#[derive(Clone, Copy, Debug)]
pub(super) enum Party {
    Connection(u64),
    Source(u64),
}

/// The sender or the receiver of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Socket(SocketAddr),
    /// PGM without UDP has no ports of the operating system.
    Host(IpAddr),
}

impl fmt::Display for End {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Socket(address) => address.fmt(out),
            Self::Host(address) => address.fmt(out),
        }
    }
}
