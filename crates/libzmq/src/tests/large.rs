//! Large messages, whose memory is used again.

use super::*;
use crate::message::{zmq_msg_copy, zmq_msg_init_size, zmq_msg_move};
use crate::send_recv::{zmq_msg_recv, zmq_msg_send};
use std::sync::atomic::{AtomicPtr, Ordering};

/// Sizes whose memory, which is all threads', no other test uses.
const SIZES: [usize; 2] = [2 << 20, 256 << 10];

/// A message of `size` bytes, all of them `byte`.
fn of_size(size: usize, byte: u8) -> Msg {
    let mut message = Msg::empty();
    // SAFETY: a message, of so many bytes.
    unsafe {
        done(zmq_msg_init_size(&raw mut message, size));
        zmq_msg_data(&raw mut message).cast::<u8>().write_bytes(byte, size);
    }
    message
}

fn place(message: &mut Msg) -> usize {
    // SAFETY: a message.
    unsafe { zmq_msg_data(message) }.addr()
}

/// The memory of this process that is there, in bytes.
fn resident() -> usize {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    pages.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}

#[test]
fn the_memory_is_aligned_and_stays_where_it_is() {
    for size in [64 << 10, (64 << 10) + 1, 128 << 10, 1 << 20, (16 << 20) + 1] {
        let (mut message, mut copy, mut moved) = (of_size(size, 7), empty(), empty());
        let there = place(&mut message);
        assert!(there.is_multiple_of(16), "{size} bytes");
        // SAFETY: messages.
        unsafe {
            done(zmq_msg_copy(&raw mut copy, &raw mut message));
            done(zmq_msg_move(&raw mut moved, &raw mut message));
        }
        assert_eq!((place(&mut copy), place(&mut moved)), (there, there));
        close(&mut moved);
        assert_eq!(contents(&mut copy), vec![7; size]);
        close(&mut copy);
        close(&mut message);
    }
}

/// Over inproc the receiver gets the sender's memory, which is the next message's afterwards, whichever thread closed it.
/// A reference that is left keeps it from being used.
#[test]
fn the_memory_of_a_message_is_that_of_the_next() {
    let link = Link::new(PULL, PUSH, "inproc://large");
    let comes_again = || {
        let mut first = of_size(SIZES[0], 1);
        let (there, mut received, mut copy) = (place(&mut first), empty(), empty());
        // SAFETY: messages.
        unsafe {
            done(zmq_msg_send(&raw mut first, link.other, 0));
            done(zmq_msg_recv(&raw mut received, link.bound, 0));
            assert_eq!(place(&mut received), there);
            done(zmq_msg_copy(&raw mut copy, &raw mut received));
        }
        close(&mut received);
        let mut second = of_size(SIZES[0], 2);
        assert_ne!(place(&mut second), there);
        assert_eq!(contents(&mut copy)[0], 1);
        let last = AtomicPtr::new(&raw mut copy);
        // SAFETY: a message, which this thread leaves alone meanwhile.
        std::thread::scope(|scope| _ = scope.spawn(|| close(unsafe { &mut *last.load(Ordering::Relaxed) })));
        let mut third = of_size(SIZES[0], 3);
        let again = place(&mut third) == there;
        close(&mut second);
        close(&mut third);
        again
    };
    // An I/O thread may give memory back that nobody uses.
    assert!((0..100).any(|_| comes_again()));
}

/// 1 GiB goes through, of which no more stays than a message or two, and what is kept for the next.
#[test]
fn many_large_messages_leave_little() {
    for endpoint in ["inproc://many", TCP] {
        let link = Link::new(PULL, PUSH, endpoint);
        let (before, mut received) = (resident(), empty());
        for count in 0..1024 {
            let mut message = of_size(1 << 20, count as u8);
            // SAFETY: messages.
            unsafe {
                done(zmq_msg_send(&raw mut message, link.other, 0));
                done(zmq_msg_recv(&raw mut received, link.bound, 0));
            }
            assert_eq!(contents(&mut received)[(1 << 20) - 1], count as u8);
        }
        close(&mut received);
        assert!(resident() < before + (200 << 20), "{} before, {} afterwards", before, resident());
    }
}

/// A message that was large does not keep its memory when it receives a small one.
#[test]
fn a_small_message_lets_go_of_large_memory() {
    let link = Link::new(PULL, PUSH, "inproc://small");
    let comes_again = || {
        let mut message = of_size(SIZES[1], 1);
        let there = place(&mut message);
        done(send(link.other, &[5; 100], 0));
        // SAFETY: a message.
        done(unsafe { zmq_msg_recv(&raw mut message, link.bound, 0) });
        assert_eq!(contents(&mut message), [5; 100]);
        let mut next = of_size(SIZES[1], 2);
        let again = place(&mut next) == there;
        close(&mut next);
        close(&mut message);
        again
    };
    assert!((0..100).any(|_| comes_again()));
}
