//! Messages go out to one peer after the other (RFC 28, RFC 30: PUSH, DEALER, REQ).

use super::rotation::RoundRobin;
use crate::pattern::contract::{Denied, PeerId, Peers};
use queue::Part;

/// Round-robin over the peers that have room.
#[derive(Debug, Default)]
pub(crate) struct LoadBalance(RoundRobin);

impl LoadBalance {
    pub(crate) fn attach(&mut self, peer: PeerId) {
        self.0.attach(peer);
    }

    /// The peer has room again.
    pub(crate) fn activate(&mut self, peer: PeerId) {
        self.0.activate(peer);
    }

    pub(crate) fn remove(&mut self, peer: PeerId) {
        self.0.remove(peer);
    }

    /// Sends to the next peer that has room, and tells which it was.
    #[inline(always)]
    pub(crate) fn send(
        &mut self,
        peers: &mut impl Peers,
        envelope: &[u8],
        parts: &[Part<'_>],
    ) -> Result<PeerId, Denied> {
        while let Some(peer) = self.0.current() {
            if peers.send(peer, envelope, parts).is_ok() {
                self.0.turn();
                return Ok(peer);
            }
            self.0.rest();
        }
        Err(Denied::Again)
    }

    /// Whether some peer has room.
    pub(crate) fn can_send(&mut self, peers: &mut impl Peers) -> bool {
        while let Some(peer) = self.0.current() {
            if peers.has_room(peer) {
                return true;
            }
            self.0.rest();
        }
        false
    }
}
