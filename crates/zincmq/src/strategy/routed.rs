//! Peers with addresses, whose messages come in with the sender's address in front (ROUTER, STREAM).

use super::claims::Claims;
use super::fair_queue::FairQueue;
use super::routing::{Routing, RoutingId};
use crate::message::Message;
use crate::pattern::contract::{Denied, PeerId, Peers};
use std::collections::VecDeque;

/// Addresses, fair queueing, and notices that a peer has come or gone.
#[derive(Debug)]
pub(crate) struct Routed {
    pub(crate) routing: Routing,
    claims: Claims,
    queue: FairQueue,
    /// Notices, which are received before anything from the peers.
    notices: VecDeque<Message>,
}

impl Routed {
    /// Automatic ids count up from the low half of `seed`.
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            routing: Routing::new(seed),
            claims: Claims::default(),
            queue: FairQueue::default(),
            notices: VecDeque::new(),
        }
    }

    /// Takes in a peer under an id that is free.
    pub(crate) fn admit(&mut self, peer: PeerId, id: RoutingId) {
        self.routing.add(peer, id);
        self.queue.attach(peer);
    }

    /// Takes in a peer under an id; if that is in use, the peer waits until it is free.
    pub(crate) fn claim(&mut self, peer: PeerId, id: RoutingId) {
        if self.routing.peer_of(&id).is_none() {
            self.admit(peer, id);
        } else {
            self.claims.add(peer, id);
        }
    }

    /// Whether the peer has an id or waits for one.
    pub(crate) fn knows(&self, peer: PeerId) -> bool {
        self.routing.id_of(peer).is_some() || self.claims.contains(peer)
    }

    /// The peer has another id from now on: messages that have come under the old one bear that.
    pub(crate) fn set_apart(&mut self, peers: &mut impl Peers, peer: PeerId) {
        while peers.head(peer).is_some() {
            let Some(mut message) = self.label(peers, peer) else { return };
            let (id, source) = (&message[0], message.peer());
            let announced = source.map(|source| source.get("Routing-Id").unwrap_or_default());
            // A peer that announces none has an automatic one, which begins with 0.
            let old = announced.is_some_and(|announced| {
                if announced.is_empty() { id.first() == Some(&0) } else { *announced == **id }
            });
            if !old || !peers.take(peer, &mut message) {
                return;
            }
            self.notices.push_back(message);
        }
    }

    /// The peer takes no more messages: its id is free.
    pub(crate) fn closing(&mut self, peers: &mut impl Peers, peer: PeerId) {
        if self.routing.id_of(peer).is_none() && !self.claims.closing(peer) {
            // Nobody will read what it sent, and its end would not be seen.
            peers.abort(peer);
        }
        if let Some(id) = self.routing.retire(peer) {
            self.succeed(peers, &id);
        }
    }

    /// Takes in the peers that wait for an id that is free: the first that can be reached, and before it those that
    /// have closed, whose messages are still to be read.
    fn succeed(&mut self, peers: &mut impl Peers, id: &RoutingId) {
        while let Some(next) = self.claims.next(id) {
            self.admit(next.peer, id.clone());
            if next.notice {
                self.notify(peers, next.peer);
            }
            if !next.closing {
                break;
            }
            self.routing.retire(next.peer);
        }
    }

    /// The peer, which waits for its id, has closed its connection and sent more than the queue takes. Nobody can hear it,
    /// but its end is to be seen.
    pub(crate) fn hung_up(&mut self, peers: &mut impl Peers, peer: PeerId) {
        if let Some(claim) = self.claims.of(peer) {
            claim.hung_up = true;
            peers.discard(peer);
        }
    }

    /// Queues a notice about a peer, its id and an empty part; for one that waits, when it is taken in.
    pub(crate) fn notify(&mut self, peers: &mut impl Peers, peer: PeerId) {
        if let Some(claim) = self.claims.of(peer) {
            claim.notice = true;
        }
        if let Some(mut notice) = self.label(peers, peer) {
            notice.slot().fill(&[]);
            self.notices.push_back(notice);
        }
    }

    /// The beginning of a message from a known peer.
    fn label(&self, peers: &mut impl Peers, peer: PeerId) -> Option<Message> {
        let mut message = Message::new();
        message.slot().fill(self.routing.id_of(peer)?);
        peers.stamp(peer, &mut message);
        Some(message)
    }

    /// The peer has something to read again.
    pub(crate) fn readable(&mut self, peers: &mut impl Peers, peer: PeerId) {
        self.queue.activate(peer);
        if self.claims.of(peer).is_some_and(|claim| claim.hung_up) {
            peers.discard(peer);
        }
    }

    /// Forgets the peer, whose id is free now.
    pub(crate) fn remove(&mut self, peers: &mut impl Peers, peer: PeerId) {
        let freed = self.routing.retire(peer);
        self.hand_over(peer);
        if let Some(id) = freed {
            self.succeed(peers, &id);
        }
    }

    /// Forgets the peer, for another that gets its id.
    pub(crate) fn hand_over(&mut self, peer: PeerId) {
        self.queue.remove(peer);
        self.claims.remove(peer);
        self.routing.remove(peer);
    }

    /// Takes the next notice or message.
    #[inline]
    pub(crate) fn recv(&mut self, peers: &mut impl Peers, into: &mut Message) -> Result<(), Denied> {
        if let Some(notice) = self.notices.pop_front() {
            *into = notice;
            return Ok(());
        }
        let Self { routing, queue, .. } = self;
        queue.recv_labelled(peers, into, |peer, into| {
            into.slot().fill(routing.id_of(peer).unwrap_or_default());
        })
    }

    /// Notices that wait.
    pub(crate) fn kept(&self) -> u64 {
        self.notices.len() as u64
    }

    /// Whether a notice or message waits.
    pub(crate) fn can_recv(&mut self, peers: &mut impl Peers) -> bool {
        !self.notices.is_empty() || self.queue.can_recv(peers)
    }
}
