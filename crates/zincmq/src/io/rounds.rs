//! Sessions that the I/O thread looks after at intervals, each until it needs it no more.

use std::time::{Duration, Instant};

/// See the module.
#[derive(Debug)]
pub(crate) struct Rounds {
    interval: Duration,
    keys: Vec<u64>,
    last: Instant,
}

impl Rounds {
    pub(crate) fn every(interval: Duration) -> Self {
        Self { interval, keys: Vec::new(), last: Instant::now() }
    }

    /// A session is to be looked after at the next round.
    pub(crate) fn add(&mut self, key: u64) {
        if self.keys.is_empty() {
            self.last = Instant::now();
        }
        if !self.keys.contains(&key) {
            self.keys.push(key);
        }
    }

    /// How long until the next round, if there is anybody to look after.
    pub(crate) fn left(&self, now: Instant) -> Option<Duration> {
        (!self.keys.is_empty()).then(|| (self.last + self.interval).saturating_duration_since(now))
    }

    /// Those whose round it is, if it is time; who needs another is added again.
    pub(crate) fn due(&mut self) -> Vec<u64> {
        if self.keys.is_empty() || self.last.elapsed() < self.interval {
            return Vec::new();
        }
        self.last = Instant::now();
        std::mem::take(&mut self.keys)
    }
}
