//! Where C ends: no panic crosses.

use crate::errno;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs `body`; if it panics, returns `on_panic` with `errno` set to EFAULT.
#[inline]
pub(crate) fn guarded<R>(on_panic: R, body: impl FnOnce() -> R) -> R {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|_| {
        errno::set(libc::EFAULT);
        on_panic
    })
}
