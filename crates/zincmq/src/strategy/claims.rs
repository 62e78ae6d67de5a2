//! Peers that wait for a routing id that another one has.

use super::peer_map::PeerMap;
use super::routing::RoutingId;
use crate::pattern::contract::PeerId;
use std::collections::{HashMap, VecDeque};

/// Of peers that wait for one id and have closed so many are kept: an end may be told later than those of the next ones.
/// Nobody is to fill the line with what nobody hears.
const KEPT: usize = 4;

/// For each id the peers that announced it, the first in front. Nobody hears them meanwhile.
#[derive(Debug, Default)]
pub(crate) struct Claims {
    lines: HashMap<RoutingId, VecDeque<Claim>>,
    by_peer: PeerMap<RoutingId>,
}

/// One that waits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Claim {
    pub(crate) peer: PeerId,
    /// It takes no more messages; those that it sent can still be heard.
    pub(crate) closing: bool,
    /// A notice of its coming is due.
    pub(crate) notice: bool,
    /// It has closed and sent more than its queue takes, which nobody is to hear.
    pub(crate) hung_up: bool,
}

impl Claims {
    pub(crate) fn add(&mut self, peer: PeerId, id: RoutingId) {
        let claim = Claim { peer, closing: false, notice: false, hung_up: false };
        self.lines.entry(id.clone()).or_default().push_back(claim);
        self.by_peer.insert(peer, id);
    }

    /// The claim of a peer that waits.
    pub(crate) fn of(&mut self, peer: PeerId) -> Option<&mut Claim> {
        let line = self.lines.get_mut(self.by_peer.get(&peer)?)?;
        line.iter_mut().find(|claim| claim.peer == peer)
    }

    pub(crate) fn contains(&self, peer: PeerId) -> bool {
        self.by_peer.contains_key(&peer)
    }

    /// Takes the first that waits for the id.
    pub(crate) fn next(&mut self, id: &[u8]) -> Option<Claim> {
        let line = self.lines.get_mut(id)?;
        let first = line.pop_front();
        if line.is_empty() {
            self.lines.remove(id);
        }
        self.by_peer.remove(&first?.peer);
        first
    }

    /// The peer takes no more messages. It waits on, unless enough of those do. Returns whether it does.
    pub(crate) fn closing(&mut self, peer: PeerId) -> bool {
        let line = self.by_peer.get(&peer).and_then(|id| self.lines.get(id));
        let kept = line.is_some_and(|line| line.iter().filter(|claim| claim.closing).count() < KEPT);
        match self.of(peer) {
            Some(claim) if kept => claim.closing = true,
            _ => self.remove(peer),
        }
        kept
    }

    /// Forgets a peer, if it waits.
    pub(crate) fn remove(&mut self, peer: PeerId) {
        let Some(id) = self.by_peer.remove(&peer) else { return };
        if let Some(line) = self.lines.get_mut(&id) {
            line.retain(|claim| claim.peer != peer);
            if line.is_empty() {
                self.lines.remove(&id);
            }
        }
    }
}
