//! Proxies between sockets of one process.

use super::*;
use crate::{AnySocket, Context, Dealer, Pair, Pub, Pull, Push, Rep, Req, Router, SocketType};
use std::thread;
use std::time::Instant;

const PATIENCE: Duration = Duration::from_secs(10);

/// A socket bound to, and one connected from the other side.
fn link(context: &Context, bound: SocketType, other: SocketType, name: &str) -> (AnySocket, AnySocket) {
    let endpoint = format!("inproc://{name}");
    let mut inner = AnySocket::with_type(context, bound).unwrap();
    inner.bind(&endpoint).unwrap();
    let mut outer = AnySocket::with_type(context, other).unwrap();
    outer.connect(&endpoint).unwrap();
    (inner, outer)
}

fn numbers(message: &Message) -> Vec<u64> {
    message.iter().map(|part| u64::from_ne_bytes(part[..].try_into().unwrap())).collect()
}

#[test]
fn requests_go_forth_and_replies_back() {
    let context = Context::new();
    let mut front = Router::new(&context).unwrap();
    let mut back = Dealer::new(&context).unwrap();
    front.bind("inproc://front").unwrap();
    back.bind("inproc://back").unwrap();
    let broker = thread::spawn(move || proxy(&mut front, &mut back));
    let mut client = Req::new(&context).unwrap();
    client.connect("inproc://front").unwrap();
    let mut worker = Rep::new(&context).unwrap();
    worker.connect("inproc://back").unwrap();
    for body in ["a", "", "c"] {
        client.send(["request", body]).unwrap();
        assert_eq!(worker.recv_timeout(PATIENCE).unwrap(), Message::from(["request", body]));
        worker.send(["reply", body]).unwrap();
        assert_eq!(client.recv_timeout(PATIENCE).unwrap(), Message::from(["reply", body]));
    }
    context.shutdown();
    assert!(matches!(broker.join().unwrap(), Err(Error::Terminated)));
}

#[test]
fn nothing_is_read_before_there_is_room() {
    let context = Context::new();
    let mut front = Pull::new(&context).unwrap();
    let mut back = Push::new(&context).unwrap();
    front.bind("inproc://front").unwrap();
    back.bind("inproc://back").unwrap();
    let (mut control, mut steer) = link(&context, SocketType::Pair, SocketType::Pair, "control");
    let mut source = Push::new(&context).unwrap();
    source.connect("inproc://front").unwrap();
    for number in 0..=500_u32 {
        source.send_timeout(&number.to_ne_bytes(), PATIENCE).unwrap();
    }
    let streamer = thread::spawn(move || Proxy::new(&mut front, &mut back).control(&mut control).run());
    steer.send("STATISTICS").unwrap();
    assert_eq!(numbers(&steer.recv_timeout(PATIENCE).unwrap()), [0; 8]);
    let mut sink = Pull::new(&context).unwrap();
    sink.connect("inproc://back").unwrap();
    for number in 0..=500_u32 {
        assert_eq!(sink.recv_timeout(PATIENCE).unwrap().bytes(), number.to_ne_bytes());
    }
    steer.send("STATISTICS").unwrap();
    let expected = [501, 2004, 0, 0, 0, 0, 501, 2004];
    assert_eq!(numbers(&steer.recv_timeout(PATIENCE).unwrap()), expected);
    steer.send("TERMINATE").unwrap();
    streamer.join().unwrap().unwrap();
}

#[test]
fn a_reply_follows_each_command_and_a_pause_holds() {
    let context = Context::new();
    let (mut front, mut source) = link(&context, SocketType::Pair, SocketType::Pair, "front");
    let (mut back, mut sink) = link(&context, SocketType::Pair, SocketType::Pair, "back");
    let (mut control, mut steer) = link(&context, SocketType::Rep, SocketType::Req, "control");
    let middle = thread::spawn(move || Proxy::new(&mut front, &mut back).control(&mut control).run());
    let mut order = |command: &str| {
        steer.send(command).unwrap();
        steer.recv_timeout(PATIENCE).unwrap()
    };
    let empty = Message::from("");
    assert_eq!(order("PAUSE"), empty);
    source.send("late").unwrap();
    assert_eq!(order("nonsense"), empty);
    assert_eq!(numbers(&order("STATISTICS")), [0; 8]);
    assert!(matches!(sink.try_recv(), Err(Error::Again)));
    assert_eq!(order("RESUME"), empty);
    assert_eq!(sink.recv_timeout(PATIENCE).unwrap(), Message::from("late"));
    assert_eq!(order("TERMINATE"), empty);
    middle.join().unwrap().unwrap();
}

#[test]
fn the_capture_gets_a_copy_of_both_directions() {
    let context = Context::new();
    let (mut front, mut left) = link(&context, SocketType::Pair, SocketType::Pair, "front");
    let (mut back, mut right) = link(&context, SocketType::Pair, SocketType::Pair, "back");
    let (mut capture, mut copies) = link(&context, SocketType::Push, SocketType::Pull, "capture");
    let middle = thread::spawn(move || Proxy::new(&mut front, &mut back).capture(&mut capture).run());
    let large = vec![7; 100_000];
    left.send([b"a".to_vec(), large.clone()]).unwrap();
    let forth = right.recv_timeout(PATIENCE).unwrap();
    assert_eq!(forth, Message::from([b"a".to_vec(), large]));
    assert_eq!(copies.recv_timeout(PATIENCE).unwrap(), forth);
    right.send("b").unwrap();
    assert_eq!(left.recv_timeout(PATIENCE).unwrap(), Message::from("b"));
    assert_eq!(copies.recv_timeout(PATIENCE).unwrap(), Message::from("b"));
    context.shutdown();
    assert!(matches!(middle.join().unwrap(), Err(Error::Terminated)));
}

#[test]
fn a_message_for_nobody_is_passed_over() {
    let context = Context::new();
    let (mut front, mut client) = link(&context, SocketType::Router, SocketType::Dealer, "front");
    let (mut back, mut worker) = link(&context, SocketType::Dealer, SocketType::Dealer, "back");
    let (mut capture, _copies) = link(&context, SocketType::Router, SocketType::Dealer, "capture");
    let middle = thread::spawn(move || Proxy::new(&mut front, &mut back).capture(&mut capture).run());
    worker.send("no routing id").unwrap();
    client.send("request").unwrap();
    let request = worker.recv_timeout(PATIENCE).unwrap();
    worker.send(request).unwrap();
    assert_eq!(client.recv_timeout(PATIENCE).unwrap(), Message::from("request"));
    context.shutdown();
    assert!(matches!(middle.join().unwrap(), Err(Error::Terminated)));
}

#[test]
fn the_numbers_of_the_capture_are_told() {
    let context = Context::new();
    let (mut front, mut left) = link(&context, SocketType::Pair, SocketType::Pair, "front");
    let (mut back, mut right) = link(&context, SocketType::Pair, SocketType::Pair, "back");
    let (mut capture, mut copies) = link(&context, SocketType::Push, SocketType::Pull, "capture");
    let middle = thread::spawn(move || Proxy::new(&mut front, &mut back).capture(&mut capture).run());
    for passed in 1..=3 {
        left.send("a").unwrap();
        right.recv_timeout(PATIENCE).unwrap();
        copies.recv_timeout(PATIENCE).unwrap();
        let began = Instant::now();
        // The sockets of this thread never answer.
        while !context.stats(Duration::from_millis(10)).iter().any(|report| {
            report.socket_type == SocketType::Push
                && (report.stats.sent, report.stats.peers.len()) == (passed, 1)
        }) {
            assert!(began.elapsed() < PATIENCE, "message {passed} is never told of");
        }
    }
    context.shutdown();
    assert!(matches!(middle.join().unwrap(), Err(Error::Terminated)));
}

#[test]
fn a_capture_that_cannot_send_is_an_error() {
    let context = Context::new();
    let (mut front, mut left) = link(&context, SocketType::Pair, SocketType::Pair, "front");
    let mut back = Pub::new(&context).unwrap();
    let mut capture = Pull::new(&context).unwrap().into_any();
    left.send("a").unwrap();
    let result = Proxy::new(&mut front, &mut back).capture(&mut capture).run();
    assert!(matches!(result, Err(Error::Unsupported { socket: "PULL" })));
}

#[test]
fn a_control_that_cannot_answer_steers_all_the_same() {
    let context = Context::new();
    let mut front = Pair::new(&context).unwrap();
    let mut back = Pair::new(&context).unwrap();
    let (mut control, mut steer) = link(&context, SocketType::Pull, SocketType::Push, "control");
    steer.send("STATISTICS").unwrap();
    steer.send("TERMINATE").unwrap();
    Proxy::new(&mut front, &mut back).control(&mut control).run().unwrap();
}
