//! Whether a thread looks again for a while before it sleeps. Waking a sleeping thread costs many microseconds
//! where its core has gone to rest; looking costs the core. So: as long as it is worth it, and no longer; or for as long
//! as the program says, which then has cores to spare.

use std::time::{Duration, Instant};

/// The longest that is ever waited awake: waking a core takes about that long.
const LONGEST: Duration = Duration::from_micros(40);
const SHORTEST: Duration = Duration::from_micros(2);
/// Waits that take longer are hardly worth it: after so many in a row looking is given up.
const SLOW: Duration = Duration::from_micros(10);
const SLOW_ONES: u8 = 8;
/// Looks that found nothing are given up after so many in a row.
const MISSES: u8 = 3;
/// While it is not worth it, one wait in so many is tried, and ever fewer.
const FIRST_TRIAL: u16 = 16;
const LAST_TRIAL: u16 = 4096;
const PAUSES: u32 = 4;

/// See the module. One for each socket: its last waits decide.
#[derive(Debug)]
pub(crate) struct AdaptiveSpin {
    window: Duration,
    misses: u8,
    slow: u8,
    waits: u16,
    trial: u16,
}

impl Default for AdaptiveSpin {
    fn default() -> Self {
        Self { window: LONGEST, misses: MISSES - 1, slow: 0, waits: 0, trial: FIRST_TRIAL }
    }
}

impl AdaptiveSpin {
    /// Whether looking has paid off lately.
    pub(crate) fn is_worth_it(&self) -> bool {
        !self.window.is_zero()
    }

    /// How long to look this time: `least`, if that is any time.
    fn due(&mut self, least: Duration) -> Option<Duration> {
        if !least.is_zero() {
            return Some(least);
        }
        if self.is_worth_it() {
            return Some(self.window);
        }
        self.waits += 1;
        if self.waits < self.trial {
            return None;
        }
        self.waits = 0;
        Some(LONGEST)
    }

    /// Looks for a while, if that is worth it or `least` says how long. Returns whether `found` said yes.
    pub(crate) fn look(&mut self, least: Duration, mut found: impl FnMut() -> bool) -> bool {
        let Some(window) = self.due(least) else { return false };
        let begin = Instant::now();
        loop {
            let yes = found();
            let waited = begin.elapsed();
            if yes {
                self.hit(waited);
                return true;
            }
            if waited >= window {
                self.miss();
                return false;
            }
            (0..PAUSES).for_each(|_| std::hint::spin_loop());
        }
    }

    fn hit(&mut self, waited: Duration) {
        self.misses = 0;
        self.slow = if waited > SLOW { self.slow + 1 } else { 0 };
        if self.slow >= SLOW_ONES {
            self.slow = 0;
            self.window = Duration::ZERO;
            self.trial = (self.trial * 2).min(LAST_TRIAL);
            return;
        }
        self.window = (waited * 2).clamp(SHORTEST, LONGEST);
        if self.slow == 0 {
            self.trial = FIRST_TRIAL;
        }
    }

    fn miss(&mut self) {
        if !self.is_worth_it() {
            self.trial = (self.trial * 2).min(LAST_TRIAL);
            return;
        }
        self.misses += 1;
        if self.misses >= MISSES {
            self.window = Duration::ZERO;
            self.misses = 0;
        }
    }
}
