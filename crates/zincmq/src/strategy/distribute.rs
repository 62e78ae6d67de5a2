//! Messages go out to all peers, or to some of them, at once (RFC 29).

use super::peer_map::PeerSet;
use super::roster::PeerList;
use crate::pattern::contract::{Denied, Kind, PeerId, Peers, Refused};
use queue::Part;

/// The peers that take messages.
#[derive(Debug, Default)]
pub(crate) struct Distribute {
    roster: PeerList,
    /// Peers marked while the targets of one message are chosen; kept for its memory.
    marked: PeerSet,
    chosen: Vec<PeerId>,
}

/// Which of the peers that match a message get it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Choice {
    /// Only this one, if it matches.
    pub(crate) only: Option<PeerId>,
    /// All peers but those that would get it.
    pub(crate) invert: bool,
}

impl Choice {
    /// Whether those that match get it, and nobody else.
    pub(crate) fn is_plain(self) -> bool {
        self.only.is_none() && !self.invert
    }
}

impl Distribute {
    pub(crate) fn attach(&mut self, peer: PeerId) {
        self.roster.push(peer);
    }

    /// Forgets a peer; says no if it was not known.
    pub(crate) fn remove(&mut self, peer: PeerId) -> bool {
        self.roster.remove(peer)
    }

    pub(crate) fn contains(&self, peer: PeerId) -> bool {
        self.roster.contains(peer)
    }

    /// Sends a message to every peer that has room.
    pub(crate) fn send_to_all(&self, peers: &mut impl Peers, parts: &[Part<'_>]) {
        peers.broadcast(self.roster.as_slice(), parts);
    }

    /// Whether all the peers that are `meant` have room. One that has not will tell when it has.
    pub(crate) fn all_have_room(&self, peers: &mut impl Peers, meant: impl Fn(PeerId) -> bool) -> bool {
        let full = |&peer: &PeerId| meant(peer) && peers.accepts(peer) == Err(Refused::Full);
        !self.roster.as_slice().iter().any(full)
    }

    /// Passes a subscription or its cancellation on to every peer.
    pub(crate) fn subscribe_to_all(&self, peers: &mut impl Peers, kind: Kind, topic: &[u8]) {
        for &peer in self.roster.as_slice() {
            peers.subscribe(peer, kind, topic);
        }
    }

    /// Turns the peers that match a message into those that get it.
    pub(crate) fn choose(&mut self, matching: &[PeerId], choice: Choice) -> &[PeerId] {
        let Self { roster, marked, chosen } = self;
        let meant = |peer: &PeerId| choice.only.is_none_or(|only| only == *peer);
        let meant = matching.iter().copied().filter(meant);
        chosen.clear();
        if choice.invert {
            marked.clear();
            marked.extend(meant);
            chosen.extend(roster.as_slice().iter().filter(|peer| !marked.contains(peer)));
        } else {
            chosen.extend(meant.filter(|&peer| roster.contains(peer)));
        }
        chosen
    }
}

/// Sends a message to each of `targets`; one that has no room loses it, or with `nodrop` nobody gets it.
pub(crate) fn send(
    peers: &mut impl Peers,
    targets: &[PeerId],
    parts: &[Part<'_>],
    nodrop: bool,
) -> Result<(), Denied> {
    if targets.is_empty() {
        return Ok(());
    }
    if nodrop {
        admit(peers, targets)?;
    }
    peers.broadcast(targets, parts);
    Ok(())
}

/// Whether all of `targets` that have not gone have room.
pub(crate) fn admit(peers: &mut impl Peers, targets: &[PeerId]) -> Result<(), Denied> {
    // Every full one is asked, since each is to tell when it has room.
    let full = targets.iter().filter(|&&peer| peers.accepts(peer) == Err(Refused::Full)).count();
    if full > 0 { Err(Denied::Again) } else { Ok(()) }
}
