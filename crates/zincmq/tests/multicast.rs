//! Multicast endpoints on the loopback interface, which takes no privilege.

use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};
use zincmq::{Context, Error, EventKind, Events, Pub, Push, Sub, XPub, XSub, option};

const LONG: Duration = Duration::from_secs(30);

/// An endpoint of its own for each test: what is sent to a group reaches every process of the machine.
fn endpoint() -> String {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let [_, _, high, low] = std::process::id().to_be_bytes();
    format!("epgm://127.0.0.1;239.{}.{high}.{low}:{}", 200 + number / 100, 20_000 + number)
}

fn publisher(context: &Context, endpoint: &str) -> Pub {
    let mut publisher = Pub::new(context).unwrap();
    publisher.set(option::RATE, 100_000).unwrap();
    publisher.bind(endpoint).unwrap();
    publisher
}

fn subscriber(context: &Context, endpoint: &str) -> Sub {
    let mut subscriber = Sub::new(context).unwrap();
    subscriber.set(option::RATE, 100_000).unwrap();
    subscriber.subscribe("").unwrap();
    subscriber.connect(endpoint).unwrap();
    subscriber
}

/// Publishes until a subscriber has heard it: nobody can know when that takes part.
fn meet(publisher: &mut Pub, subscribers: &mut [&mut Sub]) {
    let end = Instant::now() + LONG;
    for subscriber in subscribers {
        loop {
            publisher.send("hello").unwrap();
            match subscriber.recv_timeout(Duration::from_millis(20)) {
                Ok(_) => break,
                Err(Error::Timeout) => assert!(Instant::now() < end, "nobody hears"),
                Err(error) => panic!("{error}"),
            }
        }
    }
}

/// The next message that is no greeting.
fn next(subscriber: &mut Sub) -> Vec<Vec<u8>> {
    loop {
        let message = subscriber.recv_timeout(LONG).unwrap();
        let parts: Vec<_> = message.iter().map(|part| part.to_vec()).collect();
        if parts != [b"hello"] {
            return parts;
        }
    }
}

#[test]
fn messages_of_all_sizes_arrive() {
    let (context, endpoint) = (Context::new(), endpoint());
    let mut publisher = publisher(&context, &endpoint);
    let (mut first, mut second) = (subscriber(&context, &endpoint), subscriber(&context, &endpoint));
    meet(&mut publisher, &mut [&mut first, &mut second]);
    let sizes = [0, 1, 253, 254, 255, 1000, 1425, 1426, 1427, 1428, 10_000, 100_000, 1_000_000];
    for size in sizes {
        let body: Vec<u8> = (0..size).map(|at| (at % 251) as u8).collect();
        publisher.send(["size", "", "end"].map(|part| part.as_bytes().to_vec())).unwrap();
        publisher.send(body).unwrap();
    }
    for subscriber in [&mut first, &mut second] {
        for size in sizes {
            assert_eq!(next(subscriber), [&b"size"[..], b"", b"end"]);
            let body = next(subscriber);
            assert_eq!((body.len(), body[0].len()), (1, size));
            assert!(body[0].iter().enumerate().all(|(at, byte)| *byte == (at % 251) as u8));
        }
    }
}

#[test]
fn all_is_sent_before_the_end() {
    let (context, endpoint) = (Context::new(), endpoint());
    let mut publisher = publisher(&context, &endpoint);
    let mut subscriber = subscriber(&context, &endpoint);
    let mut events = subscriber.monitor(Events::ALL);
    meet(&mut publisher, &mut [&mut subscriber]);
    for number in 0..500_u32 {
        publisher.send(&number.to_be_bytes()).unwrap();
    }
    drop(publisher);
    for number in 0..500_u32 {
        assert_eq!(next(&mut subscriber), [number.to_be_bytes()]);
    }
    let kinds = [EventKind::SourceJoined, EventKind::SourceFinished];
    let mut heard = Vec::new();
    while heard != kinds {
        let event = events.recv_timeout(LONG).unwrap();
        if kinds.contains(&event.kind) {
            assert!(event.remote.starts_with("epgm://127.0.0.1/"), "{event:?}");
            heard.push(event.kind);
        }
        assert_ne!(event.kind, EventKind::Gap);
    }
}

#[test]
fn subscribers_get_what_they_asked_for_and_publishers_hear_nothing() {
    let (context, endpoint) = (Context::new(), endpoint());
    let mut publisher = XPub::new(&context).unwrap();
    publisher.connect(&endpoint).unwrap();
    let mut subscriber = Sub::new(&context).unwrap();
    subscriber.subscribe("b").unwrap();
    subscriber.bind(&endpoint).unwrap();
    let mut forwarder = XSub::new(&context).unwrap();
    forwarder.send([1_u8].as_slice()).unwrap();
    forwarder.bind(&endpoint).unwrap();
    let end = Instant::now() + LONG;
    let message = loop {
        publisher.send("a1").unwrap();
        publisher.send("b1").unwrap();
        match subscriber.recv_timeout(Duration::from_millis(100)) {
            Ok(message) => break message,
            Err(error) => assert!(matches!(error, Error::Timeout) && Instant::now() < end, "{error}"),
        }
    };
    assert_eq!(message.as_str(), Ok("b1"));
    let message = forwarder.recv_timeout(LONG).unwrap();
    assert!(["a1", "b1"].contains(&message.as_str().unwrap()));
    assert!(matches!(publisher.try_recv(), Err(Error::Again)), "a multicast publisher hears no subscription");
}

#[test]
fn a_slow_subscriber_loses_nothing_that_the_window_holds() {
    let (context, endpoint) = (Context::new(), endpoint());
    let mut publisher = publisher(&context, &endpoint);
    let mut subscriber = Sub::new(&context).unwrap();
    subscriber.set(option::RATE, 100_000).unwrap();
    subscriber.set(option::RCVHWM, 10).unwrap();
    subscriber.subscribe("").unwrap();
    subscriber.connect(&endpoint).unwrap();
    meet(&mut publisher, &mut [&mut subscriber]);
    publisher.set(option::SNDHWM, 0).unwrap();
    // Some hundreds in a datagram, far more than the subscriber's mark.
    for number in 0..50_000_u32 {
        publisher.send(&number.to_be_bytes()).unwrap();
    }
    for number in 0..50_000_u32 {
        assert_eq!(next(&mut subscriber), [number.to_be_bytes()]);
    }
    let stats = subscriber.stats();
    let [group] = &stats.multicast[..] else { panic!("{stats:?}") };
    assert_eq!((&group.endpoint, group.lost, group.malformed), (&endpoint, 0, 0));
    let [source] = &group.sources[..] else { panic!("{group:?}") };
    assert!(source.received > 0 && source.lost == 0 && source.address.is_loopback(), "{source:?}");
}

#[test]
fn a_group_that_was_left_is_not_heard() {
    let (context, endpoint) = (Context::new(), endpoint());
    let mut publisher = publisher(&context, &endpoint);
    let (mut stays, mut goes) = (subscriber(&context, &endpoint), subscriber(&context, &endpoint));
    // Once more would only double messages.
    stays.connect(&endpoint).unwrap();
    meet(&mut publisher, &mut [&mut stays, &mut goes]);
    goes.disconnect(&endpoint).unwrap();
    assert!(matches!(goes.disconnect(&endpoint), Err(Error::NoEndpoint { .. })));
    publisher.send("after").unwrap();
    assert_eq!(next(&mut stays), [b"after"]);
    assert!(goes.stats().peers.is_empty() && goes.stats().multicast.is_empty());
    publisher.unbind(&endpoint).unwrap();
    publisher.send("nobody").unwrap();
    assert_eq!(publisher.stats().peers.len(), 0);
    publisher.bind(&endpoint).unwrap();
    publisher.send("again").unwrap();
    assert_eq!(next(&mut stays), [b"again"]);
}

#[test]
fn what_cannot_be_is_an_error_of_the_call() {
    let context = Context::new();
    let invalid = rustix::io::Errno::INVAL.raw_os_error();
    let rows = [
        ("epgm://127.0.0.1;10.0.0.1:5555", "a group is not a multicast address"),
        ("epgm://127.0.0.1;239.192.1.1", "there is no port"),
        ("epgm://127.0.0.1;239.192.1.1:0", "the port is not a number"),
        ("epgm://127.0.0.1;239.192.1.1:99999", "the port is not a number"),
        ("epgm://nosuchdevice;239.192.1.1:5555", "no such interface"),
        ("epgm://203.0.113.1;239.192.1.1:5555", "no such interface"),
        ("epgm://[::1];[ff08::1]:5555", "IPV6"),
    ];
    for (endpoint, reason) in rows {
        for error in [
            Pub::new(&context).unwrap().bind(endpoint).map(drop),
            Sub::new(&context).unwrap().connect(endpoint),
        ] {
            let error = error.unwrap_err();
            assert!(error.to_string().contains(reason), "{endpoint}: {error}");
            assert_eq!(error.errno(), invalid, "{error}");
        }
    }
    let mut slow = Pub::new(&context).unwrap();
    slow.set(option::RATE, 11).unwrap();
    let error = slow.bind(endpoint()).unwrap_err();
    assert!(error.to_string().contains("less than one datagram") && error.errno() == invalid, "{error}");
    let mut wrong = Push::new(&context).unwrap();
    let error = wrong.connect(endpoint()).unwrap_err();
    assert!(error.to_string().contains("a PUSH socket does not speak multicast"), "{error}");
    assert_eq!(error.errno(), 156_384_712 + 52);
    let mut secret = Sub::new(&context).unwrap();
    secret.plain_client("user", "password").unwrap();
    let error = secret.connect(endpoint()).unwrap_err();
    assert!(error.to_string().contains("multicast has no security"), "{error}");
}
