//! ROUTER: puts the sender's routing id before each message, and sends to the peer that the first part names
//! (RFC 28). With `ROUTER_RAW` the peers are plain TCP ones, as STREAM's: an empty message tells of their coming and
//! going, or closes.

use super::Pattern;
use super::contract::{Attached, Denied, PeerId, Peers};
use super::probe;
use crate::message::Message;
use crate::option::{CONNECT, DISCONNECT};
use crate::socket_type::SocketType;
use crate::strategy::peer_map::PeerSet;
use crate::strategy::routed::Routed;
use crate::strategy::routing::RoutingId;
use queue::Part;

/// Drops what nobody can take, unless `ROUTER_MANDATORY` is set.
#[derive(Debug)]
pub(super) struct Router {
    routed: Routed,
    /// Those whose id was assigned before they were connected.
    assigned: PeerSet,
}

impl Router {
    /// Automatic routing ids count up from the low half of `seed`.
    pub(super) fn new(seed: u64) -> Self {
        Self { routed: Routed::new(seed), assigned: PeerSet::default() }
    }

    /// Takes in a peer under the id it announced. If the id is in use, the newcomer waits until the other one has gone, or
    /// with `ROUTER_HANDOVER` that has to go.
    fn identify(&mut self, peers: &mut impl Peers, peer: PeerId, announced: &[u8]) {
        let Self { routed, .. } = self;
        let id = if announced.is_empty() { routed.routing.automatic() } else { RoutingId::from(announced) };
        if peers.options().router_handover
            && let Some(old) = routed.routing.peer_of(&id)
        {
            routed.hand_over(old);
            peers.close(old);
        }
        routed.claim(peer, id);
    }

    fn notify(&mut self, peers: &mut impl Peers, peer: PeerId, event: i32) {
        if peers.options().notifies(SocketType::Router, event) {
            self.routed.notify(peers, peer);
        }
    }
}

impl<P: Peers> Pattern<P> for Router {
    fn attached(&mut self, peers: &mut P, peer: PeerId, how: Attached) {
        probe(peers, peer);
        match (how.assigned_id, how.routing_id) {
            (Some(id), announced) => {
                self.routed.claim(peer, id[..].into());
                match announced {
                    Some(_) => self.notify(peers, peer, CONNECT),
                    None => drop(self.assigned.insert(peer)),
                }
            }
            (None, Some(announced)) => {
                self.identify(peers, peer, &announced);
                self.notify(peers, peer, CONNECT);
            }
            (None, None) => {}
        }
    }

    fn identified(&mut self, peers: &mut P, peer: PeerId, routing_id: &[u8]) {
        if self.routed.knows(peer) && !self.assigned.contains(&peer) {
            // Of the coming and going the connection itself tells.
            self.routed.set_apart(peers, peer);
            self.routed.remove(peers, peer);
            return self.identify(peers, peer, routing_id);
        }
        if !self.assigned.remove(&peer) {
            self.identify(peers, peer, routing_id);
        }
        self.notify(peers, peer, CONNECT);
    }

    fn readable(&mut self, peers: &mut P, peer: PeerId) {
        self.routed.readable(peers, peer);
    }

    fn hung_up(&mut self, peers: &mut P, peer: PeerId) {
        self.routed.hung_up(peers, peer);
    }

    fn closing(&mut self, peers: &mut P, peer: PeerId) {
        self.assigned.remove(&peer);
        self.routed.closing(peers, peer);
    }

    fn detached(&mut self, peers: &mut P, peer: PeerId) {
        self.notify(peers, peer, DISCONNECT);
        self.routed.remove(peers, peer);
    }

    fn send(&mut self, peers: &mut P, parts: &[Part<'_>]) -> Result<(), Denied> {
        let Some((id, parts)) = parts.split_first().filter(|(_, parts)| !parts.is_empty()) else {
            return Err(Denied::Invalid);
        };
        let peer = self.routed.routing.peer_of(id);
        if peers.options().router_raw
            && let Some(peer) = peer
            && parts.iter().all(|part| part.is_empty())
        {
            self.routed.remove(peers, peer);
            peers.close(peer);
            return Ok(());
        }
        if !peers.options().router_mandatory {
            if !peer.is_some_and(|peer| peers.offer(peer, &[], parts)) {
                peers.count_unroutable();
            }
            return Ok(());
        }
        Ok(peers.send(peer.ok_or(Denied::Unroutable)?, &[], parts)?)
    }

    fn admit(&mut self, peers: &mut P, first: &[u8]) -> Result<(), Denied> {
        if !peers.options().router_mandatory {
            return Ok(());
        }
        let peer = self.routed.routing.peer_of(first).ok_or(Denied::Unroutable)?;
        Ok(peers.accepts(peer)?)
    }

    fn recv(&mut self, peers: &mut P, into: &mut Message) -> Result<(), Denied> {
        self.routed.recv(peers, into)
    }

    fn can_send(&mut self, peers: &mut P) -> bool {
        !peers.options().router_mandatory || self.routed.routing.reachable().any(|peer| peers.has_room(peer))
    }

    fn can_recv(&mut self, peers: &mut P) -> bool {
        self.routed.can_recv(peers)
    }

    fn kept(&self) -> u64 {
        self.routed.kept()
    }

    fn routing_id_of(&self, peer: PeerId) -> Option<&[u8]> {
        self.routed.routing.id_of(peer)
    }

    fn peer_of(&self, routing_id: &[u8]) -> Result<PeerId, Denied> {
        self.routed.routing.peer_of(routing_id).ok_or(Denied::Unroutable)
    }
}
