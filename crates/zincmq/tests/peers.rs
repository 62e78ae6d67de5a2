//! Peers that come, go and come again.

mod common;

use common::{ENDPOINTS, PATIENCE, await_event, fresh_ipc, fresh_tcp, raw_finish, until, within};
use std::collections::BTreeSet;
use std::io::Write;
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use zincmq::c::Admits;
use zincmq::{
    AnySocket, Context, Dealer, Error, EventKind, Events, Message, Pair, Req, Router, Socket, SocketType,
    Sub, XPub, option,
};

/// The next message, its parts joined by `|`; nothing, if none comes.
fn heard<K: zincmq::ability::Receives>(socket: &mut Socket<K>) -> Option<String> {
    socket.recv_timeout(PATIENCE).ok().map(text)
}

fn text(message: Message) -> String {
    message.iter().map(|part| part.as_str().unwrap()).collect::<Vec<_>>().join("|")
}

/// A ROUTER that insists on its peers, bound, with a mark of 2.
fn router(context: &Context, endpoint: &str) -> (Router, String) {
    let mut router = Router::new(context).unwrap();
    router.set(option::ROUTER_MANDATORY, true).unwrap();
    router.set(option::SNDHWM, 2).unwrap();
    router.set(option::LINGER, Duration::ZERO).unwrap();
    let bound = router.bind(endpoint).unwrap();
    (router, bound)
}

/// A DEALER of this id, whose first message has arrived.
fn dealer(context: &Context, endpoint: &str, id: &str) -> Dealer {
    let mut dealer = Dealer::new(context).unwrap();
    dealer.set(option::ROUTING_ID, id.as_bytes()).unwrap();
    dealer.set(option::RCVHWM, 2).unwrap();
    dealer.connect(endpoint).unwrap();
    dealer.send("here").unwrap();
    dealer
}

/// Sends until that would have to wait.
fn fill(router: &mut Router, body: &[u8]) {
    until("full", || match router.try_send([&b"a"[..], body]) {
        Ok(()) => false,
        Err(failed) => failed.error == Error::Again || panic!("{failed}"),
    });
}

#[test]
fn a_full_peer_of_the_same_process_that_has_gone_is_unroutable_at_once() {
    let context = Context::new();
    let (mut router, bound) = router(&context, "inproc://gone");
    for looks in [false, true] {
        let dealer = dealer(&context, &bound, "a");
        assert_eq!(heard(&mut router).as_deref(), Some("a|here"));
        if looks {
            assert!(!router.can_recv());
        }
        fill(&mut router, b"m");
        drop(dealer);
        assert!(matches!(router.try_admit(b"a"), Err(Error::Unroutable)));
        assert!(matches!(router.try_send(["a", "m"]).map_err(Error::from), Err(Error::Unroutable)));
        assert!(matches!(router.can_send_to(b"a"), Err(Error::Unroutable)));
    }
}

#[test]
fn a_send_that_waits_for_a_peer_hears_of_its_end() {
    for endpoint in ENDPOINTS {
        within(PATIENCE, move || {
            let context = Context::new();
            let (mut router, bound) = router(&context, endpoint);
            let dealer = dealer(&context, &bound, "a");
            assert_eq!(heard(&mut router).as_deref(), Some("a|here"));
            let body = vec![0; 100_000];
            fill(&mut router, &body);
            std::thread::scope(|scope| {
                let sender = scope.spawn(|| {
                    loop {
                        // Over the network the kernel may have taken a message meanwhile.
                        match router.send([&b"a"[..], &body]) {
                            Ok(()) => {}
                            Err(failed) => break failed.error,
                        }
                    }
                });
                std::thread::yield_now();
                drop(dealer);
                assert!(matches!(sender.join().unwrap(), Error::Unroutable));
            });
        });
    }
}

#[test]
fn who_comes_again_under_its_id_is_heard_whether_the_router_looks_between_or_not() {
    for endpoint in ENDPOINTS {
        for reads_each in [true, false] {
            let context = Context::new();
            let (mut router, bound) = router(&context, endpoint);
            for n in 0..5 {
                let mut dealer = dealer(&context, &bound, "a");
                if reads_each {
                    assert_eq!(heard(&mut router).as_deref(), Some("a|here"), "{endpoint} {n}");
                    router.send(["a", "back"]).unwrap();
                    assert_eq!(heard(&mut dealer).as_deref(), Some("back"), "{endpoint} {n}");
                }
            }
            for n in 0..if reads_each { 0 } else { 5 } {
                assert_eq!(heard(&mut router).as_deref(), Some("a|here"), "{endpoint} {n}");
            }
        }
    }
}

#[test]
fn a_second_peer_of_an_id_is_heard_and_reached_when_the_first_has_gone() {
    for endpoint in ENDPOINTS {
        let context = Context::new();
        let (mut router, bound) = router(&context, endpoint);
        let first = dealer(&context, &bound, "a");
        assert_eq!(heard(&mut router).as_deref(), Some("a|here"));
        let mut second = dealer(&context, &bound, "a");
        second.send("too").unwrap();
        // Another one shows that the second has arrived.
        let _other = dealer(&context, &bound, "b");
        assert_eq!(heard(&mut router).as_deref(), Some("b|here"), "{endpoint}");
        assert!(!router.can_recv());
        drop(first);
        assert_eq!(heard(&mut router).as_deref(), Some("a|here"), "{endpoint}");
        assert_eq!(heard(&mut router).as_deref(), Some("a|too"), "{endpoint}");
        router.send(["a", "back"]).unwrap();
        assert_eq!(heard(&mut second).as_deref(), Some("back"), "{endpoint}");
    }
}

/// A DEALER of this id, made by hand.
fn stranger(endpoint: &str, id: &str) -> TcpStream {
    let mut stream = TcpStream::connect(endpoint.strip_prefix("tcp://").unwrap()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut bytes = [0; 64];
    bytes[0] = 0xff;
    bytes[9] = 0x7f;
    bytes[10] = 3;
    bytes[12..16].copy_from_slice(b"NULL");
    let mut ready = b"\x05READY\x0bSocket-Type\0\0\0\x06DEALER\x08Identity\0\0\0".to_vec();
    ready.push(id.len() as u8);
    ready.extend_from_slice(id.as_bytes());
    stream.write_all(&[&bytes[..], &[4, ready.len() as u8], &ready].concat()).unwrap();
    raw_finish(&mut stream);
    stream
}

#[test]
fn the_end_of_a_peer_that_waits_is_seen_whatever_it_has_sent() {
    let context = Context::new();
    let (mut router, bound) = router(&context, "tcp://127.0.0.1:*");
    let mut monitor = router.monitor(Events::NONE.with(EventKind::Disconnected));
    let _first = stranger(&bound, "a");
    for messages in [0, 10, 999, 1000, 1001, 20_000] {
        let mut second = stranger(&bound, "a");
        second.write_all(&[0, 1, b'x'].repeat(messages)).unwrap();
        drop(second);
        let gone = std::thread::scope(|scope| {
            let gone = scope.spawn(|| await_event(&mut monitor, EventKind::Disconnected));
            until("its end", || {
                assert!(!router.can_recv(), "nobody hears it");
                gone.is_finished()
            });
            gone.join().unwrap()
        });
        assert_eq!(gone.kind, EventKind::Disconnected, "{messages}");
    }
}

fn pair(context: &Context, endpoint: &str) -> Pair {
    let mut pair = Pair::new(context).unwrap();
    pair.set(option::RCVHWM, 2).unwrap();
    pair.set(option::LINGER, Duration::ZERO).unwrap();
    pair.connect(endpoint).unwrap();
    pair
}

#[test]
fn a_pair_takes_the_next_peer_when_the_first_has_gone() {
    for endpoint in ENDPOINTS {
        let context = Context::new();
        let mut bound = Pair::new(&context).unwrap();
        let address = bound.bind(endpoint).unwrap();
        for n in 0..5 {
            let mut peer = pair(&context, &address);
            peer.send("up").unwrap();
            assert_eq!(heard(&mut bound).as_deref(), Some("up"), "{endpoint} {n}");
            bound.send("down").unwrap();
            assert_eq!(heard(&mut peer).as_deref(), Some("down"), "{endpoint} {n}");
            // The same socket, too.
            peer.disconnect(&address).unwrap();
            peer.connect(&address).unwrap();
            peer.send("again").unwrap();
            assert_eq!(heard(&mut bound).as_deref(), Some("again"), "{endpoint} {n}");
        }
    }
}

#[test]
fn a_pair_that_waits_in_a_send_meets_its_next_peer() {
    for endpoint in ENDPOINTS {
        within(PATIENCE, move || {
            let context = Context::new();
            let mut bound = Pair::new(&context).unwrap();
            bound.set(option::SNDHWM, 2).unwrap();
            bound.set(option::LINGER, Duration::ZERO).unwrap();
            let address = bound.bind(endpoint).unwrap();
            let mut first = pair(&context, &address);
            first.send("here").unwrap();
            assert_eq!(heard(&mut bound).as_deref(), Some("here"));
            let (body, met) = ("m".repeat(400_000), AtomicBool::new(false));
            until("full", || bound.try_send(&body).is_err());
            std::thread::scope(|scope| {
                // What the kernel had taken of the messages to the first one is lost with it.
                let sender = scope.spawn(|| {
                    while !met.load(Ordering::Relaxed) {
                        bound.send_timeout(&body, PATIENCE).unwrap();
                    }
                });
                std::thread::yield_now();
                drop(first);
                let mut second = pair(&context, &address);
                assert_eq!(heard(&mut second).as_ref(), Some(&body), "{endpoint}");
                met.store(true, Ordering::Relaxed);
                until("done", || {
                    _ = second.try_recv();
                    sender.is_finished()
                });
            });
        });
    }
}

#[test]
fn a_router_that_connects_reaches_the_binder_under_the_id_that_it_has_now() {
    for endpoint in [fresh_tcp(), fresh_ipc()] {
        let context = Context::new();
        let mut router = Router::new(&context).unwrap();
        router.set(option::ROUTER_MANDATORY, true).unwrap();
        router.set(option::RECONNECT_IVL, Duration::from_millis(1)).unwrap();
        router.set(option::LINGER, Duration::ZERO).unwrap();
        router.connect(&endpoint).unwrap();
        for id in ["one", "two", "two", "three"] {
            let mut binder = Router::new(&context).unwrap();
            binder.set(option::ROUTING_ID, id.as_bytes()).unwrap();
            binder.set(option::LINGER, Duration::ZERO).unwrap();
            until("bound", || binder.bind(&endpoint).is_ok());
            let mut from = None;
            until(id, || {
                _ = router.try_send([id, "hello"]);
                from = binder.try_recv().ok().and_then(|mut hello| hello.pop_front());
                from.is_some()
            });
            binder.send([from.unwrap(), "answer".into()]).unwrap();
            assert_eq!(heard(&mut router), Some(format!("{id}|answer")));
        }
    }
}

#[test]
fn a_bound_subscriber_is_subscribed_before_it_looks() {
    for (endpoint, socket_type) in
        ENDPOINTS.iter().flat_map(|&endpoint| [(endpoint, SocketType::Sub), (endpoint, SocketType::XSub)])
    {
        let context = Context::new();
        let mut subscriber = AnySocket::with_type(&context, socket_type).unwrap();
        let asks = |subscriber: &mut AnySocket, topic: &str| match socket_type {
            SocketType::Sub => subscriber.subscribe(topic).unwrap(),
            _ => subscriber.send(format!("\x01{topic}")).unwrap(),
        };
        asks(&mut subscriber, "a");
        let bound = subscriber.bind(endpoint).unwrap();
        asks(&mut subscriber, "b");
        let mut publisher = XPub::new(&context).unwrap();
        publisher.set(option::XPUB_VERBOSE, true).unwrap();
        publisher.connect(&bound).unwrap();
        for topic in ["a", "b"] {
            assert_eq!(heard(&mut publisher), Some(format!("\x01{topic}")), "{endpoint}");
        }
        publisher.send("a message").unwrap();
        assert_eq!(heard(&mut subscriber).as_deref(), Some("a message"), "{endpoint}");
        // Nothing is told twice.
        asks(&mut subscriber, "c");
        assert_eq!(heard(&mut publisher).as_deref(), Some("\x01c"), "{endpoint}");
    }
}

#[test]
fn a_publisher_that_comes_while_subscriptions_change_hears_each_once() {
    for endpoint in ENDPOINTS {
        for _ in 0..20 {
            let context = Context::new();
            let mut subscriber = Sub::new(&context).unwrap();
            let bound = subscriber.bind(endpoint).unwrap();
            let mut publisher = XPub::new(&context).unwrap();
            publisher.set(option::XPUB_VERBOSER, true).unwrap();
            publisher.connect(&bound).unwrap();
            for n in 0..100 {
                subscriber.subscribe(format!("{n:02}")).unwrap();
                if n > 0 {
                    subscriber.unsubscribe(format!("{:02}", n - 1)).unwrap();
                }
            }
            subscriber.subscribe("end").unwrap();
            // What had been cancelled before the publisher came is not heard of.
            let mut standing = BTreeSet::new();
            loop {
                let notice = heard(&mut publisher).unwrap();
                let (kind, topic) = notice.split_at(1);
                let changed = match kind {
                    "\x01" => standing.insert(topic.to_owned()),
                    _ => standing.remove(topic),
                };
                assert!(changed, "{endpoint}: {notice:?} beside {standing:?}");
                if topic == "end" {
                    break;
                }
            }
            assert!(standing.iter().eq(["99", "end"]), "{endpoint}: {standing:?}");
            publisher.send("99 and no other").unwrap();
            assert_eq!(heard(&mut subscriber).as_deref(), Some("99 and no other"), "{endpoint}");
        }
    }
}

#[test]
fn a_bound_router_reaches_peers_by_their_ids_without_having_looked() {
    for endpoint in ENDPOINTS {
        let context = Context::new();
        let (mut router, bound) = router(&context, endpoint);
        let mut dealer = Dealer::new(&context).unwrap();
        dealer.set(option::ROUTING_ID, b"a").unwrap();
        dealer.connect(&bound).unwrap();
        until("reached", || router.try_send(["a", "hello"]).is_ok());
        assert_eq!(heard(&mut dealer).as_deref(), Some("hello"), "{endpoint}");
    }
}

#[test]
fn nothing_is_left_of_a_peer_whose_end_comes_with_its_last_subscriptions() {
    let context = Context::new();
    for endpoint in ENDPOINTS {
        let mut publisher = XPub::new(&context).unwrap();
        let bound = publisher.bind(endpoint).unwrap();
        for topics in [900, 5000] {
            let mut sub = Sub::new(&context).unwrap();
            sub.connect(&bound).unwrap();
            sub.subscribe("first").unwrap();
            assert_eq!(publisher.recv_timeout(PATIENCE).unwrap().bytes(), b"\x01first");
            (0..topics).for_each(|topic| sub.subscribe(format!("topic {topic}")).unwrap());
            drop(sub);
            until("all is forgotten", || {
                // Asking takes in what has arrived, so that there are notices of it afterwards.
                let forgotten = publisher.topics().unwrap() == 0 && publisher.stats().peers.is_empty();
                while publisher.try_recv().is_ok() {}
                forgotten
            });
        }
    }
}

#[test]
fn old_replies_are_dropped_however_large_and_many_they_are() {
    let context = Context::new();
    for endpoint in ENDPOINTS {
        let mut router = Router::new(&context).unwrap();
        let bound = router.bind(endpoint).unwrap();
        let mut req = Req::new(&context).unwrap();
        req.connect(&bound).unwrap();
        for round in 0..2_u8 {
            req.send("question").unwrap();
            let id = router.recv_timeout(PATIENCE).unwrap()[0].to_vec();
            for copy in 0..5 {
                router.send([&id[..], b"", &[&[round, copy][..], &[0; 1 << 20]].concat()]).unwrap();
            }
            assert_eq!(req.recv_timeout(PATIENCE).unwrap().bytes()[..2], [round, 0]);
            until("the others are there", || {
                req.stats().peers.iter().any(|peer| peer.received_bytes >= (u64::from(round) + 1) * (5 << 20))
            });
        }
    }
}
