//! A dense list of peers in which each peer is found at once.

use crate::pattern::contract::PeerId;

/// Peers one after the other, each once. Removal fills the gap with the last one.
#[derive(Debug, Default)]
pub(crate) struct PeerList {
    peers: Vec<PeerId>,
    /// By the peers' own indices. It says nothing of one that is not in the list.
    places: Vec<u32>,
}

impl PeerList {
    pub(crate) fn len(&self) -> usize {
        self.peers.len()
    }

    pub(crate) fn as_slice(&self) -> &[PeerId] {
        &self.peers
    }

    #[inline]
    pub(crate) fn get(&self, place: usize) -> Option<PeerId> {
        self.peers.get(place).copied()
    }

    pub(crate) fn place(&self, peer: PeerId) -> Option<usize> {
        let place = *self.places.get(peer.index())? as usize;
        (self.peers.get(place) == Some(&peer)).then_some(place)
    }

    pub(crate) fn contains(&self, peer: PeerId) -> bool {
        self.place(peer).is_some()
    }

    /// Adds a peer at the end; says no if it is there already.
    pub(crate) fn push(&mut self, peer: PeerId) -> bool {
        if self.contains(peer) {
            return false;
        }
        self.peers.push(peer);
        if self.places.len() <= peer.index() {
            self.places.resize(peer.index() + 1, 0);
        }
        self.find_at(self.peers.len() - 1);
        true
    }

    /// Exchanges two peers; both places must exist.
    #[inline]
    pub(crate) fn swap(&mut self, a: usize, b: usize) {
        if a != b {
            self.peers.swap(a, b);
            self.find_at(a);
            self.find_at(b);
        }
    }

    /// Removes a peer; says no if it was not there.
    pub(crate) fn remove(&mut self, peer: PeerId) -> bool {
        let Some(place) = self.place(peer) else { return false };
        self.peers.swap_remove(place);
        if place < self.peers.len() {
            self.find_at(place);
        }
        true
    }

    /// Notes where the peer at a place stands.
    #[inline]
    fn find_at(&mut self, place: usize) {
        self.places[self.peers[place].index()] = place as u32;
    }
}
