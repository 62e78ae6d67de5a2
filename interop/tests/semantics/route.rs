//! Routing ids: announced, assigned, automatic, taken over; and what happens to what nobody can take.

use crate::{connected, subjects};
use interop::{GLANCE, Peer};
use std::iter;
use std::time::Duration;
use zincmq::EventKind::HandshakeSucceeded;
use zincmq::SocketType::{Dealer, Rep, Req, Router};
use zincmq::option;

const AGAIN: i32 = 11;
/// `EHOSTUNREACH`.
const UNREACHABLE: i32 = 113;

#[test]
fn ids_are_automatic_unless_announced() {
    for subject in subjects() {
        for (socket_type, id) in [(Dealer, None), (Dealer, Some(vec![b'x'; 255])), (Req, Some(vec![b'y']))] {
            let (mut peer, mut router) =
                (Peer::new(subject, socket_type), Peer::new(subject.other(), Router));
            if let Some(id) = &id {
                peer.set(option::ROUTING_ID, &id[..]);
            }
            peer.connect(&router.bind_tcp());
            peer.send(&["hello"]).unwrap();
            let message = router.recv().unwrap();
            match id {
                Some(id) => assert_eq!(message[0], id),
                None => assert_eq!((message[0].len(), message[0][0]), (5, 0)),
            }
            router.send(&message).unwrap();
            assert_eq!(peer.recv().unwrap(), [b"hello"]);
        }
    }
}

#[test]
fn probes_make_a_peer_known() {
    for subject in subjects() {
        for socket_type in [Dealer, Req, Router] {
            let (mut peer, mut router) =
                (Peer::new(subject, socket_type), Peer::new(subject.other(), Router));
            peer.set(option::PROBE_ROUTER, true).set(option::ROUTING_ID, *b"name");
            peer.connect(&router.bind_tcp());
            assert_eq!(router.recv_helped(&mut peer), [&b"name"[..], b""], "{subject:?} {socket_type}");
        }
    }
}

#[test]
fn the_connecting_side_may_name_its_peer() {
    for subject in subjects() {
        let (mut router, mut dealer) = (Peer::new(subject, Router), Peer::new(subject.other(), Dealer));
        dealer.set(option::ROUTING_ID, *b"its own");
        router.set(option::ROUTER_MANDATORY, true).set(option::CONNECT_ROUTING_ID, *b"ours");
        router.connect(&dealer.bind_tcp());
        router.send(&["ours", "hello"]).unwrap();
        assert_eq!(dealer.recv().unwrap(), [b"hello"]);
        dealer.send(&["back"]).unwrap();
        assert_eq!(router.recv().unwrap(), [b"ours".to_vec(), b"back".to_vec()], "{subject:?}");
    }
}

#[test]
fn an_id_in_use_is_handed_over_only_if_allowed() {
    for subject in subjects() {
        for handover in [false, true] {
            let mut router = Peer::new(subject, Router);
            router.set(option::ROUTER_HANDOVER, handover);
            let endpoint = router.bind_tcp();
            let mut dealers = [Dealer, Dealer].map(|socket_type| Peer::new(subject.other(), socket_type));
            for (dealer, text) in dealers.iter_mut().zip(["first", "second"]) {
                dealer.set(option::ROUTING_ID, *b"same").set(option::RECONNECT_IVL, None);
                let mut events = dealer.monitor();
                dealer.connect(&endpoint);
                dealer.send(&[text]).unwrap();
                events.wait_for(HandshakeSucceeded);
                if text == "first" || handover {
                    assert_eq!(router.recv().unwrap(), [&b"same"[..], text.as_bytes()], "{subject:?}");
                }
            }
            router.send(&["same", "to whom"]).unwrap();
            let owner = &mut dealers[usize::from(handover)];
            assert_eq!(owner.recv().unwrap(), [b"to whom"], "{subject:?}, handover {handover}");
            // What the other one sent before is not received, neither now nor in between.
            for number in 0..50_u8 {
                owner.send(&[[number]]).unwrap();
                assert_eq!(router.recv().unwrap(), [&b"same"[..], &[number]], "{subject:?}");
            }
        }
    }
}

#[test]
fn what_cannot_be_routed_is_dropped_or_refused() {
    for subject in subjects() {
        let mut router = Peer::new(subject, Router);
        router.send(&["nobody", "dropped"]).unwrap();
        router.set(option::ROUTER_MANDATORY, true);
        assert_eq!(router.send(&["nobody", "refused"]), Err(UNREACHABLE));
        let mut dealer = Peer::new(subject.other(), Dealer);
        dealer.set(option::ROUTING_ID, *b"somebody");
        dealer.connect(&router.bind_tcp());
        dealer.send(&["hello"]).unwrap();
        router.recv().unwrap();
        router.send(&["somebody", "taken"]).unwrap();
        assert_eq!(dealer.recv().unwrap(), [b"taken"]);
        let mut events = router.monitor();
        drop(dealer);
        events.wait_for(zincmq::EventKind::Disconnected);
        // The event comes a moment before the socket hears of it, which it does inside a call that waits.
        let refused = iter::repeat_with(|| {
            assert_eq!(router.recv_within(Duration::from_millis(1)), None);
            router.send(&["somebody", "too late"])
        });
        let refused = refused.take(1000).find_map(Result::err);
        assert_eq!(refused, Some(UNREACHABLE), "{subject:?}");
    }
}

#[test]
fn a_mandatory_peer_that_does_not_read_holds_the_router_up() {
    for subject in subjects() {
        let (mut dealer, mut router) = (Peer::new(subject.other(), Dealer), Peer::new(subject, Router));
        router.set(option::ROUTER_MANDATORY, true).set(option::SNDHWM, 10).set(option::SNDBUF, 65_536);
        dealer.set(option::ROUTING_ID, *b"slow").set(option::RCVHWM, 10).set(option::RCVBUF, 65_536);
        dealer.connect(&router.bind_tcp());
        dealer.send(&["hello"]).unwrap();
        router.recv().unwrap();
        // Only time can show that there is no room.
        router.set(option::SNDTIMEO, GLANCE);
        let body = [b'x'; 10_000];
        let sent = (0..200).take_while(|_| match router.send(&[&b"slow"[..], &body]) {
            Ok(()) => true,
            Err(error) => {
                assert_eq!(error, AGAIN, "{subject:?}");
                false
            }
        });
        let sent = sent.count();
        assert!((10..200).contains(&sent), "{subject:?}: {sent}");
        (0..sent).for_each(|_| assert!(dealer.recv().unwrap() == [body]));
    }
}

#[test]
fn a_reply_finds_its_way_through_a_chain_of_routers() {
    for subject in subjects() {
        let (mut dealer, mut rep) = connected(subject, Dealer, Rep);
        dealer.send(&["far", "near", "", "question", ""]).unwrap();
        assert_eq!(rep.recv().unwrap(), [&b"question"[..], b""]);
        rep.send(&["answer"]).unwrap();
        assert_eq!(dealer.recv().unwrap(), [&b"far"[..], b"near", b"", b"answer"]);
    }
}
