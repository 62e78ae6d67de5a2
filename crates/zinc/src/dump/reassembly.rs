//! One direction of a TCP connection, put in order again.

use std::collections::BTreeMap;

/// The bytes that may wait for a segment that is missing; beyond, it counts as lost to the capture.
const PENDING: usize = 16 << 20;

/// The bytes in order, as segments come: early, late, twice, or in other pieces than before.
#[derive(Debug, Default)]
pub(super) struct Reassembly {
    /// The sequence number of the first byte; none before the first segment.
    base: Option<u32>,
    /// Bytes given out.
    next: u64,
    /// Came early, by place in the stream.
    early: BTreeMap<u64, Vec<u8>>,
    waiting: usize,
}

/// A piece of the stream that a segment brings.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece {
    Bytes(Vec<u8>),
    /// So many bytes are not in the capture.
    Gap(u64),
}

impl Reassembly {
    /// Whether the beginning of the connection, with this number, is not the one known.
    pub(super) fn is_another(&self, sequence: u32) -> bool {
        self.base.is_some_and(|base| base != sequence.wrapping_add(1))
    }

    /// The connection begins.
    pub(super) fn begin(&mut self, sequence: u32) {
        self.base.get_or_insert_with(|| sequence.wrapping_add(1));
    }

    /// Whether nothing is missing before this number.
    pub(super) fn has_all_before(&self, sequence: u32) -> bool {
        self.base.is_none_or(|base| base.wrapping_add(self.next as u32) == sequence)
    }

    /// Takes in a segment's bytes, and returns what follows from them.
    pub(super) fn take(&mut self, sequence: u32, bytes: &[u8]) -> Vec<Piece> {
        let base = *self.base.get_or_insert(sequence);
        // The place in the stream that is nearest to what comes next.
        let expected = base.wrapping_add(self.next as u32);
        let distance = i64::from(sequence.wrapping_sub(expected).cast_signed());
        let Some(at) = self.next.checked_add_signed(distance) else { return Vec::new() };
        let known = self.early.get(&at).map_or(0, Vec::len);
        if !bytes.is_empty() && at + bytes.len() as u64 > self.next && bytes.len() > known {
            self.waiting += bytes.len() - known;
            self.early.insert(at, bytes.to_vec());
        }
        let mut pieces = self.ready();
        if self.waiting > PENDING {
            pieces.extend(self.give_up());
        }
        pieces
    }

    /// Nothing more comes: bytes that are still missing are lost.
    pub(super) fn end(&mut self) -> Vec<Piece> {
        let mut pieces = Vec::new();
        while !self.early.is_empty() {
            pieces.extend(self.give_up());
        }
        pieces
    }

    /// Takes the pieces that follow without a gap.
    fn ready(&mut self) -> Vec<Piece> {
        let mut pieces = Vec::new();
        while let Some(entry) = self.early.first_entry()
            && *entry.key() <= self.next
        {
            let (at, bytes) = entry.remove_entry();
            self.waiting -= bytes.len();
            let seen = (self.next - at) as usize;
            if let Some(fresh) = bytes.get(seen..).filter(|fresh| !fresh.is_empty()) {
                self.next += fresh.len() as u64;
                pieces.push(Piece::Bytes(fresh.to_vec()));
            }
        }
        pieces
    }

    /// Goes on behind the gap.
    fn give_up(&mut self) -> Vec<Piece> {
        let Some((&at, _)) = self.early.first_key_value() else { return Vec::new() };
        let mut pieces = vec![Piece::Gap(at.saturating_sub(self.next))];
        self.next = at;
        pieces.extend(self.ready());
        pieces
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text of a connection that begins at `start`, given as places and texts, and the pieces at its end.
    fn run(start: u32, segments: &[(u32, &str)]) -> (String, Vec<Piece>) {
        let mut stream = Reassembly::default();
        stream.begin(start.wrapping_sub(1));
        let mut text = String::new();
        for (at, bytes) in segments {
            for piece in stream.take(start.wrapping_add(*at), bytes.as_bytes()) {
                match piece {
                    Piece::Bytes(bytes) => text += std::str::from_utf8(&bytes).unwrap(),
                    Piece::Gap(_) => text += "?",
                }
            }
        }
        (text, stream.end())
    }

    #[test]
    fn order_is_restored_across_the_wrap_of_numbers() {
        for start in [1, u32::MAX - 2, u32::MAX / 2, 0] {
            let (text, rest) = run(start, &[(2, "cd"), (0, "ab"), (6, "gh"), (4, "ef")]);
            assert_eq!((text.as_str(), rest), ("abcdefgh", vec![]), "{start}");
        }
    }

    #[test]
    fn what_comes_again_is_said_once() {
        let segments = [(0, "abc"), (0, "abc"), (1, "bcde"), (7, "h"), (4, "efgh"), (2, "c"), (8, "")];
        assert_eq!(run(100, &segments), ("abcdefgh".to_owned(), vec![]));
    }

    #[test]
    fn a_longer_copy_of_what_came_early_counts() {
        assert_eq!(run(5, &[(3, "d"), (3, "def"), (3, "de"), (0, "abc")]).0, "abcdef");
    }

    #[test]
    fn what_never_came_is_a_gap() {
        let (text, rest) = run(9, &[(0, "a"), (3, "de")]);
        assert_eq!((text.as_str(), rest), ("a", vec![Piece::Gap(2), Piece::Bytes(b"de".to_vec())]));
    }
}
