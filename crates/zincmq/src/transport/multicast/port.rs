//! The port of an endpoint: datagrams out and in, many a system call.

use super::address::Address;
use super::contract::{Encapsulation, Role};
use super::interface::{Device, scoped};
use super::socket::{Failure, Plan};
use crate::option::Options;
use crate::transport::{AddressError, BindError};
use rustix::io::Errno;
use rustix::net::addr::SocketAddrArg;
use rustix::net::{MMsgHdr, SendAncillaryBuffer, SendFlags, SocketAddrAny, sendmmsg};
use socket2::Socket;
use std::io::{self, ErrorKind, IoSlice};
use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsFd, BorrowedFd};
use sys::datagrams::{self, Batch, Received};

/// Datagrams that go to the kernel in one call.
const MOST: usize = 64;
/// Datagrams that the kernel cuts out of one piece, and their bytes.
const SEGMENTS: usize = 64;
const SEGMENTED: usize = 65_000;
/// Buffers that are filled in one call. The kernel may put datagrams together in one, and a source's may be longer than those
/// of this side.
const BUFFERS: usize = 16;
const BUFFER: usize = 64 << 10;

/// The goal of a datagram.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Destination {
    /// The group. How far it goes depends on the role: a receiver's packets stay on the link.
    Group,
    /// One machine.
    Host(SocketAddr),
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Port {
    encapsulation: Encapsulation,
    device: Device,
    group: IpAddr,
    number: u16,
    /// One socket for each group that is heard, or the one of a source. The first one sends.
    sockets: Vec<Socket>,
    /// The socket to be read next.
    turn: usize,
    batch: Batch,
    /// The size of the datagrams that the kernel cuts; all are of that size at most.
    segment: Option<usize>,
    lost: u64,
}

impl Port {
    /// Opens the sockets of an endpoint.
    ///
    /// # Errors
    /// There is no such interface, or the system refuses.
    pub(crate) fn open(
        encapsulation: Encapsulation,
        address: &Address,
        options: &Options,
        role: Role,
    ) -> Result<Self, BindError> {
        let scheme = encapsulation.scheme();
        let endpoint = || format!("{scheme}://{}", address.text);
        let device = address.interface.find(address.group).map_err(|source| match source.kind() {
            ErrorKind::NotFound => {
                let reason = "this machine has no such interface with an address of this kind";
                BindError::from(AddressError::Invalid { endpoint: endpoint(), reason })
            }
            _ => BindError::System { endpoint: endpoint(), step: "find the interface", source },
        })?;
        let max_tpdu = options.multicast_maxtpdu.max(1) as usize;
        if let Some(mtu) = device.mtu().filter(|&mtu| mtu < max_tpdu) {
            tracing::warn!(
                "{}: MULTICAST_MAXTPDU {max_tpdu} is more than the {mtu} bytes that the interface takes: IP will cut packets",
                endpoint()
            );
        }
        let plan = Plan { encapsulation, device: &device, port: address.port, options };
        let opened = match role {
            Role::Send => plan.source().map(|socket| vec![socket]),
            Role::Receive => address.groups.iter().map(|&group| plan.receiver(group)).collect(),
        };
        let system = |(step, source): Failure| BindError::System { endpoint: endpoint(), step, source };
        let sockets = opened.map_err(system)?;
        if encapsulation == Encapsulation::Udp {
            // If the kernel cannot, they come one by one.
            sockets.iter().for_each(|socket| drop(datagrams::set_gathering(socket.as_fd())));
        }
        Ok(Self {
            encapsulation,
            batch: Batch::new(BUFFERS, BUFFER),
            device,
            group: address.group,
            number: address.port,
            sockets,
            turn: 0,
            segment: None,
            lost: 0,
        })
    }

    pub(crate) fn descriptors(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.sockets.iter().map(AsFd::as_fd)
    }

    pub(crate) fn scheme(&self) -> &'static str {
        self.encapsulation.scheme()
    }

    /// The address of the interface: a source's own.
    pub(crate) fn interface(&self) -> IpAddr {
        self.device.ip
    }

    /// The group to send to.
    pub(crate) fn group(&self) -> IpAddr {
        self.group
    }

    /// The endpoint's port.
    pub(crate) fn number(&self) -> u16 {
        self.number
    }

    /// Bytes of the headers in front of each packet.
    pub(crate) fn overhead(&self) -> usize {
        self.encapsulation.overhead(self.device.ip.is_ipv6())
    }

    /// Datagrams that the system did not send.
    pub(crate) fn lost(&self) -> u64 {
        self.lost
    }

    /// No packet to be sent is longer than `size`, which most are where much is sent: the kernel cuts them itself, if it can.
    pub(crate) fn expect(&mut self, size: usize) {
        let Some(socket) = self.sockets.first() else { return };
        let set = |size: u16| datagrams::set_segments(socket.as_fd(), size).is_ok();
        if self.encapsulation == Encapsulation::Udp && u16::try_from(size).is_ok_and(set) {
            self.segment = Some(size);
        }
    }

    /// Sends datagrams, many in one call, and without waiting. Returns how many are done with. One that the system refuses for
    /// good, since its buffers are full or there is no way, is done with as well: it is lost, as it may be anywhere on the way.
    ///
    /// # Errors
    /// `WouldBlock` if it takes none now, or another error of a call that has to be made again.
    pub(crate) fn send<'a>(
        &mut self,
        datagrams: impl Iterator<Item = (Destination, &'a [u8])>,
    ) -> io::Result<usize> {
        let (destinations, pieces): (Vec<_>, Vec<_>) =
            datagrams.take(MOST).map(|(destination, bytes)| (destination, IoSlice::new(bytes))).unzip();
        let runs = self.runs(&destinations, &pieces);
        let addresses: Vec<SocketAddrAny> = runs.iter().map(|run| self.address(run.to).as_any()).collect();
        let mut controls: Vec<_> = runs.iter().map(|_| SendAncillaryBuffer::default()).collect();
        let parts = runs.iter().zip(&addresses).zip(&mut controls);
        let mut messages: Vec<_> = parts
            .filter_map(|((run, address), control)| {
                let pieces = pieces.get(run.from..run.from + run.count)?;
                Some(MMsgHdr::new_with_addr(address, pieces, control))
            })
            .collect();
        let (Some(socket), Some(first)) = (self.sockets.first(), runs.first()) else { return Ok(0) };
        match sendmmsg(socket, &mut messages, SendFlags::DONTWAIT | SendFlags::NOSIGNAL) {
            Ok(sent) => Ok(runs.iter().take(sent).map(|run| run.count).sum()),
            Err(error @ (Errno::AGAIN | Errno::INTR)) => Err(error.into()),
            Err(_) if self.segment.is_some() && first.count > 1 => {
                // The device cannot have them cut: where packets are longer than it takes, for example.
                _ = datagrams::set_segments(socket.as_fd(), 0);
                self.segment = None;
                Err(Errno::INTR.into())
            }
            Err(_) => {
                self.lost += first.count as u64;
                Ok(first.count)
            }
        }
    }

    /// What goes in one piece each: datagrams of one goal and of the size that the kernel cuts, and one that is shorter at
    /// their end.
    fn runs(&self, destinations: &[Destination], pieces: &[IoSlice<'_>]) -> Vec<Run> {
        let mut runs: Vec<Run> = Vec::new();
        for (at, (&to, piece)) in destinations.iter().zip(pieces).enumerate() {
            let open = Some(piece.len()) == self.segment;
            match runs.last_mut() {
                Some(run) if run.takes(to, piece.len()) => {
                    (run.count, run.bytes, run.open) = (run.count + 1, run.bytes + piece.len(), open);
                }
                _ => runs.push(Run { to, from: at, count: 1, bytes: piece.len(), open }),
            }
        }
        runs
    }

    fn address(&self, to: Destination) -> SocketAddr {
        match to {
            Destination::Group => scoped(self.group, self.sent_port(self.number), self.device.index),
            Destination::Host(host) => {
                let port = self.sent_port(host.port());
                match host.ip() {
                    IpAddr::V6(ip) if ip.is_unicast_link_local() => {
                        scoped(host.ip(), port, self.device.index)
                    }
                    ip => SocketAddr::new(ip, port),
                }
            }
        }
    }

    /// Raw packets have no port of their own.
    fn sent_port(&self, port: u16) -> u16 {
        if self.encapsulation == Encapsulation::Raw { 0 } else { port }
    }

    /// Receives what is there from one of the groups, and gives each packet with its sender's address to `each`. Returns how
    /// many there were.
    ///
    /// # Errors
    /// `WouldBlock` if none of the groups has any.
    pub(crate) fn receive(&mut self, each: &mut dyn FnMut(SocketAddr, &[u8])) -> io::Result<usize> {
        let strips = self.encapsulation == Encapsulation::Raw && self.device.ip.is_ipv4();
        for _ in 0..self.sockets.len() {
            let Some(socket) = self.sockets.get(self.turn) else { break };
            self.turn = (self.turn + 1) % self.sockets.len();
            match self.batch.receive(socket.as_fd()) {
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => continue,
                Err(error) => return Err(error),
            }
            let mut count = 0;
            for Received { from, bytes, piece, truncated } in self.batch.received() {
                // Where anything is missing, the checksum does not match.
                let Some(from) = from.filter(|_| !truncated) else { continue };
                for datagram in bytes.chunks(piece) {
                    count += 1;
                    if let Some(packet) = if strips { behind_header(datagram) } else { Some(datagram) } {
                        each(from, packet);
                    }
                }
            }
            return Ok(count);
        }
        Err(ErrorKind::WouldBlock.into())
    }
}

/// Datagrams that go in one piece.
#[derive(Debug)]
struct Run {
    to: Destination,
    from: usize,
    count: usize,
    bytes: usize,
    /// More may follow.
    open: bool,
}

impl Run {
    fn takes(&self, to: Destination, size: usize) -> bool {
        // The first one had the size that the kernel cuts, which is the greatest.
        self.open && self.to == to && self.count < SEGMENTS && self.bytes + size <= SEGMENTED
    }
}

/// The payload of an IPv4 packet.
fn behind_header(packet: &[u8]) -> Option<&[u8]> {
    let length = usize::from(packet.first()? & 0x0f) * 4;
    packet.get(length.max(20)..)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::socket_type::SocketType;
    use std::sync::atomic::{AtomicU16, Ordering};
    use std::time::{Duration, Instant};

    const LONG: Duration = Duration::from_secs(30);

    /// An address of its own: what is sent to a group reaches every process of the machine.
    fn own(host: &str, group: &str) -> String {
        static NEXT: AtomicU16 = AtomicU16::new(0);
        let [_, _, high, low] = std::process::id().to_be_bytes();
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let group = match group {
            "v4" => format!("239.199.{high}.{low}"),
            _ => format!("[ff01::{high}:{low}]"),
        };
        format!("{host};{group}:{}", 30_000 + number)
    }

    fn open(kind: Encapsulation, address: &str, role: Role, ipv6: bool) -> Result<Port, BindError> {
        let options = Options { ipv6, ..Options::new(SocketType::Pub) };
        Port::open(kind, &Address::parse(kind, address, &options)?, &options, role)
    }

    /// Receives so many packets.
    fn receive(port: &mut Port, count: usize) -> Vec<(SocketAddr, Vec<u8>)> {
        let (mut packets, end) = (Vec::new(), Instant::now() + LONG);
        while packets.len() < count {
            match port.receive(&mut |from, bytes| packets.push((from, bytes.to_vec()))) {
                Ok(_) => {}
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::WouldBlock);
                    assert!(Instant::now() < end, "{} of {count} came", packets.len());
                    std::thread::yield_now();
                }
            }
        }
        packets
    }

    fn send(port: &mut Port, to: Destination, packets: &[Vec<u8>]) {
        let mut at = 0;
        while let Some(rest) = packets.get(at..).filter(|rest| !rest.is_empty()) {
            at += port.send(rest.iter().map(|packet| (to, &packet[..]))).unwrap_or(0);
        }
        assert_eq!(port.lost(), 0);
    }

    /// Packets of many sizes, runs of the greatest among them.
    fn packets() -> Vec<Vec<u8>> {
        let size = |number: usize| if number % 50 < 40 { 1452 } else { number % 1452 + 1 };
        (0..200).map(|number| vec![number as u8; size(number)]).collect()
    }

    #[test]
    fn packets_of_a_source_reach_all_receivers_as_they_were() {
        for cuts in [true, false] {
            let address = own("127.0.0.1", "v4");
            let open = |role| open(Encapsulation::Udp, &address, role, false).unwrap();
            let (mut source, mut receivers) = (open(Role::Send), [open(Role::Receive), open(Role::Receive)]);
            if cuts {
                source.expect(1452);
            }
            send(&mut source, Destination::Group, &packets());
            for receiver in &mut receivers {
                let received = receive(receiver, 200);
                assert!(received.iter().all(|(from, _)| from.ip() == source.interface()));
                assert_eq!(received.into_iter().map(|(_, packet)| packet).collect::<Vec<_>>(), packets());
            }
        }
    }

    #[test]
    fn a_source_hears_those_who_ask_it_though_another_has_all_of_the_port() {
        let address = own("127.0.0.1", "v4");
        let mut source = open(Encapsulation::Udp, &address, Role::Send, false).unwrap();
        let mut receiver = open(Encapsulation::Udp, &address, Role::Receive, false).unwrap();
        // As libzmq opens it.
        let other = Socket::new(socket2::Domain::IPV4, socket2::Type::DGRAM, None).unwrap();
        other.set_reuse_address(true).unwrap();
        other.set_reuse_port(true).unwrap();
        other.bind(&SocketAddr::from(([0, 0, 0, 0], source.number())).into()).unwrap();
        let host = SocketAddr::new(source.interface(), source.number());
        let asked: Vec<_> = (0..50).map(|number| vec![number; 36]).collect();
        send(&mut receiver, Destination::Host(host), &asked);
        let heard = receive(&mut source, 50);
        assert_eq!(heard.into_iter().map(|(_, packet)| packet).collect::<Vec<_>>(), asked);
    }

    #[test]
    fn other_groups_at_the_port_are_not_heard() {
        let address = own("127.0.0.1", "v4");
        let (_, port) = address.rsplit_once(':').unwrap();
        let other = format!("127.0.0.1;239.198.0.1:{port}");
        let open = |address: &str, role| open(Encapsulation::Udp, address, role, false).unwrap();
        let (mut source, mut foreign) = (open(&address, Role::Send), open(&other, Role::Send));
        let (mut receiver, mut both) = (
            open(&address, Role::Receive),
            open(&format!("{},239.198.0.1:{port}", address.rsplit_once(':').unwrap().0), Role::Receive),
        );
        send(&mut foreign, Destination::Group, &[vec![1]]);
        send(&mut source, Destination::Group, &[vec![2]]);
        let mut heard: Vec<_> = receive(&mut both, 2).into_iter().map(|(_, packet)| packet).collect();
        heard.sort();
        assert_eq!(heard, [[1], [2]]);
        assert_eq!(receive(&mut receiver, 1)[0].1, [2]);
    }

    #[test]
    fn packets_go_over_ipv6() {
        let address = own("[::1]", "v6");
        let opened = (
            open(Encapsulation::Udp, &address, Role::Send, true),
            open(Encapsulation::Udp, &address, Role::Receive, true),
        );
        let (Ok(mut source), Ok(mut receiver)) = opened else {
            return println!("skipped: no IPv6 on the loopback interface: {opened:?}");
        };
        source.expect(1432);
        let one = [(Destination::Group, &[0; 9][..])];
        if source.send(one.into_iter()).is_err() || source.lost() > 0 {
            return println!("skipped: no route for multicast over IPv6 on the loopback interface");
        }
        assert_eq!(receive(&mut receiver, 1)[0].1, [0; 9]);
        let packets: Vec<_> = (0..100).map(|number| vec![number; 1432]).collect();
        send(&mut source, Destination::Group, &packets);
        let received = receive(&mut receiver, 100);
        assert!(received.iter().all(|(from, _)| from.ip() == source.interface()));
        assert_eq!(received.into_iter().map(|(_, packet)| packet).collect::<Vec<_>>(), packets);
        let host = SocketAddr::new(source.interface(), source.number());
        send(&mut receiver, Destination::Host(host), &[vec![7; 60]]);
        assert_eq!(receive(&mut source, 1)[0].1, [7; 60]);
    }

    #[test]
    fn raw_packets_come_without_headers() {
        let address = own("127.0.0.1", "v4");
        let mut source = match open(Encapsulation::Raw, &address, Role::Send, false) {
            Ok(source) => source,
            Err(error) => {
                assert_eq!(error.errno(), Errno::PERM.raw_os_error(), "{error}");
                return println!("skipped: raw sockets take CAP_NET_RAW");
            }
        };
        let mut receiver = open(Encapsulation::Raw, &address, Role::Receive, false).unwrap();
        send(&mut source, Destination::Group, &packets());
        let received = receive(&mut receiver, 200);
        assert_eq!(received.into_iter().map(|(_, packet)| packet).collect::<Vec<_>>(), packets());
        let host = SocketAddr::new(source.interface(), source.number());
        send(&mut receiver, Destination::Host(host), &[vec![7; 36]]);
        assert_eq!(receive(&mut source, 1)[0].1, [7; 36]);
    }
}
