//! Endpoints: a text that is one is shown as it was written, and its transport judges its address the same way twice.
#![no_main]

use libfuzzer_sys::fuzz_target;
use zincmq::endpoint::{Endpoint, EndpointError, SyntaxError};
use zincmq::option::Options;
use zincmq::transport::{Side, Target, Transport, by_scheme};

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let mark = text.find("://");
    match Endpoint::parse(text) {
        Ok(endpoint) => {
            let mark = mark.expect("an endpoint has a mark");
            assert_eq!((endpoint.scheme(), endpoint.address()), (&text[..mark], &text[mark + 3..]));
            assert_eq!(endpoint.to_string(), text);
            assert_eq!(text.parse::<Endpoint>().as_ref(), Ok(&endpoint));
            match by_scheme(endpoint.scheme()) {
                Some(transport) => judge(transport, endpoint.address()),
                None => assert!(matches!(endpoint.unsupported(), EndpointError::Unsupported { .. })),
            }
        }
        Err(EndpointError::Syntax { endpoint, reason }) => {
            assert_eq!(endpoint, text);
            let expected = match mark {
                None => SyntaxError::NoScheme,
                Some(0) => SyntaxError::EmptyScheme,
                Some(mark) => {
                    assert_eq!(mark + 3, text.len());
                    SyntaxError::EmptyAddress
                }
            };
            assert_eq!(reason, expected);
        }
        Err(error) => panic!("{error}"),
    }
});

/// An address that passes leads somewhere, or to a name, or to a family or device that this machine has not.
fn judge(transport: &dyn Transport, address: &str) {
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
}

/// A source may be a name even where the destination is none, and names are not for a fuzzer to look up.
fn has_source(address: &str) -> bool {
    address.contains(';')
}

fn resolve(transport: &dyn Transport, address: &str, connects: bool, options: &Options) {
    match transport.resolve(address, options) {
        Ok(Target::Internet { addresses, .. }) => assert!(connects && !addresses.is_empty()),
        Ok(_) => assert!(connects),
        Err(error) if error.kind() == std::io::ErrorKind::InvalidInput => assert!(!connects, "{error}"),
        Err(_) => assert!(connects),
    }
}
