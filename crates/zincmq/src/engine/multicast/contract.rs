//! The terms that both sides of multicast agree on.

use crate::monitor::EventKind;
use crate::transport::multicast::Destination;
use pgm::{To, Transmit};

/// Datagrams that one engine may move in one turn, each way, before others have theirs.
pub(super) const TURN: usize = 512;
/// Datagrams that are moved in one go.
pub(super) const BATCH: usize = 64;

/// Tells the monitor of an event with this value, about the source of this name.
pub(crate) type Emit<'a> = &'a mut dyn FnMut(EventKind, u64, &str);

/// A datagram of a machine of the protocol, as the port sends it.
pub(super) fn datagram(Transmit { to, bytes }: Transmit<'_>) -> (Destination, &[u8]) {
    let destination = match to {
        // A receiver's port sends to the link alone, a source's as far as its option says.
        To::Group | To::GroupNear => Destination::Group,
        To::Host(address) => Destination::Host(address),
    };
    (destination, bytes)
}
