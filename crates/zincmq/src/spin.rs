//! Whether a thread looks again for a while before it sleeps. Waking a sleeping thread costs many microseconds
//! where its core has gone to rest; looking costs the core. So: as long as it is worth it, and no longer; or for as long
//! as the program says, which then has cores to spare.
//!
//! The other thread may share the core. Then it runs only when this one lets it, and to yield to it costs less than to
//! sleep and to be woken. So looks that try whether it is worth it yield as well, and if the other thread writes
//! meanwhile, the next looks do so at once.

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
/// How long a look stays on its core before it yields.
const STAY: Duration = Duration::from_micros(1);
/// One look in so many stays although the other thread seems to share the core.
const LOOKS_NEAR: u8 = 64;
/// A yield that takes so long gave the core to somebody else, for a slice of its time.
const STOLEN: Duration = Duration::from_micros(100);
/// No look yields for so many times as long as that yield took.
const DISTRUST: u32 = 100;

/// See the module. One for each socket: its last waits decide.
#[derive(Debug)]
pub(crate) struct AdaptiveSpin {
    window: Duration,
    misses: u8,
    slow: u8,
    waits: u16,
    trial: u16,
    neighbour: Neighbour,
}

/// Whether the other thread shares the core. If so, one yield is enough for it to write what is looked for.
#[derive(Debug, Default)]
struct Neighbour {
    /// It does, as far as the last looks tell: so many more looks take that for granted.
    looks: u8,
    /// Somebody else wants the core as well: no look yields until then.
    distrusted: Option<Instant>,
}

impl Default for AdaptiveSpin {
    fn default() -> Self {
        Self {
            window: LONGEST,
            misses: MISSES - 1,
            slow: 0,
            waits: 0,
            trial: FIRST_TRIAL,
            neighbour: Neighbour::default(),
        }
    }
}

impl AdaptiveSpin {
    /// Whether looking has paid off lately.
    pub(crate) fn is_worth_it(&self) -> bool {
        !self.window.is_zero()
    }

    /// How long to look this time: `least`, if that is any time.
    #[inline]
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
    #[inline]
    pub(crate) fn look(&mut self, least: Duration, found: impl FnMut() -> bool) -> bool {
        self.due(least).is_some_and(|window| self.look_for(window, found, |_| pause()).0)
    }

    /// As [`AdaptiveSpin::look`], for what a peer's thread in this process writes.
    pub(crate) fn look_and_yield(&mut self, least: Duration, found: impl FnMut() -> bool) -> bool {
        // A program that says how long to look has not asked for trials.
        let tries = least.is_zero() && !self.is_worth_it();
        let Some(window) = self.due(least) else { return false };
        let Some(stay) = self.neighbour.stay(tries) else {
            return self.look_for(window, found, |_| pause()).0;
        };
        let mut yields = Yields::default();
        let (found, waited) = self.look_for(window, found, |waited| {
            if waited < stay {
                return pause();
            }
            yields.begin(waited);
            std::thread::yield_now();
        });
        yields.end(waited);
        if yields.longest > STOLEN {
            self.neighbour.distrust(yields.longest);
            self.window = Duration::ZERO;
        } else if yields.number > 0 {
            self.neighbour.learn(yields.number == 1 && found);
        }
        found
    }

    /// Looks for the time of `window`; `between` is called with the time that has passed. Returns whether `found` said yes, and after
    /// what time. What a trial finds at its first look would have been there after a sleep: where the other thread shares the
    /// core, that is so whenever it has run in this one's place, and no other look finds anything.
    fn look_for(
        &mut self,
        window: Duration,
        mut found: impl FnMut() -> bool,
        mut between: impl FnMut(Duration),
    ) -> (bool, Duration) {
        let mut waited = Duration::ZERO;
        if found() {
            if self.is_worth_it() {
                self.hit(waited);
            }
            return (true, waited);
        }
        let begin = Instant::now();
        loop {
            between(waited);
            let yes = found();
            waited = begin.elapsed();
            if yes {
                self.hit(waited);
                return (true, waited);
            }
            if waited >= window {
                self.miss();
                return (false, waited);
            }
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

impl Neighbour {
    /// How long the next look is to stay on the core; `None`: it is not to yield. `tries`: it may find out about a neighbour.
    fn stay(&mut self, tries: bool) -> Option<Duration> {
        if self.looks == 0 && !(tries && self.is_trusted()) {
            return None;
        }
        self.looks = self.looks.saturating_sub(1);
        Some(if self.looks > 0 { Duration::ZERO } else { STAY })
    }

    fn is_trusted(&mut self) -> bool {
        if self.distrusted.is_some_and(|until| Instant::now() < until) {
            return false;
        }
        self.distrusted = None;
        true
    }

    /// After a look that yielded: whether one time was enough.
    fn learn(&mut self, enough: bool) {
        if !enough {
            self.looks = 0;
        } else if self.looks == 0 {
            self.looks = LOOKS_NEAR;
        }
    }

    /// After a look that yielded to somebody else for so long.
    fn distrust(&mut self, stolen: Duration) {
        self.looks = 0;
        self.distrusted = Instant::now().checked_add(stolen * DISTRUST);
    }
}

/// The yields of one look.
#[derive(Default)]
struct Yields {
    number: u32,
    /// When the last began, from the begin of the look.
    last: Option<Duration>,
    longest: Duration,
}

impl Yields {
    fn begin(&mut self, now: Duration) {
        self.end(now);
        self.number += 1;
        self.last = Some(now);
    }

    fn end(&mut self, now: Duration) {
        if let Some(begun) = self.last.take() {
            self.longest = self.longest.max(now - begun);
        }
    }
}

fn pause() {
    (0..PAUSES).for_each(|_| std::hint::spin_loop());
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a look, which tries, yields at once.
    fn yields_at_once(neighbour: &mut Neighbour) -> bool {
        neighbour.stay(true) == Some(Duration::ZERO)
    }

    #[test]
    fn a_neighbour_is_let_run_at_once_and_put_to_the_test_now_and_then() {
        let mut neighbour = Neighbour::default();
        assert_eq!(neighbour.stay(false), None, "nothing is known, and nothing tried");
        assert_eq!(neighbour.stay(true), Some(STAY));
        neighbour.learn(true);
        for _ in 0..3 {
            for _ in 1..LOOKS_NEAR {
                assert!(yields_at_once(&mut neighbour));
                neighbour.learn(true);
            }
            assert_eq!(neighbour.stay(false), Some(STAY));
            neighbour.learn(true);
        }
    }

    #[test]
    fn what_a_trial_finds_at_its_first_look_tells_nothing() {
        let mut spin = AdaptiveSpin::default();
        (0..MISSES).for_each(|_| spin.miss());
        spin.trial = 2 * FIRST_TRIAL;
        let looks = (1..=4 * FIRST_TRIAL).filter(|_| spin.look(Duration::ZERO, || true)).count();
        assert_eq!((looks, spin.is_worth_it(), spin.trial), (2, false, 2 * FIRST_TRIAL));
        let mut twice = 0;
        let found = || {
            twice += 1;
            twice == 2
        };
        assert!(spin.look(LONGEST, found));
        assert!(spin.is_worth_it());
        // While looking pays off, it is a message that has come in time.
        (1..MISSES).for_each(|_| spin.miss());
        assert!(spin.look(Duration::ZERO, || true));
        spin.miss();
        assert!(spin.is_worth_it());
    }

    #[test]
    fn a_thread_for_which_one_yield_is_not_enough_runs_elsewhere() {
        let mut neighbour = Neighbour::default();
        neighbour.learn(true);
        assert!(yields_at_once(&mut neighbour));
        neighbour.learn(false);
        assert_eq!(neighbour.stay(false), None);
    }

    #[test]
    fn the_longest_yield_counts_and_not_the_look() {
        let at = Duration::from_micros;
        let mut yields = Yields::default();
        yields.begin(at(1));
        yields.begin(at(51));
        yields.begin(at(141));
        yields.end(at(151));
        assert_eq!((yields.number, yields.longest), (3, at(90)));
    }

    #[test]
    fn a_look_that_lost_the_core_is_the_last_that_yields_for_a_time_a_hundred_times_as_long() {
        let mut neighbour = Neighbour::default();
        neighbour.learn(true);
        neighbour.distrust(Duration::from_secs(60));
        assert_eq!(neighbour.stay(true), None);
        neighbour.distrusted = Some(Instant::now());
        assert_eq!(neighbour.stay(true), Some(STAY));
    }
}
