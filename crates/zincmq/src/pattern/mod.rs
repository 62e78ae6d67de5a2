//! The messaging patterns, one file each.

pub mod ability;
pub mod contract;
mod dealer;
mod pair;
mod r#pub;
mod pull;
mod push;
mod rep;
mod req;
mod router;
mod stream;
mod sub;
mod xpub;
mod xsub;

#[cfg(test)]
mod tests;

use crate::socket_type::SocketType;
use contract::{Pattern, PeerId, Peers};
use queue::Part;

/// The pattern that a socket of this type follows. `seed` should be random: numbers that peers get to see
/// (automatic routing ids, request ids) count up from it.
#[must_use]
pub fn new<P: Peers>(socket_type: SocketType, seed: u64) -> Box<dyn Pattern<P>> {
    match socket_type {
        SocketType::Pair => Box::<pair::Pair>::default(),
        SocketType::Pub => Box::<r#pub::Pub>::default(),
        SocketType::Sub => Box::<sub::Sub>::default(),
        SocketType::Req => Box::new(req::Req::new(seed)),
        SocketType::Rep => Box::<rep::Rep>::default(),
        SocketType::Dealer => Box::<dealer::Dealer>::default(),
        SocketType::Router => Box::new(router::Router::new(seed)),
        SocketType::Pull => Box::<pull::Pull>::default(),
        SocketType::Push => Box::<push::Push>::default(),
        SocketType::XPub => Box::<xpub::XPub>::default(),
        SocketType::XSub => Box::<xsub::XSub>::default(),
        SocketType::Stream => Box::new(stream::Stream::new(seed)),
    }
}

/// Sends a new peer an empty message, so that a ROUTER hears of this side at once (`PROBE_ROUTER`).
fn probe(peers: &mut impl Peers, peer: PeerId) {
    if peers.options().probe_router {
        peers.send_exempt(peer, &[Part::Slice(&[])]);
    }
}
