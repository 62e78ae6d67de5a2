//! Packets as they are on the wire, from the PGM header on.

mod decode;
pub(crate) mod encode;
mod error;
mod options;
mod request;
#[cfg(test)]
mod tests;

use crate::Sequence;
pub use error::PacketError;
pub use request::{More, Request};
use std::fmt;
use std::net::IpAddr;

/// The bytes before the payload in a data packet.
pub const DATA_HEADER: usize = 24;

/// The bytes of a datagram that its payload leaves free, beside the headers of IP and UDP: the header of a data packet,
/// and the two options that would tell a fragment. Fragments are never sent, but libzmq leaves room for them, and so
/// packets of the same size carry the same bytes.
pub const RESERVED: usize = DATA_HEADER + 20;

const SPM: u8 = 0x00;
const ODATA: u8 = 0x04;
const RDATA: u8 = 0x05;
const NAK: u8 = 0x08;
const NCF: u8 = 0x0a;
const SPMR: u8 = 0x0c;

/// Flags of the header: there are options; some of them concern routers; the packet is, or asks for, parity.
const OPTIONS: u8 = 0x01;
const NETWORK: u8 = 0x02;
const PARITY: u8 = 0xc0;

/// Numbers of address families.
const IPV4: u16 = 1;
const IPV6: u16 = 2;

/// The name of a source's session: whoever starts anew takes another.
///
/// It does not tell sources apart for sure, since libzmq gives all processes the same `gsi` and only draws the port.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Tsi {
    /// The global source identifier.
    pub gsi: [u8; 6],
    /// The source's own port, which is no port of UDP.
    pub port: u16,
}

/// As `b7c6d1bc038a.10959`.
impl fmt::Display for Tsi {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.gsi.iter().try_for_each(|byte| write!(out, "{byte:02x}"))?;
        write!(out, ".{}", self.port)
    }
}

/// A packet from a source to the group, or to a source from one of its receivers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Packet<'a> {
    /// The source's session, also in a packet that goes to the source.
    pub tsi: Tsi,
    /// The port of the endpoint, which tells sessions of one group apart.
    pub port: u16,
    /// What the packet says.
    pub body: Body<'a>,
}

/// What a packet says, by its type.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Body<'a> {
    /// The source tells its window and address.
    Spm(Spm),
    /// Data, sent for the first time.
    Odata(Data<'a>),
    /// Data that was asked for.
    Rdata(Data<'a>),
    /// A receiver asks for data, or says that another one did.
    Nak(Request<'a>),
    /// The source confirms a NAK, so that no other receiver sends the same.
    Ncf(Request<'a>),
    /// A receiver asks for an SPM.
    Spmr,
}

/// A source path message: what the source has, and where NAKs are to be sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Spm {
    /// The number of this SPM. SPMs have a count of their own.
    pub sequence: Sequence,
    /// The oldest data packet that the source can send again.
    pub trail: Sequence,
    /// The newest data packet; the one before `trail` if there is none.
    pub lead: Sequence,
    /// The source's address.
    pub nla: IpAddr,
    /// No data follows: the session ends.
    pub fin: bool,
}

/// A packet with data.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Data<'a> {
    /// The packet's number.
    pub sequence: Sequence,
    /// The oldest data packet that the source could send again when this one was sent.
    pub trail: Sequence,
    /// The data. It may be empty here, although libzmq ends its process when it gets such a packet.
    pub payload: &'a [u8],
}

impl<'a> Packet<'a> {
    /// Reads one whole packet.
    ///
    /// Unknown options are skipped, and so is what follows a packet without data.
    ///
    /// # Errors
    /// When the packet is cut off or malformed, when its checksum is wrong, and when it is of a kind that libzmq
    /// never sends: polls, acknowledgements, parity for forward error correction, fragments.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, PacketError> {
        decode::packet(bytes)
    }

    /// Appends the packet to `out`, with its checksum.
    ///
    /// A payload is cut at 65,535 bytes, the most that the header can tell.
    pub fn encode(&self, out: &mut Vec<u8>) {
        encode::packet(self, out);
    }
}

impl Body<'_> {
    const fn kind(&self) -> u8 {
        match self {
            Self::Spm(_) => SPM,
            Self::Odata(_) => ODATA,
            Self::Rdata(_) => RDATA,
            Self::Nak(_) => NAK,
            Self::Ncf(_) => NCF,
            Self::Spmr => SPMR,
        }
    }
}

/// Whether a packet of this type goes to the source, with its ports swapped.
const fn is_upstream(kind: u8) -> bool {
    matches!(kind, NAK | SPMR)
}
