//! DEALER: sends to each peer in turn, receives from each in turn (RFC 28).

use super::contract::{Attached, Denied, Pattern, PeerId, Peers};
use super::probe;
use crate::message::Message;
use crate::strategy::fair_queue::FairQueue;
use crate::strategy::load_balance::LoadBalance;
use queue::Part;

/// Blocks when no peer has room.
#[derive(Debug, Default)]
pub(super) struct Dealer {
    outbound: LoadBalance,
    inbound: FairQueue,
}

impl<P: Peers> Pattern<P> for Dealer {
    fn attached(&mut self, peers: &mut P, peer: PeerId, _how: Attached) {
        probe(peers, peer);
        self.outbound.attach(peer);
        self.inbound.attach(peer);
    }

    fn readable(&mut self, _peers: &mut P, peer: PeerId) {
        self.inbound.activate(peer);
    }

    fn writable(&mut self, _peers: &mut P, peer: PeerId) {
        self.outbound.activate(peer);
    }

    fn closing(&mut self, _peers: &mut P, peer: PeerId) {
        self.outbound.remove(peer);
    }

    fn detached(&mut self, _peers: &mut P, peer: PeerId) {
        self.outbound.remove(peer);
        self.inbound.remove(peer);
    }

    fn send(&mut self, peers: &mut P, parts: &[Part<'_>]) -> Result<(), Denied> {
        self.outbound.send(peers, &[], parts).map(drop)
    }

    fn recv(&mut self, peers: &mut P, into: &mut Message) -> Result<(), Denied> {
        self.inbound.recv(peers, into)
    }

    fn can_send(&mut self, peers: &mut P) -> bool {
        self.outbound.can_send(peers)
    }

    fn can_recv(&mut self, peers: &mut P) -> bool {
        self.inbound.can_recv(peers)
    }
}
