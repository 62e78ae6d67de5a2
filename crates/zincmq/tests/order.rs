//! Order, completeness and limits: what each pattern promises.

mod common;

use common::{ENDPOINTS, NETWORK, PATIENCE, await_event, fill, fresh_ipc, fresh_tcp, pipeline, raw_peer};
use common::{until, within};
use std::io::Write;
use std::net::Shutdown;
use std::time::{Duration, Instant};
use zincmq::SocketType::{self, Dealer, Router};
use zincmq::ability::Typed;
use zincmq::{
    AnySocket, Context, Error, EventKind, Events, Message, Pub, Pull, Push, Socket, Sub, XPub, option,
};

/// As many as [`fill`] tries.
const UNLIMITED: usize = 100_000;
/// The kernel's buffers hold a few messages of this size only.
const KERNEL: usize = 64 << 10;
const LARGE: usize = 60_000;

/// A wait that the caller's thread drives itself ends in time like any other.
#[test]
fn a_wait_on_the_only_connection_ends_in_time() {
    within(PATIENCE, || {
        for endpoint in NETWORK {
            let context = Context::new();
            let (mut push, mut pull): (_, Pull) = pipeline(&context, endpoint, 10, 10);
            push.send("first").unwrap();
            pull.recv_timeout(PATIENCE).unwrap();
            for milliseconds in [0, 1, 20] {
                let limit = Duration::from_millis(milliseconds);
                let begin = Instant::now();
                assert!(matches!(pull.recv_timeout(limit), Err(Error::Timeout)), "{endpoint}");
                assert!(begin.elapsed() >= limit, "{endpoint}");
                assert!(begin.elapsed() < PATIENCE / 2, "{endpoint}: {:?}", begin.elapsed());
            }
        }
    });
}

fn socket<K: Typed>(context: &Context, sndhwm: usize, rcvhwm: usize) -> Socket<K> {
    let mut socket = Socket::new(context).unwrap();
    socket.set(option::SNDHWM, sndhwm).unwrap();
    socket.set(option::RCVHWM, rcvhwm).unwrap();
    socket.set(option::SNDBUF, KERNEL).unwrap();
    socket.set(option::RCVBUF, KERNEL).unwrap();
    socket
}

/// As [`pipeline`], in one process, and either side may bind.
fn inproc(context: &Context, sndhwm: usize, rcvhwm: usize, push_binds: bool) -> (Push, Pull) {
    if push_binds {
        return pipeline(context, "inproc://marks", sndhwm, rcvhwm);
    }
    let (mut push, mut pull): (Push, Pull) = (socket(context, sndhwm, 1), socket(context, 1, rcvhwm));
    pull.bind("inproc://marks").unwrap();
    push.connect("inproc://marks").unwrap();
    (push, pull)
}

fn drain(pull: &mut Pull, count: usize) {
    (0..count).for_each(|_| drop(pull.try_recv().unwrap()));
}

/// A topic, the number, and something that fills buffers.
fn numbered(number: u32) -> Message {
    Message::from([&b"ab"[..], &number.to_be_bytes(), &[7; LARGE]])
}

fn number(message: &Message) -> u32 {
    assert_eq!((message.len(), message[2].len()), (3, LARGE));
    u32::from_be_bytes(message[1][..].try_into().unwrap())
}

#[test]
fn both_marks_add_up_and_zero_is_unlimited() {
    within(PATIENCE, || {
        let defaults = (option::SNDHWM, option::RCVHWM);
        let plain = Push::new(&Context::new()).unwrap();
        assert_eq!((plain.get(defaults.0).unwrap(), plain.get(defaults.1).unwrap()), (1000, 1000));
        let cases = [
            (1000, 1000, 2000),
            (1, 1, 2),
            (2, 5, 7),
            (0, 1, UNLIMITED),
            (1, 0, UNLIMITED),
            (0, 0, UNLIMITED),
        ];
        for (sndhwm, rcvhwm, sum) in cases {
            for push_binds in [true, false] {
                let context = Context::new();
                let (mut push, mut pull) = inproc(&context, sndhwm, rcvhwm, push_binds);
                assert_eq!(fill(&mut push), sum, "{sndhwm} + {rcvhwm}, PUSH binds: {push_binds}");
                drain(&mut pull, sum);
                assert!(matches!(pull.try_recv(), Err(Error::Again)));
            }
        }
    });
}

/// Room is told of in steps of the low-water mark, half the high-water mark rounded up.
#[test]
fn there_is_room_again_at_the_low_water_mark_and_not_before() {
    within(PATIENCE, || {
        for (sndhwm, rcvhwm, low) in [(1, 1, 1), (1, 2, 2), (2, 3, 3), (5, 5, 5), (1000, 1000, 1000)] {
            for push_binds in [true, false] {
                let context = Context::new();
                let (mut push, mut pull) = inproc(&context, sndhwm, rcvhwm, push_binds);
                fill(&mut push);
                for _ in 0..3 {
                    drain(&mut pull, low - 1);
                    assert!(
                        matches!(push.try_send("early").map_err(Error::from), Err(Error::Again)),
                        "{sndhwm} + {rcvhwm}"
                    );
                    drain(&mut pull, 1);
                    assert_eq!(fill(&mut push), low, "{sndhwm} + {rcvhwm}, PUSH binds: {push_binds}");
                }
            }
        }
    });
}

#[test]
fn until_a_peer_binds_only_the_mark_of_the_connector_counts() {
    within(PATIENCE, || {
        for (sndhwm, rcvhwm) in [(1, 1), (2, 5), (1000, 1000)] {
            let context = Context::new();
            let (mut push, mut pull): (Push, Pull) =
                (socket(&context, sndhwm, 1), socket(&context, 1, rcvhwm));
            push.connect("inproc://later").unwrap();
            assert_eq!(fill(&mut push), sndhwm);
            pull.bind("inproc://later").unwrap();
            assert_eq!(fill(&mut push), rcvhwm);
            drain(&mut pull, sndhwm + rcvhwm);
        }
        for endpoint in [fresh_ipc(), fresh_tcp()] {
            let context = Context::new();
            let (mut push, mut pull): (Push, Pull) = (socket(&context, 7, 1), socket(&context, 1, 1));
            push.connect(&endpoint).unwrap();
            assert_eq!(fill(&mut push), 7, "{endpoint}");
            pull.bind(&endpoint).unwrap();
            (0..7).for_each(|_| drop(pull.recv_timeout(PATIENCE).unwrap()));
        }
    });
}

#[test]
fn a_raised_mark_makes_room_at_once() {
    within(PATIENCE, || {
        for (before, after, sum) in
            [((1, 1), (2, 2), 4), ((1, 1), (5, 1), 6), ((1, 1), (1, 5), 6), ((1, 1), (1, 0), UNLIMITED)]
        {
            for filled_before in [false, true] {
                for push_binds in [true, false] {
                    let context = Context::new();
                    let (mut push, mut pull) = inproc(&context, before.0, before.1, push_binds);
                    let begun = if filled_before { fill(&mut push) } else { 0 };
                    if after.0 != before.0 {
                        push.set(option::SNDHWM, after.0).unwrap();
                    }
                    if after.1 != before.1 {
                        pull.set(option::RCVHWM, after.1).unwrap();
                    }
                    let all = begun + fill(&mut push);
                    let case =
                        format!("{before:?} to {after:?}, {begun} sent before, PUSH binds: {push_binds}");
                    assert!(all == sum || sum == UNLIMITED && all > sum, "{case}: {all}");
                }
            }
        }
    });
}

/// What is queued is less than the new low-water mark, at which the reader would tell of room.
#[test]
fn a_sender_that_was_full_goes_on_after_its_mark_is_raised() {
    within(PATIENCE, || {
        for endpoint in ["inproc://raised", &fresh_ipc(), &fresh_tcp()] {
            let context = Context::new();
            let (mut push, mut pull): (Push, Pull) = (socket(&context, 1, 1), socket(&context, 1, 1));
            push.connect(endpoint).unwrap();
            assert_eq!(fill(&mut push), 1, "{endpoint}");
            push.set(option::SNDHWM, 10).unwrap();
            assert_eq!(fill(&mut push), 9, "{endpoint}");
            push.set(option::SNDHWM, 1000).unwrap();
            pull.bind(endpoint).unwrap();
            (0..10).for_each(|_| drop(pull.recv_timeout(PATIENCE).unwrap()));
            push.send_timeout("next", PATIENCE / 4).unwrap();
            assert_eq!(pull.recv_timeout(PATIENCE).unwrap().bytes(), b"next", "{endpoint}");
        }
    });
}

#[test]
fn a_lowered_mark_holds_the_sender_up_until_it_is_met() {
    within(PATIENCE, || {
        for (after, sum) in [((1, 5), 6), ((5, 1), 6), ((1, 1), 2)] {
            let context = Context::new();
            let (mut push, mut pull) = inproc(&context, 5, 5, true);
            assert_eq!(fill(&mut push), 10);
            push.set(option::SNDHWM, after.0).unwrap();
            pull.set(option::RCVHWM, after.1).unwrap();
            assert!(matches!(push.try_send("over").map_err(Error::from), Err(Error::Again)), "{after:?}");
            drain(&mut pull, 10 - sum);
            assert!(matches!(push.try_send("over").map_err(Error::from), Err(Error::Again)), "{after:?}");
            drain(&mut pull, sum);
            let fits = fill(&mut push);
            assert!((sum / 2..=sum).contains(&fits), "{after:?}: {fits}");
        }
    });
}

/// A publisher and two subscribers, who are known to it.
fn published<P: Typed>(context: &Context, endpoint: &str) -> (Socket<P>, [Sub; 2]) {
    let mut publisher: Socket<P> = socket(context, 4, 1);
    let bound = publisher.bind(endpoint).unwrap();
    let subs = ["a", "ab"].map(|topic| {
        let mut sub: Sub = socket(context, 1, 4);
        sub.subscribe(topic).unwrap();
        sub.connect(&bound).unwrap();
        sub
    });
    until("both have subscribed", || publisher.topics().unwrap() == 2);
    (publisher, subs)
}

#[test]
fn a_slow_subscriber_misses_messages_and_a_fast_one_none() {
    within(PATIENCE, || {
        for endpoint in ENDPOINTS {
            let context = Context::new();
            let (mut publisher, [mut slow, mut fast]): (Pub, _) = published(&context, endpoint);
            let mut sent = 0;
            while publisher.stats().dropped_full < 10 {
                publisher.send(numbered(sent)).unwrap();
                assert_eq!(number(&fast.recv_timeout(PATIENCE).unwrap()), sent, "{endpoint}");
                sent += 1;
            }
            let stats = publisher.stats();
            assert_eq!((stats.dropped_full, stats.sent), (10, 2 * u64::from(sent) - 10), "{endpoint}");
            let mut dropped: Vec<_> = stats.peers.iter().map(|peer| peer.dropped_full).collect();
            dropped.sort_unstable();
            assert_eq!(dropped, [0, 10], "{endpoint}");
            let kept: Vec<_> = (10..sent).map(|_| number(&slow.recv_timeout(PATIENCE).unwrap())).collect();
            assert!(kept.is_sorted_by(|one, next| one < next), "{endpoint}: {kept:?}");
            assert!(slow.try_recv().is_err() && fast.try_recv().is_err(), "{endpoint}");
        }
    });
}

#[test]
fn without_dropping_a_full_subscriber_holds_the_publisher_up() {
    within(PATIENCE, || {
        for endpoint in ENDPOINTS {
            let context = Context::new();
            let (mut publisher, [mut slow, mut fast]): (XPub, _) = published(&context, endpoint);
            publisher.set(option::XPUB_NODROP, true).unwrap();
            let (mut sent, mut read, mut refused) = (0, 0, 0);
            while read < 300 {
                if sent < 300 && publisher.try_send(numbered(sent)).is_ok() {
                    assert_eq!(number(&fast.recv_timeout(PATIENCE).unwrap()), sent, "{endpoint}");
                    sent += 1;
                    continue;
                }
                refused += u32::from(sent < 300);
                if let Ok(message) = slow.try_recv() {
                    assert_eq!(number(&message), read, "{endpoint}");
                    read += 1;
                }
            }
            assert!(refused > 0 && fast.try_recv().is_err() && slow.try_recv().is_err(), "{endpoint}");
            assert_eq!((publisher.stats().dropped_full, publisher.stats().sent), (0, 600), "{endpoint}");
        }
    });
}

/// A PUSH with this mark and three PULLs, of which the first has the other.
fn spread(context: &Context, endpoint: &str, sndhwm: usize, first: usize) -> (Push, [Pull; 3]) {
    let mut push: Push = socket(context, sndhwm, 1);
    let bound = push.bind(endpoint).unwrap();
    let mut count = 0;
    let pulls = [first, 1000, 1000].map(|rcvhwm| {
        let mut pull: Pull = socket(context, 1, rcvhwm);
        pull.connect(&bound).unwrap();
        count += 1;
        until("it is known", || push.stats().peers.len() == count);
        pull
    });
    (push, pulls)
}

/// What stands in the second parts of so many messages.
fn numbers(pull: &mut Pull, count: usize) -> Vec<u8> {
    (0..count).map(|_| pull.recv_timeout(PATIENCE).unwrap()[1][0]).collect()
}

#[test]
fn each_puller_has_its_turn_for_whole_messages() {
    within(PATIENCE, || {
        for endpoint in ENDPOINTS {
            let context = Context::new();
            let (mut push, pulls) = spread(&context, endpoint, 1000, 1000);
            for number in 0..30_u8 {
                push.send([&b"head"[..], &[number]]).unwrap();
            }
            for (first, mut pull) in (0..).zip(pulls) {
                let expected: Vec<u8> = (first..30).step_by(3).collect();
                assert_eq!(numbers(&mut pull, 10), expected, "{endpoint}");
                assert!(pull.try_recv().is_err());
            }
        }
    });
}

#[test]
fn a_full_puller_is_skipped_until_it_has_read() {
    within(PATIENCE, || {
        let context = Context::new();
        let (mut push, [mut full, mut second, mut third]) = spread(&context, "inproc://skip", 1, 1);
        let mut send = |range: std::ops::Range<u8>| {
            range.for_each(|number| push.try_send([&b"head"[..], &[number]]).unwrap());
        };
        // The first has room for two.
        send(0..20);
        let (mut some, mut others) = (numbers(&mut second, 9), numbers(&mut third, 9));
        assert_eq!(numbers(&mut full, 2), [0, 3]);
        send(20..23);
        for pull in [&mut full, &mut second, &mut third] {
            assert!((20..23).contains(&numbers(pull, 1)[0]) && pull.try_recv().is_err());
        }
        // Neither of the others waits longer than a round.
        assert!(
            some.windows(2).chain(others.windows(2)).all(|pair| pair[0] < pair[1] && pair[1] - pair[0] <= 3)
        );
        some.append(&mut others);
        some.sort_unstable();
        assert_eq!(some, (0..20).filter(|number| ![0, 3].contains(number)).collect::<Vec<_>>());
    });
}

#[test]
fn a_puller_takes_one_message_per_sender_and_turn() {
    within(PATIENCE, || {
        let context = Context::new();
        let mut pull = Pull::new(&context).unwrap();
        pull.bind("inproc://fair").unwrap();
        for sender in 0..3_u8 {
            let mut push = Push::new(&context).unwrap();
            push.connect("inproc://fair").unwrap();
            (0..100_u8).for_each(|number| push.send([[sender], [number]].map(Vec::from)).unwrap());
        }
        for number in 0..100 {
            let mut senders: Vec<u8> = (0..3)
                .map(|_| {
                    let message = pull.try_recv().unwrap();
                    assert_eq!(message[1], [number]);
                    message[0][0]
                })
                .collect();
            senders.sort_unstable();
            assert_eq!(senders, [0, 1, 2], "round {number}");
        }
        assert!(pull.try_recv().is_err());
    });
}

/// Flags and size of a frame on the wire (RFC 23).
fn frame(more: bool, body: &[u8]) -> Vec<u8> {
    let mut bytes = match body.len() {
        0..=255 => vec![u8::from(more), body.len() as u8],
        long => [&[2 | u8::from(more)][..], &(long as u64).to_be_bytes()].concat(),
    };
    bytes.extend_from_slice(body);
    bytes
}

#[test]
fn of_a_message_cut_off_nothing_is_received() {
    let small = [frame(true, b"first"), frame(true, b""), frame(false, b"last")].concat();
    let large = [frame(true, b"first"), frame(true, &[7; LARGE]), frame(false, &[8; 3 * LARGE])].concat();
    let far = large.len();
    let cases: Vec<(Vec<u8>, Vec<usize>)> = vec![
        (small.clone(), (1..small.len()).collect()),
        (large, vec![8, 17, 9000, LARGE + 16, LARGE + 25, far - 1]),
    ];
    within(PATIENCE, move || {
        for (to, from) in
            [(SocketType::Pull, "PUSH"), (SocketType::Sub, "PUB"), (Dealer, "DEALER"), (Router, "DEALER")]
        {
            let context = Context::new();
            let mut receiver = AnySocket::with_type(&context, to).unwrap();
            if to == SocketType::Sub {
                receiver.subscribe("").unwrap();
            }
            let mut monitor = receiver.monitor(Events::ALL);
            let bound = receiver.bind("tcp://127.0.0.1:*").unwrap();
            for (whole, cuts) in &cases {
                for &cut in cuts {
                    let mut dying = raw_peer(&bound, from);
                    dying.write_all(&small).unwrap();
                    dying.write_all(&whole[..cut]).unwrap();
                    dying.shutdown(Shutdown::Write).unwrap();
                    await_event(&mut monitor, EventKind::Disconnected);
                    let mut next = raw_peer(&bound, from);
                    next.write_all(&[frame(true, b"next"), frame(false, b"end")].concat()).unwrap();
                    let mut message = || {
                        let message = receiver.recv_timeout(PATIENCE).unwrap();
                        let envelope = usize::from(to == Router);
                        message.iter().skip(envelope).map(|part| part.to_vec()).collect::<Vec<_>>()
                    };
                    assert_eq!(message(), [&b"first"[..], b"", b"last"], "{to:?}, cut at {cut}");
                    assert_eq!(message(), [&b"next"[..], b"end"], "{to:?}, cut at {cut}");
                    assert!(receiver.try_recv().is_err(), "{to:?}, cut at {cut}");
                    drop(next);
                    await_event(&mut monitor, EventKind::Disconnected);
                }
            }
        }
    });
}

#[test]
fn subscriptions_are_not_held_up_by_the_mark() {
    within(PATIENCE, || {
        for bind_first in [true, false] {
            for endpoint in ["inproc://topics", &fresh_ipc(), &fresh_tcp()] {
                let context = Context::new();
                let (mut publisher, mut sub): (Pub, Sub) =
                    (socket(&context, 1000, 1), socket(&context, 1, 1000));
                sub.set(option::RECONNECT_IVL, Duration::from_millis(5)).unwrap();
                let topics = || (0..100).map(|number| format!("topic {number:02}"));
                topics().for_each(|topic| sub.subscribe(topic).unwrap());
                if bind_first {
                    publisher.bind(endpoint).unwrap();
                }
                sub.connect(endpoint).unwrap();
                if !bind_first {
                    publisher.bind(endpoint).unwrap();
                }
                until("all are known", || publisher.topics().unwrap() == 100);
                topics().for_each(|topic| publisher.send(&topic).unwrap());
                for topic in topics() {
                    assert_eq!(sub.recv_timeout(PATIENCE).unwrap().bytes(), topic.as_bytes(), "{endpoint}");
                }
                assert!(sub.try_recv().is_err(), "{endpoint}");
            }
        }
    });
}
