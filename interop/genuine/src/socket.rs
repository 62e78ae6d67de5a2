//! Sockets.

use std::cell::Cell;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::marker::PhantomData;
use std::ptr::NonNull;

use crate::error::{c_string, check, check_handle};
use crate::{Context, Msg, Result, ffi, flag, option};

/// A libzmq socket of any type. It may move to another thread but serves one at a time.
#[derive(Debug)]
pub struct Socket {
    handle: NonNull<c_void>,
    /// Keeps the context until the socket is closed.
    _context: Context,
    /// Makes the type `!Sync`.
    _one_thread: PhantomData<Cell<()>>,
}

// SAFETY: libzmq allows a socket to migrate between threads when a full fence lies in between, and every
// way of handing a value to another thread is one. Sharing is ruled out by `_one_thread`.
unsafe impl Send for Socket {}

impl Socket {
    /// Opens a socket of a type from [`crate::kind`].
    pub fn new(context: &Context, kind: i32) -> Result<Self> {
        // SAFETY: the context is alive: we hold a handle.
        let handle = check_handle(unsafe { ffi::zmq_socket(context.raw(), kind) })?;
        Ok(Self { handle, _context: context.clone(), _one_thread: PhantomData })
    }

    /// Accepts peers at an endpoint; [`Self::last_endpoint`] tells what a wildcard became.
    pub fn bind(&self, endpoint: &str) -> Result<()> {
        self.with_endpoint(ffi::zmq_bind, endpoint)
    }

    /// Connects to an endpoint, in the background.
    pub fn connect(&self, endpoint: &str) -> Result<()> {
        self.with_endpoint(ffi::zmq_connect, endpoint)
    }

    /// Stops accepting at an endpoint.
    pub fn unbind(&self, endpoint: &str) -> Result<()> {
        self.with_endpoint(ffi::zmq_unbind, endpoint)
    }

    /// Drops the connection to an endpoint.
    pub fn disconnect(&self, endpoint: &str) -> Result<()> {
        self.with_endpoint(ffi::zmq_disconnect, endpoint)
    }

    /// The endpoint that was bound or connected last.
    pub fn last_endpoint(&self) -> Result<String> {
        let bytes = self.get_bytes(option::LAST_ENDPOINT, 1024)?;
        let text = CStr::from_bytes_until_nul(&bytes).map(CStr::to_string_lossy);
        Ok(text.map(String::from).unwrap_or_default())
    }

    /// Sets an integer option ([`crate::option`]).
    pub fn set(&self, option: i32, value: i32) -> Result<()> {
        self.set_bytes(option, &value.to_ne_bytes())
    }

    /// Sets an option of any type from its bytes (64-bit numbers in native order).
    pub fn set_bytes(&self, option: i32, value: &[u8]) -> Result<()> {
        // SAFETY: pointer and length are those of a live slice; the socket is open.
        let code = unsafe { ffi::zmq_setsockopt(self.raw(), option, value.as_ptr().cast(), value.len()) };
        check(code).map(drop)
    }

    /// Reads an integer option.
    pub fn get(&self, option: i32) -> Result<i32> {
        let mut value: c_int = 0;
        let mut length = size_of::<c_int>();
        // SAFETY: the library writes at most `length` bytes, the size of `value`.
        check(unsafe { ffi::zmq_getsockopt(self.raw(), option, (&raw mut value).cast(), &mut length) })?;
        Ok(value)
    }

    /// Reads an option of any type as bytes, at most `capacity` of them (strings end with a NUL).
    pub fn get_bytes(&self, option: i32, capacity: usize) -> Result<Vec<u8>> {
        let mut value = vec![0; capacity];
        let mut length = capacity;
        // SAFETY: the library writes at most `length` bytes, the size of the buffer.
        check(unsafe { ffi::zmq_getsockopt(self.raw(), option, value.as_mut_ptr().cast(), &mut length) })?;
        value.truncate(length);
        Ok(value)
    }

    /// Sends one part, copied, with the flags of [`crate::flag`].
    pub fn send(&self, part: impl AsRef<[u8]>, flags: i32) -> Result<()> {
        let part = part.as_ref();
        // SAFETY: pointer and length are those of a live slice; the socket is open.
        check(unsafe { ffi::zmq_send(self.raw(), part.as_ptr().cast(), part.len(), flags) }).map(drop)
    }

    /// Sends the parts of one message; `flags` is 0 or [`flag::DONTWAIT`].
    pub fn send_multipart<P: AsRef<[u8]>>(&self, parts: &[P], flags: i32) -> Result<()> {
        let Some((last, leading)) = parts.split_last() else { return Ok(()) };
        leading.iter().try_for_each(|part| self.send(part, flags | flag::SNDMORE))?;
        self.send(last, flags)
    }

    /// Sends a part without a copy; `msg` is empty afterwards, or as it was if the call fails.
    pub fn send_msg(&self, msg: &mut Msg, flags: i32) -> Result<()> {
        msg.send(self.raw(), flags)
    }

    /// Receives a whole message.
    pub fn recv(&self, flags: i32) -> Result<Vec<Vec<u8>>> {
        let (mut parts, mut msg) = (Vec::new(), Msg::new());
        loop {
            self.recv_msg(&mut msg, flags)?;
            parts.push(msg.as_slice().to_vec());
            if !msg.more() {
                return Ok(parts);
            }
        }
    }

    /// Receives one part in place of what `msg` holds; [`Msg::more`] tells whether others follow.
    pub fn recv_msg(&self, msg: &mut Msg, flags: i32) -> Result<()> {
        msg.recv(self.raw(), flags)
    }

    /// Publishes the socket's events on an inproc endpoint, to which a PAIR of the same context connects
    /// and receives, for each event, six bytes (number and value, native order) and the endpoint.
    pub fn monitor(&self, endpoint: &str, events: i32) -> Result<()> {
        let endpoint = c_string(endpoint)?;
        // SAFETY: the string is terminated and lives through the call; the socket is open.
        check(unsafe { ffi::zmq_socket_monitor(self.raw(), endpoint.as_ptr(), events) }).map(drop)
    }

    pub(crate) fn raw(&self) -> *mut c_void {
        self.handle.as_ptr()
    }

    fn with_endpoint(
        &self,
        call: unsafe extern "C" fn(*mut c_void, *const c_char) -> c_int,
        endpoint: &str,
    ) -> Result<()> {
        let endpoint = c_string(endpoint)?;
        // SAFETY: the string is terminated and lives through the call; the socket is open.
        check(unsafe { call(self.raw(), endpoint.as_ptr()) }).map(drop)
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        // SAFETY: the socket is open and not used again.
        unsafe { ffi::zmq_close(self.raw()) };
    }
}
