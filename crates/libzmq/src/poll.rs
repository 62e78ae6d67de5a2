//! Waiting for sockets and descriptors: `zmq_poll`, `zmq_ppoll`.

use crate::border::{call, clamped};
use crate::errno::Errno;
use crate::fork;
use crate::poll_item::{POLLERR, PollItem, events, interest};
use crate::socket::{self, Borrowed};
use libc::{c_int, c_long, c_short, c_void, sigset_t};
use std::cell::RefCell;
use std::os::fd::BorrowedFd;
use std::slice;
use std::time::Duration;
use zincmq::c::{Masks, SignalMask};
use zincmq::poller::{Interest, Item, Poller, Token};

/// How long to wait; negative: without limit.
pub(crate) fn duration(milliseconds: c_long) -> Option<Duration> {
    u64::try_from(milliseconds).ok().map(Duration::from_millis)
}

/// Where an item stands among what is waited for.
#[derive(Clone, Copy)]
enum Place {
    Socket(usize),
    Descriptor(usize),
    /// poll(2) looks at no negative descriptor.
    Nowhere,
}

/// A socket or descriptor, what is asked of it, and what is found.
struct Polled<T> {
    what: T,
    wanted: Interest,
    found: Interest,
}

impl<T> Polled<T> {
    fn new(what: T, wanted: Interest) -> Self {
        Self { what, wanted, found: Interest::default() }
    }
}

/// All that is waited for: each socket once, then descriptors. The tokens go on from one to the other.
#[derive(Default)]
struct Waited {
    /// One for each item.
    places: Vec<Place>,
    handles: Vec<*mut c_void>,
    sockets: Vec<Polled<Borrowed>>,
    descriptors: Vec<Polled<c_int>>,
    /// Some socket has part of a message left for what it is asked: no need to wait.
    ready: bool,
}

impl Waited {
    fn add(&mut self, item: &PollItem) -> Result<(), Errno> {
        let wanted = interest(item.events);
        let place = if !item.socket.is_null() {
            Place::Socket(self.add_socket(item.socket, wanted)?)
        } else if item.fd < 0 {
            Place::Nowhere
        } else {
            self.descriptors.push(Polled::new(item.fd, wanted));
            Place::Descriptor(self.descriptors.len() - 1)
        };
        self.places.push(place);
        Ok(())
    }

    /// Fills in what each item finds. Returns how many are ready.
    fn find(
        &mut self,
        poller: &mut Poller,
        items: &mut [PollItem],
        timeout: Option<Duration>,
        mask: Option<SignalMask>,
    ) -> Result<usize, Errno> {
        items.iter_mut().for_each(|item| item.revents = 0);
        items.iter().try_for_each(|item| self.add(item))?;
        poller.set_interruptible(true);
        poller.set_signal_mask(mask);
        self.wait(poller, timeout)?;
        let mut ready = 0;
        for (item, place) in items.iter_mut().zip(&self.places) {
            item.revents = self.found(*place, item.events);
            ready += usize::from(item.revents != 0);
        }
        Ok(ready)
    }

    /// Lets go of all sockets; the memory stays for the next wait.
    fn clear(&mut self) {
        self.places.clear();
        self.handles.clear();
        self.sockets.clear();
        self.descriptors.clear();
        self.ready = false;
    }

    /// A socket may be asked for twice.
    fn add_socket(&mut self, handle: *mut c_void, wanted: Interest) -> Result<usize, Errno> {
        let place = match socket::borrow(handle) {
            Ok(socket) => {
                self.handles.push(handle);
                self.sockets.push(Polled::new(socket, Interest::default()));
                self.sockets.len() - 1
            }
            Err(errno) => self.handles.iter().position(|known| *known == handle).ok_or(errno)?,
        };
        let Polled { what, wanted: both, .. } = &mut self.sockets[place];
        both.readable |= wanted.readable;
        both.writable |= wanted.writable;
        let has = what.with_parts(Interest::default());
        self.ready |= (has.readable && wanted.readable) || (has.writable && wanted.writable);
        Ok(place)
    }

    fn wait(&mut self, poller: &mut Poller, timeout: Option<Duration>) -> Result<(), Errno> {
        let sockets =
            self.sockets.iter_mut().enumerate().map(|(at, Polled { what, wanted, .. })| {
                Some(Item::socket(Token(at), &mut what.core, *wanted))
            });
        let descriptors =
            self.descriptors.iter().zip(sockets.len()..).map(|(Polled { what, wanted, .. }, at)| {
                // SAFETY: the caller's word: the descriptor is open during the call.
                let descriptor = unsafe { BorrowedFd::borrow_raw(*what) };
                Some(Item::descriptor(Token(at), descriptor, *wanted))
            });
        let timeout = if self.ready { Some(Duration::ZERO) } else { timeout };
        for event in poller.wait(sockets.chain(descriptors), timeout)? {
            let Token(at) = event.token;
            match at.checked_sub(self.sockets.len()) {
                None => self.sockets[at].found = Interest::from(*event),
                Some(at) => self.descriptors[at].found = Interest::from(*event),
            }
        }
        Ok(())
    }

    /// The events found for an item that wants these.
    fn found(&self, place: Place, wanted: c_short) -> c_short {
        match place {
            Place::Nowhere => 0,
            // Failures are told whether asked for or not.
            Place::Descriptor(at) => events(self.descriptors[at].found) & (wanted | POLLERR),
            Place::Socket(at) => {
                let Polled { what, found, .. } = &self.sockets[at];
                events(what.with_parts(*found)) & wanted
            }
        }
    }
}

/// What a thread uses again, in the process that made it: a poller's descriptor would be shared with a child.
#[derive(Default)]
struct Kept {
    generation: u32,
    poller: Poller,
    waited: Waited,
}

thread_local! {
    static KEPT: RefCell<Kept> = RefCell::default();
}

/// Waits until one of `items` is ready and fills in what each found. Returns how many are ready.
pub(crate) fn wait(
    items: &mut [PollItem],
    timeout: Option<Duration>,
    mask: Option<SignalMask>,
) -> Result<usize, Errno> {
    KEPT.with(|kept| match kept.try_borrow_mut() {
        Ok(mut kept) => {
            if kept.generation != fork::generation() {
                *kept = Kept { generation: fork::generation(), ..Kept::default() };
            }
            kept.wait(items, timeout, mask)
        }
        // Called back from within a wait.
        Err(_) => Kept::default().wait(items, timeout, mask),
    })
}

impl Kept {
    fn wait(
        &mut self,
        items: &mut [PollItem],
        timeout: Option<Duration>,
        mask: Option<SignalMask>,
    ) -> Result<usize, Errno> {
        let mut waited = std::mem::take(&mut self.waited);
        let result = waited.find(&mut self.poller, items, timeout, mask);
        waited.clear();
        self.waited = waited;
        result
    }
}

/// # Safety
/// `items` is NULL or points to `count` items.
unsafe fn poll(
    items: *mut PollItem,
    count: c_int,
    timeout: c_long,
    mask: Option<SignalMask>,
) -> Result<c_int, Errno> {
    let count = usize::try_from(count).map_err(|_| Errno(libc::EINVAL))?;
    let items = match (items.is_null(), count) {
        (_, 0) => &mut [],
        (true, _) => return Err(Errno(libc::EFAULT)),
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
