//! After fork(2) the child has its parent's objects without their threads: it may close them, which leaves the parent
//! alone, and make its own.

use crate::{context, poller, socket};
use std::sync::Once;

/// Marks what a child process inherits, from now on.
pub(crate) fn watch() {
    static WATCH: Once = Once::new();
    // SAFETY: the handler only loads and stores atomics, which is allowed in a forked child.
    WATCH.call_once(|| _ = unsafe { libc::pthread_atfork(None, None, Some(in_child)) });
}

unsafe extern "C" fn in_child() {
    context::CONTEXTS.disown();
    socket::SOCKETS.disown();
    poller::POLLERS.disown();
}
