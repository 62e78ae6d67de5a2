//! An engine on a pair of sockets.

use super::contract::TURN;
use super::{Engine, HeartbeatConfig, Rest, Setup, bounds};
use crate::option::Options;
use crate::socket_type::SocketType;
use queue::{Drain, Filler, Pool, Reader, Writer, channel};
use std::io::Write;
use std::os::unix::net::UnixStream;
use std::sync::Arc;

/// An engine of a PULL, the pipe's other ends, and the peer.
fn engine() -> (Engine, Writer, Reader, UnixStream) {
    let (ours, theirs) = UnixStream::pair().unwrap();
    ours.set_nonblocking(true).unwrap();
    let pool = Pool::new();
    let ((to_peer, outbound), (inbound, from_peer)) = (channel(&pool), channel(&pool));
    let setup = Setup {
        descriptor: Arc::new(ours.into()),
        drain: Drain::new(outbound),
        filler: Filler::new(inbound, bounds(&Options::new(SocketType::Pull))),
        transcoder: None,
        socket_type: SocketType::Pull,
        heartbeat: HeartbeatConfig::default(),
    };
    (Engine::new(setup, Vec::new(), &[]), to_peer, from_peer, theirs)
}

#[test]
fn a_turn_ends_after_some_hundred_commands_and_nothing_behind_them_is_lost() {
    const PING: &[u8] = b"\x04\x08\x04PING\0\0c";
    let (mut engine, _to_peer, mut from_peer, mut peer) = engine();
    peer.write_all(&[PING.repeat(2000), b"\0\x04last".to_vec()].concat()).unwrap();
    let mut turns = 1;
    while engine.turn().unwrap() == Rest::Busy {
        assert!(!from_peer.is_ready(), "it comes last");
        turns += 1;
    }
    assert!((4..=20).contains(&turns), "{turns} turns for 2000 commands");
    assert!(from_peer.is_ready());
}

#[test]
fn who_reads_in_place_of_the_io_thread_leaves_it_the_rest() {
    const PING: &[u8] = b"\x04\x08\x04PING\0\0c";
    let (mut engine, _to_peer, mut from_peer, mut peer) = engine();
    peer.write_all(&[PING.repeat(400), b"\0\x04last".to_vec()].concat()).unwrap();
    _ = engine.read_now().unwrap();
    assert!(engine.owes_turn() && !from_peer.is_ready());
    while engine.turn().unwrap() == Rest::Busy {}
    assert!(from_peer.is_ready());
}

/// No event tells of what the kernel has already: a reader that leaves the rest of a large body to the I/O thread must say
/// so, each time.
#[test]
fn who_reads_on_no_further_within_a_large_body_leaves_it_the_rest() {
    let (mut engine, _to_peer, mut from_peer, mut peer) = engine();
    const BODY: usize = 8 << 20;
    let large = [&b"\0\x05small\x02"[..], &(BODY as u64).to_be_bytes(), &[7; BODY]].concat();
    rustix::net::sockopt::set_socket_send_buffer_size(&peer, large.len()).unwrap();
    peer.set_nonblocking(true).unwrap();
    let mut sent = peer.write(&large).unwrap();
    assert!(sent > TURN, "only {sent} bytes");
    assert_eq!(engine.pump().unwrap(), Rest::Busy);
    assert!(from_peer.is_ready() && !from_peer.skip_frame() && !from_peer.is_ready());
    assert_eq!(engine.pump().unwrap(), Rest::Busy, "the reader comes back, and rests");
    // The I/O thread, or the reader, goes on from there.
    let mut rounds = 0;
    while sent < large.len() || !from_peer.is_ready() {
        rounds += 1;
        assert!(rounds < 10_000, "{sent} bytes sent, and the message is not there");
        engine.recheck();
        while engine.turn().unwrap() == Rest::Busy {}
        sent += peer.write(&large[sent..]).unwrap_or(0);
    }
}
