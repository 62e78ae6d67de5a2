use std::time::{Duration, Instant};

/// When SPMs follow the last new data packet, in milliseconds: they tell a receiver that it has lost the end.
const AFTER_DATA: &[u64] = &[100, 200, 300, 400, 500, 1_800, 8_800, 24_800];

/// And a data packet that was sent again.
const AFTER_REPAIR: &[u64] = &[100, 200, 300, 400, 1_700, 8_700, 24_700];

/// The longest time without an SPM, also before the first data and while data flows: a receiver that hears none
/// for 300 seconds may forget the source.
const AMBIENT: Duration = Duration::from_secs(30);

/// The shortest time between two SPMs that receivers have asked for.
const ANSWERS: Duration = Duration::from_millis(10);

/// When the next SPM is due.
#[derive(Debug)]
pub(super) struct Schedule {
    /// The heartbeat: times after `start` that are still to come.
    left: &'static [u64],
    start: Instant,
    ambient: Option<Instant>,
    /// When to answer those that have asked.
    answer: Option<Instant>,
    quiet_until: Instant,
}

impl Schedule {
    /// As after an SPM.
    pub(super) fn new(now: Instant) -> Self {
        Self { left: &[], start: now, ambient: Some(now + AMBIENT), answer: None, quiet_until: now }
    }

    /// New data was sent.
    pub(super) fn data(&mut self, now: Instant) {
        (self.start, self.left) = (now, AFTER_DATA);
    }

    /// Data was sent again. The next heartbeat comes no later for that, or someone who asks for data all the time
    /// would put it off for ever.
    pub(super) fn repair(&mut self, now: Instant) {
        let first = AFTER_REPAIR.first().map(|after| now + Duration::from_millis(*after));
        if self.heartbeat().is_none_or(|at| Some(at) > first) {
            (self.start, self.left) = (now, AFTER_REPAIR);
        }
    }

    /// A receiver asked for an SPM.
    pub(super) fn ask(&mut self, now: Instant) {
        if self.answer.is_none() {
            self.answer = Some(now.max(self.quiet_until));
        }
    }

    /// Nothing is told any more, except to those that ask.
    pub(super) const fn stop(&mut self) {
        self.left = &[];
        self.ambient = None;
    }

    /// When the next SPM is due.
    pub(super) fn next(&self) -> Option<Instant> {
        [self.heartbeat(), self.ambient, self.answer].into_iter().flatten().min()
    }

    /// Whether an SPM is due, which is taken to be sent then. A caller that comes late gets one for all that it missed.
    pub(super) fn due(&mut self, now: Instant) -> bool {
        let due = self.next().is_some_and(|at| at <= now);
        if due {
            while self.heartbeat().is_some_and(|at| at <= now) {
                self.left = self.left.get(1..).unwrap_or_default();
            }
            self.ambient = self.ambient.map(|_| now + AMBIENT);
            if self.answer.take().is_some() {
                self.quiet_until = now + ANSWERS;
            }
        }
        due
    }

    fn heartbeat(&self) -> Option<Instant> {
        self.left.first().map(|after| self.start + Duration::from_millis(*after))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// When SPMs are due until `end`, in milliseconds.
    fn due(schedule: &mut Schedule, start: Instant, end: u64) -> Vec<u128> {
        let mut times = Vec::new();
        while let Some(at) = schedule.next().filter(|at| *at <= start + Duration::from_millis(end)) {
            assert!(schedule.due(at));
            times.push(at.duration_since(start).as_millis());
        }
        times
    }

    #[test]
    fn heartbeats_and_then_every_thirty_seconds() {
        let start = Instant::now();
        let mut schedule = Schedule::new(start);
        assert_eq!(due(&mut schedule, start, 95_000), [30_000, 60_000, 90_000], "before the first data");
        let data = start + Duration::from_secs(100);
        schedule.data(data);
        let heartbeats = [100, 200, 300, 400, 500, 1_800, 8_800, 24_800, 54_800, 84_800];
        assert_eq!(due(&mut schedule, data, 90_000), heartbeats);
    }

    #[test]
    fn heartbeats_after_a_repair() {
        let start = Instant::now();
        let mut schedule = Schedule::new(start);
        schedule.repair(start);
        assert_eq!(due(&mut schedule, start, 60_000), [100, 200, 300, 400, 1_700, 8_700, 24_700, 54_700]);
    }

    #[test]
    fn repairs_do_not_put_the_next_one_off() {
        let start = Instant::now();
        let mut schedule = Schedule::new(start);
        let mut times = 0;
        for step in 0..100 {
            let now = start + Duration::from_millis(10 * step);
            times += u32::from(schedule.due(now));
            schedule.repair(now);
        }
        assert!((8..=10).contains(&times), "{times} SPMs in a second");
    }

    #[test]
    fn data_that_flows_does_not_stop_the_ambient_ones() {
        let start = Instant::now();
        let mut schedule = Schedule::new(start);
        let mut times = Vec::new();
        for step in 0..2_000 {
            let now = start + Duration::from_millis(50 * step);
            schedule.data(now);
            if schedule.due(now) {
                times.push(50 * step);
            }
        }
        assert_eq!(times, [30_000, 60_000, 90_000]);
    }

    #[test]
    fn one_for_all_that_were_missed() {
        let start = Instant::now();
        let mut schedule = Schedule::new(start);
        schedule.data(start);
        let late = start + Duration::from_millis(2_000);
        assert!(schedule.due(late) && !schedule.due(late));
        assert_eq!(schedule.next(), Some(start + Duration::from_millis(8_800)));
    }

    #[test]
    fn answers_at_once_but_not_always() {
        let start = Instant::now();
        let mut schedule = Schedule::new(start);
        schedule.ask(start);
        assert!(schedule.due(start));
        schedule.ask(start);
        schedule.ask(start);
        assert!(!schedule.due(start));
        assert_eq!(schedule.next(), Some(start + ANSWERS));
        assert!(schedule.due(start + ANSWERS));
        assert!(!schedule.due(start + 5 * ANSWERS), "all that asked have been answered");
    }

    #[test]
    fn stopped_it_only_answers() {
        let start = Instant::now();
        let mut schedule = Schedule::new(start);
        schedule.data(start);
        schedule.stop();
        assert_eq!(schedule.next(), None);
        schedule.ask(start);
        assert_eq!(due(&mut schedule, start, 100_000), [0]);
    }
}
