//! Z85: every text is either the only one of its bytes, or refused for a reason that can be counted.
#![no_main]

use libfuzzer_sys::fuzz_target;
use zmtp::{KeyError, PublicKey, SecretKey, z85};

const SIGNS: &str = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";

/// Five signs as a number, if they are one of at most 32 bits.
fn number(group: &[u8]) -> Option<u32> {
    let digit = |sign: &u8| SIGNS.bytes().position(|known| known == *sign);
    let digits: Option<Vec<usize>> = group.iter().map(digit).collect();
    let number = digits?.iter().fold(0_u64, |number, &digit| number * 85 + digit as u64);
    u32::try_from(number).ok()
}

fn decoded(text: &[u8]) -> Option<Vec<u8>> {
    let numbers: Option<Vec<u32>> = text.chunks(5).map(number).collect();
    let whole = text.len().is_multiple_of(5);
    numbers.filter(|_| whole).map(|numbers| numbers.iter().flat_map(|number| number.to_be_bytes()).collect())
}

fuzz_target!(|data: &[u8]| {
    let bytes = z85::decode(data);
    assert_eq!(bytes, decoded(data));
    if let Some(bytes) = &bytes {
        assert_eq!(z85::encode(bytes).unwrap().as_bytes(), data, "two texts of the same bytes");
    }
    match z85::encode(data) {
        Some(text) => assert_eq!(z85::decode(text.as_bytes()).as_deref(), Some(data)),
        None => assert!(!data.len().is_multiple_of(4)),
    }
    if let Ok(text) = std::str::from_utf8(data) {
        key(text, bytes.as_deref());
    }
});

/// A key is 40 signs, and nothing else.
fn key(text: &str, bytes: Option<&[u8]>) {
    let expected = match (text.len(), bytes) {
        (40, Some(bytes)) => Ok(bytes),
        (40, None) => Err(KeyError::NotZ85),
        (length, _) => Err(KeyError::Length(length)),
    };
    let public = text.parse::<PublicKey>();
    let secret = text.parse::<SecretKey>();
    assert_eq!(public.as_ref().map(|key| &key.as_bytes()[..]).map_err(|error| *error), expected);
    assert_eq!(secret.as_ref().map(|key| &key.as_bytes()[..]).map_err(|error| *error), expected);
    if let (Ok(public), Ok(secret)) = (public, secret) {
        assert_eq!((public.to_string().as_str(), secret.to_z85().reveal()), (text, text));
    }
}
