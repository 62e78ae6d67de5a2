//! Error numbers and their texts.

use crate::border::guarded;
use libc::{c_char, c_int};

const HAUSNUMERO: c_int = 156_384_712;
/// The socket is not in the state for this.
pub(crate) const EFSM: c_int = HAUSNUMERO + 51;
const ENOCOMPATPROTO: c_int = HAUSNUMERO + 52;
/// The context was terminated.
pub(crate) const ETERM: c_int = HAUSNUMERO + 53;
const EMTHREAD: c_int = HAUSNUMERO + 54;

/// Why a call failed, as the number that C is told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Fault(pub(crate) c_int);

impl Fault {
    /// Tells C and returns what the call returns then.
    #[cold]
    pub(crate) fn report<R>(self, returned: R) -> R {
        set(self.0);
        returned
    }
}

impl From<zincmq::Error> for Fault {
    fn from(error: zincmq::Error) -> Self {
        Self(error.errno())
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

/// The calling thread's `errno`: for programs whose C library is not the one libzmq was built with.
#[unsafe(no_mangle)]
pub extern "C" fn zmq_errno() -> c_int {
    get()
}

/// What an error number means, in English; never NULL.
#[unsafe(no_mangle)]
pub extern "C" fn zmq_strerror(errno: c_int) -> *const c_char {
    let text = match errno {
        EFSM => c"Operation cannot be accomplished in current state",
        ENOCOMPATPROTO => c"The protocol is not compatible with the socket type",
        ETERM => c"Context was terminated",
        EMTHREAD => c"No thread available",
        libc::EHOSTUNREACH => c"Host unreachable",
        // SAFETY: strerror(3) takes any number and returns a string that outlives the call.
        _ => return guarded(c"".as_ptr(), || unsafe { libc::strerror(errno).cast_const() }),
    };
    text.as_ptr()
}
