//! A direction that keeps only its last message, between all kinds of ends.

mod common;

use common::{Bell, body, take_message};
use queue::{Bounds, Drain, Filler, Part, PeerInfo, Pool, Reader, Walk, Writer, conflating};
use std::io::Read;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::sync::Arc;

const UNBOUNDED: Bounds = Bounds { frame: u64::MAX, message: u64::MAX, parts: u64::MAX };

fn send(writer: &mut Writer, parts: &[&[u8]]) -> bool {
    let parts: Vec<_> = parts.iter().map(|part| Part::Slice(part)).collect();
    writer.write(&[], &parts);
    writer.publish()
}

/// A pair whose reader's first message is known to have been seen.
fn pair() -> (Writer, Reader, Arc<Bell>) {
    let (writer, reader) = conflating(&Pool::new());
    let bell = Arc::new(Bell::default());
    reader.attach(bell.clone(), 1);
    (writer, reader, bell)
}

#[test]
fn only_the_last_is_read() {
    let (mut writer, mut reader, bell) = pair();
    writer.set_high_water(1);
    reader.set_high_water(1);
    assert!(!writer.is_unlimited());
    for size in [0, 1, 255, 256, 1024, 9000, 70_000, 300_000] {
        for seed in 0..20 {
            assert!(writer.has_room());
            assert!(!send(&mut writer, &[body(seed, size), body(seed, 3)]));
        }
        assert_eq!(writer.queued(), 1);
        assert_eq!(take_message(&mut reader).unwrap(), [body(19, size), body(19, 3)]);
        assert_eq!(take_message(&mut reader), None);
        assert_eq!(writer.queued(), 0);
    }
    assert!(reader.park());
    assert!(send(&mut writer, &[b"wake"]));
    writer.wake();
    assert!(bell.has_rung_for_reader());
    assert!(!send(&mut writer, &[b"awake"]));
    reader.resume();
    assert_eq!(take_message(&mut reader).unwrap(), [b"awake"]);
}

#[test]
fn what_was_seen_stays_until_freshened() {
    let (mut writer, mut reader, _bell) = pair();
    _ = send(&mut writer, &[b"old", b"part"]);
    assert_eq!(writer.queued(), 1);
    assert!(reader.is_ready());
    assert_eq!(writer.queued(), 1, "seen, and not read");
    _ = send(&mut writer, &[b"new"]);
    assert_eq!(reader.peek().unwrap().2, b"old");
    reader.skip_to_latest();
    reader.skip_to_latest();
    assert_eq!((writer.queued(), reader.read()), (1, 0), "what a newer one took the place of is neither");
    assert_eq!(take_message(&mut reader).unwrap(), [b"new"]);
    assert_eq!((writer.queued(), reader.read()), (0, 1));
}

#[test]
fn the_last_survives_the_end() {
    let (mut writer, mut reader, _bell) = pair();
    _ = send(&mut writer, &[b"first"]);
    _ = send(&mut writer, &[b"last"]);
    drop(writer);
    assert!(!reader.has_ended());
    assert!(!reader.park());
    assert_eq!(take_message(&mut reader).unwrap(), [b"last"]);
    assert!(reader.has_ended());
    assert!(!reader.park());
}

#[test]
fn the_end_is_heard_and_leaving_too() {
    let (writer, mut reader, bell) = pair();
    assert!(reader.park());
    drop(writer);
    assert!(bell.has_rung_for_reader());
    reader.resume();
    assert!(reader.has_ended());
    let (writer, reader, _bell) = pair();
    drop(reader);
    assert!(writer.is_gone());
}

fn line() -> (UnixStream, UnixStream) {
    let line = UnixStream::pair().unwrap();
    line.0.set_nonblocking(true).unwrap();
    line
}

/// What a drain has sent, whole frames as they are.
fn sent(drain: &mut Drain, line: &(UnixStream, UnixStream)) -> Vec<u8> {
    let mut wire = Vec::new();
    while drain.has_bytes() {
        let count = drain.write_to(line.0.as_fd(), &mut Vec::new()).unwrap();
        let mut bytes = vec![0; count];
        (&line.1).read_exact(&mut bytes).unwrap();
        wire.extend(bytes);
    }
    wire
}

#[test]
fn a_drain_sends_the_last_and_again_unless_a_newer_came() {
    let line = line();
    let (mut writer, reader, _bell) = pair();
    let mut drain = Drain::new(reader);
    for seed in 0..9 {
        _ = send(&mut writer, &[body(seed, 4)]);
    }
    assert_eq!(sent(&mut drain, &line), [&[0, 4], body(8, 4)].concat());
    assert!(drain.park());
    for newer in [false, true] {
        drain.frames().resume();
        if send(&mut writer, &[body(1, 300_000)]) {
            drain.frames().resume();
        }
        // The kernel takes part of it, then the connection is lost.
        let line = self::line();
        assert!(drain.write_to(line.0.as_fd(), &mut Vec::new()).unwrap() < 300_000);
        assert!(drain.is_inside_message());
        if newer {
            _ = send(&mut writer, &[b"newer"]);
        }
        drain.rewind();
        let line = self::line();
        let wire = sent(&mut drain, &line);
        let expected = if newer { b"newer" } else { body(1, 300_000) };
        assert!(wire.ends_with(expected) && wire.len() < expected.len() + 10);
        assert!(drain.park());
    }
}

#[test]
fn a_filler_passes_on_the_last_with_its_connection() {
    let (writer, mut reader, _bell) = pair();
    let mut filler = Filler::new(writer, UNBOUNDED);
    for connection in [7, 8] {
        filler.restart(Some(Arc::new(PeerInfo::new(&[], connection))));
        let wire = [&[1, 1, 1, 0, 1, 2], &[0, 3][..], b"abc", &[1, 2], b"de", &[0, 1], b"f", &[0, 9], b"unf"];
        let wire = wire.concat();
        assert_eq!(filler.preload(&wire), wire.len());
        assert_eq!(filler.walk(), Ok(Walk::Dry));
        assert!(!filler.publish());
        assert_eq!(take_message(&mut reader).unwrap(), [&b"de"[..], b"f"]);
        assert_eq!(reader.peer().map(|peer| peer.descriptor), Some(connection));
        assert_eq!(take_message(&mut reader), None);
        // The unfinished message of a lost connection is nothing.
        filler.cut();
        assert_eq!(take_message(&mut reader), None);
    }
}
