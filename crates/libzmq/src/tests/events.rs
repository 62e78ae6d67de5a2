//! Descriptors for event loops, polling, monitors.

use super::*;
use crate::monitor::zmq_socket_monitor;
use crate::poll::zmq_poll;
use crate::poll_item::PollItem;
use crate::poller::{zmq_poller_add, zmq_poller_destroy, zmq_poller_new, zmq_poller_wait_all};
use std::ptr;

const FD: c_int = 14;
const EVENTS: c_int = 15;
const IN: c_int = 1;

/// Waits until the descriptor is readable; 10 s are never over.
#[track_caller]
fn rings(fd: c_int) {
    let mut item = libc::pollfd { fd, events: libc::POLLIN, revents: 0 };
    // SAFETY: one item.
    assert_eq!(unsafe { libc::poll(&raw mut item, 1, 10_000) }, 1);
}

#[test]
fn no_event_is_missed_by_who_watches_the_descriptor() {
    for endpoint in ["inproc://watched", TCP] {
        let link = Link::new(DEALER, DEALER, endpoint);
        let fd = int_option(link.bound, FD);
        rings(fd);
        for round in 0..100 {
            assert_eq!(int_option(link.bound, EVENTS) & IN, 0);
            done(send(link.other, b"one", 0));
            while int_option(link.bound, EVENTS) & IN == 0 {
                rings(fd);
            }
            assert_eq!(receive(link.bound, DONTWAIT).1, b"one");
            if round % 2 == 0 {
                // A receive that finds nothing arms it as well.
                fails(receive(link.bound, DONTWAIT).0, libc::EAGAIN);
                done(send(link.other, b"two", 0));
                while receive(link.bound, DONTWAIT).0 == -1 {
                    rings(fd);
                }
            } else {
                // So does a call that waits.
                done(send(link.other, b"two", 0));
                assert_eq!(receive(link.bound, 0).1, b"two");
            }
        }
    }
}

#[test]
fn a_socket_may_be_polled_twice_and_beside_descriptors() {
    let link = Link::new(DEALER, DEALER, "inproc://twice");
    let mut ends = [0; 2];
    // SAFETY: room for two.
    done(unsafe { libc::pipe(ends.as_mut_ptr()) });
    let item = |socket, fd, events| PollItem { socket, fd, events, revents: 7 };
    let none = ptr::null_mut();
    let mut items =
        [item(link.bound, 0, 1), item(link.bound, 0, 2), item(none, ends[0], 1), item(none, -1, 1)];
    // SAFETY: so many items, and open descriptors.
    unsafe {
        assert_eq!(zmq_poll(items.as_mut_ptr(), 4, -1), 1);
        assert_eq!(items.map(|item| item.revents), [0, 2, 0, 0]);
        assert_eq!(libc::write(ends[1], b"x".as_ptr().cast(), 1), 1);
        done(send(link.other, b"in", 0));
        assert_eq!(zmq_poll(items.as_mut_ptr(), 4, -1), 3);
        assert_eq!(items.map(|item| item.revents), [1, 2, 1, 0]);
        libc::close(ends[1]);
        libc::close(ends[0]);
    }
}

#[test]
fn a_poller_knows_its_sockets() {
    let link = Link::new(PULL, PUSH, "inproc://known");
    let mut poller = zmq_poller_new();
    let mut name = 5;
    let name: *mut c_void = (&raw mut name).cast();
    done(zmq_poller_add(poller, link.bound, name, 1));
    fails(zmq_poller_add(poller, link.bound, name, 1), libc::EINVAL);
    // SAFETY: room for two events; zeros are valid.
    unsafe {
        let mut events = [std::mem::zeroed(); 2];
        fails(zmq_poller_wait_all(poller, events.as_mut_ptr(), 2, 0), libc::EAGAIN);
        done(send(link.other, b"in", 0));
        assert_eq!(zmq_poller_wait_all(poller, events.as_mut_ptr(), 2, -1), 1);
        assert_eq!((events[0].socket, events[0].user_data, events[0].events), (link.bound, name, 1));
        assert_eq!((events[1].socket, events[1].fd), (ptr::null_mut(), -1));
        done(zmq_poller_destroy(&raw mut poller));
        assert!(poller.is_null());
        fails(zmq_poller_destroy(&raw mut poller), libc::EFAULT);
    }
}

#[test]
fn a_monitor_that_nobody_reads_holds_nothing_up() {
    let context = zmq_ctx_new();
    let socket = zmq_socket(context, PULL);
    // SAFETY: C strings.
    unsafe {
        done(zmq_socket_monitor(socket, c"inproc://events".as_ptr(), 0xFFFF));
        fails(zmq_socket_monitor(socket, c"tcp://127.0.0.1:1".as_ptr(), 0xFFFF), libc::EPROTONOSUPPORT);
    }
    bind(socket, TCP);
    let reader = zmq_socket(context, PAIR);
    connect(reader, "inproc://events");
    let (length, event) = receive(reader, 0);
    assert_eq!((length, &event[..2]), (6, &8_u16.to_ne_bytes()[..]), "what came before somebody listened");
    assert_eq!(receive(reader, 0).1, last_endpoint(socket).as_bytes()[..16]);
    // SAFETY: NULL ends it.
    done(unsafe { zmq_socket_monitor(socket, ptr::null(), 0) });
    assert_eq!(receive(reader, 0).1[..2], 0x400_u16.to_ne_bytes());
    receive(reader, 0);
    // Another name: the first may stay bound for a moment, as with libzmq.
    // SAFETY: a C string.
    done(unsafe { zmq_socket_monitor(socket, c"inproc://unread".as_ptr(), 0xFFFF) });
    done(zmq_close(socket));
    done(zmq_close(reader));
    done(zmq_ctx_term(context));
}

#[test]
fn the_first_form_names_what_was_bound_or_connected() {
    let endpoint = &format!("ipc://@{}-first-form", std::process::id());
    let link = Link::new(PULL, PUSH, endpoint);
    let names = [c"inproc://connects", c"inproc://binds"];
    for (socket, kind, name) in [(link.other, 1_u16, names[0]), (link.bound, 0x20, names[1])] {
        let reader = zmq_socket(link.context, PAIR);
        // SAFETY: a C string.
        done(unsafe { zmq_socket_monitor(socket, name.as_ptr(), kind.into()) });
        connect(reader, name.to_str().unwrap());
        let new = zmq_socket(link.context, PUSH);
        connect(if socket == link.bound { new } else { socket }, endpoint);
        assert_eq!(receive(reader, 0).1[..2], kind.to_ne_bytes());
        assert_eq!(receive(reader, 0).1, endpoint.as_bytes()[..16]);
        // SAFETY: NULL ends it.
        done(unsafe { zmq_socket_monitor(socket, ptr::null(), 0) });
        done(zmq_close(reader));
        done(zmq_close(new));
    }
}

#[test]
fn a_descriptor_that_was_hung_up_or_is_closed_is_in_error_and_no_more() {
    let link = Link::new(DEALER, DEALER, "inproc://hung-up");
    let mut ends = [0; 2];
    // SAFETY: room for two, and then an open descriptor.
    done(unsafe { libc::pipe(ends.as_mut_ptr()) } | unsafe { libc::close(ends[1]) });
    for closed in [false, true] {
        // No descriptor has this number.
        let fd = if closed { c_int::MAX } else { ends[0] };
        let item = |socket, fd| PollItem { socket, fd, events: 3, revents: 0 };
        let mut items = [item(ptr::null_mut(), fd), PollItem { events: 1, ..item(link.bound, 0) }];
        for count in [1, 2] {
            // SAFETY: so many items.
            assert_eq!(unsafe { zmq_poll(items.as_mut_ptr(), count, 10_000) }, 1);
            assert_eq!((items[0].revents, items[1].revents), (4, 0));
        }
    }
    // SAFETY: an open descriptor.
    done(unsafe { libc::close(ends[0]) });
}
