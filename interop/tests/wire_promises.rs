//! What is promised of the bytes on a connection: where messages begin again after a loss, where commands may
//! stand, and what nobody can forge. The peers are written by hand.

use interop::Version::{V1_0, V2_0, V3_0, V3_1};
use interop::{Peer, Wire, frame, frame_v1, noise};
use std::iter;
use std::net::TcpListener;
use std::time::Duration;
use zincmq::EventKind::Disconnected;
use zincmq::SocketType::{Dealer, Pull, Push, Sub, XPub};
use zincmq::option;

const MORE: u8 = 1;
const COMMAND: u8 = 4;

/// A message that tells its number and what else is in it: two parts, so that a cut can fall between them.
fn compose(number: u32, noise: &[u8]) -> [Vec<u8>; 2] {
    let sizes = [3, 200, 4_000, 70_000];
    let size = sizes[number as usize % sizes.len()];
    [number.to_be_bytes().to_vec(), noise[..size + number as usize % 100].to_vec()]
}

/// Bytes of one connection, as messages of two parts; what is cut off at the end is none.
fn messages(mut bytes: &[u8]) -> Vec<[Vec<u8>; 2]> {
    let mut parts = Vec::new();
    let mut next = || {
        let (&flags, rest) = bytes.split_first()?;
        let (size, rest) = match flags & 2 {
            0 => (u64::from(*rest.first()?), &rest[1..]),
            _ => (u64::from_be_bytes(*rest.first_chunk()?), &rest[8..]),
        };
        let (body, rest) = rest.split_at_checked(size as usize)?;
        bytes = rest;
        Some((flags & MORE, body.to_vec()))
    };
    while let Some((more, body)) = next() {
        assert_eq!(more == MORE, parts.len().is_multiple_of(2), "a message does not begin at its first part");
        parts.push(body);
    }
    parts.chunks_exact(2).map(|pair| [pair[0].clone(), pair[1].clone()]).collect()
}

/// A connection that ends after so many bytes, wherever that is: in a header, between two parts, at a boundary.
fn read_and_cut(listener: &TcpListener, most: usize) -> Vec<u8> {
    let mut wire = Wire::accept(listener);
    wire.open(V3_1, ("PULL", 7), b"");
    wire.read_some(most)
}

#[test]
fn after_a_cut_a_message_comes_whole_and_none_twice() {
    let noise = noise(80_000);
    let (listener, endpoint) = Wire::listen();
    let mut push = Peer::ours(Push);
    push.set(option::SNDHWM, 0)
        .set(option::RECONNECT_IVL, Duration::from_millis(1))
        .set(option::SNDBUF, 4096);
    push.connect(&endpoint);
    let total = 400_u32;
    for number in 0..total {
        push.send(&compose(number, &noise)).unwrap();
    }
    let mut cut = 1_usize;
    let mut last = None;
    let mut check = |[number, body]: [Vec<u8>; 2]| {
        let number = u32::from_be_bytes(number.try_into().unwrap());
        assert!(last.is_none_or(|last| number > last), "{number} after {last:?}");
        assert!(body == compose(number, &noise)[1], "{number} is not what was sent");
        last = Some(number);
        number
    };
    for _ in 0..30 {
        // Odd sizes, growing, so that each place is cut at some time.
        cut = cut * 7 / 5 + 13;
        messages(&read_and_cut(&listener, cut)).into_iter().for_each(|message| _ = check(message));
    }
    // The last connection brings all that is left, and what is sent now.
    push.send(&compose(total, &noise)).unwrap();
    let mut wire = Wire::accept(&listener);
    wire.open(V3_1, ("PULL", 7), b"");
    while check([wire.read_frame().1, wire.read_frame().1]) != total {}
}

#[test]
fn one_queue_serves_peers_of_all_versions_one_after_the_other() {
    let (listener, endpoint) = Wire::listen();
    let mut push = Peer::ours(Push);
    push.set(option::RECONNECT_IVL, Duration::from_millis(1));
    push.connect(&endpoint);
    for version in [V3_1, V2_0, V1_0, V3_0, V1_0, V3_1] {
        let mut wire = Wire::accept(&listener);
        wire.open(version, ("PULL", 7), b"");
        push.send(&["one", "two"]).unwrap();
        let framed = |flags, body| if version == V1_0 { frame_v1(flags, body) } else { frame(flags, body) };
        wire.expect(framed(MORE, b"one"));
        wire.expect(framed(0, b"two"));
    }
}

#[test]
fn a_ping_waits_for_the_end_of_a_message() {
    let noise = noise(6_000_000);
    let mut dealer = Peer::ours(Dealer);
    dealer
        .set(option::HEARTBEAT_IVL, Duration::from_millis(5))
        .set(option::HEARTBEAT_TIMEOUT, Duration::from_secs(60))
        .set(option::SNDBUF, 4096);
    let endpoint = dealer.bind_tcp();
    let mut wire = Wire::connect(&endpoint);
    wire.open(V3_1, ("DEALER", 5), b"");
    // The kernel does not take it: until it is read, it stands in the middle.
    let parts = noise.split_at(3_000_000);
    dealer.send(&[parts.0, parts.1]).unwrap();
    // Another peer of the same I/O thread shows that many beats have passed meanwhile.
    let mut beats = Wire::connect(&endpoint);
    beats.open(V3_1, ("DEALER", 5), b"");
    (0..20).for_each(|_| assert_eq!(beats.read_frame().0, COMMAND));
    let first = iter::repeat_with(|| wire.read_frame()).find(|(flags, _)| flags & COMMAND == 0).unwrap();
    assert!(first == (MORE, parts.0.to_vec()), "the first part is not what was sent");
    assert!(wire.read_frame() == (0, parts.1.to_vec()), "something else between the parts of a message");
    assert_eq!(wire.read_frame(), (COMMAND, b"\x04PING\0\0".to_vec()));
}

#[test]
fn a_command_between_two_parts_is_obeyed_and_no_part() {
    let mut pull = Peer::ours(Pull);
    let mut wire = Wire::connect(&pull.bind_tcp());
    wire.open(V3_1, ("PUSH", 8), b"");
    wire.write(frame(MORE, b"one"));
    wire.write(frame(COMMAND, b"\x04PING\0\0here"));
    wire.write(frame(0, b"two"));
    assert_eq!(pull.recv().unwrap(), [b"one", b"two"]);
    assert_eq!(wire.read_frame(), (COMMAND, b"\x04PONGhere".to_vec()));
}

#[test]
fn reserved_flag_bits_make_no_subscription() {
    for bits in (8..=0xF8_u8).step_by(8) {
        let mut publisher = Peer::ours(XPub);
        let mut wire = Wire::connect(&publisher.bind_tcp());
        wire.open(V3_1, ("SUB", 2), b"");
        wire.write(frame(bits, b"A"));
        assert_eq!(publisher.recv().unwrap(), [b"A"], "{bits:x}: data, as without the bits");
        publisher.send(&["A message"]).unwrap();
        // A real one comes after it, so what is published between would be seen first.
        wire.write(frame(0, b"\x01B"));
        assert_eq!(publisher.recv().unwrap(), [b"\x01B"]);
        publisher.send(&["B message"]).unwrap();
        assert_eq!(wire.read_frame(), (0, b"B message".to_vec()), "{bits:x}");
    }
}

#[test]
fn a_long_message_that_comes_slowly_is_a_sign_of_life() {
    let mut dealer = Peer::ours(Dealer);
    dealer
        .set(option::HEARTBEAT_IVL, Duration::from_millis(40))
        .set(option::HEARTBEAT_TIMEOUT, Duration::from_millis(1500));
    let mut wire = Wire::connect(&dealer.bind_tcp());
    wire.open(V3_1, ("DEALER", 5), b"");
    let body = [7; 200];
    let (header, rest) = (&frame(0, &body)[..2], &body[..]);
    wire.write(header);
    // One byte a heartbeat, never an answer, for longer than the timeout.
    for byte in &rest[..50] {
        assert_eq!(wire.read_frame().0, COMMAND);
        wire.write([*byte]);
    }
    wire.write(&rest[50..]);
    assert_eq!(dealer.recv().unwrap(), [body]);
}

#[test]
fn what_breaks_the_protocol_ends_its_connection_though_the_reader_itself_reads() {
    let mut pull = Peer::ours(Pull);
    pull.set(option::MAXMSGSIZE, 1000);
    let mut events = pull.monitor();
    let endpoint = pull.bind_tcp();
    let mut wire = Wire::connect(&endpoint);
    wire.open(V3_1, ("PUSH", 8), b"");
    let reader = std::thread::spawn(move || {
        let first = pull.recv().unwrap();
        (first, pull.recv().unwrap(), pull)
    });
    wire.write(frame(0, b"good"));
    wire.write(frame(0, &[0; 1001]));
    events.wait_for(Disconnected);
    wire.read_to_end();
    let mut other = Wire::connect(&endpoint);
    other.open(V3_1, ("PUSH", 8), b"");
    other.write(frame(0, b"better"));
    let (first, second, _pull) = reader.join().unwrap();
    assert_eq!((first, second), (vec![b"good".to_vec()], vec![b"better".to_vec()]));
}

#[test]
fn a_subscriber_filters_what_it_did_not_ask_for() {
    let mut sub = Peer::ours(Sub);
    sub.subscribe("B");
    let mut wire = Wire::connect(&sub.bind_tcp());
    wire.open(V3_1, ("PUB", 1), b"");
    wire.write([frame(MORE, b"A"), frame(0, b"B"), frame(0, b"Best")].concat());
    assert_eq!(sub.recv().unwrap(), [b"Best"]);
}
