//! What a monitor tells, and in which order (zmq_socket_monitor(3)).

mod common;

use common::{NETWORK, PATIENCE, await_event, fresh_ipc, fresh_tcp, raw_peer, until, within};
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::time::Duration;
use zincmq::EventKind::{
    self, Accepted, BindFailed, Closed, ConnectDelayed, ConnectRetried, Connected, Disconnected,
    HandshakeFailedNoDetail, HandshakeSucceeded, Listening, MonitorStopped,
};
use zincmq::{Context, Error, Event, Events, Monitor, Pull, Push, option};

const EADDRINUSE: u64 = 98;
const EINPROGRESS: u64 = 115;
const EPROTO: u64 = 71;

/// The next event; a connection under way is passed over, since it depends on the system whether that is told.
fn next(monitor: &mut Monitor) -> Event {
    loop {
        let event = monitor.recv_timeout(PATIENCE).expect("an event");
        if event.kind != ConnectDelayed {
            return event;
        }
        assert_eq!(event.value, EINPROGRESS);
    }
}

#[track_caller]
fn expect<const N: usize>(monitor: &mut Monitor, kinds: [EventKind; N]) -> [Event; N] {
    let events = [(); N].map(|()| next(monitor));
    assert_eq!(events.each_ref().map(|event| event.kind), kinds);
    events
}

/// Everything up to the end, which comes.
fn rest(monitor: &mut Monitor) -> Vec<EventKind> {
    std::iter::from_fn(|| match monitor.recv_timeout(PATIENCE) {
        Ok(event) => Some(event.kind),
        Err(Error::Terminated) => None,
        Err(error) => panic!("{error}"),
    })
    .collect()
}

/// A program that waits for its peers by their handshakes can send to them then.
#[test]
fn a_handshake_is_told_when_the_peer_is_there() {
    within(PATIENCE, || {
        for endpoint in NETWORK {
            let context = Context::new();
            for _ in 0..200 {
                let mut push = Push::new(&context).unwrap();
                let mut monitor = push.monitor(Events::NONE.with(HandshakeSucceeded));
                let bound = push.bind(endpoint).unwrap();
                let mut pull = Pull::new(&context).unwrap();
                pull.connect(&bound).unwrap();
                monitor.recv().unwrap();
                push.try_send("welcome").unwrap();
                pull.recv().unwrap();
            }
        }
    });
}

#[test]
fn a_connection_from_beginning_to_end() {
    within(PATIENCE, || {
        for endpoint in NETWORK {
            let (ours, theirs) = (Context::new(), Context::new());
            let mut pull = Pull::new(&ours).unwrap();
            let mut server = pull.monitor(Events::ALL);
            let bound = pull.bind(endpoint).unwrap();
            let mut push = Push::new(&theirs).unwrap();
            push.set(option::RECONNECT_IVL, Duration::from_secs(60)).unwrap();
            let mut client = push.monitor(Events::ALL);
            push.connect(&bound).unwrap();

            let [connected, shaken] = expect(&mut client, [Connected, HandshakeSucceeded]);
            assert_eq!((&connected.remote, shaken.value), (&bound, 0));
            let [listening, accepted, _] = expect(&mut server, [Listening, Accepted, HandshakeSucceeded]);
            assert_eq!((&listening.local, &accepted.local), (&bound, &bound));
            for event in [&connected, &shaken, &listening, &accepted] {
                assert_eq!(event.endpoint(), bound);
            }

            drop(pull);
            ours.term();
            let mut ended = rest(&mut server);
            assert_eq!(ended.pop(), Some(MonitorStopped), "{endpoint}");
            assert!(ended.contains(&Closed), "{endpoint}: {ended:?}");
            assert!(ended.iter().all(|kind| [Closed, Disconnected].contains(kind)), "{ended:?}");

            let [lost, retried] = expect(&mut client, [Disconnected, ConnectRetried]);
            assert_eq!(lost.value, connected.value, "the descriptor that was told");
            assert!((60_000..120_000).contains(&retried.value), "{}", retried.value);
            drop(push);
            theirs.term();
            assert_eq!(rest(&mut client).last(), Some(&MonitorStopped));
        }
    });
}

#[test]
fn what_is_refused_is_tried_again() {
    within(PATIENCE, || {
        for endpoint in [fresh_ipc(), fresh_tcp()] {
            let context = Context::new();
            let mut push = Push::new(&context).unwrap();
            push.set(option::RECONNECT_IVL, Duration::from_millis(5)).unwrap();
            let mut monitor = push.monitor(Events::ALL);
            push.connect(&endpoint).unwrap();
            for _ in 0..3 {
                let [closed, retried] = expect(&mut monitor, [Closed, ConnectRetried]);
                assert_eq!(closed.remote, endpoint);
                assert!((5..10).contains(&retried.value), "{}", retried.value);
            }
            let mut pull = Pull::new(&context).unwrap();
            pull.bind(&endpoint).unwrap();
            await_event(&mut monitor, Connected);
            expect(&mut monitor, [HandshakeSucceeded]);
        }
    });
}

#[test]
fn without_reconnection_a_refusal_is_the_last_word() {
    within(PATIENCE, || {
        let context = Context::new();
        let mut push = Push::new(&context).unwrap();
        push.set(option::RECONNECT_IVL, None).unwrap();
        let mut monitor = push.monitor(Events::ALL);
        push.connect(fresh_tcp()).unwrap();
        expect(&mut monitor, [Closed]);
        drop(push);
        context.term();
        assert_eq!(rest(&mut monitor), [MonitorStopped]);
    });
}

#[test]
fn pauses_double_up_to_the_longest() {
    within(PATIENCE, || {
        let context = Context::new();
        let mut push = Push::new(&context).unwrap();
        push.set(option::RECONNECT_IVL, Duration::from_millis(2)).unwrap();
        push.set(option::RECONNECT_IVL_MAX, Duration::from_millis(9)).unwrap();
        let mut monitor = push.monitor(Events::NONE.with(ConnectRetried));
        push.connect(fresh_tcp()).unwrap();
        let pauses = [(); 5].map(|()| next(&mut monitor).value);
        assert_eq!(pauses, [2, 4, 8, 9, 9]);
    });
}

#[test]
fn a_lost_connection_is_made_again() {
    within(PATIENCE, || {
        let context = Context::new();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut push = Push::new(&context).unwrap();
        push.set(option::RECONNECT_IVL, Duration::from_millis(5)).unwrap();
        let mut monitor = push.monitor(Events::ALL);
        push.connect(format!("tcp://{}", listener.local_addr().unwrap())).unwrap();
        for _ in 0..3 {
            let (mut stream, _) = listener.accept().unwrap();
            common::raw_greet(&mut stream, "PULL");
            common::raw_finish(&mut stream);
            expect(&mut monitor, [Connected, HandshakeSucceeded]);
            drop(stream);
            expect(&mut monitor, [Disconnected, ConnectRetried]);
        }
        assert_eq!(push.stats().reconnects, 2);
    });
}

#[test]
fn a_peer_that_leaves_is_told_with_its_descriptor() {
    within(PATIENCE, || {
        let context = Context::new();
        let mut pull = Pull::new(&context).unwrap();
        let mut monitor = pull.monitor(Events::ALL);
        let bound = pull.bind("tcp://127.0.0.1:*").unwrap();
        let peer = raw_peer(&bound, "PUSH");
        let address = format!("tcp://{}", peer.local_addr().unwrap());
        let [_, accepted, _] = expect(&mut monitor, [Listening, Accepted, HandshakeSucceeded]);
        drop(peer);
        let [gone] = expect(&mut monitor, [Disconnected]);
        assert_eq!((gone.value, &gone.remote), (accepted.value, &address));
        assert_eq!(accepted.remote, address);
    });
}

/// A web browser, a TLS client or an SSH server is no peer of ZMTP 1.0, although that begins without a greeting.
#[test]
fn who_speaks_something_else_fails_its_handshake() {
    within(PATIENCE, || {
        let context = Context::new();
        let mut pull = Pull::new(&context).unwrap();
        let mut server = pull.monitor(Events::ALL);
        let bound = pull.bind("tcp://127.0.0.1:*").unwrap();
        expect(&mut server, [Listening]);
        let address = bound.strip_prefix("tcp://").unwrap();
        for (count, said) in (1..).zip([&b"GET / HTTP/1.1\r\n\r\n"[..], b"POST /", b"\x16\x03\x01\x02\0\x01"])
        {
            let mut stream = TcpStream::connect(address).unwrap();
            stream.write_all(said).unwrap();
            let [_, failed, _] = expect(&mut server, [Accepted, HandshakeFailedNoDetail, Disconnected]);
            assert_eq!(failed.value, EPROTO);
            assert_eq!(pull.stats().handshake_failures, count);
        }

        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut push = Push::new(&context).unwrap();
        push.set(option::RECONNECT_IVL, Duration::from_millis(5)).unwrap();
        let mut client = push.monitor(Events::ALL);
        push.connect(format!("tcp://{}", listener.local_addr().unwrap())).unwrap();
        for _ in 0..2 {
            listener.accept().unwrap().0.write_all(b"SSH-2.0-x\r\n").unwrap();
            expect(&mut client, [Connected, HandshakeFailedNoDetail, Disconnected, ConnectRetried]);
        }
    });
}

#[test]
fn an_endpoint_in_use_is_told() {
    within(PATIENCE, || {
        let context = Context::new();
        let mut first = Pull::new(&context).unwrap();
        let bound = first.bind("tcp://127.0.0.1:*").unwrap();
        let mut second = Pull::new(&context).unwrap();
        let mut monitor = second.monitor(Events::ALL);
        assert!(matches!(second.bind(&bound), Err(Error::Io { .. })));
        let [failed] = expect(&mut monitor, [BindFailed]);
        assert_eq!((failed.value, failed.local), (EADDRINUSE, bound));
        assert!(matches!(monitor.try_recv(), Err(Error::Again)));
    });
}

#[test]
fn an_endpoint_listens_when_bind_returns() {
    within(PATIENCE, || {
        let context = Context::new();
        for endpoint in NETWORK.iter().cycle().take(100) {
            let mut pull = Pull::new(&context).unwrap();
            let mut monitor = pull.monitor(Listening);
            let bound = pull.bind(endpoint).unwrap();
            let event = monitor.try_recv().unwrap();
            assert_eq!((event.kind, event.local), (Listening, bound));
        }
    });
}

#[test]
fn unbinding_is_told() {
    within(PATIENCE, || {
        for endpoint in NETWORK {
            let context = Context::new();
            let mut pull = Pull::new(&context).unwrap();
            let mut monitor = pull.monitor(Events::ALL);
            let bound = pull.bind(endpoint).unwrap();
            pull.unbind(&bound).unwrap();
            let [listening, closed] = expect(&mut monitor, [Listening, Closed]);
            assert_eq!((listening.value, listening.local), (closed.value, closed.local));
        }
    });
}

#[test]
fn only_what_was_asked_for_is_told() {
    within(PATIENCE, || {
        let context = Context::new();
        let mut pull = Pull::new(&context).unwrap();
        let mut monitor = pull.monitor(Events::NONE.with(Accepted).with(Disconnected));
        let bound = pull.bind("tcp://127.0.0.1:*").unwrap();
        drop(raw_peer(&bound, "PUSH"));
        expect(&mut monitor, [Accepted, Disconnected]);
    });
}

#[test]
fn a_second_monitor_stops_the_first() {
    let context = Context::new();
    let mut pull = Pull::new(&context).unwrap();
    let mut first = pull.monitor(Events::ALL);
    let mut second = pull.monitor(Events::ALL);
    assert_eq!(rest(&mut first), [MonitorStopped]);
    assert!(matches!(second.try_recv(), Err(Error::Again)));
    assert!(matches!(second.recv_timeout(Duration::ZERO), Err(Error::Timeout)));
}

/// Far more events than the monitor keeps, and nobody reads: messages flow all the same, and what was lost is
/// counted.
#[test]
fn an_unread_monitor_holds_nothing_up() {
    const KEPT: u64 = 65_536;
    within(2 * PATIENCE, || {
        let context = Context::new();
        let mut pull = Pull::new(&context).unwrap();
        let mut monitor = pull.monitor(Events::ALL);
        let refused = (0..KEPT + 10).filter(|_| pull.bind("tcp://192.0.2.1:1").is_err()).count();
        assert_eq!(refused as u64, KEPT + 10);
        assert_eq!(monitor.dropped(), 10);
        let bound = pull.bind("tcp://127.0.0.1:*").unwrap();
        let mut push = Push::new(&context).unwrap();
        push.connect(&bound).unwrap();
        push.send("flows").unwrap();
        assert_eq!(pull.recv_timeout(PATIENCE).unwrap().bytes(), b"flows");
        until("listening, accepted and shaken hands were dropped", || monitor.dropped() == 13);
        assert_eq!(next(&mut monitor).kind, BindFailed);
        drop(pull);
        // The last event has a place again. Giving the processor away between so many would take minutes.
        let end = std::iter::repeat_with(|| monitor.recv_timeout(PATIENCE)).find_map(Result::err);
        assert!(matches!(end, Some(Error::Terminated)), "{end:?}");
    });
}

/// As every other call that waits; the socket may live on, and what it has told is still there.
#[test]
fn shutdown_ends_the_wait_for_events() {
    within(PATIENCE, || {
        let context = Context::new();
        let mut pull = Pull::new(&context).unwrap();
        let mut monitor = pull.monitor(Events::ALL);
        pull.bind("tcp://127.0.0.1:*").unwrap();
        expect(&mut monitor, [Listening]);
        let waiting = std::thread::spawn(move || (monitor.recv(), monitor));
        context.shutdown();
        let (result, mut monitor) = waiting.join().unwrap();
        assert!(matches!(result, Err(Error::Terminated)), "{result:?}");
        assert!(matches!(pull.monitor(Events::ALL).recv(), Err(Error::Terminated)));
        drop(pull);
        let mut ended = || monitor.try_recv().is_ok_and(|event| event.kind == MonitorStopped);
        until("the last event", &mut ended);
    });
}

/// The events of a push socket that has connected and is dropped.
fn life(context: &Context) -> Monitor {
    let mut pull = Pull::new(context).unwrap();
    let mut push = Push::new(context).unwrap();
    let monitor = push.monitor(Connected | HandshakeSucceeded | MonitorStopped);
    push.connect(pull.bind("tcp://127.0.0.1:*").unwrap()).unwrap();
    push.send("flows").unwrap();
    pull.recv_timeout(PATIENCE).unwrap();
    monitor
}

#[test]
fn an_iterator_ends_with_the_socket() {
    within(PATIENCE, || {
        let context = Context::new();
        let mut monitor = life(&context);
        let first = (&mut monitor).into_iter().next().map(|event| event.kind);
        assert_eq!(first, Some(Connected));
        let rest: Vec<_> = monitor.into_iter().map(|event| event.kind).collect();
        assert_eq!(rest, [HandshakeSucceeded, MonitorStopped]);
    });
}

#[cfg(feature = "futures")]
#[test]
fn a_stream_ends_with_the_socket() {
    use smol::stream::StreamExt;
    within(PATIENCE, || {
        smol::block_on(async {
            let context = Context::new();
            let mut monitor = life(&context);
            assert_eq!(monitor.next().await.map(|event| event.kind), Some(Connected));
            let rest: Vec<_> = monitor.map(|event| event.kind).collect().await;
            assert_eq!(rest, [HandshakeSucceeded, MonitorStopped]);
            // The wake-up comes from the socket's thread.
            let mut pull = Pull::new(&context).unwrap();
            let mut monitor = pull.monitor(Listening);
            let binds = std::thread::spawn(move || pull.bind("tcp://127.0.0.1:*").map(|_| pull));
            assert_eq!(monitor.next().await.map(|event| event.kind), Some(Listening));
            drop(binds.join().unwrap());
            assert_eq!(monitor.next().await, None);
        });
    });
}

#[test]
fn what_is_shown_is_what_a_reader_wants_to_know() {
    let context = Context::builder().io_threads(2).max_sockets(5).build();
    let mut pull = Pull::new(&context).unwrap();
    let monitor = pull.monitor(Listening | Closed);
    pull.bind("inproc://shown").unwrap();
    let shown = format!("{monitor:?} {:?}", pull.interrupter());
    assert_eq!(
        shown,
        "Monitor { events: Events(Listening | Closed), waiting: 0, dropped: 0 } Interrupter(PULL)"
    );
    let expected = "Context { io_threads: 2, sockets: 1, max_sockets: 5, shut_down: false }";
    assert_eq!(format!("{context:?}"), expected);
}
