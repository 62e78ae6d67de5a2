//! Topics of any length: over every transport, between all socket types that subscribe and publish.

mod common;

use common::{ENDPOINTS, PATIENCE, until};
use std::time::Duration;
use zincmq::SocketType::{self, Pub, Sub, XPub, XSub};
use zincmq::{AnySocket, Context, option};

/// Around half a segment, a whole one, and beyond the first step in which memory is taken for a large body.
const LENGTHS: [usize; 8] = [32_738, 32_739, 32_768, 65_300, 65_536, 200_000, 1 << 20, 3 << 20];

fn socket(context: &Context, socket_type: SocketType) -> AnySocket {
    let mut socket = AnySocket::with_type(context, socket_type).unwrap();
    socket.set(option::LINGER, Duration::ZERO).unwrap();
    socket
}

/// Subscribes (1) or cancels (0).
fn ask(subscriber: &mut AnySocket, what: u8, topic: &[u8]) {
    match (subscriber.socket_type(), what) {
        (XSub, _) => subscriber.send([&[what], topic].concat()).unwrap(),
        (_, 1) => subscriber.subscribe(topic).unwrap(),
        _ => subscriber.unsubscribe(topic).unwrap(),
    }
}

/// Waits until the publisher has so many topics; XPUB is told of the last one.
fn learn(publisher: &mut AnySocket, what: u8, topic: &[u8]) {
    if publisher.socket_type() == XPub {
        let notice = publisher.recv_timeout(PATIENCE).unwrap();
        assert!(notice.bytes() == [&[what], topic].concat(), "not a notice of {} bytes", topic.len());
    } else {
        until("the publisher learns", || publisher.topics().unwrap() == usize::from(what));
    }
}

#[test]
fn topics_of_any_length_come_and_go() {
    let bytes = vec![7; 3 << 20];
    for endpoint in ENDPOINTS {
        for (publishes, subscribes) in [(Pub, Sub), (XPub, Sub), (Pub, XSub), (XPub, XSub)] {
            let context = Context::new();
            let mut publisher = socket(&context, publishes);
            let bound = publisher.bind(endpoint).unwrap();
            let mut subscriber = socket(&context, subscribes);
            subscriber.connect(&bound).unwrap();
            for topic in LENGTHS.map(|length| &bytes[..length]) {
                println!("{endpoint}: {subscribes} asks {publishes} for {} bytes", topic.len());
                ask(&mut subscriber, 1, topic);
                learn(&mut publisher, 1, topic);
                publisher.send("7: others want this").unwrap();
                publisher.send([topic, b"!"].concat()).unwrap();
                let heard = subscriber.recv_timeout(PATIENCE).unwrap();
                assert!(heard.bytes() == [topic, b"!"].concat());
                ask(&mut subscriber, 0, topic);
                learn(&mut publisher, 0, topic);
            }
        }
    }
}

#[test]
fn long_topics_asked_for_before_there_is_a_publisher_are_kept() {
    for endpoint in ENDPOINTS {
        let context = Context::new();
        let mut subscriber = socket(&context, Sub);
        let topics: Vec<_> =
            (0..20).map(|number| vec![number; 40_000 + 4_000 * usize::from(number)]).collect();
        topics.iter().for_each(|topic| subscriber.subscribe(topic).unwrap());
        let mut publisher = socket(&context, XPub);
        let bound = publisher.bind(endpoint).unwrap();
        subscriber.connect(&bound).unwrap();
        for topic in &topics {
            learn(&mut publisher, 1, topic);
        }
        for topic in &topics {
            publisher.send(topic.as_slice()).unwrap();
            assert!(subscriber.recv_timeout(PATIENCE).unwrap() == topic.as_slice());
        }
        // Their ends come when the subscriber leaves.
        drop(subscriber);
        for topic in &topics {
            learn(&mut publisher, 0, topic);
        }
    }
}
