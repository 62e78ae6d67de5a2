//! Peers that speak older versions of ZMTP, written by hand: 1.0 (RFC 13, without any greeting), 2.0 (RFC 15)
//! and 3.0 (RFC 23), in either role; and 3.1 for comparison.

use interop::Version::{V1_0, V2_0, V3_0, V3_1};
use interop::{Peer, Version, Wire, frame, frame_v1, noise};
use std::thread;
use std::time::Duration;
use zincmq::SocketType::{self, Dealer, Pub, Pull, Push, Router, Sub, XPub, XSub};
use zincmq::option;

const VERSIONS: [Version; 4] = [V1_0, V2_0, V3_0, V3_1];
const SIZES: [usize; 12] = [0, 1, 252, 253, 254, 255, 256, 257, 8192, 65_535, 65_536, 200_000];
const MORE: u8 = 1;
const COMMAND: u8 = 4;

/// A frame as this version writes it.
fn framed(version: Version, flags: u8, body: &[u8]) -> Vec<u8> {
    if version == V1_0 { frame_v1(flags, body) } else { frame(flags, body) }
}

/// Runs `test` with every version, our socket connecting and accepting, after the opening. The peer is of the
/// type `theirs` (its name, and its number in 2.0) and has a routing id.
fn with_each(
    ours: SocketType,
    theirs: (&str, u8),
    routing_id: &str,
    test: impl Fn(Version, &mut Peer, &mut Wire),
) {
    for version in VERSIONS {
        for accepts in [true, false] {
            println!("{version:?}, ours {ours} {}", if accepts { "accepts" } else { "connects" });
            let mut peer = Peer::ours(ours);
            peer.set(option::ROUTING_ID, *b"ours");
            let mut wire = if accepts {
                Wire::connect(&peer.bind_tcp())
            } else {
                let (listener, endpoint) = Wire::listen();
                peer.connect(&endpoint);
                Wire::accept(&listener)
            };
            let told = wire.open(version, theirs, routing_id.as_bytes());
            if matches!(ours, Dealer | Router) {
                assert!(told.ends_with(b"ours"), "{}", told.escape_ascii());
            }
            while peer.inner().stats().peers.is_empty() {
                thread::yield_now();
            }
            test(version, &mut peer, &mut wire);
        }
    }
}

#[test]
fn pull_gets_what_old_peers_push() {
    with_each(Pull, ("PUSH", 8), "", |version, pull, wire| {
        let bytes = noise(200_000);
        for size in SIZES {
            wire.write(framed(version, 0, &bytes[..size]));
            wire.write(framed(version, MORE, &bytes[..size]));
            wire.write(framed(version, 0, b"end"));
        }
        for size in SIZES {
            assert!(pull.recv().unwrap() == [&bytes[..size]], "{size}");
            assert!(pull.recv().unwrap() == [&bytes[..size], b"end"], "{size}");
        }
    });
}

#[test]
fn pull_takes_frames_cut_anywhere() {
    with_each(Pull, ("PUSH", 8), "", |version, pull, wire| {
        for byte in [framed(version, MORE, b"two"), framed(version, 0, b"parts")].concat() {
            wire.write([byte]);
        }
        assert_eq!(pull.recv().unwrap(), [&b"two"[..], b"parts"]);
    });
}

#[test]
fn old_peers_get_what_push_sends() {
    with_each(Push, ("PULL", 7), "", |version, push, wire| {
        let bytes = noise(200_000);
        for size in SIZES {
            push.send(&[&bytes[..size], b"end"]).unwrap();
            wire.expect(framed(version, MORE, &bytes[..size]));
            wire.expect(framed(version, 0, b"end"));
        }
    });
}

#[test]
fn routers_know_old_peers_by_their_ids() {
    with_each(Router, ("DEALER", 5), "theirs", |version, router, wire| {
        wire.write(framed(version, 0, b"hello"));
        assert_eq!(router.recv().unwrap(), [&b"theirs"[..], b"hello"]);
        router.send(&["theirs", "two", "parts"]).unwrap();
        wire.expect(framed(version, MORE, b"two"));
        wire.expect(framed(version, 0, b"parts"));
    });
}

#[test]
fn nameless_old_peers_get_automatic_ids() {
    with_each(Router, ("DEALER", 5), "", |version, router, wire| {
        wire.write(framed(version, 0, b"hello"));
        let message = router.recv().unwrap();
        assert_eq!((message[0].len(), message[0][0], &message[1][..]), (5, 0, &b"hello"[..]));
        router.send(&[&message[0][..], b"back"]).unwrap();
        wire.expect(framed(version, 0, b"back"));
    });
}

#[test]
fn dealers_talk_to_old_routers() {
    with_each(Dealer, ("ROUTER", 6), "theirs", |version, dealer, wire| {
        dealer.send(&["hello"]).unwrap();
        wire.expect(framed(version, 0, b"hello"));
        wire.write(framed(version, 0, b"world"));
        assert_eq!(dealer.recv().unwrap(), [b"world"]);
    });
}

#[test]
fn subscriptions_go_out_in_the_form_of_the_version() {
    for socket_type in [Sub, XSub] {
        with_each(socket_type, ("PUB", 1), "", |version, sub, wire| {
            let subscribe = |sub: &mut Peer, topic: &str, on: bool| match (socket_type, on) {
                (Sub, true) => sub.subscribe(topic),
                (Sub, false) => sub.unsubscribe(topic),
                _ => sub.send(&[[&[u8::from(on)], topic.as_bytes()].concat()]).unwrap(),
            };
            let long = "x".repeat(200_000);
            for topic in ["", "topic", &long[..300], &long[..32_768], &long] {
                subscribe(sub, topic, true);
                subscribe(sub, topic, false);
                for (byte, command) in [(1, "\x09SUBSCRIBE"), (0, "\x06CANCEL")] {
                    wire.expect(match version {
                        V3_1 => frame(COMMAND, [command, topic].concat().as_bytes()),
                        _ => framed(version, 0, &[&[byte], topic.as_bytes()].concat()),
                    });
                }
            }
            subscribe(sub, "t", true);
            wire.write(framed(version, MORE, b"topic"));
            wire.write(framed(version, 0, b"body"));
            assert_eq!(sub.recv().unwrap(), [&b"topic"[..], b"body"]);
        });
    }
}

#[test]
fn publishers_take_subscriptions_as_messages() {
    with_each(XPub, ("SUB", 2), "", |version, xpub, wire| {
        if version == V1_0 {
            // A peer without a greeting is taken to want everything.
            assert_eq!(xpub.recv().unwrap(), [b"\x01"]);
        }
        let bytes = noise(200_000);
        for topic in [&b"topic"[..], &bytes[..32_768], &bytes] {
            let [subscribe, cancel] = [1, 0].map(|byte| [&[byte], topic].concat());
            wire.write(framed(version, 0, &subscribe));
            assert!(xpub.recv().unwrap() == [subscribe]);
            xpub.send(&[topic, b"body"]).unwrap();
            wire.expect(framed(version, MORE, topic));
            wire.expect(framed(version, 0, b"body"));
            wire.write(framed(version, 0, &cancel));
            assert!(xpub.recv().unwrap() == [cancel]);
        }
    });
}

#[test]
fn publishers_take_subscriptions_as_commands_of_3_0_and_3_1() {
    for version in [V3_0, V3_1] {
        let mut xpub = Peer::ours(XPub);
        let mut wire = Wire::connect(&xpub.bind_tcp());
        wire.open(version, ("SUB", 2), b"");
        let bytes = noise(200_000);
        for topic in [&b"topic"[..], &bytes[..32_768], &bytes] {
            for (name, byte) in [("\x09SUBSCRIBE", 1), ("\x06CANCEL", 0)] {
                wire.write(frame(COMMAND, &[name.as_bytes(), topic].concat()));
                assert!(xpub.recv().unwrap() == [[&[byte], topic].concat()]);
            }
        }
    }
}

#[test]
fn a_pub_serves_peers_of_every_version_at_once() {
    let mut publisher = Peer::ours(Pub);
    let endpoint = publisher.bind_tcp();
    let mut wires = VERSIONS.map(|version| {
        let mut wire = Wire::connect(&endpoint);
        wire.open(version, ("SUB", 2), b"");
        wire.write(framed(version, 0, b"\x01topic"));
        (version, wire)
    });
    // One after the other: until it hears of the topic, a subscriber has not subscribed yet.
    for (version, wire) in &mut wires {
        while !wire.has_bytes() {
            publisher.send(&["topic of all"]).unwrap();
        }
        wire.expect(framed(*version, 0, b"topic of all"));
    }
}

#[test]
fn heartbeats_spare_peers_that_know_none() {
    for version in [V1_0, V2_0] {
        let mut dealer = Peer::ours(Dealer);
        dealer.set(option::HEARTBEAT_IVL, Duration::from_millis(10));
        let endpoint = dealer.bind_tcp();
        let mut wire = Wire::connect(&endpoint);
        wire.open(version, ("DEALER", 5), b"");
        // A silent peer that knows them, and comes later, is pinged and given up in the meantime.
        let mut silent = Wire::connect(&endpoint);
        silent.open(V3_1, ("DEALER", 5), b"");
        assert!(silent.read_to_end().starts_with(&frame(COMMAND, b"\x04PING\0\0")));
        // The socket may hear of that end a little later.
        while !wire.has_bytes() {
            dealer.send(&["no ping before"]).unwrap();
        }
        wire.expect(framed(version, 0, b"no ping before"));
    }
}
