//! After fork(2) the child has its parent's objects without their threads: it may close them, which leaves the parent
//! alone, and make its own.

use std::ptr;
use std::sync::Once;
use std::sync::atomic::{AtomicPtr, AtomicU32, Ordering};

/// Objects that a child process inherits.
pub(crate) trait Inherited: Sync {
    /// Marks them in the child. Only loads and stores of atomics are allowed there.
    fn mark_inherited(&self);
}

/// The tables that are watched: contexts, sockets, pollers. Pointers, since a lock might be held when another thread forks.
static TABLES: [AtomicPtr<&'static dyn Inherited>; 3] = [const { AtomicPtr::new(ptr::null_mut()) }; 3];

/// From now on marks the objects of this table in child processes. To be called before the first is made.
pub(crate) fn watch(table: &'static &'static dyn Inherited) {
    let table = ptr::from_ref(table).cast_mut();
    for place in &TABLES {
        let before = place.compare_exchange(ptr::null_mut(), table, Ordering::AcqRel, Ordering::Acquire);
        if before.is_ok() || before == Err(table) {
            break;
        }
    }
    static WATCH: Once = Once::new();
    // SAFETY: the handler only loads and stores atomics, which is allowed in a forked child.
    WATCH.call_once(|| _ = unsafe { libc::pthread_atfork(None, None, Some(in_child)) });
}

/// How often this process is a child: objects that threads keep for themselves are good for one number only.
static GENERATION: AtomicU32 = AtomicU32::new(0);

/// Changes in a child process.
pub(crate) fn generation() -> u32 {
    GENERATION.load(Ordering::Relaxed)
}

unsafe extern "C" fn in_child() {
    GENERATION.fetch_add(1, Ordering::Relaxed);
    for place in &TABLES {
        // SAFETY: null, or from a reference to a static.
        if let Some(table) = unsafe { place.load(Ordering::Acquire).as_ref() } {
            table.mark_inherited();
        }
    }
}
