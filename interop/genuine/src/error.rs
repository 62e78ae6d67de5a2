//! What libzmq says when it refuses.

use std::ffi::{CStr, CString, c_int, c_void};
use std::fmt;
use std::ptr::NonNull;

use crate::ffi;

/// An error number of libzmq or of the system, as `zmq_errno` returns it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Error(i32);

/// What every fallible call of this crate returns.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// `EINTR`: a signal arrived while the call was waiting.
    pub const INTERRUPTED: Self = Self(4);
    /// `EAGAIN`: the call would have to wait, or has waited its timeout.
    pub const AGAIN: Self = Self(11);
    /// `EINVAL`: an argument that no call can accept, such as a string with a NUL inside.
    pub const INVALID: Self = Self(22);
    /// `EFSM`: the socket's pattern does not allow this call now.
    pub const STATE: Self = Self(156_384_763);
    /// `ETERM`: the context was shut down.
    pub const TERMINATED: Self = Self(156_384_765);

    /// The number itself.
    pub fn errno(self) -> i32 {
        self.0
    }

    /// The error of a number.
    pub(crate) fn of(number: i32) -> Self {
        Self(number)
    }

    pub(crate) fn last() -> Self {
        // SAFETY: reads errno of this thread.
        Self(unsafe { ffi::zmq_errno() })
    }
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        // SAFETY: the library returns a terminated string for every number, and copies of it are made at
        // once, before another call could overwrite it.
        let text = unsafe { CStr::from_ptr(ffi::zmq_strerror(self.0)) };
        write!(out, "{} (errno {})", text.to_string_lossy(), self.0)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

impl std::error::Error for Error {}

/// Turns libzmq's -1 into the error behind it.
pub(crate) fn check(code: c_int) -> Result<c_int> {
    if code == -1 { Err(Error::last()) } else { Ok(code) }
}

/// Turns libzmq's null handle into the error behind it.
pub(crate) fn check_handle(handle: *mut c_void) -> Result<NonNull<c_void>> {
    NonNull::new(handle).ok_or_else(Error::last)
}

/// A string as C wants it.
pub(crate) fn c_string(text: &str) -> Result<CString> {
    CString::new(text).map_err(|_| Error::INVALID)
}
