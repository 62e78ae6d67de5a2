//! Peers that take turns, and those that sit out until they are active again.

use super::roster::PeerList;
use crate::pattern::contract::PeerId;

/// The active peers stand in front, and the turn goes round among them only.
// Each message writes here: a thread whose socket has something in the same cache line would wait for that.
#[derive(Debug, Default)]
#[repr(align(64))]
pub(crate) struct RoundRobin {
    roster: PeerList,
    active: usize,
    next: usize,
}

impl RoundRobin {
    /// The peer whose turn it is.
    #[inline]
    pub(crate) fn current(&self) -> Option<PeerId> {
        if self.active == 0 { None } else { self.roster.get(self.next) }
    }

    /// The current peer has had its turn.
    #[inline]
    pub(crate) fn turn(&mut self) {
        self.next += 1;
        if self.next >= self.active {
            self.next = 0;
        }
    }

    /// The current peer sits out until [`RoundRobin::activate`].
    pub(crate) fn rest(&mut self) {
        if self.active > 0 {
            self.deactivate_at(self.next);
        }
    }

    /// Adds a peer, active, at the end of the round.
    pub(crate) fn attach(&mut self, peer: PeerId) {
        if self.roster.push(peer) {
            self.activate_at(self.roster.len() - 1);
        }
    }

    /// A peer takes part again. Nothing happens if it does already, or is not known.
    pub(crate) fn activate(&mut self, peer: PeerId) {
        if let Some(place) = self.roster.place(peer).filter(|&place| place >= self.active) {
            self.activate_at(place);
        }
    }

    /// Forgets a peer, if it is known.
    pub(crate) fn remove(&mut self, peer: PeerId) {
        if let Some(place) = self.roster.place(peer) {
            if place < self.active {
                self.deactivate_at(place);
            }
            self.roster.remove(peer);
        }
    }

    fn activate_at(&mut self, place: usize) {
        self.roster.swap(place, self.active);
        self.active += 1;
    }

    fn deactivate_at(&mut self, place: usize) {
        self.active -= 1;
        self.roster.swap(place, self.active);
        if self.next >= self.active {
            self.next = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round(rotation: &mut RoundRobin, turns: usize) -> Vec<u64> {
        (0..turns)
            .filter_map(|_| {
                let peer = rotation.current();
                rotation.turn();
                peer.map(|PeerId(number)| number)
            })
            .collect()
    }

    fn of(peers: u64) -> RoundRobin {
        let mut rotation = RoundRobin::default();
        (1..=peers).for_each(|number| rotation.attach(PeerId(number)));
        rotation
    }

    #[test]
    fn turns_go_round_in_the_order_of_arrival() {
        assert_eq!(round(&mut of(3), 7), [1, 2, 3, 1, 2, 3, 1]);
        assert_eq!(round(&mut of(0), 3), []);
    }

    #[test]
    fn who_rests_is_passed_over_until_called_back() {
        let mut rotation = of(3);
        rotation.turn();
        rotation.rest();
        assert_eq!(round(&mut rotation, 4), [3, 1, 3, 1]);
        rotation.activate(PeerId(2));
        rotation.activate(PeerId(2));
        assert_eq!(round(&mut rotation, 3), [3, 2, 1]);
    }

    #[test]
    fn all_resting_means_nobody() {
        let mut rotation = of(2);
        rotation.rest();
        rotation.rest();
        rotation.rest();
        assert_eq!(rotation.current(), None);
        rotation.activate(PeerId(1));
        assert_eq!(rotation.current(), Some(PeerId(1)));
    }

    #[test]
    fn removal_reaches_active_and_resting_peers() {
        let mut rotation = of(4);
        rotation.rest();
        rotation.remove(PeerId(1));
        rotation.remove(PeerId(3));
        rotation.remove(PeerId(9));
        let mut left = round(&mut rotation, 2);
        left.sort_unstable();
        assert_eq!(left, [2, 4]);
        rotation.activate(PeerId(1));
        rotation.remove(PeerId(2));
        rotation.remove(PeerId(4));
        assert_eq!(rotation.current(), None);
    }
}
