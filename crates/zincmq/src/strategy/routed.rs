//! Peers with addresses, whose messages come in with the sender's address in front (ROUTER, STREAM).

use super::fair_queue::FairQueue;
use super::routing::{Routing, RoutingId};
use crate::message::Message;
use crate::pattern::contract::{Denied, PeerId, Peers};
use std::collections::VecDeque;

/// Addresses, fair queueing, and notices that a peer has come or gone.
#[derive(Debug)]
pub(crate) struct Routed {
    pub(crate) routing: Routing,
    queue: FairQueue,
    notices: VecDeque<(PeerId, RoutingId)>,
}

impl Routed {
    /// Automatic ids count up from the low half of `seed`.
    pub(crate) fn new(seed: u64) -> Self {
        Self { routing: Routing::new(seed), queue: FairQueue::default(), notices: VecDeque::new() }
    }

    /// Takes in a peer under an id that is free.
    pub(crate) fn admit(&mut self, peer: PeerId, id: RoutingId) {
        self.routing.add(peer, id);
        self.queue.attach(peer);
    }

    /// Takes in a peer under the id set for it, or refuses it if the id is in use.
    pub(crate) fn admit_assigned(&mut self, peers: &mut impl Peers, peer: PeerId, id: &[u8]) -> bool {
        let free = self.routing.peer_of(id).is_none();
        if free {
            self.admit(peer, id.into());
        } else {
            peers.abort(peer);
        }
        free
    }

    /// Queues a notice about a known peer: its id and an empty part.
    pub(crate) fn notify(&mut self, peer: PeerId) {
        if let Some(id) = self.routing.id_of(peer) {
            self.notices.push_back((peer, id.into()));
        }
    }

    /// The peer has something to read again.
    pub(crate) fn readable(&mut self, peer: PeerId) {
        self.queue.activate(peer);
    }

    /// Forgets the peer.
    pub(crate) fn remove(&mut self, peer: PeerId) {
        self.queue.remove(peer);
        self.routing.remove(peer);
    }

    /// Takes the next notice or message.
    #[inline]
    pub(crate) fn recv(&mut self, peers: &mut impl Peers, into: &mut Message) -> Result<(), Denied> {
        if let Some((peer, id)) = self.notices.pop_front() {
            into.slot().fill(&id);
            into.slot().fill(&[]);
            peers.stamp(peer, into);
            return Ok(());
        }
        let Self { routing, queue, .. } = self;
        queue.recv_labelled(peers, into, |peer, into| {
            into.slot().fill(routing.id_of(peer).unwrap_or_default());
        })
    }

    /// Whether a notice or message waits.
    pub(crate) fn can_recv(&mut self, peers: &mut impl Peers) -> bool {
        !self.notices.is_empty() || self.queue.can_recv(peers)
    }
}
