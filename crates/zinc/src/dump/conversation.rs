//! The connections of a capture, each with two sides.

use crate::dump::capture::Segment;
use crate::dump::decode::Decoder;
use crate::dump::event::Event;
use crate::dump::handshake::Progress;
use crate::dump::reassembly::{Piece, Reassembly};
use crate::dump::spoken::{End, Party, Place, Spoken};
use crate::wire::Beginning;
use std::collections::HashMap;
use std::net::SocketAddr;

/// Bytes of a connection that are kept while it is not known to be ZMTP.
const UNDECIDED: usize = 64 << 10;

/// Both ends, the lesser first.
type Key = (SocketAddr, SocketAddr);

pub(super) struct Conversations {
    shown: usize,
    open: HashMap<Key, Conversation>,
    begun: u64,
    /// Those that did not begin as ZMTP.
    others: u64,
}

/// One TCP connection.
struct Conversation {
    number: u64,
    sides: [Side; 2],
    last: f64,
    progress: Progress,
    /// The side that ended it first.
    ended: Option<usize>,
}

struct Side {
    from: SocketAddr,
    stream: Reassembly,
    decoder: Decoder,
    /// The capture has the beginning of this direction.
    whole: bool,
    ended: bool,
    beginning: Beginning,
}

impl Side {
    fn new(from: SocketAddr, shown: usize) -> Self {
        Self {
            from,
            stream: Reassembly::default(),
            decoder: Decoder::new(shown),
            whole: false,
            ended: false,
            beginning: Beginning::Unclear,
        }
    }

    fn take(&mut self, pieces: Vec<Piece>) -> Vec<Event> {
        let mut events = Vec::new();
        for piece in pieces {
            match piece {
                Piece::Bytes(bytes) => self.decoder.feed(&bytes),
                Piece::Gap(bytes) => events.extend(self.decoder.gap(bytes)),
            }
        }
        if matches!(self.beginning, Beginning::Unclear) {
            self.beginning = self.decoder.beginning();
        }
        events
    }
}

impl Conversations {
    pub(super) fn new(shown: usize) -> Self {
        Self { shown, open: HashMap::new(), begun: 0, others: 0 }
    }

    /// Takes in a segment, and returns what it adds.
    pub(super) fn take(&mut self, segment: &Segment) -> Vec<Spoken> {
        let Segment { from, to, .. } = *segment;
        let key = (from.min(to), from.max(to));
        // A segment after the end of a connection begins no other.
        if !segment.begins && segment.payload.is_empty() && !self.open.contains_key(&key) {
            return Vec::new();
        }
        let mut spoken = Vec::new();
        // The same ports, used again.
        if segment.begins
            && let Some(known) = self.open.get(&key)
            && known.side(from).stream.is_another(segment.sequence)
        {
            spoken.extend(self.close(key));
        }
        let (shown, begun) = (self.shown, &mut self.begun);
        let conversation = self.open.entry(key).or_insert_with(|| {
            *begun += 1;
            let sides = [Side::new(key.0, shown), Side::new(key.1, shown)];
            let progress = Progress::default();
            Conversation { number: *begun, sides, last: segment.time, progress, ended: None }
        });
        spoken.extend(conversation.take(segment));
        if conversation.sides.iter().all(|side| side.ended) {
            spoken.extend(self.close(key));
        }
        spoken
    }

    /// The capture ends.
    pub(super) fn end(&mut self) -> Vec<Spoken> {
        let mut keys: Vec<Key> = self.open.keys().copied().collect();
        keys.sort_by_key(|key| self.open.get(key).map(|conversation| conversation.number));
        keys.into_iter().flat_map(|key| self.close(key)).collect()
    }

    fn close(&mut self, key: Key) -> Vec<Spoken> {
        let Some(mut conversation) = self.open.remove(&key) else { return Vec::new() };
        self.others += u64::from(!conversation.is_ours());
        conversation.end()
    }

    /// Connections that were decoded, and others.
    pub(super) const fn counts(&self) -> (u64, u64) {
        (self.begun - self.others, self.others)
    }

    pub(super) fn summary(&self) -> String {
        let (decoded, others) = self.counts();
        format!("{decoded} connections decoded, {others} others passed over")
    }
}

impl Conversation {
    fn side(&self, from: SocketAddr) -> &Side {
        let [one, other] = &self.sides;
        if one.from == from { one } else { other }
    }

    /// Whether one side has a greeting: only then is it surely ZMTP.
    fn is_ours(&self) -> bool {
        self.sides.iter().any(|side| matches!(side.beginning, Beginning::Old(_) | Beginning::Modern(_)))
    }

    fn take(&mut self, segment: &Segment) -> Vec<Spoken> {
        self.last = segment.time;
        let [one, other] = &mut self.sides;
        let side = if one.from == segment.from { one } else { other };
        if segment.begins {
            side.whole = true;
            side.stream.begin(segment.sequence);
        }
        // A segment may begin the connection and have bytes: they follow the number that the SYN takes.
        let sequence = segment.sequence.wrapping_add(segment.begins.into());
        let pieces = side.stream.take(sequence, &segment.payload);
        let lost = side.take(pieces);
        let end = sequence.wrapping_add(segment.payload.len() as u32);
        side.ended |= segment.ends && side.stream.has_all_before(end);
        if segment.ends {
            let at = self.sides.iter().position(|side| side.from == segment.from);
            self.ended = self.ended.or(at);
        }
        let from = segment.from;
        let mut spoken = self.at(from, lost);
        spoken.extend(self.advance());
        spoken
    }

    /// Returns all that both sides can say now: how one began tells how to read the other.
    fn advance(&mut self) -> Vec<Spoken> {
        if !self.is_ours() {
            let strangers = self.sides.iter_mut().filter(|side| side.decoder.backlog() > UNDECIDED);
            strangers.for_each(|side| _ = side.decoder.gap(0));
            return Vec::new();
        }
        let mut spoken = Vec::new();
        for at in [0, 1] {
            let peer = self.sides.get(1 - at).map(|side| side.beginning.clone());
            let Some(side) = self.sides.get_mut(at) else { continue };
            let broken = matches!(side.beginning, Beginning::Bare) && !side.whole;
            let (from, events) = if broken {
                // In the middle of a stream nothing tells where a frame begins.
                side.beginning = Beginning::Unclear;
                (side.from, side.decoder.gap(0).into_iter().collect())
            } else {
                (side.from, side.decoder.advance(peer.as_ref()))
            };
            spoken.extend(self.at(from, events));
        }
        spoken
    }

    fn end(&mut self) -> Vec<Spoken> {
        if !self.is_ours() {
            return Vec::new();
        }
        let mut spoken = Vec::new();
        for at in [0, 1] {
            let Some(side) = self.sides.get_mut(at) else { continue };
            let pieces = side.stream.end();
            let lost = side.take(pieces);
            let from = side.from;
            spoken.extend(self.at(from, lost));
        }
        spoken.extend(self.advance());
        for at in [0, 1] {
            let Some(side) = self.sides.get_mut(at) else { continue };
            let (from, events) = (side.from, side.decoder.end());
            spoken.extend(self.at(from, events));
        }
        if let Some((side, event)) = self.progress.failure(self.ended) {
            let from = self.sides.get(side).map(|side| side.from);
            spoken.extend(from.into_iter().flat_map(|from| self.at(from, vec![event.clone()])));
        }
        spoken
    }

    fn at(&mut self, from: SocketAddr, events: Vec<Event>) -> Vec<Spoken> {
        let side = self.sides.iter().position(|side| side.from == from).unwrap_or_default();
        events.iter().for_each(|event| self.progress.note(side, event));
        let to = self.sides.iter().map(|side| side.from).find(|end| *end != from).unwrap_or(from);
        let [from, to] = [from, to].map(End::Socket);
        let place = Place { time: self.last, party: Some(Party::Connection(self.number)), from, to };
        events.into_iter().map(|event| Spoken { event, place: Some(place) }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use zmtp::Version;

    /// The events when the client (true) and the server (false) send these bytes in this order.
    fn talk(parts: &[(bool, &[u8])]) -> Vec<Event> {
        let ends: [SocketAddr; 2] = ["127.0.0.1:5555", "127.0.0.1:4000"].map(|end| end.parse().unwrap());
        let mut conversations = Conversations::new(16);
        let mut sequences = [0_u32; 2];
        let mut spoken = Vec::new();
        for (client, payload) in [(true, &b""[..]), (false, b"")].iter().chain(parts) {
            let side = usize::from(*client);
            let begins = sequences[side] == 0;
            let segment = Segment {
                time: 0.0,
                from: ends[side],
                to: ends[1 - side],
                sequence: sequences[side],
                begins,
                ends: false,
                payload: payload.to_vec(),
            };
            sequences[side] += payload.len() as u32 + u32::from(begins);
            spoken.extend(conversations.take(&segment));
        }
        spoken.into_iter().map(|spoken| spoken.event).collect()
    }

    #[test]
    fn a_newer_side_speaks_as_the_older_one_understands() {
        let signature = b"\xFF\0\0\0\0\0\0\0\x01\x7F\x03";
        let old = |socket_type| Event::OldGreeting { version: Version::V2_0, socket_type };
        let said = talk(&[
            (true, signature),
            (false, b"\xFF\0\0\0\0\0\0\0\x01\x7F\x01\x07\0\0"),
            (true, b"\x08"),
            (true, b"\0\x02me"),
            (true, b"\0\x01a\0\x01b"),
            (false, b"\0\x01c"),
        ]);
        let frame = |text: &str| Event::Frame { more: false, size: 1, start: text.into() };
        let id = |id: &str| Event::RoutingId(id.into());
        assert_eq!(said, [old(7), id(""), old(8), id("me"), frame("a"), frame("b"), frame("c")]);
    }

    #[test]
    fn strangers_are_forgotten() {
        let flood = vec![b'x'; UNDECIDED + 1];
        assert_eq!(talk(&[(true, &flood), (false, &flood), (true, b"\xFF"), (false, &flood)]), []);
    }
}
