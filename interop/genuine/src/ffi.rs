//! The C functions of `zmq.h` that the wrapper calls, declared as the header declares them.

use std::ffi::{c_char, c_int, c_long, c_short, c_void};

/// `zmq_msg_t`: 64 opaque bytes, aligned like a pointer.
#[repr(C)]
pub(crate) struct RawMsg {
    opaque: [usize; 64 / size_of::<usize>()],
}

/// `zmq_pollitem_t`.
#[repr(C)]
pub(crate) struct RawPollItem {
    pub(crate) socket: *mut c_void,
    pub(crate) fd: c_int,
    pub(crate) events: c_short,
    pub(crate) revents: c_short,
}

unsafe extern "C" {
    pub(crate) fn zmq_errno() -> c_int;
    pub(crate) fn zmq_strerror(errnum: c_int) -> *const c_char;
    pub(crate) fn zmq_version(major: *mut c_int, minor: *mut c_int, patch: *mut c_int);
    pub(crate) fn zmq_has(capability: *const c_char) -> c_int;

    pub(crate) fn zmq_ctx_new() -> *mut c_void;
    pub(crate) fn zmq_ctx_term(context: *mut c_void) -> c_int;
    pub(crate) fn zmq_ctx_shutdown(context: *mut c_void) -> c_int;
    pub(crate) fn zmq_ctx_set(context: *mut c_void, option: c_int, value: c_int) -> c_int;
    pub(crate) fn zmq_ctx_get(context: *mut c_void, option: c_int) -> c_int;

    pub(crate) fn zmq_socket(context: *mut c_void, kind: c_int) -> *mut c_void;
    pub(crate) fn zmq_close(socket: *mut c_void) -> c_int;
    pub(crate) fn zmq_bind(socket: *mut c_void, endpoint: *const c_char) -> c_int;
    pub(crate) fn zmq_connect(socket: *mut c_void, endpoint: *const c_char) -> c_int;
    pub(crate) fn zmq_unbind(socket: *mut c_void, endpoint: *const c_char) -> c_int;
    pub(crate) fn zmq_disconnect(socket: *mut c_void, endpoint: *const c_char) -> c_int;
    pub(crate) fn zmq_setsockopt(
        socket: *mut c_void,
        option: c_int,
        value: *const c_void,
        length: usize,
    ) -> c_int;
    pub(crate) fn zmq_getsockopt(
        socket: *mut c_void,
        option: c_int,
        value: *mut c_void,
        length: *mut usize,
    ) -> c_int;
    pub(crate) fn zmq_send(socket: *mut c_void, part: *const c_void, length: usize, flags: c_int) -> c_int;
    pub(crate) fn zmq_socket_monitor(socket: *mut c_void, endpoint: *const c_char, events: c_int) -> c_int;

    pub(crate) fn zmq_msg_init(msg: *mut RawMsg) -> c_int;
    pub(crate) fn zmq_msg_init_size(msg: *mut RawMsg, size: usize) -> c_int;
    pub(crate) fn zmq_msg_close(msg: *mut RawMsg) -> c_int;
    pub(crate) fn zmq_msg_data(msg: *mut RawMsg) -> *mut c_void;
    pub(crate) fn zmq_msg_size(msg: *const RawMsg) -> usize;
    pub(crate) fn zmq_msg_more(msg: *const RawMsg) -> c_int;
    pub(crate) fn zmq_msg_gets(msg: *const RawMsg, property: *const c_char) -> *const c_char;
    pub(crate) fn zmq_msg_send(msg: *mut RawMsg, socket: *mut c_void, flags: c_int) -> c_int;
    pub(crate) fn zmq_msg_recv(msg: *mut RawMsg, socket: *mut c_void, flags: c_int) -> c_int;

    pub(crate) fn zmq_poll(items: *mut RawPollItem, count: c_int, timeout: c_long) -> c_int;
}
