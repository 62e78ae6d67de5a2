//! Both directions of a pipe, which share a block of memory and nothing else.

mod common;

use bytes::Bytes;
use common::{body, take_message};
use queue::{Notify, Part, Pool, Reader, Writer, pipe};
use std::sync::{Arc, Mutex};
use std::thread;

/// Somebody's memory, whose references count those who have it.
struct Owned(Arc<Vec<u8>>);

impl AsRef<[u8]> for Owned {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// One side, and what it was told.
#[derive(Debug, Default)]
struct Told(Mutex<Vec<(Of, u64)>>);

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Of {
    Messages,
    Room,
}

impl Notify for Told {
    fn readable(&self, key: u64) {
        self.0.lock().unwrap().push((Of::Messages, key));
    }

    fn writable(&self, key: u64) {
        self.0.lock().unwrap().push((Of::Room, key));
    }
}

#[test]
fn what_is_left_in_a_direction_goes_with_its_own_ends() {
    let (pool, memory) = (Pool::new(), Arc::new(body(1, 100_000).to_vec()));
    for second in [false, true] {
        let [one, other] = pipe(&pool);
        let ((mut writer, reader), (mut lasting, mut lasting_reader)) =
            if second { (other, one) } else { (one, other) };
        writer.write(&[], &[Part::Shared(&Bytes::from_owner(Owned(memory.clone())))]);
        _ = writer.publish();
        drop(writer);
        assert_eq!(Arc::strong_count(&memory), 2);
        drop(reader);
        assert_eq!(Arc::strong_count(&memory), 1, "the other direction keeps a body");

        lasting.write(&[], &[Part::Slice(b"still here")]);
        _ = lasting.publish();
        assert_eq!(take_message(&mut lasting_reader), Some(vec![b"still here".to_vec()]));
    }
    assert_eq!(Arc::strong_count(&pool), 1);
}

#[test]
fn the_directions_have_numbers_and_marks_of_their_own() {
    let [(mut one, mut one_reader), (mut other, other_reader)] = pipe(&Pool::new());
    one.set_high_water(1);
    other.set_high_water(3);
    for writer in [&mut one, &mut other] {
        writer.write(&[], &[Part::Slice(b"message")]);
        _ = writer.publish();
    }
    assert_eq!((one.has_room(), other.has_room()), (false, true));
    assert!(take_message(&mut one_reader).is_some());
    assert_eq!((one.gauge().read(), other.gauge().read()), (1, 0));
    assert_eq!((one.gauge().bytes(), other.gauge().bytes()), (9, 9));
    drop(other_reader);
    assert_eq!((one.is_gone(), other.is_gone()), (false, true));
    one.close();
    assert!(one_reader.has_ended());
}

#[test]
fn a_side_is_told_of_both_directions() {
    let [(mut writer, there), (mut other, mut here)] = pipe(&Pool::new());
    let (told, told_there) = (Arc::new(Told::default()), Arc::new(Told::default()));
    here.attach(told.clone(), 7);
    there.attach(told_there.clone(), 8);
    assert!(here.park());
    other.write(&[], &[Part::Slice(b"message")]);
    assert!(other.publish());
    other.wake();
    writer.set_high_water(1);
    writer.write(&[], &[Part::Slice(b"message")]);
    _ = writer.publish();
    assert!(!writer.await_room());
    drop(there);
    assert_eq!(told.0.lock().unwrap()[..], [(Of::Messages, 7), (Of::Room, 7)]);
    drop((writer, here, other));
    assert!(told_there.0.lock().unwrap().iter().all(|(_, key)| *key == 8));
    assert_eq!((Arc::strong_count(&told), Arc::strong_count(&told_there)), (1, 1));
}

#[test]
fn two_threads_exchange_messages() {
    const MESSAGES: u32 = 100_000;
    let pool = Pool::new();
    let [(writer, there), (other, here)] = pipe(&pool);
    let work = |mut writer: Writer, mut reader: Reader| {
        let mut next = 0;
        for n in 0..MESSAGES {
            writer.write(&[], &[Part::Slice(&n.to_ne_bytes())]);
            _ = writer.publish();
            while let Some(message) = take_message(&mut reader) {
                assert_eq!(message, [u32::to_ne_bytes(next)]);
                next += 1;
            }
        }
        drop(writer);
        while !reader.has_ended() {
            match take_message(&mut reader) {
                Some(message) => {
                    assert_eq!(message, [u32::to_ne_bytes(next)]);
                    next += 1;
                }
                None => thread::yield_now(),
            }
        }
        assert_eq!(next, MESSAGES);
    };
    thread::scope(|scope| {
        scope.spawn(|| work(other, there));
        work(writer, here);
    });
    assert_eq!(Arc::strong_count(&pool), 1);
}
