//! Where C ends: no panic crosses, and errors become numbers.

use crate::errno::{self, Errno};
use libc::c_int;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs `body`; if it panics, returns `on_panic` with `errno` set to EFAULT.
#[inline]
pub(crate) fn guarded<R>(on_panic: R, body: impl FnOnce() -> R) -> R {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|_| {
        errno::set(libc::EFAULT);
        on_panic
    })
}

/// A call that returns -1 with `errno` set when it fails.
#[inline]
pub(crate) fn call(body: impl FnOnce() -> Result<c_int, Errno>) -> c_int {
    guarded(-1, || body().unwrap_or_else(|errno| errno.report(-1)))
}

/// A length as calls return it: at most the greatest `int`.
#[inline]
pub(crate) fn clamped(length: usize) -> c_int {
    c_int::try_from(length).unwrap_or(c_int::MAX)
}
