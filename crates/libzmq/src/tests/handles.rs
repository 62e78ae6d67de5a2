use super::*;
use crate::context::{zmq_ctx_get, zmq_ctx_set, zmq_ctx_shutdown};
use crate::errno::ETERM;
use crate::poll::zmq_poll;
use crate::poll_item::PollItem;
use std::ptr;
use std::thread;

/// So that a thread can use what another one has.
#[derive(Clone, Copy)]
struct Sent(*mut c_void);

// SAFETY: a handle is a number.
unsafe impl Send for Sent {}

impl Sent {
    fn handle(self) -> *mut c_void {
        self.0
    }
}

#[test]
fn what_is_no_socket_is_none() {
    let mut null: *mut c_void = ptr::null_mut();
    let context = zmq_ctx_new();
    let closed = zmq_socket(context, PAIR);
    done(zmq_close(closed));
    let garbage = ptr::without_provenance_mut(0x1234_5678);
    for bad in [null, (&raw mut null).cast(), context, closed, garbage] {
        fails(send(bad, b"", 0), libc::ENOTSOCK);
        fails(receive(bad, 0).0, libc::ENOTSOCK);
        fails(zmq_close(bad), libc::ENOTSOCK);
        let mut item = PollItem { socket: bad, fd: 0, events: 1, revents: 0 };
        if !bad.is_null() {
            // SAFETY: one item.
            fails(unsafe { zmq_poll(&raw mut item, 1, 0) }, libc::ENOTSOCK);
        }
    }
    done(zmq_ctx_term(context));
    for bad in [null, (&raw mut null).cast(), context, closed, garbage] {
        fails(zmq_ctx_term(bad), libc::EFAULT);
        fails(zmq_ctx_get(bad, 1), libc::EFAULT);
        assert!(zmq_socket(bad, PAIR).is_null());
        assert_eq!(errno(), libc::EFAULT);
    }
}

#[test]
fn a_second_thread_is_turned_away() {
    let link = Link::new(PULL, PUSH, "inproc://two");
    let socket = Sent(link.bound);
    let waiting = thread::spawn(move || {
        loop {
            let received = receive(socket.handle(), 0);
            // The other one may just have the socket.
            if received.0 >= 0 || errno() != libc::EFAULT {
                return received;
            }
        }
    });
    // Until the other thread has the socket, nothing is there.
    while receive(link.bound, DONTWAIT).0 == -1 && errno() == libc::EAGAIN {
        thread::yield_now();
    }
    assert_eq!(errno(), libc::EFAULT);
    fails(zmq_close(link.bound), libc::EFAULT);
    done(send(link.other, b"now", 0));
    assert_eq!(waiting.join().unwrap(), (3, b"now".to_vec()));
    assert_eq!(receive(link.bound, DONTWAIT).0, -1);
    assert_eq!(errno(), libc::EAGAIN, "it can be used again");
}

/// A socket is used for long by one thread, which owns it then, and by others after it.
#[test]
fn a_socket_goes_from_thread_to_thread() {
    const TURN: u32 = 1000;
    let link = Link::new(PULL, PUSH, "inproc://hands");
    let (bound, other) = (Sent(link.bound), Sent(link.other));
    for turn in 0..6 {
        let use_them = move || {
            for number in turn * TURN..(turn + 1) * TURN {
                done(send(other.handle(), &number.to_le_bytes(), 0));
                assert_eq!(receive(bound.handle(), 0), (4, number.to_le_bytes().to_vec()));
            }
        };
        match turn % 2 {
            0 => use_them(),
            _ => thread::spawn(use_them).join().unwrap(),
        }
    }
}

#[test]
fn a_shut_down_context_has_no_sockets() {
    let context = zmq_ctx_new();
    let socket = zmq_socket(context, PULL);
    done(zmq_ctx_shutdown(context));
    fails(receive(socket, 0).0, ETERM);
    assert!(zmq_socket(context, PULL).is_null());
    assert_eq!(errno(), ETERM);
    done(zmq_close(socket));
    done(zmq_ctx_term(context));
}

#[test]
fn options_of_a_context_count_until_its_first_socket() {
    let context = zmq_ctx_new();
    done(zmq_ctx_set(context, 2, 1));
    done(zmq_ctx_set(context, 1, 0));
    done(zmq_ctx_set(context, 42, 1));
    let socket = zmq_socket(context, PULL);
    assert!(zmq_socket(context, PULL).is_null());
    assert_eq!(errno(), libc::EMFILE);
    assert_eq!(int_option(socket, 42), 1);
    let endpoint = CString::new(TCP).unwrap();
    // SAFETY: a C string.
    fails(unsafe { zmq_bind(socket, endpoint.as_ptr()) }, 156_384_766);
    done(zmq_close(socket));
    done(zmq_ctx_term(context));
}

#[test]
fn a_panic_ends_at_the_border_and_frees_the_socket() {
    let link = Link::new(PULL, PUSH, "inproc://panic");
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| ()));
    let returned = crate::socket::on(link.bound, |_| panic!("a mistake of this library"));
    let left = errno();
    std::panic::set_hook(hook);
    assert_eq!((returned, left), (-1, libc::EFAULT));
    done(send(link.other, b"on", 0));
    assert_eq!(receive(link.bound, 0).1, b"on");
}
