//! The interface of a group: by the name of a device, by its address, by its network, or the system's choice.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6, UdpSocket};
use std::{fs, io};

/// An interface as an address names it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Interface {
    /// The one that leads to the group.
    Default,
    Address(IpAddr),
    /// An address and how many of its bits count.
    Network(IpAddr, u32),
    /// The name of a device: never that of a host, which would have to be looked up.
    Name(String),
}

/// An interface of this machine.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Device {
    pub(super) index: u32,
    /// Its address of the family wanted.
    pub(super) ip: IpAddr,
    name: String,
}

/// The flag of a loopback interface (`IFF_LOOPBACK`).
const LOOPBACK: u32 = 0x8;

impl Device {
    /// Whether each packet comes back by itself.
    pub(super) fn is_loopback(&self) -> bool {
        let flags = self.attribute("flags");
        let flags = flags.and_then(|flags| u32::from_str_radix(flags.trim_start_matches("0x"), 16).ok());
        flags.map_or_else(|| self.ip.is_loopback(), |flags| flags & LOOPBACK != 0)
    }

    /// The most bytes of a packet on its link, if that can be told.
    pub(super) fn mtu(&self) -> Option<usize> {
        self.attribute("mtu")?.parse().ok()
    }

    fn attribute(&self, name: &str) -> Option<String> {
        let text = fs::read_to_string(format!("/sys/class/net/{}/{name}", self.name)).ok()?;
        Some(text.trim().to_owned())
    }
}

impl Interface {
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        if text.is_empty() {
            return Ok(Self::Default);
        }
        if let Some((network, length)) = text.split_once('/') {
            let ip = numeric(network).ok_or("the network is not a numeric address")?;
            let most = if ip.is_ipv6() { 128 } else { 32 };
            let length = length.parse().ok().filter(|&length: &u32| length <= most);
            return Ok(Self::Network(ip, length.ok_or("the network's length is not a number of its bits")?));
        }
        Ok(numeric(text).map_or_else(|| Self::Name(text.to_owned()), Self::Address))
    }

    /// Whether it is of IPv6, if that is known.
    pub(super) fn family(&self) -> Option<bool> {
        match self {
            Self::Address(ip) | Self::Network(ip, _) => Some(ip.is_ipv6()),
            Self::Default | Self::Name(_) => None,
        }
    }

    /// Finds the interface of this machine, with an address of the group's family.
    ///
    /// # Errors
    /// None is what this says, or leads to the group.
    pub(super) fn find(&self, group: IpAddr) -> io::Result<Device> {
        let all = if_addrs::get_if_addrs()?;
        let devices = all.iter().filter(|one| one.ip().is_ipv6() == group.is_ipv6());
        let device = |one: &if_addrs::Interface| {
            let (index, name) = (one.index.unwrap_or(0), one.name.clone());
            Device { index, ip: one.ip(), name }
        };
        let mut fitting = match self {
            Self::Default => {
                let ip = toward(group)?;
                devices.filter(|one| one.ip() == ip).map(device).collect::<Vec<_>>()
            }
            Self::Address(ip) => devices.filter(|one| one.ip() == *ip).map(device).collect(),
            Self::Network(ip, length) => {
                devices.filter(|one| is_within(one.ip(), *ip, *length)).map(device).collect()
            }
            Self::Name(name) => devices.filter(|one| one.name == *name).map(device).collect(),
        };
        // A link-local address is the last choice: it says nothing beyond its link.
        fitting.sort_by_key(|device| matches!(device.ip, IpAddr::V6(ip) if ip.is_unicast_link_local()));
        fitting.into_iter().next().ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

/// The address that the system would send from to a group.
fn toward(group: IpAddr) -> io::Result<IpAddr> {
    let any: IpAddr =
        if group.is_ipv6() { Ipv6Addr::UNSPECIFIED.into() } else { Ipv4Addr::UNSPECIFIED.into() };
    let socket = UdpSocket::bind((any, 0))?;
    // Nothing is sent by that.
    socket.connect((group, 1))?;
    Ok(socket.local_addr()?.ip())
}

fn is_within(ip: IpAddr, network: IpAddr, length: u32) -> bool {
    let shared = |a: u128, b: u128, bits: u32| (a ^ b).leading_zeros() - (128 - bits) >= length;
    match (ip, network) {
        (IpAddr::V4(ip), IpAddr::V4(network)) => shared(ip.to_bits().into(), network.to_bits().into(), 32),
        (IpAddr::V6(ip), IpAddr::V6(network)) => shared(ip.to_bits(), network.to_bits(), 128),
        _ => false,
    }
}

/// A numeric address; one of IPv6 may stand in brackets.
pub(super) fn numeric(text: &str) -> Option<IpAddr> {
    let inner = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    match inner {
        Some(inner) => inner.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
        None => text.parse().ok(),
    }
}

/// An address of an interface, with what says which one, where that is needed.
pub(super) fn scoped(ip: IpAddr, port: u16, index: u32) -> SocketAddr {
    match ip {
        IpAddr::V6(ip) => SocketAddrV6::new(ip, port, 0, index).into(),
        IpAddr::V4(_) => SocketAddr::new(ip, port),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GROUP: IpAddr = IpAddr::V4(Ipv4Addr::new(239, 192, 1, 1));

    #[test]
    fn loopback_is_found_in_every_way() {
        for text in ["lo", "127.0.0.1", "127.0.0.0/8"] {
            let device = Interface::parse(text).unwrap().find(GROUP).unwrap();
            assert_eq!(device.ip, IpAddr::V4(Ipv4Addr::LOCALHOST), "{text}");
            assert_ne!(device.index, 0, "{text}");
            assert!(device.is_loopback() && device.mtu().is_some_and(|mtu| mtu >= 1500), "{device:?}");
        }
    }

    #[test]
    fn what_this_machine_has_not_is_not_found() {
        for text in ["nosuchdevice", "203.0.113.1", "203.0.113.0/24", "example.org"] {
            let error = Interface::parse(text).unwrap().find(GROUP).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::NotFound, "{text}");
        }
    }

    #[test]
    fn networks_hold_addresses() {
        let is = |ip: &str, network: &str, length| {
            is_within(ip.parse().unwrap(), network.parse().unwrap(), length)
        };
        assert!(is("10.77.0.1", "10.77.0.0", 24) && is("10.77.0.1", "0.0.0.0", 0));
        assert!(is("10.77.0.1", "10.77.0.1", 32) && !is("10.77.0.1", "10.77.0.2", 32));
        assert!(!is("10.77.1.1", "10.77.0.0", 24) && is("fd00::1", "fd00::", 64));
        assert!(!is("fd01::1", "fd00::", 16) && !is("10.0.0.1", "::", 0));
    }
}
