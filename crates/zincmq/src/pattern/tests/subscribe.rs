//! SUB and XSUB.

use super::*;

const NOTHING: [[&str; 0]; 0] = [];
const ON: &str = "Subscribe";
const OFF: &str = "Cancel";

#[test]
fn sub_tells_every_publisher_what_it_wants() {
    let mut sub = Rig::with(SocketType::Sub, 2);
    sub.limit(2, 0);
    sub.asks(Kind::Subscribe, "a").unwrap();
    sub.asks(Kind::Subscribe, "a").unwrap();
    sub.asks(Kind::Cancel, "a").unwrap();
    assert_eq!(sub.outgoing(1), [[ON, "a"], [ON, "a"]], "still wanted once");
    sub.asks(Kind::Cancel, "a").unwrap();
    sub.asks(Kind::Cancel, "unknown").unwrap();
    assert_eq!(sub.outgoing(1), [[OFF, "a"]]);
    assert_eq!(sub.outgoing(2), [[ON, "a"], [ON, "a"], [OFF, "a"]], "past a full queue");
    assert_eq!(sub.pattern.topics(), Ok(0));
}

#[test]
fn subscriptions_are_sent_again_on_every_connection() {
    let mut sub = Rig::with(SocketType::Sub, 1);
    for topic in ["b", "a", "a"] {
        sub.asks(Kind::Subscribe, topic).unwrap();
    }
    sub.outgoing(1);
    sub.attach(2);
    assert_eq!(sub.outgoing(2), [[ON, "a"], [ON, "b"]]);
    sub.pattern.reconnected(&mut sub.peers, PeerId(1));
    assert_eq!(sub.outgoing(1), [[ON, "a"], [ON, "b"]]);
    sub.closing(2);
    sub.asks(Kind::Subscribe, "c").unwrap();
    assert_eq!(sub.outgoing(2), NOTHING);
}

#[test]
fn sub_drops_what_it_did_not_subscribe_to() {
    let mut sub = Rig::with(SocketType::Sub, 2);
    sub.incoming(1, &["a"]);
    assert!(!sub.can_recv(), "without subscriptions nothing matches");
    sub.asks(Kind::Subscribe, "a").unwrap();
    sub.incoming(1, &["b", "a"]);
    sub.incoming(1, &["ab", "1"]);
    sub.incoming(2, &["b"]);
    sub.incoming(2, &["a", "2"]);
    sub.incoming(2, &["a", "3"]);
    assert_eq!(sub.all(), ["ab|1", "a|2", "a|3"]);
    assert_eq!(sub.send(&["a"]), Err(Denied::Unsupported));
    assert!(!sub.can_send());
}

#[test]
fn sub_lends_only_what_it_subscribed_to() {
    let mut sub = Rig::with(SocketType::Sub, 2);
    sub.asks(Kind::Subscribe, "a").unwrap();
    sub.incoming(1, &["b"]);
    assert_eq!((sub.lender(), sub.all()), (None, vec![]));
    sub.incoming(2, &["a"]);
    assert_eq!(sub.lender(), Some(2));
    assert_eq!((sub.all(), sub.lender()), (vec!["a".to_owned()], None));
    sub.asks(Kind::Subscribe, "").unwrap();
    sub.incoming(1, &["b"]);
    assert_eq!(sub.lender(), Some(1));
}

#[test]
fn sub_hears_each_publisher_in_turn() {
    let mut sub = Rig::with(SocketType::Sub, 2);
    sub.asks(Kind::Subscribe, "").unwrap();
    for text in ["x", "y"] {
        sub.incoming(1, &["1", text]);
        sub.incoming(2, &["2", text]);
    }
    assert_eq!(sub.all(), ["1|x", "2|x", "1|y", "2|y"]);
    sub.incoming(1, &["last"]);
    sub.closing(1);
    assert_eq!(sub.all(), ["last"]);
    sub.detached(1);
    sub.incoming(2, &["m"]);
    assert_eq!(sub.all(), ["m"]);
}

#[test]
fn inverted_matching_receives_all_else() {
    for (topic, expected) in [("a", &["b"][..]), ("", &[])] {
        let mut sub = Rig::with(SocketType::Sub, 1);
        sub.options().invert_matching = true;
        sub.asks(Kind::Subscribe, topic).unwrap();
        sub.incoming(1, &["a"]);
        sub.incoming(1, &["b"]);
        assert_eq!(sub.all(), expected);
    }
}

#[test]
fn a_flood_of_unwanted_messages_ends_the_call_but_not_the_look() {
    let mut sub = Rig::with(SocketType::Sub, 1);
    sub.asks(Kind::Subscribe, "a").unwrap();
    sub.allow(10);
    for _ in 0..25 {
        sub.incoming(1, &["b"]);
    }
    sub.incoming(1, &["a"]);
    assert_eq!(sub.recv(), Err(Denied::Again));
    assert!(sub.is_unsettled());
    assert_eq!(sub.lane(1).inbox.len(), 16);
    assert!(!sub.can_recv());
    assert!(sub.is_unsettled());
    assert_eq!(sub.recv().unwrap(), ["a"]);
    assert!(!sub.is_unsettled());
    assert_eq!(sub.recv(), Err(Denied::Again));
    assert!(!sub.is_unsettled());
    for _ in 0..=10 {
        sub.incoming(1, &["b"]);
    }
    assert!(!sub.can_recv());
    sub.asks(Kind::Subscribe, "").unwrap();
    assert_eq!(sub.recv().unwrap(), ["b"]);
    assert!(!sub.is_unsettled());
}

#[test]
fn xsub_subscribes_by_sending() {
    let mut xsub = Rig::with(SocketType::XSub, 1);
    assert!(xsub.can_send());
    for message in ["\x01a", "\x01a", "\0a", "\0a", "\0a", "\x01"] {
        xsub.send(&[message]).unwrap();
    }
    assert_eq!(xsub.outgoing(1), [[ON, "a"], [ON, "a"], [OFF, "a"], [ON, ""]]);
    assert_eq!(xsub.pattern.topics(), Ok(1));
    xsub.attach(2);
    assert_eq!(xsub.outgoing(2), [[ON, ""]]);
    assert_eq!(xsub.asks(Kind::Subscribe, "a"), Err(Denied::Invalid));
}

#[test]
fn verbose_xsub_passes_every_cancellation_on() {
    let mut xsub = Rig::with(SocketType::XSub, 1);
    xsub.options().xsub_verbose_unsubscribe = true;
    for message in ["\x01a", "\x01a", "\0a", "\0a", "\0a"] {
        xsub.send(&[message]).unwrap();
    }
    assert_eq!(xsub.outgoing(1), [[ON, "a"], [ON, "a"], [OFF, "a"], [OFF, "a"], [OFF, "a"]]);
}

#[test]
fn xsub_sends_messages_upstream() {
    let mut xsub = Rig::with(SocketType::XSub, 2);
    xsub.limit(2, 0);
    xsub.send(&["user", "message"]).unwrap();
    xsub.send(&[""]).unwrap();
    assert_eq!(xsub.outgoing(1), [&["user", "message"][..], &[""]]);
    assert_eq!((xsub.peers.dropped, xsub.can_send()), (2, true));
    xsub.send(&["user", "\x01a", "message"]).unwrap();
    assert_eq!(xsub.outgoing(1), [[ON, "a"], ["user", "message"]]);
    xsub.options().only_first_subscribe = true;
    xsub.send(&["user", "\x01b"]).unwrap();
    assert_eq!(xsub.outgoing(1), [["user", "\x01b"]]);
    xsub.send(&["\x01b", "\x01c"]).unwrap();
    assert_eq!(xsub.outgoing(1), [[ON, "b"], [ON, "c"]]);
}

#[test]
fn xsub_receives_all_in_turn() {
    let mut xsub = Rig::with(SocketType::XSub, 2);
    xsub.incoming(1, &["a", "x"]);
    xsub.incoming(1, &["b"]);
    xsub.incoming(2, &["c"]);
    assert_eq!(xsub.all(), ["a|x", "c", "b"]);
    assert_eq!(xsub.recv(), Err(Denied::Again));
}

#[test]
fn publishers_that_come_later_are_told_by_others_of_what_stands() {
    for socket_type in [SocketType::Sub, SocketType::XSub] {
        let mut rig = Rig::new(socket_type);
        rig.options().xsub_verbose_unsubscribe = socket_type == SocketType::XSub;
        let asks = |rig: &mut Rig, kind| match socket_type {
            SocketType::Sub => rig.asks(kind, "a").unwrap(),
            _ => rig.send(&[if kind == Kind::Subscribe { "\x01a" } else { "\0a" }]).unwrap(),
        };
        asks(&mut rig, Kind::Subscribe);
        asks(&mut rig, Kind::Subscribe);
        rig.peers.ahead.clear();
        rig.pattern.bound(&mut rig.peers);
        rig.attach_as(1, Attached { subscribed: true, ..Attached::default() });
        rig.attach(2);
        assert_eq!([1, 2].map(|peer| rig.outgoing(peer).len()), [0, 1], "one knows already");
        asks(&mut rig, Kind::Cancel);
        asks(&mut rig, Kind::Cancel);
        let told = |kind, standing| (kind, "a".to_owned(), standing);
        let mut expected =
            vec![told(Kind::Subscribe, true), told(Kind::Cancel, false), told(Kind::Cancel, true)];
        if socket_type == SocketType::Sub {
            expected.remove(1);
        }
        assert_eq!(rig.peers.ahead, expected);
        assert_eq!([1, 2].map(|peer| rig.outgoing(peer).len()), [expected.len() - 1; 2]);
    }
}
