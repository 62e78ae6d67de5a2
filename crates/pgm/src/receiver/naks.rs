//! The numbers that are missing from one source, and when to ask for them.
//!
//! Numbers that went missing together share one entry, a gap, for as long as the same is true of all of them. A gap is
//! split when a packet or a confirmation concerns a part of it. The timers are kept in order of time, so a packet costs
//! no look at gaps that it does not concern.

use super::Moment;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

/// About what a gap costs: an entry in each of the two trees, which are half empty at worst.
const GAP: usize = 160;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    /// To be asked for at this time, unless another receiver does so before.
    BackOff(Instant),
    /// Asked for; the source has not confirmed it. At this time that has failed.
    WaitNcf(Instant),
    /// The source has confirmed that somebody asked. At this time that has failed.
    WaitData(Instant),
    /// Given up; it stays until everything before it has been delivered.
    Lost,
}

#[derive(Clone, Copy, Debug)]
struct Gap {
    /// The first number behind it.
    end: u64,
    state: State,
    ncf_failures: u32,
    data_failures: u32,
}

/// What the timers brought about.
#[derive(Debug, Default)]
pub(super) struct Expired {
    /// Ranges to ask for now.
    pub(super) ask: Vec<(u64, u64)>,
    /// Numbers were given up of which it is not sure that they exist; they are still here.
    pub(super) doubtful: bool,
}

/// All gaps of one source, by their first number.
#[derive(Debug, Default)]
pub(super) struct Gaps {
    gaps: BTreeMap<u64, Gap>,
    /// The time and first number of every gap that is not lost.
    timers: BTreeSet<(Instant, u64)>,
    /// Everything in front of it is lost, if it is missing.
    floor: u64,
    missing: u64,
}

impl Gaps {
    /// The count of missing numbers that may still come.
    pub(super) fn missing(&self) -> u64 {
        self.missing
    }

    /// The memory in use, in bytes; an estimate.
    pub(super) fn bytes(&self) -> usize {
        self.gaps.len().saturating_mul(GAP)
    }

    /// When `expire` has something to do.
    pub(super) fn next_timeout(&self) -> Option<Instant> {
        self.timers.first().map(|&(due, _)| due)
    }

    /// Numbers were found to be missing: they are asked for at `due`.
    pub(super) fn add(&mut self, start: u64, end: u64, due: Instant) {
        self.put(start, Gap { end, state: State::BackOff(due), ncf_failures: 0, data_failures: 0 });
    }

    /// Numbers were found to be missing that will not come.
    pub(super) fn add_lost(&mut self, start: u64, end: u64) {
        match self.gaps.range_mut(..start).next_back() {
            Some((_, before)) if before.end == start && before.state == State::Lost => before.end = end,
            _ => self.put(start, Gap { end, state: State::Lost, ncf_failures: 0, data_failures: 0 }),
        }
    }

    /// The packet of this number has come. False: it was not missing.
    pub(super) fn fill(&mut self, position: u64) -> bool {
        let Some((start, gap)) = self.containing(position) else { return false };
        self.take(start);
        if start < position {
            self.put(start, Gap { end: position, ..gap });
        }
        if position + 1 < gap.end {
            self.put(position + 1, gap);
        }
        true
    }

    /// The source has confirmed a request for these numbers. A number whose data is awaited already gains no time by
    /// it: confirmations alone must not keep it waiting for ever.
    pub(super) fn confirm(&mut self, start: u64, end: u64, due: Instant) {
        if let Some((_, gap)) = self.containing(start)
            && gap.state.awaits_confirmation()
        {
            self.split(start);
        }
        let mut cursor = start;
        while cursor < end
            && let Some((&first, &gap)) = self.gaps.range(cursor..end).next()
        {
            cursor = gap.end;
            if gap.state.awaits_confirmation() {
                self.split(end);
                self.take(first);
                self.put(first, Gap { end: gap.end.min(end), state: State::WaitData(due), ..gap });
            }
        }
    }

    /// Gives up what is missing in front of `position`.
    pub(super) fn lose_before(&mut self, position: u64) {
        if let Some((_, gap)) = self.containing(position)
            && gap.state != State::Lost
        {
            self.split(position);
        }
        let mut cursor = self.floor;
        while cursor < position
            && let Some((&start, &gap)) = self.gaps.range(cursor..position).next()
        {
            cursor = gap.end;
            if gap.state != State::Lost {
                self.take(start);
                self.add_lost(start, gap.end);
            }
        }
        self.floor = self.floor.max(position);
    }

    /// The end of the oldest gap that is not lost.
    pub(super) fn oldest(&self) -> Option<u64> {
        self.gaps.range(self.floor..).find(|(_, gap)| gap.state != State::Lost).map(|(_, gap)| gap.end)
    }

    /// Forgets what is missing from `position` on.
    pub(super) fn truncate(&mut self, position: u64) {
        self.split(position);
        while let Some((&start, _)) = self.gaps.range(position..).next() {
            self.take(start);
        }
    }

    /// Whether the number is lost.
    pub(super) fn is_lost(&self, position: u64) -> bool {
        self.containing(position).is_some_and(|(_, gap)| gap.state == State::Lost)
    }

    /// Takes out the lost numbers that begin at `position`, and returns the first number behind them.
    pub(super) fn take_lost(&mut self, position: u64) -> Option<u64> {
        let mut end = position;
        while let Some(gap) = self.gaps.get(&end)
            && gap.state == State::Lost
        {
            let behind = gap.end;
            self.gaps.remove(&end);
            end = behind;
        }
        (end != position).then_some(end)
    }

    /// Lets the timers up to now fire. At most `room` numbers are asked for; the others wait for another back-off, as
    /// do all that failed: one draw for all, so that they come together into one list. Numbers from `proven` on may not
    /// exist, so that they are not lost after the last try.
    pub(super) fn expire(&mut self, moment: &Moment, proven: u64, mut room: u64) -> Expired {
        let mut expired = Expired::default();
        while let Some(&(due, start)) = self.timers.first()
            && due <= moment.now
        {
            let Some(mut gap) = self.take(start) else {
                self.timers.remove(&(due, start));
                continue;
            };
            let failures = match gap.state {
                State::BackOff(_) | State::Lost => {
                    let middle = gap.end.min(start.saturating_add(room));
                    room -= middle - start;
                    if start < middle {
                        let due = moment.now + moment.timing.nak_repeat;
                        self.put(start, Gap { end: middle, state: State::WaitNcf(due), ..gap });
                        expired.ask.push((start, middle));
                    }
                    if middle < gap.end {
                        self.put(middle, Gap { state: State::BackOff(moment.back_off), ..gap });
                    }
                    continue;
                }
                State::WaitNcf(_) => &mut gap.ncf_failures,
                State::WaitData(_) => &mut gap.data_failures,
            };
            *failures = failures.saturating_add(1);
            let last = *failures >= moment.timing.retries;
            if last && start < proven {
                self.add_lost(start, gap.end);
            } else {
                expired.doubtful |= last;
                self.put(start, Gap { state: State::BackOff(moment.back_off), ..gap });
            }
        }
        expired
    }

    fn containing(&self, position: u64) -> Option<(u64, Gap)> {
        let (&start, &gap) = self.gaps.range(..=position).next_back()?;
        (position < gap.end).then_some((start, gap))
    }

    fn split(&mut self, position: u64) {
        if let Some((start, gap)) = self.containing(position)
            && start < position
        {
            self.take(start);
            self.put(start, Gap { end: position, ..gap });
            self.put(position, gap);
        }
    }

    fn put(&mut self, start: u64, gap: Gap) {
        if let Some(due) = gap.state.due() {
            self.missing += gap.end - start;
            self.timers.insert((due, start));
        }
        self.gaps.insert(start, gap);
    }

    fn take(&mut self, start: u64) -> Option<Gap> {
        let gap = self.gaps.remove(&start)?;
        if let Some(due) = gap.state.due() {
            self.missing -= gap.end - start;
            self.timers.remove(&(due, start));
        }
        Some(gap)
    }
}

impl State {
    fn due(self) -> Option<Instant> {
        match self {
            Self::BackOff(due) | Self::WaitNcf(due) | Self::WaitData(due) => Some(due),
            Self::Lost => None,
        }
    }

    fn awaits_confirmation(self) -> bool {
        matches!(self, Self::BackOff(_) | Self::WaitNcf(_))
    }
}
