//! Messages of one part, as libzmq holds them.

use std::ffi::{CStr, c_void};
use std::mem::MaybeUninit;
use std::{fmt, ptr, slice};

use crate::error::{c_string, check};
use crate::{Result, ffi};

/// A `zmq_msg_t`: one message part. Keep one and receive into it again and again.
///
/// It may move in memory between calls: it holds no pointer into itself (libzmq too copies it bitwise
/// through its pipes).
pub struct Msg(ffi::RawMsg);

impl Msg {
    /// An empty part.
    pub fn new() -> Self {
        let mut raw = MaybeUninit::uninit();
        // SAFETY: `zmq_msg_init` writes the whole structure and cannot fail.
        unsafe {
            ffi::zmq_msg_init(raw.as_mut_ptr());
            Self(raw.assume_init())
        }
    }

    /// A part of `size` bytes, each written as `byte` in the memory that is sent, without another copy.
    pub fn filled(size: usize, byte: u8) -> Result<Self> {
        // SAFETY: the closure writes all `size` bytes at `data`.
        unsafe { Self::written(size, |data| ptr::write_bytes(data, byte, size)) }
    }

    /// A part that holds a copy of `bytes`.
    pub fn copied(bytes: &[u8]) -> Result<Self> {
        // SAFETY: the closure writes all bytes; the new part's memory is not that of `bytes`.
        unsafe {
            Self::written(bytes.len(), |data| ptr::copy_nonoverlapping(bytes.as_ptr(), data, bytes.len()))
        }
    }

    /// # Safety
    /// `write` must fill the `size` bytes at the address that it is given, and no others.
    unsafe fn written(size: usize, write: impl FnOnce(*mut u8)) -> Result<Self> {
        let mut raw = MaybeUninit::uninit();
        // SAFETY: `zmq_msg_init_size` writes the structure or says that it failed.
        check(unsafe { ffi::zmq_msg_init_size(raw.as_mut_ptr(), size) })?;
        // SAFETY: it succeeded.
        let mut msg = Self(unsafe { raw.assume_init() });
        // SAFETY: the structure is initialised.
        write(unsafe { ffi::zmq_msg_data(msg.raw()) }.cast());
        Ok(msg)
    }

    /// The bytes.
    pub fn as_slice(&self) -> &[u8] {
        let raw = ptr::from_ref(&self.0).cast_mut();
        // SAFETY: the structure is initialised and both calls only read it. Nobody writes to the bytes: ours
        // were written before `written` returned, and received ones are shared with readers at most.
        unsafe { slice::from_raw_parts(ffi::zmq_msg_data(raw).cast(), ffi::zmq_msg_size(raw)) }
    }

    /// Whether more parts of the same message follow.
    pub fn more(&self) -> bool {
        // SAFETY: the structure is initialised.
        unsafe { ffi::zmq_msg_more(&self.0) == 1 }
    }

    /// What the connection says of itself, such as `Peer-Address` or `Socket-Type` (`zmq_msg_gets`).
    pub fn metadata(&self, property: &str) -> Option<String> {
        let property = c_string(property).ok()?;
        // SAFETY: the structure is initialised and the string is terminated.
        let value = unsafe { ffi::zmq_msg_gets(&self.0, property.as_ptr()) };
        // SAFETY: the string lives as long as the message; it is copied here.
        (!value.is_null()).then(|| unsafe { CStr::from_ptr(value) }.to_string_lossy().into_owned())
    }

    /// Sends it with `zmq_msg_send`; on success it is empty afterwards.
    pub(crate) fn send(&mut self, socket: *mut c_void, flags: i32) -> Result<()> {
        // SAFETY: the structure is initialised and the caller's socket is open.
        check(unsafe { ffi::zmq_msg_send(self.raw(), socket, flags) }).map(drop)
    }

    /// Receives one part in place of what it holds.
    pub(crate) fn recv(&mut self, socket: *mut c_void, flags: i32) -> Result<()> {
        // SAFETY: as in `send`.
        check(unsafe { ffi::zmq_msg_recv(self.raw(), socket, flags) }).map(drop)
    }

    fn raw(&mut self) -> *mut ffi::RawMsg {
        &mut self.0
    }
}

impl Default for Msg {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Msg {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_tuple("Msg").field(&self.as_slice()).finish()
    }
}

impl Drop for Msg {
    fn drop(&mut self) {
        // SAFETY: the structure is initialised and not used again.
        unsafe { ffi::zmq_msg_close(self.raw()) };
    }
}
