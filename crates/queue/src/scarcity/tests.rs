//! No memory for another segment: messages of a peer are refused, or written whole.

use super::LEFT;
use crate::{Bounds, Filler, MORE, Part, Pool, Reader, Refusal, channel};

const UNBOUNDED: Bounds = Bounds { frame: u64::MAX, message: u64::MAX, parts: u64::MAX };
/// The sizes of the parts of one message.
const PARTS: [usize; 6] = [3, 900, 40_000, 60_000, 70_000, 5];

fn body(message: u8, size: usize) -> Vec<u8> {
    vec![message; size]
}

/// So many whole messages must be there, each with its number from 0 on, and then a short one.
fn check(reader: &mut Reader, messages: u8) {
    let mut next = || {
        let frame = reader.take().expect("a frame");
        (frame.more, frame.body.as_ref().to_vec())
    };
    for message in 0..messages {
        for (index, size) in PARTS.into_iter().enumerate() {
            assert_eq!(next(), (index + 1 < PARTS.len(), body(message, size)));
        }
    }
    assert_eq!(next(), (false, b"after".to_vec()));
    assert!(reader.take().is_none());
}

/// Lets what was received be read.
fn publish(filler: &mut Filler) {
    if filler.publish() {
        filler.wake();
    }
}

/// Gives the walk all of it, a few bytes at a time.
fn feed(filler: &mut Filler, wire: &[u8]) -> Result<(), Refusal> {
    for mut rest in wire.chunks(5000) {
        while !rest.is_empty() {
            rest = &rest[filler.preload(rest)..];
            filler.walk()?;
        }
    }
    Ok(())
}

#[test]
fn the_walk_refuses_what_no_memory_holds() {
    let mut refused = 0;
    for memory in 0..30 {
        let (writer, mut reader) = channel(&Pool::new());
        let mut filler = Filler::new(writer, UNBOUNDED);
        LEFT.set(memory);
        let mut messages = 0;
        for message in 0..5 {
            let mut wire = Vec::new();
            for (index, size) in PARTS.into_iter().enumerate() {
                let more = if index + 1 < PARTS.len() { MORE } else { 0 };
                crate::append_frame(more, &body(message, size), &mut wire);
            }
            match feed(&mut filler, &wire) {
                Ok(()) => messages += 1,
                Err(refusal) => {
                    assert!(matches!(refusal, Refusal::NoMemory(_)), "{refusal:?}");
                    refused += 1;
                    break;
                }
            }
        }
        publish(&mut filler);
        LEFT.set(usize::MAX);
        // The next connection.
        filler.restart(None);
        feed(&mut filler, b"\0\x05after").unwrap();
        publish(&mut filler);
        assert_eq!(filler.writer().written(), u64::from(messages) + 1);
        check(&mut reader, messages);
    }
    assert!((5..30).contains(&refused), "{refused} times");
}

#[test]
fn what_is_translated_is_written_whole_or_not_at_all() {
    let mut refused = 0;
    for memory in 0..20 {
        let (mut writer, mut reader) = channel(&Pool::new());
        LEFT.set(memory);
        let mut messages = 0;
        for message in 0..5 {
            let bodies = PARTS.map(|size| body(message, size));
            let parts: Vec<_> = bodies.iter().map(|body| Part::Slice(body)).collect();
            if !writer.try_write(&parts) {
                refused += 1;
                break;
            }
            messages += 1;
        }
        LEFT.set(usize::MAX);
        assert!(writer.try_write(&[Part::Slice(b"after")]));
        assert_eq!(writer.written(), u64::from(messages) + 1);
        _ = writer.publish();
        check(&mut reader, messages);
    }
    assert!((5..20).contains(&refused), "{refused} times");
}
