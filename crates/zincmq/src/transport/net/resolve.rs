//! Addresses as text: `host:port`, where the host is a literal, a name, a network device or `*`.

use super::device;
use super::socks::Destination;
use rustix::io::Errno;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6, ToSocketAddrs};

/// Why a text is no address.
type SyntaxError = &'static str;

/// The host part of an address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Host<'a> {
    /// `*`: every address of this machine.
    Any,
    /// A numeric address.
    V4(Ipv4Addr),
    /// A numeric address, and what follows `%`: the device that a link-local address belongs to.
    V6(Ipv6Addr, Option<&'a str>),
    /// The name of a host or of a network device.
    Name(&'a str),
}

/// A host and a port (0: any).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Place<'a> {
    pub(crate) host: Host<'a>,
    pub(crate) port: u16,
}

impl<'a> Place<'a> {
    /// Reads an address to listen at: `host:port`, where `*` stands for any host or any port.
    pub(crate) fn bind(text: &'a str) -> Result<Self, SyntaxError> {
        let (host, port) = split(text)?;
        let host = if ["*", "[*]"].contains(&host) { Host::Any } else { Host::parse(host)? };
        let port = if port == "*" { 0 } else { parse_port(port)? };
        Ok(Self { host, port })
    }

    /// Reads an address to connect to: `host:port`.
    pub(crate) fn connect(text: &'a str) -> Result<Self, SyntaxError> {
        let (host, port) = split(text)?;
        if host == "*" {
            return Err("\"*\" can be bound, not connected to");
        }
        Ok(Self { host: Host::parse(host)?, port: parse_port(port)? })
    }

    /// Reads an address to connect from: `host` or `host:port`.
    pub(crate) fn source(text: &'a str) -> Result<Self, SyntaxError> {
        let port_less = !text.contains(':') || text.ends_with(']') || text.parse::<Ipv6Addr>().is_ok();
        if !port_less {
            return Self::bind(text);
        }
        let host = if text == "*" { Host::Any } else { Host::parse(text)? };
        Ok(Self { host, port: 0 })
    }

    /// Whether the host has a name that has to be looked up.
    pub(crate) const fn is_name(&self) -> bool {
        matches!(self.host, Host::Name(_))
    }

    /// The addresses of an end that is ours: those of a device, or of a host. IPv6 ones come first, and
    /// only if allowed.
    pub(crate) fn ours(&self, ipv6: bool) -> io::Result<Vec<SocketAddr>> {
        if let Host::Name(name) = self.host {
            let found = preferred(device::addresses(name, self.port)?, ipv6);
            if !found.is_empty() {
                return Ok(found);
            }
        }
        self.theirs(ipv6)
    }

    /// The addresses of a host. IPv6 ones come first, and only if allowed.
    pub(crate) fn theirs(&self, ipv6: bool) -> io::Result<Vec<SocketAddr>> {
        let all = match self.host {
            Host::Any => {
                vec![(Ipv6Addr::UNSPECIFIED, self.port).into(), (Ipv4Addr::UNSPECIFIED, self.port).into()]
            }
            Host::V4(ip) => vec![(ip, self.port).into()],
            Host::V6(ip, zone) => {
                let scope = zone.map_or(Ok(0), device::scope)?;
                vec![SocketAddrV6::new(ip, self.port, 0, scope).into()]
            }
            Host::Name(name) => (name, self.port).to_socket_addrs()?.collect(),
        };
        let found = preferred(all, ipv6);
        if found.is_empty() { Err(Errno::NODEV.into()) } else { Ok(found) }
    }

    /// The destination to ask a proxy for. A proxy knows nothing of our devices, so the zone is left out.
    pub(crate) fn destination(&self) -> Destination {
        match self.host {
            Host::Any => Destination::Address((Ipv4Addr::UNSPECIFIED, self.port).into()),
            Host::V4(ip) => Destination::Address((ip, self.port).into()),
            Host::V6(ip, _) => Destination::Address((ip, self.port).into()),
            Host::Name(name) => Destination::Name(name.to_owned(), self.port),
        }
    }
}

/// Reads `[source;]host:port`.
pub(crate) fn parse_route(text: &str) -> Result<(Option<Place<'_>>, Place<'_>), SyntaxError> {
    let Some((source, destination)) = text.split_once(';') else { return Ok((None, Place::connect(text)?)) };
    Ok((Some(Place::source(source)?), Place::connect(destination)?))
}

impl<'a> Host<'a> {
    /// Reads a literal or a name, with or without brackets, as libzmq does.
    fn parse(text: &'a str) -> Result<Self, SyntaxError> {
        let inner = match text.strip_prefix('[') {
            Some(rest) => rest.strip_suffix(']').ok_or("the bracket is not closed")?,
            None => text,
        };
        let (bare, zone) = inner.split_once('%').map_or((inner, None), |(bare, zone)| (bare, Some(zone)));
        match bare.parse::<IpAddr>() {
            Ok(IpAddr::V6(_)) if zone == Some("") => Err("there is no device after \"%\""),
            Ok(IpAddr::V6(ip)) => Ok(Self::V6(ip, zone)),
            Ok(IpAddr::V4(ip)) if zone.is_none() => Ok(Self::V4(ip)),
            _ if inner.is_empty() => Err("there is no host"),
            _ if inner.len() > 255 => Err("the host name is longer than 255 bytes"),
            _ if inner.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b)) => {
                Ok(Self::Name(inner))
            }
            _ => Err("the host is neither a name nor an IP address"),
        }
    }
}

/// Splits at the last colon.
fn split(text: &str) -> Result<(&str, &str), SyntaxError> {
    text.rsplit_once(':').ok_or("there is no port")
}

fn parse_port(text: &str) -> Result<u16, SyntaxError> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let port = if digits { text.parse().ok() } else { None };
    port.ok_or("the port is not a number from 0 to 65535")
}

/// IPv6 addresses first, or none of them; otherwise in the order given.
fn preferred(mut all: Vec<SocketAddr>, ipv6: bool) -> Vec<SocketAddr> {
    all.retain(|address| ipv6 || address.is_ipv4());
    all.sort_by_key(SocketAddr::is_ipv4);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCAL: Host<'_> = Host::V4(Ipv4Addr::LOCALHOST);
    const LOCAL6: Host<'_> = Host::V6(Ipv6Addr::LOCALHOST, None);

    #[test]
    fn addresses_to_bind() {
        for (text, host, port) in [
            ("*:*", Host::Any, 0),
            ("*:0", Host::Any, 0),
            ("*:5555", Host::Any, 5555),
            ("[*]:5555", Host::Any, 5555),
            ("127.0.0.1:65535", LOCAL, 65535),
            ("127.0.0.1:00080", LOCAL, 80),
            ("[::1]:80", LOCAL6, 80),
            ("::1:80", LOCAL6, 80),
            ("[::1%2]:80", Host::V6(Ipv6Addr::LOCALHOST, Some("2")), 80),
            ("::1%eth0:*", Host::V6(Ipv6Addr::LOCALHOST, Some("eth0")), 0),
            ("[127.0.0.1]:80", LOCAL, 80),
            ("eth0:80", Host::Name("eth0"), 80),
            ("[eth0]:80", Host::Name("eth0"), 80),
            ("host-1.example_x.:80", Host::Name("host-1.example_x."), 80),
        ] {
            assert_eq!(Place::bind(text), Ok(Place { host, port }), "{text}");
        }
    }

    #[test]
    fn malformed_addresses() {
        let long = format!("{}:80", "h".repeat(256));
        for text in [
            "",
            ":",
            "*",
            "*:",
            ":80",
            "host",
            "host:",
            "host:http",
            "host:80x",
            "host:-1",
            "host:+1",
            "host:65536",
            "host: 80",
            "ho st:80",
            " host:80",
            "[::1:80",
            "::1]:80",
            "[]:80",
            "[::1]x:80",
            "1:2:3:80",
            "host/x:80",
            "127.0.0.1%lo:80",
            "höst:80",
            "[::1%]:80",
            "a;b:80",
            long.as_str(),
        ] {
            assert!(Place::bind(text).is_err(), "{text}");
            assert!(Place::connect(text).is_err(), "{text}");
        }
        for text in ["*:80", "host:*", "*:*"] {
            assert!(Place::connect(text).is_err(), "{text}");
        }
    }

    #[test]
    fn routes() {
        let place = |host, port| Place { host, port };
        let to = place(Host::Name("host"), 80);
        for (text, source) in [
            ("host:80", None),
            ("127.0.0.1;host:80", Some(place(LOCAL, 0))),
            ("127.0.0.1:0;host:80", Some(place(LOCAL, 0))),
            ("127.0.0.1:*;host:80", Some(place(LOCAL, 0))),
            ("lo:99;host:80", Some(place(Host::Name("lo"), 99))),
            ("*:99;host:80", Some(place(Host::Any, 99))),
            ("*;host:80", Some(place(Host::Any, 0))),
            ("::1;host:80", Some(place(LOCAL6, 0))),
            ("[::1];host:80", Some(place(LOCAL6, 0))),
            ("[::1]:99;host:80", Some(place(LOCAL6, 99))),
        ] {
            assert_eq!(parse_route(text), Ok((source, to)), "{text}");
        }
        for text in [";host:80", "lo;", "lo;host", "lo;*:80", "lo;lo;host:80", "lo:x;host:80"] {
            assert!(parse_route(text).is_err(), "{text}");
        }
    }

    #[test]
    fn ipv6_comes_first_or_not_at_all() {
        let addresses = |text, ipv6| {
            Place::bind(text)
                .unwrap()
                .ours(ipv6)
                .map(|found| found.iter().map(SocketAddr::to_string).collect::<Vec<_>>())
        };
        assert_eq!(addresses("*:80", false).unwrap(), ["0.0.0.0:80"]);
        assert_eq!(addresses("*:80", true).unwrap(), ["[::]:80", "0.0.0.0:80"]);
        assert_eq!(addresses("[fe80::1%7]:80", true).unwrap(), ["[fe80::1%7]:80"]);
        let refused = addresses("[::1]:80", false).unwrap_err();
        assert_eq!(refused.raw_os_error(), Some(Errno::NODEV.raw_os_error()));
        assert_eq!(addresses("lo:80", false).unwrap(), ["127.0.0.1:80"]);
        assert_eq!(addresses("localhost:80", false).unwrap()[0], "127.0.0.1:80");
    }
}
