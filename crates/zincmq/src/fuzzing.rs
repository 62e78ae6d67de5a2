//! What fuzz targets ask of the inside (`fuzz/fuzz_targets`): compiled for them alone.

use crate::endpoint::Endpoint;
use crate::option::Options;
use crate::transport::net::socks::{Client, Destination};
use crate::transport::{Side, Target, Transport, by_scheme};
use std::net::SocketAddr;

/// Has the endpoint's transport judge its address in all ways, which must agree. `false`: there is no such transport.
///
/// # Panics
/// If they do not agree.
#[must_use]
pub fn judge(endpoint: &Endpoint) -> bool {
    let Some(transport) = by_scheme(endpoint.scheme()) else { return false };
    let address = endpoint.address();
    let mut options = Options::default();
    for ipv6 in [false, true] {
        options.ipv6 = ipv6;
        let binds = transport.check(address, Side::Bind, &options).is_ok();
        let connects = transport.check(address, Side::Connect, &options).is_ok();
        assert!(binds || !transport.leaves_choice(address), "a choice in an address that is none");
        let places = transport.places(address, false, &options);
        assert!(binds || places.is_empty(), "places of an address that is none");
        assert!(places.iter().all(|place| place.port() != 0));
        if transport.needs_lookup(address, &options) {
            assert!(connects, "a name in an address that is none");
        } else if !has_source(address) {
            resolve(transport, address, connects, &options);
        }
    }
    true
}

/// A source may be a name even where the destination is none, and names are not for a fuzzer to look up.
fn has_source(address: &str) -> bool {
    address.contains(';')
}

/// An address that passes leads somewhere, or to a family or device that this machine has not.
fn resolve(transport: &dyn Transport, address: &str, connects: bool, options: &Options) {
    match transport.resolve(address, options) {
        Ok(Target::Internet { addresses, .. }) => assert!(connects && !addresses.is_empty()),
        Ok(_) => assert!(connects),
        Err(error) if error.kind() == std::io::ErrorKind::InvalidInput => assert!(!connects, "{error}"),
        Err(_) => assert!(connects),
    }
}

/// What a conversation with a SOCKS5 proxy came to.
#[derive(Debug, PartialEq, Eq)]
pub struct Proxied {
    /// All that was said to the proxy.
    pub said: Vec<u8>,
    /// The bytes of the proxy that belong to the conversation; 0 if it failed.
    pub taken: usize,
    /// Whether the proxy has connected, or waits for more; or why it did not.
    pub connected: Result<bool, String>,
}

/// Has a client ask a proxy for `destination` (an address, or a name and a port), and gives it `bytes` for answers, in `pieces`
/// of these sizes, again and again.
///
/// # Panics
/// If the client wants bytes when it is done, none when it is not, or leaves some that it wants.
#[must_use]
pub fn through_proxy(
    destination: Result<SocketAddr, (&str, u16)>,
    login: Option<(&str, &str)>,
    bytes: &[u8],
    pieces: &[usize],
) -> Proxied {
    let destination = match destination {
        Ok(address) => Destination::Address(address),
        Err((name, port)) => Destination::Name(name.to_owned(), port),
    };
    let mut client = Client::new(&destination, login);
    let mut proxied = Proxied { said: Vec::new(), taken: 0, connected: Ok(false) };
    for size in pieces.iter().cycle() {
        // Written in two steps, as a kernel without much room would have it.
        for count in [1, usize::MAX] {
            let count = count.min(client.output().len());
            proxied.said.extend_from_slice(&client.output()[..count]);
            client.wrote(count);
        }
        assert_eq!(client.is_done(), client.wanted() == 0);
        let rest = &bytes[proxied.taken..];
        if client.is_done() || rest.is_empty() {
            proxied.connected = Ok(client.is_done());
            break;
        }
        let piece = &rest[..rest.len().min((*size).max(1))];
        match client.input(piece) {
            Ok(taken) => {
                assert!(taken == piece.len() || client.is_done(), "bytes of the proxy were left");
                proxied.taken += taken;
            }
            Err(error) => {
                proxied.said.extend_from_slice(client.output());
                return Proxied { taken: 0, connected: Err(error.to_string()), ..proxied };
            }
        }
    }
    proxied
}
