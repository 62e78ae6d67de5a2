//! The sources of a receiver, and the time at which each of them has something to do.

use super::peer::Peer;
use super::{ReceiverConfig, SourceReport};
use crate::Tsi;
use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;
use std::time::Instant;

/// What makes a source: its TSI and also its address, since many libzmq processes have one and the same GSI.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct Key {
    pub(super) tsi: Tsi,
    pub(super) address: IpAddr,
}

/// Sources by key and by place. A place is used again after its source is gone.
#[derive(Debug, Default)]
pub(super) struct Table {
    places: HashMap<Key, usize>,
    peers: Vec<Option<Peer>>,
    free: Vec<usize>,
    /// Time and place. A timer may fire too early: it is moved when it does, and not with each packet.
    timers: BTreeSet<(Instant, usize)>,
}

impl Table {
    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    pub(super) fn find(&self, key: &Key) -> Option<usize> {
        self.places.get(key).copied()
    }

    pub(super) fn get_mut(&mut self, place: usize) -> Option<&mut Peer> {
        self.peers.get_mut(place)?.as_mut()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Peer> {
        self.peers.iter().flatten()
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Peer> {
        self.peers.iter_mut().flatten()
    }

    pub(super) fn reports(&self) -> impl Iterator<Item = SourceReport> {
        self.iter().filter(|peer| !peer.is_finished()).map(Peer::report)
    }

    pub(super) fn insert(&mut self, key: Key, peer: Peer) -> usize {
        let place = self.free.pop().unwrap_or(self.peers.len());
        match self.peers.get_mut(place) {
            Some(free) => *free = Some(peer),
            None => self.peers.push(Some(peer)),
        }
        self.places.insert(key, place);
        place
    }

    pub(super) fn remove(&mut self, place: usize) -> Option<Peer> {
        let peer = self.peers.get_mut(place)?.take()?;
        if let Some(armed) = peer.armed {
            self.timers.remove(&(armed, place));
        }
        self.places.remove(&Key { tsi: peer.tsi, address: peer.address() });
        self.free.push(place);
        Some(peer)
    }

    /// Makes sure that the source's timer fires in time.
    pub(super) fn arm(&mut self, place: usize, config: &ReceiverConfig) {
        let Some(peer) = self.peers.get_mut(place).and_then(Option::as_mut) else { return };
        let Some(due) = peer.next_timeout(config) else { return };
        if peer.armed.is_none_or(|armed| due < armed) {
            if let Some(armed) = peer.armed.replace(due) {
                self.timers.remove(&(armed, place));
            }
            self.timers.insert((due, place));
        }
    }

    pub(super) fn next_timeout(&self) -> Option<Instant> {
        self.timers.first().map(|&(due, _)| due)
    }

    /// Takes out the timers up to now.
    pub(super) fn due(&mut self, now: Instant) -> Vec<usize> {
        let mut places = Vec::new();
        while let Some(&(due, place)) = self.timers.first()
            && due <= now
        {
            self.timers.pop_first();
            if let Some(peer) = self.get_mut(place) {
                peer.armed = None;
            }
            places.push(place);
        }
        places
    }

    /// The source that has to go for a new one, as [`ReceiverConfig::max_sources`] says.
    pub(super) fn dispensable(&self, paused: bool) -> Option<usize> {
        let places = self.peers.iter().enumerate();
        places
            .filter_map(|(place, peer)| Some((place, peer.as_ref()?)))
            .filter(|(_, peer)| peer.is_finished() || !paused)
            .min_by_key(|(_, peer)| (!peer.is_finished(), peer.holds(), peer.heard))
            .map(|(place, _)| place)
    }

    /// The source that holds most.
    pub(super) fn hungriest(&self) -> Option<usize> {
        let places = self.peers.iter().enumerate();
        places
            .filter_map(|(place, peer)| Some((place, peer.as_ref()?)))
            .max_by_key(|(_, peer)| peer.accounted)
            .map(|(place, _)| place)
    }
}
