//! PAIR and DEALER.

use super::*;

#[test]
fn pair_has_one_peer_and_another_that_waits_and_turns_others_away() {
    let mut pair = Rig::new(SocketType::Pair);
    assert_eq!(pair.send(&["a"]), Err(Denied::Again));
    assert!(!pair.can_send() && !pair.can_recv());
    pair.attach(1);
    pair.attach(2);
    pair.attach(3);
    assert_eq!([1, 2, 3].map(|peer| pair.fate(peer)), [None, None, Some(Fate::Aborted)]);
    pair.incoming(2, &["not yet"]);
    assert!(!pair.can_recv());
    pair.send(&["a", "b"]).unwrap();
    assert_eq!(pair.outgoing(1), [["a", "b"]]);
    assert_eq!(pair.outgoing(2), [[""; 0]; 0]);
    pair.incoming(1, &["c"]);
    assert_eq!(pair.all(), ["c"]);
}

#[test]
fn pair_sends_to_the_next_peer_as_soon_as_the_first_closes_and_hears_it_after_that() {
    let mut pair = Rig::with(SocketType::Pair, 2);
    pair.incoming(2, &["second"]);
    pair.incoming(1, &["first"]);
    pair.limit(1, 0);
    assert_eq!(pair.send(&["a"]), Err(Denied::Again));
    pair.closing(1);
    assert!(pair.can_send());
    pair.send(&["a"]).unwrap();
    assert_eq!(pair.outgoing(2), [["a"]]);
    assert_eq!(pair.all(), ["first"]);
    pair.detached(1);
    assert_eq!(pair.all(), ["second"]);
}

#[test]
fn pair_hears_all_that_came_and_went_before_it_looked() {
    let mut pair = Rig::new(SocketType::Pair);
    for peer in [1, 2, 3] {
        pair.attach(peer);
        pair.incoming(peer, &[&peer.to_string()]);
        pair.closing(peer);
    }
    for peer in [1, 2, 3] {
        assert_eq!(pair.all(), [peer.to_string()]);
        pair.detached(peer);
    }
}

#[test]
fn pair_keeps_one_that_waited_and_has_left_until_another_waits() {
    let mut pair = Rig::with(SocketType::Pair, 2);
    pair.incoming(2, &["kept"]);
    pair.closing(2);
    assert_eq!(pair.fate(2), None);
    pair.attach(3);
    assert_eq!((pair.fate(2), pair.fate(3)), (Some(Fate::Aborted), None));
    pair.incoming(3, &["stuck"]);
    pair.pattern.hung_up(&mut pair.peers, PeerId(3));
    assert!(pair.lane(3).inbox.is_empty(), "so that its end is seen");
    pair.leaves(3);
    pair.attach(4);
    pair.leaves(1);
    pair.send(&["a"]).unwrap();
    assert_eq!(pair.outgoing(4), [["a"]]);
}

#[test]
fn pair_takes_the_next_peer_when_the_first_has_gone() {
    let mut pair = Rig::with(SocketType::Pair, 1);
    pair.incoming(1, &["last"]);
    pair.closing(1);
    assert_eq!(pair.send(&["a"]), Err(Denied::Again));
    assert!(!pair.can_send());
    assert_eq!(pair.all(), ["last"]);
    pair.detached(1);
    pair.attach(2);
    assert_eq!(pair.fate(2), None);
    pair.send(&["a"]).unwrap();
    assert_eq!(pair.outgoing(2), [["a"]]);
}

#[test]
fn pair_waits_for_room() {
    let mut pair = Rig::with(SocketType::Pair, 1);
    pair.limit(1, 1);
    pair.send(&["a"]).unwrap();
    assert!(!pair.can_send());
    assert_eq!(pair.send(&["b"]), Err(Denied::Again));
    pair.outgoing(1);
    pair.send(&["b"]).unwrap();
}

#[test]
fn types_that_only_receive_let_the_caller_take_the_message() {
    for (socket_type, lends) in [
        (SocketType::Pair, true),
        (SocketType::Dealer, true),
        (SocketType::Pull, true),
        (SocketType::XSub, true),
        (SocketType::Req, false),
        (SocketType::Rep, false),
        (SocketType::Router, false),
        (SocketType::XPub, false),
        (SocketType::Stream, false),
    ] {
        let mut rig = Rig::with(socket_type, 2);
        rig.incoming(1, &["a"]);
        assert_eq!(rig.lender(), lends.then_some(1), "{socket_type}");
    }
}

#[test]
fn pair_lends_from_the_peer_that_it_hears() {
    let mut pair = Rig::with(SocketType::Pair, 2);
    pair.incoming(2, &["second"]);
    assert_eq!((pair.lender(), pair.recv()), (Some(1), Err(Denied::Again)));
    assert_eq!(pair.lender(), None);
    pair.incoming(1, &["first"]);
    assert_eq!(pair.lender(), Some(1));
    pair.closing(1);
    assert_eq!(pair.all(), ["first"]);
    pair.detached(1);
    assert_eq!(pair.lender(), Some(2));
}

#[test]
fn dealer_deals_and_collects_in_turn() {
    let mut dealer = Rig::with(SocketType::Dealer, 2);
    dealer.limit(2, 1);
    for text in ["a", "b", "c", "d"] {
        dealer.send(&[text]).unwrap();
    }
    assert_eq!(dealer.outgoing(1), [["a"], ["c"], ["d"]]);
    assert_eq!(dealer.outgoing(2), [["b"]]);
    for peer in [1, 1, 2] {
        dealer.incoming(peer, &["from", &peer.to_string()]);
    }
    assert_eq!(dealer.all(), ["from|1", "from|2", "from|1"]);
}

#[test]
fn dealer_without_peers_must_wait() {
    let mut dealer = Rig::with(SocketType::Dealer, 1);
    dealer.incoming(1, &["late"]);
    dealer.closing(1);
    assert_eq!(dealer.send(&["a"]), Err(Denied::Again));
    assert!(!dealer.can_send());
    assert_eq!(dealer.all(), ["late"]);
    dealer.detached(1);
    assert_eq!(dealer.recv(), Err(Denied::Again));
}

#[test]
fn probe_router_sends_an_empty_message_past_a_full_queue() {
    for (socket_type, probes) in [
        (SocketType::Dealer, 1),
        (SocketType::Req, 1),
        (SocketType::Rep, 1),
        (SocketType::Router, 1),
        (SocketType::Pair, 0),
        (SocketType::Push, 0),
    ] {
        let mut rig = Rig::new(socket_type);
        rig.options().probe_router = true;
        rig.peers.lanes.insert(PeerId(1), Lane::default());
        rig.attach(1);
        assert_eq!(rig.lane(1).outbox, vec![vec![String::new()]; probes], "{socket_type}");
    }
}
