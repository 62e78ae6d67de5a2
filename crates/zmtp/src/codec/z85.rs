//! Z85: four bytes as five printable signs, the text form of CURVE's keys. Source: RFC 32.

const SIGNS: &[u8; 85] =
    b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";

/// The value of each sign; `NONE` if it is no sign of Z85.
const VALUES: [u8; 256] = {
    let mut values = [NONE; 256];
    let mut value = 0;
    while value < SIGNS.len() {
        values[SIGNS[value] as usize] = value as u8;
        value += 1;
    }
    values
};
const NONE: u8 = 85;

/// The text of `bytes`; `None` unless their number is a multiple of 4.
#[must_use]
pub fn encode(bytes: &[u8]) -> Option<String> {
    let (groups, rest) = bytes.as_chunks::<4>();
    let signs = |group: &[u8; 4]| {
        let number = u32::from_be_bytes(*group);
        [85 * 85 * 85 * 85, 85 * 85 * 85, 85 * 85, 85, 1]
            .map(|place| char::from(SIGNS[(number / place % 85) as usize]))
    };
    rest.is_empty().then(|| groups.iter().flat_map(signs).collect())
}

/// The bytes of `text`; `None` unless its length is a multiple of 5, all signs are Z85's, and no five of them stand
/// for more than 32 bits.
#[must_use]
pub fn decode(text: &[u8]) -> Option<Vec<u8>> {
    let (groups, rest) = text.as_chunks::<5>();
    if !rest.is_empty() {
        return None;
    }
    let mut bytes = Vec::with_capacity(groups.len() * 4);
    for group in groups {
        let mut number = 0_u64;
        for sign in group {
            let value = VALUES[usize::from(*sign)];
            if value == NONE {
                return None;
            }
            number = number * 85 + u64::from(value);
        }
        bytes.extend(u32::try_from(number).ok()?.to_be_bytes());
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::{SIGNS, decode, encode};
    use proptest::prelude::{any, proptest};

    #[test]
    fn the_example_of_the_rfc() {
        let bytes = [0x86, 0x4F, 0xD2, 0x6F, 0xB5, 0x59, 0xF7, 0x5B];
        assert_eq!(encode(&bytes).as_deref(), Some("HelloWorld"));
        assert_eq!(decode(b"HelloWorld").as_deref(), Some(&bytes[..]));
    }

    #[test]
    fn nothing_is_nothing() {
        assert_eq!(encode(b"").as_deref(), Some(""));
        assert_eq!(decode(b"").as_deref(), Some(&b""[..]));
    }

    #[test]
    fn lengths_are_multiples() {
        for length in [1, 2, 3, 5, 7, 42] {
            assert_eq!(encode(&vec![0; length]), None);
        }
        for length in [1, 2, 3, 4, 6, 9, 41] {
            assert_eq!(decode(&vec![b'0'; length]), None);
        }
    }

    #[test]
    fn five_signs_are_32_bits_at_most() {
        assert_eq!(decode(b"%nSc0").as_deref(), Some(&[0xFF; 4][..]));
        assert_eq!(decode(b"%nSc1"), None);
        assert_eq!(decode(b"#####"), None);
    }

    #[test]
    fn other_signs_are_refused_at_every_place() {
        for sign in (0..=255).filter(|sign| !SIGNS.contains(sign)) {
            for place in 0..5 {
                let mut text = *b"00000";
                text[place] = sign;
                assert_eq!(decode(&text), None);
            }
        }
    }

    proptest! {
        #[test]
        fn there_and_back(groups: Vec<[u8; 4]>) {
            let bytes = groups.concat();
            let text = encode(&bytes).unwrap();
            assert_eq!(text.len(), bytes.len() / 4 * 5);
            assert_eq!(decode(text.as_bytes()), Some(bytes));
        }

        #[test]
        fn no_text_ends_in_a_panic(text: Vec<u8>, sign in any::<u8>()) {
            let _ = decode(&text);
            let _ = decode(&[sign; 5]);
        }
    }
}
