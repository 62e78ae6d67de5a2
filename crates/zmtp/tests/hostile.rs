//! Peers that lie, stop half way, or are something else altogether.

mod common;

use common::*;
use proptest::prelude::*;
use zmtp::{Command, Error, Local, Opening, Security, Status, Version, frame, frame_v1};

const SIGNATURE: &[u8] = b"\xFF\0\0\0\0\0\0\0\x01\x7F";

/// Whatever the cut, a failure is the same failure.
#[track_caller]
fn fails(local: Local, input: &[u8]) -> Error {
    let whole = feed(local.clone(), input, &[]);
    assert_eq!(feed(local, input, &[1]), whole);
    whole.error().clone()
}

#[test]
fn half_a_greeting_only_waits() {
    let input = greeting_and(&ready(&[(b"Socket-Type", b"PULL")]));
    for len in 0..input.len() {
        assert_eq!(feed(local(PUSH), &input[..len], &[]).result, Ok(Status::More), "{len} bytes");
    }
}

#[test]
fn another_mechanism() {
    for theirs in ["PLAIN", "NULLX", "NUL", "null", ""] {
        let error = fails(local(PUSH), &greeting(3, 1, theirs));
        assert_eq!(error, Error::MechanismMismatch { ours: "NULL", theirs: theirs.into() });
        assert_eq!(error.code(), Some(0x1100_0002));
    }
    let mut hidden = greeting(3, 1, "NULL");
    hidden[31] = b'x';
    assert!(matches!(fails(local(PUSH), &hidden), Error::MechanismMismatch { .. }), "all 20 bytes count");
}

#[test]
fn old_peers_where_security_is_wanted() {
    let strict = Local { allow_old: false, ..local(PUSH) };
    let zap = Local { security: Security::Null { zap: true }, ..local(PUSH) };
    for (version, input) in [
        (Version::V2_0, [SIGNATURE, b"\x01\x07"].concat()),
        (Version::V1_0, [SIGNATURE, b"\x00\x07"].concat()),
        (Version::V1_0, b"\x01".to_vec()),
        (Version::V1_0, b"\xFF\0\0\0\0\0\0\0\x01\x00".to_vec()),
    ] {
        assert_eq!(fails(strict.clone(), &input), Error::OldPeer { version });
        assert_eq!(fails(zap.clone(), &input), Error::OldPeer { version });
    }
}

#[test]
fn incompatible_sockets() {
    let error = fails(local(PUSH), &greeting_and(&ready(&[(b"Socket-Type", b"PUB")])));
    assert_eq!(error, Error::IncompatibleSocket { ours: "PUSH", theirs: "PUB".into() });
    assert_eq!(error.code(), Some(0x1000_0018));
    let error = fails(local(PUSH), &greeting_and(&ready(&[(b"Socket-Type", b"PULL\0")])));
    assert!(matches!(error, Error::IncompatibleSocket { .. }));
}

#[test]
fn sizes_beyond_all_limits() {
    for size in [65_537, 1 << 31, 1 << 63, u64::MAX] {
        let oversize = Error::Oversize { size, limit: 65_536 };
        for flags in [2, 6, 7, 0xFF] {
            let mut input = greeting(3, 1, "NULL");
            input.push(flags);
            input.extend(size.to_be_bytes());
            assert_eq!(fails(local(PUSH), &input), oversize);
        }
        let input = [SIGNATURE, b"\x01\x07\x02", &size.to_be_bytes()].concat();
        assert_eq!(fails(local(PUSH), &input), Error::Oversize { size, limit: 255 });
        let input = [SIGNATURE, b"\x00\x07\xFF", &size.to_be_bytes(), b"\0"].concat();
        assert_eq!(fails(local(PUSH), &input), Error::Oversize { size: size - 1, limit: 255 });
    }
    let input = [b"\xFF".as_slice(), &u64::MAX.to_be_bytes(), b"\0"].concat();
    assert_eq!(fails(local(PUSH), &input), Error::Oversize { size: u64::MAX - 1, limit: 255 });
}

#[test]
fn the_largest_command_passes() {
    let value = vec![0; 65_536 - 6 - 2 - 4];
    let input = greeting_and(&ready(&[(b"X", &value)]));
    assert_eq!(feed(local(PUSH), &input, &[1000]).peer().properties, [("X".to_owned(), value)]);
    let value = vec![0; 65_536 - 6 - 2 - 3];
    let input = greeting_and(&ready(&[(b"X", &value)]));
    assert_eq!(fails(local(PUSH), &input), Error::Oversize { size: 65_537, limit: 65_536 });
}

#[test]
fn a_zero_length_frame_of_1_0() {
    assert_eq!(fails(local(PUSH), b"\0"), Error::EmptyFrame);
    assert_eq!(fails(local(PUSH), b"\xFF\0\0\0\0\0\0\0\0\0"), Error::EmptyFrame);
    assert_eq!(fails(local(PUSH), &[SIGNATURE, b"\x00\x07\0"].concat()), Error::EmptyFrame);
}

/// Their first byte would be the length of a routing id, their second its flags, which are none.
#[test]
fn other_protocols_are_no_old_peers() {
    for input in [
        &b"GET / HTTP/1.1\r\n\r\n"[..],
        b"POST /",
        b"\x16\x03\x01\x02\0\x01",
        b"SSH-2.0-OpenSSH_9.9\r\n",
        b"\x04\x01ide",
        b"\xFF\0\0\0\0\0\0\0\x04\x02ide",
    ] {
        assert_eq!(fails(local(PULL), input), Error::Foreign);
        let known = if input[0] == 0xFF { 10 } else { 2 };
        assert_eq!(fails(local(PULL), &input[..known]), Error::Foreign, "as soon as the flags are known");
        assert_eq!(feed(local(PULL), &input[..known - 1], &[]).result, Ok(Status::More));
    }
    let strict = Local { allow_old: false, ..local(PULL) };
    assert_eq!(fails(strict, b"GET /"), Error::OldPeer { version: Version::V1_0 });
}

#[test]
fn metadata_that_is_cut_off_or_has_bytes_to_spare() {
    let whole = ready(&[(b"Socket-Type", b"PULL"), (b"X-a", b"")]);
    let ends = [6, whole.len() - 8, whole.len()];
    for len in 6..=whole.len() {
        let outcome = feed(local(PUSH), &greeting_and(&whole[..len]), &[]);
        match outcome.result {
            Ok(status) => assert!(ends.contains(&len) && matches!(status, Status::Open(_)), "{len}"),
            Err(error) => {
                assert!(!ends.contains(&len), "{len}");
                assert_eq!(error.code(), Some(0x1000_0018));
            }
        }
    }
    let spare = [whole.as_slice(), b"\0"].concat();
    assert!(matches!(fails(local(PUSH), &greeting_and(&spare)), Error::Metadata(_)));
    let huge = [b"\x05READY\x01X".as_slice(), &u32::MAX.to_be_bytes(), b"x"].concat();
    assert!(matches!(fails(local(PUSH), &greeting_and(&huge)), Error::Metadata(_)));
}

#[test]
fn odd_but_lawful_metadata() {
    let input = greeting_and(&ready(&[
        (b"", b""),
        (b"Identity", b"first"),
        (b"Identity", b"second"),
        (b"Socket-Type", b"PULL"),
        (b"\xC3", b"v"),
    ]));
    let outcome = feed(local(PUSH), &input, &[]);
    let peer = outcome.peer();
    assert_eq!(peer.routing_id.as_deref(), Some(&b"first"[..]));
    let names: Vec<_> = peer.properties.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["", "Identity", "Socket-Type", "\u{FFFD}"]);

    let outcome = feed(local(PUSH), &greeting_and(b"\x05READY"), &[]);
    assert_eq!((&outcome.peer().socket_type, &outcome.peer().routing_id), (&None, &None));
}

#[test]
fn a_flood_of_properties() {
    let repeated = [(&b"X"[..], &b""[..]); 5000];
    assert_eq!(feed(local(PUSH), &greeting_and(&ready(&repeated)), &[]).peer().properties.len(), 1);

    let names: Vec<String> = (0..257).map(|n| n.to_string()).collect();
    let distinct: Vec<(&[u8], &[u8])> = names.iter().map(|name| (name.as_bytes(), &b""[..])).collect();
    assert!(feed(local(PUSH), &greeting_and(&ready(&distinct[..256])), &[]).result.is_ok());
    assert!(matches!(fails(local(PUSH), &greeting_and(&ready(&distinct))), Error::Metadata(_)));
}

#[test]
fn commands_out_of_turn() {
    for (body, name) in [
        (&b"\x05HELLO"[..], "HELLO"),
        (b"\x09SUBSCRIBE", "SUBSCRIBE"),
        (b"", ""),
        (b"\0", ""),
        (b"\x05READ", ""),
        (b"\xFF", ""),
    ] {
        let error = fails(local(PUSH), &greeting_and(body));
        assert_eq!(error, Error::UnexpectedCommand { name: name.into() });
        assert_eq!(error.code(), Some(0x1000_0001));
    }
}

#[test]
fn the_peer_refuses() {
    for (reason, status) in [("300", Some(300)), ("400", Some(400)), ("500", Some(500)), ("200", None)] {
        let body = [b"\x05ERROR\x03", reason.as_bytes()].concat();
        let error = fails(local(PUSH), &greeting_and(&body));
        assert_eq!((error.auth_status(), error.code()), (status, None));
        assert_eq!(error, Error::Refused { reason: reason.into() });
    }
    assert_eq!(fails(local(PUSH), &greeting_and(b"\x05ERROR\x00")).auth_status(), None);
    for body in [&b"\x05ERROR"[..], b"\x05ERROR\x04400"] {
        let error = fails(local(PUSH), &greeting_and(body));
        assert_eq!((error.code(), error), (Some(0x1000_0015), Error::Malformed { command: "ERROR" }));
    }
}

#[test]
fn what_follows_ready_is_traffic() {
    let mut input = greeting_and(&ready(&[(b"Socket-Type", b"PULL")]));
    let len = input.len();
    input.extend(b"\x00\x05hello");
    assert_eq!(feed(local(PUSH), &input, &[]).taken, len);
    assert_eq!(feed(local(PUSH), &input, &[len - 1, 7]).taken, len);
}

#[test]
fn after_the_end_nothing_goes_on() {
    let mut opening = Opening::new(local(PUSH));
    let (_, status) = opening.feed(&greeting_and(b"\x05READY")).unwrap();
    assert!(matches!(status, Status::Open(_)));
    assert_eq!(opening.feed(b"x"), Err(Error::Over));
    let mut opening = Opening::new(local(PUSH));
    assert_eq!(opening.feed(b"\0"), Err(Error::EmptyFrame));
    assert_eq!(opening.feed(b"\0"), Err(Error::Over));
}

/// Noise, and noise behind a beginning that leads it deeper.
fn noise() -> impl Strategy<Value = Vec<u8>> {
    let beginning = prop_oneof![
        Just(Vec::new()),
        Just(SIGNATURE.to_vec()),
        (0..5_u8).prop_map(|revision| [SIGNATURE, &[revision]].concat()),
        Just(greeting(3, 1, "NULL")),
        (0..80_u8).prop_map(|size| [&greeting(3, 0, "NULL")[..], &[4, size], b"\x05READY"].concat()),
    ];
    let noise = prop::collection::vec(prop_oneof![any::<u8>(), 0..3_u8], 0..300);
    (beginning, noise).prop_map(|(beginning, noise)| [beginning, noise].concat())
}

proptest! {
    #[test]
    fn noise_never_panics_and_cuts_never_matter(
        input in noise(),
        pieces in prop::collection::vec(1..40_usize, 1..10),
        zap in any::<bool>(),
    ) {
        let security = Security::Null { zap };
        let local = Local { security, ..dealer(b"me") };
        let whole = feed(local.clone(), &input, &[]);
        prop_assert_eq!(&feed(local.clone(), &input, &[1]), &whole);
        prop_assert_eq!(&feed(local, &input, &pieces), &whole);
        prop_assert!(whole.sent.len() < 200);
        if let Ok(Status::Open(peer)) = &whole.result {
            let held: usize = peer.properties.iter().map(|(_, value)| value.len()).sum();
            prop_assert!(held <= input.len() && peer.properties.len() <= 256);
        }
    }

    #[test]
    fn parsers_are_total_and_stay_inside(
        body in prop::collection::vec(prop_oneof![any::<u8>(), 0..12_u8], 0..64),
    ) {
        let names = [&b""[..], b"\x04PING", b"\x04PONG", b"\x05ERROR", b"\x09SUBSCRIBE"];
        for name in names {
            let body = [name, &body].concat();
            match Command::parse(&body) {
                Command::Ping { context, .. } | Command::Pong { context } => {
                    prop_assert!(context.len() <= 16 && context.len() < body.len());
                }
                _ => {}
            }
        }
        if let Some(header) = frame::decode_header(&body) {
            prop_assert!(header.header_len <= body.len());
        }
        if let Ok(Some(header)) = frame_v1::decode_header(&body) {
            prop_assert!(header.header_len <= body.len());
        }
    }

    #[test]
    fn headers_come_back(size in any::<u64>(), more in any::<bool>(), command in any::<bool>()) {
        let flags = zmtp::Flags(u8::from(more) | u8::from(command) << 2);
        let mut header = [0; frame::MAX_HEADER];
        let len = frame::encode_header(flags, size, &mut header);
        let decoded = frame::decode_header(&header[..len]).unwrap();
        prop_assert_eq!((decoded.size, decoded.header_len), (size, len));
        prop_assert_eq!(decoded.flags.0 & 5, flags.0);

        let (size, flags) = (size.min(u64::MAX - 1), zmtp::Flags(u8::from(more)));
        let mut header = [0; frame_v1::MAX_HEADER];
        let len = frame_v1::encode_header(flags, size, &mut header);
        let decoded = frame_v1::decode_header(&header[..len]).unwrap().unwrap();
        prop_assert_eq!((decoded.size, decoded.header_len, decoded.flags), (size, len, flags));
    }
}
