//! PULL: receives work, one message from each peer in turn (RFC 30).

use super::contract::{Attached, Denied, Pattern, PeerId, Peers};
use crate::message::Message;
use crate::strategy::fair_queue::FairQueue;
use queue::Part;

/// Receives from all peers; never sends.
#[derive(Debug, Default)]
pub(super) struct Pull(FairQueue);

impl<P: Peers> Pattern<P> for Pull {
    fn attached(&mut self, _peers: &mut P, peer: PeerId, _how: Attached) {
        self.0.attach(peer);
    }

    fn readable(&mut self, _peers: &mut P, peer: PeerId) {
        self.0.activate(peer);
    }

    fn writable(&mut self, _peers: &mut P, _peer: PeerId) {}

    fn closing(&mut self, _peers: &mut P, _peer: PeerId) {}

    fn detached(&mut self, _peers: &mut P, peer: PeerId) {
        self.0.remove(peer);
    }

    fn send(&mut self, _peers: &mut P, _parts: &[Part<'_>]) -> Result<(), Denied> {
        Err(Denied::Unsupported)
    }

    fn admit(&mut self, _peers: &mut P, _first: &[u8]) -> Result<(), Denied> {
        Err(Denied::Unsupported)
    }

    fn recv(&mut self, peers: &mut P, into: &mut Message) -> Result<(), Denied> {
        self.0.recv(peers, into)
    }

    fn can_send(&mut self, _peers: &mut P) -> bool {
        false
    }

    fn can_recv(&mut self, peers: &mut P) -> bool {
        self.0.can_recv(peers)
    }
}
