//! STREAM: bytes to and from plain TCP peers, each message a routing id and some bytes (`zmq_socket(3)`).

use super::Pattern;
use super::contract::{Attached, Denied, PeerId, Peers};
use crate::message::Message;
use crate::strategy::routed::Routed;
use queue::Part;

/// An empty body closes the connection when sent, and tells of its coming and going when received.
#[derive(Debug)]
pub(super) struct Stream(Routed);

impl Stream {
    /// Automatic routing ids count up from the low half of `seed`.
    pub(super) fn new(seed: u64) -> Self {
        Self(Routed::new(seed))
    }

    fn notify(&mut self, peers: &mut impl Peers, peer: PeerId) {
        if peers.options().stream_notify {
            self.0.notify(peers, peer);
        }
    }
}

impl<P: Peers> Pattern<P> for Stream {
    fn attached(&mut self, peers: &mut P, peer: PeerId, how: Attached) {
        match how.assigned_id {
            Some(id) => {
                self.0.claim(peer, id[..].into());
            }
            None => {
                let id = self.0.routing.automatic();
                self.0.admit(peer, id);
            }
        }
        if how.routing_id.is_some() {
            self.notify(peers, peer);
        }
    }

    /// The connection has been made; there is no id to learn.
    fn identified(&mut self, peers: &mut P, peer: PeerId, _routing_id: &[u8]) {
        self.notify(peers, peer);
    }

    fn readable(&mut self, peers: &mut P, peer: PeerId) {
        self.0.readable(peers, peer);
    }

    fn hung_up(&mut self, peers: &mut P, peer: PeerId) {
        self.0.hung_up(peers, peer);
    }

    fn closing(&mut self, peers: &mut P, peer: PeerId) {
        self.0.closing(peers, peer);
    }

    fn detached(&mut self, peers: &mut P, peer: PeerId) {
        self.notify(peers, peer);
        self.0.remove(peers, peer);
    }

    fn send(&mut self, peers: &mut P, parts: &[Part<'_>]) -> Result<(), Denied> {
        let [id, body] = parts else { return Err(Denied::Invalid) };
        let peer = self.0.routing.peer_of(id).ok_or(Denied::Unroutable)?;
        if body.is_empty() {
            self.0.remove(peers, peer);
            peers.close(peer);
            return Ok(());
        }
        Ok(peers.send(peer, &[], &[*body])?)
    }

    fn admit(&mut self, peers: &mut P, first: &[u8]) -> Result<(), Denied> {
        let peer = self.0.routing.peer_of(first).ok_or(Denied::Unroutable)?;
        Ok(peers.accepts(peer)?)
    }

    fn recv(&mut self, peers: &mut P, into: &mut Message) -> Result<(), Denied> {
        self.0.recv(peers, into)
    }

    fn can_send(&mut self, _peers: &mut P) -> bool {
        true
    }

    fn can_recv(&mut self, peers: &mut P) -> bool {
        self.0.can_recv(peers)
    }

    fn kept(&self) -> u64 {
        self.0.kept()
    }

    fn routing_id_of(&self, peer: PeerId) -> Option<&[u8]> {
        self.0.routing.id_of(peer)
    }
}
