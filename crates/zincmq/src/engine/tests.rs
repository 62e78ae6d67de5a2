//! An engine on a pair of sockets.

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
