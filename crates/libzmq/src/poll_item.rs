//! Items to wait for, in C's form: `zmq_pollitem_t` and its bits.

use libc::{c_int, c_short, c_void};
use zincmq::poller::Interest;

pub(crate) const POLLIN: c_short = 1;
pub(crate) const POLLOUT: c_short = 2;
pub(crate) const POLLERR: c_short = 4;
pub(crate) const POLLPRI: c_short = 8;

/// `zmq_pollitem_t`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct PollItem {
    pub(crate) socket: *mut c_void,
    pub(crate) fd: c_int,
    pub(crate) events: c_short,
    pub(crate) revents: c_short,
}

/// The readiness that C's bits ask for.
pub(crate) fn interest(events: c_short) -> Interest {
    Interest {
        readable: events & POLLIN != 0,
        writable: events & POLLOUT != 0,
        urgent: events & POLLPRI != 0,
        failed: events & POLLERR != 0,
    }
}

/// C's bits for what is ready.
pub(crate) fn events(found: Interest) -> c_short {
    let bit = |yes: bool, bit| if yes { bit } else { 0 };
    bit(found.readable, POLLIN)
        | bit(found.writable, POLLOUT)
        | bit(found.urgent, POLLPRI)
        | bit(found.failed, POLLERR)
}
