//! What fuzz targets ask of the inside (`fuzz/fuzz_targets`): compiled for them alone.

use crate::endpoint::Endpoint;
use crate::option::Options;
use crate::transport::{Side, Target, Transport, by_scheme};

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
