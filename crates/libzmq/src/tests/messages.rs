use super::*;
use crate::message::{
    zmq_msg_copy, zmq_msg_get, zmq_msg_group, zmq_msg_init_data, zmq_msg_init_size, zmq_msg_move,
    zmq_msg_routing_id, zmq_msg_set_group, zmq_msg_set_routing_id,
};
use crate::send_recv::{zmq_msg_recv, zmq_msg_send, zmq_send_const};
use std::ffi::CStr;
use std::ptr;
use std::sync::atomic::{AtomicUsize, Ordering};

const SIZES: [usize; 10] = [0, 1, 45, 46, 512, 8 << 10, (8 << 10) + 1, 60 << 10, 1 << 17, 1 << 20];
const SHARED: c_int = 3;
const PUB: c_int = 1;
const SUB: c_int = 2;
const SUBSCRIBE: c_int = 6;
const CONFLATE: c_int = 54;
const RCVTIMEO: c_int = 27;

unsafe extern "C" fn free(data: *mut c_void, hint: *mut c_void) {
    // SAFETY: the tests give a counter, and memory from malloc.
    unsafe {
        (*hint.cast::<AtomicUsize>()).fetch_add(1, Ordering::Relaxed);
        libc::free(data);
    }
}

/// A message around memory of the application, filled with `byte`.
fn around(size: usize, byte: u8, freed: &AtomicUsize) -> Msg {
    let mut message = Msg::empty();
    // SAFETY: the memory has so many bytes.
    unsafe {
        let data = libc::malloc(size.max(1));
        data.cast::<u8>().write_bytes(byte, size);
        let hint = ptr::from_ref(freed).cast_mut().cast();
        done(zmq_msg_init_data(&raw mut message, data, size, Some(free), hint));
    }
    message
}

/// The last part is copied, and an earlier one is the application's.
#[test]
fn a_part_is_freed_when_the_message_has_gone() {
    let freed = AtomicUsize::new(0);
    let link = Link::new(PULL, PUSH, TCP);
    let mut first = around(8, 1, &freed);
    // SAFETY: a message.
    unsafe { done(zmq_msg_send(&raw mut first, link.other, SNDMORE)) };
    assert_eq!(freed.load(Ordering::Relaxed), 0);
    done(send(link.other, b"last", 0));
    assert_eq!(freed.load(Ordering::Relaxed), 1);
    assert_eq!(receive(link.bound, 0), (8, vec![1; 8]));
    assert_eq!(receive(link.bound, 0), (4, b"last".to_vec()));
    close(&mut first);
}

#[test]
fn bodies_of_every_size_arrive_and_are_freed_once() {
    for endpoint in ["inproc://sizes", TCP] {
        let freed = AtomicUsize::new(0);
        let link = Link::new(PULL, PUSH, endpoint);
        let mut received = empty();
        for (count, size) in SIZES.into_iter().enumerate() {
            let mut message = around(size, count as u8, &freed);
            // SAFETY: messages.
            unsafe {
                assert_eq!(zmq_msg_send(&raw mut message, link.other, 0), size as c_int);
                assert_eq!(zmq_msg_size(&raw const message), 0);
                assert_eq!(zmq_msg_recv(&raw mut received, link.bound, 0), size as c_int);
            }
            assert!(contents(&mut received).iter().all(|byte| *byte == count as u8));
            close(&mut message);
        }
        close(&mut received);
        drop(link);
        assert_eq!(freed.load(Ordering::Relaxed), SIZES.len());
    }
}

/// Over inproc the receiver gets the application's own memory, which is freed when the last receiver has closed it.
#[test]
fn memory_of_the_application_crosses_inproc_as_it_is() {
    const WAYS: [(c_int, c_int, bool); 6] = [
        (PULL, PUSH, false),
        (PULL, PUSH, true),
        (PAIR, PAIR, false),
        (PAIR, PAIR, true),
        (DEALER, DEALER, true),
        (SUB, PUB, false),
    ];
    for (receiver, sender, sender_binds) in WAYS {
        let (context, freed) = (zmq_ctx_new(), AtomicUsize::new(0));
        let out = zmq_socket(context, sender);
        let count = if receiver == SUB { 2 } else { 1 };
        let ins: Vec<_> = (0..count).map(|_| zmq_socket(context, receiver)).collect();
        if sender_binds || receiver == SUB {
            bind(out, "inproc://memory");
        }
        for &socket in &ins {
            if receiver == SUB {
                // SAFETY: an empty topic.
                done(unsafe { zmq_setsockopt(socket, SUBSCRIBE, ptr::null(), 0) });
            }
            match sender_binds || receiver == SUB {
                true => connect(socket, "inproc://memory"),
                false => bind(socket, "inproc://memory"),
            }
        }
        if !(sender_binds || receiver == SUB) {
            connect(out, "inproc://memory");
        }
        for size in SIZES.into_iter().chain([8, 33, 34, 64, 65, 128, 129, 255, 256, 1000, 5000]) {
            for parts in 1..=3 {
                freed.store(0, Ordering::Relaxed);
                let mut messages: Vec<_> = (1..=parts).map(|part| around(size, part, &freed)).collect();
                // SAFETY: messages.
                let places: Vec<_> =
                    messages.iter_mut().map(|message| unsafe { zmq_msg_data(message) }).collect();
                for (at, message) in messages.iter_mut().enumerate() {
                    let flags = if at + 1 < usize::from(parts) { SNDMORE } else { 0 };
                    // SAFETY: a message.
                    done(unsafe { zmq_msg_send(message, out, flags) });
                    close(message);
                }
                assert_eq!(freed.load(Ordering::Relaxed), 0, "{size} bytes in {parts} parts");
                for (&socket, left) in ins.iter().zip((0..count).rev()) {
                    for (part, &expected) in places.iter().enumerate() {
                        let mut received = empty();
                        // SAFETY: messages.
                        unsafe { done(zmq_msg_recv(&raw mut received, socket, 0)) };
                        assert_eq!(contents(&mut received), vec![part as u8 + 1; size]);
                        // SAFETY: a message.
                        let place = unsafe { zmq_msg_data(&raw mut received) };
                        assert!(size == 0 || place == expected, "{size} bytes were copied");
                        let before = freed.load(Ordering::Relaxed);
                        assert_eq!(before, if left == 0 { part } else { 0 }, "{size} bytes");
                        close(&mut received);
                    }
                }
                assert_eq!(freed.load(Ordering::Relaxed), usize::from(parts), "{size} bytes");
            }
        }
        ins.iter().chain([&out]).for_each(|&socket| _ = done(zmq_close(socket)));
        done(zmq_ctx_term(context));
    }
}

/// What many subscribers get is one body, which nobody copies.
#[test]
fn subscribers_share_what_a_publisher_copied_once() {
    const COUNT: usize = 40;
    let context = zmq_ctx_new();
    let publisher = zmq_socket(context, PUB);
    bind(publisher, "inproc://common");
    let subscribers = [(); COUNT].map(|()| zmq_socket(context, SUB));
    for &socket in &subscribers {
        // SAFETY: an empty topic.
        done(unsafe { zmq_setsockopt(socket, SUBSCRIBE, ptr::null(), 0) });
        connect(socket, "inproc://common");
    }
    for size in [200, 1000, 8 << 10, 50 << 10] {
        done(send(publisher, &vec![9; size], SNDMORE));
        done(send(publisher, &vec![8; size], 0));
        done(send(publisher, &vec![7; size], 0));
        for byte in [9, 8] {
            let mut received = [(); COUNT].map(|()| empty());
            for (message, &socket) in received.iter_mut().zip(&subscribers) {
                // SAFETY: a message.
                assert_eq!(unsafe { zmq_msg_recv(message, socket, 0) }, size as c_int);
                assert_eq!(contents(message), vec![byte; size]);
            }
            let (mut first, mut copy) = (received[0].take(), empty());
            // SAFETY: messages.
            unsafe {
                let place = zmq_msg_data(&raw mut first);
                assert!(received[1..].iter_mut().all(|message| zmq_msg_data(message) == place));
                assert_eq!(zmq_msg_get(&raw const first, SHARED), 1);
                received.iter_mut().for_each(close);
                assert_eq!(zmq_msg_get(&raw const first, SHARED), 0);
                done(zmq_msg_copy(&raw mut copy, &raw mut first));
                assert_eq!(zmq_msg_data(&raw mut copy), place);
                assert_eq!(zmq_msg_get(&raw const copy, SHARED), 1);
            }
            close(&mut first);
            assert_eq!(contents(&mut copy), vec![byte; size]);
            // Sent again, it is what it was.
            // SAFETY: a message.
            done(unsafe { zmq_msg_send(&raw mut copy, publisher, 0) });
        }
        for byte in [7, 9, 8] {
            for &socket in &subscribers {
                assert_eq!(receive(socket, 0), (size as c_int, vec![byte; 16]));
            }
        }
    }
    subscribers.iter().chain([&publisher]).for_each(|&socket| _ = done(zmq_close(socket)));
    done(zmq_ctx_term(context));
}

/// A body that nobody receives is freed with the sockets; where only the last is kept, with the next.
#[test]
fn memory_that_is_not_received_is_freed_once() {
    for conflate in [0, 1] {
        let freed = AtomicUsize::new(0);
        let link = Link::unconnected(PULL, PUSH);
        for socket in [link.bound, link.other] {
            set_int(socket, CONFLATE, conflate);
        }
        bind(link.bound, "inproc://left");
        connect(link.other, "inproc://left");
        for size in SIZES {
            let mut message = around(size, 1, &freed);
            // SAFETY: a message.
            done(unsafe { zmq_msg_send(&raw mut message, link.other, 0) });
        }
        let kept = if conflate == 1 { 1 } else { SIZES.len() };
        assert_eq!(freed.load(Ordering::Relaxed), SIZES.len() - kept);
        let mut received = empty();
        // SAFETY: a message.
        done(unsafe { zmq_msg_recv(&raw mut received, link.bound, 0) });
        assert_eq!(freed.load(Ordering::Relaxed), SIZES.len() - kept);
        close(&mut received);
        assert_eq!(freed.load(Ordering::Relaxed), SIZES.len() - kept + 1);
        drop(link);
        assert_eq!(freed.load(Ordering::Relaxed), SIZES.len());
    }
}

#[test]
fn a_send_that_fails_leaves_the_message() {
    let freed = AtomicUsize::new(0);
    let context = zmq_ctx_new();
    let socket = zmq_socket(context, PUSH);
    for (size, flags) in SIZES.into_iter().flat_map(|size| [(size, DONTWAIT), (size, DONTWAIT | SNDMORE)]) {
        let mut message = around(size, 7, &freed);
        // SAFETY: a message.
        fails(unsafe { zmq_msg_send(&raw mut message, socket, flags) }, libc::EAGAIN);
        assert_eq!(contents(&mut message), vec![7; size]);
        close(&mut message);
    }
    assert_eq!(freed.load(Ordering::Relaxed), 2 * SIZES.len());
    done(zmq_close(socket));
    done(zmq_ctx_term(context));
}

#[test]
fn copies_share_and_moves_leave_nothing() {
    let freed = AtomicUsize::new(0);
    let (mut one, mut two) = (around(100, 1, &freed), empty());
    // SAFETY: messages.
    unsafe {
        assert_eq!(zmq_msg_get(&raw const one, SHARED), 0);
        done(zmq_msg_copy(&raw mut two, &raw mut one));
        assert_eq!(zmq_msg_get(&raw const one, SHARED), 1);
        assert_eq!(zmq_msg_data(&raw mut one), zmq_msg_data(&raw mut two));
        close(&mut one);
        fails(zmq_msg_close(&raw mut one), libc::EFAULT);
        fails(zmq_msg_copy(&raw mut two, &raw mut one), libc::EFAULT);
        done(zmq_msg_init(&raw mut one));
        done(zmq_msg_move(&raw mut one, &raw mut two));
        assert_eq!((zmq_msg_size(&raw const one), zmq_msg_size(&raw const two)), (100, 0));
        done(zmq_msg_copy(&raw mut one, &raw mut one));
        done(zmq_msg_move(&raw mut one, &raw mut one));
    }
    assert_eq!(freed.load(Ordering::Relaxed), 0);
    close(&mut one);
    close(&mut two);
    assert_eq!(freed.load(Ordering::Relaxed), 1);
}

#[test]
fn a_message_may_be_moved_by_copying_its_bytes() {
    let mut message = Msg::empty();
    // SAFETY: a message, of so many bytes.
    unsafe {
        done(zmq_msg_init_size(&raw mut message, 45));
        zmq_msg_data(&raw mut message).cast::<u8>().write_bytes(9, 45);
    }
    // SAFETY: the old place is forgotten.
    let mut moved = unsafe { ptr::read(&raw const message) };
    assert_eq!(contents(&mut moved), [9; 45]);
    close(&mut moved);
}

#[test]
fn constants_are_never_freed() {
    static BYTES: [u8; 100_000] = [3; 100_000];
    let link = Link::new(PULL, PUSH, "inproc://constant");
    let mut message = empty();
    for size in [1, 100_000] {
        // SAFETY: so many bytes, for ever.
        unsafe {
            done(zmq_send_const(link.other, BYTES.as_ptr().cast(), size, 0));
            done(zmq_msg_recv(&raw mut message, link.bound, 0));
        }
        assert_eq!(contents(&mut message), &BYTES[..size]);
    }
    close(&mut message);
}

#[test]
fn labels_stay_with_the_message() {
    let mut message = empty();
    let long = CString::new(vec![b'g'; 256]).unwrap();
    // SAFETY: messages and C strings.
    unsafe {
        assert_eq!(zmq_msg_routing_id(&raw mut message), 0);
        fails(zmq_msg_set_routing_id(&raw mut message, 0), libc::EINVAL);
        done(zmq_msg_set_routing_id(&raw mut message, 7));
        fails(zmq_msg_set_group(&raw mut message, long.as_ptr()), libc::EINVAL);
        done(zmq_msg_set_group(&raw mut message, c"group".as_ptr()));
        let mut copy = empty();
        done(zmq_msg_copy(&raw mut copy, &raw mut message));
        close(&mut message);
        assert_eq!(zmq_msg_routing_id(&raw mut copy), 7);
        assert_eq!(CStr::from_ptr(zmq_msg_group(&raw mut copy)), c"group");
        close(&mut copy);
    }
}

#[test]
fn a_receive_that_fails_at_once_leaves_the_message() {
    let freed = AtomicUsize::new(0);
    let link = Link::new(PULL, PUSH, "inproc://nothing");
    let mut message = around(5, b'x', &freed);
    // SAFETY: a message.
    unsafe {
        fails(zmq_msg_recv(&raw mut message, link.bound, DONTWAIT), libc::EAGAIN);
        fails(zmq_msg_recv(&raw mut message, ptr::null_mut(), 0), libc::ENOTSOCK);
    }
    assert_eq!((contents(&mut message), freed.load(Ordering::Relaxed)), (&b"xxxxx"[..], 0));
    close(&mut message);
    assert_eq!(freed.load(Ordering::Relaxed), 1);
}

#[test]
fn a_receive_that_waits_lets_go_of_the_content_before() {
    let freed = AtomicUsize::new(0);
    let link = Link::new(PULL, PUSH, "inproc://waits");
    set_int(link.bound, RCVTIMEO, 1);
    let mut message = around(5, b'x', &freed);
    // SAFETY: a message.
    fails(unsafe { zmq_msg_recv(&raw mut message, link.bound, 0) }, libc::EAGAIN);
    assert_eq!((contents(&mut message), freed.load(Ordering::Relaxed)), (&[][..], 1));
    close(&mut message);
}

/// The parts of the library that a free function uses, and how often.
struct CallBack {
    context: *mut c_void,
    socket: *mut c_void,
    calls: AtomicUsize,
}

/// Does what any other function may do: with the socket at hand, a message, and a socket of its own.
unsafe extern "C" fn call_back(data: *mut c_void, hint: *mut c_void) {
    // SAFETY: the test gives what it says, and memory from malloc.
    let call_back = unsafe {
        libc::free(data);
        &*hint.cast::<CallBack>()
    };
    if !call_back.socket.is_null() {
        done(send(call_back.socket, b"back", 0));
    }
    close(&mut empty());
    done(zmq_close(zmq_socket(call_back.context, PUSH)));
    call_back.calls.fetch_add(1, Ordering::Release);
}

impl CallBack {
    fn new(context: *mut c_void, socket: *mut c_void) -> Self {
        Self { context, socket, calls: AtomicUsize::new(0) }
    }

    fn message(&self, size: usize) -> Msg {
        let mut message = Msg::empty();
        // SAFETY: so many bytes.
        unsafe {
            let data = libc::calloc(size, 1);
            let hint = ptr::from_ref(self).cast_mut().cast();
            done(zmq_msg_init_data(&raw mut message, data, size, Some(call_back), hint));
        }
        message
    }

    #[track_caller]
    fn was_called(&self) {
        let begin = std::time::Instant::now();
        while self.calls.load(Ordering::Acquire) == 0 && begin.elapsed().as_secs() < 10 {
            std::thread::yield_now();
        }
        assert_eq!(self.calls.load(Ordering::Acquire), 1);
    }
}

#[test]
fn a_free_function_may_call_the_library() {
    let link = Link::new(DEALER, DEALER, TCP);
    // Freed by the call that sends it, or by an I/O thread, which must not wait for a socket of the application.
    for (size, socket) in [(4, link.other), (1 << 20, ptr::null_mut())] {
        let sending = CallBack::new(link.context, socket);
        let mut sent = sending.message(size);
        // SAFETY: a message.
        assert_eq!(unsafe { zmq_msg_send(&raw mut sent, link.other, 0) }, size as c_int);
        // Freed since another message comes in its place.
        let receiving = CallBack::new(link.context, link.bound);
        let mut received = receiving.message(4);
        // SAFETY: a message.
        assert_eq!(unsafe { zmq_msg_recv(&raw mut received, link.bound, 0) }, size as c_int);
        receiving.was_called();
        assert_eq!(receive(link.other, 0).1, b"back");
        sending.was_called();
        close(&mut sent);
        close(&mut received);
        if !socket.is_null() {
            assert_eq!(receive(link.bound, 0).1, b"back");
        }
    }
}
