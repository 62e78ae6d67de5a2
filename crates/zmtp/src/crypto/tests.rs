//! Published numbers: X25519 of RFC 7748, and the keys, nonce, message and box of "Cryptography in NaCl".

use proptest::prelude::*;
use zeroize::Zeroizing;

use super::boxes::{SharedKey, agree};
use super::cipher::{Cipher, OVERHEAD};
use super::keys::{PublicKey, SecretKey};
use crate::codec::frame::{self, Flags};
use crate::error::Error;

/// The bytes of hexadecimal digits; spaces and ends of lines are passed over.
fn bytes(digits: &str) -> Vec<u8> {
    let digits: Vec<u8> = digits.bytes().filter(u8::is_ascii_hexdigit).collect();
    let byte = |pair: &[u8]| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.chunks(2).map(byte).collect()
}

fn array<const N: usize>(digits: &str) -> [u8; N] {
    bytes(digits).try_into().unwrap()
}

fn secret(digits: &str) -> SecretKey {
    SecretKey::new(array(digits))
}

fn public(digits: &str) -> PublicKey {
    PublicKey::new(array(digits))
}

#[test]
fn x25519_of_rfc_7748_section_5_2() {
    for (scalar, coordinate, product) in [
        (
            "a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
            "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c",
            "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552",
        ),
        // The highest bit of this coordinate is to be ignored.
        (
            "4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d",
            "e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493",
            "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957",
        ),
    ] {
        assert_eq!(*agree(&secret(scalar), &public(coordinate)).unwrap(), array::<32>(product));
    }
}

#[test]
fn x25519_iterated_as_in_rfc_7748_section_5_2() {
    let mut scalar = [0; 32];
    scalar[0] = 9;
    let mut coordinate = scalar;
    for round in 1..=1000 {
        let product = *agree(&SecretKey::new(scalar), &PublicKey::new(coordinate)).unwrap();
        (scalar, coordinate) = (product, scalar);
        if round == 1 {
            assert_eq!(scalar, array("422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079"));
        }
    }
    assert_eq!(scalar, array("684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51"));
}

/// Of RFC 7748, section 6.1, and of NaCl, which have the same.
const ALICE: [&str; 2] = [
    "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a",
    "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a",
];
const BOB: [&str; 2] = [
    "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb",
    "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f",
];
const AGREED: &str = "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742";

#[test]
fn keys_of_rfc_7748_section_6_1() {
    for [ours, theirs] in [[ALICE, BOB], [BOB, ALICE]] {
        assert_eq!(secret(ours[0]).public(), public(ours[1]));
        assert_eq!(*agree(&secret(ours[0]), &public(theirs[1])).unwrap(), array::<32>(AGREED));
    }
}

/// With the points of small order everybody would agree on zero.
#[test]
fn points_of_small_order_are_refused() {
    for weak in [
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    ] {
        assert_eq!(SharedKey::new(&secret(ALICE[0]), &public(weak)).err(), Some(Error::WeakKey), "{weak}");
    }
}

const PREFIX: &str = "69696ee955b62b73cd62bda875fc73d6";
const SUFFIX: u64 = 0x8219_e003_6b7a_0b37;
const MESSAGE: &str = "
    be075fc53c81f2d5cf141316ebeb0c7b5228c52a4c62cbd44b66849b64244ffce5ecbaaf33bd751a1ac728d45e6c61296cdc3c01
    233561f41db66cce314adb310e3be8250c46f06dceea3a7fa1348057e2f6556ad6b1318a024a838f21af1fde048977eb48f59ffd
    4924ca1c60902e52f0a089bc76897040e082f937763848645e0705";
const AUTHENTICATOR: &str = "f3ffc7703f9400e52a7dfb4b3d3305d9";
const ENCRYPTED: &str = "
    8e993b9f48681273c29650ba32fc76ce48332ea7164d96a4476fb8c531a1186ac0dfc17c98dce87b4da7f011ec48c97271d2c20f
    9b928fe2270d6fb863d51738b48eeee314a7cc8ab932164548e526ae90224368517acfeabd6bb3732bc0e9da99832b61ca01b6de
    56244a9e88d5f9b37973f622a43d14a6599b1f654cb45a74e355a5";

fn alice_to_bob() -> SharedKey {
    SharedKey::new(&secret(ALICE[0]), &public(BOB[1])).unwrap()
}

/// HSalsa20 twice: of what they agree on, and of that and the beginning of the nonce.
#[test]
fn the_keys_of_nacl() {
    let first = array("1b27556473e985d462cd51197a9a46c76009549eac6474f206c4ee0844f68389");
    let agreed = SharedKey(Zeroizing::new(array(AGREED)));
    assert_eq!(*agreed.subkey(&[0; 16]), first);
    let second = array::<32>("dc908dda0b9344a953629b733820778880f3ceb421bb61b91cbd4c3e66256ce4");
    for key in [SharedKey(Zeroizing::new(first)), alice_to_bob()] {
        assert_eq!(*key.subkey(&array(PREFIX)), second);
    }
}

#[test]
fn the_box_of_nacl() {
    let mut nonce = [0; 24];
    nonce[..16].copy_from_slice(&bytes(PREFIX));
    nonce[16..].copy_from_slice(&SUFFIX.to_be_bytes());
    let sealed = [bytes(AUTHENTICATOR), bytes(ENCRYPTED)].concat();
    assert_eq!(alice_to_bob().seal(&nonce, &bytes(MESSAGE)), sealed);
    let bob = SharedKey::new(&secret(BOB[0]), &public(ALICE[1])).unwrap();
    assert_eq!(bob.open(&nonce, &sealed), Some(Zeroizing::new(bytes(MESSAGE))));
}

/// The same box as a message of CURVE, whose first byte are its flags.
#[test]
fn the_box_of_nacl_as_a_message() {
    let purpose = array(PREFIX);
    let mut cipher = Cipher::new(&alice_to_bob(), (&purpose, SUFFIX), (&purpose, SUFFIX - 1));
    let (plain, encrypted) = (bytes(MESSAGE), bytes(ENCRYPTED));
    let head = [&b"\x07MESSAGE"[..], &SUFFIX.to_be_bytes()].concat();
    let mut body = [&head, &bytes(AUTHENTICATOR)[..], &encrypted].concat();
    cipher.opener.open([&mut body[..]]).unwrap();
    assert_eq!(body[OVERHEAD - 1..], plain);

    // Sealed, the flags are ours, and the authenticator with them; all else is as published.
    let mut sent = Vec::new();
    cipher.sealer.append(&mut sent, Flags::LAST, &plain[1..]);
    cipher.sealer.seal(&mut sent, usize::MAX).unwrap();
    let header = frame::decode_header(&sent).unwrap();
    let body = &mut sent[header.header_len..];
    assert_eq!(body[..head.len()], head);
    assert_eq!(body[OVERHEAD..], encrypted[1..]);
    assert_eq!(body[OVERHEAD - 1], encrypted[0] ^ plain[0]);
    Cipher::new(&alice_to_bob(), (&purpose, 0), (&purpose, 0)).opener.open([body]).unwrap();
}

/// The bodies of frames that stand one behind the other.
fn bodies(mut rest: &mut [u8]) -> Vec<&mut [u8]> {
    let mut bodies = Vec::new();
    while let Some(header) = frame::decode_header(rest) {
        let (body, later) = rest[header.header_len..].split_at_mut(header.size as usize);
        bodies.push(body);
        rest = later;
    }
    bodies
}

/// Of lengths about the steps in which it is sealed, with budgets that are spent before.
#[test]
fn a_large_box_is_what_dryoc_makes() {
    let (purpose, key) = (array(PREFIX), alice_to_bob());
    let mut sealer = Cipher::new(&key, (&purpose, 1), (&purpose, 0)).sealer;
    for (count, len) in (1_u64..).zip([65_503, 65_504, 65_536, 81_888, 262_144, 262_145, 600_001]) {
        let text: Vec<u8> = (0..len).map(|at| (at * 7 + at / 251) as u8).collect();
        let mut out = b"before".to_vec();
        sealer.append(&mut out, Flags::LAST, &text);
        let mut turns = 1;
        while sealer.seal(&mut out, 100_000).unwrap() < out.len() {
            turns += 1;
        }
        assert!(turns == 1 || len > 262_144, "{turns} turns of {len}");
        let mut nonce = [0; 24];
        nonce[..16].copy_from_slice(&purpose);
        nonce[16..].copy_from_slice(&count.to_be_bytes());
        let found = bodies(&mut out[6..]);
        assert!(found[0][16..] == key.seal(&nonce, &[&[0], &text[..]].concat()), "of {len}");
    }
}

proptest! {
    /// Each is the box that dryoc makes, and opens as such; if one of them is changed, the connection ends.
    #[test]
    fn boxes_of_any_lengths_side_by_side(
        lengths in prop::collection::vec(
            prop_oneof![4 => 0..200_usize, 2 => 0..1100_usize, 1 => 0..5000_usize],
            1..80,
        ),
        (changed, at, bit) in any::<(prop::sample::Index, prop::sample::Index, u8)>(),
    ) {
        let (purpose, key) = (array(PREFIX), alice_to_bob());
        let cipher = || Cipher::new(&key, (&purpose, 1), (&purpose, 0));
        let (mut sealer, mut opener) = (cipher().sealer, cipher().opener);
        let texts: Vec<Vec<u8>> = lengths.iter().map(|len| (0..*len).map(|at| (at * len) as u8).collect()).collect();
        let mut out = Vec::new();
        texts.iter().for_each(|text| sealer.append(&mut out, Flags::MORE, text));
        prop_assert_eq!(sealer.seal(&mut out, 0), Ok(out.len()));

        let sealed = out.clone();
        let mut found = bodies(&mut out);
        prop_assert_eq!(found.len(), texts.len());
        for ((body, text), count) in found.iter().zip(&texts).zip(1_u64..) {
            let mut nonce = [0; 24];
            nonce[..16].copy_from_slice(&purpose);
            nonce[16..].copy_from_slice(&count.to_be_bytes());
            prop_assert_eq!(&body[16..], key.seal(&nonce, &[&[1], &text[..]].concat()));
        }
        opener.open(found.iter_mut().map(|body| &mut **body)).unwrap();
        for (body, text) in found.iter().zip(&texts) {
            prop_assert_eq!(&body[OVERHEAD - 1..], [&[1], &text[..]].concat());
        }

        let mut sealed = sealed;
        let mut found = bodies(&mut sealed);
        let body = &mut found[changed.index(texts.len())][16..];
        body[at.index(body.len())] ^= 1 << (bit % 8);
        let failed = cipher().opener.open(found.iter_mut().map(|body| &mut **body));
        prop_assert_eq!(failed, Err(Error::Sealed { command: "MESSAGE" }));
    }
}
