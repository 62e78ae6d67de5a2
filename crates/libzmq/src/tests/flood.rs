//! A peer that never stops sending keeps no call.

use super::*;
use crate::poll::zmq_poll;
use crate::poll_item::PollItem;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

const PUB: c_int = 1;
const REP: c_int = 4;
const EVENTS: c_int = 15;

/// Shakes hands as ZMTP 3.0, NULL (RFC 23), and writes `bytes` over and over until it is told to stop. Returns whether
/// it was, and not the time was over.
fn flood(address: &str, socket_type: &str, bytes: &[u8], stop: &AtomicBool, rounds: &AtomicU64) -> bool {
    let mut stream = TcpStream::connect(address).unwrap();
    let mut hello = [&b"\xff\0\0\0\0\0\0\0\x01\x7f\x03\0NULL"[..], &[0; 48], b"\x04"].concat();
    let ready =
        [b"\x05READY\x0bSocket-Type\0\0\0", &[socket_type.len() as u8][..], socket_type.as_bytes()].concat();
    hello.push(ready.len() as u8);
    stream.write_all(&[hello, ready].concat()).unwrap();
    stream.read_exact(&mut [0; 66]).unwrap();
    stream.set_write_timeout(Some(Duration::from_millis(100))).unwrap();
    let many = bytes.repeat(16_384 / bytes.len());
    let (mut rest, end) = (&many[..], Instant::now() + Duration::from_secs(60));
    while !stop.load(Ordering::Relaxed) && Instant::now() < end {
        let written = stream.write(rest).unwrap_or(0);
        rest = if written == rest.len() { &many } else { &rest[written..] };
        rounds.fetch_add(u64::from(written > 0), Ordering::Relaxed);
    }
    stop.load(Ordering::Relaxed)
}

#[test]
fn calls_return_while_a_peer_floods_the_socket() {
    let subscriptions = b"\x04\x0b\x09SUBSCRIBEx\x04\x08\x06CANCELx";
    for (socket_type, peer, bytes) in [(PUB, "SUB", &subscriptions[..]), (REP, "REQ", b"\0\x02no")] {
        let context = zmq_ctx_new();
        let socket = zmq_socket(context, socket_type);
        bind(socket, TCP);
        let address = last_endpoint(socket).strip_prefix("tcp://").unwrap().to_owned();
        let (stop, rounds) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let (told, counted) = (stop.clone(), rounds.clone());
        let thread = std::thread::spawn(move || flood(&address, peer, bytes, &told, &counted));
        while rounds.load(Ordering::Relaxed) < 4 {
            std::thread::yield_now();
        }
        for _ in 0..5 {
            send(socket, b"x", DONTWAIT);
            receive(socket, DONTWAIT);
            int_option(socket, EVENTS);
            let mut item = PollItem { socket, fd: 0, events: 1, revents: 0 };
            // SAFETY: one item.
            assert_eq!(unsafe { zmq_poll(&raw mut item, 1, 5) }, 0);
        }
        done(zmq_close(socket));
        stop.store(true, Ordering::Relaxed);
        assert!(thread.join().unwrap(), "calls lasted as long as the flood");
        zmq_ctx_term(context);
    }
}
