//! The end of sockets and endpoints: linger, unbind, disconnect.

mod common;

use common::{NETWORK, PATIENCE, await_event, fill, fresh_ipc, fresh_tcp, pipeline, raw_peer, until, within};
use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};
use zincmq::{Context, Dealer, Error, EventKind, Events, Message, Pair, Pull, Push, Stream, option};

/// An endpoint that a peer binds only after the sender has gone.
fn unbound() -> [String; 2] {
    [fresh_ipc(), fresh_tcp()]
}

#[test]
fn messages_outlive_their_socket_until_a_peer_binds() {
    within(PATIENCE, || {
        for endpoint in unbound() {
            let context = Context::new();
            let mut push = Push::new(&context).unwrap();
            push.set(option::RECONNECT_IVL, Duration::from_millis(5)).unwrap();
            push.connect(&endpoint).unwrap();
            for number in 0..100_u8 {
                push.send(&[number]).unwrap();
            }
            drop(push);
            let mut pull = Pull::new(&context).unwrap();
            pull.bind(&endpoint).unwrap();
            for number in 0..100 {
                assert_eq!(pull.recv_timeout(PATIENCE).unwrap().bytes(), [number], "{endpoint}");
            }
            drop(pull);
            context.term();
        }
    });
}

#[test]
fn without_linger_the_end_comes_at_once() {
    within(PATIENCE, || {
        for endpoint in unbound() {
            let context = Context::new();
            let mut push = Push::new(&context).unwrap();
            push.set(option::LINGER, Duration::ZERO).unwrap();
            push.connect(&endpoint).unwrap();
            push.send("for nobody").unwrap();
            drop(push);
            context.term();
        }
    });
}

#[test]
fn with_a_finite_linger_the_end_comes_in_time() {
    within(PATIENCE, || {
        for endpoint in unbound() {
            let context = Context::new();
            let mut push = Push::new(&context).unwrap();
            push.set(option::LINGER, Duration::from_millis(150)).unwrap();
            push.connect(&endpoint).unwrap();
            push.send("for nobody").unwrap();
            let begin = Instant::now();
            drop(push);
            context.term();
            let waited = begin.elapsed();
            assert!(waited >= Duration::from_millis(150), "{endpoint}: {waited:?}");
            assert!(waited < Duration::from_secs(10), "{endpoint}: {waited:?}");
        }
    });
}

#[test]
fn nothing_to_send_means_nothing_to_wait_for() {
    within(PATIENCE, || {
        for endpoint in unbound() {
            let context = Context::new();
            let mut push = Push::new(&context).unwrap();
            push.connect(&endpoint).unwrap();
            drop(push);
            context.term();
        }
    });
}

/// Closing with unread input must not cut off the output that is still on its way.
#[test]
fn everything_arrives_though_the_sender_leaves_its_own_mail_unread() {
    within(3 * PATIENCE, || {
        for endpoint in NETWORK {
            let (ours, theirs) = (Context::new(), Context::new());
            let mut receiver = Dealer::new(&theirs).unwrap();
            let bound = receiver.bind(endpoint).unwrap();
            let mut sender = Dealer::new(&ours).unwrap();
            sender.connect(&bound).unwrap();
            sender.send("first").unwrap();
            receiver.recv_timeout(PATIENCE).unwrap();
            for _ in 0..500 {
                receiver.send(vec![1; 2000]).unwrap();
            }
            for number in 0..500_u32 {
                sender.send([&number.to_be_bytes()[..], &[7; 8000]]).unwrap();
            }
            drop(sender);
            for number in 0..500_u32 {
                let message = receiver.recv_timeout(PATIENCE).unwrap();
                assert_eq!(message[0], number.to_be_bytes(), "{endpoint}");
                assert_eq!(message[1].len(), 8000);
            }
            ours.term();
        }
    });
}

/// Nor must input that comes after the end.
#[test]
fn everything_arrives_though_the_peer_answers_a_sender_that_has_gone() {
    within(3 * PATIENCE, || {
        for endpoint in NETWORK {
            let (ours, theirs) = (Context::new(), Context::new());
            let mut receiver = Dealer::new(&theirs).unwrap();
            receiver.set(option::RCVHWM, 10).unwrap();
            let bound = receiver.bind(endpoint).unwrap();
            let mut sender = Dealer::new(&ours).unwrap();
            sender.connect(&bound).unwrap();
            for number in 0..500_u32 {
                sender.send([&number.to_be_bytes()[..], &[7; 4000]]).unwrap();
            }
            drop(sender);
            for number in 0..500_u32 {
                let message = receiver.recv_timeout(PATIENCE).unwrap();
                assert_eq!(message[0], number.to_be_bytes(), "{endpoint}");
                _ = receiver.try_send("an answer");
            }
            ours.term();
        }
    });
}

/// The end waits for a peer that has not got everything, but not for ever, and not longer than to linger.
#[test]
fn a_peer_that_takes_nothing_holds_up_the_end_only_for_a_time() {
    const FEW: u32 = 30;
    within(2 * PATIENCE, || {
        let (moment, long) = (Duration::from_millis(100), Duration::from_secs(4));
        for (linger, least, most) in [(Some(moment), moment, long), (None, long, PATIENCE)] {
            let (ours, theirs) = (Context::new(), Context::new());
            let mut pull = Pull::new(&theirs).unwrap();
            pull.set(option::RCVHWM, 2).unwrap();
            let bound = pull.bind("ipc://*").unwrap();
            let mut push = Push::new(&ours).unwrap();
            push.set(option::LINGER, linger).unwrap();
            push.connect(&bound).unwrap();
            for number in 0..FEW {
                push.send([&number.to_be_bytes()[..], &[7; 5000]]).unwrap();
            }
            let begin = Instant::now();
            drop(push);
            ours.term();
            let waited = begin.elapsed();
            assert!((least..most).contains(&waited), "{linger:?}: {waited:?}");
            for number in 0..FEW {
                assert_eq!(pull.recv_timeout(PATIENCE).unwrap()[0], number.to_be_bytes(), "{linger:?}");
            }
        }
    });
}

/// A DEALER that is bound, with room for few messages, and a peer made by hand, whom it knows.
fn dealer_and_peer(context: &Context) -> (Dealer, TcpStream) {
    let mut dealer = Dealer::new(context).unwrap();
    dealer.set(option::RCVHWM, 2).unwrap();
    dealer.set(option::SNDHWM, 0).unwrap();
    let mut peer = raw_peer(&dealer.bind("tcp://127.0.0.1:*").unwrap(), "DEALER");
    peer.write_all(&[0, 1, b'!']).unwrap();
    dealer.recv_timeout(PATIENCE).unwrap();
    (dealer, peer)
}

/// What comes in while a socket lingers is read, more than its mark allows, or the peer might never come to read.
#[test]
fn a_peer_that_writes_before_it_reads_gets_all() {
    within(PATIENCE, || {
        let context = Context::new();
        let (mut dealer, mut peer) = dealer_and_peer(&context);
        for _ in 0..500 {
            dealer.send(vec![7; 8000]).unwrap();
        }
        drop(dealer);
        let frame = [&[0, 200][..], &[1; 200]].concat();
        peer.write_all(&frame.repeat(50_000)).unwrap();
        let mut all = Vec::new();
        // When the peer has everything the connection ends, though some of what it sent may be on its way: the kernel
        // calls that a reset, and gives what has come before.
        if let Err(error) = peer.read_to_end(&mut all) {
            assert_eq!(error.kind(), ErrorKind::ConnectionReset);
        }
        assert_eq!(all.len(), 500 * (9 + 8000));
        context.term();
    });
}

#[test]
fn a_dead_peer_holds_nothing_up_though_its_mail_is_unread() {
    within(PATIENCE, || {
        let context = Context::new();
        let (mut dealer, mut peer) = dealer_and_peer(&context);
        peer.write_all(&[0, 1, b'!'].repeat(50)).unwrap();
        until("they have come, in one piece", || dealer.can_recv());
        for _ in 0..200 {
            dealer.send(vec![7; 64 << 10]).unwrap();
        }
        drop(peer);
        drop(dealer);
        context.term();
    });
}

#[test]
fn what_was_sent_before_the_end_can_be_read_after_it() {
    within(PATIENCE, || {
        for endpoint in common::ENDPOINTS {
            let context = Context::new();
            let mut pull = Pull::new(&context).unwrap();
            let bound = pull.bind(endpoint).unwrap();
            let mut push = Push::new(&context).unwrap();
            push.connect(&bound).unwrap();
            for number in 0..500_u32 {
                push.send([&number.to_be_bytes()[..], b"tail"]).unwrap();
            }
            drop(push);
            for number in 0..500_u32 {
                let message = pull.recv_timeout(PATIENCE).unwrap();
                assert_eq!(message, Message::from([&number.to_be_bytes()[..], b"tail"]), "{endpoint}");
            }
            until("the peer is gone", || !pull.can_recv() && pull.stats().peers.is_empty());
        }
    });
}

#[test]
fn after_unbind_nobody_is_left_to_send_to() {
    within(PATIENCE, || {
        for endpoint in NETWORK {
            let context = Context::new();
            let (mut push, mut pull) = pipeline(&context, endpoint, 1000, 1000);
            let bound = push.last_endpoint();
            push.send_timeout("before", PATIENCE).unwrap();
            assert_eq!(pull.recv_timeout(PATIENCE).unwrap().bytes(), b"before");
            push.unbind(&bound).unwrap();
            assert!(matches!(push.try_send("after").map_err(Error::from), Err(Error::Again)), "{endpoint}");
            assert!(matches!(push.unbind(&bound), Err(Error::NoEndpoint { .. })));
        }
    });
}

#[test]
fn after_disconnect_nobody_is_left_to_send_to() {
    within(PATIENCE, || {
        for endpoint in common::ENDPOINTS {
            let context = Context::new();
            let mut pull = Pull::new(&context).unwrap();
            let bound = pull.bind(endpoint).unwrap();
            let mut push = Push::new(&context).unwrap();
            push.connect(&bound).unwrap();
            push.send("before").unwrap();
            push.disconnect(&bound).unwrap();
            assert!(matches!(push.try_send("after").map_err(Error::from), Err(Error::Again)), "{endpoint}");
            assert!(matches!(push.disconnect(&bound), Err(Error::NoEndpoint { .. })));
            // What was accepted before lingers.
            assert_eq!(pull.recv_timeout(PATIENCE).unwrap().bytes(), b"before", "{endpoint}");
            push.connect(&bound).unwrap();
            push.send("again").unwrap();
            assert_eq!(pull.recv_timeout(PATIENCE).unwrap().bytes(), b"again", "{endpoint}");
        }
    });
}

/// What was queued for the connections of a listener lingers when the listener goes.
#[test]
fn unbind_lets_queued_messages_out() {
    within(PATIENCE, || {
        for endpoint in NETWORK {
            let context = Context::new();
            let (mut push, mut pull) = pipeline(&context, endpoint, 0, 0);
            let bound = push.last_endpoint();
            let body = vec![3; 10_000];
            push.send_timeout("first", PATIENCE).unwrap();
            for _ in 0..500 {
                push.send(&body).unwrap();
            }
            push.unbind(&bound).unwrap();
            assert_eq!(pull.recv_timeout(PATIENCE).unwrap().bytes(), b"first");
            for _ in 0..500 {
                assert!(pull.recv_timeout(PATIENCE).unwrap().bytes() == body, "{endpoint}");
            }
        }
    });
}

#[test]
fn a_wildcard_goes_by_the_name_it_got() {
    within(PATIENCE, || {
        for endpoint in NETWORK {
            let context = Context::new();
            let mut pull = Pull::new(&context).unwrap();
            let bound = pull.bind(endpoint).unwrap();
            assert_eq!(pull.last_endpoint(), bound);
            assert!(matches!(pull.unbind(endpoint), Err(Error::NoEndpoint { .. })), "{endpoint}");
            pull.unbind(&bound).unwrap();
            assert!(matches!(pull.unbind(&bound), Err(Error::NoEndpoint { .. })), "{endpoint}");
        }
    });
}

/// An endpoint goes by the text that was bound or connected, and by another spelling of the same address.
#[test]
fn an_endpoint_goes_by_any_of_its_names() {
    let bound = [
        (false, "tcp://localhost:", vec!["tcp://localhost:", "tcp://127.0.0.1:", "tcp://[127.0.0.1]:0"]),
        (false, "tcp://lo:", vec!["tcp://lo:", "tcp://127.0.0.1:"]),
        (false, "tcp://*:", vec!["tcp://*:", "tcp://0.0.0.0:", "tcp://[*]:"]),
        (true, "tcp://*:", vec!["tcp://*:", "tcp://[::]:"]),
        (true, "tcp://[0:0:0:0:0:0:0:1]:", vec!["tcp://[0:0::1]:", "tcp://[::1]:", "tcp://::1:"]),
        (true, "tcp://[::ffff:127.0.0.1]:", vec!["tcp://[::ffff:127.0.0.1]:", "tcp://127.0.0.1:"]),
    ];
    let context = Context::new();
    for (ipv6, text, names) in bound {
        for name in names {
            let mut pull = Pull::new(&context).unwrap();
            pull.set(option::IPV6, ipv6).unwrap();
            let Some((port, full)) = bind_anywhere(&mut pull, ipv6, text) else { continue };
            let name = format!("{name}{port}");
            let other = format!("tcp://127.0.0.2:{port}");
            assert!(matches!(pull.unbind(&other), Err(Error::NoEndpoint { .. })), "{text}: {other}");
            assert!(pull.last_endpoint() == full);
            pull.unbind(&name).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert!(matches!(pull.unbind(&full), Err(Error::NoEndpoint { .. })), "{text}");
        }
    }
    for (text, name) in [
        ("tcp://localhost:1", "tcp://localhost:1"),
        ("tcp://127.0.0.1:1", "tcp://localhost:01"),
        ("tcp://lo:0;127.0.0.1:1", "tcp://lo:0;127.0.0.1:1"),
    ] {
        let mut push = Push::new(&context).unwrap();
        push.connect(text).unwrap();
        push.disconnect(name).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert!(matches!(push.disconnect(text), Err(Error::NoEndpoint { .. })), "{text}");
    }
}

/// Binds to `text` and a port that nobody listens at; not without IPv6 where that is asked for. Returns the port and the
/// endpoint in full.
fn bind_anywhere(pull: &mut Pull, ipv6: bool, text: &str) -> Option<(u16, String)> {
    let any = if ipv6 { "[::]:0" } else { "0.0.0.0:0" };
    loop {
        let port = TcpListener::bind(any).ok()?.local_addr().unwrap().port();
        // Another process may have been given the port meanwhile.
        match pull.bind(format!("{text}{port}")) {
            Err(Error::Io { .. }) => {}
            full => return Some((port, full.unwrap())),
        }
    }
}

/// Where a socket has been unbound or closed another can be bound at once, and hears from those that connect.
#[test]
fn an_address_is_free_when_the_call_returns() {
    within(3 * PATIENCE, || {
        let path = std::env::temp_dir().join(format!("zincmq-free-{}", std::process::id()));
        let [tcp, ipc] = unbound();
        for endpoint in [&tcp, &ipc, &format!("ipc://{}", path.display()), "inproc://free"] {
            let context = Context::new();
            let mut pull = Pull::new(&context).unwrap();
            pull.bind(endpoint).unwrap();
            for round in 0..60 {
                // By the same socket; by another, the first one being closed; by another beside the first one.
                let _first = match round % 3 {
                    0 => pull.unbind(endpoint).map(|()| None).unwrap(),
                    1 => {
                        pull = Pull::new(&context).unwrap();
                        None
                    }
                    _ => {
                        pull.unbind(endpoint).unwrap();
                        Some(std::mem::replace(&mut pull, Pull::new(&context).unwrap()))
                    }
                };
                pull.bind(endpoint).unwrap_or_else(|error| panic!("round {round}: {error}"));
                let mut push = Push::new(&context).unwrap();
                push.connect(endpoint).unwrap();
                push.send("hello").unwrap();
                assert_eq!(pull.recv_timeout(PATIENCE).unwrap().bytes(), b"hello", "{endpoint}");
            }
        }
        _ = std::fs::remove_file(path);
        for closes in [false, true] {
            let context = Context::new();
            let mut pull = Pull::new(&context).unwrap();
            let bound = pull.bind("ipc://*").unwrap();
            let file = std::path::Path::new(bound.strip_prefix("ipc://").unwrap());
            assert!(file.exists());
            if closes {
                drop(pull)
            } else {
                pull.unbind(&bound).unwrap()
            }
            assert!(!file.exists());
        }
    });
}

#[test]
fn an_inproc_name_is_free_at_once_and_its_connections_stay() {
    within(PATIENCE, || {
        let context = Context::new();
        let (mut push, mut pull) = pipeline(&context, "inproc://name", 10, 10);
        push.send("kept").unwrap();
        push.unbind("inproc://name").unwrap();
        let mut other = Push::new(&context).unwrap();
        other.bind("inproc://name").unwrap();
        push.send("still").unwrap();
        assert_eq!(pull.recv_timeout(PATIENCE).unwrap().bytes(), b"kept");
        assert_eq!(pull.recv_timeout(PATIENCE).unwrap().bytes(), b"still");
        assert!(matches!(other.try_send("nobody").map_err(Error::from), Err(Error::Again)));
    });
}

/// A connection that was made, but that the socket never took notice of, must not hold anything up.
#[test]
fn a_socket_can_close_before_it_sees_its_peers() {
    within(PATIENCE, || {
        for endpoint in NETWORK {
            let (ours, theirs) = (Context::new(), Context::new());
            let mut pull = Pull::new(&ours).unwrap();
            let mut monitor = pull.monitor(Events::ALL);
            let bound = pull.bind(endpoint).unwrap();
            let mut push = Push::new(&theirs).unwrap();
            push.connect(&bound).unwrap();
            await_event(&mut monitor, EventKind::HandshakeSucceeded);
            drop(pull);
            ours.term();
        }
    });
}

#[test]
fn an_inproc_socket_can_close_before_it_sees_its_peers() {
    within(PATIENCE, || {
        let context = Context::new();
        let mut pull = Pull::new(&context).unwrap();
        pull.bind("inproc://name").unwrap();
        let mut seen = Push::new(&context).unwrap();
        seen.connect("inproc://name").unwrap();
        seen.send("known").unwrap();
        pull.recv_timeout(PATIENCE).unwrap();
        let mut unseen = Push::new(&context).unwrap();
        unseen.connect("inproc://name").unwrap();
        drop(pull);
        for push in [&mut seen, &mut unseen] {
            until("the peer is gone", || {
                matches!(push.try_send("nobody").map_err(Error::from), Err(Error::Again))
            });
        }
    });
}

#[test]
fn the_other_side_notices_the_end() {
    within(PATIENCE, || {
        for endpoint in common::ENDPOINTS {
            let context = Context::new();
            let (mut push, pull) = pipeline(&context, endpoint, 10, 10);
            push.send_timeout("hello", PATIENCE).unwrap();
            drop(pull);
            until("the peer is gone", || push.stats().peers.is_empty());
            assert_eq!(fill(&mut push), 0, "{endpoint}");
        }
    });
}

#[test]
fn a_pair_can_take_its_next_peer() {
    within(PATIENCE, || {
        for endpoint in common::ENDPOINTS {
            let context = Context::new();
            let mut lasting = Pair::new(&context).unwrap();
            let bound = lasting.bind(endpoint).unwrap();
            for round in 0..5_u8 {
                let mut passing = Pair::new(&context).unwrap();
                passing.set(option::RECONNECT_IVL, Duration::from_millis(5)).unwrap();
                passing.connect(&bound).unwrap();
                passing.send(&[round]).unwrap();
                assert_eq!(lasting.recv_timeout(PATIENCE).unwrap().bytes(), [round], "{endpoint}");
                lasting.send_timeout(&[round], PATIENCE).unwrap();
                assert_eq!(passing.recv_timeout(PATIENCE).unwrap().bytes(), [round], "{endpoint}");
                drop(passing);
                until("the peer is gone", || !lasting.can_recv() && lasting.stats().peers.is_empty());
            }
        }
    });
}

/// An empty body closes a STREAM connection, but not before what was sent is out (zmq_socket(3)).
#[test]
fn a_stream_says_its_last_words_before_it_hangs_up() {
    within(PATIENCE, || {
        let context = Context::new();
        let mut stream = Stream::new(&context).unwrap();
        let bound = stream.bind("tcp://127.0.0.1:*").unwrap();
        for size in [5, 40_000_000] {
            let mut peer = TcpStream::connect(bound.strip_prefix("tcp://").unwrap()).unwrap();
            peer.write_all(b"a question").unwrap();
            assert!(stream.recv().unwrap()[1].is_empty(), "first it tells that somebody has come");
            let id = stream.recv().unwrap()[0].to_vec();
            stream.send([id.clone(), vec![7; size]]).unwrap();
            stream.send([id.clone(), Vec::new()]).unwrap();
            assert!(matches!(stream.try_send([id, vec![8]]).map_err(Error::from), Err(Error::Unroutable)));
            let mut words = Vec::new();
            peer.read_to_end(&mut words).unwrap();
            assert_eq!(words.len(), size);
        }
    });
}

#[test]
fn nothing_lingers_for_a_binder_that_left_as_soon_as_it_was_reached() {
    within(PATIENCE, || {
        for endpoint in NETWORK.iter().cycle().take(100) {
            let (ours, theirs) = (Context::new(), Context::new());
            let mut pull = Pull::new(&ours).unwrap();
            let bound = pull.bind(endpoint).unwrap();
            let mut push = Push::new(&theirs).unwrap();
            push.set(option::RECONNECT_IVL, Duration::from_secs(60)).unwrap();
            let mut monitor = push.monitor(Events::ALL);
            push.connect(&bound).unwrap();
            await_event(&mut monitor, EventKind::HandshakeSucceeded);
            drop(pull);
            await_event(&mut monitor, EventKind::ConnectRetried);
            drop(push);
            theirs.term();
        }
    });
}
