//! The data of one source, put in order again.

use pgm::Sequence;
use std::collections::BTreeMap;

/// The bytes that may wait for a packet that is missing; beyond, it counts as lost.
const PENDING: usize = 16 << 20;
/// What a packet that waits counts for, beside its payload.
const COST: usize = 64;

/// The payloads in the order of their numbers, as packets come: early, late, or twice.
#[derive(Debug, Default)]
pub(super) struct Order {
    /// The number that is next; none before the first packet.
    next: Option<Sequence>,
    /// How many came before it; what waits has its place in this count.
    passed: u64,
    early: BTreeMap<u64, Vec<u8>>,
    waiting: usize,
}

/// What a packet brings, beside others that waited for it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece {
    Payload(Vec<u8>),
    /// So many packets, from this number on, are not in the capture, or came too late.
    Lost {
        first: u32,
        count: u64,
    },
}

impl Order {
    /// Takes in a packet of data. Whether it came before, or too late, and what follows from it.
    pub(super) fn take(&mut self, number: Sequence, trail: Sequence, payload: &[u8]) -> (bool, Vec<Piece>) {
        let next = *self.next.get_or_insert(number);
        let Some(place) = self.place(number, next) else { return (true, Vec::new()) };
        let again = self.early.contains_key(&place);
        if !again {
            self.waiting += payload.len() + COST;
            self.early.insert(place, payload.to_vec());
        }
        let mut pieces = self.ready();
        while self.waiting > PENDING {
            pieces.extend(self.give_up());
        }
        pieces.extend(self.pass(trail));
        (again, pieces)
    }

    /// The source has nothing before this number any more: what is missing of that is lost.
    pub(super) fn pass(&mut self, trail: Sequence) -> Vec<Piece> {
        let mut pieces = Vec::new();
        let Some(end) = self.next.and_then(|next| self.place(trail, next)) else { return pieces };
        while self.passed < end {
            match self.early.first_key_value() {
                Some((&at, _)) if at < end => pieces.extend(self.give_up()),
                _ => {
                    pieces.extend(self.skip_to(end));
                    pieces.extend(self.ready());
                }
            }
        }
        pieces
    }

    /// Nothing more comes: packets that are still missing are lost.
    pub(super) fn end(&mut self) -> Vec<Piece> {
        let mut pieces = Vec::new();
        while !self.early.is_empty() {
            pieces.extend(self.give_up());
        }
        pieces
    }

    /// The place of a number that is not passed.
    fn place(&self, number: Sequence, next: Sequence) -> Option<u64> {
        u64::try_from(number.since(next)).ok().map(|ahead| self.passed + ahead)
    }

    /// Takes what follows without a gap.
    fn ready(&mut self) -> Vec<Piece> {
        let mut pieces = Vec::new();
        while let Some(payload) = self.early.remove(&self.passed) {
            self.waiting -= payload.len() + COST;
            self.advance(1);
            pieces.push(Piece::Payload(payload));
        }
        pieces
    }

    /// Goes on behind the gap.
    fn give_up(&mut self) -> Vec<Piece> {
        let Some((&at, _)) = self.early.first_key_value() else { return Vec::new() };
        let mut pieces: Vec<Piece> = self.skip_to(at).into_iter().collect();
        pieces.extend(self.ready());
        pieces
    }

    fn skip_to(&mut self, place: u64) -> Option<Piece> {
        let count = place.checked_sub(self.passed).filter(|count| *count > 0)?;
        let first = self.next?.0;
        self.advance(count);
        Some(Piece::Lost { first, count })
    }

    fn advance(&mut self, count: u64) {
        self.passed += count;
        self.next = self.next.map(|next| next.plus(count as u32));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The payloads and losses when packets with these numbers and trails come, and then the end.
    fn run(start: u32, packets: &[(u32, u32)]) -> String {
        let mut order = Order::default();
        let number = |at: u32| Sequence(start.wrapping_add(at));
        let mut pieces = Vec::new();
        for (at, trail) in packets {
            let (again, more) = order.take(number(*at), number(*trail), &[b'0' + *at as u8]);
            if again {
                pieces.push(Piece::Payload(b"again".to_vec()));
            }
            pieces.extend(more);
        }
        pieces.extend(order.end());
        let said = pieces.iter().map(|piece| match piece {
            Piece::Payload(bytes) => String::from_utf8_lossy(bytes).into_owned(),
            Piece::Lost { first, count } => format!("lost {}+{count}", first.wrapping_sub(start)),
        });
        said.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn order_is_restored_across_the_wrap_of_numbers() {
        for start in [0, u32::MAX - 1, u32::MAX / 2] {
            assert_eq!(run(start, &[(0, 0), (2, 0), (3, 0), (1, 0), (4, 0)]), "0 1 2 3 4", "{start}");
        }
    }

    #[test]
    fn what_comes_again_is_said_once() {
        assert_eq!(run(7, &[(0, 0), (0, 0), (2, 0), (2, 0), (1, 0), (1, 0)]), "0 again again 1 2 again");
    }

    #[test]
    fn what_the_source_has_no_more_is_lost_in_its_place() {
        assert_eq!(run(9, &[(0, 0), (2, 0), (5, 4), (6, 4)]), "0 lost 1+1 2 lost 3+1 lost 4+1 5 6");
        // Who joins late has not lost what was before.
        assert_eq!(run(9, &[(5, 2), (6, 6)]), "5 6");
        let mut order = Order::default();
        order.take(Sequence(3), Sequence(0), b"x");
        assert_eq!(order.pass(Sequence(9)), [Piece::Lost { first: 4, count: 5 }]);
        assert_eq!(order.pass(Sequence(2)), []);
    }

    #[test]
    fn what_never_came_is_lost_at_the_end() {
        assert_eq!(run(9, &[(0, 0), (3, 0), (4, 0)]), "0 lost 1+2 3 4");
    }

    #[test]
    fn what_waits_is_bounded() {
        let mut order = Order::default();
        order.take(Sequence(0), Sequence(0), b"");
        let payload = vec![0; 1 << 20];
        let lost = (2..30).find(|number| {
            let (_, pieces) = order.take(Sequence(*number), Sequence(0), &payload);
            assert!(order.waiting <= PENDING);
            pieces.contains(&Piece::Lost { first: 1, count: 1 })
        });
        assert_eq!(lost, Some(17));
    }
}
