//! How much one call does beside its own task.
//!
//! A peer may send without end what a pattern throws away, or subscriptions. A call that went on until nothing is left
//! would last as long as the peer likes. So each call does a limited amount of such work; the rest is overdue, and the
//! next call begins with it.

use crate::pattern::contract::{FRAME_COST, PeerId};
use crate::strategy::peer_map::PeerMap;
use std::collections::VecDeque;

/// The allowance of one call: 1024 frames that are dealt with, or 4096 that are skipped, or 1 MiB. That takes about a
/// millisecond, and a thread that calls now and then still keeps up with a fast network.
pub(super) const ALLOWANCE: usize = 1024 * FRAME_COST;
/// The cost of skipping a frame: its header is read, and its segment released in the end.
pub(super) const SKIP_COST: usize = FRAME_COST / 4;
/// So many bytes of a body that is freed cost as much as a step.
pub(super) const STEP_BYTES: usize = 64;

/// The cost of a look at an I/O thread that is just writing: all of a call's looks take some 0.2 ms, as long as a turn
/// of an I/O thread at most.
const LOOK_COST: usize = ALLOWANCE / 64;
/// The pauses between two looks.
const PAUSES: u32 = 64;
/// The last looks let other threads run before, the I/O thread among them: on a busy processor nothing else helps.
const YIELDS: usize = 4 * LOOK_COST;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Allowance {
    spent: usize,
    /// Where some peers had written to when the call had spent its allowance.
    goals: PeerMap<u64>,
    /// The peer whose message is being read part by part: it is read to its end.
    inside: Option<PeerId>,
    pub(super) overdue: VecDeque<PeerId>,
}

impl Allowance {
    /// Another call begins.
    #[inline]
    pub(super) fn renew(&mut self) {
        if self.spent > 0 {
            self.spent = 0;
            if !self.goals.is_empty() {
                self.forget_goals();
            }
        }
    }

    #[cold]
    fn forget_goals(&mut self) {
        self.goals.clear();
    }

    /// How far this call still reads from a peer of this process: up to the position that was `published` when the call
    /// had spent its allowance.
    pub(super) fn goal(&mut self, peer: PeerId, published: impl FnOnce() -> u64) -> u64 {
        *self.goals.entry(peer).or_insert_with(published)
    }

    #[inline]
    pub(super) fn is_spent(&self) -> bool {
        self.spent >= ALLOWANCE
    }

    pub(super) fn spend(&mut self, cost: usize) {
        self.spent = self.spent.saturating_add(cost);
    }

    /// Waits for a moment, if the call has any left.
    pub(super) fn pause(&mut self) -> bool {
        if self.is_spent() {
            return false;
        }
        self.spend(LOOK_COST);
        if self.spent + YIELDS > ALLOWANCE {
            std::thread::yield_now();
        } else {
            (0..PAUSES).for_each(|_| std::hint::spin_loop());
        }
        true
    }

    /// A frame of this peer was skipped; `more` of its message follow.
    pub(super) fn passed(&mut self, peer: PeerId, more: bool) {
        self.inside = more.then_some(peer);
    }

    /// Whether the next message of this peer must wait for another call.
    #[inline]
    pub(super) fn withholds(&self, peer: PeerId) -> bool {
        self.is_spent() && self.inside != Some(peer)
    }

    /// Whether some peer is left for the next call.
    #[inline]
    pub(super) fn is_overdue(&self) -> bool {
        !self.overdue.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_ends_between_two_messages_and_the_next_goes_on() {
        let mut allowance = Allowance::default();
        let (one, other) = (PeerId(1), PeerId(2));
        allowance.spend(ALLOWANCE - 1);
        assert!(!allowance.withholds(one));
        allowance.spend(1);
        allowance.passed(one, true);
        assert!(!allowance.withholds(one) && allowance.withholds(other));
        allowance.passed(one, false);
        assert!(allowance.withholds(one));
        allowance.renew();
        assert!(!allowance.withholds(one) && !allowance.withholds(other));
    }
}
