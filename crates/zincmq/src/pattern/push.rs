//! PUSH: hands out work, one message to each peer in turn (RFC 30).

use super::contract::{Attached, Denied, Pattern, PeerId, Peers};
use crate::message::Message;
use crate::strategy::load_balance::LoadBalance;
use queue::Part;

/// Blocks when no peer has room; never receives.
#[derive(Debug, Default)]
pub(super) struct Push(LoadBalance);

impl<P: Peers> Pattern<P> for Push {
    fn attached(&mut self, peers: &mut P, peer: PeerId, _how: Attached) {
        self.0.attach(peer);
        // A PULL sends nothing. What a stranger sends must go, or its end would never be seen.
        peers.discard(peer);
    }

    fn readable(&mut self, peers: &mut P, peer: PeerId) {
        peers.discard(peer);
    }

    fn writable(&mut self, _peers: &mut P, peer: PeerId) {
        self.0.activate(peer);
    }

    fn closing(&mut self, _peers: &mut P, peer: PeerId) {
        self.0.remove(peer);
    }

    fn detached(&mut self, _peers: &mut P, peer: PeerId) {
        self.0.remove(peer);
    }

    fn send(&mut self, peers: &mut P, parts: &[Part<'_>]) -> Result<(), Denied> {
        self.0.send(peers, &[], parts).map(drop)
    }

    fn recv(&mut self, _peers: &mut P, _into: &mut Message) -> Result<(), Denied> {
        Err(Denied::Unsupported)
    }

    fn can_send(&mut self, peers: &mut P) -> bool {
        self.0.can_send(peers)
    }

    fn can_recv(&mut self, _peers: &mut P) -> bool {
        false
    }
}
