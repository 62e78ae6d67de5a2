//! Addresses of groups as text: `[interface;]group[,group...][;group to send to]:port`.

use super::contract::Encapsulation;
use super::interface::{Interface, numeric};
use crate::option::Options;
use crate::transport::AddressError;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The most groups of one endpoint: the system allows a socket, and so an endpoint, no more by default.
const GROUPS: usize = 20;
/// The group where none is named.
const DEFAULT_V4: Ipv4Addr = Ipv4Addr::new(239, 192, 0, 1);
const DEFAULT_V6: Ipv6Addr = Ipv6Addr::new(0xff08, 0, 0, 0, 0, 0, 0, 1);

/// Why a text is no address.
type SyntaxError = &'static str;

/// The address of one or several groups.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Address {
    pub(super) interface: Interface,
    /// The groups to listen to, at least one.
    pub(super) groups: Vec<IpAddr>,
    /// The group to send to, which requests for repair name.
    pub(super) group: IpAddr,
    pub(super) port: u16,
    /// As it was given.
    pub(super) text: String,
}

impl Address {
    /// Reads an address. Nothing is looked up.
    ///
    /// # Errors
    /// It has another form, or is none of a group.
    pub(crate) fn parse(
        encapsulation: Encapsulation,
        text: &str,
        options: &Options,
    ) -> Result<Self, AddressError> {
        let invalid = |reason| {
            let endpoint = format!("{}://{text}", encapsulation.scheme());
            AddressError::Invalid { endpoint, reason }
        };
        Self::read(text, options.ipv6).map_err(invalid)
    }

    fn read(text: &str, ipv6: bool) -> Result<Self, SyntaxError> {
        let (network, port) =
            text.rsplit_once(':').ok_or("there is no port: \":5555\" belongs at the end")?;
        let digits = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
        let port = port.parse().ok().filter(|&port| digits && port > 0);
        let port = port.ok_or("the port is not a number from 1 to 65535")?;
        let mut parts = network.split(';');
        let (first, second, third) = (parts.next().unwrap_or(""), parts.next(), parts.next());
        if parts.next().is_some() {
            return Err("there are more than three parts: interface, groups, and the group to send to");
        }
        // Alone, it is a group, or an interface without one.
        let (interface, groups) = match second {
            None if group_list(first).is_ok() => ("", Some(first)),
            None => (first, None),
            Some(groups) => (first, Some(groups)),
        };
        let interface = Interface::parse(interface)?;
        let goal = third.map(group).transpose()?;
        let wants_v6 = interface.family().or_else(|| goal.map(|goal| goal.is_ipv6())).unwrap_or(ipv6);
        let default = if wants_v6 { DEFAULT_V6.into() } else { DEFAULT_V4.into() };
        let groups = groups.filter(|groups| !groups.is_empty());
        let groups = groups.map_or_else(|| Ok(vec![default]), group_list)?;
        let group = goal.or_else(|| groups.first().copied()).unwrap_or(default);
        let address = Self { interface, groups, group, port, text: text.to_owned() };
        address.check_families(ipv6)?;
        Ok(address)
    }

    /// All addresses have to be of one family, and IPv6 has to be allowed.
    fn check_families(&self, ipv6: bool) -> Result<(), SyntaxError> {
        let v6 = self.is_ipv6();
        let mixed = self.groups.iter().any(|group| group.is_ipv6() != v6)
            || self.interface.family().is_some_and(|family| family != v6);
        match (mixed, v6 && !ipv6) {
            (true, _) => Err("its addresses are of different families: IPv4 and IPv6"),
            (_, true) => Err("it is an address of IPv6, which the option IPV6 has to allow"),
            _ => Ok(()),
        }
    }

    pub(super) fn is_ipv6(&self) -> bool {
        self.group.is_ipv6()
    }
}

fn group_list(text: &str) -> Result<Vec<IpAddr>, SyntaxError> {
    let mut groups: Vec<IpAddr> = Vec::new();
    for group in text.split(',').map(group) {
        let group = group?;
        // Twice, it would only double packets.
        if !groups.contains(&group) {
            groups.push(group);
        }
    }
    if groups.len() > GROUPS { Err("there are more than 20 groups") } else { Ok(groups) }
}

fn group(text: &str) -> Result<IpAddr, SyntaxError> {
    let ip = numeric(text).ok_or("a group is not a numeric address")?;
    if ip.is_multicast() { Ok(ip) } else { Err("a group is not a multicast address") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, ipv6: bool) -> Result<(Vec<String>, String, u16), SyntaxError> {
        let address = Address::read(text, ipv6)?;
        let groups = address.groups.iter().map(ToString::to_string).collect();
        Ok((groups, address.group.to_string(), address.port))
    }

    #[test]
    fn addresses_are_read() {
        let rows: [(&str, bool, &[&str], &str, u16); 13] = [
            ("127.0.0.1:5555", true, &["239.192.0.1"], "239.192.0.1", 5555),
            ("eth0;;239.1.1.3:5555", true, &["239.192.0.1"], "239.1.1.3", 5555),
            ("eth0;239.1.1.1,239.1.1.1:5555", false, &["239.1.1.1"], "239.1.1.1", 5555),
            ("127.0.0.1;239.192.1.1:5555", false, &["239.192.1.1"], "239.192.1.1", 5555),
            ("eth0;239.192.1.1:1", false, &["239.192.1.1"], "239.192.1.1", 1),
            ("10.77.0.0/24;239.192.1.1:65535", false, &["239.192.1.1"], "239.192.1.1", 65535),
            (";239.192.1.1:5555", false, &["239.192.1.1"], "239.192.1.1", 5555),
            ("239.192.1.1:5555", false, &["239.192.1.1"], "239.192.1.1", 5555),
            ("eth0:5555", false, &["239.192.0.1"], "239.192.0.1", 5555),
            ("eth0:5555", true, &["ff08::1"], "ff08::1", 5555),
            (
                "eth0;239.1.1.1,239.1.1.2;239.1.1.3:5555",
                false,
                &["239.1.1.1", "239.1.1.2"],
                "239.1.1.3",
                5555,
            ),
            ("[fd00::1];[ff08::1]:5555", true, &["ff08::1"], "ff08::1", 5555),
            ("eth0;;239.1.1.3:5555", false, &["239.192.0.1"], "239.1.1.3", 5555),
        ];
        for (text, ipv6, groups, group, port) in rows {
            let expected = (groups.iter().map(|&group| group.to_owned()).collect(), group.to_owned(), port);
            assert_eq!(read(text, ipv6), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_none_is_refused_with_its_reason() {
        let many = (0..21).map(|last| format!("239.1.1.{last}")).collect::<Vec<_>>().join(",");
        let rows = [
            ("239.192.1.1", false, "there is no port"),
            ("eth0;239.192.1.1:0", false, "the port is not"),
            ("eth0;239.192.1.1:99999", false, "the port is not"),
            ("eth0;239.192.1.1:+5", false, "the port is not"),
            ("eth0;239.192.1.1:", false, "the port is not"),
            ("eth0;239.192.1.1:http", false, "the port is not"),
            ("eth0;10.0.0.1:5555", false, "a group is not a multicast address"),
            ("eth0;239.1.1.1,10.0.0.1:5555", false, "a group is not a multicast address"),
            ("eth0;239.1.1.1;10.0.0.1:5555", false, "a group is not a multicast address"),
            ("eth0;example.org:5555", false, "a group is not a numeric address"),
            ("eth0;239.1.1.1;239.1.1.2;1:5555", false, "there are more than three parts"),
            ("127.0.0.1;[ff08::1]:5555", true, "its addresses are of different families"),
            ("eth0;239.1.1.1,[ff08::1]:5555", true, "its addresses are of different families"),
            ("[::1];[ff08::1]:5555", false, "it is an address of IPv6"),
            ("10.0.0.0/33;239.1.1.1:5555", false, "the network's length"),
            ("10.0.0.300/8;239.1.1.1:5555", false, "the network is not"),
            ("e/8;239.1.1.1:5555", false, "the network is not"),
            (&format!("eth0;{many}:5555"), false, "there are more than 20 groups"),
        ];
        for (text, ipv6, reason) in rows {
            let error = read(text, ipv6).unwrap_err();
            assert!(error.starts_with(reason), "{text}: {error}");
        }
    }
}
