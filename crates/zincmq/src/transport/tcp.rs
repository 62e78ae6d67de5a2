//! TCP: `tcp://host:port`, `tcp://*:*`, `tcp://source;host:port` (`zmq_tcp(7)`).

use super::contract::{Accept, AddressError, BindError, Bound, Link, Side, Target, Transport};
use super::net::duplicate;
use super::net::options::{prepare, tune};
use super::net::resolve::{Place, parse_route};
use crate::option::Options;
use rustix::io::Errno;
use rustix::net::{SocketFlags, accept_with};
use socket2::{Domain, SockRef, Socket, Type};
use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// The transport over TCP.
#[derive(Debug)]
pub(super) struct Tcp;

impl Transport for Tcp {
    fn scheme(&self) -> &'static str {
        "tcp"
    }

    fn check(&self, address: &str, side: Side, options: &Options) -> Result<(), AddressError> {
        let invalid = |reason| AddressError::Invalid { endpoint: format!("tcp://{address}"), reason };
        match side {
            Side::Bind => Place::bind(address).map(drop).map_err(invalid),
            Side::Connect => {
                parse_route(address).map_err(invalid)?;
                proxy(options).map(drop).map_err(|reason| AddressError::Invalid {
                    endpoint: format!("SOCKS_PROXY {}", options.socks_proxy),
                    reason,
                })
            }
        }
    }

    fn bind(&self, address: &str, options: &Options) -> Result<Bound, BindError> {
        let system = |step| {
            let endpoint = format!("tcp://{address}");
            move |source| BindError::System { endpoint, step, source }
        };
        let fd = if options.use_fd >= 0 {
            duplicate(options.use_fd).map_err(system("use the descriptor in USE_FD"))?
        } else {
            listen(address, options)?
        };
        let local = name(SockRef::from(&fd).local_addr()).map_err(system("name the listener"))?;
        Ok(Bound { fd, endpoint: format!("tcp://{local}"), cleanup: None })
    }

    fn leaves_choice(&self, address: &str) -> bool {
        Place::bind(address).is_ok_and(|place| place.port == 0)
    }

    fn places(&self, address: &str, look_up: bool, options: &Options) -> Vec<SocketAddr> {
        let Ok(place) = Place::bind(address) else { return Vec::new() };
        if place.port == 0 || (place.is_name() && !look_up) {
            return Vec::new();
        }
        let found = place.ours(options.ipv6 || !place.is_name()).unwrap_or_default();
        found.into_iter().map(canonical).collect()
    }

    fn accept(&self, listener: BorrowedFd<'_>, _: &str, options: &Options) -> io::Result<Accept> {
        let fd = accept_with(listener, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK)?;
        let (local, remote) = ends(fd.as_fd())?;
        let filter = &options.tcp_accept_filter;
        if !filter.is_empty() && !filter.iter().any(|subnet| subnet.contains(remote.ip())) {
            return Ok(Accept::Refused);
        }
        tune(&fd, options)?;
        Ok(Accept::Connection(fd, link(local, remote)))
    }

    fn needs_lookup(&self, address: &str, options: &Options) -> bool {
        let first = match proxy(options) {
            Ok(Some(route)) => Ok(route),
            _ => parse_route(address),
        };
        first.is_ok_and(|(_, place)| place.is_name())
    }

    fn resolve(&self, address: &str, options: &Options) -> io::Result<Target> {
        let invalid = |reason| io::Error::new(io::ErrorKind::InvalidInput, reason);
        let (source, destination) = parse_route(address).map_err(invalid)?;
        let proxy = proxy(options).map_err(invalid)?;
        let (source, first) = match proxy {
            Some((from, proxy)) => (from.or(source), proxy),
            None => (source, destination),
        };
        let addresses = first.theirs(options.ipv6)?;
        let source = source.map(|source| source.ours(options.ipv6)).transpose()?;
        // Both ends have to be of one family.
        let source = source.and_then(|all| {
            all.into_iter().find(|source| addresses.iter().any(|to| to.is_ipv4() == source.is_ipv4()))
        });
        let proxied = proxy.map(|_| destination.destination());
        Ok(Target::Internet { source, addresses, proxied })
    }

    fn connect(&self, target: &Target, attempt: usize, options: &Options) -> io::Result<(OwnedFd, bool)> {
        let Target::Internet { source, addresses, .. } = target else {
            return Err(Errno::AFNOSUPPORT.into());
        };
        let same_family = |to: &&SocketAddr| source.is_none_or(|from| from.is_ipv4() == to.is_ipv4());
        let choices = addresses.iter().filter(same_family).collect::<Vec<_>>();
        let turn = attempt.checked_rem(choices.len()).and_then(|turn| choices.get(turn));
        let to = *turn.ok_or(Errno::ADDRNOTAVAIL)?;
        let socket = open(to, options)?;
        if let Some(source) = *source {
            socket.set_reuse_address(true)?;
            socket.bind(&source.into())?;
        }
        match socket.connect(&(*to).into()) {
            Ok(()) => Ok((socket.into(), true)),
            Err(error) if error.raw_os_error() == Some(Errno::INPROGRESS.raw_os_error()) => {
                Ok((socket.into(), false))
            }
            Err(error) => Err(error),
        }
    }

    fn connected(&self, fd: BorrowedFd<'_>, _: &str, options: &Options) -> io::Result<Link> {
        if let Some(error) = SockRef::from(&fd).take_error()? {
            return Err(error);
        }
        let (local, remote) = ends(fd)?;
        // Trying an unused port of the ephemeral range, a socket can happen to reach itself.
        if local == remote {
            return Err(Errno::CONNREFUSED.into());
        }
        tune(fd, options)?;
        Ok(link(local, remote))
    }
}

/// An IPv4 address as such, though it was written as one within IPv6.
fn canonical(address: SocketAddr) -> SocketAddr {
    if address.ip().to_canonical().is_ipv4() {
        SocketAddr::new(address.ip().to_canonical(), address.port())
    } else {
        address
    }
}

/// The proxy to go through, if there is one, and where to connect to it from.
fn proxy(options: &Options) -> Result<Option<(Option<Place<'_>>, Place<'_>)>, &'static str> {
    let text = &options.socks_proxy;
    if text.is_empty() { Ok(None) } else { parse_route(text).map(Some) }
}

/// A socket that does not wait, of the family of `address`, with the options set.
fn open(address: &SocketAddr, options: &Options) -> io::Result<Socket> {
    let kind = Type::STREAM.nonblocking().cloexec();
    let socket = Socket::new_raw(Domain::for_address(*address), kind, None)?;
    prepare(&socket, address, options)?;
    Ok(socket)
}

/// Listens at the first address that the system has a protocol for: without IPv6, `*` still means IPv4.
fn listen(address: &str, options: &Options) -> Result<OwnedFd, BindError> {
    let endpoint = || format!("tcp://{address}");
    let place =
        Place::bind(address).map_err(|reason| AddressError::Invalid { endpoint: endpoint(), reason })?;
    let addresses =
        place.ours(options.ipv6).map_err(|source| BindError::NotFound { endpoint: endpoint(), source })?;
    let mut failure = ("set up a socket", Errno::AFNOSUPPORT.into());
    for address in &addresses {
        failure = match listen_at(address, options) {
            Ok(fd) => return Ok(fd),
            Err(failure) => failure,
        };
        if failure.1.raw_os_error() != Some(Errno::AFNOSUPPORT.raw_os_error()) {
            break;
        }
    }
    let (step, source) = failure;
    Err(BindError::System { endpoint: endpoint(), step, source })
}

fn listen_at(address: &SocketAddr, options: &Options) -> Result<OwnedFd, (&'static str, io::Error)> {
    let at = |step| move |error| (step, error);
    let socket = open(address, options).map_err(at("set up a socket"))?;
    socket.set_reuse_address(true).map_err(at("set up a socket"))?;
    socket.bind(&(*address).into()).map_err(at("bind"))?;
    socket.listen(options.backlog).map_err(at("listen"))?;
    Ok(socket.into())
}

fn name(address: io::Result<socket2::SockAddr>) -> io::Result<SocketAddr> {
    address?.as_socket().ok_or_else(|| Errno::AFNOSUPPORT.into())
}

fn ends(fd: BorrowedFd<'_>) -> io::Result<(SocketAddr, SocketAddr)> {
    let socket = SockRef::from(&fd);
    Ok((name(socket.local_addr())?, name(socket.peer_addr())?))
}

fn link(local: SocketAddr, remote: SocketAddr) -> Link {
    let peer_address = remote.ip().to_canonical().to_string();
    Link::new(&format!("tcp://{local}"), &format!("tcp://{remote}"), &peer_address)
}
