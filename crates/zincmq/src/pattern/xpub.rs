//! PUB sends each message to all who subscribed to how it begins (RFC 29). XPUB receives the subscriptions besides, and
//! messages from XSUB.

use super::Pattern;
use super::contract::{Attached, Denied, Kind, PeerId, Peers};
use crate::message::Message;
use crate::strategy::publisher::Publisher;
use queue::Part;

/// Never blocks: a subscriber without room loses the message, unless `XPUB_NODROP` is set. A subscription is received as a
/// message: 1 or, if it is a cancellation, 0, then the topic.
#[derive(Debug)]
pub(super) struct XPub(Publisher);

impl Default for XPub {
    fn default() -> Self {
        Self(Publisher::with_notices())
    }
}

impl XPub {
    /// PUB: its application is told nothing.
    pub(super) fn without_notices() -> Self {
        Self(Publisher::default())
    }
}

impl<P: Peers> Pattern<P> for XPub {
    fn attached(&mut self, peers: &mut P, peer: PeerId, how: Attached) {
        self.0.attached(peers, peer, how.takes_all);
    }

    fn readable(&mut self, peers: &mut P, peer: PeerId) {
        self.0.read(peers, peer);
    }

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

    fn recv(&mut self, peers: &mut P, into: &mut Message) -> Result<(), Denied> {
        self.0.recv(peers, into)
    }

    fn can_send(&mut self, peers: &mut P) -> bool {
        self.0.can_send(peers)
    }

    fn can_recv(&mut self, _peers: &mut P) -> bool {
        self.0.can_recv()
    }

    fn subscribe(&mut self, peers: &mut P, kind: Kind, topic: &[u8]) -> Result<(), Denied> {
        self.0.subscribe(peers, kind, topic)
    }

    fn kept(&self) -> u64 {
        self.0.kept()
    }

    fn topics(&self) -> Result<usize, Denied> {
        Ok(self.0.topics())
    }
}
