//! Waiting for sockets and descriptors: `zmq_poll`, `zmq_ppoll`.

use crate::border::{call, clamped};
use crate::errno::Fault;
use crate::fork;
use crate::handle::Guard;
use crate::socket::{self, Socket};
use libc::{c_int, c_long, c_short, c_void, sigset_t};
use std::cell::RefCell;
use std::os::fd::BorrowedFd;
use std::slice;
use std::time::Duration;
use zincmq::poller::{Interest, Item, Poller, SignalMask};

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

fn interest(events: c_short) -> Interest {
    Interest {
        readable: events & POLLIN != 0,
        writable: events & POLLOUT != 0,
        urgent: events & POLLPRI != 0,
        failed: events & POLLERR != 0,
    }
}

/// What is ready, in C's bits.
pub(crate) fn events(found: Interest) -> c_short {
    let bit = |yes: bool, bit| if yes { bit } else { 0 };
    bit(found.readable, POLLIN)
        | bit(found.writable, POLLOUT)
        | bit(found.urgent, POLLPRI)
        | bit(found.failed, POLLERR)
}

/// How long to wait; negative: without limit.
pub(crate) fn duration(milliseconds: c_long) -> Option<Duration> {
    u64::try_from(milliseconds).ok().map(Duration::from_millis)
}

/// The sockets of a wait, each once.
struct Sockets {
    handles: Vec<*mut c_void>,
    guards: Vec<Guard<'static, Socket>>,
}

impl Sockets {
    /// The place of a socket, which may be waited for twice.
    fn place(&mut self, handle: *mut c_void) -> Result<usize, Fault> {
        match socket::borrow(handle) {
            Ok(guard) => {
                self.handles.push(handle);
                self.guards.push(guard);
                Ok(self.guards.len() - 1)
            }
            Err(fault) => self.handles.iter().position(|known| *known == handle).ok_or(fault),
        }
    }
}

/// A poller that a thread uses again, in the process that made it: its descriptor would be shared with a child.
#[derive(Default)]
struct Kept {
    generation: u32,
    poller: Poller,
}

thread_local! {
    static KEPT: RefCell<Kept> = RefCell::default();
}

/// Waits until one of `items` is ready and fills in what each found. Returns how many are ready.
pub(crate) fn wait(
    items: &mut [PollItem],
    timeout: Option<Duration>,
    mask: Option<SignalMask>,
) -> Result<usize, Fault> {
    KEPT.with(|kept| match kept.try_borrow_mut() {
        Ok(mut kept) => {
            if kept.generation != fork::generation() {
                *kept = Kept { generation: fork::generation(), poller: Poller::new() };
            }
            wait_with(&mut kept.poller, items, timeout, mask)
        }
        // Called back from within a wait.
        Err(_) => wait_with(&mut Poller::new(), items, timeout, mask),
    })
}

fn wait_with(
    poller: &mut Poller,
    items: &mut [PollItem],
    mut timeout: Option<Duration>,
    mask: Option<SignalMask>,
) -> Result<usize, Fault> {
    let mut sockets = Sockets { handles: Vec::new(), guards: Vec::new() };
    let mut interests: Vec<Interest> = Vec::new();
    // Where among the waited-for each item is: sockets first, then descriptors.
    let mut places = Vec::with_capacity(items.len());
    let mut descriptors = Vec::new();
    for item in &mut *items {
        item.revents = 0;
        let wanted = interest(item.events);
        places.push(if item.socket.is_null() {
            // poll(2) looks at no negative one.
            (item.fd >= 0).then(|| {
                descriptors.push((item.fd, wanted));
                (false, descriptors.len() - 1)
            })
        } else {
            let place = sockets.place(item.socket)?;
            if place == interests.len() {
                interests.push(Interest::default());
            }
            let both = &mut interests[place];
            both.readable |= wanted.readable;
            both.writable |= wanted.writable;
            let amended = sockets.guards[place].as_ref().map(|socket| socket.amend(Interest::default()));
            if amended.is_some_and(|has| events(has) & item.events != 0) {
                timeout = Some(Duration::ZERO);
            }
            Some((true, place))
        });
    }
    let mut waited = Vec::with_capacity(interests.len() + descriptors.len());
    for (guard, interest) in sockets.guards.iter_mut().zip(&interests) {
        let socket = guard.as_mut().ok_or(Fault(libc::ENOTSOCK))?;
        waited.push(Item::Socket(&mut socket.core, *interest));
    }
    for (fd, interest) in &descriptors {
        // SAFETY: the caller's word: the descriptor is open during the call.
        waited.push(Item::Descriptor(unsafe { BorrowedFd::borrow_raw(*fd) }, *interest));
    }
    poller.set_interruptible(true);
    poller.set_signal_mask(mask);
    poller.wait(&mut waited, timeout)?;
    drop(waited);
    let mut ready = 0;
    for (item, place) in items.iter_mut().zip(&places) {
        let found = match *place {
            None => continue,
            Some((false, place)) => poller.found(interests.len() + place),
            Some((true, place)) => {
                let found = poller.found(place);
                sockets.guards[place].as_ref().map_or(found, |socket| socket.amend(found))
            }
        };
        item.revents = events(found) & (item.events | if item.socket.is_null() { POLLERR } else { 0 });
        ready += usize::from(item.revents != 0);
    }
    Ok(ready)
}

/// # Safety
/// `items` is NULL or points to `count` items.
unsafe fn poll(
    items: *mut PollItem,
    count: c_int,
    timeout: c_long,
    mask: Option<SignalMask>,
) -> Result<c_int, Fault> {
    let count = usize::try_from(count).map_err(|_| Fault(libc::EINVAL))?;
    let items = match (items.is_null(), count) {
        (_, 0) => &mut [],
        (true, _) => return Err(Fault(libc::EFAULT)),
        // SAFETY: the caller's word.
        _ => unsafe { slice::from_raw_parts_mut(items, count) },
    };
    wait(items, duration(timeout), mask).map(clamped)
}

/// Waits until some of `count` items are ready, or for `timeout` milliseconds; negative: without limit. Returns how
/// many are.
///
/// # Safety
/// `items` points to so many items.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmq_poll(items: *mut PollItem, count: c_int, timeout: c_long) -> c_int {
    // SAFETY: the caller's word.
    call(|| unsafe { poll(items, count, timeout, None) })
}

/// As `zmq_poll`; while it sleeps, the signals of `mask` are blocked instead of those that are otherwise.
///
/// # Safety
/// `items` points to so many items; `mask` is NULL or points to a set of signals.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmq_ppoll(
    items: *mut PollItem,
    count: c_int,
    timeout: c_long,
    mask: *const sigset_t,
) -> c_int {
    // SAFETY: the caller's word.
    call(|| unsafe { poll(items, count, timeout, mask.as_ref().map(|mask| SignalMask::from(*mask))) })
}
