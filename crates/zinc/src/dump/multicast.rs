//! The multicast sources of a capture, which speak PGM: inside UDP (epgm) or in IP itself (pgm).

mod order;
pub(super) mod told;

use crate::dump::capture::Datagram;
use crate::dump::event::Event;
use crate::dump::spoken::{Party, Place, Spoken};
use order::{Order, Piece};
use pgm::{Body, Data, Packet, Tsi};
use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use zmtp::datagram::{Deframer, Flow, Limits};

use told::Told;

/// A message is gathered up to this size. No memory is taken before its bytes are there.
const LIMITS: Limits = Limits { frame: 1 << 30, message: 1 << 30, parts: 1 << 24 };

/// Where the checksum of a packet is.
const CHECKSUM: std::ops::Range<usize> = 6..8;

pub(super) struct Sources {
    shown: usize,
    /// By session and address: two sources may have drawn the same name.
    known: HashMap<(Tsi, IpAddr), Source>,
    /// The address under which a session was seen first.
    homes: HashMap<Tsi, IpAddr>,
    /// The ports of UDP where PGM was seen.
    ports: HashSet<u16>,
    packets: u64,
    /// Datagrams that are something else.
    others: u64,
}

struct Source {
    number: u64,
    order: Order,
    deframer: Deframer,
    /// Where it sent its last data.
    place: Place,
}

impl Sources {
    pub(super) fn new(shown: usize) -> Self {
        let (known, homes, ports) = (HashMap::new(), HashMap::new(), HashSet::new());
        Self { shown, known, homes, ports, packets: 0, others: 0 }
    }

    /// Takes in a datagram, and returns what it says, and the messages that are whole with it.
    pub(super) fn take(&mut self, datagram: &Datagram) -> Vec<Spoken> {
        let decoded = Packet::decode(&datagram.payload);
        if !self.is_ours(datagram, decoded.as_ref().ok()) {
            self.others += 1;
            return Vec::new();
        }
        self.packets += 1;
        let (from, to) = (datagram.from(), datagram.to());
        let mut place = Place { time: datagram.time, party: None, from, to };
        let packet = match decoded {
            Ok(packet) => packet,
            Err(error) => return say(place, vec![Event::Malformed(error.to_string())]),
        };
        let shown = self.shown;
        let source = self.source(&packet, datagram, place);
        place.party = Some(Party::Source(source.number));
        let (again, pieces) = match packet.body {
            Body::Odata(Data { sequence, trail, payload })
            | Body::Rdata(Data { sequence, trail, payload }) => {
                source.place = place;
                source.order.take(sequence, trail, payload)
            }
            Body::Spm(spm) => (false, source.order.pass(spm.trail)),
            _ => (false, Vec::new()),
        };
        let mut events = vec![Event::Multicast(Told::new(&packet, again))];
        events.extend(source.read(pieces, shown));
        say(place, events)
    }

    /// The capture ends: what is missing is not in it.
    pub(super) fn end(&mut self) -> Vec<Spoken> {
        let mut sources: Vec<&mut Source> = self.known.values_mut().collect();
        sources.sort_by_key(|source| source.number);
        let end = |source: &mut Source| {
            let pieces = source.order.end();
            say(source.place, source.read(pieces, self.shown))
        };
        sources.into_iter().flat_map(end).collect()
    }

    /// Packets that were read, and datagrams that were not.
    pub(super) const fn counts(&self) -> (u64, u64) {
        (self.packets, self.others)
    }

    pub(super) fn summary(&self) -> String {
        let Self { known, packets, others, .. } = self;
        let count = known.len();
        format!(
            "{packets} packets of {count} multicast sources decoded, {others} other datagrams passed over"
        )
    }

    /// Whether it is PGM: by its number in IP, or by the port of UDP, once a packet has named that port and has proved by
    /// its checksum to be one.
    fn is_ours(&mut self, datagram: &Datagram, packet: Option<&Packet<'_>>) -> bool {
        let Some([_, port]) = datagram.ports else { return true };
        let is_checked = datagram.payload.get(CHECKSUM).is_some_and(|sum| sum != [0, 0]);
        if is_checked && packet.is_some_and(|packet| packet.port == port) {
            self.ports.insert(port);
        }
        self.ports.contains(&port)
    }

    /// The source that a packet comes from, or goes to.
    fn source(&mut self, packet: &Packet<'_>, datagram: &Datagram, place: Place) -> &mut Source {
        let tsi = packet.tsi;
        let address = match packet.body {
            Body::Nak(request) => request.source,
            // A question to the whole group names the session only.
            Body::Spmr if datagram.destination.is_multicast() => {
                self.homes.get(&tsi).copied().unwrap_or(datagram.destination)
            }
            Body::Spmr => datagram.destination,
            _ => datagram.source,
        };
        self.homes.entry(tsi).or_insert(address);
        let number = self.known.len() as u64 + 1;
        self.known.entry((tsi, address)).or_insert_with(|| {
            let (order, deframer) = (Order::default(), Deframer::new(LIMITS));
            let party = Some(Party::Source(number));
            Source { number, order, deframer, place: Place { party, ..place } }
        })
    }
}

impl Source {
    /// The messages in these pieces.
    fn read(&mut self, pieces: Vec<Piece>, shown: usize) -> Vec<Event> {
        let mut events = Vec::new();
        for piece in pieces {
            match piece {
                Piece::Lost { first, count } => {
                    self.deframer.gap();
                    events.push(Event::Lost { first, count });
                }
                Piece::Payload(payload) => {
                    let read = self.deframer.payload(&payload, &mut |parts| {
                        let last = parts.len().saturating_sub(1);
                        events.extend(parts.iter().enumerate().map(|(at, part)| Event::Frame {
                            more: at < last,
                            size: part.len() as u64,
                            start: part.get(..shown.min(part.len())).unwrap_or_default().to_vec(),
                        }));
                        Flow::Go
                    });
                    events.extend(read.err().map(|error| Event::Malformed(error.to_string())));
                }
            }
        }
        events
    }
}

fn say(place: Place, events: Vec<Event>) -> Vec<Spoken> {
    events.into_iter().map(|event| Spoken { event, place: Some(place) }).collect()
}

#[cfg(test)]
mod tests;
