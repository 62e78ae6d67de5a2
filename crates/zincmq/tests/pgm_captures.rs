//! What a subscriber heard of genuine publishers (libzmq 4.3.4, OpenPGM 5.3.128), replayed with the times of the capture: the
//! same messages come out as were sent, and gaps exactly where packets were lost for good.

use pgm::{Event, Packet, Receiver, ReceiverConfig, Timing};
use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::time::{Duration, Instant};
use zmtp::datagram::{Deframer, Flow, Limits};

const PORT: u16 = 5555;
/// Until no timer of the protocol is left: 50 requests, of 250 ms each at most.
const SILENCE: Duration = Duration::from_secs(30);

type Message = Vec<Vec<u8>>;

/// A PGM packet of a capture.
struct Captured {
    /// Since the beginning of the capture.
    at: Duration,
    from: SocketAddr,
    to: IpAddr,
    bytes: Vec<u8>,
}

/// The packets in a file of `tcpdump`, little-endian and with Ethernet.
fn capture(name: &str) -> Vec<Captured> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/pgm").join(name).with_extension("pcap");
    let file = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let word = |at: usize| u32::from_le_bytes(file[at..at + 4].try_into().unwrap());
    assert_eq!((word(0), word(20)), (0xA1B2_C3D4, 1), "{name}");
    let mut packets = Vec::new();
    let mut at = 24;
    let begin = time(word(at), word(at + 4));
    while at < file.len() {
        let end = at + 16 + word(at + 8) as usize;
        packets.push(datagram(time(word(at), word(at + 4)) - begin, &file[at + 16..end]));
        at = end;
    }
    packets
}

fn time(seconds: u32, microseconds: u32) -> Duration {
    Duration::from_secs(seconds.into()) + Duration::from_micros(microseconds.into())
}

/// The packet in a frame of Ethernet: over IPv4 or IPv6, in UDP or not.
fn datagram(at: Duration, frame: &[u8]) -> Captured {
    let (ip, short) = (&frame[14..], |bytes: &[u8]| u16::from_be_bytes([bytes[0], bytes[1]]));
    let v4 = |at: usize| IpAddr::from(Ipv4Addr::from(<[u8; 4]>::try_from(&ip[at..at + 4]).unwrap()));
    let v6 = |at: usize| IpAddr::from(Ipv6Addr::from(<[u8; 16]>::try_from(&ip[at..at + 16]).unwrap()));
    // Behind the length that IP tells, Ethernet may have filled up the frame.
    let (protocol, from, to, bytes) = match short(&frame[12..]) {
        0x0800 => {
            let header = usize::from(ip[0] & 15) * 4;
            (ip[9], v4(12), v4(16), &ip[header..usize::from(short(&ip[2..]))])
        }
        0x86DD => (ip[6], v6(8), v6(24), &ip[40..40 + usize::from(short(&ip[4..]))]),
        other => panic!("a frame of type {other:04x}"),
    };
    let (port, bytes) = match protocol {
        17 => (short(bytes), &bytes[8..]),
        113 => (0, bytes),
        other => panic!("protocol {other}"),
    };
    Captured { at, from: SocketAddr::new(from, port), to, bytes: bytes.to_vec() }
}

/// What an application hears.
#[derive(Default)]
struct Heard {
    messages: Vec<Message>,
    /// The first and the last of each run of numbers, and how many messages had come before.
    lost: Vec<(u32, u32, usize)>,
    sources: usize,
    finished: bool,
}

/// Replays a capture from one of its packets on.
fn replay(name: &str, skip: usize, window: u32) -> Heard {
    let packets = capture(name);
    let group = packets.iter().find(|packet| packet.to.is_multicast()).expect("the group").to;
    let config = ReceiverConfig {
        port: PORT,
        group,
        window,
        max_tpdu: 1500,
        memory: ReceiverConfig::MEMORY,
        max_sources: ReceiverConfig::SOURCES,
        seed: 1,
        timing: Timing::default(),
    };
    let (mut receiver, begin) = (Receiver::new(config), Instant::now());
    let (mut heard, mut streams) = (Heard::default(), HashMap::new());
    let deliver = &mut |event: Event<'_>| heard.take(event, &mut streams);
    let end = packets[packets.len() - 1].at + SILENCE;
    // What is sent to one host is from this subscriber.
    for packet in packets.iter().skip(skip).filter(|packet| packet.to == group) {
        pass(&mut receiver, begin + packet.at, deliver);
        let decoded = Packet::decode(&packet.bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        receiver.handle(begin + packet.at, packet.from, &decoded, deliver);
    }
    pass(&mut receiver, begin + end, deliver);
    assert!(streams.values().all(|stream| stream.held() == 0), "{name}: part of a message is left");
    heard
}

/// Does what is due until then. Requests go nowhere: the answers are in the capture.
fn pass(receiver: &mut Receiver, until: Instant, deliver: &mut dyn FnMut(Event<'_>) -> pgm::Flow) {
    while let Some(at) = receiver.next_timeout().filter(|at| *at <= until) {
        receiver.handle_timeout(at, deliver);
        receiver.sent(receiver.queued());
    }
}

impl Heard {
    fn take(&mut self, event: Event<'_>, streams: &mut HashMap<pgm::SourceId, Deframer>) -> pgm::Flow {
        match event {
            Event::Joined { source, .. } => {
                let limits = Limits { frame: u64::MAX, message: u64::MAX, parts: u64::MAX };
                streams.insert(source, Deframer::new(limits));
                self.sources += 1;
            }
            Event::Data { source, payload } => {
                let stream = streams.get_mut(&source).expect("a source that joined");
                let result = stream.payload(payload, &mut |parts| {
                    self.messages.push(parts.iter().map(|part| part.to_vec()).collect());
                    Flow::Go
                });
                assert_eq!(result, Ok(()));
            }
            Event::Lost { source, first, count } => {
                streams.get_mut(&source).expect("a source that joined").gap();
                let last = first.0 + count - 1;
                match self.lost.last_mut() {
                    Some((_, end, at)) if *end + 1 == first.0 && *at == self.messages.len() => *end = last,
                    _ => self.lost.push((first.0, last, self.messages.len())),
                }
            }
            Event::Finished { .. } => self.finished = true,
            Event::Gone { .. } => {}
        }
        pgm::Flow::Go
    }
}

/// The message of that number and size that the publisher of most captures sends.
fn numbered(number: usize, size: usize) -> Message {
    let mut body = vec![b'A' + (number % 26) as u8; size];
    body[..9].copy_from_slice(format!("{number:08}.").as_bytes());
    vec![body]
}

fn range(numbers: impl IntoIterator<Item = usize>, size: usize) -> Vec<Message> {
    numbers.into_iter().map(|number| numbered(number, size)).collect()
}

#[test]
fn all_messages_come_where_nothing_is_lost_for_good() {
    for (name, count, size, finished) in [
        ("01-start-small", 3, 20, true),
        ("02-large-20k", 1, 20_000, true),
        ("03-late-join", 25, 30, false),
        ("04-loss-single", 20, 20, true),
        ("05-loss-burst", 20, 20, true),
        ("06-ncf-rdata-retries", 10, 20, true),
        ("09-raw-pgm-loss", 12, 20, true),
        ("11-idle-ambient", 2, 20, false),
        ("12-two-receivers", 12, 20, true),
        ("14-ipv6", 8, 20, true),
    ] {
        let heard = replay(name, 0, 80);
        assert!(heard.messages == range(0..count, size), "{name}: {} messages", heard.messages.len());
        assert_eq!((heard.lost, heard.sources, heard.finished), (vec![], 1, finished), "{name}");
    }
}

#[test]
fn one_who_joins_late_hears_the_rest() {
    // The first packet that the subscriber of this capture heard.
    let heard = replay("03-late-join", 16, 80);
    assert_eq!((heard.messages, heard.lost), (range(9..25, 30), vec![]));
}

#[test]
fn an_outage_that_is_longer_than_the_window_is_one_gap() {
    let heard = replay("07-outage-longer-than-window", 0, 80);
    assert_eq!(heard.messages, range((0..20).chain(140..220), 20));
    assert_eq!((heard.lost, heard.finished), (vec![(20, 139, 20)], true));
}

#[test]
fn what_is_asked_for_in_vain_is_a_gap_in_its_place() {
    let heard = replay("08-retries-exhausted", 0, 80);
    assert_eq!((heard.messages, heard.lost), (range((0..4).chain(5..10), 20), vec![(4, 4, 4)]));
    // Here the source never tells its address, and the capture ends with the last message.
    let heard = replay("13-loss-before-nla", 0, 80);
    assert_eq!((heard.messages, heard.lost), (range((0..12).chain(13..30), 20), vec![(12, 12, 12)]));
}

#[test]
fn frames_of_all_forms_are_read() {
    let long = |number: usize, size: usize| {
        let mut body = vec![b'x'; size];
        body[..8].copy_from_slice(format!("{number:08}").as_bytes());
        vec![body]
    };
    let mut sent = vec![long(0, 8), vec![b"topic".to_vec(), vec![], long(1, 8).concat()]];
    sent.extend((2..6).zip(253..).map(|(number, size)| long(number, size)));
    sent.extend((6..12).map(|number| long(number, 8)));
    sent.extend([vec![vec![]], long(12, 3000), long(13, 8)]);
    let heard = replay("10-framing", 0, 80);
    assert_eq!((heard.messages, heard.lost), (sent, vec![]));
}

/// The genuine subscriber of this capture delivered one message with wrong bytes, then 44 that were never sent, and
/// missed two that it had received.
#[test]
fn a_loss_amid_a_message_costs_that_message_alone() {
    let message = |number: usize| {
        let mut body = vec![b'b'; 3000];
        body[..9].copy_from_slice(format!("B{number:07}\0").as_bytes());
        vec![format!("H{number:07}").into_bytes(), body]
    };
    let heard = replay("16-corruption-after-loss", 0, 8);
    let sent: Vec<_> = (0..3).chain(4..14).map(message).collect();
    assert!(heard.messages == sent, "{} messages", heard.messages.len());
    assert_eq!(heard.lost, [(10, 10, 3)]);
}
