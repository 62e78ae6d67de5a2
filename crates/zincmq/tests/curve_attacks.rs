//! Attacks on CURVE and PLAIN by peers that know its handshake, and by a third that has listened. The table in SECURITY.md
//! names the advisories that are about such.

mod client;
mod victim;

use client::{Client, curve};
use std::io::Write;
use std::time::Duration;
use victim::*;
use zincmq::EventKind::{Disconnected, HandshakeFailedProtocol};
use zincmq::authenticator::{Authenticator, Rules};
use zincmq::security::{Keypair, PublicKey};
use zincmq::{Context, EventKind, Events, Message, Pull, option};
use zmtp::{Cipher, Flags, Security};

fn encrypted_victim() -> (Victim, PublicKey) {
    let server = Keypair::generate().unwrap();
    let client = Keypair::generate().unwrap();
    let victim = Victim::with(
        |pull| pull.curve_server(&server).unwrap(),
        |push| push.curve_client(&client, server.public).unwrap(),
    );
    (victim, server.public)
}

/// A connection after the handshake, and its keys.
fn open(victim: &Victim, server: PublicKey) -> (Wire, Cipher) {
    let mut client = Client::connect(&victim.endpoint, curve(server));
    let cipher = client.open().unwrap();
    (Wire(client.stream), cipher)
}

/// Frames with these bodies, one box each.
fn sealed(cipher: &mut Cipher, bodies: &[&[u8]]) -> Vec<Vec<u8>> {
    let seal = |body: &&[u8]| {
        let mut frame = Vec::new();
        cipher.sealer.append(&mut frame, Flags::LAST, body);
        cipher.sealer.seal(&mut frame, usize::MAX).unwrap();
        frame
    };
    bodies.iter().map(seal).collect()
}

#[test]
fn a_message_that_is_replayed_ends_its_connection() {
    let (mut victim, server) = encrypted_victim();
    for replayed in [0, 1, 2] {
        let (mut wire, mut cipher) = open(&victim, server);
        let frames = sealed(&mut cipher, &[b"one", b"two", b"three"]);
        wire.write(frames.concat());
        for expected in ["one", "two", "three"] {
            assert_eq!(victim.pull.recv_timeout(PATIENCE).unwrap(), Message::from(expected));
        }
        // A good one behind it is not received either.
        wire.write([&frames[replayed], &sealed(&mut cipher, &[b"four"])[0]].map(Vec::as_slice).concat());
        wire.is_closed();
        victim.wait_for(Disconnected);
        victim.is_undisturbed();
    }
}

#[test]
fn messages_in_another_order_end_their_connection() {
    let (mut victim, server) = encrypted_victim();
    let (mut wire, mut cipher) = open(&victim, server);
    let frames = sealed(&mut cipher, &[b"one", b"two"]);
    wire.write(&frames[1]);
    assert_eq!(victim.pull.recv_timeout(PATIENCE).unwrap(), Message::from("two"));
    wire.write(&frames[0]);
    wire.is_closed();
    victim.wait_for(Disconnected);
    victim.is_undisturbed();
}

/// A box of one connection is none of another, even of the same client.
#[test]
fn a_message_of_another_connection_ends_the_one_that_it_comes_on() {
    let (mut victim, server) = encrypted_victim();
    let (_first, mut cipher) = open(&victim, server);
    let (mut second, _) = open(&victim, server);
    second.write(&sealed(&mut cipher, &[b"one"])[0]);
    second.is_closed();
    victim.wait_for(Disconnected);
    victim.is_undisturbed();
}

/// Frames that are no boxes of this connection, or none any more.
fn malformed(cipher: &mut Cipher) -> [Vec<u8>; 9] {
    let message = |rest: &[u8]| frame(0, &[b"\x07MESSAGE\0\0\0\0\0\0\0\x09", rest].concat());
    let [mut small, mut large] = [100, 70_000].map(|size| sealed(cipher, &[&vec![7; size]]).remove(0));
    small[20] ^= 1;
    *large.last_mut().unwrap() ^= 1;
    [
        frame(0, b""),
        frame(0, b"hello"),
        frame(COMMAND, b"\x04PING\0\0"),
        frame(0, b"\x07MESSAGE"),
        message(b""),
        message(&[0; 16]),
        message(&[0; 70_000]),
        small,
        large,
    ]
}

#[test]
fn malformed_boxes_end_their_connections_and_leave_nothing() {
    let (mut victim, server) = encrypted_victim();
    for kind in 0..9 {
        for _ in 0..20 {
            let (mut wire, mut cipher) = open(&victim, server);
            wire.write(&sealed(&mut cipher, &[b"whole"])[0]);
            assert_eq!(victim.pull.recv_timeout(PATIENCE).unwrap(), Message::from("whole"));
            wire.write(&malformed(&mut cipher)[kind]);
            wire.is_closed();
            victim.wait_for(Disconnected);
        }
        victim.is_undisturbed();
    }
}

#[test]
fn metadata_of_any_size_in_an_initiate_overruns_nothing() {
    let (mut victim, server) = encrypted_victim();
    for size in [0, 100, 255, 256, 257, 500, 512, 1000, 10_000, 65_000] {
        let metadata = [("X-large", vec![b'7'; size])];
        let mut client = Client::with_metadata(&victim.endpoint, curve(server), &metadata);
        let mut cipher = client.open().unwrap();
        client.stream.write_all(&sealed(&mut cipher, &[b"hello"])[0]).unwrap();
        let message = victim.pull.recv_timeout(PATIENCE).unwrap();
        assert_eq!(message.metadata("X-large"), Some(&metadata[0].1[..]));
    }
    for size in [65_536, 1 << 20] {
        let metadata = [("X-large", vec![b'7'; size])];
        let mut client = Client::with_metadata(&victim.endpoint, curve(server), &metadata);
        client.until_heard(b"\x07WELCOME");
        // The server may hang up before it is all said.
        let initiate = std::mem::take(client.opening.output());
        _ = client.stream.write_all(&initiate);
        Wire(client.stream).is_closed();
        victim.wait_for(HandshakeFailedProtocol);
        victim.is_undisturbed();
    }
}

/// The beginnings of older versions, each with a message behind it, and what a peer without security says.
fn older() -> Vec<Vec<u8>> {
    let message = frame(0, b"hello");
    vec![
        [&b"\xFF\0\0\0\0\0\0\0\x01\x7F\x01\x08\0\0"[..], &message].concat(),
        [&b"\xFF\0\0\0\0\0\0\0\x01\x7F\0\x08\x01\0"[..], b"\x06\0hello"].concat(),
        b"\x01\0\x06\0hello".to_vec(),
        [&b"\0\x02me"[..], &message].concat(),
        [frame(COMMAND, &ready("PUSH")), message.clone()].concat(),
        message,
    ]
}

/// Whatever a peer has done so far, older versions and NULL are no way on (CVE-2014-7202, CVE-2014-9721).
#[test]
fn a_downgrade_in_the_middle_of_a_handshake_reaches_nobody() {
    let context = Context::new();
    let _authenticator =
        Authenticator::start(&context, Rules::new().user("alice", "sesame").any_key()).unwrap();
    let keys = Keypair::generate().unwrap();
    let plain = || Security::PlainClient { user: "alice".to_owned(), password: "sesame".into() };
    for (is_curve, name, steps) in [
        (true, &b"CURVE"[..], [&b"CURVE"[..], b"\x07WELCOME"]),
        (false, b"PLAIN", [b"PLAIN", b"\x07WELCOME"]),
    ] {
        let mut pull = Pull::new(&context).unwrap();
        if is_curve {
            pull.curve_server(&keys).unwrap()
        } else {
            pull.plain_server().unwrap()
        }
        pull.set(option::RCVTIMEO, Duration::ZERO).unwrap();
        let mut events = pull.monitor(Events::ALL);
        let bound = pull.bind("tcp://127.0.0.1:*").unwrap();
        for step in steps {
            for said in older() {
                println!("{} {}: {}", name.escape_ascii(), step.escape_ascii(), said.escape_ascii());
                let mut client = Client::connect(&bound, if is_curve { curve(keys.public) } else { plain() });
                client.until_heard(step);
                // The rest of its greeting, but not its next command.
                let rest = std::mem::take(client.opening.output());
                let end = rest.windows(6).position(|bytes| bytes == b"\x05HELLO").map_or(0, |at| at - 2);
                _ = client.stream.write_all(&[&rest[..end], &said].concat());
                Wire(client.stream).is_closed();
                refused(&mut events);
                assert_eq!(pull.stats().peers.len(), 0);
                assert!(pull.recv().is_err());
            }
        }
    }
}

fn refused(events: &mut zincmq::Monitor) {
    loop {
        let event = events.recv_timeout(PATIENCE).unwrap().kind;
        assert_ne!(event, EventKind::HandshakeSucceeded);
        if event == Disconnected {
            return;
        }
    }
}
