//! The poller that remembers what it waits for: `zmq_poller_...`.

use crate::border::{call, clamped, guarded};
use crate::errno::Errno;
use crate::fork::{self, Inherited};
use crate::handle::{SlotError, Table};
use crate::poll;
use crate::poll_item::{POLLERR, POLLIN, POLLOUT, POLLPRI, PollItem};
use crate::socket;
use libc::{c_int, c_long, c_short, c_void};
use std::{ptr, slice};

pub(crate) static POLLERS: Table<Poller> = Table::new();
static INHERITED: &dyn Inherited = &POLLERS;

/// The things to wait for, each with what the application calls it.
#[derive(Debug, Default)]
pub(crate) struct Poller(Vec<Entry>);

#[derive(Debug)]
struct Entry {
    what: What,
    user_data: *mut c_void,
    events: c_short,
}

// SAFETY: the pointers are handles and the application's own; they are not followed.
unsafe impl Send for Poller {}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum What {
    Socket(*mut c_void),
    Descriptor(c_int),
}

/// `zmq_poller_event_t`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct PollerEvent {
    pub(crate) socket: *mut c_void,
    pub(crate) fd: c_int,
    pub(crate) user_data: *mut c_void,
    pub(crate) events: c_short,
}

impl PollerEvent {
    const NONE: Self = Self { socket: ptr::null_mut(), fd: -1, user_data: ptr::null_mut(), events: 0 };
}

const INVALID: Errno = Errno(libc::EINVAL);
const NO_POLLER: Errno = Errno(libc::EFAULT);

/// A call on a poller.
fn on(poller: *mut c_void, body: impl FnOnce(&mut Poller) -> Result<c_int, Errno>) -> c_int {
    call(|| body(&mut *POLLERS.borrow(poller).map_err(|_| NO_POLLER)?))
}

/// Checks that this can be waited for.
fn check(what: What) -> Result<(), Errno> {
    match what {
        What::Socket(handle) => socket::borrow(handle).map(drop),
        What::Descriptor(-1) => Err(Errno(libc::EBADF)),
        What::Descriptor(_) => Ok(()),
    }
}

fn check_events(events: c_short) -> Result<(), Errno> {
    if events & !(POLLIN | POLLOUT | POLLERR | POLLPRI) == 0 { Ok(()) } else { Err(INVALID) }
}

impl Poller {
    fn place(&self, what: What) -> Option<usize> {
        self.0.iter().position(|entry| entry.what == what)
    }

    fn add(&mut self, what: What, user_data: *mut c_void, events: c_short) -> Result<c_int, Errno> {
        check(what)?;
        check_events(events)?;
        if self.place(what).is_some() {
            return Err(INVALID);
        }
        self.0.push(Entry { what, user_data, events });
        Ok(0)
    }

    fn modify(&mut self, what: What, events: c_short) -> Result<c_int, Errno> {
        check(what)?;
        check_events(events)?;
        let place = self.place(what).ok_or(INVALID)?;
        self.0[place].events = events;
        Ok(0)
    }

    fn remove(&mut self, what: What) -> Result<c_int, Errno> {
        check(what)?;
        let place = self.place(what).ok_or(INVALID)?;
        self.0.remove(place);
        Ok(0)
    }

    /// Waits, and fills in what was found. Returns how many were.
    fn wait(&self, found: &mut [PollerEvent], timeout: c_long) -> Result<usize, Errno> {
        found.fill(PollerEvent::NONE);
        if timeout < 0 && self.0.iter().all(|entry| entry.events == 0) {
            return Err(NO_POLLER);
        }
        let item = |entry: &Entry| {
            let (socket, fd) = match entry.what {
                What::Socket(socket) => (socket, -1),
                What::Descriptor(fd) => (ptr::null_mut(), fd),
            };
            PollItem { socket, fd, events: entry.events, revents: 0 }
        };
        let mut items: Vec<PollItem> = self.0.iter().map(item).collect();
        poll::wait(&mut items, poll::duration(timeout), None)?;
        let ready = items.iter().zip(&self.0).filter(|(item, _)| item.revents != 0);
        let mut count = 0;
        for (place, (item, entry)) in found.iter_mut().zip(ready) {
            let PollItem { socket, fd, revents: events, .. } = *item;
            *place = PollerEvent { socket, fd, user_data: entry.user_data, events };
            count += 1;
        }
        if count == 0 { Err(Errno(libc::EAGAIN)) } else { Ok(count) }
    }
}

/// A new poller, or NULL.
#[unsafe(no_mangle)]
pub extern "C" fn zmq_poller_new() -> *mut c_void {
    guarded(ptr::null_mut(), || {
        fork::watch(&INHERITED);
        POLLERS.insert(Poller::default()).unwrap_or_else(|| Errno(libc::ENOMEM).report(ptr::null_mut()))
    })
}

/// Ends a poller and sets the handle to NULL.
///
/// # Safety
/// `poller` is NULL or points to a handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmq_poller_destroy(poller: *mut *mut c_void) -> c_int {
    call(|| {
        // SAFETY: the caller's word.
        let handle = unsafe { poller.as_mut() }.ok_or(NO_POLLER)?;
        match POLLERS.remove(*handle) {
            Ok(_) | Err(SlotError::Inherited) => {}
            Err(_) => return Err(NO_POLLER),
        }
        *handle = ptr::null_mut();
        Ok(0)
    })
}

/// How many things the poller waits for.
#[unsafe(no_mangle)]
pub extern "C" fn zmq_poller_size(poller: *mut c_void) -> c_int {
    on(poller, |poller| Ok(clamped(poller.0.len())))
}

/// Waits for a socket, too.
#[unsafe(no_mangle)]
pub extern "C" fn zmq_poller_add(
    poller: *mut c_void,
    socket: *mut c_void,
    user_data: *mut c_void,
    events: c_short,
) -> c_int {
    on(poller, |poller| poller.add(What::Socket(socket), user_data, events))
}

/// Waits for something else of a socket.
#[unsafe(no_mangle)]
pub extern "C" fn zmq_poller_modify(poller: *mut c_void, socket: *mut c_void, events: c_short) -> c_int {
    on(poller, |poller| poller.modify(What::Socket(socket), events))
}

/// Waits for a socket no more.
#[unsafe(no_mangle)]
pub extern "C" fn zmq_poller_remove(poller: *mut c_void, socket: *mut c_void) -> c_int {
    on(poller, |poller| poller.remove(What::Socket(socket)))
}

/// Waits for a descriptor, too.
#[unsafe(no_mangle)]
pub extern "C" fn zmq_poller_add_fd(
    poller: *mut c_void,
    fd: c_int,
    user_data: *mut c_void,
    events: c_short,
) -> c_int {
    on(poller, |poller| poller.add(What::Descriptor(fd), user_data, events))
}

/// Waits for something else of a descriptor.
#[unsafe(no_mangle)]
pub extern "C" fn zmq_poller_modify_fd(poller: *mut c_void, fd: c_int, events: c_short) -> c_int {
    on(poller, |poller| poller.modify(What::Descriptor(fd), events))
}

/// Waits for a descriptor no more.
#[unsafe(no_mangle)]
pub extern "C" fn zmq_poller_remove_fd(poller: *mut c_void, fd: c_int) -> c_int {
    on(poller, |poller| poller.remove(What::Descriptor(fd)))
}

/// Waits for one event; none in time: EAGAIN.
///
/// # Safety
/// `event` is NULL or points to an event.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmq_poller_wait(
    poller: *mut c_void,
    event: *mut PollerEvent,
    timeout: c_long,
) -> c_int {
    on(poller, |poller| {
        // SAFETY: the caller's word.
        let event = unsafe { event.as_mut() }.ok_or(NO_POLLER)?;
        poller.wait(slice::from_mut(event), timeout).map(|_| 0)
    })
}

/// Waits for events, up to `count`. Returns how many there are; none in time: EAGAIN.
///
/// # Safety
/// `events` is NULL or points to so many events.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmq_poller_wait_all(
    poller: *mut c_void,
    events: *mut PollerEvent,
    count: c_int,
    timeout: c_long,
) -> c_int {
    on(poller, |poller| {
        if events.is_null() {
            return Err(NO_POLLER);
        }
        let count = usize::try_from(count).map_err(|_| INVALID)?;
        // SAFETY: the caller's word.
        let events = unsafe { slice::from_raw_parts_mut(events, count) };
        poller.wait(events, timeout).map(clamped)
    })
}

/// A descriptor to wait for all at once: only for sockets that threads may share, and there are none.
///
/// # Safety
/// `fd` is NULL or points to an int.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmq_poller_fd(poller: *mut c_void, fd: *mut c_int) -> c_int {
    on(poller, |_| Err(if fd.is_null() { NO_POLLER } else { INVALID }))
}
