//! Heartbeats: an idle connection stays, a dead one goes.

use crate::subjects;
use interop::{Peer, Version, Wire, frame};
use std::thread;
use std::time::Duration;
use zincmq::EventKind::Disconnected;
use zincmq::SocketType::Dealer;
use zincmq::option;

/// The time between beats, and the time to live of who does not answer: long enough for a busy machine.
const INTERVAL: Duration = Duration::from_millis(40);
const TIMEOUT: Duration = Duration::from_millis(1500);
/// So many beats take longer than that.
const BEATS: usize = 50;

/// Lets two libraries shake hands through the test, step by step: signature, version, the rest of the greeting, READY.
fn introduce(one: &mut Wire, other: &mut Wire) {
    for count in [10, 1, 53] {
        let bytes = [one.read(count), other.read(count)];
        other.write(&bytes[0]);
        one.write(&bytes[1]);
    }
    assert_eq!([pass(one, other)[0], pass(other, one)[0]], [5; 2]);
}

/// Passes a command on; returns it.
fn pass(from: &mut Wire, to: &mut Wire) -> Vec<u8> {
    let (flags, body) = from.read_frame();
    assert_eq!(flags, 4);
    to.write(frame(flags, &body));
    body
}

#[test]
fn an_idle_peer_that_answers_stays() {
    let check = |subject| {
        let (mut dealer, mut other) = (Peer::new(subject, Dealer), Peer::new(subject.other(), Dealer));
        dealer
            .set(option::HEARTBEAT_IVL, INTERVAL)
            .set(option::HEARTBEAT_TIMEOUT, TIMEOUT)
            .set(option::HEARTBEAT_TTL, TIMEOUT);
        let (listener, endpoint) = Wire::listen();
        dealer.connect(&endpoint);
        let (mut near, mut far) = (Wire::accept(&listener), Wire::connect(&other.bind_tcp()));
        introduce(&mut near, &mut far);
        for _ in 0..BEATS {
            assert_eq!(pass(&mut near, &mut far), b"\x04PING\0\x0F", "{subject:?}");
            assert_eq!(pass(&mut far, &mut near), b"\x04PONG", "{subject:?}");
        }
    };
    thread::scope(|scope| subjects().for_each(|subject| _ = scope.spawn(move || check(subject))));
}

#[test]
fn a_peer_that_stops_answering_is_dropped() {
    let mut dealer = Peer::ours(Dealer);
    dealer
        .set(option::HEARTBEAT_IVL, INTERVAL)
        .set(option::HEARTBEAT_TIMEOUT, TIMEOUT)
        .set(option::HEARTBEAT_TTL, Duration::from_secs(1));
    let mut events = dealer.monitor();
    let mut wire = Wire::connect(&dealer.bind_tcp());
    wire.open(Version::V3_1, ("DEALER", 5), b"");
    for _ in 0..3 {
        // The time to live is in tenths of a second.
        assert_eq!(wire.read_frame(), (4, b"\x04PING\0\x0A".to_vec()));
        wire.write(frame(4, b"\x04PONG"));
    }
    wire.read_to_end();
    events.wait_for(Disconnected);
}

#[test]
fn any_traffic_counts_as_a_sign_of_life() {
    let mut dealer = Peer::ours(Dealer);
    dealer.set(option::HEARTBEAT_IVL, INTERVAL).set(option::HEARTBEAT_TIMEOUT, TIMEOUT);
    let mut wire = Wire::connect(&dealer.bind_tcp());
    wire.open(Version::V3_1, ("DEALER", 5), b"");
    // It beats though somebody waits for a message nearly all the time.
    let receiver = thread::spawn(move || {
        (0..BEATS).for_each(|_| assert_eq!(dealer.recv().unwrap(), [b"message"]));
        dealer
    });
    for _ in 0..BEATS {
        assert_eq!(wire.read_frame(), (4, b"\x04PING\0\0".to_vec()));
        wire.write(frame(0, b"message"));
    }
    drop(receiver.join().unwrap());
}

#[test]
fn a_peer_that_announced_its_time_to_live_is_dropped_after_it() {
    let mut dealer = Peer::ours(Dealer);
    let mut events = dealer.monitor();
    let mut wire = Wire::connect(&dealer.bind_tcp());
    wire.open(Version::V3_1, ("DEALER", 5), b"");
    wire.write(frame(4, b"\x04PING\0\x01context"));
    assert_eq!(wire.read_frame(), (4, b"\x04PONGcontext".to_vec()));
    wire.read_to_end();
    events.wait_for(Disconnected);
}

#[test]
fn a_connecting_socket_beats_as_well() {
    for subject in subjects() {
        let mut dealer = Peer::new(subject, Dealer);
        let connected = |dealer: &mut Peer| {
            let (listener, endpoint) = Wire::listen();
            dealer.connect(&endpoint);
            let mut wire = Wire::accept(&listener);
            wire.open(Version::V3_1, ("DEALER", 5), b"");
            wire
        };
        let mut before = connected(&mut dealer);
        dealer
            .set(option::HEARTBEAT_IVL, Duration::from_millis(20))
            .set(option::HEARTBEAT_TIMEOUT, Duration::from_secs(60));
        let mut after = connected(&mut dealer);
        for _ in 0..5 {
            assert_eq!(after.read_frame(), (4, b"\x04PING\0\0".to_vec()), "{subject:?}");
            after.write(frame(4, b"\x04PONG"));
        }
        // The option holds for later endpoints only: the first that the earlier one hears is a message.
        (0..2).for_each(|_| dealer.send(&["one for each"]).unwrap());
        assert_eq!(before.read_frame(), (0, b"one for each".to_vec()), "{subject:?}");
    }
}
