//! A warning where a password travels a public network in clear text.

use crate::command::Origin;
use crate::trace::event_of;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::atomic::Ordering;
use zmtp::Security;

/// A connection to or from this address is about to say who it is. Once a socket: a stranger's connections are not to fill
/// a log.
pub(super) fn warn_if_exposed(origin: &Origin, peer_address: &str) {
    let plain = matches!(origin.options.security(), Security::PlainClient { .. } | Security::PlainServer);
    if plain && is_public(peer_address) && !origin.owner.exposed.swap(true, Ordering::Relaxed) {
        event_of!(
            origin,
            WARN,
            "security",
            "PLAIN shows user names and passwords to everybody on the way, over a public network; CURVE hides them",
            peer = peer_address,
        );
    }
}

/// Whether it is an IP address that others than neighbours can reach.
fn is_public(address: &str) -> bool {
    match address.parse::<IpAddr>().map(|ip| ip.to_canonical()) {
        Ok(IpAddr::V4(ip)) => !is_local(ip),
        Ok(IpAddr::V6(ip)) => !is_local_v6(ip),
        Err(_) => false,
    }
}

fn is_local(ip: Ipv4Addr) -> bool {
    // Addresses between a provider and its customers (RFC 6598).
    let shared = matches!(ip.octets(), [100, 64..=127, ..]);
    ip.is_loopback() || ip.is_private() || ip.is_link_local() || ip.is_unspecified() || shared
}

fn is_local_v6(ip: Ipv6Addr) -> bool {
    ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local() || ip.is_unspecified()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_not_the_public() {
        let local = [
            "127.0.0.1",
            "10.1.2.3",
            "172.31.0.1",
            "192.168.7.7",
            "169.254.1.1",
            "100.64.0.1",
            "100.127.255.255",
            "0.0.0.0",
            "::1",
            "::",
            "fe80::1",
            "fd00::1",
            "::ffff:10.0.0.1",
            ":1000:1000:77",
            "",
        ];
        assert_eq!(local.map(is_public), [false; 15]);
        let public = [
            "8.8.8.8",
            "100.63.0.1",
            "100.128.0.1",
            "172.32.0.1",
            "192.0.2.1",
            "2001:db8::1",
            "::ffff:8.8.8.8",
        ];
        assert_eq!(public.map(is_public), [true; 7]);
    }
}
