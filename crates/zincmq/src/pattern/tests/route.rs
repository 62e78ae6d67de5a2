//! ROUTER and STREAM.

use super::*;

const NOBODY: [[&str; 0]; 0] = [];

fn router(names: &[&str]) -> Rig {
    let mut rig = Rig::new(SocketType::Router);
    for (peer, name) in (1..).zip(names) {
        rig.attach_named(peer, name);
    }
    rig
}

#[test]
fn router_puts_the_id_in_front_and_strips_it() {
    let mut rig = router(&["a", "b"]);
    rig.incoming(1, &["x"]);
    rig.incoming(1, &["y"]);
    rig.incoming(2, &["", "z"]);
    assert!(rig.can_recv());
    assert_eq!(rig.all(), ["a|x", "b||z", "a|y"]);
    rig.send(&["b", "", "reply"]).unwrap();
    assert_eq!(rig.outgoing(2), [["", "reply"]]);
    assert_eq!(rig.outgoing(1), NOBODY);
    assert_eq!(rig.pattern.peer_of(b"b"), Ok(PeerId(2)));
    assert_eq!(rig.pattern.routing_id_of(PeerId(1)), Some(&b"a"[..]));
}

#[test]
fn router_makes_up_ids_that_count_from_the_seed() {
    let mut rig = Rig::new(SocketType::Router);
    rig.attach_named(1, "\0\0\0\0\x01");
    rig.attach(2);
    rig.attach(3);
    let ids = [2, 3].map(|peer| rig.pattern.routing_id_of(PeerId(peer)).map(text));
    assert_eq!(ids.map(Option::unwrap), ["\0\0\0\0\0", "\0\0\0\0\x02"], "an id in use is passed over");
    let mut seeded = super::super::new(SocketType::Router, 0xffff_ffff_0102_0304);
    seeded.attached(&mut rig.peers, PeerId(9), Attached { routing_id: Some(vec![]), ..Attached::default() });
    assert_eq!(seeded.routing_id_of(PeerId(9)), Some(&[0, 1, 2, 3, 4][..]));
}

#[test]
fn router_keeps_ids_of_every_length() {
    let names: Vec<_> = [1, 21, 22, 23, 255].iter().map(|&len| "n".repeat(len)).collect();
    let mut rig = router(&names.iter().map(String::as_str).collect::<Vec<_>>());
    for (peer, name) in (1..).zip(&names) {
        rig.send(&[name, "m"]).unwrap();
        assert_eq!(rig.outgoing(peer), [["m"]]);
        rig.incoming(peer, &["m"]);
        assert_eq!(rig.recv().unwrap(), [name, "m"]);
    }
}

#[test]
fn router_drops_what_nobody_can_take() {
    let mut rig = router(&["a"]);
    rig.send(&["unknown", "m"]).unwrap();
    assert_eq!(rig.send(&["a"]), Err(Denied::Invalid), "an id is no message");
    rig.limit(1, 1);
    rig.send(&["a", "1"]).unwrap();
    rig.send(&["a", "2"]).unwrap();
    assert_eq!(rig.outgoing(1), [["1"]]);
    assert!(rig.can_send());
    rig.leaves(1);
    rig.send(&["a", "3"]).unwrap();
    assert!(rig.can_send());
    assert_eq!((rig.peers.unroutable, rig.peers.dropped), (2, 1));
}

#[test]
fn mandatory_router_says_why() {
    let mut rig = router(&["a"]);
    rig.options().router_mandatory = true;
    assert_eq!(rig.send(&["unknown", "m"]), Err(Denied::Unroutable));
    assert_eq!(rig.send(&["unknown"]), Err(Denied::Invalid));
    rig.limit(1, 1);
    assert!(rig.can_send());
    rig.send(&["a", "1"]).unwrap();
    assert_eq!(rig.send(&["a", "2"]), Err(Denied::Again));
    assert!(!rig.can_send());
    rig.outgoing(1);
    assert!(rig.can_send());
    rig.closing(1);
    assert_eq!(rig.send(&["a", "3"]), Err(Denied::Unroutable));
    assert!(!rig.can_send());
}

#[test]
fn router_knows_a_connected_peer_by_the_id_that_it_announced_last() {
    let mut rig = Rig::new(SocketType::Router);
    rig.attach_as(1, Attached::default());
    rig.pattern.identified(&mut rig.peers, PeerId(1), b"old");
    rig.attach_named(2, "old");
    rig.attach_named(3, "taken");
    rig.lane(1).announced = ["old", "new"].into();
    rig.incoming(1, &["before"]);
    rig.incoming(1, &["after"]);
    rig.pattern.identified(&mut rig.peers, PeerId(1), b"new");
    assert_eq!(rig.all(), ["old|before", "new|after"]);
    rig.send(&["new", "m"]).unwrap();
    rig.send(&["old", "m"]).unwrap();
    assert_eq!([1, 2].map(|peer| rig.outgoing(peer)), [[["m"]]; 2], "who waited for the old id has it");
    rig.pattern.identified(&mut rig.peers, PeerId(1), b"taken");
    assert_eq!(
        (rig.pattern.peer_of(b"new"), rig.pattern.peer_of(b"taken")),
        (Err(Denied::Unroutable), Ok(PeerId(3)))
    );
    rig.pattern.identified(&mut rig.peers, PeerId(1), b"");
    rig.leaves(3);
    assert_eq!(rig.pattern.peer_of(b"taken"), Err(Denied::Unroutable), "it waits no more");
    assert_eq!(rig.pattern.peer_of(&[0; 5]), Ok(PeerId(1)));
}

#[test]
fn router_waits_for_the_id_of_a_connection_under_way() {
    let mut rig = Rig::new(SocketType::Router);
    rig.attach_as(1, Attached::default());
    rig.incoming(1, &["early"]);
    assert!(!rig.can_recv());
    rig.pattern.identified(&mut rig.peers, PeerId(1), b"late");
    assert_eq!(rig.all(), ["late|early"]);
    rig.send(&["late", "m"]).unwrap();
    assert_eq!(rig.outgoing(1), [["m"]]);
}

#[test]
fn a_second_peer_of_the_same_id_waits_until_the_first_has_gone() {
    let mut rig = router(&["a", "a", "a"]);
    rig.incoming(2, &["from the second"]);
    rig.incoming(1, &["from the first"]);
    rig.incoming(3, &["from the third"]);
    assert_eq!(rig.all(), ["a|from the first"]);
    rig.send(&["a", "m"]).unwrap();
    assert_eq!([1, 2, 3].map(|peer| rig.outgoing(peer).len()), [1, 0, 0]);
    rig.leaves(1);
    assert_eq!(rig.all(), ["a|from the second"]);
    rig.send(&["a", "m"]).unwrap();
    assert_eq!([2, 3].map(|peer| rig.outgoing(peer).len()), [1, 0]);
    rig.leaves(2);
    assert_eq!(rig.all(), ["a|from the third"]);
}

#[test]
fn who_leaves_while_it_waits_is_still_heard_but_not_without_bound() {
    let mut rig = router(&["a"; 7]);
    for peer in 2..=7 {
        rig.incoming(peer, &[&peer.to_string()]);
    }
    for peer in [2, 4, 3, 5, 6] {
        rig.closing(peer);
    }
    assert_eq!([2, 3, 4, 5, 6].map(|peer| rig.fate(peer)), [None, None, None, None, Some(Fate::Aborted)]);
    assert!(!rig.can_recv());
    rig.closing(1);
    rig.send(&["a", "m"]).unwrap();
    assert_eq!(rig.outgoing(7), [["m"]], "the one that is there is reached");
    let mut heard = rig.all();
    heard.sort();
    assert_eq!(heard, ["a|2", "a|3", "a|4", "a|5", "a|7"]);
    for peer in 2..=5 {
        rig.detached(peer);
    }
    assert_eq!(rig.pattern.peer_of(b"a"), Ok(PeerId(7)));
}

#[test]
fn who_has_hung_up_while_it_waits_is_read_to_its_end() {
    let mut rig = router(&["a", "a"]);
    for peer in [1, 2] {
        rig.incoming(peer, &["m"]);
        rig.incoming(peer, &["n"]);
        rig.pattern.hung_up(&mut rig.peers, PeerId(peer));
    }
    assert!(rig.lane(2).inbox.is_empty() && rig.lane(2).told_empty);
    assert_eq!(rig.all(), ["a|m", "a|n"], "the other one is heard");
}

#[test]
fn who_waited_longest_loses_its_turn_to_a_handover() {
    let mut rig = router(&["a", "a"]);
    rig.options().router_handover = true;
    rig.attach_named(3, "a");
    assert_eq!((rig.fate(1), rig.pattern.peer_of(b"a")), (Some(Fate::Closed), Ok(PeerId(3))));
    rig.leaves(3);
    assert_eq!(rig.pattern.peer_of(b"a"), Ok(PeerId(2)));
}

#[test]
fn router_hands_an_id_over() {
    let mut rig = router(&["a"]);
    rig.options().router_handover = true;
    rig.incoming(1, &["lost"]);
    rig.attach_named(2, "a");
    assert_eq!(rig.fate(1), Some(Fate::Closed));
    assert_eq!(rig.pattern.routing_id_of(PeerId(1)), None);
    rig.incoming(2, &["kept"]);
    assert_eq!(rig.all(), ["a|kept"]);
    rig.send(&["a", "m"]).unwrap();
    assert_eq!(rig.outgoing(2), [["m"]]);
    rig.detached(1);
    rig.send(&["a", "m"]).unwrap();
    assert_eq!(rig.outgoing(2), [["m"]], "the end of the old one does not touch the new one");
}

#[test]
fn an_id_is_free_as_soon_as_its_peer_closes() {
    let mut rig = router(&["a"]);
    rig.incoming(1, &["old"]);
    rig.closing(1);
    rig.attach_named(2, "a");
    rig.incoming(2, &["new"]);
    assert_eq!(rig.all(), ["a|old", "a|new"]);
    rig.detached(1);
    rig.send(&["a", "m"]).unwrap();
    assert_eq!(rig.outgoing(2), [["m"]]);
}

#[test]
fn an_assigned_id_wins_and_a_second_one_waits() {
    for (socket_type, announced) in [(SocketType::Router, true), (SocketType::Stream, false)] {
        let mut rig = Rig::new(socket_type);
        rig.options().stream_notify = false;
        let how = || Attached { assigned_id: Some(b"mine".to_vec()), ..Attached::default() };
        rig.attach_as(1, how());
        rig.send(&["mine", "m"]).unwrap();
        assert_eq!(rig.outgoing(1), [["m"]]);
        if announced {
            rig.pattern.identified(&mut rig.peers, PeerId(1), b"theirs");
        }
        rig.incoming(1, &["x"]);
        assert_eq!(rig.all(), ["mine|x"]);
        rig.attach_as(2, how());
        rig.pattern.identified(&mut rig.peers, PeerId(2), b"theirs");
        assert_eq!(rig.pattern.routing_id_of(PeerId(1)), Some(&b"mine"[..]));
        rig.leaves(1);
        assert_eq!(rig.pattern.routing_id_of(PeerId(2)), Some(&b"mine"[..]));
        rig.incoming(2, &["y"]);
        assert_eq!(rig.all(), ["mine|y"]);
    }
}

#[test]
fn router_tells_of_peers_that_come_and_go() {
    for (bits, expected) in
        [(0, &["a|m"][..]), (1, &["a|", "b|", "a|m"]), (2, &["a|m", "a|"]), (3, &["a|", "b|", "a|m", "a|"])]
    {
        let mut rig = Rig::new(SocketType::Router);
        rig.options().router_notify = bits;
        rig.attach_named(1, "a");
        rig.attach_as(2, Attached::default());
        rig.pattern.identified(&mut rig.peers, PeerId(2), b"b");
        rig.incoming(1, &["m"]);
        let mut heard = rig.all();
        rig.leaves(1);
        heard.extend(rig.all());
        assert_eq!(heard, expected, "bits {bits}");
    }
}

#[test]
fn router_tells_of_a_peer_that_waited_when_it_is_taken_in() {
    let mut rig = Rig::new(SocketType::Router);
    rig.options().router_notify = 3;
    rig.attach_named(1, "a");
    rig.attach_named(2, "a");
    assert_eq!(rig.all(), ["a|"]);
    rig.closing(1);
    assert_eq!(rig.recv().unwrap(), ["a", ""]);
    assert_eq!(rig.source, Some(2));
    assert!(!rig.can_recv());
    rig.detached(1);
    assert_eq!(rig.all(), ["a|"]);
}

#[test]
fn stream_carries_bytes_and_nothing_else() {
    let mut rig = Rig::with(SocketType::Stream, 1);
    let id = "\0\0\0\0\0";
    assert_eq!(rig.recv().unwrap(), [id, ""]);
    assert_eq!(rig.source, Some(1));
    rig.incoming(1, &["bytes"]);
    assert_eq!(rig.recv().unwrap(), [id, "bytes"]);
    assert_eq!(rig.source, Some(1));
    rig.send(&[id, "back"]).unwrap();
    assert_eq!(rig.outgoing(1), [["back"]]);
    assert_eq!(rig.send(&["unknown", "m"]), Err(Denied::Unroutable));
    assert_eq!(rig.send(&[id, "m", "n"]), Err(Denied::Invalid));
    assert_eq!(rig.send(&[id]), Err(Denied::Invalid));
    rig.limit(1, 0);
    assert_eq!(rig.send(&[id, "m"]), Err(Denied::Again));
    assert!(rig.can_send());
    rig.leaves(1);
    assert_eq!(rig.all(), [format!("{id}|")]);
    assert_eq!(rig.send(&[id, "m"]), Err(Denied::Unroutable));
}

#[test]
fn stream_ignores_announced_ids() {
    let mut rig = Rig::new(SocketType::Stream);
    rig.attach_named(1, "x");
    assert_eq!(rig.pattern.routing_id_of(PeerId(1)), Some(&[0; 5][..]));
}

#[test]
fn stream_closes_a_connection_by_an_empty_body() {
    let mut rig = Rig::with(SocketType::Stream, 2);
    rig.all();
    let id = text(rig.pattern.routing_id_of(PeerId(1)).unwrap());
    rig.incoming(1, &["dropped"]);
    rig.send(&[&id, ""]).unwrap();
    assert_eq!((rig.fate(1), rig.fate(2)), (Some(Fate::Closed), None));
    assert_eq!(rig.send(&[&id, "m"]), Err(Denied::Unroutable));
    rig.detached(1);
    assert!(rig.all().is_empty());
}

#[test]
fn stream_tells_of_connections_once_they_are_made() {
    let mut rig = Rig::new(SocketType::Stream);
    rig.attach_as(1, Attached::default());
    assert!(!rig.can_recv());
    rig.pattern.identified(&mut rig.peers, PeerId(1), b"");
    assert_eq!(rig.all().len(), 1);
    rig.options().stream_notify = false;
    rig.attach(2);
    rig.leaves(1);
    assert!(!rig.can_recv());
}

#[test]
fn what_a_waiting_peer_leaves_is_discarded_in_several_calls() {
    for socket_type in [SocketType::Router, SocketType::Pair] {
        let mut rig = Rig::new(socket_type);
        rig.attach_named(1, "a");
        rig.attach_named(2, "a");
        (0..25).for_each(|_| rig.incoming(2, &["x"]));
        assert_eq!(
            (rig.recv(), rig.lane(2).inbox.len()),
            (Err(Denied::Again), 25),
            "nobody reads it, for it waits"
        );
        rig.allow(10);
        rig.pattern.hung_up(&mut rig.peers, PeerId(2));
        assert_eq!(rig.lane(2).inbox.len(), 15);
        assert!(!rig.can_recv());
        assert!(!rig.can_recv());
        assert!(rig.lane(2).inbox.is_empty());
    }
}
