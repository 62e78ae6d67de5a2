//! Messages that a reader shows where they lie.

mod common;

use bytes::Bytes;
use common::{body, take_message};
use queue::{Kind, Part, Pool, Reader, Writer, channel, conflating};

/// The largest body beside which its long header still fits a segment is a little less than this.
const SEGMENT: usize = 64 << 10;

fn send(writer: &mut Writer, parts: &[Part<'_>]) {
    writer.write(&[], parts);
    _ = writer.publish();
}

/// Insists that the next message is not lent, and that it is there all the same.
fn refuses(reader: &mut Reader, most: usize, parts: &[&[u8]]) {
    assert!(reader.lend(most).is_none());
    assert_eq!(take_message(reader).unwrap(), parts);
}

#[test]
fn a_message_of_one_part_is_lent_up_to_the_size_that_is_asked_for() {
    let (mut writer, mut reader) = channel(&Pool::new());
    for size in [0, 1, 255, 256, 257, 8 << 10, (8 << 10) + 1, 60_000] {
        for most in [size, usize::MAX] {
            send(&mut writer, &[Part::Slice(body(1, size))]);
            let lent = reader.lend(most).unwrap();
            assert_eq!((lent.bytes, lent.peer), (body(1, size), None));
        }
        if size > 255 {
            send(&mut writer, &[Part::Slice(body(2, size))]);
            refuses(&mut reader, size - 1, &[body(2, size)]);
        }
    }
    assert!(reader.lend(usize::MAX).is_none() && reader.read() == 8 * 2 + 5);
}

#[test]
fn what_has_several_parts_or_lies_elsewhere_is_not_lent() {
    let (mut writer, mut reader) = channel(&Pool::new());
    for size in [1, 300] {
        send(&mut writer, &[Part::Slice(body(1, size)), Part::Slice(body(2, size))]);
        refuses(&mut reader, usize::MAX, &[body(1, size), body(2, size)]);
    }
    send(&mut writer, &[Part::Slice(body(3, SEGMENT))]);
    // It follows in the same segment.
    send(&mut writer, &[Part::Slice(body(4, 400))]);
    refuses(&mut reader, usize::MAX, &[body(3, SEGMENT)]);
    assert_eq!(take_message(&mut reader).unwrap(), [body(4, 400)]);
    writer.write_kind(Kind::Subscribe, b"topic");
    _ = writer.publish();
    assert!(reader.lend(usize::MAX).is_none());
    assert_eq!(reader.peek(), Some((Kind::Subscribe, false, &b"topic"[..])));
}

#[test]
fn memory_that_is_to_be_kept_is_not_lent() {
    let (mut writer, mut reader) = channel(&Pool::new());
    writer.serve_process();
    let kept = Bytes::from_static(b"kept");
    send(&mut writer, &[Part::Kept(&kept)]);
    assert!(reader.lend(usize::MAX).is_none());
    assert_eq!(reader.take().unwrap().body.as_ref().as_ptr(), kept.as_ptr());
}

/// Both ways count, so a writer at its mark finds room, and the last message takes the place of those before.
#[test]
fn what_was_lent_has_been_read() {
    let (mut writer, mut reader) = channel(&Pool::new());
    reader.set_high_water(2);
    for round in 0..100 {
        for size in [3, 300] {
            assert!(writer.has_room());
            send(&mut writer, &[Part::Slice(body(round, size))]);
        }
        assert!(!writer.has_room());
        for size in [3, 300] {
            assert_eq!(reader.lend(usize::MAX).unwrap().bytes, body(round, size));
        }
    }
    assert_eq!((reader.read(), writer.queued()), (200, 0));

    let (mut writer, mut reader) = conflating(&Pool::new());
    for size in [3, 4, 300] {
        send(&mut writer, &[Part::Slice(body(9, size))]);
    }
    reader.skip_to_latest();
    assert_eq!(reader.lend(usize::MAX).unwrap().bytes, body(9, 300));
    assert!(reader.lend(usize::MAX).is_none());
}
