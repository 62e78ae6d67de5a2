//! Endpoints: a text that is one is shown as it was written, and its transport judges its address the same way twice.
#![no_main]

use libfuzzer_sys::fuzz_target;
use zincmq::endpoint::{Endpoint, EndpointError, SyntaxError};
use zincmq::fuzzing::judge;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let mark = text.find("://");
    match Endpoint::parse(text) {
        Ok(endpoint) => {
            let mark = mark.expect("an endpoint has a mark");
            assert_eq!((endpoint.scheme(), endpoint.address()), (&text[..mark], &text[mark + 3..]));
            assert_eq!(endpoint.to_string(), text);
            assert_eq!(text.parse::<Endpoint>().as_ref(), Ok(&endpoint));
            if !judge(&endpoint) {
                assert!(matches!(endpoint.unsupported(), EndpointError::Unsupported { .. }));
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
