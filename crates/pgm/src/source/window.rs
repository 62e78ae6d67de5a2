use crate::{Sequence, make_repair};
use std::collections::VecDeque;

/// Buffers that are kept for packets to come.
const SPARE: usize = 64;

/// The data packets that can still be asked for, encoded, from the trail to the lead.
///
/// A packet that waits to be sent stays until it is sent, even if the trail has passed it.
#[derive(Debug)]
pub(super) struct Window {
    /// Those from `oldest` on.
    slots: VecDeque<Slot>,
    oldest: Sequence,
    trail: Sequence,
    /// The most packets from trail to lead.
    limit: u32,
    spare: Vec<Vec<u8>>,
}

#[derive(Debug)]
struct Slot {
    packet: Vec<u8>,
    state: State,
}

/// What is to happen to a packet. There is one state for all, so that nothing is sent twice at a time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    Sent,
    /// Someone asked for it, and it waits until the rate of repairs allows it.
    Asked,
    /// It is in the queue.
    Queued,
}

impl Window {
    pub(super) const fn new(first: Sequence, limit: u32) -> Self {
        Self { slots: VecDeque::new(), oldest: first, trail: first, limit, spare: Vec::new() }
    }

    pub(super) const fn trail(&self) -> Sequence {
        self.trail
    }

    /// The newest; the one before the trail if there is none.
    pub(super) fn lead(&self) -> Sequence {
        self.oldest.plus(self.slots.len() as u32).minus(1)
    }

    /// Adds a packet that is being queued: `encode` gets its number, the trail and an empty buffer for `size` bytes.
    pub(super) fn push(
        &mut self,
        size: usize,
        encode: impl FnOnce(Sequence, Sequence, &mut Vec<u8>),
    ) -> Sequence {
        let sequence = self.lead().next();
        if sequence.since(self.trail).cast_unsigned() >= self.limit {
            self.trail = self.trail.next();
            self.release();
        }
        let mut packet = self.spare.pop().unwrap_or_default();
        packet.clear();
        packet.reserve_exact(size);
        encode(sequence, self.trail, &mut packet);
        self.slots.push_back(Slot { packet, state: State::Queued });
        sequence
    }

    /// The bytes of a packet.
    pub(super) fn packet(&self, sequence: Sequence) -> Option<&[u8]> {
        self.slots.get(self.index(sequence)?).map(|slot| slot.packet.as_slice())
    }

    /// Someone asks for a packet. Tells whether it is in the window and nobody did before.
    pub(super) fn ask(&mut self, sequence: Sequence) -> bool {
        let found = self.find(sequence, State::Sent);
        found.map(|slot| slot.state = State::Asked).is_some()
    }

    /// The size of a packet that was asked for, if it is still in the window.
    pub(super) fn asked(&mut self, sequence: Sequence) -> Option<usize> {
        self.find(sequence, State::Asked).map(|slot| slot.packet.len())
    }

    /// Makes a packet that was asked for an RDATA that is being queued.
    pub(super) fn repair(&mut self, sequence: Sequence) {
        let trail = self.trail;
        if let Some(slot) = self.find(sequence, State::Asked) {
            make_repair(&mut slot.packet, trail);
            slot.state = State::Queued;
        }
    }

    /// A queued packet was sent.
    pub(super) fn sent(&mut self, sequence: Sequence) {
        let index = self.index(sequence);
        if let Some(slot) = index.and_then(|index| self.slots.get_mut(index)) {
            slot.state = State::Sent;
        }
        self.release();
    }

    fn index(&self, sequence: Sequence) -> Option<usize> {
        usize::try_from(sequence.since(self.oldest)).ok()
    }

    fn find(&mut self, sequence: Sequence, state: State) -> Option<&mut Slot> {
        let index = self.index(sequence).filter(|_| !sequence.is_before(self.trail))?;
        self.slots.get_mut(index).filter(|slot| slot.state == state)
    }

    /// Drops what the trail has passed.
    fn release(&mut self) {
        while self.oldest.is_before(self.trail)
            && self.slots.front().is_some_and(|slot| slot.state != State::Queued)
            && let Some(slot) = self.slots.pop_front()
        {
            self.oldest = self.oldest.next();
            if self.spare.len() < SPARE {
                self.spare.push(slot.packet);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn push(window: &mut Window) -> Sequence {
        window.push(4, |sequence, _, out| out.extend(sequence.0.to_be_bytes()))
    }

    #[test]
    fn holds_the_newest_over_the_wrap() {
        let first = Sequence(u32::MAX - 1);
        let mut window = Window::new(first, 3);
        assert_eq!((window.trail(), window.lead()), (first, first.minus(1)));
        for count in 0..5 {
            let sequence = push(&mut window);
            assert_eq!(sequence, first.plus(count));
            window.sent(sequence);
        }
        assert_eq!((window.trail(), window.lead()), (Sequence(0), Sequence(2)));
        assert_eq!(window.packet(Sequence(1)), Some(&[0, 0, 0, 1][..]));
        assert_eq!(window.packet(first), None);
        assert_eq!(window.packet(Sequence(3)), None);
        assert!(!window.ask(first) && !window.ask(Sequence(3)) && window.ask(Sequence(0)));
    }

    #[test]
    fn what_waits_to_be_sent_stays() {
        let mut window = Window::new(Sequence(0), 1);
        (0..10).for_each(|_| _ = push(&mut window));
        assert_eq!((window.trail(), window.lead()), (Sequence(9), Sequence(9)));
        assert_eq!(window.packet(Sequence(0)), Some(&[0; 4][..]));
        window.sent(Sequence(1));
        assert_eq!(window.slots.len(), 10, "an older one still waits");
        assert!(!window.ask(Sequence(1)), "but the trail has passed it");
        window.sent(Sequence(0));
        assert_eq!((window.slots.len(), window.oldest), (8, Sequence(2)));
        (2..10).for_each(|number| window.sent(Sequence(number)));
        assert_eq!((window.slots.len(), window.spare.len()), (1, 9));
    }

    #[test]
    fn few_buffers_are_kept() {
        let mut window = Window::new(Sequence(0), 1);
        (0..500).for_each(|_| _ = push(&mut window));
        (0..500).for_each(|number| window.sent(Sequence(number)));
        assert_eq!((window.slots.len(), window.spare.len()), (1, SPARE));
    }

    #[test]
    fn buffers_are_used_again() {
        let mut window = Window::new(Sequence(0), 2);
        for _ in 0..1_000 {
            let sequence = push(&mut window);
            window.sent(sequence);
        }
        assert!(window.slots.len() == 2 && window.spare.len() <= 1);
    }

    #[test]
    fn asked_for_once() {
        let mut window = Window::new(Sequence(0), 2);
        let sequence = push(&mut window);
        assert!(!window.ask(sequence), "it is yet to be sent");
        window.sent(sequence);
        assert!(window.ask(sequence) && !window.ask(sequence));
        assert_eq!(window.asked(sequence), Some(4));
        window.repair(sequence);
        assert!(!window.ask(sequence) && window.asked(sequence).is_none());
        window.sent(sequence);
        assert!(window.ask(sequence));
    }
}
