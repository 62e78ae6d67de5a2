//! The interface as C uses it. The checks of libzmq's own test programs are not repeated here.

mod endpoints;
mod events;
mod flood;
mod fork;
mod handles;
mod large;
mod lent;
mod memory;
mod messages;
mod parts;
mod signals;

use crate::context::{zmq_ctx_new, zmq_ctx_term};
use crate::message::{zmq_msg_close, zmq_msg_data, zmq_msg_init, zmq_msg_size};
use crate::msg::Msg;
use crate::option::{zmq_getsockopt, zmq_setsockopt};
use crate::send_recv::{zmq_recv, zmq_send};
use crate::socket::{zmq_bind, zmq_close, zmq_connect, zmq_socket};
use libc::{c_int, c_void};
use std::ffi::CString;
use std::slice;

const PAIR: c_int = 0;
const DEALER: c_int = 5;
const ROUTER: c_int = 6;
const PULL: c_int = 7;
const PUSH: c_int = 8;

const DONTWAIT: c_int = 1;
const SNDMORE: c_int = 2;

const TCP: &str = "tcp://127.0.0.1:*";

/// The number that the last call left.
fn errno() -> c_int {
    crate::errno::get()
}

/// The result of a call that must not fail.
#[track_caller]
fn done(returned: c_int) -> c_int {
    assert!(returned >= 0, "errno {}", errno());
    returned
}

/// Checks that a call failed with this number.
#[track_caller]
fn fails(returned: c_int, expected: c_int) {
    assert_eq!((returned, errno()), (-1, expected));
}

/// A context with two connected sockets.
struct Link {
    context: *mut c_void,
    bound: *mut c_void,
    other: *mut c_void,
}

impl Link {
    fn new(bound: c_int, other: c_int, endpoint: &str) -> Self {
        let link = Self::unconnected(bound, other);
        bind(link.bound, endpoint);
        connect(link.other, &last_endpoint(link.bound));
        link
    }

    fn unconnected(bound: c_int, other: c_int) -> Self {
        let context = zmq_ctx_new();
        Self { context, bound: zmq_socket(context, bound), other: zmq_socket(context, other) }
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        // A test may have closed them.
        zmq_close(self.bound);
        zmq_close(self.other);
        zmq_ctx_term(self.context);
    }
}

fn bind(socket: *mut c_void, endpoint: &str) {
    let endpoint = CString::new(endpoint).unwrap();
    // SAFETY: a C string.
    done(unsafe { zmq_bind(socket, endpoint.as_ptr()) });
}

fn connect(socket: *mut c_void, endpoint: &str) {
    let endpoint = CString::new(endpoint).unwrap();
    // SAFETY: a C string.
    done(unsafe { zmq_connect(socket, endpoint.as_ptr()) });
}

fn last_endpoint(socket: *mut c_void) -> String {
    let (mut text, mut length) = ([0_u8; 256], 256);
    // SAFETY: there is so much room.
    done(unsafe { zmq_getsockopt(socket, 32, text.as_mut_ptr().cast(), &raw mut length) });
    str::from_utf8(&text[..length - 1]).unwrap().to_owned()
}

fn int_option(socket: *mut c_void, option: c_int) -> c_int {
    let (mut value, mut length): (c_int, usize) = (-1, size_of::<c_int>());
    // SAFETY: there is so much room.
    done(unsafe { zmq_getsockopt(socket, option, (&raw mut value).cast(), &raw mut length) });
    value
}

fn set_int(socket: *mut c_void, option: c_int, value: c_int) {
    // SAFETY: an int.
    let set = unsafe { zmq_setsockopt(socket, option, (&raw const value).cast(), size_of::<c_int>()) };
    done(set);
}

fn send(socket: *mut c_void, bytes: &[u8], flags: c_int) -> c_int {
    // SAFETY: so many bytes.
    unsafe { zmq_send(socket, bytes.as_ptr().cast(), bytes.len(), flags) }
}

/// Receives a part into 16 bytes. Returns the length that the call tells, and the bytes.
fn receive(socket: *mut c_void, flags: c_int) -> (c_int, Vec<u8>) {
    let mut room = [0_u8; 16];
    // SAFETY: so many bytes.
    let length = unsafe { zmq_recv(socket, room.as_mut_ptr().cast(), room.len(), flags) };
    (length, room[..usize::try_from(length).unwrap_or(0).min(16)].to_vec())
}

fn empty() -> Msg {
    let mut message = Msg::empty();
    // SAFETY: a message.
    done(unsafe { zmq_msg_init(&raw mut message) });
    message
}

fn contents(message: &mut Msg) -> &[u8] {
    // SAFETY: a message, which has so many bytes.
    unsafe { slice::from_raw_parts(zmq_msg_data(message).cast(), zmq_msg_size(message)) }
}

fn close(message: &mut Msg) {
    // SAFETY: a message.
    done(unsafe { zmq_msg_close(message) });
}
