//! The numbers of sockets and peers, in scenarios whose numbers are known.

mod common;

use common::{ENDPOINTS, NETWORK, PATIENCE, fill, fresh_ipc, fresh_tcp, pipeline, raw_peer, until, within};
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::time::Duration;
use zincmq::{Context, Dealer, Events, Pub, Pull, Push, Rep, Req, Router, Sub, XPub, XSub, option};

/// One byte of flags, one of size.
const HEADER: u64 = 2;

#[test]
fn messages_and_bytes_are_counted_at_both_ends() {
    within(PATIENCE, || {
        for endpoint in ENDPOINTS {
            let context = Context::new();
            let (mut push, mut pull) = pipeline(&context, endpoint, 1000, 1000);
            for _ in 0..100 {
                push.send_timeout(["ten bytes.", "five."], PATIENCE).unwrap();
            }
            for _ in 0..100 {
                pull.recv_timeout(PATIENCE).unwrap();
            }
            let bytes = 100 * (10 + 5 + 2 * HEADER);
            let (sent, received) = (push.stats(), pull.stats());
            assert_eq!((sent.sent, sent.received, sent.sent_bytes), (100, 0, bytes), "{endpoint}");
            assert_eq!((received.sent, received.received), (0, 100), "{endpoint}");
            assert_eq!(received.received_bytes, bytes, "{endpoint}");
            assert_eq!((sent.peers.len(), received.peers.len()), (1, 1));
            assert_eq!((sent.peers[0].sent, sent.peers[0].sent_bytes), (100, bytes), "{endpoint}");
            assert_eq!((received.peers[0].received, received.peers[0].received_bytes), (100, bytes));
            assert_eq!((sent.dropped_full, sent.reconnects, sent.handshake_failures), (0, 0, 0));
        }
    });
}

#[test]
fn bodies_by_reference_are_counted_too() {
    const SIZE: usize = 1 << 20;
    const LONG_HEADER: u64 = 9;
    within(PATIENCE, || {
        for endpoint in ENDPOINTS {
            let context = Context::new();
            let (mut push, mut pull) = pipeline(&context, endpoint, 1000, 1000);
            for _ in 0..3 {
                push.send_timeout(vec![7; SIZE], PATIENCE).unwrap();
                assert_eq!(pull.recv_timeout(PATIENCE).unwrap()[0].len(), SIZE);
            }
            let bytes = 3 * (SIZE as u64 + LONG_HEADER);
            assert_eq!((push.stats().sent_bytes, pull.stats().received_bytes), (bytes, bytes), "{endpoint}");
        }
    });
}

#[test]
fn each_peer_has_its_numbers_and_leaves_them_behind() {
    within(PATIENCE, || {
        for endpoint in ENDPOINTS {
            let context = Context::new();
            let mut router = Router::new(&context).unwrap();
            let bound = router.bind(endpoint).unwrap();
            let mut peers: Vec<Dealer> = (1..=3_usize)
                .map(|count| {
                    let mut dealer = Dealer::new(&context).unwrap();
                    dealer.connect(&bound).unwrap();
                    (0..count).for_each(|_| dealer.send("from me").unwrap());
                    dealer
                })
                .collect();
            for _ in 0..6 {
                let message = router.recv_timeout(PATIENCE).unwrap();
                router.send(message).unwrap();
            }
            for (count, dealer) in (1..).zip(&mut peers) {
                (0..count).for_each(|_| drop(dealer.recv_timeout(PATIENCE).unwrap()));
                assert_eq!((dealer.stats().sent, dealer.stats().received), (count, count), "{endpoint}");
            }
            let mut each: Vec<_> =
                router.stats().peers.iter().map(|peer| (peer.sent, peer.received, peer.sent_bytes)).collect();
            each.sort_unstable();
            let bytes = 7 + HEADER;
            assert_eq!(each, [(1, 1, bytes), (2, 2, 2 * bytes), (3, 3, 3 * bytes)], "{endpoint}");
            drop(peers.pop());
            until("one has gone", || !router.can_recv() && router.stats().peers.len() == 2);
            drop(peers);
            until("all have gone", || !router.can_recv() && router.stats().peers.is_empty());
            let stats = router.stats();
            assert_eq!((stats.sent, stats.received), (6, 6), "{endpoint}");
            assert_eq!((stats.sent_bytes, stats.received_bytes), (6 * bytes, 6 * bytes), "{endpoint}");
            assert_eq!(stats.queued_out, 0);
        }
    });
}

#[test]
fn what_nobody_took_is_queued() {
    within(PATIENCE, || {
        let context = Context::new();
        // Nobody is bound there: everything stays.
        let mut push = Push::new(&context).unwrap();
        push.set(option::SNDHWM, 50).unwrap();
        push.connect(fresh_ipc()).unwrap();
        assert_eq!(fill(&mut push), 50);
        let stats = push.stats();
        assert_eq!((stats.sent, stats.queued_out, stats.peers[0].queued_out), (50, 50, 50));
        push.set(option::LINGER, Duration::ZERO).unwrap();

        // Credit comes in steps of half the high-water mark; what is queued is known one by one.
        let (mut push, mut pull) = pipeline(&context, "inproc://queued", 5, 5);
        assert_eq!(fill(&mut push), 10);
        for left in (0..10).rev() {
            assert!(pull.can_recv());
            assert_eq!(push.stats().queued_out, left + 1);
            pull.recv().unwrap();
            assert_eq!((push.stats().queued_out, push.stats().peers[0].queued_out), (left, left));
        }
    });
}

/// However many have been sent, and whatever the marks are.
#[test]
fn nothing_is_queued_when_all_has_arrived() {
    within(PATIENCE, || {
        for (mark, count) in
            [(1000, 1), (1000, 499), (1000, 700), (10, 4), (1, 3), (100_000, 2000), (0, 2000)]
        {
            for endpoint in ENDPOINTS {
                let context = Context::new();
                let (mut push, mut pull) = pipeline(&context, endpoint, mark, mark);
                for _ in 0..count {
                    push.send("x").unwrap();
                    pull.recv().unwrap();
                }
                // What the kernel has taken may not have been counted yet.
                until("nothing is queued", || push.stats().queued_out == 0);
                assert_eq!((push.stats().sent, pull.stats().received), (count, count), "{endpoint}");
            }
        }
    });
}

/// A service whose clients have all their answers.
#[test]
fn nothing_is_queued_after_a_conversation() {
    within(PATIENCE, || {
        for endpoint in ENDPOINTS {
            let context = Context::new();
            let (mut rep, mut req) = (Rep::new(&context).unwrap(), Req::new(&context).unwrap());
            req.connect(rep.bind(endpoint).unwrap()).unwrap();
            let server = std::thread::spawn(move || {
                for _ in 0..100 {
                    let request = rep.recv_timeout(PATIENCE).unwrap();
                    rep.send(request).unwrap();
                }
                until("the replies have gone out", || rep.stats().queued_out == 0);
                rep
            });
            for _ in 0..100 {
                req.send("question").unwrap();
                req.recv_timeout(PATIENCE).unwrap();
            }
            until("the requests have gone out", || req.stats().queued_out == 0);
            server.join().unwrap();
        }
    });
}

/// A stream that its writer writes itself, and one without a mark.
#[test]
fn nothing_is_queued_after_a_stream() {
    within(PATIENCE, || {
        for (endpoint, mark) in ENDPOINTS.into_iter().flat_map(|endpoint| [(endpoint, 100), (endpoint, 0)]) {
            let context = Context::new();
            let (mut push, mut pull) = pipeline(&context, endpoint, mark, mark);
            let reader = std::thread::spawn(move || {
                (0..50_000).for_each(|_| drop(pull.recv_timeout(PATIENCE).unwrap()));
                pull
            });
            for _ in 0..50_000 {
                push.send_timeout("tiny", PATIENCE).unwrap();
            }
            until("nothing is queued", || push.stats().queued_out == 0);
            assert_eq!(reader.join().unwrap().stats().received, 50_000, "{endpoint}, {mark}");
        }
    });
}

/// Of many only the last is kept: one is queued, and the others are neither queued nor received.
#[test]
fn only_the_last_is_queued_where_only_that_is_kept() {
    within(PATIENCE, || {
        let context = Context::new();
        let (mut push, mut pull) = (Push::new(&context).unwrap(), Pull::new(&context).unwrap());
        push.set(option::CONFLATE, true).unwrap();
        pull.set(option::CONFLATE, true).unwrap();
        pull.bind("inproc://last").unwrap();
        push.connect("inproc://last").unwrap();
        for text in ["one", "two", "three"] {
            push.send(text).unwrap();
            assert!(pull.can_recv());
        }
        assert_eq!(push.stats().queued_out, 1);
        assert_eq!(pull.recv().unwrap().bytes(), b"three");
        assert_eq!((push.stats().sent, push.stats().queued_out, pull.stats().received), (3, 0, 1));
        // Over inproc one pipe is both sides'.
        assert_eq!((push.stats().conflated, pull.stats().conflated), (2, 2));
        assert_eq!(pull.stats().peers[0].conflated, 2);
    });
}

/// Whichever side keeps only the last message, what does not arrive is counted there, whether it is replaced as it is
/// sent, on its way, or where it is received.
#[test]
fn what_is_conflated_is_counted() {
    const COUNT: u64 = 1000;
    within(PATIENCE, || {
        for (endpoint, sends) in
            NETWORK.into_iter().flat_map(|endpoint| [(endpoint, true), (endpoint, false)])
        {
            let context = Context::new();
            let (mut push, mut pull) = (Push::new(&context).unwrap(), Pull::new(&context).unwrap());
            push.set(option::CONFLATE, sends).unwrap();
            pull.set(option::CONFLATE, !sends).unwrap();
            push.connect(pull.bind(endpoint).unwrap()).unwrap();
            for number in 0..COUNT {
                push.send(&number.to_be_bytes()).unwrap();
            }
            let last = (COUNT - 1).to_be_bytes();
            until("the last has come", || pull.recv_timeout(PATIENCE).unwrap().bytes() == last);
            let (sent, received) = (push.stats(), pull.stats());
            let (here, there) = if sends { (&sent, &received) } else { (&received, &sent) };
            assert_eq!(here.conflated + received.received, COUNT, "{endpoint}, {sends}");
            assert_eq!(
                (there.conflated, received.queued_in, sent.sent),
                (0, 0, COUNT),
                "{endpoint}, {sends}"
            );
        }
    });
}

/// One by one, whatever the marks and the sizes are.
#[test]
fn what_waits_to_be_received_is_counted() {
    within(PATIENCE, || {
        for (endpoint, size) in
            ENDPOINTS.into_iter().flat_map(|endpoint| [(endpoint, 1), (endpoint, 100_000)])
        {
            let context = Context::new();
            let (mut push, mut pull) = pipeline(&context, endpoint, 1000, 1000);
            assert_eq!(pull.stats().queued_in, 0);
            for _ in 0..20 {
                push.send([vec![7; size], vec![8]]).unwrap();
            }
            until("all have come", || pull.stats().queued_in == 20);
            for left in (0..20).rev() {
                pull.recv().unwrap();
                let stats = pull.stats();
                assert_eq!((stats.queued_in, stats.peers[0].queued_in), (left, left), "{endpoint}, {size}");
            }
            assert_eq!(push.stats().queued_in, 0);
        }
    });
}

/// A publisher keeps what its subscribers have said until it is received.
#[test]
fn notices_wait_to_be_received_too() {
    within(PATIENCE, || {
        for endpoint in ENDPOINTS {
            let context = Context::new();
            let (mut xpub, mut sub) = (XPub::new(&context).unwrap(), Sub::new(&context).unwrap());
            sub.connect(xpub.bind(endpoint).unwrap()).unwrap();
            ["a", "b", "c"].iter().for_each(|topic| sub.subscribe(topic).unwrap());
            until("they have come", || xpub.stats().queued_in == 3);
            xpub.recv().unwrap();
            assert_eq!(xpub.stats().queued_in, 2, "{endpoint}");
        }
    });
}

/// An old reply, and a request without an envelope.
#[test]
fn what_a_type_has_no_use_for_is_discarded() {
    within(PATIENCE, || {
        for endpoint in ENDPOINTS {
            let context = Context::new();
            let (mut router, mut req) = (Router::new(&context).unwrap(), Req::new(&context).unwrap());
            req.set(option::REQ_RELAXED, true).unwrap();
            req.set(option::REQ_CORRELATE, true).unwrap();
            req.connect(router.bind(endpoint).unwrap()).unwrap();
            for request in ["old", "new"] {
                req.send(request).unwrap();
                let request = router.recv_timeout(PATIENCE).unwrap();
                router.send(request).unwrap();
                until("the reply has come", || req.stats().queued_in == 1);
            }
            assert_eq!(req.recv_timeout(PATIENCE).unwrap().bytes(), b"new", "{endpoint}");
            let stats = req.stats();
            assert_eq!((stats.received, stats.discarded, stats.peers[0].discarded), (1, 1, 1), "{endpoint}");

            let (mut rep, mut dealer) = (Rep::new(&context).unwrap(), Dealer::new(&context).unwrap());
            dealer.connect(rep.bind(endpoint.replace("://test", "://rep")).unwrap()).unwrap();
            dealer.send("no envelope").unwrap();
            dealer.send(["", "request"]).unwrap();
            assert_eq!(rep.recv_timeout(PATIENCE).unwrap().bytes(), b"request", "{endpoint}");
            assert_eq!((rep.stats().received, rep.stats().discarded), (1, 1), "{endpoint}");
        }
    });
}

/// Whoever asks is told of those who are there, also if nothing was received meanwhile.
#[test]
fn peers_that_have_gone_are_not_listed() {
    within(PATIENCE, || {
        for endpoint in ENDPOINTS {
            let context = Context::new();
            let mut pull = Pull::new(&context).unwrap();
            let bound = pull.bind(endpoint).unwrap();
            let mut senders: Vec<_> = (0..3).map(|_| Push::new(&context).unwrap()).collect();
            for push in &mut senders {
                push.connect(&bound).unwrap();
                push.send("one each").unwrap();
            }
            (0..3).for_each(|_| drop(pull.recv_timeout(PATIENCE).unwrap()));
            senders[0].send("another").unwrap();
            until("it is there", || pull.can_recv());
            drop(senders);
            until("the others have gone", || pull.stats().peers.len() == 1);
            assert_eq!(pull.stats().received, 3, "{endpoint}");
            pull.recv_timeout(PATIENCE).unwrap();
            until("all have gone", || pull.stats().peers.is_empty());
            assert_eq!(pull.stats().received, 4, "{endpoint}");
        }
    });
}

/// Those who only take have gone when they take no more.
#[test]
fn receivers_that_have_gone_are_not_listed() {
    within(PATIENCE, || {
        for endpoint in ENDPOINTS {
            let context = Context::new();
            let (mut push, mut publisher) = (Push::new(&context).unwrap(), Pub::new(&context).unwrap());
            let bound = push.bind(endpoint).unwrap();
            let news = publisher.bind(endpoint.replace("://", "://news").replace("news127", "127")).unwrap();
            let (mut pull, mut sub) = (Pull::new(&context).unwrap(), Sub::new(&context).unwrap());
            pull.connect(&bound).unwrap();
            sub.connect(&news).unwrap();
            push.send("one").unwrap();
            pull.recv_timeout(PATIENCE).unwrap();
            until("the subscriber is there", || publisher.stats().peers.len() == 1);
            drop((pull, sub));
            until("they have gone", || push.stats().peers.is_empty() && publisher.stats().peers.is_empty());
            assert_eq!((push.stats().sent, push.stats().queued_out), (1, 0), "{endpoint}");
        }
    });
}

/// What XSUB has sent upstream counts, whatever becomes of the connection.
#[test]
fn what_was_sent_upstream_survives_a_reconnection() {
    within(PATIENCE, || {
        let context = Context::new();
        let endpoint = fresh_tcp();
        let (mut xpub, mut xsub) = (XPub::new(&context).unwrap(), XSub::new(&context).unwrap());
        xpub.bind(&endpoint).unwrap();
        xsub.set(option::RECONNECT_IVL, Duration::from_millis(5)).unwrap();
        xsub.connect(&endpoint).unwrap();
        for _ in 0..5 {
            xsub.send("upstream").unwrap();
            assert_eq!(xpub.recv_timeout(PATIENCE).unwrap().bytes(), b"upstream");
        }
        let before = xsub.stats();
        assert_eq!(before.sent, 5);
        let mut monitor = xsub.monitor(Events::ALL);
        xpub.unbind(&endpoint).unwrap();
        common::await_event(&mut monitor, zincmq::EventKind::Disconnected);
        until("the endpoint is free again", || xpub.bind(&endpoint).is_ok());
        common::await_event(&mut monitor, zincmq::EventKind::HandshakeSucceeded);
        let after = xsub.stats();
        assert!((after.sent, after.sent_bytes) >= (before.sent, before.sent_bytes), "{before:?} {after:?}");
        assert_eq!(after.peers.len(), 1);
    });
}

#[test]
fn what_a_full_subscriber_misses_is_dropped() {
    within(PATIENCE, || {
        let context = Context::new();
        let mut publisher = Pub::new(&context).unwrap();
        publisher.set(option::SNDHWM, 3).unwrap();
        publisher.bind("inproc://drops").unwrap();
        let subscribe = |hwm: usize| {
            let mut sub = Sub::new(&context).unwrap();
            sub.set(option::RCVHWM, hwm).unwrap();
            sub.subscribe("a").unwrap();
            sub.connect("inproc://drops").unwrap();
            sub
        };
        let (mut slow, mut fast) = (subscribe(2), subscribe(1000));
        until("both have subscribed", || {
            publisher.topics().unwrap() == 1 && publisher.stats().peers.len() == 2
        });
        for _ in 0..20 {
            publisher.send("a").unwrap();
            publisher.send("b for nobody").unwrap();
            fast.recv_timeout(PATIENCE).unwrap();
        }
        let stats = publisher.stats();
        assert_eq!((stats.sent, stats.dropped_full), (25, 15));
        let mut dropped: Vec<_> = stats.peers.iter().map(|peer| (peer.sent, peer.dropped_full)).collect();
        dropped.sort_unstable();
        assert_eq!(dropped, [(5, 15), (20, 0)]);
        (0..5).for_each(|_| drop(slow.recv_timeout(PATIENCE).unwrap()));
        assert!(slow.try_recv().is_err());
        drop((slow, fast));
        until("both have gone", || publisher.topics().unwrap() == 0 && publisher.stats().peers.is_empty());
        assert_eq!(publisher.stats().dropped_full, 15);
    });
}

/// ROUTER and REP drop as well: what peers that do not read are sent.
#[test]
fn what_a_full_peer_is_not_routed_is_dropped() {
    within(PATIENCE, || {
        let context = Context::new();
        let (mut router, mut rep) = (Router::new(&context).unwrap(), Rep::new(&context).unwrap());
        let [mut slow, mut asking] = [(); 2].map(|()| Dealer::new(&context).unwrap());
        router.set(option::SNDHWM, 3).unwrap();
        router.bind("inproc://router").unwrap();
        slow.set(option::RCVHWM, 2).unwrap();
        slow.set(option::ROUTING_ID, b"slow").unwrap();
        slow.connect("inproc://router").unwrap();
        (0..20).for_each(|_| router.send(["slow", "letter"]).unwrap());
        router.send(["nobody", "letter"]).unwrap();
        let stats = router.stats();
        assert_eq!((stats.sent, stats.dropped_full, stats.peers[0].dropped_full), (5, 15, 15));
        assert_eq!(stats.dropped_unroutable, 1);
        router.set(option::ROUTER_MANDATORY, true).unwrap();
        assert!(router.try_send(["slow", "letter"]).is_err());
        assert!(router.try_send(["nobody", "letter"]).is_err());
        let stats = router.stats();
        assert_eq!((stats.dropped_full, stats.dropped_unroutable), (15, 1), "what is refused is not dropped");

        rep.set(option::SNDHWM, 3).unwrap();
        rep.bind("inproc://rep").unwrap();
        asking.set(option::RCVHWM, 2).unwrap();
        asking.connect("inproc://rep").unwrap();
        for _ in 0..20 {
            asking.send(["", "request"]).unwrap();
            rep.recv().unwrap();
            rep.send("reply").unwrap();
        }
        let stats = rep.stats();
        assert_eq!((stats.sent, stats.dropped_full, stats.peers[0].dropped_full), (5, 15, 15));
        asking.send(["", "request"]).unwrap();
        rep.recv().unwrap();
        drop(asking);
        rep.send("nobody hears that").unwrap();
        assert_eq!((rep.stats().sent, rep.stats().dropped_unroutable), (5, 1));
    });
}

#[test]
fn connections_made_again_are_counted() {
    within(PATIENCE, || {
        let context = Context::new();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut push = Push::new(&context).unwrap();
        push.set(option::RECONNECT_IVL, Duration::from_millis(5)).unwrap();
        push.connect(format!("tcp://{}", listener.local_addr().unwrap())).unwrap();
        for made in 0..4 {
            let (mut stream, _) = listener.accept().unwrap();
            common::raw_greet(&mut stream, "PULL");
            common::raw_finish(&mut stream);
            until("it is counted", || push.stats().reconnects == made);
        }
        assert_eq!(push.stats().peers.len(), 1, "one endpoint is one peer, however often it is connected");
    });
}

#[test]
fn failed_handshakes_are_counted() {
    within(PATIENCE, || {
        let context = Context::new();
        let mut pull = Pull::new(&context).unwrap();
        let bound = pull.bind("tcp://127.0.0.1:*").unwrap();
        let address = bound.strip_prefix("tcp://").unwrap();
        for count in 1..=3 {
            let mut stream = TcpStream::connect(address).unwrap();
            if count < 3 {
                stream.write_all(b"\xff\0\0\0\0\0\0\0\x01\x7f\x03\0GARBAGE").unwrap();
            }
            drop(stream);
            until("it is counted", || pull.stats().handshake_failures == count);
        }
        let _peer = raw_peer(&bound, "PUSH");
        until("a good one comes in", || pull.stats().peers.len() == 1);
        assert_eq!(pull.stats().handshake_failures, 3);
    });
}

/// A binder goes and comes again: for the connecting side it is the same peer.
#[test]
fn numbers_survive_a_reconnection() {
    within(PATIENCE, || {
        for endpoint in [fresh_ipc(), fresh_tcp()] {
            let context = Context::new();
            let mut pull = Pull::new(&context).unwrap();
            pull.bind(&endpoint).unwrap();
            let mut push = Push::new(&context).unwrap();
            push.set(option::RECONNECT_IVL, Duration::from_millis(5)).unwrap();
            push.connect(&endpoint).unwrap();
            push.send("before").unwrap();
            pull.recv_timeout(PATIENCE).unwrap();
            let mut monitor = push.monitor(Events::ALL);
            pull.unbind(&endpoint).unwrap();
            common::await_event(&mut monitor, zincmq::EventKind::Disconnected);
            push.send("after").unwrap();
            until("the endpoint is free again", || pull.bind(&endpoint).is_ok());
            assert_eq!(pull.recv_timeout(PATIENCE).unwrap().bytes(), b"after", "{endpoint}");
            let (sent, received) = (push.stats(), pull.stats());
            assert_eq!((sent.sent, sent.reconnects, sent.peers.len()), (2, 1, 1), "{endpoint}");
            assert_eq!(sent.sent_bytes, 6 + 5 + 2 * HEADER, "{endpoint}");
            assert_eq!((received.received, received.peers.len()), (2, 1), "{endpoint}");
        }
    });
}
