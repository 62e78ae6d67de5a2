//! PUB and XPUB.

use super::*;

const NOTHING: [[&str; 0]; 0] = [];
const BOTH: [SocketType; 2] = [SocketType::Pub, SocketType::XPub];

#[test]
fn each_message_goes_once_to_whom_it_matches() {
    for socket_type in BOTH {
        let mut rig = Rig::with(socket_type, 4);
        rig.subscribes(1, "");
        rig.subscribes(1, "a");
        rig.subscribes(2, "ab");
        rig.subscribes(3, "b");
        rig.send(&["abc", "body"]).unwrap();
        rig.send(&["a"]).unwrap();
        assert_eq!(rig.outgoing(1), [&["abc", "body"][..], &["a"]]);
        assert_eq!(rig.outgoing(2), [["abc", "body"]]);
        assert_eq!(rig.outgoing(3), NOTHING);
        rig.cancels(2, "ab");
        rig.cancels(1, "");
        rig.send(&["abc"]).unwrap();
        rig.send(&["x"]).unwrap();
        assert_eq!((rig.outgoing(1), rig.outgoing(2).len()), (vec![vec!["abc".to_owned()]], 0));
        assert_eq!(rig.peers.dropped, 0);
    }
}

#[test]
fn subscriptions_of_old_peers_are_messages() {
    let mut rig = Rig::new(SocketType::Pub);
    rig.peers.lanes.insert(PeerId(1), Lane { hwm: UNLIMITED, ..Lane::default() });
    rig.lane(1).inbox.push_back([(Kind::Data, b"\x01a".to_vec())].into());
    rig.attach(1);
    rig.send(&["abc"]).unwrap();
    assert_eq!(rig.outgoing(1), [["abc"]], "sent before it was attached");
    rig.incoming(1, &["\0a"]);
    rig.send(&["abc"]).unwrap();
    assert_eq!(rig.outgoing(1), NOTHING);
}

#[test]
fn pub_never_receives_and_always_sends() {
    let mut rig = Rig::new(SocketType::Pub);
    assert!(rig.can_send());
    rig.send(&["to nobody"]).unwrap();
    rig.attach(1);
    rig.subscribes(1, "a");
    rig.incoming(1, &["a message", "of two parts"]);
    assert!(rig.lane(1).inbox.is_empty());
    assert_eq!(rig.recv(), Err(Denied::Unsupported));
    assert!(!rig.can_recv());
}

#[test]
fn a_full_subscriber_loses_the_message() {
    for socket_type in BOTH {
        let mut rig = Rig::with(socket_type, 2);
        rig.subscribes(1, "");
        rig.subscribes(2, "");
        rig.limit(1, 1);
        rig.send(&["a"]).unwrap();
        assert!(rig.can_send());
        rig.send(&["b"]).unwrap();
        assert_eq!((rig.outgoing(1).len(), rig.outgoing(2).len(), rig.peers.dropped), (1, 2, 1));
        rig.send(&["c"]).unwrap();
        assert_eq!(rig.outgoing(1), [["c"]]);
    }
}

#[test]
fn nodrop_sends_to_all_or_to_nobody() {
    for socket_type in BOTH {
        let mut rig = Rig::with(socket_type, 3);
        rig.options().xpub_nodrop = true;
        for (peer, hwm) in [(1, 1), (2, 1), (3, UNLIMITED)] {
            rig.subscribes(peer, "");
            rig.limit(peer, hwm);
        }
        rig.send(&["a"]).unwrap();
        assert_eq!(rig.send(&["b"]), Err(Denied::Again));
        assert_eq!(rig.outgoing(3).len(), 1);
        assert!(!rig.can_send());
        assert!(rig.lane(1).told_full && rig.lane(2).told_full, "each tells when it has room");
        rig.outgoing(1);
        assert_eq!(rig.send(&["b"]), Err(Denied::Again));
        rig.outgoing(2);
        assert!(rig.can_send());
        rig.send(&["b"]).unwrap();
        rig.cancels(1, "");
        assert!(!rig.can_send(), "the other one is full");
        rig.closing(2);
        assert!(rig.can_send(), "nobody subscribes who is full");
        rig.send(&["c"]).unwrap();
        assert_eq!(rig.peers.dropped, 0);
    }
}

#[test]
fn a_leaving_subscriber_gets_nothing_more() {
    let mut rig = Rig::with(SocketType::Pub, 2);
    rig.subscribes(1, "");
    rig.subscribes(2, "");
    rig.closing(1);
    rig.send(&["a"]).unwrap();
    assert_eq!((rig.outgoing(2).len(), rig.peers.dropped), (1, 0));
    rig.subscribes(1, "late");
    rig.detached(1);
    rig.send(&["late"]).unwrap();
    assert_eq!((rig.outgoing(2).len(), rig.peers.dropped), (1, 0));
    assert_eq!(rig.pattern.topics(), Ok(1));
}

#[test]
fn inverted_matching_sends_to_all_others() {
    for socket_type in BOTH {
        let mut rig = Rig::with(socket_type, 3);
        rig.options().invert_matching = true;
        rig.subscribes(1, "a");
        rig.subscribes(2, "b");
        rig.send(&["abc"]).unwrap();
        assert_eq!((rig.outgoing(1).len(), rig.outgoing(2).len(), rig.outgoing(3).len()), (0, 1, 1));
        rig.closing(2);
        rig.send(&["abc"]).unwrap();
        assert_eq!((rig.outgoing(3).len(), rig.peers.dropped), (1, 0));
    }
}

#[test]
fn topics_count_once() {
    let mut rig = Rig::with(SocketType::XPub, 2);
    for (peer, topic) in [(1, "a"), (2, "a"), (1, "abc"), (1, "")] {
        rig.subscribes(peer, topic);
    }
    assert_eq!(rig.pattern.topics(), Ok(3));
    rig.leaves(1);
    assert_eq!(rig.pattern.topics(), Ok(1));
    assert_eq!(Rig::new(SocketType::Pull).pattern.topics(), Err(Denied::Invalid));
}

/// The notices to the application when two peers subscribe to one topic and cancel it, the second one by leaving.
fn heard(set: impl Fn(&mut Options)) -> Vec<String> {
    let mut rig = Rig::with(SocketType::XPub, 2);
    set(rig.options());
    rig.subscribes(1, "a");
    rig.subscribes(2, "a");
    rig.subscribes(2, "a");
    rig.cancels(1, "a");
    rig.leaves(2);
    rig.all()
}

#[test]
fn xpub_hears_of_subscriptions_as_often_as_it_wants() {
    let (on, off) = ("\x01a", "\0a");
    assert_eq!(heard(|_| ()), [on, off]);
    assert_eq!(heard(|options| options.xpub_verbose = true), [on, on, on, off]);
    assert_eq!(heard(|options| options.xpub_verboser = true), [on, on, on, off, off]);
}

#[test]
fn verboser_hears_of_a_leaving_peer_whose_topic_others_hold() {
    for (verboser, expected) in [(false, &[][..]), (true, &["\0a", "\0b"])] {
        let mut rig = Rig::with(SocketType::XPub, 2);
        for (peer, topic) in [(1, "b"), (1, "a"), (2, "a"), (2, "b")] {
            rig.subscribes(peer, topic);
        }
        rig.all();
        rig.options().xpub_verboser = verboser;
        rig.leaves(1);
        assert_eq!(rig.all(), expected);
    }
}

#[test]
fn xpub_hears_of_a_cancellation_of_nothing() {
    let mut rig = Rig::with(SocketType::XPub, 1);
    rig.cancels(1, "a");
    rig.incoming(1, &["\0"]);
    assert_eq!(rig.all(), ["\0a", "\0"]);
}

#[test]
fn notices_bear_the_metadata_of_their_peer() {
    let mut rig = Rig::with(SocketType::XPub, 2);
    assert!(!rig.can_recv());
    assert_eq!(rig.recv(), Err(Denied::Again));
    rig.subscribes(2, "a");
    rig.incoming(1, &["hello"]);
    assert_eq!(rig.recv().unwrap(), ["\x01a"]);
    assert_eq!(rig.source, Some(2));
    assert_eq!(rig.recv().unwrap(), ["hello"]);
    assert_eq!(rig.source, Some(1));
}

#[test]
fn xpub_receives_user_messages() {
    let mut rig = Rig::with(SocketType::XPub, 1);
    rig.incoming(1, &["two", "parts"]);
    rig.incoming(1, &[""]);
    rig.incoming(1, &["user", "\x01b", "message"]);
    rig.incoming(1, &["\x01c"]);
    assert_eq!(rig.all(), ["two|parts", "", "\x01b", "user|message", "\x01c"]);
    rig.options().only_first_subscribe = true;
    rig.incoming(1, &["user", "\x01d", "\0b"]);
    rig.incoming(1, &["\x01e"]);
    assert_eq!(rig.all(), ["user|\x01d|\0b", "\x01e"]);
    assert_eq!(rig.pattern.topics(), Ok(3));
}

#[test]
fn the_welcome_message_comes_first_and_past_a_full_queue() {
    for socket_type in BOTH {
        let mut rig = Rig::new(socket_type);
        rig.options().xpub_welcome_msg = b"W".to_vec();
        rig.peers.lanes.insert(PeerId(1), Lane::default());
        rig.attach(1);
        assert_eq!(rig.outgoing(1), [["W"]]);
    }
}

fn manual() -> Rig {
    let mut rig = Rig::with(SocketType::XPub, 2);
    rig.options().xpub_manual = true;
    rig
}

#[test]
fn manual_xpub_subscribes_whom_it_has_heard() {
    let mut rig = manual();
    rig.subscribes(1, "a");
    rig.subscribes(2, "a");
    rig.send(&["a"]).unwrap();
    assert_eq!(rig.asks(Kind::Subscribe, "early"), Ok(()));
    assert_eq!(rig.pattern.topics(), Ok(0), "nobody heard yet");
    assert_eq!(rig.recv().unwrap(), ["\x01a"]);
    rig.asks(Kind::Subscribe, "xa").unwrap();
    rig.send(&["a"]).unwrap();
    rig.send(&["xa"]).unwrap();
    assert_eq!((rig.outgoing(1).len(), rig.outgoing(2).len()), (1, 0));
    assert_eq!(rig.recv().unwrap(), ["\x01a"]);
    rig.asks(Kind::Subscribe, "ya").unwrap();
    rig.cancels(1, "a");
    rig.send(&["xa"]).unwrap();
    assert_eq!(rig.outgoing(1).len(), 1, "not cancelled by the peer alone");
    assert_eq!(rig.recv().unwrap(), ["\0a"]);
    rig.asks(Kind::Cancel, "xa").unwrap();
    rig.send(&["xa"]).unwrap();
    rig.send(&["ya"]).unwrap();
    assert_eq!((rig.outgoing(1).len(), rig.outgoing(2).len()), (0, 1));
}

#[test]
fn manual_xpub_hears_what_a_leaving_peer_had_asked_for() {
    let mut rig = manual();
    rig.subscribes(1, "b");
    rig.subscribes(1, "a");
    rig.subscribes(2, "a");
    assert_eq!(rig.recv().unwrap(), ["\x01b"]);
    rig.asks(Kind::Subscribe, "xb").unwrap();
    rig.leaves(1);
    assert_eq!(rig.pattern.topics(), Ok(0));
    assert_eq!(rig.recv().unwrap(), ["\x01a"]);
    rig.asks(Kind::Subscribe, "xa").unwrap();
    assert_eq!(rig.pattern.topics(), Ok(0), "the asker has gone");
    assert_eq!(rig.recv().unwrap(), ["\x01a"]);
    rig.asks(Kind::Subscribe, "xa").unwrap();
    assert_eq!(rig.recv().unwrap(), ["\0a"]);
    rig.asks(Kind::Cancel, "xa").unwrap();
    assert_eq!(rig.pattern.topics(), Ok(1), "this was not about peer 2");
    assert_eq!(rig.all(), ["\0b"]);
    rig.cancels(2, "a");
    rig.recv().unwrap();
    rig.leaves(2);
    rig.asks(Kind::Subscribe, "xa").unwrap();
    assert_eq!(rig.pattern.topics(), Ok(0), "the asker has gone since");
}

#[test]
fn a_user_message_does_not_change_whom_manual_mode_acts_on() {
    let mut rig = manual();
    rig.subscribes(1, "a");
    rig.incoming(2, &["hello"]);
    assert_eq!(rig.all(), ["\x01a", "hello"]);
    rig.asks(Kind::Subscribe, "a").unwrap();
    rig.send(&["a"]).unwrap();
    assert_eq!((rig.outgoing(1).len(), rig.outgoing(2).len()), (1, 0));
}

#[test]
fn subscribing_needs_manual_mode() {
    for socket_type in BOTH {
        let mut rig = Rig::with(socket_type, 1);
        assert_eq!(rig.asks(Kind::Subscribe, "a"), Err(Denied::Invalid));
        rig.options().xpub_manual = true;
        assert_eq!(rig.asks(Kind::Subscribe, "a"), Ok(()));
    }
}

#[test]
fn last_value_mode_sends_the_next_message_to_the_last_asker_only() {
    let mut rig = Rig::with(SocketType::XPub, 2);
    rig.options().xpub_manual_last_value = true;
    for peer in [1, 2] {
        rig.subscribes(peer, "a");
        rig.recv().unwrap();
        rig.asks(Kind::Subscribe, "a").unwrap();
        rig.send(&["a", "last value"]).unwrap();
    }
    assert_eq!((rig.outgoing(1).len(), rig.outgoing(2).len()), (1, 1));
    rig.send(&["a", "to all"]).unwrap();
    assert_eq!((rig.outgoing(1).len(), rig.outgoing(2).len()), (1, 1));
}

#[test]
fn hostile_topics_are_survived() {
    let deep = "x".repeat(1 << 16);
    let mut rig = Rig::with(SocketType::Pub, 1);
    for len in (0..deep.len()).step_by(64) {
        rig.subscribes(1, &deep[..len]);
    }
    rig.send(&[&deep]).unwrap();
    assert_eq!(rig.outgoing(1).len(), 1);
    rig.cancels(1, "never subscribed");
    rig.cancels(1, &deep);
    rig.incoming(1, &["\0", "\0", ""]);
    rig.leaves(1);
    assert_eq!(rig.pattern.topics(), Ok(0));
}

#[test]
fn subscriptions_without_end_end_no_call_late() {
    for socket_type in BOTH {
        let mut rig = Rig::with(socket_type, 2);
        rig.subscribes(2, "a");
        rig.peers.lanes.get_mut(&PeerId(1)).unwrap().told_empty = false;
        for _ in 0..25 {
            rig.subscribes(1, "x");
            rig.cancels(1, "x");
        }
        rig.subscribes(1, "a");
        rig.allow(10);
        rig.pattern.readable(&mut rig.peers, PeerId(1));
        assert_eq!(rig.lane(1).inbox.len(), 41);
        let calls = (1..10).find(|_| {
            rig.send(&["a"]).unwrap();
            assert_eq!(rig.outgoing(2), [["a"]], "others are served meanwhile");
            !rig.outgoing(1).is_empty()
        });
        assert_eq!(calls, Some(5), "51 frames, 10 in each call");
    }
}

#[test]
fn a_message_of_many_parts_is_read_in_several_calls() {
    let mut rig = Rig::with(SocketType::XPub, 1);
    rig.lane(1).inbox.push_back(["user", "\x01a", "b", "c", "\x01d"].map(|p| (Kind::Data, p.into())).into());
    rig.allow(2);
    rig.pattern.readable(&mut rig.peers, PeerId(1));
    assert_eq!(rig.lane(1).inbox.front().map(|message| message.len()), Some(3));
    assert!(rig.is_unsettled());
    let mut heard = Vec::new();
    while rig.is_unsettled() || heard.len() < 3 {
        heard.extend(rig.recv().ok());
    }
    assert_eq!(heard, [&["\x01a"][..], &["\x01d"], &["user", "b", "c"]]);
}

#[test]
fn a_leaving_peer_of_many_topics_is_forgotten_in_steps() {
    for socket_type in BOTH {
        let mut rig = Rig::with(socket_type, 2);
        (0..1000).for_each(|topic| rig.subscribes(1, &format!("{topic:04}")));
        rig.subscribes(2, "0007");
        rig.all();
        rig.allow(300);
        rig.leaves(1);
        let left = rig.pattern.topics().unwrap();
        assert!(left > 500 && left < 1000 && rig.is_unsettled(), "{left} topics left");
        rig.send(&["0007"]).unwrap();
        assert_eq!((rig.outgoing(2).len(), rig.peers.dropped), (1, 0));
        rig.attach(3);
        rig.subscribes(3, "0008");
        while rig.is_unsettled() {
            rig.can_send();
        }
        assert_eq!(rig.pattern.topics(), Ok(2));
        rig.send(&["0008"]).unwrap();
        assert_eq!((rig.outgoing(3).len(), rig.outgoing(2).len(), rig.peers.dropped), (1, 0, 0));
        if socket_type == SocketType::XPub {
            let (anew, gone): (Vec<_>, Vec<_>) =
                rig.all().into_iter().partition(|notice| notice.ends_with("0008"));
            assert_eq!(gone.len(), 998, "each topic that nobody has any more");
            assert!(anew.is_empty() || anew == ["\x000008", "\x010008"], "whether it was still held or not");
        }
    }
}

#[test]
fn peers_wait_for_an_application_that_receives_and_subscribe_where_it_only_sends() {
    let mut rig = Rig::with(SocketType::XPub, 1);
    assert_eq!(rig.recv(), Err(Denied::Again));
    for topic in 0..3000 {
        rig.subscribes(1, &format!("{topic:04}"));
    }
    rig.send(&["2999"]).unwrap();
    assert_eq!((rig.pattern.topics(), rig.outgoing(1).len()), (Ok(1000), 0));
    (0..5000).for_each(|_| rig.send(&["2999"]).unwrap());
    assert_eq!((rig.pattern.topics(), rig.outgoing(1).is_empty()), (Ok(3000), false));
    assert_eq!((rig.all().len(), rig.peers.unread), (3000, 0));
}

#[test]
fn peers_that_wait_take_turns() {
    let mut rig = Rig::with(SocketType::XPub, 2);
    assert_eq!(rig.recv(), Err(Denied::Again));
    for topic in 0..3000 {
        rig.subscribes(1, &format!("a{topic}"));
    }
    for topic in 0..700 {
        rig.subscribes(2, &format!("b{topic}"));
    }
    let heard: Vec<_> = (0..2500).map(|_| rig.recv().unwrap().concat()).collect();
    let of_second = heard.iter().filter(|notice| notice.contains('b')).count();
    assert!(of_second >= 500, "{of_second} of 700: behind all of the other's");
}

#[test]
fn messages_to_an_application_that_only_sends_wait_and_are_not_dropped() {
    let mut rig = Rig::with(SocketType::XPub, 3);
    let large = "x".repeat(1 << 20);
    for _ in 0..50 {
        rig.incoming(1, &[&large]);
    }
    for _ in 0..3000 {
        rig.incoming(2, &["small"]);
    }
    rig.subscribes(2, "behind them");
    rig.subscribes(3, "of another");
    rig.send(&["of another"]).unwrap();
    assert!(!rig.lane(1).inbox.is_empty() && !rig.lane(2).inbox.is_empty());
    assert_eq!(
        (rig.outgoing(3).len(), rig.pattern.topics()),
        (1, Ok(1)),
        "who only subscribes does not wait"
    );
    assert_eq!((rig.all().len(), rig.peers.unread, rig.pattern.topics()), (3052, 0, Ok(2)));
}
