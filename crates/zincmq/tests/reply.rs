//! What a REQ's peer may send: anything but a reply ends the connection, and nothing of it is delivered.

mod common;

use common::{PATIENCE, raw_finish, raw_greet, raw_peer, until};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::Duration;
use zincmq::{Context, Error, EventKind, Events, Req, option};

const REPLY: &[u8] = b"\x01\0\0\x02ok";

#[test]
fn replies_arrive() {
    let context = Context::new();
    let mut req = Req::new(&context).unwrap();
    let bound = req.bind("tcp://127.0.0.1:*").unwrap();
    let mut peer = raw_peer(&bound, "REP");
    for correlate in [false, true] {
        req.set(option::REQ_CORRELATE, correlate).unwrap();
        req.send("question").unwrap();
        let mut number = [0; 6];
        if correlate {
            peer.read_exact(&mut number).unwrap();
            assert_eq!(number[..2], [1, 4]);
        }
        let mut request = [0; 12];
        peer.read_exact(&mut request).unwrap();
        assert_eq!(&request, b"\x01\0\0\x08question");
        if correlate {
            peer.write_all(&number).unwrap();
        }
        peer.write_all(REPLY).unwrap();
        assert_eq!(req.recv_timeout(PATIENCE).unwrap().bytes(), b"ok");
    }
}

#[test]
fn anything_else_ends_the_connection() {
    for wrong in [&b"\0\x02no"[..], b"\0\0", b"\x01\x01x\0\x02no", b"\x01\x04abcd\0\x02no"] {
        let context = Context::new();
        let mut req = Req::new(&context).unwrap();
        let bound = req.bind("tcp://127.0.0.1:*").unwrap();
        let mut peer = raw_peer(&bound, "REP");
        req.send("question").unwrap();
        let mut request = [0; 12];
        peer.read_exact(&mut request).unwrap();
        // Not even a reply behind it counts.
        peer.write_all(&[wrong, REPLY].concat()).unwrap();
        let mut rest = Vec::new();
        _ = peer.read_to_end(&mut rest);
        assert!(rest.is_empty());
        assert!(matches!(req.try_recv(), Err(Error::Again)));
        until("the peer is gone", || !req.can_recv() && req.stats().peers.is_empty());
    }
}

#[test]
fn who_connected_does_not_come_back() {
    let context = Context::new();
    let mut req = Req::new(&context).unwrap();
    req.set(option::RECONNECT_IVL, Duration::from_millis(1)).unwrap();
    let mut monitor = req.monitor(Events::ALL);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    req.connect(format!("tcp://{}", listener.local_addr().unwrap())).unwrap();
    let (mut peer, _) = listener.accept().unwrap();
    raw_greet(&mut peer, "REP");
    raw_finish(&mut peer);
    peer.write_all(b"\0\x02no").unwrap();
    common::await_event(&mut monitor, EventKind::Disconnected);
    until("the peer is gone", || !req.can_recv() && req.stats().peers.is_empty());
    drop(req);
    let later: Vec<_> = std::iter::from_fn(|| monitor.recv_timeout(PATIENCE).ok()).collect();
    assert!(later.iter().all(|event| event.kind == EventKind::MonitorStopped), "{later:?}");
}
