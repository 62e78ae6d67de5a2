//! Heartbeats: an idle connection stays, a dead one goes.

use crate::{connected, subjects};
use interop::{GLANCE, Peer, Version, Wire, frame};
use zincmq::EventKind::{Disconnected, HandshakeSucceeded};
use zincmq::SocketType::Dealer;
use zincmq::option;

#[test]
fn an_idle_peer_that_answers_stays() {
    for subject in subjects() {
        let mut dealer = Peer::new(subject, Dealer);
        dealer
            .set(option::HEARTBEAT_IVL, 20)
            .set(option::HEARTBEAT_TIMEOUT, 2000)
            .set(option::HEARTBEAT_TTL, 2000);
        let mut other = Peer::new(subject.other(), Dealer);
        let mut events = [dealer.monitor(), other.monitor()];
        dealer.connect(&other.bind_tcp());
        events.iter_mut().for_each(|events| _ = events.wait_for(HandshakeSucceeded));
        assert_eq!(events[0].find(Disconnected, GLANCE), None, "{subject:?}");
        assert_eq!(events[1].find(Disconnected, GLANCE), None, "{subject:?}");
        dealer.send(&["still"]).unwrap();
        assert_eq!(other.recv().unwrap(), [b"still"]);
    }
}

#[test]
fn a_peer_that_stops_answering_is_dropped() {
    let mut dealer = Peer::ours(Dealer);
    dealer.set(option::HEARTBEAT_IVL, 50).set(option::HEARTBEAT_TTL, 1000);
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
    dealer.set(option::HEARTBEAT_IVL, 50).set(option::HEARTBEAT_TIMEOUT, 2000);
    let mut events = dealer.monitor();
    let mut wire = Wire::connect(&dealer.bind_tcp());
    wire.open(Version::V3_1, ("DEALER", 5), b"");
    for _ in 0..3 {
        assert_eq!(wire.read_frame(), (4, b"\x04PING\0\0".to_vec()));
        wire.write(frame(0, b"message"));
        assert_eq!(dealer.recv().unwrap(), [b"message"]);
    }
    assert_eq!(events.find(Disconnected, GLANCE), None);
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
        let (mut dealer, mut other) = connected(subject, Dealer, Dealer);
        other.set(option::HEARTBEAT_IVL, 20).set(option::HEARTBEAT_TIMEOUT, 2000);
        // The option holds for later endpoints only.
        let second = other.bind_tcp();
        dealer.connect(&second);
        let mut events = other.monitor();
        for _ in 0..2 {
            dealer.send(&["one for each"]).unwrap();
            other.recv().unwrap();
        }
        assert_eq!(events.find(Disconnected, GLANCE), None, "{subject:?}");
    }
}
