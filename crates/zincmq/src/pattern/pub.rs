//! PUB: sends each message to all who subscribed to how it begins (RFC 29).

use super::contract::{Attached, Denied, Kind, Pattern, PeerId, Peers};
use crate::message::Message;
use crate::strategy::publisher::Publisher;
use queue::Part;

/// Never blocks: a subscriber without room loses the message, unless `XPUB_NODROP` is set.
#[derive(Debug, Default)]
pub(super) struct Pub(Publisher);

impl<P: Peers> Pattern<P> for Pub {
    fn attached(&mut self, peers: &mut P, peer: PeerId, _how: Attached) {
        self.0.attached(peers, peer);
    }

    fn readable(&mut self, peers: &mut P, peer: PeerId) {
        self.0.read(peers, peer);
    }

    fn writable(&mut self, _peers: &mut P, _peer: PeerId) {}

    fn closing(&mut self, _peers: &mut P, peer: PeerId) {
        self.0.closing(peer);
    }

    fn detached(&mut self, peers: &mut P, peer: PeerId) {
        self.0.detached(peers, peer);
    }

    fn send(&mut self, peers: &mut P, parts: &[Part<'_>]) -> Result<(), Denied> {
        self.0.send(peers, parts)
    }

    fn admit(&mut self, peers: &mut P, first: &[u8]) -> Result<(), Denied> {
        self.0.admit(peers, first)
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

    fn subscribe(&mut self, peers: &mut P, kind: Kind, topic: &[u8]) -> Result<(), Denied> {
        self.0.subscribe(peers, kind, topic)
    }

    fn topics(&self) -> Result<usize, Denied> {
        Ok(self.0.topics())
    }
}
