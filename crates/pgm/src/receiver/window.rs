//! One source's receive window: what is held, what is missing, and the order of delivery.

use super::Moment;
use super::naks::{Expired, Gaps};
use crate::Sequence;
use std::collections::BTreeMap;
use std::time::Instant;

/// About what a held packet costs beside its payload: its entry in the tree and the allocator's share.
const PACKET: usize = 64;

/// Where positions end. Only a source that jumps ahead for years gets there; it is not heard any more then.
const LAST: u64 = 1 << 62;

/// What became of a packet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Arrival {
    /// It is the next to be delivered, and has been taken out of the window: the caller delivers it.
    Next,
    /// It is kept until it is its turn.
    Held,
    /// It came before, or is older than the window.
    Known,
    /// There is no room for it while the receiver is paused.
    Dropped,
}

/// What comes next in the order of delivery.
#[derive(Debug)]
pub(super) enum Item {
    Data(Box<[u8]>),
    Lost { first: Sequence, count: u32 },
}

/// Numbers are kept as positions: sequence numbers that do not wrap.
#[derive(Debug)]
pub(super) struct Window {
    /// The next to deliver.
    next: u64,
    /// The first behind the window. From `next` to here, each number is held or in a gap.
    end: u64,
    /// The first number of which nobody has said that it exists. It is before `end` when a confirmation named numbers
    /// that no packet has shown, and behind `end` when there was no room while the receiver was paused.
    proven: u64,
    held: BTreeMap<u64, Box<[u8]>>,
    /// Bytes of the payloads in `held`.
    payload: usize,
    gaps: Gaps,
}

impl Window {
    /// An empty window; `next` is delivered first.
    pub(super) fn new(next: Sequence) -> Self {
        let next = (1 << 32) + u64::from(next.0);
        Self { next, end: next, proven: next, held: BTreeMap::new(), payload: 0, gaps: Gaps::default() }
    }

    /// The next to be delivered.
    pub(super) fn next(&self) -> Sequence {
        sequence(self.next)
    }

    /// The highest number that is known.
    pub(super) fn lead(&self) -> Sequence {
        sequence(self.end()).minus(1)
    }

    /// The first position behind all numbers that are known, also those that there was no room for.
    pub(super) fn end(&self) -> u64 {
        self.end.max(self.proven)
    }

    pub(super) fn missing(&self) -> u64 {
        self.gaps.missing()
    }

    /// The memory in use, in bytes; an estimate.
    pub(super) fn bytes(&self) -> usize {
        self.payload + self.held.len() * PACKET + self.gaps.bytes()
    }

    pub(super) fn next_timeout(&self) -> Option<Instant> {
        self.gaps.next_timeout()
    }

    /// The number's position; the one nearest to the end of the window.
    pub(super) fn position(&self, sequence: Sequence) -> Option<u64> {
        let distance = i64::from(sequence.since(self::sequence(self.end)));
        self.end.checked_add_signed(distance).filter(|_| self.end < LAST)
    }

    /// Whether the number is so old that no source would send it again.
    pub(super) fn is_ancient(&self, position: u64, moment: &Moment) -> bool {
        position.saturating_add(moment.window) < self.next
    }

    /// Whether everything in front of the position has been delivered.
    pub(super) fn is_past(&self, position: u64) -> bool {
        position <= self.next
    }

    /// The usual case: nothing is missing, and the number is the next one. True: it counts as delivered.
    pub(super) fn take_next(&mut self, sequence: Sequence) -> bool {
        let usual = self.next == self.end && self::sequence(self.next) == sequence;
        if usual {
            self.next += 1;
            self.end = self.next;
            self.proven = self.proven.max(self.end);
        }
        usual
    }

    /// A packet has come. Numbers that it leaves behind are missing; those that fall out of the window by it are lost.
    pub(super) fn insert(&mut self, position: u64, payload: &[u8], moment: &Moment) -> Arrival {
        if position < self.next {
            return Arrival::Known;
        }
        self.proven = self.proven.max(position + 1);
        if position >= self.end {
            if !self.make_room(position + 1, moment) {
                return Arrival::Dropped;
            }
            if position > self.end {
                self.gaps.add(self.end, position, moment.back_off);
            }
            self.end = position + 1;
        } else if self.held.contains_key(&position) {
            return Arrival::Known;
        } else if moment.full {
            return Arrival::Dropped;
        } else {
            self.gaps.fill(position);
        }
        if position == self.next && !moment.paused {
            self.next += 1;
            return Arrival::Next;
        }
        self.payload += payload.len();
        self.held.insert(position, payload.into());
        Arrival::Held
    }

    /// The source says that everything in front of `position` has been sent. Confirmed numbers behind it were not.
    pub(super) fn lead_to(&mut self, position: u64, moment: &Moment) {
        self.proven = self.proven.max(position);
        self.catch_up(moment);
        self.retract();
    }

    /// Makes the window reach up to what is known to exist, which it did not while the receiver was paused.
    pub(super) fn catch_up(&mut self, moment: &Moment) {
        self.extend(self.proven, moment);
    }

    /// The source has confirmed that these numbers were asked for. This does not show that they exist, since a source
    /// confirms anything, so nothing is lost to make room for them.
    pub(super) fn confirm(&mut self, start: u64, end: u64, moment: &Moment) {
        let end = end.min(self.next.saturating_add(moment.window));
        let start = start.max(self.next);
        if start < end {
            self.extend(end, moment);
            self.gaps.confirm(start, end, moment.now + moment.timing.rdata_wait);
        }
    }

    /// What is missing in front of `position` will not come.
    pub(super) fn lose_before(&mut self, position: u64) {
        if position > self.next {
            self.gaps.lose_before(position);
            if position > self.end {
                self.gaps.add_lost(self.end, position);
                self.end = position;
            }
            self.proven = self.proven.max(position);
        }
    }

    /// Nothing more will come.
    pub(super) fn lose_all(&mut self) {
        self.retract();
        self.lose_before(self.end.max(self.proven));
    }

    /// Gives up the oldest gap. False: nothing is missing.
    pub(super) fn lose_oldest(&mut self) -> bool {
        let oldest = self.gaps.oldest();
        if let Some(end) = oldest {
            self.lose_before(end);
        }
        oldest.is_some()
    }

    /// Lets the NAK timers fire, and returns the ranges to ask for now.
    pub(super) fn expire(&mut self, moment: &Moment, room: u64) -> Vec<(u64, u64)> {
        let Expired { mut ask, doubtful } = self.gaps.expire(moment, self.proven, room);
        if doubtful {
            self.retract();
            ask.retain_mut(|(start, end)| {
                *end = (*end).min(self.end);
                start < end
            });
        }
        ask
    }

    /// Whether `pull` returns something.
    pub(super) fn is_deliverable(&self) -> bool {
        self.held.first_key_value().is_some_and(|(&first, _)| first == self.next)
            || self.gaps.is_lost(self.next)
    }

    /// Whether there was no room, while the receiver was paused, for numbers that exist.
    pub(super) fn is_behind(&self) -> bool {
        self.proven > self.end
    }

    /// Whether packets are held.
    pub(super) fn holds(&self) -> bool {
        !self.held.is_empty()
    }

    /// The next in the order of delivery.
    pub(super) fn pull(&mut self) -> Option<Item> {
        if let Some(entry) = self.held.first_entry()
            && *entry.key() == self.next
        {
            let payload = entry.remove();
            self.payload -= payload.len();
            self.next += 1;
            return Some(Item::Data(payload));
        }
        let end = self.gaps.take_lost(self.next)?;
        let first = sequence(self.next);
        let count = u32::try_from(end - self.next).unwrap_or(u32::MAX);
        self.next += u64::from(count);
        if self.next < end {
            // More than an event can say: the rest is the next event.
            self.gaps.add_lost(self.next, end);
        }
        Some(Item::Lost { first, count })
    }

    fn extend(&mut self, to: u64, moment: &Moment) {
        let to = if moment.paused { to.min(self.limit(moment)) } else { to };
        if to > self.end && self.make_room(to, moment) {
            self.gaps.add(self.end, to, moment.back_off);
            self.end = to;
        }
    }

    /// Gives up the oldest numbers so that the window can end at `to`. While paused nothing may be given up, since what
    /// is oldest may have come and only wait to be delivered.
    fn make_room(&mut self, to: u64, moment: &Moment) -> bool {
        if moment.paused {
            return to <= self.limit(moment);
        }
        self.lose_before(to.saturating_sub(moment.window));
        true
    }

    /// Where the window may end while the receiver is paused.
    fn limit(&self, moment: &Moment) -> u64 {
        if moment.full { self.end } else { self.next.saturating_add(moment.window) }
    }

    /// Forgets numbers that were confirmed but do not seem to exist.
    fn retract(&mut self) {
        let end = self.proven.max(self.next);
        if end < self.end {
            self.gaps.truncate(end);
            self.end = end;
        }
    }
}

/// The sequence number of a position.
pub(super) fn sequence(position: u64) -> Sequence {
    Sequence(position as u32)
}
