//! PUSH and PULL.

use super::*;

#[test]
fn push_deals_one_message_to_each_peer_in_turn() {
    let mut push = Rig::with(SocketType::Push, 3);
    for text in ["a", "b", "c", "d"] {
        push.send(&[text, "more"]).unwrap();
    }
    assert_eq!(push.outgoing(1), [["a", "more"], ["d", "more"]]);
    assert_eq!(push.outgoing(2), [["b", "more"]]);
    assert_eq!(push.outgoing(3), [["c", "more"]]);
}

#[test]
fn push_without_peers_or_room_must_wait() {
    let mut push = Rig::new(SocketType::Push);
    assert_eq!(push.send(&["a"]), Err(Denied::Again));
    assert!(!push.can_send());
    push.attach(1);
    push.limit(1, 1);
    assert!(push.can_send());
    push.send(&["a"]).unwrap();
    assert_eq!(push.send(&["b"]), Err(Denied::Again));
    assert!(!push.can_send());
    assert_eq!(push.outgoing(1), [["a"]]);
    assert!(push.can_send());
    push.send(&["b"]).unwrap();
}

#[test]
fn push_passes_over_a_full_peer_until_it_has_room() {
    let mut push = Rig::with(SocketType::Push, 2);
    push.limit(1, 1);
    for text in ["a", "b", "c", "d"] {
        push.send(&[text]).unwrap();
    }
    assert_eq!(push.outgoing(2), [["b"], ["c"], ["d"]]);
    assert_eq!(push.outgoing(1), [["a"]]);
    push.send(&["e"]).unwrap();
    push.send(&["f"]).unwrap();
    assert_eq!((push.outgoing(1).len(), push.outgoing(2).len()), (1, 1));
}

#[test]
fn push_forgets_a_peer_that_closes() {
    let mut push = Rig::with(SocketType::Push, 2);
    push.closing(1);
    push.send(&["a"]).unwrap();
    push.send(&["b"]).unwrap();
    assert_eq!(push.outgoing(2).len(), 2);
    push.detached(1);
    push.leaves(2);
    assert_eq!(push.send(&["c"]), Err(Denied::Again));
}

#[test]
fn push_neither_receives_nor_keeps_what_strangers_send() {
    let mut push = Rig::with(SocketType::Push, 1);
    push.incoming(1, &["junk", "more"]);
    assert!(push.lane(1).inbox.is_empty());
    assert_eq!(push.recv(), Err(Denied::Unsupported));
    assert!(!push.can_recv());
    assert_eq!(push.asks(Kind::Subscribe, ""), Err(Denied::Invalid));
}

#[test]
fn pull_takes_one_message_from_each_peer_in_turn() {
    let mut pull = Rig::with(SocketType::Pull, 3);
    for peer in 1..=3 {
        pull.incoming(peer, &[&peer.to_string(), "x"]);
        pull.incoming(peer, &[&peer.to_string(), "y"]);
    }
    assert_eq!(pull.all(), ["1|x", "2|x", "3|x", "1|y", "2|y", "3|y"]);
    assert_eq!(pull.recv(), Err(Denied::Again));
}

#[test]
fn pull_leaves_a_quiet_peer_alone_until_it_is_readable() {
    let mut pull = Rig::with(SocketType::Pull, 2);
    assert!(!pull.can_recv());
    pull.incoming(2, &["a"]);
    assert!(pull.can_recv());
    pull.incoming(1, &["b"]);
    assert_eq!(pull.all(), ["a", "b"]);
    assert_eq!(pull.send(&["a"]), Err(Denied::Unsupported));
    assert!(!pull.can_send());
}

#[test]
fn pull_still_reads_what_a_closing_peer_has_sent() {
    let mut pull = Rig::with(SocketType::Pull, 2);
    pull.incoming(1, &["a"]);
    pull.incoming(1, &["b"]);
    pull.closing(1);
    assert_eq!(pull.recv().unwrap(), ["a"]);
    assert_eq!(pull.recv().unwrap(), ["b"]);
    pull.detached(1);
    pull.incoming(2, &["c"]);
    assert_eq!(pull.all(), ["c"]);
}
