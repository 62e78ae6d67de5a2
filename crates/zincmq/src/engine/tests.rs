//! An engine on a pair of sockets.

use super::contract::{TURN, Transcode};
use super::{Engine, HeartbeatConfig, Rest, Setup, bounds};
use crate::option::Options;
use crate::socket_type::SocketType;
use bytes::Bytes;
use queue::{Drain, Filler, Pool, Reader, Taken, Writer, channel};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use zmtp::{Flags, frame};

/// An engine of a PULL, the pipe's other ends, and the peer.
fn engine() -> (Engine, Writer, Reader, UnixStream) {
    engine_with(None)
}

fn engine_with(transcoder: Option<Box<dyn Transcode>>) -> (Engine, Writer, Reader, UnixStream) {
    let (ours, theirs) = UnixStream::pair().unwrap();
    ours.set_nonblocking(true).unwrap();
    let pool = Pool::new();
    let ((to_peer, outbound), (inbound, from_peer)) = (channel(&pool), channel(&pool));
    let setup = Setup {
        descriptor: Arc::new(ours.into()),
        drain: Drain::new(outbound),
        filler: Filler::new(inbound, bounds(&Options::new(SocketType::Pull))),
        transcoder,
        boxes: None,
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
    while engine.turn(false).unwrap() == Rest::Busy {
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
    _ = engine.read_for_reader().unwrap();
    assert!(engine.owes_turn(false) && !from_peer.is_ready());
    while engine.turn(false).unwrap() == Rest::Busy {}
    assert!(from_peer.is_ready());
}

/// No event tells of what the kernel has already: a reader that leaves the rest of a large body to the I/O thread must say
/// so.
#[test]
fn who_reads_on_into_a_large_body_leaves_the_io_thread_the_rest() {
    let (mut engine, _to_peer, mut from_peer, mut peer) = engine();
    from_peer.set_high_water(1);
    const BODY: usize = 8 << 20;
    let large = [&b"\0\x05first\0\x05small\x02"[..], &(BODY as u64).to_be_bytes(), &[7; BODY]].concat();
    rustix::net::sockopt::set_socket_send_buffer_size(&peer, large.len()).unwrap();
    peer.set_nonblocking(true).unwrap();
    let mut sent = peer.write(&large).unwrap();
    assert!(sent > TURN, "only {sent} bytes");
    let mut stops = 0;
    // One message at a time: at each the engine stops, and the reader hears that this is its matter.
    while from_peer.is_ready() || engine.turn(false).unwrap() == Rest::Quiet && from_peer.is_ready() {
        assert!(!from_peer.skip_frame() && !from_peer.is_ready());
        if !from_peer.takes_look() {
            break;
        }
        stops += 1;
        if engine.read_on().unwrap() == Rest::Busy {
            break;
        }
    }
    assert!(stops > 0 && !from_peer.is_ready(), "{stops} stops");
    // The I/O thread goes on from there.
    let mut rounds = 0;
    while sent < large.len() || !from_peer.is_ready() {
        rounds += 1;
        assert!(rounds < 10_000, "{sent} bytes sent, and the message is not there");
        engine.recheck();
        while engine.turn(false).unwrap() == Rest::Busy {}
        sent += peer.write(&large[sent..]).unwrap_or(0);
    }
}

/// The kernel would take the answer and the peer would never see it, or would see only that.
#[test]
fn who_answers_after_a_while_finds_the_peers_end_first() {
    let (mut engine, mut to_peer, _from_peer, mut peer) = engine();
    assert!(engine.turn(false).is_ok(), "nothing yet");
    peer.shutdown(std::net::Shutdown::Write).unwrap();
    to_peer.write(&[], &[queue::Part::Slice(b"answer")]);
    assert!(to_peer.publish(), "the engine had nothing to write");
    assert!(!engine.answer());
    peer.set_nonblocking(true).unwrap();
    assert_eq!(peer.read(&mut [0; 10]).unwrap_err().kind(), ErrorKind::WouldBlock);
    assert!(engine.turn(false).is_err());
}

/// Bodies are kept back only within the end of a stream, not ever after.
#[test]
fn who_has_ended_a_stream_lets_go_of_later_bodies_at_once() {
    let (mut engine, mut to_peer, _from_peer, _peer) = engine();
    assert!(engine.turn(false).is_ok() && engine.end_stream(), "nothing yet");
    let body = Arc::new([7; 100 << 10]);
    let bytes = Bytes::from_owner(Owned(body.clone()));
    to_peer.write(&[], &[queue::Part::Shared(&bytes)]);
    drop(bytes);
    assert!(to_peer.publish() && Arc::strong_count(&body) == 2);
    assert!(engine.answer());
    assert_eq!(Arc::strong_count(&body), 1);
}

struct Owned(Arc<[u8; 100 << 10]>);

impl AsRef<[u8]> for Owned {
    fn as_ref(&self) -> &[u8] {
        &self.0[..]
    }
}

/// Frames as they are, of which each call completes no more bytes than it may. None can be written before all are complete.
#[derive(Debug)]
struct InSteps {
    complete: usize,
}

impl Transcode for InSteps {
    fn encode(&mut self, frame: Taken<'_>, out: &mut Vec<u8>) {
        frame::append(out, Flags::LAST, &[frame.body.as_ref()]);
    }

    fn finish(&mut self, out: &mut [u8], budget: usize) -> Result<usize, zmtp::Error> {
        self.complete += budget;
        let all = self.complete >= out.len();
        if all {
            self.complete = 0;
        }
        Ok(if all { out.len() } else { 0 })
    }
}

/// What takes long to encrypt takes many turns, between which others have theirs.
#[test]
fn a_large_message_is_translated_in_many_turns() {
    const BODY: usize = 8 << 20;
    let (mut engine, mut to_peer, _from_peer, mut peer) =
        engine_with(Some(Box::new(InSteps { complete: 0 })));
    let reader = std::thread::spawn(move || {
        let mut received = vec![0; BODY + 9 + 7];
        peer.read_exact(&mut received).unwrap();
        (received, peer)
    });
    for body in [Bytes::from(vec![7; BODY]), Bytes::from_static(b"small")] {
        to_peer.write(&[], &[queue::Part::Shared(&body)]);
    }
    _ = to_peer.publish();
    engine.resume();
    let mut busy = 0;
    while !reader.is_finished() {
        engine.recheck();
        busy += usize::from(engine.turn(false).unwrap() == Rest::Busy);
    }
    assert!(busy >= BODY / TURN, "{busy} turns");
    let (received, _peer) = reader.join().unwrap();
    assert!(received[9..][..BODY].iter().all(|byte| *byte == 7) && received.ends_with(b"\0\x05small"));
}
