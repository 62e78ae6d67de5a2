//! Every order of events, for a few messages: `RUSTFLAGS="--cfg loom" cargo test -p zincmq-queue --test loom
//! --release`. Nobody waits in a model: when both threads are done, whoever went to sleep must have been woken,
//! or have nothing to wake up for.
#![cfg(loom)]

mod biased;
mod both;
mod claims;
mod common;
mod halves;
mod slots;

use loom::model::Builder;
use loom::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use loom::thread;
use queue::{
    Body, Bounds, Broadcast, Filler, Inbox, Item, MORE, Notify, Part, Pool, Reader, TryLock, Wake, Walk,
    Writer, channel, conflating, fence_before_looks,
};
use std::collections::VecDeque;
use std::sync::Arc;

/// As an inbox, it hands over what the one who rings it has seen. Swaps only: loom lets a plain store slip in
/// before another thread's swap that has not seen it.
#[derive(Debug, Default)]
struct Bell {
    readable: AtomicBool,
    writable: AtomicBool,
}

impl Notify for Bell {
    fn readable(&self, _: u64) {
        self.readable.swap(true, Ordering::AcqRel);
    }

    fn writable(&self, _: u64) {
        self.writable.swap(true, Ordering::AcqRel);
    }
}

impl Wake for Bell {
    fn wake(&self) {
        self.readable.swap(true, Ordering::AcqRel);
    }
}

fn model(body: impl Fn() + Sync + Send + 'static) {
    let mut builder = Builder::new();
    builder.preemption_bound = Some(3);
    builder.max_branches = 10_000;
    builder.check(body);
}

struct Pipe {
    writer: Writer,
    reader: Reader,
    bell: Arc<Bell>,
    got: u8,
}

fn pipe(mark: u32) -> Pipe {
    let (writer, mut reader) = channel(&Pool::new());
    let bell = Arc::new(Bell::default());
    writer.attach(bell.clone(), 0);
    reader.attach(bell.clone(), 0);
    reader.set_high_water(mark);
    Pipe { writer, reader, bell, got: 0 }
}

/// A message of four bytes, so that one fits the smallest segment and two do not.
fn send(writer: &mut Writer, n: u8) {
    writer.write(&[], &[Part::Slice(&[n, n])]);
    if writer.publish() {
        writer.wake();
    }
}

/// Takes all there is, in each way by turns.
fn drain(reader: &mut Reader, got: &mut u8) {
    loop {
        let lent = match *got % 3 {
            0 => reader.take_short(),
            1 => reader.lend(2).map(|lent| lent.bytes),
            _ => None,
        };
        if let Some(body) = lent {
            *got += 1;
            assert_eq!(body, [*got; 2]);
            continue;
        }
        let Some(frame) = reader.take() else { return };
        let Body::Copy(body) = frame.body else { panic!("{frame:?}") };
        *got += 1;
        assert_eq!(body, [*got; 2]);
    }
}

/// Takes all there is, goes to sleep, and wakes up if told; so many times.
fn receive(reader: &mut Reader, bell: &Bell, got: &mut u8, times: usize) {
    for _ in 0..times {
        drain(reader, got);
        if reader.has_ended() {
            return;
        }
        if reader.park() && bell.readable.swap(false, Ordering::AcqRel) {
            reader.resume();
        }
    }
}

/// Runs both ends, then looks whether a reader that sleeps has read all.
fn race(
    mut pipe: Pipe,
    times: usize,
    messages: u8,
    closed: bool,
    write: impl FnOnce(&mut Writer) + 'static,
) -> (Writer, Reader) {
    let Pipe { mut writer, mut reader, bell, .. } = pipe;
    let bell_there = bell.clone();
    let reading = thread::spawn(move || {
        receive(&mut reader, &bell_there, &mut pipe.got, times);
        (reader, pipe.got)
    });
    write(&mut writer);
    let (mut reader, mut got) = reading.join().unwrap();
    if reader.is_parked() && bell.readable.swap(false, Ordering::AcqRel) {
        reader.resume();
        assert!(!reader.is_parked(), "woken for nothing");
    }
    assert!(!reader.is_parked() || (got == messages && !closed), "a lost wake-up of the reader");
    drain(&mut reader, &mut got);
    assert_eq!(got, messages);
    assert_eq!(reader.has_ended(), closed);
    (writer, reader)
}

#[test]
fn publish_against_park() {
    model(|| {
        _ = race(pipe(0), 2, 2, false, |writer| {
            send(writer, 1);
            send(writer, 2);
        });
    });
}

/// One message to two readers, of whom either may be going to sleep: one fence serves both.
#[test]
fn publish_to_two_against_park() {
    model(|| {
        let (mut one, mut other) = (pipe(0), pipe(0));
        let (bell, other_bell) = (one.bell.clone(), other.bell.clone());
        let reading = thread::spawn(move || {
            receive(&mut one.reader, &one.bell, &mut one.got, 1);
            receive(&mut other.reader, &other.bell, &mut other.got, 1);
            [(one.reader, one.got), (other.reader, other.got)]
        });
        let mut writers = [one.writer, other.writer];
        for writer in &mut writers {
            writer.write(&[], &[Part::Slice(&[1, 1])]);
            writer.publish_quietly();
        }
        fence_before_looks();
        for writer in &writers {
            if writer.finds_reader_asleep() {
                writer.wake();
            }
        }
        for ((mut reader, mut got), bell) in reading.join().unwrap().into_iter().zip([bell, other_bell]) {
            if reader.is_parked() && bell.readable.swap(false, Ordering::AcqRel) {
                reader.resume();
            }
            assert!(!reader.is_parked() || got == 1, "a lost wake-up of a reader");
            drain(&mut reader, &mut got);
            assert_eq!(got, 1);
        }
    });
}

#[test]
fn three_messages_in_three_segments() {
    model(|| {
        _ = race(pipe(0), 1, 3, false, |writer| (1..4).for_each(|n| send(writer, n)));
    });
}

#[test]
fn sweep_against_park_and_publish() {
    model(|| {
        let (mut writer, mut reader) = race(pipe(0), 2, 2, false, |writer| {
            send(writer, 1);
            writer.sweep();
            send(writer, 2);
            writer.sweep();
        });
        // Both at rest: nothing is held any more.
        assert!(reader.park());
        assert!(!writer.sweep());
    });
}

#[test]
fn close_against_park() {
    model(|| {
        _ = race(pipe(0), 2, 1, true, |writer| {
            send(writer, 1);
            writer.close();
        });
    });
}

#[test]
fn sweep_of_a_closed_pipe_against_park() {
    model(|| {
        _ = race(pipe(0), 1, 1, true, |writer| {
            send(writer, 1);
            writer.close();
            writer.sweep();
        });
    });
}

/// Frames that came from a descriptor, one at a time.
fn feed(filler: &mut Filler, frames: &[[u8; 4]]) {
    for frame in frames {
        assert_eq!(filler.preload(frame), frame.len());
        assert_eq!(filler.walk(), Ok(Walk::Dry));
        if filler.publish() {
            filler.wake();
        }
    }
}

/// The segments of a message that stays unfinished go back while the reader is at what came before it.
#[test]
fn an_unfinished_message_against_park() {
    model(|| {
        let Pipe { writer, mut reader, bell, mut got } = pipe(0);
        let bell_there = bell.clone();
        let reading = thread::spawn(move || {
            receive(&mut reader, &bell_there, &mut got, 1);
            (reader, got)
        });
        let mut filler = Filler::new(writer, Bounds { frame: 100, message: 100, parts: 100 });
        feed(
            &mut filler,
            &[[0, 2, 1, 1], [MORE, 2, 9, 9], [MORE, 2, 9, 9], [MORE, 2, 9, 9], [MORE, 2, 9, 9]],
        );
        filler.restart(None);
        feed(&mut filler, &[[0, 2, 2, 2]]);
        let (mut reader, mut got) = reading.join().unwrap();
        if reader.is_parked() && bell.readable.swap(false, Ordering::AcqRel) {
            reader.resume();
        }
        assert!(!reader.is_parked() || got == 2, "a lost wake-up of the reader");
        drain(&mut reader, &mut got);
        assert_eq!(got, 2);
    });
}

#[test]
fn bodies_by_reference() {
    model(|| {
        let Pipe { mut writer, mut reader, .. } = pipe(0);
        let reading = thread::spawn(move || {
            let mut got = 0;
            while let Some(frame) = reader.take() {
                let Body::Shared(body) = frame.body else { panic!("{frame:?}") };
                assert_eq!(*body, [7; 40]);
                got += 1;
            }
            (reader, got)
        });
        // The third finds all places of its segment taken.
        for _ in 0..3 {
            let mut broadcast = Broadcast::default();
            broadcast.begin(1, 1);
            writer.write_shared(&[Part::Slice(&[7; 40])], &mut broadcast);
            assert!(!writer.publish());
        }
        let (mut reader, got) = reading.join().unwrap();
        assert_eq!(got + std::iter::from_fn(|| reader.take().map(drop)).count(), 3);
    });
}

/// One end sleeps until there is room, the other makes some.
fn race_for_room(mut pipe: Pipe, messages: u8, read: impl FnOnce(&mut Reader) + 'static) {
    (1..=messages).for_each(|n| send(&mut pipe.writer, n));
    let Pipe { mut writer, mut reader, bell, .. } = pipe;
    let reading = thread::spawn(move || {
        read(&mut reader);
        reader
    });
    let sleeps = !writer.await_room() && !writer.is_gone();
    // Kept until after the look: dropping it would ring.
    let _reader = reading.join().unwrap();
    assert!(!sleeps || bell.writable.load(Ordering::Relaxed), "a lost wake-up of the writer");
}

#[test]
fn credit_against_a_sleeping_writer() {
    model(|| race_for_room(pipe(1), 1, |reader| drain(reader, &mut 0)));
    model(|| race_for_room(pipe(2), 2, |reader| drain(reader, &mut 0)));
}

#[test]
fn a_higher_mark_against_a_sleeping_writer() {
    model(|| race_for_room(pipe(1), 1, |reader| reader.set_high_water(2)));
}

#[test]
fn leaving_against_a_sleeping_writer() {
    model(|| race_for_room(pipe(1), 1, |reader| reader.leave()));
}

#[test]
fn a_lower_mark_against_park() {
    model(|| {
        let mut pipe = pipe(u32::MAX);
        pipe.writer.set_high_water(3);
        send(&mut pipe.writer, 1);
        let (mut writer, mut reader) = race(pipe, 1, 1, false, |writer| writer.set_high_water(1));
        _ = reader.park();
        assert!(writer.has_room());
    });
}

#[test]
fn what_a_holder_is_told_it_does() {
    model(|| {
        let lock = Arc::new(TryLock::new([0; 3]));
        let orders: Arc<[AtomicUsize; 3]> = Arc::new(std::array::from_fn(|_| AtomicUsize::new(0)));
        let run = |lock: &TryLock<[usize; 3]>, orders: &[AtomicUsize; 3], n: usize| {
            orders[n].store(n + 1, Ordering::Relaxed);
            while let Some(mut held) = lock.try_lock() {
                for (done, order) in held.iter_mut().zip(orders) {
                    *done = (*done).max(order.load(Ordering::Relaxed));
                }
                if !held.unlock() {
                    break;
                }
            }
        };
        let threads: Vec<_> = [1, 2]
            .map(|n| {
                let (lock, orders) = (lock.clone(), orders.clone());
                thread::spawn(move || run(&lock, &orders, n))
            })
            .into();
        run(&lock, &orders, 0);
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        assert_eq!(*lock.try_lock().unwrap(), [1, 2, 3]);
    });
}

/// A filler that stops at the mark, and its reader, which sees to it: everything is read.
#[test]
fn a_writer_that_stops_against_a_reader_that_rests() {
    model(|| {
        let Pipe { mut writer, mut reader, bell, mut got } = pipe(1);
        send(&mut writer, 1);
        let producer = thread::spawn(move || {
            let stops = !writer.stop();
            if !stops {
                send(&mut writer, 2);
            }
            (writer, stops)
        });
        drain(&mut reader, &mut got);
        let mut looks = reader.takes_look();
        let rests = reader.park();
        looks |= reader.takes_look();
        let (mut writer, stops) = producer.join().unwrap();
        if stops {
            assert!(looks, "nobody makes it go on");
            send(&mut writer, 2);
        }
        if bell.readable.swap(false, Ordering::AcqRel) || !rests {
            reader.resume();
        }
        drain(&mut reader, &mut got);
        assert_eq!(got, 2);
    });
}

#[test]
fn inbox_against_a_sleeping_reader() {
    model(|| {
        let inbox = Arc::new(Inbox::default());
        let bell = Arc::new(Bell::default());
        let there = inbox.clone();
        let pushing = thread::spawn(move || {
            there.push(Item::Command(1));
            there.push(Item::Command(2));
        });
        let (mut items, mut sleeps) = (VecDeque::new(), false);
        for _ in 0..2 {
            inbox.take_all(&mut items);
            inbox.signal().arm(bell.clone());
            sleeps = !inbox.is_pending();
            if !sleeps {
                inbox.signal().disarm();
            }
        }
        pushing.join().unwrap();
        let before = items.len();
        inbox.take_all(&mut items);
        assert!(!sleeps || items.len() == before || bell.readable.load(Ordering::Relaxed), "a lost wake-up");
        let got: Vec<_> = items.iter().map(|item| matches!(item, Item::Command(1))).collect();
        assert_eq!(got, [true, false]);
    });
}

/// Takes all there is of a direction that keeps the last message only.
fn drain_latest(reader: &mut Reader, got: &mut u8) {
    while let Some(frame) = reader.take() {
        let Body::Copy(body) = frame.body else { panic!("{frame:?}") };
        assert!(body[0] > *got && body == [body[0]; 2], "{body:?} after {got}");
        *got = body[0];
    }
}

fn race_for_the_last(freshens: bool) {
    let (mut writer, mut reader) = conflating(&Pool::new());
    let bell = Arc::new(Bell::default());
    reader.attach(bell.clone(), 0);
    let bell_there = bell.clone();
    let reading = thread::spawn(move || {
        let mut got = 0;
        for _ in 0..2 {
            if freshens && reader.is_ready() {
                reader.skip_to_latest();
                assert!(reader.is_ready(), "a message was lost");
            }
            drain_latest(&mut reader, &mut got);
            if reader.has_ended() {
                break;
            }
            if reader.park() && bell_there.readable.swap(false, Ordering::AcqRel) {
                reader.resume();
            }
        }
        (reader, got)
    });
    send(&mut writer, 1);
    send(&mut writer, 2);
    writer.close();
    let (mut reader, mut got) = reading.join().unwrap();
    if reader.is_parked() {
        assert!(bell.readable.load(Ordering::Relaxed), "a lost wake-up of the reader");
        reader.resume();
    }
    drain_latest(&mut reader, &mut got);
    assert_eq!(got, 2);
    assert!(reader.has_ended());
}

#[test]
fn only_the_last_against_park() {
    model(|| race_for_the_last(false));
}

#[test]
fn only_the_last_against_freshen() {
    model(|| race_for_the_last(true));
}
