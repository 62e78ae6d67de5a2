//! The list of slots that are free.

use crate::primitive::{AtomicU64, Ordering};
use crate::slot::Slot;

/// The slots that are free, by their indices below 2^32 - 1.
#[derive(Debug)]
pub struct FreeList {
    /// The first free slot, by its index and 1, below a count of changes: a thread that has looked at a slot that was
    /// taken and given back meanwhile must not take the slot that followed it then.
    head: AtomicU64,
}

impl FreeList {
    /// An empty list.
    #[cfg(not(loom))]
    #[must_use]
    #[allow(clippy::new_without_default, reason = "a static needs a constant")]
    pub const fn new() -> Self {
        Self { head: AtomicU64::new(0) }
    }

    /// An empty list.
    #[cfg(loom)]
    #[must_use]
    #[allow(clippy::new_without_default, reason = "as the other")]
    pub fn new() -> Self {
        Self { head: AtomicU64::new(0) }
    }

    /// Takes a free slot; `slot` finds one by its index.
    pub fn pop<'a, T: 'a>(&self, slot: impl Fn(usize) -> Option<&'a Slot<T>>) -> Option<usize> {
        let mut head = self.head.load(Ordering::Acquire);
        loop {
            let index = (head as u32).checked_sub(1)? as usize;
            let next = u64::from(slot(index)?.next.load(Ordering::Relaxed));
            let changed = (head >> 32).wrapping_add(1) << 32 | next;
            match self.head.compare_exchange_weak(head, changed, Ordering::Acquire, Ordering::Acquire) {
                Ok(_) => return Some(index),
                Err(now) => head = now,
            }
        }
    }

    /// Gives a slot back.
    pub fn push<T>(&self, index: usize, slot: &Slot<T>) {
        let mut head = self.head.load(Ordering::Relaxed);
        loop {
            slot.next.store(head as u32, Ordering::Relaxed);
            let changed = (head >> 32).wrapping_add(1) << 32 | (index as u64 + 1);
            match self.head.compare_exchange_weak(head, changed, Ordering::Release, Ordering::Relaxed) {
                Ok(_) => return,
                Err(now) => head = now,
            }
        }
    }
}
