//! What messages cost in memory: those that are kept, and those that many wait for.

mod common;

use common::{PATIENCE, pipeline};
use std::sync::{Mutex, PoisonError};
use zincmq::{Context, Pub, Sub, option};

/// Memory is a matter of the whole process: one test at a time.
static ALONE: Mutex<()> = Mutex::new(());

/// Resident bytes of this process.
fn memory() -> usize {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    pages.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}

#[test]
fn a_small_part_that_is_kept_keeps_no_large_memory() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let context = Context::new();
    let (mut push, mut pull) = pipeline(&context, "tcp://127.0.0.1:*", 1000, 1000);
    let filler = vec![1; 60_000];
    let before = memory();
    let mut kept = Vec::new();
    for number in 0..1500_u32 {
        push.send([&number.to_be_bytes()[..], &filler]).unwrap();
        let mut message = pull.recv_timeout(PATIENCE).unwrap();
        kept.push(message.pop_front().unwrap());
    }
    let grown = memory().saturating_sub(before);
    assert!(grown < 16 << 20, "{grown} bytes for {} small parts", kept.len());
    assert!(kept.iter().enumerate().all(|(number, part)| part[..] == (number as u32).to_be_bytes()));
}

#[test]
fn slow_subscribers_share_one_body() {
    const SUBSCRIBERS: usize = 50;
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let context = Context::new();
    let mut publisher = Pub::new(&context).unwrap();
    publisher.set(option::SNDHWM, 0).unwrap();
    publisher.bind("inproc://slow").unwrap();
    let subscribers: Vec<Sub> = (0..SUBSCRIBERS)
        .map(|_| {
            let mut sub = Sub::new(&context).unwrap();
            sub.set(option::RCVHWM, 0).unwrap();
            sub.subscribe("").unwrap();
            sub.connect("inproc://slow").unwrap();
            sub
        })
        .collect();
    let before = memory();
    for _ in 0..2000 {
        publisher.send(vec![3; 1000]).unwrap();
    }
    let (grown, copies) = (memory().saturating_sub(before), 2000 * 1000 * SUBSCRIBERS);
    assert!(grown < copies / 4, "{grown} bytes, where copies would take {copies}");
    drop(subscribers);
}
