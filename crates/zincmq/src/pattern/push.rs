//! PUSH: hands out work, one message to each peer in turn (RFC 30).

use super::contract::{Attached, PeerId, Peers};
use super::{Pattern, Sides};
use crate::strategy::load_balance::LoadBalance;

/// Blocks when no peer has room; never receives.
#[derive(Debug, Default)]
pub(super) struct Push(LoadBalance);

impl<P: Peers> Pattern<P> for Push {
    fn sides(&mut self) -> Sides<'_> {
        (Some(&mut self.0), None)
    }

    fn attached(&mut self, peers: &mut P, peer: PeerId, _how: Attached) {
        self.0.attach(peer);
        // A PULL sends nothing. Messages of a stranger must go, or its end would never be seen.
        peers.discard(peer);
    }

    fn readable(&mut self, peers: &mut P, peer: PeerId) {
        peers.discard(peer);
    }
}
