//! A group with an honest publisher and its subscriber, and a stranger who sends to both whatever he likes.

use crate::common::{PATIENCE, until};
use pgm::{Body, Data, More, Packet, Request, Sequence, Tsi};
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::process;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};
use zincmq::MulticastStats;
use zincmq::{Context, Pub, Sub, option};

const HERE: Ipv4Addr = Ipv4Addr::LOCALHOST;

/// What the honest publisher's messages begin with.
const TOPIC: &str = "honest";

/// See the module.
pub(crate) struct Honest {
    pub(crate) publisher: Pub,
    pub(crate) subscriber: Sub,
    group: SocketAddr,
    sent: u32,
    heard: u32,
}

impl Honest {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU16 = AtomicU16::new(0);
        // Below the ports that the system gives out; a group and a port for each test.
        let (id, next) = (process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let [.., high, low] = id.to_be_bytes();
        let port = 20_000 + ((id * 8) as u16).wrapping_add(next) % 12_000;
        let group = SocketAddr::from(([239, 193, high, low], port));
        let endpoint = format!("epgm://127.0.0.1;{group}");
        let mut publisher = Pub::new(&Context::new()).unwrap();
        publisher.set(option::RATE, 100_000).unwrap();
        publisher.bind(&endpoint).unwrap();
        let mut subscriber = Sub::new(&Context::new()).unwrap();
        subscriber.set(option::RATE, 100_000).unwrap();
        subscriber.set(option::MAXMSGSIZE, 1 << 20).unwrap();
        subscriber.subscribe(TOPIC).unwrap();
        subscriber.connect(&endpoint).unwrap();
        let mut honest = Self { publisher, subscriber, group, sent: 0, heard: 0 };
        honest.meet();
        honest
    }

    /// Sends until the subscriber has heard one; it has joined then.
    fn meet(&mut self) {
        let until = Instant::now() + PATIENCE;
        loop {
            assert!(Instant::now() < until, "the subscriber hears nothing");
            self.send();
            if let Ok(message) = self.subscriber.recv_timeout(Duration::from_millis(20)) {
                self.heard = u32::from_be_bytes(message[1][..4].try_into().unwrap());
                break;
            }
        }
        self.hear();
    }

    /// Sends a message that takes several datagrams.
    fn send(&mut self) {
        self.sent += 1;
        self.publisher.send([TOPIC.as_bytes(), &body(self.sent)]).unwrap();
    }

    /// Receives what was sent, all of it and nothing else.
    fn hear(&mut self) {
        while self.heard < self.sent {
            self.heard += 1;
            let message = match self.subscriber.recv_timeout(PATIENCE) {
                Ok(message) => message,
                Err(error) => {
                    let numbers = self.numbers();
                    panic!("message {}: {error}; {numbers:?}", self.heard)
                }
            };
            assert!(
                message.len() == 2 && message[1] == body(self.heard)[..],
                "message {} is wrong",
                self.heard
            );
        }
    }

    /// The stream goes on as if there were nobody else.
    pub(crate) fn is_undisturbed(&mut self) {
        self.send();
        self.hear();
    }

    /// The subscriber's numbers.
    pub(crate) fn numbers(&self) -> MulticastStats {
        self.subscriber.stats().multicast.remove(0)
    }

    /// The honest publisher's session, which everybody in the group can read.
    pub(crate) fn tsi(&self) -> Tsi {
        // An I/O thread tells its numbers a moment after the message.
        until("the source is among the numbers", || !self.numbers().sources.is_empty());
        let session = self.numbers().sources.remove(0).session;
        let (gsi, port) = session.split_once('.').unwrap();
        let gsi = u64::from_str_radix(gsi, 16).unwrap().to_be_bytes();
        Tsi { gsi: gsi[2..].try_into().unwrap(), port: port.parse().unwrap() }
    }
}

fn body(number: u32) -> Vec<u8> {
    number.to_be_bytes().repeat(1000)
}

/// See the module.
pub(crate) struct Stranger {
    socket: UdpSocket,
    pub(crate) group: SocketAddr,
    sessions: u32,
}

impl Stranger {
    pub(crate) fn new(honest: &Honest) -> Self {
        let socket = socket2::SockRef::from(&UdpSocket::bind((HERE, 0)).unwrap()).try_clone().unwrap();
        socket.set_multicast_if_v4(&HERE).unwrap();
        Self { socket: socket.into(), group: honest.group, sessions: 0 }
    }

    /// A session that nobody has had.
    pub(crate) fn session(&mut self) -> Tsi {
        self.sessions += 1;
        let [a, b, c, d] = self.sessions.to_be_bytes();
        Tsi { gsi: [0xBA, 0xD0, a, b, c, d], port: 666 }
    }

    pub(crate) fn packet(&self, tsi: Tsi, body: Body<'_>) -> Vec<u8> {
        let mut bytes = Vec::new();
        Packet { tsi, port: self.group.port(), body }.encode(&mut bytes);
        bytes
    }

    /// A datagram with data.
    pub(crate) fn data(&self, tsi: Tsi, number: u32, payload: &[u8]) -> Vec<u8> {
        self.packet(tsi, Body::Odata(Data { sequence: Sequence(number), trail: Sequence(0), payload }))
    }

    /// A request to the honest publisher, or the confirmation of one.
    pub(crate) fn request<'a>(&self, first: u32, more: &'a [Sequence]) -> Request<'a> {
        Request { first: Sequence(first), source: HERE.into(), group: self.group.ip(), more: More::of(more) }
    }

    /// Sends to the group.
    pub(crate) fn throw(&self, datagram: &[u8]) {
        self.socket.send_to(datagram, self.group).unwrap();
    }

    /// Sends to the honest publisher.
    pub(crate) fn ask(&self, datagram: &[u8]) {
        self.socket.send_to(datagram, (HERE, self.group.port())).unwrap();
    }
}

/// Puts an option into a datagram with data.
pub(crate) fn with_option(datagram: &[u8], option: &[u8]) -> Vec<u8> {
    let (header, payload) = datagram.split_at(pgm::DATA_HEADER);
    let total = (4 + option.len()) as u16;
    let mut bytes = [header, &[0, 4], &total.to_be_bytes(), option, payload].concat();
    bytes[5] |= 1;
    seal(bytes)
}

/// Makes the checksum right.
pub(crate) fn seal(mut packet: Vec<u8>) -> Vec<u8> {
    if let Some(checksum) = packet.get_mut(6..8) {
        checksum.fill(0);
    }
    let words =
        packet.chunks(2).map(|word| u32::from_be_bytes([0, 0, word[0], word.get(1).copied().unwrap_or(0)]));
    let mut sum = words.sum::<u32>();
    while sum > 0xFFFF {
        sum = (sum & 0xFFFF) + (sum >> 16);
    }
    let checksum = match !(sum as u16) {
        0 => 0xFFFF,
        other => other,
    };
    if let Some(place) = packet.get_mut(6..8) {
        place.copy_from_slice(&checksum.to_be_bytes());
    }
    packet
}
