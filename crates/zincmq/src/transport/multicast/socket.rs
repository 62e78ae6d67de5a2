//! The sockets of a group.

use super::contract::{Encapsulation, Role};
use super::interface::{Device, scoped};
use crate::option::Options;
use crate::transport::net::options::buffers;
use rustix::net::sockopt::set_ip_multicast_if_with_ifindex;
use socket2::{Domain, Protocol, SockAddr, Socket, Type};
use std::io;
use std::net::{IpAddr, Ipv4Addr};

/// The number of PGM among the protocols of IP.
const PGM: i32 = 113;
/// Expedited forwarding, as other implementations mark their packets over IPv4.
const EXPEDITED: u32 = 0xb8;
/// What is asked for where `RCVBUF` says nothing: a burst at a high rate must not be lost while this process does something
/// else. The system may give less.
const RECEIVE_BUFFER: usize = 4 << 20;

/// What all sockets of an endpoint have in common.
#[derive(Debug)]
pub(super) struct Plan<'a> {
    pub(super) encapsulation: Encapsulation,
    pub(super) device: &'a Device,
    pub(super) port: u16,
    pub(super) options: &'a Options,
}

/// The step that failed, such as `bind`, and the system's error.
pub(super) type Failure = (&'static str, io::Error);

impl Plan<'_> {
    /// The socket of a source: it sends to the group, and hears what receivers send to it. The place where it listens is more
    /// special than that of libzmq's sockets, which take all of the port: so requests come here.
    pub(super) fn source(&self) -> Result<Socket, Failure> {
        let at = |step| move |error| (step, error);
        let socket = self.open(Role::Send)?;
        let place = scoped(self.device.ip, self.number(), self.scope(self.device.ip));
        socket.bind(&place.into()).map_err(at("bind"))?;
        Ok(socket)
    }

    /// The socket of a receiver: it hears one group and no other, and asks sources.
    pub(super) fn receiver(&self, group: IpAddr) -> Result<Socket, Failure> {
        let at = |step| move |error| (step, error);
        let socket = self.open(Role::Receive)?;
        let place: SockAddr = scoped(group, self.number(), self.device.index).into();
        socket.bind(&place).map_err(at("bind"))?;
        self.join(&socket, group).map_err(at("join the group"))?;
        Ok(socket)
    }

    /// The port as the sockets know it: raw ones have none.
    fn number(&self) -> u16 {
        if self.encapsulation == Encapsulation::Raw { 0 } else { self.port }
    }

    /// The interface where an address means nothing without it.
    fn scope(&self, ip: IpAddr) -> u32 {
        if matches!(ip, IpAddr::V6(ip) if ip.is_unicast_link_local()) { self.device.index } else { 0 }
    }

    fn open(&self, role: Role) -> Result<Socket, Failure> {
        let domain = if self.device.ip.is_ipv6() { Domain::IPV6 } else { Domain::IPV4 };
        let (kind, protocol) = match self.encapsulation {
            Encapsulation::Udp => (Type::DGRAM, None),
            Encapsulation::Raw => (Type::RAW, Some(Protocol::from(PGM))),
        };
        let socket = Socket::new_raw(domain, kind.nonblocking().cloexec(), protocol)
            .map_err(|error| ("set up a socket", error))?;
        self.prepare(&socket, role).map_err(|error| ("set up a socket", error))?;
        Ok(socket)
    }

    fn prepare(&self, socket: &Socket, role: Role) -> io::Result<()> {
        let options = self.options;
        // Others on this machine may take part, too, programs with libzmq among them.
        socket.set_reuse_address(true)?;
        if self.encapsulation == Encapsulation::Udp {
            socket.set_reuse_port(true)?;
        }
        if options.rcvbuf < 0 {
            socket.set_recv_buffer_size(RECEIVE_BUFFER)?;
        }
        buffers(socket, options)?;
        if options.priority != 0 {
            socket.set_priority(options.priority.cast_unsigned())?;
        }
        if !options.bindtodevice.is_empty() {
            socket.bind_device(Some(options.bindtodevice.as_bytes()))?;
        }
        // Receivers ask for a source's place: on their own link only.
        let hops = if role == Role::Send { options.multicast_hops.cast_unsigned() } else { 1 };
        // On the loopback interface every packet comes back anyhow, and would come twice.
        let comes_back = options.multicast_loop && !self.device.is_loopback();
        let class = if options.tos == 0 { EXPEDITED } else { options.tos.cast_unsigned() };
        match self.device.ip {
            IpAddr::V4(ip) => {
                // Two devices may have this address.
                let (any, ours) = (&Ipv4Addr::UNSPECIFIED, self.device.index);
                set_ip_multicast_if_with_ifindex(socket, any, &ip, ours)?;
                socket.set_multicast_ttl_v4(hops)?;
                socket.set_multicast_loop_v4(comes_back)?;
                socket.set_multicast_all_v4(false)?;
                socket.set_tos_v4(class)
            }
            IpAddr::V6(_) => {
                socket.set_only_v6(true)?;
                socket.set_multicast_if_v6(self.device.index)?;
                socket.set_multicast_hops_v6(hops)?;
                socket.set_multicast_loop_v6(comes_back)?;
                socket.set_multicast_all_v6(false)?;
                if options.tos == 0 { Ok(()) } else { socket.set_tclass_v6(class) }
            }
        }
    }

    fn join(&self, socket: &Socket, group: IpAddr) -> io::Result<()> {
        let device = socket2::InterfaceIndexOrAddress::Index(self.device.index);
        match group {
            IpAddr::V4(group) => socket.join_multicast_v4_n(&group, &device),
            IpAddr::V6(group) => socket.join_multicast_v6(&group, self.device.index),
        }
    }
}
