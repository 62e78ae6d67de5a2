//! The one switch between the standard library and loom, so that loom sees every atomic of the project.

use std::cell::Cell;
#[cfg(not(loom))]
use std::time::{Duration, Instant};

// Reference counts of whole objects are not what is modelled, and loom's cannot hold trait objects.
pub(crate) use std::sync::Arc;

#[cfg(loom)]
pub(crate) use loom::sync::{
    Mutex, MutexGuard,
    atomic::{AtomicBool, AtomicPtr, AtomicU8, AtomicU32, AtomicU64, AtomicUsize, Ordering, fence},
};
#[cfg(not(loom))]
pub(crate) use std::sync::{
    Mutex, MutexGuard,
    atomic::{AtomicBool, AtomicPtr, AtomicU8, AtomicU32, AtomicU64, AtomicUsize, Ordering, fence},
};

/// A fence that costs nothing, where another thread makes this one pass a real one. Loom knows only
/// real ones, so a model orders more than what is built.
#[cfg(loom)]
pub(crate) use loom::sync::atomic::fence as compiler_fence;
#[cfg(not(loom))]
pub(crate) use std::sync::atomic::compiler_fence;

/// Every thread of the process passes a fence.
pub(crate) fn fence_all() {
    fence(Ordering::SeqCst);
    #[cfg(not(loom))]
    if sys::fence_all_threads().is_err() {
        // The process has forbidden itself the call since it was found to work. No processor keeps a store to itself for so long.
        const LONG: Duration = Duration::from_millis(50);
        let word = AtomicU32::new(0);
        let until = Instant::now() + LONG;
        while Instant::now() < until {
            _ = sys::futex_wait(&word, 0, Some(until));
        }
    }
}

/// Lets the process use [`fence_all`], if the kernel has it.
pub(crate) fn register_fences() {
    #[cfg(not(loom))]
    sys::register_fences();
}

/// Whether [`fence_all`] is quick.
pub(crate) fn has_fences() -> bool {
    cfg!(loom) || sys::has_fences()
}

/// What no other thread has at the same time: one that begins later may have it again.
#[inline(always)]
pub(crate) fn thread_id() -> usize {
    #[cfg(loom)]
    return number_thread() as usize;
    #[cfg(not(loom))]
    sys::thread_pointer()
}

/// No thread has this number.
pub(crate) const UNNUMBERED: u64 = 0;

#[cfg(loom)]
loom::thread_local! {
    static NUMBER: Cell<u64> = Cell::new(UNNUMBERED);
}
// Read in one instruction: it is there from the beginning, and nothing is to be done at the end.
#[cfg(not(loom))]
thread_local! {
    static NUMBER: Cell<u64> = const { Cell::new(UNNUMBERED) };
}

/// This thread's number, if [`number_thread`] has given it one; otherwise [`UNNUMBERED`].
#[inline(always)]
pub(crate) fn this_thread() -> u64 {
    NUMBER.with(Cell::get)
}

/// A number that no other thread has, had or will have.
pub(crate) fn number_thread() -> u64 {
    // Not modelled: any order will do, and loom's cannot be static.
    static NEXT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(UNNUMBERED + 1);
    NUMBER.with(|number| {
        if number.get() == UNNUMBERED {
            number.set(NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
        }
        number.get()
    })
}

#[cfg(loom)]
pub(crate) use loom::cell::UnsafeCell;

/// The standard cell with loom's interface.
#[cfg(not(loom))]
#[derive(Debug)]
pub(crate) struct UnsafeCell<T>(std::cell::UnsafeCell<T>);

#[cfg(not(loom))]
impl<T> UnsafeCell<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self(std::cell::UnsafeCell::new(value))
    }

    pub(crate) fn into_inner(self) -> T {
        self.0.into_inner()
    }

    #[inline]
    pub(crate) fn with<R>(&self, read: impl FnOnce(*const T) -> R) -> R {
        read(self.0.get())
    }

    #[inline]
    pub(crate) fn with_mut<R>(&self, write: impl FnOnce(*mut T) -> R) -> R {
        write(self.0.get())
    }
}
