//! Exact bytes: greetings, READY, peers of every version, commands.

mod common;

use common::*;
use zmtp::{Command, Error, Flags, Header, Local, Opening, Peer, Status, Version, command, frame, frame_v1};

#[test]
fn our_greeting_comes_piece_by_piece() {
    let mut opening = Opening::new(dealer(b"abc"));
    assert_eq!(opening.output(), b"\xFF\0\0\0\0\0\0\0\x04\x7F", "the signature at once");
    opening.output().clear();

    let theirs = greeting(3, 1, "NULL");
    assert_eq!(opening.feed(&theirs[..9]), Ok((9, Status::More)));
    assert!(opening.output().is_empty());
    assert_eq!(opening.feed(&theirs[9..10]), Ok((1, Status::More)));
    assert_eq!(opening.output(), b"\x03", "the revision once the peer has a signature");
    opening.output().clear();

    assert_eq!(opening.feed(&theirs[10..11]), Ok((1, Status::More)));
    let mut rest = b"\x01NULL".to_vec();
    rest.resize(53, 0);
    assert_eq!(opening.output(), &rest, "the rest once the peer's revision is known");
}

#[test]
fn ready_of_a_dealer() {
    let outcome = feed(dealer(b""), &greeting(3, 1, "NULL"), &[]);
    let ready = b"\x04\x29\x05READY\x0BSocket-Type\0\0\0\x06DEALER\x08Identity\0\0\0\0";
    assert_eq!(outcome.sent[64..], ready[..]);
}

#[test]
fn ready_without_routing_id_and_with_metadata() {
    let metadata = vec![("X-b".to_owned(), b"1".to_vec()), ("X".repeat(256), b"left out".to_vec())];
    let outcome = feed(Local { metadata, ..local(PUSH) }, &greeting(3, 1, "NULL"), &[]);
    assert_eq!(outcome.sent[64..], b"\x04\x23\x05READY\x0BSocket-Type\0\0\0\x04PUSH\x03X-b\0\0\0\x011"[..]);
}

#[test]
fn a_long_ready_is_a_long_frame() {
    let metadata = vec![("X-long".to_owned(), vec![7; 300])];
    let outcome = feed(Local { metadata, ..local(PUSH) }, &greeting(3, 1, "NULL"), &[]);
    let header = frame::decode_header(&outcome.sent[64..]).unwrap();
    assert_eq!(header, Header { flags: Flags::COMMAND | Flags::LONG, header_len: 9, size: 337 });
    assert_eq!(outcome.sent.len(), 64 + 9 + 337);
}

#[test]
fn revisions_choose_the_version() {
    for (revision, minor, version) in [
        (3, 0, Version::V3_0),
        (3, 1, Version::V3_1),
        (3, 9, Version::V3_1),
        (2, 0, Version::V3_1),
        (4, 0, Version::V3_1),
        (255, 255, Version::V3_1),
    ] {
        let mut input = greeting(revision, minor, "NULL");
        frame::append(&mut input, Flags::COMMAND, &[&ready(&[(b"Socket-Type", b"PULL")])]);
        assert_eq!(feed(local(PUSH), &input, &[1]).peer().version, version, "{revision}.{minor}");
    }
}

/// Feeds an old peer's bytes in one piece and in single bytes, with traffic behind.
fn old_peer(input: &[u8], sent: &[u8], version: Version, routing_id: &[u8], unversioned: bool) {
    let traffic = [input, b"\x02\x00hi".as_slice()].concat();
    for pieces in [&[][..], &[1], &[5, 6, 1]] {
        let outcome = feed(dealer(b"me"), &traffic, pieces);
        let (properties, routing_id) = (Vec::new(), Some(routing_id.to_vec()));
        let peer = Peer { version, socket_type: None, routing_id, properties, unversioned };
        assert_eq!(outcome.peer(), &peer);
        assert_eq!(outcome.taken, input.len());
        assert_eq!(outcome.sent, sent);
    }
}

const SIGNATURE: &[u8] = b"\xFF\0\0\0\0\0\0\0\x01\x7F";
const OURS: &[u8] = b"\xFF\0\0\0\0\0\0\0\x03\x7F";

#[test]
fn a_peer_of_2_0() {
    let input = [SIGNATURE, b"\x01\x06\x00\x04them"].concat();
    old_peer(&input, &[OURS, b"\x03\x05\x00\x02me"].concat(), Version::V2_0, b"them", false);
    let input = [SIGNATURE, b"\x01\x06\x00\x00"].concat();
    old_peer(&input, &[OURS, b"\x03\x05\x00\x02me"].concat(), Version::V2_0, b"", false);
    let input = [SIGNATURE, b"\x01\x06\x02\0\0\0\0\0\0\0\x01x"].concat();
    old_peer(&input, &[OURS, b"\x03\x05\x00\x02me"].concat(), Version::V2_0, b"x", false);
}

#[test]
fn a_peer_of_1_0_with_a_greeting() {
    let input = [SIGNATURE, b"\x00\x06\x05\x00them"].concat();
    old_peer(&input, &[OURS, b"\x03\x05\x03\x00me"].concat(), Version::V1_0, b"them", false);
}

#[test]
fn a_peer_of_1_0_without_greeting() {
    let sent = [OURS, b"me"].concat();
    old_peer(b"\x01\x00", &sent, Version::V1_0, b"", true);
    old_peer(b"\x05\x00them", &sent, Version::V1_0, b"them", true);
    old_peer(b"\xFF\0\0\0\0\0\0\0\x05\x00them", &sent, Version::V1_0, b"them", true);
    old_peer(b"\xFF\0\0\0\0\0\0\0\x01\x00", &sent, Version::V1_0, b"", true);
    let long = [b"\xFF\0\0\0\0\0\0\x01\x00\x00".as_slice(), &[9; 255]].concat();
    old_peer(&long, &sent, Version::V1_0, &[9; 255], true);
}

#[test]
fn frame_headers() {
    let mut header = [0; frame::MAX_HEADER];
    for (size, flags, bytes) in [
        (0, Flags::LAST, &b"\0\0"[..]),
        (255, Flags::MORE, b"\x01\xFF"),
        (256, Flags::MORE, b"\x03\0\0\0\0\0\0\x01\0"),
        (255, Flags::LONG, b"\0\xFF"),
        (u64::MAX, Flags::COMMAND, b"\x06\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"),
    ] {
        let len = frame::encode_header(flags, size, &mut header);
        assert_eq!(&header[..len], bytes);
        let decoded = frame::decode_header(bytes).unwrap();
        assert_eq!((decoded.header_len, decoded.size), (bytes.len(), size));
        (0..len).for_each(|cut| assert_eq!(frame::decode_header(&bytes[..cut]), None));
    }
}

#[test]
fn frame_v1_headers() {
    let mut header = [0; frame_v1::MAX_HEADER];
    for (size, flags, bytes) in [
        (0, Flags::LAST, &b"\x01\0"[..]),
        (253, Flags::MORE | Flags::COMMAND, b"\xFE\x01"),
        (254, Flags::MORE, b"\xFF\0\0\0\0\0\0\0\xFF\x01"),
        (u64::MAX - 1, Flags::LAST, b"\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\0"),
    ] {
        let len = frame_v1::encode_header(flags, size, &mut header);
        assert_eq!(&header[..len], bytes);
        let decoded = frame_v1::decode_header(bytes).unwrap().unwrap();
        assert_eq!((decoded.header_len, decoded.size), (bytes.len(), size));
        (0..len).for_each(|cut| assert_eq!(frame_v1::decode_header(&bytes[..cut]), Ok(None)));
    }
    assert_eq!(frame_v1::decode_header(b"\0"), Err(Error::EmptyFrame));
    assert_eq!(frame_v1::decode_header(b"\xFF\0\0\0\0\0\0\0\0"), Err(Error::EmptyFrame));
}

#[test]
fn sizes_are_checked_against_the_limit_and_against_memory() {
    assert_eq!(frame::check(i64::MAX as u64, -1), Ok(()));
    assert_eq!(frame::check(10, 10), Ok(()));
    assert_eq!(frame::check(0, 0), Ok(()));
    for (size, max_frame) in [(11, 10), (1, 0), (1 << 63, -1), (u64::MAX, -1), (u64::MAX, i64::MAX)] {
        assert!(matches!(frame::check(size, max_frame), Err(Error::Oversize { .. })), "{size} {max_frame}");
    }
}

fn written(write: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut out = b"before".to_vec();
    write(&mut out);
    assert!(out.starts_with(b"before"), "encoders append");
    out.split_off(6)
}

#[test]
fn heartbeats() {
    assert_eq!(written(|out| command::ping(out, 65_699, b"ctx")), b"\x04\x0A\x04PING\x02\x90ctx");
    assert_eq!(written(|out| command::ping(out, u32::MAX, b"")), b"\x04\x07\x04PING\xFF\xFF");
    assert_eq!(written(|out| command::pong(out, &[1; 40])).len(), 2 + 5 + 16, "context is cut");

    let ping = |body| Command::parse(body);
    assert_eq!(ping(b"\x04PING\xFF\xFFab"), Command::Ping { ttl: 6_553_500, context: b"ab" });
    assert_eq!(
        ping(b"\x04PING\0\x000123456789abcdefXYZ"),
        Command::Ping { ttl: 0, context: b"0123456789abcdef" }
    );
    assert_eq!(ping(b"\x04PONG"), Command::Pong { context: b"" });
    for len in 0..7 {
        assert_eq!(ping(&b"\x04PING\0\0"[..len]), Command::Malformed, "a PING of {len} bytes");
    }
}

#[test]
fn subscriptions_of_every_version() {
    use Version::{V1_0, V2_0, V3_0, V3_1};
    assert_eq!(written(|out| command::subscribe(out, b"ab", V3_1)), b"\x04\x0C\x09SUBSCRIBEab");
    assert_eq!(written(|out| command::cancel(out, b"ab", V3_1)), b"\x04\x09\x06CANCELab");
    assert_eq!(written(|out| command::subscribe(out, b"ab", V3_0)), b"\x00\x03\x01ab");
    assert_eq!(written(|out| command::cancel(out, b"", V2_0)), b"\x00\x01\x00");
    assert_eq!(written(|out| command::subscribe(out, b"ab", V1_0)), b"\x04\x00\x01ab");
}

#[test]
fn the_long_flag_follows_from_the_final_length() {
    let sent = written(|out| command::subscribe(out, &[b'x'; 255], Version::V3_0));
    assert_eq!(sent[..10], b"\x02\0\0\0\0\0\0\x01\0\x01"[..]);
    let sent = written(|out| command::subscribe(out, &[b'x'; 254], Version::V3_0));
    assert_eq!(sent[..3], b"\x00\xFF\x01"[..]);
    let sent = written(|out| command::subscribe(out, &[b'x'; 246], Version::V3_1));
    assert_eq!(sent[..10], b"\x06\0\0\0\0\0\0\x01\0\x09"[..]);
    let sent = written(|out| command::cancel(out, &[b'x'; 254], Version::V1_0));
    assert_eq!(sent[..11], b"\xFF\0\0\0\0\0\0\x01\0\0\0"[..]);
}

#[test]
fn other_commands() {
    assert_eq!(Command::parse(b"\x09SUBSCRIBEab"), Command::Subscribe(b"ab"));
    assert_eq!(Command::parse(b"\x06CANCEL"), Command::Cancel(b""));
    assert_eq!(Command::parse(b"\x04JOINgroup"), Command::Join(b"group"));
    assert_eq!(Command::parse(b"\x05LEAVEgroup"), Command::Leave(b"group"));
    assert_eq!(Command::parse(b"\x05READYrest"), Command::Unknown { name: b"READY" });
    assert_eq!(Command::parse(b"\0"), Command::Unknown { name: b"" });
    assert_eq!(Command::parse(b""), Command::Malformed);
    assert_eq!(Command::parse(b"\x05ERRO"), Command::Malformed);
    assert_eq!(Command::parse(b"\x05ERROR\x04400"), Command::Malformed);
    assert_eq!(Command::parse(b"\x05ERROR\x03400"), Command::Error { reason: b"400" });
    assert_eq!(written(|out| command::error(out, b"400")), b"\x04\x0A\x05ERROR\x03400");
    assert_eq!(written(|out| command::error(out, &[b'x'; 999])).len(), 9 + 6 + 1 + 255);
}
