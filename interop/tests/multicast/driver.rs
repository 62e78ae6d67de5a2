//! Both sides of multicast in this process, out of the machines of the protocol and plain sockets, so that they can
//! lose datagrams: what the library joins together on its I/O thread, in its simplest form.

use crate::talk::{Hears, Place, Says};
use interop::multicast::{Messages, PATIENCE, describe};
use pgm::{
    Body, Event, Flow, Packet, Receiver, ReceiverConfig, Sequence, Source, SourceConfig, SourceId, Timing,
    To, Tsi,
};
use socket2::{Domain, Protocol, Socket, Type};
use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use zmtp::datagram::{self, Deframer, Framer, Limits};

const HERE: Ipv4Addr = Ipv4Addr::LOCALHOST;
/// Headers of IP and UDP.
const OVERHEAD: usize = 28;
const MAX_TPDU: usize = 1500;
/// Two of so many datagrams with data are lost, once losses have begun, one after the other.
const PERIOD: u64 = 9;
/// How long to wait for a datagram before time goes on.
const TICK: Duration = Duration::from_millis(1);

/// What a thread here has to do, and what it has done.
#[derive(Default)]
pub(crate) struct Shared {
    ends: AtomicBool,
    loses: AtomicBool,
    lost: AtomicU64,
    spms: AtomicU64,
    repairs: AtomicU64,
}

impl Shared {
    /// Counts a datagram; whether it is one to lose.
    fn loses(&self, datagrams: &mut u64) -> bool {
        *datagrams += u64::from(self.loses.load(Relaxed));
        let loses = self.loses.load(Relaxed) && *datagrams % PERIOD < 2;
        self.lost.fetch_add(u64::from(loses), Relaxed);
        loses
    }
}

/// One side, and its thread.
struct Side {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Side {
    fn start(run: impl FnOnce(&Shared) + Send + 'static) -> Self {
        let shared = Arc::<Shared>::default();
        let inside = Arc::clone(&shared);
        Self { shared, thread: Some(thread::spawn(move || run(&inside))) }
    }
}

impl Drop for Side {
    fn drop(&mut self) {
        self.shared.ends.store(true, Relaxed);
        if let Some(Err(error)) = self.thread.take().map(JoinHandle::join)
            && !thread::panicking()
        {
            std::panic::resume_unwind(error);
        }
    }
}

/// A publisher that loses datagrams before they are sent.
pub(crate) struct Lossy {
    side: Side,
    messages: mpsc::Sender<Messages>,
}

impl Lossy {
    /// It keeps so many datagrams for repair.
    pub(crate) fn new(place: &Place, window: u32) -> Self {
        let group = place.group();
        let from_hosts = bound(SocketAddr::from((HERE, group.port())));
        let to_group = Socket::new(Domain::IPV4, Type::DGRAM, None).unwrap();
        to_group.set_multicast_if_v4(&HERE).unwrap();
        let config = SourceConfig {
            tsi: Tsi { gsi: [1, 2, 3, 4, 5, 6], port: 7 },
            port: group.port(),
            nla: HERE.into(),
            group: group.ip(),
            rate: 1_600_000,
            max_tpdu: MAX_TPDU,
            overhead: OVERHEAD,
            window,
            first: Sequence(0u32.wrapping_sub(50)),
        };
        let (sender, messages) = mpsc::channel();
        let side =
            Side::start(move |shared| send(shared, config, group, &messages, &from_hosts, &to_group.into()));
        Self { side, messages: sender }
    }

    /// Begins to lose datagrams, once the subscribers know where to ask for repairs: an SPM that is sent from now on tells.
    pub(crate) fn lose(&self) {
        let before = self.side.shared.spms.load(Relaxed);
        let until = Instant::now() + PATIENCE;
        while self.side.shared.spms.load(Relaxed) == before {
            assert!(Instant::now() < until, "no SPM");
            thread::yield_now();
        }
        self.side.shared.loses.store(true, Relaxed);
    }

    /// Datagrams lost, and repaired.
    pub(crate) fn losses(&self) -> (u64, u64) {
        (self.side.shared.lost.load(Relaxed), self.side.shared.repairs.load(Relaxed))
    }
}

impl Says for Lossy {
    fn say(&mut self, messages: &Messages) {
        self.messages.send(messages.clone()).unwrap();
    }
}

fn send(
    shared: &Shared,
    config: SourceConfig,
    group: SocketAddr,
    messages: &mpsc::Receiver<Messages>,
    from_hosts: &UdpSocket,
    to_group: &UdpSocket,
) {
    let mut source = Source::new(config, Instant::now()).unwrap();
    let (mut framer, mut buffer, mut datagrams) = (Framer::new(source.max_payload()), [0; MAX_TPDU], 0);
    while !shared.ends.load(Relaxed) {
        if let Ok((length, _)) = from_hosts.recv_from(&mut buffer)
            && let Ok(packet) = Packet::decode(&buffer[..length])
        {
            source.handle(Instant::now(), &packet);
        }
        for parts in messages.try_iter().flat_map(|messages| messages.parts().collect::<Vec<_>>()) {
            for (index, part) in parts.iter().enumerate() {
                framer.push(part, index + 1 < parts.len());
            }
        }
        while let Some(payload) = framer.payload(true) {
            if source.send(Instant::now(), payload).is_err() {
                break;
            }
            framer.pop();
        }
        source.handle_timeout(Instant::now());
        while let Some(transmit) = source.peek(0) {
            let to = if let To::Host(address) = transmit.to { address } else { group };
            let data = matches!(Packet::decode(transmit.bytes).unwrap().body, Body::Odata(_));
            if !data || !shared.loses(&mut datagrams) {
                to_group.send_to(transmit.bytes, to).unwrap();
            }
            source.sent(1);
        }
        shared.spms.store(source.statistics().spms, Relaxed);
        shared.repairs.store(source.statistics().repairs, Relaxed);
    }
}

/// A subscriber that loses datagrams that have arrived.
pub(crate) struct Forgetful {
    side: Side,
    lines: mpsc::Receiver<String>,
}

impl Forgetful {
    pub(crate) fn new(place: &Place) -> Self {
        let group = place.group();
        let from_group = bound(group);
        let IpAddr::V4(address) = group.ip() else { unreachable!("groups here are of IPv4") };
        from_group.join_multicast_v4(&address, &HERE).unwrap();
        let to_hosts = UdpSocket::bind((HERE, 0)).unwrap();
        let config = ReceiverConfig {
            port: group.port(),
            group: group.ip(),
            window: 10_000,
            max_tpdu: MAX_TPDU,
            memory: ReceiverConfig::MEMORY,
            max_sources: ReceiverConfig::SOURCES,
            seed: 1,
            timing: Timing::default(),
        };
        let (lines, receiver) = mpsc::channel();
        let side = Side::start(move |shared| receive(shared, config, group, &lines, &from_group, &to_hosts));
        Self { side, lines: receiver }
    }

    /// Begins to lose datagrams.
    pub(crate) fn lose(&self) {
        self.side.shared.loses.store(true, Relaxed);
    }

    /// Datagrams lost, and repaired.
    pub(crate) fn losses(&self) -> (u64, u64) {
        (self.side.shared.lost.load(Relaxed), self.side.shared.repairs.load(Relaxed))
    }
}

impl Hears for Forgetful {
    fn hear(&mut self, time: Duration) -> Option<String> {
        self.lines.recv_timeout(time).ok()
    }
}

fn receive(
    shared: &Shared,
    config: ReceiverConfig,
    group: SocketAddr,
    lines: &mpsc::Sender<String>,
    from_group: &UdpSocket,
    to_hosts: &UdpSocket,
) {
    let (mut receiver, mut streams) = (Receiver::new(config), HashMap::<SourceId, Deframer>::new());
    let (mut buffer, mut datagrams) = ([0; MAX_TPDU], 0);
    while !shared.ends.load(Relaxed) {
        let mut deliver = |event: Event<'_>| {
            match event {
                Event::Data { source, payload } => {
                    let stream = streams.entry(source).or_insert_with(|| Deframer::new(LIMITS));
                    let said = stream.payload(payload, &mut |parts| {
                        // The test may be over.
                        _ = lines.send(describe(parts));
                        datagram::Flow::Go
                    });
                    said.unwrap();
                }
                Event::Lost { source, .. } => drop(streams.get_mut(&source).map(Deframer::gap)),
                _ => {}
            }
            Flow::Go
        };
        if let Ok((length, from)) = from_group.recv_from(&mut buffer)
            && let Ok(packet) = Packet::decode(&buffer[..length])
        {
            let data = matches!(packet.body, Body::Odata(_));
            if !data || !shared.loses(&mut datagrams) {
                receiver.handle(Instant::now(), from, &packet, &mut deliver);
            }
        }
        receiver.handle_timeout(Instant::now(), &mut deliver);
        while let Some(transmit) = receiver.peek(0) {
            let to = if let To::Host(address) = transmit.to { address } else { group };
            to_hosts.send_to(transmit.bytes, to).unwrap();
            receiver.sent(1);
        }
        shared.repairs.store(receiver.statistics().reception.repairs, Relaxed);
    }
}

/// No message of a test is larger.
const LIMITS: Limits = Limits { frame: 1 << 20, message: 1 << 20, parts: 10_000 };

/// A socket that shares its address with those of libzmq, and lets time go on.
fn bound(address: SocketAddr) -> UdpSocket {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP)).unwrap();
    socket.set_reuse_address(true).unwrap();
    socket.set_reuse_port(true).unwrap();
    socket.bind(&address.into()).unwrap();
    socket.set_read_timeout(Some(TICK)).unwrap();
    socket.into()
}
