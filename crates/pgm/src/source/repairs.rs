use super::bucket::Bucket;
use super::window::Window;
use crate::Sequence;
use std::collections::VecDeque;
use std::time::Instant;

/// The numbers that receivers have asked for, in the order in which they wait to be sent again.
#[derive(Debug)]
pub(super) struct Repairs {
    asked: VecDeque<Sequence>,
    /// The most numbers that may wait.
    limit: usize,
    rate: Bucket,
}

impl Repairs {
    pub(super) const fn new(limit: usize, rate: Bucket) -> Self {
        Self { asked: VecDeque::new(), limit, rate }
    }

    /// Someone asks for a number. Nothing happens if it is not in the window, or waits to be sent anyway.
    pub(super) fn ask(&mut self, window: &mut Window, sequence: Sequence) {
        // Numbers that the trail has passed are still among those that wait, so these may be more than the window has.
        if self.asked.len() < self.limit && window.ask(sequence) {
            self.asked.push_back(sequence);
        }
    }

    /// The next that may be sent now, made an RDATA.
    pub(super) fn next(&mut self, now: Instant, window: &mut Window, overhead: usize) -> Option<Sequence> {
        while let Some(&sequence) = self.asked.front() {
            let size = window.asked(sequence);
            if size.is_some_and(|size| self.rate.take(now, size + overhead).is_err()) {
                return None;
            }
            self.asked.pop_front();
            if size.is_some() {
                window.repair(sequence);
                return Some(sequence);
            }
        }
        None
    }

    /// When the next may be sent.
    pub(super) fn next_timeout(&self, window: &Window, overhead: usize) -> Option<Instant> {
        let first = self.asked.front()?;
        let size = window.packet(*first).map_or(0, <[u8]>::len);
        Some(self.rate.ready_at(size + overhead))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_wait_than_the_window_has() {
        let now = Instant::now();
        let (mut window, mut repairs) =
            (Window::new(Sequence(0), 2), Repairs::new(2, Bucket::new(1, 10, now)));
        let mut push_and_ask = |repairs: &mut Repairs| {
            let sequence = window.push(10, |_, _, out| out.extend([0; 10]));
            window.sent(sequence);
            repairs.ask(&mut window, sequence);
        };
        (0..10).for_each(|_| push_and_ask(&mut repairs));
        assert_eq!(repairs.asked, [Sequence(0), Sequence(1)]);
        assert_eq!(repairs.next(now, &mut window, 0), None);
        assert!(repairs.asked.is_empty(), "what has left the window makes room, at no cost");
        repairs.ask(&mut window, Sequence(9));
        assert_eq!(repairs.next(now, &mut window, 0), Some(Sequence(9)));
    }
}
