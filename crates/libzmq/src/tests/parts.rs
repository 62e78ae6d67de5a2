use super::*;
use crate::errno::EFSM;
use crate::poll::zmq_poll;
use crate::poll_item::PollItem;
use crate::send_recv::{zmq_recviov, zmq_sendiov};
use crate::socket::zmq_disconnect;
use libc::iovec;
use std::io::Read;
use std::net::TcpStream;
use std::ptr;
use std::time::{Duration, Instant};

const REQ: c_int = 3;
const REP: c_int = 4;
const STREAM: c_int = 11;
const RCVMORE: c_int = 13;
const EVENTS: c_int = 15;
const ROUTER_RAW: c_int = 41;
const REQ_RELAXED: c_int = 53;
const SNDHWM: c_int = 23;
const RCVHWM: c_int = 24;

#[test]
fn parts_wait_for_the_last_and_are_received_one_by_one() {
    let link = Link::new(PULL, PUSH, "inproc://parts");
    done(send(link.other, b"one", SNDMORE));
    done(send(link.other, b"two", SNDMORE));
    fails(receive(link.bound, DONTWAIT).0, libc::EAGAIN);
    done(send(link.other, b"three", 0));
    for (part, more) in [(&b"one"[..], 1), (b"two", 1), (b"three", 0)] {
        assert_eq!(int_option(link.bound, EVENTS), 1, "the rest of a message can be received");
        let mut item = PollItem { socket: link.bound, fd: 0, events: 1, revents: 0 };
        // SAFETY: one item.
        assert_eq!(unsafe { zmq_poll(&raw mut item, 1, -1) }, 1);
        assert_eq!(receive(link.bound, 0).1, part);
        assert_eq!(int_option(link.bound, RCVMORE), more);
    }
    assert_eq!(int_option(link.bound, EVENTS), 0);
}

#[test]
fn the_first_part_is_refused_or_none() {
    let link = Link::new(ROUTER, DEALER, "inproc://router");
    set_int(link.bound, 33, 1);
    fails(send(link.bound, b"nobody", SNDMORE), libc::EHOSTUNREACH);
    done(send(link.other, b"", 0));
    let (_, peer) = receive(link.bound, 0);
    receive(link.bound, 0);
    done(send(link.bound, &peer, SNDMORE));
    // The peer leaves before the message is complete: that is no error any more.
    let endpoint = CString::new("inproc://router").unwrap();
    // SAFETY: a C string.
    done(unsafe { zmq_disconnect(link.other, endpoint.as_ptr()) });
    assert_eq!(int_option(link.bound, EVENTS) & 2, 2, "a message that was begun can be ended");
    done(send(link.bound, b"too late", 0));
    fails(send(link.bound, &peer, SNDMORE), libc::EHOSTUNREACH);
}

#[test]
fn a_request_is_answered_after_it_was_read_whole() {
    let link = Link::new(REP, REQ, "inproc://turns");
    fails(send(link.bound, b"early", 0), EFSM);
    done(send(link.other, b"a", SNDMORE));
    fails(receive(link.other, 0).0, EFSM);
    done(send(link.other, b"b", 0));
    assert_eq!(receive(link.bound, 0).1, b"a");
    fails(send(link.bound, b"answer", 0), EFSM);
    assert_eq!(int_option(link.bound, EVENTS), 1);
    assert_eq!(receive(link.bound, 0).1, b"b");
    done(send(link.bound, b"answer", 0));
    assert_eq!(receive(link.other, 0).1, b"answer");
}

#[test]
fn what_does_not_fit_is_lost() {
    let link = Link::new(PULL, PUSH, TCP);
    for size in [17, 9000, 100_000] {
        done(send(link.other, &vec![5; size], 0));
        assert_eq!(receive(link.bound, 0), (size as c_int, vec![5; 16]));
    }
    fails(receive(link.bound, DONTWAIT).0, libc::EAGAIN);
}

#[test]
fn pieces_become_parts_and_parts_pieces() {
    let link = Link::new(PULL, PUSH, "inproc://pieces");
    let (one, two) = (*b"one", *b"other");
    let mut out = [
        iovec { iov_base: one.as_ptr().cast_mut().cast(), iov_len: 3 },
        iovec { iov_base: two.as_ptr().cast_mut().cast(), iov_len: 5 },
    ];
    let mut room = [iovec { iov_base: ptr::null_mut(), iov_len: 0 }; 4];
    let mut count = room.len();
    // SAFETY: so many pieces; the pieces received are freed as they were made.
    unsafe {
        fails(zmq_sendiov(link.other, out.as_mut_ptr(), 0, SNDMORE), libc::EINVAL);
        assert_eq!(zmq_sendiov(link.other, out.as_mut_ptr(), 2, SNDMORE), 5);
        assert_eq!(zmq_recviov(link.bound, room.as_mut_ptr(), &raw mut count, 0), 2);
        assert_eq!(count, 2);
        let piece = |at: usize| slice::from_raw_parts(room[at].iov_base.cast::<u8>(), room[at].iov_len);
        assert_eq!((piece(0), piece(1)), (&one[..], &two[..]));
        room.iter().take(count).for_each(|piece| libc::free(piece.iov_base));
    }
}

#[test]
fn what_was_admitted_goes_out_although_the_mark_is_lowered_meanwhile() {
    let link = Link::new(PULL, PUSH, "inproc://lowered");
    for message in 0..5 {
        done(send(link.other, &[message], 0));
    }
    done(send(link.other, b"first", SNDMORE));
    set_int(link.other, SNDHWM, 1);
    set_int(link.bound, RCVHWM, 1);
    done(send(link.other, b"last", DONTWAIT));
    fails(send(link.other, b"more", DONTWAIT), libc::EAGAIN);
    for message in 0..5 {
        assert_eq!(receive(link.bound, DONTWAIT).1, [message]);
    }
    assert_eq!(receive(link.bound, DONTWAIT).1, b"first");
    assert_eq!(receive(link.bound, DONTWAIT).1, b"last");
}

#[test]
fn half_a_request_has_no_reply() {
    let link = Link::new(REP, REQ, "inproc://half");
    set_int(link.other, REQ_RELAXED, 1);
    done(send(link.other, b"one", 0));
    assert_eq!(receive(link.bound, 0).1, b"one");
    done(send(link.bound, b"reply", 0));
    let mut item = PollItem { socket: link.other, fd: 0, events: 1, revents: 0 };
    // SAFETY: one item.
    assert_eq!(unsafe { zmq_poll(&raw mut item, 1, -1) }, 1, "the reply has come");
    done(send(link.other, b"two, ", SNDMORE));
    assert_eq!(int_option(link.other, EVENTS) & 1, 0);
    fails(receive(link.other, DONTWAIT).0, EFSM);
    done(send(link.other, b"whole", 0));
    assert_eq!(receive(link.bound, 0).1, b"two, ");
    assert_eq!(receive(link.bound, 0).1, b"whole");
    done(send(link.bound, b"reply to two", 0));
    assert_eq!(receive(link.other, 0).1, b"reply to two");
}

#[test]
fn a_message_to_plain_tcp_ends_with_its_second_part() {
    let context = zmq_ctx_new();
    for kind in [STREAM, ROUTER] {
        let socket = zmq_socket(context, kind);
        if kind == ROUTER {
            set_int(socket, ROUTER_RAW, 1);
        }
        bind(socket, TCP);
        let mut peer = TcpStream::connect(last_endpoint(socket).trim_start_matches("tcp://")).unwrap();
        let id = receive(socket, 0).1;
        assert_eq!(receive(socket, 0).0, 0);
        for body in [&b"one"[..], b"two", b""] {
            done(send(socket, &id, SNDMORE));
            done(send(socket, body, SNDMORE));
        }
        let mut all = String::new();
        peer.read_to_string(&mut all).unwrap();
        assert_eq!(all, "onetwo", "{kind}");
        zmq_close(socket);
    }
    zmq_ctx_term(context);
}

/// As libzmq does: it says nothing and sends nothing.
#[test]
fn a_routing_id_alone_is_swallowed() {
    for mandatory in [0, 1] {
        let link = Link::new(ROUTER, DEALER, "inproc://alone");
        set_int(link.bound, 33, mandatory);
        done(send(link.other, b"", 0));
        let (_, peer) = receive(link.bound, 0);
        receive(link.bound, 0);
        for (id, flags) in [(&*peer, 0), (&*peer, DONTWAIT), (b"nobody", 0), (b"nobody", DONTWAIT)] {
            assert_eq!(send(link.bound, id, flags), id.len() as c_int);
        }
        done(send(link.bound, &peer, SNDMORE));
        done(send(link.bound, b"body", 0));
        assert_eq!(receive(link.other, 0).1, b"body");
        fails(receive(link.other, DONTWAIT).0, libc::EAGAIN);
    }
    let context = zmq_ctx_new();
    let stream = zmq_socket(context, STREAM);
    assert_eq!(send(stream, b"nobody", 0), 6);
    done(zmq_close(stream));
    done(zmq_ctx_term(context));
}

/// libzmq once was stuck there for good.
#[test]
fn a_peer_that_leaves_between_two_parts_stops_no_sender() {
    for endpoint in ["inproc://leaves", TCP] {
        let link = Link::new(PUSH, PULL, endpoint);
        done(send(link.bound, b"before", 0));
        assert_eq!(receive(link.other, 0).1, b"before");
        done(send(link.bound, b"first", SNDMORE));
        done(zmq_close(link.other));
        // The sender has nobody left, as far as it knows of that.
        done(send(link.bound, b"last", 0));
        let other = zmq_socket(link.context, PULL);
        connect(other, &last_endpoint(link.bound));
        // Over tcp some may still be sent to the one that leaves, and are lost. Those that come are whole.
        let end = Instant::now() + Duration::from_secs(20);
        let mut received = Vec::new();
        while received != b"after" {
            assert!(Instant::now() < end, "{endpoint}: no sender is stuck");
            send(link.bound, b"after", DONTWAIT);
            received = receive(other, DONTWAIT).1;
            if received == b"first" {
                assert_eq!(receive(other, DONTWAIT).1, b"last");
            } else {
                assert!([&b""[..], b"after"].contains(&&*received), "{endpoint}");
            }
        }
        done(zmq_close(other));
    }
}
