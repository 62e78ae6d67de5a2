//! A dense list of peers in which each peer is found at once.

use super::peer_map::PeerMap;
use crate::pattern::contract::PeerId;

/// Peers one after the other, each once. Removal fills the gap with the last one.
#[derive(Debug, Default)]
pub(crate) struct PeerList {
    peers: Vec<PeerId>,
    places: PeerMap<usize>,
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
        self.places.get(&peer).copied()
    }

    pub(crate) fn contains(&self, peer: PeerId) -> bool {
        self.places.contains_key(&peer)
    }

    /// Adds a peer at the end; says no if it is there already.
    pub(crate) fn push(&mut self, peer: PeerId) -> bool {
        if self.contains(peer) {
            return false;
        }
        self.places.insert(peer, self.peers.len());
        self.peers.push(peer);
        true
    }

    /// Exchanges two peers; both places must exist.
    #[inline]
    pub(crate) fn swap(&mut self, a: usize, b: usize) {
        if a != b {
            self.peers.swap(a, b);
            self.places.insert(self.peers[a], a);
            self.places.insert(self.peers[b], b);
        }
    }

    /// Removes a peer; says no if it was not there.
    pub(crate) fn remove(&mut self, peer: PeerId) -> bool {
        let Some(place) = self.places.remove(&peer) else { return false };
        self.peers.swap_remove(place);
        if let Some(&moved) = self.peers.get(place) {
            self.places.insert(moved, place);
        }
        true
    }
}
