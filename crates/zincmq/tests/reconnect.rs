//! Connections that are lost, refused or slow: when they are tried again, and when not.

mod common;

use common::{PATIENCE, await_event, fresh_ipc, fresh_tcp, raw_finish, raw_greet, raw_peer, until, within};
use std::io::Read;
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};
use zincmq::{AnySocket, Context, Dealer, Error, EventKind, Events, Monitor, Pull, Push, SocketType, option};

/// All events until the monitor stops: the socket has let go of everything.
fn rest(mut monitor: Monitor) -> Vec<EventKind> {
    let kinds = std::iter::from_fn(|| match monitor.recv_timeout(PATIENCE) {
        Ok(event) => Some(event.kind),
        Err(Error::Terminated) => None,
        Err(error) => panic!("{error}"),
    });
    kinds.filter(|kind| *kind != EventKind::MonitorStopped).collect()
}

fn listener() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("tcp://{}", listener.local_addr().unwrap());
    (listener, endpoint)
}

#[test]
fn pauses_double_up_to_the_maximum() {
    let context = Context::new();
    let mut push = Push::new(&context).unwrap();
    push.set(option::RECONNECT_IVL, Duration::from_millis(5)).unwrap();
    push.set(option::RECONNECT_IVL_MAX, Duration::from_millis(30)).unwrap();
    let mut monitor = push.monitor(Events::NONE.with(EventKind::ConnectRetried));
    let (listener, endpoint) = listener();
    drop(listener);
    push.connect(&endpoint).unwrap();
    let mut pauses =
        |count| -> Vec<u64> { (0..count).map(|_| monitor.recv_timeout(PATIENCE).unwrap().value).collect() };
    assert_eq!(pauses(5), [5, 10, 20, 30, 30]);
    // A success begins anew.
    let mut pull = Pull::new(&context).unwrap();
    pull.bind(&endpoint).unwrap();
    push.send("x").unwrap();
    pull.recv_timeout(PATIENCE).unwrap();
    drop(pull);
    while pauses(1) != [5] {}
    assert_eq!(pauses(2), [10, 20]);
}

#[test]
fn pauses_grow_while_no_connection_is_of_use() {
    let context = Context::new();
    let mut push = Push::new(&context).unwrap();
    push.set(option::RECONNECT_IVL, Duration::from_millis(5)).unwrap();
    push.set(option::RECONNECT_IVL_MAX, Duration::from_millis(40)).unwrap();
    push.set(option::LINGER, Duration::ZERO).unwrap();
    let mut monitor = push.monitor(Events::NONE.with(EventKind::ConnectRetried));
    let (listener, endpoint) = listener();
    push.connect(&endpoint).unwrap();
    // A connection that stands for long begins anew, and here this thread may be kept off the processor.
    let grows = (0..100).any(|_| {
        let (mut stream, _) = listener.accept().unwrap();
        raw_greet(&mut stream, "PULL");
        raw_finish(&mut stream);
        drop(stream);
        monitor.recv_timeout(PATIENCE).unwrap().value == 40
    });
    assert!(grows);
}

/// A message that the peer refuses at its header is tried three times, then given up, and the stream goes on.
#[test]
fn what_the_peer_will_not_take_stops_nothing() {
    use SocketType::{Dealer, Pair, Pub, Pull, Push, Req, Router, Sub};
    let big = vec![0; 20_000_000];
    let pairs = [(Push, Pull), (Dealer, Router), (Router, Dealer), (Pub, Sub), (Pair, Pair), (Req, Router)];
    for (from, to) in pairs {
        for endpoint in [fresh_tcp(), fresh_ipc()] {
            let context = Context::new();
            let mut there = AnySocket::with_type(&context, to).unwrap();
            there.set(option::MAXMSGSIZE, 1000).unwrap();
            if to == Sub {
                there.subscribe("").unwrap();
            }
            if to == Dealer {
                there.set(option::ROUTING_ID, "peer").unwrap();
            }
            there.bind(&endpoint).unwrap();
            let mut here = AnySocket::with_type(&context, from).unwrap();
            here.set(option::RECONNECT_IVL, Duration::from_millis(1)).unwrap();
            here.set(option::LINGER, Duration::ZERO).unwrap();
            if from == Req {
                here.set(option::REQ_RELAXED, true).unwrap();
            }
            if from == Router {
                here.set(option::ROUTER_MANDATORY, true).unwrap();
            }
            here.connect(&endpoint).unwrap();
            let mut send = |body: &[u8]| match from {
                Router => here.try_send([b"peer", body]).map_err(Error::from),
                _ => here.try_send(body).map_err(Error::from),
            };
            let mut hears = |body: &[u8]| match there.try_recv() {
                Ok(message) => &message[message.len() - 1][..] == body,
                Err(_) => false,
            };
            // Once: what is unread would keep the next connection from a PAIR. A PUB drops it while nobody subscribes.
            let mut sent = false;
            until("the first is heard", || {
                sent = sent || (send(b"first").is_ok() && from != Pub);
                hears(b"first")
            });
            send(&big).unwrap_or_else(|error| panic!("{from:?}: {error}"));
            until(&format!("{from:?}: what follows is heard"), || {
                _ = send(b"after");
                hears(b"after")
            });
            assert_eq!(here.stats().dropped_refused, 1, "{from:?}");
        }
    }
}

/// What waits behind such a message lingers no longer than it takes to be sent.
#[test]
fn what_the_peer_will_not_take_does_not_hold_up_the_end() {
    within(PATIENCE, || {
        for endpoint in [fresh_tcp(), fresh_ipc()] {
            let peers = Context::new();
            let mut pull = Pull::new(&peers).unwrap();
            pull.set(option::MAXMSGSIZE, 1000).unwrap();
            pull.bind(&endpoint).unwrap();
            let context = Context::new();
            let mut push = Push::new(&context).unwrap();
            push.set(option::RECONNECT_IVL, Duration::from_millis(1)).unwrap();
            push.connect(&endpoint).unwrap();
            push.send(vec![0; 20_000_000]).unwrap();
            push.send("after").unwrap();
            drop(push);
            context.term();
            assert_eq!(pull.recv_timeout(PATIENCE).unwrap().bytes(), b"after");
        }
    });
}

#[test]
fn a_maximum_below_the_interval_holds() {
    let context = Context::new();
    let mut push = Push::new(&context).unwrap();
    push.set(option::RECONNECT_IVL, Duration::from_secs(1)).unwrap();
    push.set(option::RECONNECT_IVL_MAX, Duration::from_millis(3)).unwrap();
    let mut monitor = push.monitor(Events::NONE.with(EventKind::ConnectRetried));
    push.connect(fresh_ipc()).unwrap();
    assert_eq!([0; 2].map(|_| monitor.recv_timeout(PATIENCE).unwrap().value), [3, 3]);
}

#[test]
fn without_a_maximum_pauses_vary_within_twice_the_interval() {
    let context = Context::new();
    let mut push = Push::new(&context).unwrap();
    push.set(option::RECONNECT_IVL, Duration::from_millis(4)).unwrap();
    let mut monitor = push.monitor(Events::NONE.with(EventKind::ConnectRetried));
    push.connect(fresh_ipc()).unwrap();
    for _ in 0..10 {
        let pause = monitor.recv_timeout(PATIENCE).unwrap().value;
        assert!((4..8).contains(&pause), "{pause}");
    }
}

#[test]
fn reconnecting_can_be_turned_off() {
    for interval in [None, Some(Duration::ZERO)] {
        let context = Context::new();
        let mut push = Push::new(&context).unwrap();
        push.set(option::RECONNECT_IVL, interval).unwrap();
        push.connect(fresh_tcp()).unwrap();
        // The pipe goes with the only attempt.
        until("the peer is gone", || push.stats().peers.is_empty());
        assert!(matches!(push.try_send("x").map_err(Error::from), Err(Error::Again)));
    }
}

/// What is not connected to again is no endpoint of the socket any more: it can be connected anew, and not
/// disconnected. The monitor hears of it when that is so.
#[test]
fn what_is_given_up_can_be_connected_anew() {
    use SocketType::{Dealer, Pair, Pub, Pull, Push, Rep, Req, Router, Sub};
    let pairs =
        [(Pub, Sub), (Sub, Pub), (Dealer, Dealer), (Router, Dealer), (Rep, Req), (Pull, Push), (Pair, Pair)];
    for (there, here) in pairs {
        for endpoint in [fresh_tcp(), fresh_ipc()] {
            let context = Context::new();
            let server = || {
                let mut server = AnySocket::with_type(&context, there).unwrap();
                if there == Sub {
                    server.subscribe("").unwrap();
                }
                server.bind(&endpoint).unwrap();
                server
            };
            let mut client = AnySocket::with_type(&context, here).unwrap();
            client.set(option::RECONNECT_IVL, None).unwrap();
            client.set(option::LINGER, Duration::ZERO).unwrap();
            if here == Sub {
                client.subscribe("").unwrap();
            }
            let mut monitor = client.monitor(Events::ALL);
            let forgotten = |client: &mut AnySocket| {
                assert!(matches!(client.disconnect(&endpoint), Err(Error::NoEndpoint { .. })), "{here:?}");
                client.connect(&endpoint).unwrap();
            };
            // Refused; made and lost; made, for good.
            client.connect(&endpoint).unwrap();
            await_event(&mut monitor, EventKind::Closed);
            let first = server();
            forgotten(&mut client);
            await_event(&mut monitor, EventKind::HandshakeSucceeded);
            drop(first);
            await_event(&mut monitor, EventKind::Disconnected);
            let mut second = server();
            forgotten(&mut client);
            await_event(&mut monitor, EventKind::HandshakeSucceeded);
            let (from, to) =
                if here == Sub { (&mut second, &mut client) } else { (&mut client, &mut second) };
            until("it is heard", || {
                _ = from.try_send("x");
                to.try_recv().is_ok()
            });
            client.disconnect(&endpoint).unwrap();
        }
    }
}

#[test]
fn what_is_stopped_can_be_connected_anew() {
    // After a refusal; after a handshake that came to nothing.
    for stop in [1, 2] {
        let context = Context::new();
        let mut dealer = Dealer::new(&context).unwrap();
        dealer.set(option::RECONNECT_STOP, stop).unwrap();
        dealer.set(option::LINGER, Duration::ZERO).unwrap();
        let mut monitor = dealer.monitor(Events::ALL);
        let (listener, endpoint) = listener();
        if stop == 1 {
            drop(listener);
            dealer.connect(&endpoint).unwrap();
            await_event(&mut monitor, EventKind::Closed);
        } else {
            dealer.connect(&endpoint).unwrap();
            drop(listener.accept().unwrap());
            await_event(&mut monitor, EventKind::Disconnected);
            drop(listener);
        }
        assert!(matches!(dealer.disconnect(&endpoint), Err(Error::NoEndpoint { .. })));
        let mut other = Dealer::new(&context).unwrap();
        other.bind(&endpoint).unwrap();
        dealer.connect(&endpoint).unwrap();
        dealer.send("x").unwrap();
        assert_eq!(other.recv_timeout(PATIENCE).unwrap().bytes(), b"x");
    }
}

#[test]
fn a_refusal_can_be_final() {
    let endpoint = fresh_tcp();
    let context = Context::new();
    let mut push = Push::new(&context).unwrap();
    push.set(option::RECONNECT_STOP, 1).unwrap();
    push.set(option::RECONNECT_IVL, Duration::from_millis(1)).unwrap();
    let mut monitor = push.monitor(Events::ALL);
    push.connect(&endpoint).unwrap();
    await_event(&mut monitor, EventKind::Closed);
    until("the peer is gone", || push.stats().peers.is_empty());
    drop(push);
    assert_eq!(rest(monitor), []);
}

#[test]
fn a_handshake_that_fails_can_be_final() {
    for stop in [0, 2] {
        let context = Context::new();
        let mut push = Push::new(&context).unwrap();
        push.set(option::RECONNECT_STOP, stop).unwrap();
        push.set(option::RECONNECT_IVL, Duration::from_millis(1)).unwrap();
        let mut monitor = push.monitor(Events::NONE.with(EventKind::ConnectRetried));
        let (listener, endpoint) = listener();
        push.connect(&endpoint).unwrap();
        drop(listener.accept().unwrap());
        if stop == 0 {
            await_event(&mut monitor, EventKind::ConnectRetried);
            drop(listener.accept().unwrap());
        } else {
            until("the peer is gone", || push.stats().peers.is_empty());
            drop(push);
            assert_eq!(rest(monitor), []);
        }
    }
}

#[test]
fn after_a_disconnect_what_is_left_may_not_be_sent() {
    for stop in [0, 4] {
        let context = Context::new();
        let mut push = Push::new(&context).unwrap();
        push.set(option::RECONNECT_STOP, stop).unwrap();
        push.set(option::RECONNECT_IVL, Duration::from_millis(1)).unwrap();
        let (listener, endpoint) = listener();
        drop(listener);
        push.connect(&endpoint).unwrap();
        push.send("left").unwrap();
        push.disconnect(&endpoint).unwrap();
        if stop == 4 {
            // Nothing lingers: the context can end.
            drop(push);
            context.term();
        } else {
            let mut pull = Pull::new(&context).unwrap();
            pull.bind(&endpoint).unwrap();
            assert_eq!(pull.recv_timeout(PATIENCE).unwrap().bytes(), b"left");
        }
    }
}

#[test]
fn without_immediate_a_dead_endpoint_takes_its_share() {
    for (immediate, share) in [(false, 5), (true, 10)] {
        let context = Context::new();
        let mut pull = Pull::new(&context).unwrap();
        let bound = pull.bind("tcp://127.0.0.1:*").unwrap();
        let mut push = Push::new(&context).unwrap();
        push.set(option::IMMEDIATE, immediate).unwrap();
        push.set(option::LINGER, Duration::ZERO).unwrap();
        push.connect(fresh_tcp()).unwrap();
        push.connect(&bound).unwrap();
        if immediate {
            until("connected", || push.can_send());
        }
        (0..10).for_each(|_| push.send("x").unwrap());
        (0..share).for_each(|_| drop(pull.recv_timeout(PATIENCE).unwrap()));
        drop(push);
        assert!(matches!(pull.try_recv(), Err(Error::Again)));
    }
}

#[test]
fn immediate_sockets_refuse_while_unconnected() {
    for endpoint in [fresh_tcp(), fresh_ipc()] {
        let context = Context::new();
        let mut push = Push::new(&context).unwrap();
        push.set(option::IMMEDIATE, true).unwrap();
        push.set(option::RECONNECT_IVL, Duration::from_millis(1)).unwrap();
        push.connect(&endpoint).unwrap();
        assert!(matches!(push.try_send("early").map_err(Error::from), Err(Error::Again)));
        for _ in 0..3 {
            let mut pull = Pull::new(&context).unwrap();
            pull.bind(&endpoint).unwrap();
            push.send_timeout("in time", PATIENCE).unwrap();
            assert_eq!(pull.recv_timeout(PATIENCE).unwrap().bytes(), b"in time");
            pull.unbind(&endpoint).unwrap();
            until("the loss is known", || push.stats().peers.is_empty());
            assert!(matches!(push.try_send("late").map_err(Error::from), Err(Error::Again)));
        }
    }
}

#[test]
fn a_handshake_may_take_only_so_long() {
    let context = Context::new();
    // A peer that connects and says nothing, and one that accepts and says nothing.
    let mut pull = Pull::new(&context).unwrap();
    pull.set(option::HANDSHAKE_IVL, Duration::from_millis(50)).unwrap();
    let bound = pull.bind("tcp://127.0.0.1:*").unwrap();
    let mut silent = TcpStream::connect(bound.strip_prefix("tcp://").unwrap()).unwrap();
    silent.set_read_timeout(Some(PATIENCE)).unwrap();
    let start = Instant::now();
    let mut bytes = Vec::new();
    // Whatever it sends, it ends.
    _ = silent.read_to_end(&mut bytes);
    assert!((Duration::from_millis(49)..PATIENCE).contains(&start.elapsed()));
    let mut push = Push::new(&context).unwrap();
    push.set(option::HANDSHAKE_IVL, Duration::from_millis(50)).unwrap();
    push.set(option::RECONNECT_IVL, Duration::from_millis(1)).unwrap();
    let mut monitor = push.monitor(Events::ALL);
    let (listener, endpoint) = listener();
    push.connect(&endpoint).unwrap();
    let first = listener.accept().unwrap();
    await_event(&mut monitor, EventKind::HandshakeFailedNoDetail);
    await_event(&mut monitor, EventKind::Disconnected);
    await_event(&mut monitor, EventKind::ConnectRetried);
    drop((first, listener.accept().unwrap()));
}

#[test]
fn connecting_may_take_only_so_long() {
    let context = Context::new();
    // A listener whose queue is full drops what else arrives, so connecting hangs.
    let (listener, endpoint) = listener();
    rustix::net::listen(&listener, 0).unwrap();
    let address = listener.local_addr().unwrap();
    let mut fillers = Vec::new();
    while let Ok(filler) = TcpStream::connect_timeout(&address, Duration::from_millis(200)) {
        fillers.push(filler);
    }
    let mut push = Push::new(&context).unwrap();
    push.set(option::CONNECT_TIMEOUT, Duration::from_millis(50)).unwrap();
    push.set(option::RECONNECT_IVL, Duration::from_millis(1)).unwrap();
    push.set(option::LINGER, Duration::ZERO).unwrap();
    let mut monitor = push.monitor(Events::ALL);
    let start = Instant::now();
    push.connect(&endpoint).unwrap();
    for kind in [EventKind::ConnectDelayed, EventKind::Closed, EventKind::ConnectRetried] {
        assert_eq!(monitor.recv_timeout(PATIENCE).unwrap().kind, kind);
    }
    assert!(start.elapsed() >= Duration::from_millis(49));
}

#[test]
fn unacknowledged_bytes_are_timed() {
    for (set, expected) in [(None, 0), (Some(Duration::from_millis(1234)), 1234)] {
        let context = Context::new();
        let mut dealer = Dealer::new(&context).unwrap();
        dealer.set(option::TCP_MAXRT, set).unwrap();
        let mut monitor = dealer.monitor(Events::NONE.with(EventKind::Connected));
        let (listener, endpoint) = listener();
        dealer.connect(&endpoint).unwrap();
        let _accepted = listener.accept().unwrap();
        let number = monitor.recv_timeout(PATIENCE).unwrap().value;
        assert_eq!(user_timeout(number), expected);
    }
}

/// TCP_USER_TIMEOUT of one of this process's descriptors, in milliseconds.
fn user_timeout(number: u64) -> u32 {
    let path = format!("/proc/self/fd/{number}");
    assert!(std::fs::read_link(path).unwrap().to_string_lossy().starts_with("socket:"));
    let own =
        rustix::process::pidfd_open(rustix::process::getpid(), rustix::process::PidfdFlags::empty()).unwrap();
    let flags = rustix::process::PidfdGetfdFlags::empty();
    let copy = rustix::process::pidfd_getfd(own, i32::try_from(number).unwrap(), flags).unwrap();
    rustix::net::sockopt::tcp_user_timeout(&copy).unwrap()
}

#[test]
fn a_frozen_peer_is_given_up() {
    let context = Context::new();
    let mut dealer = Dealer::new(&context).unwrap();
    dealer.set(option::HEARTBEAT_IVL, Duration::from_millis(20)).unwrap();
    dealer.set(option::HEARTBEAT_TIMEOUT, Duration::from_millis(40)).unwrap();
    dealer.set(option::HEARTBEAT_TTL, Duration::from_millis(300)).unwrap();
    let bound = dealer.bind("tcp://127.0.0.1:*").unwrap();
    let mut monitor = dealer.monitor(Events::NONE.with(EventKind::Disconnected));
    let mut peer = raw_peer(&bound, "DEALER");
    let mut bytes = Vec::new();
    let start = Instant::now();
    peer.read_to_end(&mut bytes).unwrap();
    assert!(start.elapsed() >= Duration::from_millis(55));
    // PINGs with the TTL in tenths of a second.
    let ping = b"\x04\x07\x04PING\x00\x03";
    assert!(bytes.len() >= ping.len() && bytes.chunks(ping.len()).all(|chunk| chunk == ping), "{bytes:?}");
    monitor.recv_timeout(PATIENCE).unwrap();
    until("the peer is gone", || dealer.stats().peers.is_empty());
}

#[test]
fn a_peer_that_answers_is_kept() {
    use std::io::Write;
    let context = Context::new();
    let mut dealer = Dealer::new(&context).unwrap();
    dealer.set(option::HEARTBEAT_IVL, Duration::from_millis(40)).unwrap();
    dealer.set(option::HEARTBEAT_TIMEOUT, Duration::from_millis(1500)).unwrap();
    let bound = dealer.bind("tcp://127.0.0.1:*").unwrap();
    let mut peer = raw_peer(&bound, "DEALER");
    // It is pinged whether it answers or sends all the time, and either keeps it for longer than the timeout.
    for answer in [&b"\x04\x05\x04PONG"[..], b"\x00\x01x"] {
        for _ in 0..50 {
            let mut ping = [0; 9];
            peer.read_exact(&mut ping).unwrap();
            assert_eq!(&ping, b"\x04\x07\x04PING\x00\x00");
            peer.write_all(answer).unwrap();
        }
    }
    (0..50).for_each(|_| assert_eq!(dealer.recv_timeout(PATIENCE).unwrap().bytes(), b"x"));
}

#[test]
fn a_peers_own_ttl_ends_its_silence() {
    use std::io::Write;
    let context = Context::new();
    let mut dealer = Dealer::new(&context).unwrap();
    let bound = dealer.bind("tcp://127.0.0.1:*").unwrap();
    let mut peer = raw_peer(&bound, "DEALER");
    peer.write_all(b"\x04\x0a\x04PING\x00\x01abc").unwrap();
    let start = Instant::now();
    let mut bytes = Vec::new();
    peer.read_to_end(&mut bytes).unwrap();
    assert_eq!(bytes, b"\x04\x08\x04PONGabc");
    assert!(start.elapsed() >= Duration::from_millis(95));
}

#[test]
fn a_peer_that_is_not_read_is_kept() {
    use std::io::Write;
    let context = Context::new();
    let mut pull = Pull::new(&context).unwrap();
    pull.set(option::RCVHWM, 1).unwrap();
    pull.set(option::HEARTBEAT_IVL, Duration::from_millis(200)).unwrap();
    pull.set(option::HEARTBEAT_TIMEOUT, Duration::from_secs(1)).unwrap();
    let bound = pull.bind("tcp://127.0.0.1:*").unwrap();
    let mut peer = raw_peer(&bound, "PUSH");
    peer.write_all(&b"\x00\x01x".repeat(4)).unwrap();
    // Several timeouts pass while the queue is full.
    let mut pings = [0; 9 * 10];
    peer.read_exact(&mut pings).unwrap();
    (0..4).for_each(|_| assert_eq!(pull.recv_timeout(PATIENCE).unwrap().bytes(), b"x"));
}
