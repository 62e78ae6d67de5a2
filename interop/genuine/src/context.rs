//! Contexts.

use std::ffi::c_void;
use std::ptr::NonNull;
use std::sync::Arc;

use crate::error::{check, check_handle};
use crate::{Error, Result, ffi};

/// A libzmq context; clones are handles of the same one.
///
/// Each socket keeps a handle. When the last goes, the context is terminated, which waits for messages
/// that linger: for ever by default, so set [`crate::option::LINGER`] where a peer may be missing.
#[derive(Clone, Debug)]
pub struct Context(Arc<Inner>);

#[derive(Debug)]
struct Inner(NonNull<c_void>);

// SAFETY: libzmq allows every thread to use a context.
unsafe impl Send for Inner {}
// SAFETY: libzmq allows many threads to use one context at the same time.
unsafe impl Sync for Inner {}

impl Context {
    /// Makes a context with libzmq's defaults (one I/O thread).
    pub fn new() -> Result<Self> {
        // SAFETY: takes nothing.
        let handle = check_handle(unsafe { ffi::zmq_ctx_new() })?;
        Ok(Self(Arc::new(Inner(handle))))
    }

    /// Sets a context option ([`crate::context_option`]).
    pub fn set(&self, option: i32, value: i32) -> Result<()> {
        // SAFETY: the handle is valid until the last clone is dropped.
        check(unsafe { ffi::zmq_ctx_set(self.raw(), option, value) }).map(drop)
    }

    /// Reads a context option ([`crate::context_option`]).
    pub fn get(&self, option: i32) -> Result<i32> {
        // SAFETY: as in `set`.
        check(unsafe { ffi::zmq_ctx_get(self.raw(), option) })
    }

    /// Makes every blocked and later call on the context's sockets fail with [`Error::TERMINATED`].
    pub fn shutdown(&self) -> Result<()> {
        // SAFETY: as in `set`.
        check(unsafe { ffi::zmq_ctx_shutdown(self.raw()) }).map(drop)
    }

    pub(crate) fn raw(&self) -> *mut c_void {
        self.0.0.as_ptr()
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        // SAFETY: every socket holds a handle, so all are closed now and nobody uses the context any more.
        // A signal leaves the context as it was; then the call is made again.
        while check(unsafe { ffi::zmq_ctx_term(self.0.as_ptr()) }) == Err(Error::INTERRUPTED) {}
    }
}
