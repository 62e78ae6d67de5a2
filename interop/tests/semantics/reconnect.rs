//! Peers that go and come again.

use crate::subjects;
use interop::{Library, Peer};
use std::time::Duration;
use zincmq::EventKind::Disconnected;
use zincmq::SocketType::{self, Dealer, Pull, Push, Router, Sub, XPub};
use zincmq::option;

/// A connecting socket that does not wait long before it tries again.
fn connecter(library: Library, socket_type: SocketType) -> Peer {
    let mut peer = Peer::new(library, socket_type);
    peer.set(option::RECONNECT_IVL, Duration::from_millis(10));
    peer
}

#[test]
fn messages_wait_for_a_binder_that_restarts() {
    for subject in subjects() {
        for (from, to) in [(Push, Pull), (Dealer, Dealer)] {
            let mut first = Peer::new(subject.other(), to);
            let endpoint = first.bind_tcp();
            let mut from = connecter(subject, from);
            let mut events = from.monitor();
            from.connect(&endpoint);
            from.send(&["before"]).unwrap();
            assert_eq!(first.recv().unwrap(), [b"before"]);
            drop(first);
            events.wait_for(Disconnected);
            for number in 0..100_u32 {
                from.send(&[number.to_be_bytes()]).unwrap();
            }
            let mut second = Peer::new(subject.other(), to);
            second.bind(&endpoint);
            for number in 0..100_u32 {
                assert_eq!(second.recv().unwrap(), [number.to_be_bytes()], "{subject:?}");
            }
        }
    }
}

/// libzmq's ROUTER ignores for good a peer that comes under an id before its owner is forgotten, which takes it a time that
/// shows nowhere: so this is asked of ours alone.
#[test]
fn a_binder_takes_a_peer_that_restarts_under_the_same_id() {
    let mut router = Peer::ours(Router);
    let mut events = router.monitor();
    let endpoint = router.bind_tcp();
    for round in 0..3_u32 {
        let mut dealer = connecter(Library::Genuine, Dealer);
        dealer.set(option::ROUTING_ID, *b"name");
        dealer.connect(&endpoint);
        dealer.send(&[round.to_be_bytes()]).unwrap();
        assert_eq!(router.recv().unwrap(), [&b"name"[..], &round.to_be_bytes()]);
        router.send(&[&b"name"[..], b"hello"]).unwrap();
        assert_eq!(dealer.recv().unwrap(), [b"hello"]);
        drop(dealer);
        events.wait_for(Disconnected);
    }
}

#[test]
fn subscriptions_are_told_to_a_publisher_that_restarts() {
    for subject in subjects() {
        let mut sub = connecter(subject, Sub);
        let mut first = Peer::new(subject.other(), XPub);
        let endpoint = first.bind_tcp();
        sub.connect(&endpoint);
        for topic in ["a", "b", "c"] {
            sub.subscribe(topic);
            assert_eq!(first.recv().unwrap(), [format!("\x01{topic}").into_bytes()]);
        }
        sub.unsubscribe("b");
        assert_eq!(first.recv().unwrap(), [b"\0b"]);
        drop(first);
        let mut second = Peer::new(subject.other(), XPub);
        second.bind(&endpoint);
        let mut told = [second.recv_helped(&mut sub), second.recv_helped(&mut sub)];
        told.sort();
        assert_eq!(told, [[b"\x01a"], [b"\x01c"]], "{subject:?}");
        second.send(&["b"]).unwrap();
        second.send(&["c"]).unwrap();
        assert_eq!(sub.recv().unwrap(), [b"c"]);
    }
}
