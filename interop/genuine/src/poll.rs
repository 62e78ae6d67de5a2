//! Waiting for several sockets and descriptors at once.

use std::ffi::{c_int, c_long};
use std::marker::PhantomData;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr;

use crate::error::check;
use crate::{Error, Result, Socket, ffi};

/// One thing to wait for, and what [`poll`] found out about it.
#[repr(transparent)]
pub struct PollItem<'a> {
    raw: ffi::RawPollItem,
    borrowed: PhantomData<&'a Socket>,
}

impl<'a> PollItem<'a> {
    /// Waits for the events ([`crate::event::POLLIN`] and others) of a socket.
    pub fn socket(socket: &'a Socket, events: i16) -> Self {
        Self::of(ffi::RawPollItem { socket: socket.raw(), fd: -1, events, revents: 0 })
    }

    /// Waits for the events of a descriptor.
    pub fn fd(fd: BorrowedFd<'a>, events: i16) -> Self {
        Self::of(ffi::RawPollItem { socket: ptr::null_mut(), fd: fd.as_raw_fd(), events, revents: 0 })
    }

    /// What the last [`poll`] found: a subset of the events waited for, or 0.
    pub fn revents(&self) -> i16 {
        self.raw.revents
    }

    fn of(raw: ffi::RawPollItem) -> Self {
        Self { raw, borrowed: PhantomData }
    }
}

/// Waits until one of the items is ready or `timeout` milliseconds are over (-1: for ever, 0: only look).
/// Returns how many are ready.
pub fn poll(items: &mut [PollItem<'_>], timeout: i64) -> Result<usize> {
    let count = c_int::try_from(items.len()).map_err(|_| Error::INVALID)?;
    let timeout = c_long::try_from(timeout).map_err(|_| Error::INVALID)?;
    // SAFETY: the items have the layout of `zmq_pollitem_t`, and their sockets are borrowed, hence open.
    let ready = check(unsafe { ffi::zmq_poll(items.as_mut_ptr().cast(), count, timeout) })?;
    Ok(usize::try_from(ready).unwrap_or_default())
}
