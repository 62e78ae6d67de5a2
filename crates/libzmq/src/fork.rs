//! After fork(2) the child has its parent's objects without their threads: it may close them, which leaves the parent
//! alone, and make its own.

use std::ptr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Once, OnceLock};

/// Objects that a child process inherits.
pub(crate) trait Inherited: Sync {
    /// Marks them in the child. Only loads and stores of atomics are allowed there.
    fn disown(&self);
}

/// The tables that are watched: contexts, sockets, pollers.
static TABLES: [OnceLock<&'static dyn Inherited>; 3] = [const { OnceLock::new() }; 3];

/// From now on marks the objects of this table in child processes. To be called before the first is made.
pub(crate) fn watch(table: &'static dyn Inherited) {
    let known = |place: &OnceLock<_>| ptr::addr_eq(ptr::from_ref(*place.get_or_init(|| table)), table);
    let kept = TABLES.iter().any(known);
    debug_assert!(kept, "a fourth table");
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
    TABLES.iter().filter_map(OnceLock::get).for_each(|table| table.disown());
}
