//! What the network does to a packet.

use crate::chance::Chance;
use pgm::{Body, Packet};
use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::rc::Rc;
use std::time::Duration;

/// Who is on the network.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub(crate) enum Node {
    Publisher(usize),
    Subscriber(usize),
}

/// What goes wrong, in a thousand packets.
#[derive(Clone, Debug)]
pub(crate) struct Faults {
    /// Losses on the way to one node.
    pub(crate) lost: u32,
    /// How many are lost in a row, at most.
    pub(crate) in_a_row: u32,
    /// Losses at the sender: no node hears the packet.
    pub(crate) lost_for_all: u32,
    pub(crate) doubled: u32,
    /// Packets with a wrong bit.
    pub(crate) damaged: u32,
    /// Packets that others overtake.
    pub(crate) overtaken: u32,
    /// The time on the way, in microseconds.
    pub(crate) delay: RangeInclusive<u32>,
}

impl Faults {
    /// A network without any.
    pub(crate) const NONE: Self = Self {
        lost: 0,
        in_a_row: 1,
        lost_for_all: 0,
        doubled: 0,
        damaged: 0,
        overtaken: 0,
        delay: 100..=100,
    };

    /// Losses up to 30 in a hundred, and whatever else.
    pub(crate) fn any(chance: &mut Chance) -> Self {
        let in_a_row = chance.of(1..=8);
        // Now and then a way that takes longer than the receivers wait for an answer.
        let shortest = if chance.happens(100) { chance.of(0..=500_000) } else { chance.of(0..=5_000) };
        Self {
            // A longer row begins more seldom.
            lost: chance.of(0..=300) / in_a_row.div_ceil(2),
            in_a_row,
            lost_for_all: chance.of(0..=20),
            doubled: chance.of(0..=100),
            damaged: chance.of(0..=20),
            overtaken: chance.of(0..=200),
            delay: shortest..=shortest + chance.of(0..=5_000),
        }
    }
}

pub(crate) struct Network {
    pub(crate) faults: Faults,
    /// The packets that never arrive anywhere.
    pub(crate) stops: fn(&Body<'_>) -> bool,
    chance: Chance,
    /// The packets to a node that are still to be lost, of a row.
    rows: HashMap<Node, u32>,
}

impl Network {
    pub(crate) fn new(faults: Faults, seed: u64) -> Self {
        Self { faults, stops: |_| false, chance: Chance::new(seed), rows: HashMap::new() }
    }

    /// Whether a packet leaves its sender.
    pub(crate) fn leaves(&mut self, bytes: &[u8]) -> bool {
        let is_stopped = Packet::decode(bytes).is_ok_and(|packet| (self.stops)(&packet.body));
        !is_stopped && !self.chance.happens(self.faults.lost_for_all)
    }

    /// When a packet arrives at a node, and as what: perhaps never, perhaps twice.
    pub(crate) fn carry(&mut self, to: Node, bytes: &Rc<[u8]>) -> Vec<(Duration, Rc<[u8]>)> {
        let row = self.rows.entry(to).or_default();
        if *row == 0 && self.chance.happens(self.faults.lost) {
            *row = self.chance.of(1..=self.faults.in_a_row);
        }
        if *row > 0 {
            *row -= 1;
            return Vec::new();
        }
        let copies = 1 + usize::from(self.chance.happens(self.faults.doubled));
        (0..copies).map(|_| (self.delay(), self.damage(bytes))).collect()
    }

    fn delay(&mut self) -> Duration {
        let late = if self.chance.happens(self.faults.overtaken) { 80_000 } else { 0 };
        self.chance.microseconds(self.faults.delay.clone()) + self.chance.microseconds(0..=late)
    }

    fn damage(&mut self, bytes: &Rc<[u8]>) -> Rc<[u8]> {
        if !self.chance.happens(self.faults.damaged) {
            return bytes.clone();
        }
        let mut bytes = bytes.to_vec();
        let at = self.chance.of(0..=bytes.len() as u32 - 1) as usize;
        bytes[at] ^= 1 << self.chance.of(0..=7);
        bytes.into()
    }
}
