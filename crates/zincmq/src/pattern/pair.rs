//! PAIR: one peer, both ways (RFC 31).

use super::contract::{Attached, Denied, PeerId, Peers};
use super::{Pattern, Sides};
use crate::strategy::fair_queue::FairQueue;
use queue::Part;
use std::collections::VecDeque;

/// The first peer wins. One more waits until that has gone; others are turned away.
#[derive(Debug, Default)]
pub(super) struct Pair {
    /// The peer to send to.
    present: Option<PeerId>,
    /// The peers to read from: those that have gone, until all they sent has been read, then the present one.
    heard: VecDeque<PeerId>,
    /// The first of these, and no other.
    inbound: FairQueue,
    next: Option<Next>,
}

/// The peer that waits.
#[derive(Debug)]
struct Next {
    peer: PeerId,
    /// It takes no more messages; those that it sent can still be heard.
    closing: bool,
    /// It has closed and sent more than its queue takes, which nobody is to hear.
    hung_up: bool,
}

impl Pair {
    fn is_next(&self, peer: PeerId) -> bool {
        self.next.as_ref().is_some_and(|next| next.peer == peer)
    }

    /// Reads from the peer once the others have been read.
    fn hear(&mut self, peer: PeerId) {
        self.heard.push_back(peer);
        self.hear_first();
    }

    fn hear_first(&mut self) {
        if let Some(&first) = self.heard.front() {
            self.inbound.attach(first);
        }
    }
}

impl<P: Peers> Pattern<P> for Pair {
    fn sides(&mut self) -> Sides<'_> {
        (None, Some(&mut self.inbound))
    }

    fn attached(&mut self, peers: &mut P, peer: PeerId, _how: Attached) {
        if self.present.is_none() {
            self.present = Some(peer);
            self.hear(peer);
            return;
        }
        match &self.next {
            Some(next) if !next.closing => return peers.abort(peer),
            Some(next) => peers.abort(next.peer),
            None => {}
        }
        self.next = Some(Next { peer, closing: false, hung_up: false });
    }

    fn readable(&mut self, peers: &mut P, peer: PeerId) {
        if self.next.as_ref().is_some_and(|next| next.peer == peer && next.hung_up) {
            peers.discard(peer);
        }
        self.inbound.activate(peer);
    }

    fn hung_up(&mut self, peers: &mut P, peer: PeerId) {
        if let Some(next) = self.next.as_mut().filter(|next| next.peer == peer) {
            next.hung_up = true;
            peers.discard(peer);
        }
    }

    fn closing(&mut self, _peers: &mut P, peer: PeerId) {
        if self.present == Some(peer) {
            let next = self.next.take();
            next.iter().for_each(|next| self.hear(next.peer));
            self.present = next.filter(|next| !next.closing).map(|next| next.peer);
        } else if let Some(next) = self.next.as_mut().filter(|next| next.peer == peer) {
            next.closing = true;
        }
    }

    fn detached(&mut self, _peers: &mut P, peer: PeerId) {
        self.heard.retain(|&heard| heard != peer);
        self.inbound.remove(peer);
        self.hear_first();
        if self.is_next(peer) {
            self.next = None;
        }
    }

    fn send(&mut self, peers: &mut P, parts: &[Part<'_>]) -> Result<(), Denied> {
        let peer = self.present.ok_or(Denied::Again)?;
        peers.send(peer, &[], parts).map_err(|_| Denied::Again)
    }

    fn lender(&mut self, _peers: &mut P) -> Option<&mut FairQueue> {
        Some(&mut self.inbound)
    }

    fn can_send(&mut self, peers: &mut P) -> bool {
        self.present.is_some_and(|peer| peers.has_room(peer))
    }
}
