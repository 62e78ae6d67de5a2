//! Receives that copy a message from where it lies, and those that do not, by turns: nobody can tell them apart.

use super::*;
use crate::message::{
    zmq_msg_copy, zmq_msg_get, zmq_msg_gets, zmq_msg_more, zmq_msg_routing_id, zmq_msg_set_routing_id,
};
use crate::send_recv::{zmq_msg_recv, zmq_recviov};
use crate::stats::zincmq_stats;
use libc::iovec;
use std::ffi::CStr;
use std::mem::MaybeUninit;
use std::ptr;

const SUB: c_int = 2;
const REQ: c_int = 3;
const REP: c_int = 4;
const XPUB: c_int = 9;
const XSUB: c_int = 10;
const SUBSCRIBE: c_int = 6;
const RCVMORE: c_int = 13;
const SNDHWM: c_int = 23;
const RCVHWM: c_int = 24;
const CONFLATE: c_int = 54;
const SRCFD: c_int = 2;

const SIZES: [usize; 15] =
    [0, 1, 45, 46, 64, 65, 255, 256, 1023, 1024, 8 << 10, (8 << 10) + 1, 9 << 10, 60 << 10, 70 << 10];

/// Bytes that tell a message from others, and a place in it from others.
fn body(seed: usize, size: usize) -> Vec<u8> {
    (0..size).map(|at| (seed * 31 + at * 7 + at / 251) as u8).collect()
}

/// Receives the next part in a way that the number tells, into `message` if into any.
fn receive_in(way: usize, socket: *mut c_void, message: &mut Msg, flags: c_int, expected: &[u8]) {
    let size = expected.len();
    let mut room = vec![0xEE_u8; size + 1];
    let mut into = |room_for: usize| {
        // SAFETY: there is more room than that.
        let received = unsafe { zmq_recv(socket, room.as_mut_ptr().cast(), room_for, flags) };
        assert_eq!(done(received), size as c_int);
        let (copied, left) = room.split_at(room_for.min(size));
        assert_eq!(copied, &expected[..copied.len()]);
        assert!(left.iter().all(|byte| *byte == 0xEE));
    };
    match way % 4 {
        0 => into(size + 1),
        1 => into(size / 2),
        2 => {
            // SAFETY: a message.
            assert_eq!(done(unsafe { zmq_msg_recv(message, socket, flags) }), size as c_int);
            assert_eq!(contents(message), expected);
            // SAFETY: a message.
            assert_eq!(unsafe { zmq_msg_more(message) }, int_option(socket, RCVMORE));
        }
        _ => {
            let mut fresh = empty();
            // SAFETY: a message.
            assert_eq!(done(unsafe { zmq_msg_recv(&raw mut fresh, socket, flags) }), size as c_int);
            assert_eq!(contents(&mut fresh), expected);
            close(&mut fresh);
        }
    }
}

/// A link over which messages of one and of several parts go, of each size, in each way.
fn exchange(receiver: c_int, sender: c_int, endpoint: &str, topic: &[u8]) {
    let link = Link::unconnected(receiver, sender);
    if receiver == SUB {
        // SAFETY: so many bytes.
        done(unsafe { zmq_setsockopt(link.bound, SUBSCRIBE, topic.as_ptr().cast(), topic.len()) });
    }
    bind(link.bound, endpoint);
    connect(link.other, &last_endpoint(link.bound));
    if receiver == XSUB {
        done(send(link.bound, b"\x01", 0));
    }
    if sender == XPUB {
        assert_eq!(receive(link.other, 0).1, [b"\x01", topic].concat());
    }
    let mut message = empty();
    for (seed, size) in SIZES.into_iter().flat_map(|size| (0..12).map(move |seed| (seed, size))) {
        let flags = if seed % 3 == 0 && endpoint != TCP { DONTWAIT } else { 0 };
        let mut part = body(seed, size);
        if size >= topic.len() {
            part[..topic.len()].copy_from_slice(topic);
        } else if receiver == SUB {
            continue;
        }
        if seed % 5 == 4 {
            done(send(link.other, &part, SNDMORE));
            done(send(link.other, &part, 0));
            receive_in(seed / 4, link.bound, &mut message, flags, &part);
            assert_eq!(int_option(link.bound, RCVMORE), 1);
        } else {
            done(send(link.other, &part, 0));
        }
        receive_in(seed, link.bound, &mut message, flags, &part);
        assert_eq!(int_option(link.bound, RCVMORE), 0);
        if receiver == REP {
            done(send(link.bound, b"done", 0));
            assert_eq!(receive(link.other, 0).1, b"done");
        }
    }
    fails(receive(link.bound, DONTWAIT).0, libc::EAGAIN);
    close(&mut message);
}

#[test]
fn a_message_is_the_same_in_whichever_way_it_is_received() {
    for endpoint in ["inproc://ways", TCP] {
        for (receiver, sender) in
            [(PULL, PUSH), (DEALER, DEALER), (PAIR, PAIR), (SUB, XPUB), (XSUB, XPUB), (REP, REQ)]
        {
            exchange(receiver, sender, endpoint, b"");
        }
        exchange(SUB, XPUB, endpoint, b"to");
    }
}

/// Receives and sends at the same time, so that some messages are waited for.
#[test]
fn threads_lose_nothing_in_any_way() {
    const COUNT: usize = 4000;
    for endpoint in ["inproc://both", TCP] {
        for (receiver, sender) in [(PULL, PUSH), (PAIR, PAIR)] {
            let link = Link::new(receiver, sender, endpoint);
            let size = |at: usize| SIZES[at * 7 % SIZES.len()];
            let out = link.other.addr();
            let sending = std::thread::spawn(move || {
                let socket = ptr::with_exposed_provenance_mut(out);
                for at in 0..COUNT {
                    done(send(socket, &body(at, size(at)), if at % 11 == 10 { SNDMORE } else { 0 }));
                }
            });
            let mut message = empty();
            for at in 0..COUNT {
                receive_in(at / 3, link.bound, &mut message, 0, &body(at, size(at)));
            }
            sending.join().unwrap();
            close(&mut message);
        }
    }
}

#[test]
fn there_need_not_be_memory_for_what_is_thrown_away() {
    let link = Link::new(PULL, PUSH, "inproc://null");
    // SAFETY: no room is claimed, or none is there.
    let receive_nowhere = |room| unsafe { zmq_recv(link.bound, ptr::null_mut(), room, 0) };
    for size in [5, 300, 70_000] {
        (0..2).for_each(|_| _ = done(send(link.other, &body(1, size), 0)));
        done(send(link.other, b"", 0));
        done(send(link.other, b"after", 0));
        assert_eq!(receive_nowhere(0), size as c_int);
        fails(receive_nowhere(1), libc::EFAULT);
        assert_eq!(receive_nowhere(1), 0);
        assert_eq!(receive(link.bound, 0).1, b"after");
    }
}

#[test]
fn a_message_knows_its_connection_only() {
    let (near, far) = (Link::new(PULL, PUSH, "inproc://near"), Link::new(PULL, PUSH, TCP));
    let mut message = empty();
    for size in [5, 50, 300, 9000] {
        // What waits when the first is received lies in the queue then.
        let links = [(&far, true), (&near, false)].map(|each| [each; 20]).concat();
        links.iter().for_each(|(link, _)| _ = done(send(link.other, &body(1, size), 0)));
        for (link, known) in links {
            // SAFETY: a message, and C strings.
            unsafe {
                done(zmq_msg_recv(&raw mut message, link.bound, 0));
                let address = zmq_msg_gets(&raw const message, c"Peer-Address".as_ptr());
                assert_eq!(!address.is_null(), known);
                assert!(!known || CStr::from_ptr(address) == c"127.0.0.1");
                assert_eq!(zmq_msg_get(&raw const message, SRCFD) >= 0, known);
            }
        }
    }
    close(&mut message);
}

/// The memory of a message is used again only where it is this message's alone, and nothing else of it stays.
#[test]
fn content_that_came_before_leaves_no_trace() {
    let link = Link::new(PULL, PUSH, "inproc://trace");
    let (mut message, mut copy) = (empty(), empty());
    for (before, after) in SIZES.into_iter().flat_map(|before| SIZES.map(|after| (before, after))) {
        done(send(link.other, &body(1, before), 0));
        done(send(link.other, &body(2, after), 0));
        // SAFETY: messages.
        unsafe {
            done(zmq_msg_recv(&raw mut message, link.bound, 0));
            done(zmq_msg_copy(&raw mut copy, &raw mut message));
            done(zmq_msg_set_routing_id(&raw mut message, 7));
            done(zmq_msg_recv(&raw mut message, link.bound, 0));
            assert_eq!(zmq_msg_routing_id(&raw mut message), 0);
        }
        assert_eq!(contents(&mut copy), body(1, before));
        assert_eq!(contents(&mut message), body(2, after));
    }
    close(&mut message);
    close(&mut copy);
}

/// Peers take turns, whether their messages lie whole in their queues or not.
#[test]
fn nobody_is_passed_over() {
    let link = Link::new(PULL, PUSH, "inproc://turns");
    let other = zmq_socket(link.context, PUSH);
    connect(other, "inproc://turns");
    for at in 0..10 {
        done(send(link.other, b"short", 0));
        done(send(other, b"long", if at % 2 == 0 { SNDMORE } else { 0 }));
        if at % 2 == 0 {
            done(send(other, b"more", 0));
        }
    }
    let mut parts = Vec::new();
    for _ in 0..25 {
        parts.push(receive(link.bound, 0).1);
    }
    assert_eq!(parts.iter().step_by(5).filter(|part| *part == b"short").count(), 5);
    assert_eq!(parts[..5], [&b"short"[..], b"long", b"more", b"short", b"long"]);
    done(zmq_close(other));
}

#[test]
fn what_was_received_counts_and_makes_room() {
    let link = Link::unconnected(PULL, PUSH);
    set_int(link.bound, RCVHWM, 1);
    set_int(link.other, SNDHWM, 1);
    bind(link.bound, "inproc://room");
    connect(link.other, "inproc://room");
    for _ in 0..50 {
        for size in [3, 300] {
            done(send(link.other, &body(size, size), 0));
        }
        fails(send(link.other, b"full", DONTWAIT), libc::EAGAIN);
        let mut message = empty();
        for (way, size) in [3, 300].into_iter().enumerate() {
            receive_in(way, link.bound, &mut message, 0, &body(size, size));
        }
    }
    let mut stats = [MaybeUninit::<u64>::zeroed(); 14];
    // SAFETY: there is so much room, and these are numbers.
    let [sent, received] = unsafe {
        done(zincmq_stats(link.bound, stats.as_mut_ptr().cast(), size_of_val(&stats)));
        [stats[0].assume_init(), stats[1].assume_init()]
    };
    assert_eq!((sent, received), (0, 100));
}

#[test]
fn only_the_last_message_is_received_where_only_the_last_is_kept() {
    let link = Link::unconnected(PULL, PUSH);
    for socket in [link.bound, link.other] {
        set_int(socket, CONFLATE, 1);
    }
    bind(link.bound, "inproc://last");
    connect(link.other, "inproc://last");
    for last in [b"c", b"d"] {
        for text in [b"a", b"b", last] {
            done(send(link.other, text, 0));
        }
        assert_eq!(receive(link.bound, 0).1, last);
        fails(receive(link.bound, DONTWAIT).0, libc::EAGAIN);
    }
}

#[test]
fn pieces_are_received_from_where_they_lie() {
    let link = Link::new(PULL, PUSH, "inproc://piece");
    for size in SIZES {
        done(send(link.other, &body(3, size), 0));
        let mut room = [iovec { iov_base: ptr::null_mut(), iov_len: 0 }; 2];
        let mut count = room.len();
        // SAFETY: so many pieces; the one received is freed as it was made.
        unsafe {
            assert_eq!(zmq_recviov(link.bound, room.as_mut_ptr(), &raw mut count, 0), 1);
            assert_eq!(slice::from_raw_parts(room[0].iov_base.cast::<u8>(), room[0].iov_len), body(3, size));
            libc::free(room[0].iov_base);
        }
        assert_eq!(count, 1);
    }
}
