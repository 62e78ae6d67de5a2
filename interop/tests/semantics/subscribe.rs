//! Subscriptions on their way to the publisher.

use crate::{connected, subjects};
use interop::{Peer, noise};
use zincmq::SocketType::{Sub, XPub, XSub};
use zincmq::option;

/// The command that carries a topic takes another form at 246 bytes (SUBSCRIBE) and at 249 (CANCEL).
/// (libzmq, which recurses for each byte, ends in a stack overflow not far above 10,000.)
const LENGTHS: [usize; 15] = [0, 1, 10, 244, 245, 246, 247, 248, 249, 254, 255, 256, 257, 1000, 10_000];

fn notice(kind: u8, topic: &[u8]) -> Vec<Vec<u8>> {
    vec![[&[kind], topic].concat()]
}

#[test]
fn topics_of_any_length_come_and_go() {
    for subject in subjects() {
        let (mut sub, mut xpub) = connected(subject, Sub, XPub);
        for length in LENGTHS {
            let topic = noise(length);
            sub.subscribe(&topic);
            assert!(xpub.recv().unwrap() == notice(1, &topic), "{subject:?} subscribes to {length}");
            let longer = [&topic[..], b"+"].concat();
            xpub.send(&[&longer]).unwrap();
            assert!(sub.recv().unwrap() == [longer], "{subject:?} hears {length}");
            sub.unsubscribe(&topic);
            assert!(xpub.recv().unwrap() == notice(0, &topic), "{subject:?} cancels {length}");
        }
    }
}

#[test]
fn many_topics_arrive_in_order() {
    for subject in subjects() {
        let (mut sub, mut xpub) = connected(subject, Sub, XPub);
        let topics: Vec<_> = (0..3000).map(|number| format!("topic {number}")).collect();
        // libzmq drops subscriptions beyond the high-water mark, and learns of its credit only inside calls.
        for some in topics.chunks(250) {
            sub.pump();
            some.iter().for_each(|topic| sub.subscribe(topic));
            for topic in some {
                assert_eq!(xpub.recv().unwrap(), notice(1, topic.as_bytes()), "{subject:?}");
            }
        }
        drop(sub);
        let mut cancelled: Vec<_> = topics.iter().map(|_| xpub.recv().unwrap()).collect();
        let mut expected: Vec<_> = topics.iter().map(|topic| notice(0, topic.as_bytes())).collect();
        cancelled.sort();
        expected.sort();
        assert!(cancelled == expected, "{subject:?}");
    }
}

#[test]
fn a_topic_subscribed_to_twice_needs_two_cancellations() {
    for subject in subjects() {
        let (mut sub, mut xpub) = connected(subject, Sub, XPub);
        for topic in ["a", "a", "b"] {
            sub.subscribe(topic);
        }
        assert_eq!(xpub.recv().unwrap(), [b"\x01a"]);
        assert_eq!(xpub.recv().unwrap(), [b"\x01b"]);
        sub.unsubscribe("a");
        sub.subscribe("c");
        assert_eq!(xpub.recv().unwrap(), [b"\x01c"]);
        xpub.send(&["a"]).unwrap();
        assert_eq!(sub.recv().unwrap(), [b"a"]);
        sub.unsubscribe("a");
        assert_eq!(xpub.recv().unwrap(), [b"\0a"]);
    }
}

/// Two subscribers subscribe to a, cancel it, then the first one subscribes to end: what is heard of that?
fn heard(
    subject: interop::Library,
    verbosity: Option<option::OptionKey<bool, option::Publishers>>,
) -> Vec<Vec<u8>> {
    let mut xpub = Peer::new(subject, XPub);
    if let Some(verbosity) = verbosity {
        xpub.set(verbosity, true);
    }
    let endpoint = xpub.bind_tcp();
    let mut subs = [Sub, Sub].map(|socket_type| Peer::new(subject.other(), socket_type));
    let mut heard = Vec::new();
    for (number, sub) in subs.iter_mut().enumerate() {
        sub.connect(&endpoint);
        sub.subscribe("a");
        sub.subscribe(format!("mark {number}"));
        hear_until(&mut xpub, &format!("\x01mark {number}"), &mut heard);
    }
    for (number, sub) in subs.iter_mut().enumerate() {
        sub.unsubscribe("a");
        sub.unsubscribe(format!("mark {number}"));
        hear_until(&mut xpub, &format!("\0mark {number}"), &mut heard);
    }
    heard
}

fn hear_until(xpub: &mut Peer, end: &str, heard: &mut Vec<Vec<u8>>) {
    loop {
        let message = xpub.recv().unwrap().remove(0);
        if message == end.as_bytes() {
            return;
        }
        heard.push(message);
    }
}

#[test]
fn verbosity_is_as_asked_for() {
    for subject in subjects() {
        assert_eq!(heard(subject, None), [b"\x01a", b"\0a"], "{subject:?}");
        assert_eq!(heard(subject, Some(option::XPUB_VERBOSE)), [b"\x01a", b"\x01a", b"\0a"], "{subject:?}");
        let verboser = heard(subject, Some(option::XPUB_VERBOSER));
        assert_eq!(verboser, [b"\x01a", b"\x01a", b"\0a", b"\0a"], "{subject:?}");
    }
}

#[test]
fn a_new_subscriber_is_welcomed() {
    for subject in subjects() {
        let (mut xpub, mut sub) = (Peer::new(subject, XPub), Peer::new(subject.other(), Sub));
        xpub.set(option::XPUB_WELCOME_MSG, *b"welcome");
        sub.subscribe("wel");
        sub.connect(&xpub.bind_tcp());
        assert_eq!(sub.recv_helped(&mut xpub), [b"welcome"]);
    }
}

#[test]
fn matching_can_be_inverted_at_both_ends() {
    for subject in subjects() {
        let (mut sub, mut xpub) = connected(subject, Sub, XPub);
        sub.set(option::INVERT_MATCHING, true).subscribe("a");
        xpub.set(option::INVERT_MATCHING, true);
        assert_eq!(xpub.recv().unwrap(), [b"\x01a"]);
        xpub.send(&["ab"]).unwrap();
        xpub.send(&["b"]).unwrap();
        assert_eq!(sub.recv().unwrap(), [b"b"]);
    }
}

#[test]
fn messages_go_upstream_too() {
    for subject in subjects() {
        let (mut xsub, mut xpub) = connected(subject, XSub, XPub);
        for message in ["\x01topic", "up", "\0topic", "\x02"] {
            xsub.send(&[message]).unwrap();
            assert_eq!(xpub.recv().unwrap(), [message.as_bytes()], "{subject:?}");
        }
    }
}
