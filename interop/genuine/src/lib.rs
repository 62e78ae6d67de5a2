//! Genuine libzmq 4.3.5, compiled from its own sources, behind a thin safe wrapper: what our tests talk to
//! and our benchmarks run against. Nothing here is part of zincmq.
//!
//! ```
//! use genuine::{Context, Socket, kind};
//!
//! let context = Context::new()?;
//! let pull = Socket::new(&context, kind::PULL)?;
//! pull.bind("tcp://127.0.0.1:*")?;
//! let push = Socket::new(&context, kind::PUSH)?;
//! push.connect(&pull.last_endpoint()?)?;
//! push.send_multipart(&["two", "parts"], 0)?;
//! assert_eq!(pull.recv(0)?, [b"two".to_vec(), b"parts".to_vec()]);
//! # Ok::<(), genuine::Error>(())
//! ```
//!
//! [`Loaded`] is another libzmq: any library with its interface, such as the system's.
//!
//! Left out of the build: GSSAPI, draft functions, and the transports that need
//! another library. [`has`] tells.

// Its library is linked.
use libsodium_sys as _;

mod context;
mod error;
mod ffi;
mod loaded;
mod msg;
mod number;
mod poll;
mod socket;

use std::ffi::CString;

pub use context::Context;
pub use error::{Error, Result};
pub use loaded::{Loaded, LoadedSocket};
pub use msg::Msg;
pub use number::{context_option, event, flag, kind, option};
pub use poll::{PollItem, poll};
pub use socket::Socket;

/// The version the library itself reports: major, minor, patch (`zmq_version`).
pub fn version() -> (i32, i32, i32) {
    let (mut major, mut minor, mut patch) = (0, 0, 0);
    // SAFETY: the three pointers are to live integers.
    unsafe { ffi::zmq_version(&mut major, &mut minor, &mut patch) };
    (major, minor, patch)
}

/// Whether the library was built with a capability such as `"ipc"` or `"curve"` (`zmq_has`).
pub fn has(capability: &str) -> bool {
    let Ok(capability) = CString::new(capability) else { return false };
    // SAFETY: the string is terminated and lives through the call.
    unsafe { ffi::zmq_has(capability.as_ptr()) == 1 }
}
