//! After fork(2) the child has its parent's objects without their threads: it may close them, which leaves the parent
//! alone, and make its own.

use crate::{context, poller, socket};
use std::sync::Once;
use std::sync::atomic::{AtomicU32, Ordering};

/// Marks what a child process inherits, from now on.
pub(crate) fn watch() {
    static WATCH: Once = Once::new();
    // SAFETY: the handler only loads and stores atomics, which is allowed in a forked child.
    WATCH.call_once(|| _ = unsafe { libc::pthread_atfork(None, None, Some(in_child)) });
}

/// How often this process is a child: what threads keep for themselves is good for one number only.
static GENERATION: AtomicU32 = AtomicU32::new(0);

/// Changes in a child process.
pub(crate) fn generation() -> u32 {
    GENERATION.load(Ordering::Relaxed)
}

unsafe extern "C" fn in_child() {
    GENERATION.fetch_add(1, Ordering::Relaxed);
    context::CONTEXTS.disown();
    socket::SOCKETS.disown();
    poller::POLLERS.disown();
}
