//! Authenticators: published ones of RFC 8439, and those that the crate `poly1305` makes, one at a time.

use poly1305::Poly1305;
use poly1305::universal_hash::KeyInit;
use proptest::prelude::*;
use salsa::poly::{TOGETHER, Tag, Text, authenticate};

fn bytes(digits: &str) -> Vec<u8> {
    let byte = |pair: &[u8]| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.as_bytes().chunks(2).map(byte).collect()
}

/// The authenticator of a text, which is the same in each lane, whatever stands in the others.
fn tag(key: &[u8; 32], text: &[u8]) -> Tag {
    let mut found = None;
    for lane in 0..TOGETHER {
        let other = vec![0xA5; 37 * lane];
        let mut texts = [Text { key: &[0xFF; 32], bytes: &other }; TOGETHER];
        texts[lane] = Text { key, bytes: text };
        let mut tags = [[0; 16]; TOGETHER];
        authenticate(&texts, &mut tags);
        assert_eq!(*found.get_or_insert(tags[lane]), tags[lane], "lane {lane}");
    }
    found.unwrap()
}

fn check(key: &str, text: &[u8], expected: &str) {
    let key: [u8; 32] = bytes(key).try_into().unwrap();
    assert_eq!(tag(&key, text)[..], bytes(expected), "{key:02x?} {text:02x?}");
}

#[test]
fn the_example_of_section_2_5_2() {
    let key = "85d6be7857556d337f4452fe42d506a80103808afb0db2fd4abff6af4149f51b";
    check(key, b"Cryptographic Forum Research Group", "a8061dc1305136c6c22b8baf0c0127a9");
}

#[test]
fn the_vectors_of_appendix_a_3() {
    let text = "Any submission to the IETF intended by the Contributor for publication as all or part of an IETF \
        Internet-Draft or RFC and any statement made within the context of an IETF activity is considered an \"IETF \
        Contribution\". Such statements include oral statements in IETF sessions, as well as written and electronic \
        communications made at any time or place, which are addressed to";
    let jabberwocky = "'Twas brillig, and the slithy toves\nDid gyre and gimble in the wabe:\nAll mimsy were the \
        borogoves,\nAnd the mome raths outgrabe.";
    let zeros = "00000000000000000000000000000000";
    let pad = "36e5f6b5c5e06070f0efca96227a863e";
    let both = |low: &str, high: &str| [low, high].concat();
    check(&both(zeros, zeros), &[0; 64], zeros);
    check(&both(zeros, pad), text.as_bytes(), pad);
    check(&both(pad, zeros), text.as_bytes(), "f3477e7cd95417af89a6b8794c310cf0");
    let key = "1c9240a5eb55d38af333888604f6b5f0473917c1402b80099dca5cbc207075c0";
    check(key, jabberwocky.as_bytes(), "4541669a7eaaee61e708dc7cbcc5eb62");
    // Sums about the modulus, and about 2^128 and 2^130.
    let two = "02000000000000000000000000000000";
    let one = "01000000000000000000000000000000";
    let all = "ffffffffffffffffffffffffffffffff";
    check(&both(two, zeros), &bytes(all), "03000000000000000000000000000000");
    check(&both(two, all), &bytes(two), "03000000000000000000000000000000");
    let blocks = [all, "f0ffffffffffffffffffffffffffffff", "11000000000000000000000000000000"].concat();
    check(&both(one, zeros), &bytes(&blocks), "05000000000000000000000000000000");
    let blocks = [all, "fbfefefefefefefefefefefefefefefe", "01010101010101010101010101010101"].concat();
    check(&both(one, zeros), &bytes(&blocks), zeros);
    check(&both(two, zeros), &bytes("fdffffffffffffffffffffffffffffff"), "faffffffffffffffffffffffffffffff");
    let blocks = [
        "e33594d7505e43b900000000000000003394d7505e4379cd01000000000000000000000000000000000000000000000001",
        "000000000000000000000000000000",
    ];
    let r = "01000000000000000400000000000000";
    check(&both(r, zeros), &bytes(&blocks.concat()), "14000000000000005500000000000000");
    let blocks =
        "e33594d7505e43b900000000000000003394d7505e4379cd010000000000000000000000000000000000000000000000";
    check(&both(r, zeros), &bytes(blocks), "13000000000000000000000000000000");
}

proptest! {
    #[test]
    fn any_texts_of_any_lengths(
        texts in prop::collection::vec(
            (
                any::<[u8; 32]>(),
                prop_oneof![
                    prop::collection::vec(any::<u8>(), 0..80),
                    prop::collection::vec(any::<u8>(), 0..1200),
                    // Long carries.
                    prop::collection::vec(0xFC_u8.., 0..200),
                ],
            ),
            0..3 * TOGETHER,
        ),
    ) {
        let given: Vec<_> = texts.iter().map(|(key, bytes)| Text { key, bytes }).collect();
        let mut tags = vec![[0; 16]; texts.len() + 1];
        authenticate(&given, &mut tags);
        for (tag, (key, bytes)) in tags.iter().zip(&texts) {
            let expected = Poly1305::new(&(*key).into()).compute_unpadded(bytes);
            prop_assert_eq!(&tag[..], expected.as_slice());
        }
        prop_assert_eq!(tags.last(), Some(&[0; 16]), "no authenticator is asked for");
    }
}
