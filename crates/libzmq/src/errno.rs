//! Error numbers.

use libc::c_int;

const HAUSNUMERO: c_int = 156_384_712;
/// The socket is not in the state for this.
pub(crate) const EFSM: c_int = HAUSNUMERO + 51;
/// The peer's protocol is not that of the socket type.
pub(crate) const ENOCOMPATPROTO: c_int = HAUSNUMERO + 52;
/// The context was terminated.
pub(crate) const ETERM: c_int = HAUSNUMERO + 53;
/// There is no I/O thread.
pub(crate) const EMTHREAD: c_int = HAUSNUMERO + 54;

/// Why a call failed, as the number that C is told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Errno(pub(crate) c_int);

impl Errno {
    /// Tells C and returns what the call returns then.
    #[cold]
    pub(crate) fn report<R>(self, returned: R) -> R {
        set(self.0);
        returned
    }
}

impl From<zincmq::Error> for Errno {
    fn from(error: zincmq::Error) -> Self {
        Self(error.errno())
    }
}

impl<M> From<zincmq::SendError<M>> for Errno {
    fn from(failed: zincmq::SendError<M>) -> Self {
        failed.error.into()
    }
}

/// Sets the calling thread's `errno`.
#[inline]
pub(crate) fn set(errno: i32) {
    // SAFETY: the C library gives every thread an errno of its own, valid as long as the thread.
    unsafe { *libc::__errno_location() = errno }
}

/// The calling thread's `errno`.
#[inline]
pub(crate) fn get() -> i32 {
    // SAFETY: as in `set`.
    unsafe { *libc::__errno_location() }
}
