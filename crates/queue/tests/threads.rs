//! Two threads and little room: each sleeps and is woken all the time. A lost wake-up runs into the deadline.

mod common;

use common::body;
use queue::{Inbox, Item, Notify, Part, Pool, Reader, Writer, channel};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

const MESSAGES: u32 = 200_000;

/// Unparks the thread that an end belongs to.
#[derive(Debug)]
struct Unpark(Thread, AtomicBool);

impl Unpark {
    fn new() -> Arc<Self> {
        Arc::new(Self(thread::current(), AtomicBool::new(false)))
    }

    fn ring(&self) {
        self.1.store(true, Ordering::Release);
        self.0.unpark();
    }

    fn sleep(&self, deadline: Instant) {
        while !self.1.swap(false, Ordering::Acquire) {
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "a lost wake-up");
            thread::park_timeout(left);
        }
    }
}

impl Notify for Unpark {
    fn readable(&self, _: u64) {
        self.ring();
    }

    fn writable(&self, _: u64) {
        self.ring();
    }
}

fn size_of(n: u32) -> usize {
    match n % 1000 {
        0 => 70_000,
        1 => 20_000,
        2..20 => 800,
        _ => (n % 64) as usize,
    }
}

fn write(mut writer: Writer, messages: u32, deadline: Instant) {
    let bell = Unpark::new();
    writer.attach(bell.clone(), 0);
    for n in 0..messages {
        while !writer.has_room() && !writer.await_room() {
            bell.sleep(deadline);
        }
        writer.write(&[], &[Part::Slice(&n.to_le_bytes()), Part::Slice(body(n as u8, size_of(n)))]);
        if writer.publish() {
            writer.wake();
        }
        if n % 5 == 0 {
            writer.sweep();
        }
    }
}

fn read(mut reader: Reader, messages: u32, deadline: Instant) {
    let bell = Unpark::new();
    reader.attach(bell.clone(), 0);
    let mut kept = VecDeque::new();
    let mut n = 0u32;
    loop {
        if let Some(head) = reader.take() {
            assert!(head.more);
            assert_eq!(head.body.as_ref(), n.to_le_bytes());
            let rest = reader.take().expect("a message is published whole");
            assert!(!rest.more && rest.body.as_ref() == body(n as u8, size_of(n)));
            if let queue::Body::Slice(slice) = rest.body {
                kept.push_back((n, slice));
                if kept.len() > 8 {
                    kept.pop_front();
                }
            }
            n += 1;
        } else if reader.has_ended() {
            break;
        } else if reader.park() {
            bell.sleep(deadline);
            reader.resume();
        }
    }
    assert_eq!(n, messages);
    assert!(kept.iter().all(|(n, slice)| **slice == *body(*n as u8, size_of(*n))));
}

fn run(marks: (u32, u32), messages: u32) {
    let deadline = Instant::now() + Duration::from_secs(60);
    let (writer, mut reader) = channel(&Pool::new());
    writer.set_high_water(marks.0);
    reader.set_high_water(marks.1);
    thread::scope(|scope| {
        scope.spawn(move || write(writer, messages, deadline));
        scope.spawn(move || read(reader, messages, deadline));
    });
}

#[test]
fn one_message_of_room() {
    run((u32::MAX, 1), MESSAGES / 4);
}

#[test]
fn few_messages_of_room() {
    run((2, 3), MESSAGES);
}

#[test]
fn no_mark() {
    run((0, 0), MESSAGES);
}

/// Several threads tell one that sleeps on its signal.
#[test]
fn inbox_and_signal() {
    const EACH: u64 = 20_000;
    let deadline = Instant::now() + Duration::from_secs(60);
    let inbox = Inbox::default();
    thread::scope(|scope| {
        for from in 0..2 {
            let inbox = &inbox;
            scope.spawn(move || (0..EACH).for_each(|n| inbox.push(Item::Command((from, n)))));
        }
        let (mut items, mut next) = (VecDeque::new(), [0; 2]);
        while next != [EACH; 2] {
            inbox.signal().arm_thread();
            if inbox.is_pending() {
                inbox.signal().disarm();
            } else {
                inbox.signal().sleep(Some(deadline));
            }
            assert!(Instant::now() < deadline, "a lost wake-up");
            inbox.take_all(&mut items);
            for item in items.drain(..) {
                let Item::Command((from, n)) = item else { panic!("{item:?}") };
                assert_eq!(next[from], n);
                next[from] += 1;
            }
        }
    });
}
