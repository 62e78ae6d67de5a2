//! Numbers that look random and are the same again for the same seed.

use std::ops::RangeInclusive;
use std::time::Duration;

/// A generator: SplitMix64.
#[derive(Clone, Debug)]
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let word = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let word = (word ^ word >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ word >> 31
    }

    /// One of a range, each as likely.
    pub(crate) fn of(&mut self, range: RangeInclusive<u32>) -> u32 {
        let many = u64::from(range.end() - range.start()) + 1;
        range.start() + (self.word() % many) as u32
    }

    /// A time of a range, in microseconds.
    pub(crate) fn microseconds(&mut self, range: RangeInclusive<u32>) -> Duration {
        Duration::from_micros(self.of(range).into())
    }

    /// Whether something happens that happens so often in a thousand times.
    pub(crate) fn happens(&mut self, in_a_thousand: u32) -> bool {
        self.of(0..=999) < in_a_thousand
    }
}
