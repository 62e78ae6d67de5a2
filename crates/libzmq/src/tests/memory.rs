//! Memory of messages that is used again.

use super::*;
use crate::message::{zmq_msg_copy, zmq_msg_init_size};
use crate::send_recv::zmq_msg_recv;

#[test]
fn a_block_is_received_into_again() {
    let link = Link::new(PULL, PUSH, "inproc://again");
    // It hears of its peer.
    fails(receive(link.bound, DONTWAIT).0, libc::EAGAIN);
    for largest in [1000, 8 << 10] {
        let mut message = empty();
        let mut places = Vec::new();
        for size in [largest, largest - 100, largest] {
            done(send(link.other, &vec![1; size], 0));
            // SAFETY: a message.
            unsafe {
                done(zmq_msg_recv(&raw mut message, link.bound, 0));
                places.push(zmq_msg_data(&raw mut message));
            }
            assert_eq!(contents(&mut message), vec![1; size]);
        }
        assert!(places.iter().all(|place| *place == places[0]));
        close(&mut message);
    }
}

/// Of a message of several parts. The memory of the part before last is that of the next, but not where a copy still needs it.
#[test]
fn a_part_is_received_with_its_memory() {
    let link = Link::new(PULL, PUSH, "inproc://exchange");
    let (mut message, mut copy) = (empty(), empty());
    let mut places = Vec::new();
    for (count, size) in [4000, 3999, 4000, 4000, 4000, 4000].into_iter().enumerate() {
        done(send(link.other, &vec![count as u8; size], SNDMORE));
        done(send(link.other, b"", 0));
        // SAFETY: messages.
        unsafe {
            done(zmq_msg_recv(&raw mut message, link.bound, 0));
            places.push(zmq_msg_data(&raw mut message));
            if count == 2 {
                done(zmq_msg_copy(&raw mut copy, &raw mut message));
            }
        }
        assert_eq!(contents(&mut message), vec![count as u8; size]);
        assert_eq!(receive(link.bound, 0), (0, vec![]));
    }
    assert_eq!(places[2], places[0]);
    assert_eq!(places[5], places[3]);
    assert!(!places[3..].contains(&places[2]));
    assert_eq!(contents(&mut copy), [2; 4000]);
    close(&mut message);
    close(&mut copy);
}

#[test]
fn a_thread_uses_the_block_again_that_it_has_let_go_of() {
    let body = |size| {
        let mut message = Msg::empty();
        // SAFETY: a message.
        let place = unsafe {
            done(zmq_msg_init_size(&raw mut message, size));
            zmq_msg_data(&raw mut message)
        };
        (message, place.addr())
    };
    let (mut first, place) = body(1000);
    close(&mut first);
    let (mut tiny, other) = body(100);
    assert_ne!(other, place, "it would have far too much room");
    let (mut second, again) = body(900);
    assert_eq!(again, place);
    let mut copy = empty();
    // SAFETY: messages.
    done(unsafe { zmq_msg_copy(&raw mut copy, &raw mut second) });
    close(&mut second);
    let (mut third, other) = body(1000);
    assert_ne!(other, place, "a copy needs it");
    close(&mut copy);
    let (mut fourth, again) = body(1000);
    assert_eq!(again, place);
    [&mut tiny, &mut third, &mut fourth].into_iter().for_each(close);
}
