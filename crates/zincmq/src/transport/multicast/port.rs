//! The port of an endpoint: datagrams out and in, many a system call.

use super::address::Address;
use super::contract::{Encapsulation, Role};
use super::interface::{Device, scoped};
use super::socket::{Failure, Plan};
use crate::option::Options;
use crate::trace::event;
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
    /// The kernel may be asked to cut datagrams: it does not cut those that IP would have to cut again.
    cuts: bool,
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
            _ => BindError::NotFound { endpoint: endpoint(), source },
        })?;
        let max_tpdu = options.multicast_maxtpdu.max(1) as usize;
        let too_small = device.mtu().filter(|&mtu| mtu < max_tpdu);
        if let Some(mtu) = too_small {
            event!(
                WARN,
                "multicast",
                "MULTICAST_MAXTPDU is more than the interface takes: IP will cut packets",
                endpoint = &*endpoint(),
                max_tpdu = max_tpdu,
                mtu = mtu,
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
            cuts: encapsulation == Encapsulation::Udp && too_small.is_none(),
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
        if self.cuts && u16::try_from(size).is_ok_and(set) {
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
            Err(Errno::MSGSIZE | Errno::INVAL | Errno::IO) if self.segment.is_some() => {
                // They cannot be cut on this way: it takes shorter packets only, for example, which IP makes of them.
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
                // Nothing is there, or nothing can be had.
                Err(_) => continue,
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
mod tests;
