//! ROUTER: puts the sender's routing id before each message, and sends to the peer that the first part names
//! (RFC 28). With `ROUTER_RAW` the peers are plain TCP ones, as STREAM's: an empty message tells of their coming and
//! going, or closes.

use super::contract::{Attached, Denied, Pattern, PeerId, Peers};
use super::probe;
use crate::message::Message;
use crate::option::{CONNECT, DISCONNECT};
use crate::socket_type::SocketType;
use crate::strategy::routed::Routed;
use crate::strategy::routing::RoutingId;
use queue::Part;

/// Drops what nobody can take, unless `ROUTER_MANDATORY` is set.
#[derive(Debug)]
pub(super) struct Router(Routed);

impl Router {
    /// Automatic routing ids count up from the low half of `seed`.
    pub(super) fn new(seed: u64) -> Self {
        Self(Routed::new(seed))
    }

    /// Takes in a peer under the id it announced. If the id is in use, the newcomer is ignored, or with
    /// `ROUTER_HANDOVER` the other one has to go.
    fn identify(&mut self, peers: &mut impl Peers, peer: PeerId, announced: &[u8]) {
        let id = if announced.is_empty() { self.0.routing.automatic() } else { RoutingId::from(announced) };
        if let Some(old) = self.0.routing.peer_of(&id) {
            if !peers.options().router_handover {
                return;
            }
            self.0.remove(old);
            peers.close(old);
        }
        self.0.admit(peer, id);
        self.notify(peers, peer, CONNECT);
    }

    fn notify(&mut self, peers: &impl Peers, peer: PeerId, event: i32) {
        if peers.options().notifies(SocketType::Router, event) {
            self.0.notify(peer);
        }
    }
}

impl<P: Peers> Pattern<P> for Router {
    fn attached(&mut self, peers: &mut P, peer: PeerId, how: Attached) {
        probe(peers, peer);
        match (how.assigned_id, how.routing_id) {
            (Some(id), announced) => {
                if self.0.admit_assigned(peers, peer, &id) && announced.is_some() {
                    self.notify(peers, peer, CONNECT);
                }
            }
            (None, Some(announced)) => self.identify(peers, peer, &announced),
            (None, None) => {}
        }
    }

    fn identified(&mut self, peers: &mut P, peer: PeerId, routing_id: &[u8]) {
        if self.0.routing.id_of(peer).is_some() {
            self.notify(peers, peer, CONNECT);
        } else {
            self.identify(peers, peer, routing_id);
        }
    }

    fn readable(&mut self, _peers: &mut P, peer: PeerId) {
        self.0.readable(peer);
    }

    fn writable(&mut self, _peers: &mut P, _peer: PeerId) {}

    fn closing(&mut self, peers: &mut P, peer: PeerId) {
        if self.0.routing.id_of(peer).is_none() {
            // Never taken in, so nobody will read what it sent, and its end would not be seen.
            peers.abort(peer);
        }
        self.0.routing.retire(peer);
    }

    fn detached(&mut self, peers: &mut P, peer: PeerId) {
        self.notify(peers, peer, DISCONNECT);
        self.0.remove(peer);
    }

    fn send(&mut self, peers: &mut P, parts: &[Part<'_>]) -> Result<(), Denied> {
        let Some((id, parts)) = parts.split_first().filter(|(_, parts)| !parts.is_empty()) else {
            return Err(Denied::Invalid);
        };
        let peer = self.0.routing.peer_of(id);
        if peers.options().router_raw
            && let Some(peer) = peer
            && parts.iter().all(|part| part.is_empty())
        {
            self.0.remove(peer);
            peers.close(peer);
            return Ok(());
        }
        if !peers.options().router_mandatory {
            if let Some(peer) = peer {
                peers.offer(peer, &[], parts);
            }
            return Ok(());
        }
        Ok(peers.send(peer.ok_or(Denied::Unroutable)?, &[], parts)?)
    }

    fn admit(&mut self, peers: &mut P, first: &[u8]) -> Result<(), Denied> {
        if !peers.options().router_mandatory {
            return Ok(());
        }
        let peer = self.0.routing.peer_of(first).ok_or(Denied::Unroutable)?;
        Ok(peers.accepts(peer)?)
    }

    fn recv(&mut self, peers: &mut P, into: &mut Message) -> Result<(), Denied> {
        self.0.recv(peers, into)
    }

    fn can_send(&mut self, peers: &mut P) -> bool {
        !peers.options().router_mandatory || self.0.routing.reachable().any(|peer| peers.has_room(peer))
    }

    fn can_recv(&mut self, peers: &mut P) -> bool {
        self.0.can_recv(peers)
    }

    fn routing_id_of(&self, peer: PeerId) -> Option<&[u8]> {
        self.0.routing.id_of(peer)
    }

    fn peer_of(&self, routing_id: &[u8]) -> Option<PeerId> {
        self.0.routing.peer_of(routing_id)
    }
}
