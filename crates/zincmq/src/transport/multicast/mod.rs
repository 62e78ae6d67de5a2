//! The transports `pgm` and `epgm`: datagrams to and from a group, over raw IP or UDP (`zmq_pgm(7)`).
//!
//! This is the way of the packets only; what they hold is the engine's concern.

mod address;
mod contract;
mod interface;
mod port;
mod socket;

pub(crate) use address::Address;
pub(crate) use contract::{Encapsulation, Role};
pub(crate) use port::{Destination, Port};
