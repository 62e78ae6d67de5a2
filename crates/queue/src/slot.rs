//! Slots that objects are lent from, by a generation that grows with each object; and the list of slots that are free.
//!
//! Nobody ever waits: a thread may be anywhere in here when its process forks.

use crate::primitive::{AtomicU32, AtomicU64, Ordering, UnsafeCell};
use std::fmt;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};

/// The state of a slot, in the low bits of its state; the generation is above.
const VACANT: u64 = 0;
const IDLE: u64 = 1;
const BUSY: u64 = 2;
/// Of a process that this one was forked from.
const INHERITED: u64 = 3;
const STATUS: u64 = 3;
const GENERATION: u32 = 2;

/// Why a slot does not give its object.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SlotError {
    /// There is no object of this generation any more.
    Unknown,
    /// Another thread is using it at this moment.
    Busy,
    /// The parent process made it.
    Inherited,
}

/// On cache lines of its own (they are fetched in pairs): each use writes the state, and another thread's object may be
/// in the next slot.
#[repr(align(128))]
pub struct Slot<T> {
    state: AtomicU64,
    /// The next free slot, by its index and 1; 0: none.
    next: AtomicU32,
    value: UnsafeCell<Option<T>>,
}

// SAFETY: the state gives the value to one thread at a time, with acquire and release.
unsafe impl<T: Send> Sync for Slot<T> {}

impl<T> Default for Slot<T> {
    fn default() -> Self {
        Self { state: AtomicU64::new(VACANT), next: AtomicU32::new(0), value: UnsafeCell::new(None) }
    }
}

impl<T> fmt::Debug for Slot<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Slot").field(&self.state).finish()
    }
}

impl<T> Slot<T> {
    /// Puts an object into a vacant slot. Returns the generation it is lent by; `None`: the slot is not vacant,
    /// and the object is dropped.
    pub fn fill(&self, value: T) -> Option<u64> {
        let vacant = self.state.load(Ordering::Relaxed);
        let generation = vacant >> GENERATION;
        let busy = generation << GENERATION | BUSY;
        if vacant & STATUS != VACANT
            || self.state.compare_exchange(vacant, busy, Ordering::Acquire, Ordering::Relaxed).is_err()
        {
            return None;
        }
        // SAFETY: busy, and nobody else was given the value.
        self.value.with_mut(|place| unsafe { *place = Some(value) });
        self.state.store(generation << GENERATION | IDLE, Ordering::Release);
        Some(generation)
    }

    /// Gives the object to the calling thread alone, until the guard is dropped.
    ///
    /// # Errors
    /// [`SlotError`].
    #[inline]
    pub fn borrow(&self, generation: u64) -> Result<Guard<'_, T>, SlotError> {
        let (idle, busy) = (generation << GENERATION | IDLE, generation << GENERATION | BUSY);
        match self.state.compare_exchange(idle, busy, Ordering::Acquire, Ordering::Relaxed) {
            Ok(_) => Ok(Guard { slot: self, idle, value: PhantomData }),
            Err(state) if state == busy => Err(SlotError::Busy),
            Err(state) if state == generation << GENERATION | INHERITED => Err(SlotError::Inherited),
            Err(_) => Err(SlotError::Unknown),
        }
    }

    /// Takes the object out; the slot is vacant then, and its next object of the generation `next`. An inherited object
    /// is left as it is, but forgotten: such a slot is not to be used again.
    ///
    /// # Errors
    /// [`SlotError`].
    pub fn take(&self, generation: u64, next: u64) -> Result<T, SlotError> {
        let vacant = next << GENERATION | VACANT;
        match self.borrow(generation) {
            Ok(guard) => {
                // SAFETY: the guard has the value to itself. It goes without a drop: the slot is not lent again.
                let value = self.value.with_mut(|place| unsafe { (*place).take() });
                std::mem::forget(guard);
                self.state.store(vacant, Ordering::Release);
                value.ok_or(SlotError::Unknown)
            }
            Err(SlotError::Inherited) => {
                self.state.store(vacant, Ordering::Relaxed);
                Err(SlotError::Inherited)
            }
            Err(wrong) => Err(wrong),
        }
    }

    /// In a process that was just forked: the object is its parent's.
    pub fn mark_inherited(&self) {
        let state = self.state.load(Ordering::Relaxed);
        if state & STATUS != VACANT {
            self.state.store(state & !STATUS | INHERITED, Ordering::Relaxed);
        }
    }
}

/// An object that the calling thread has to itself.
#[derive(Debug)]
pub struct Guard<'a, T> {
    slot: &'a Slot<T>,
    idle: u64,
    /// As a reference to the value: shared between threads only if the value may be.
    value: PhantomData<&'a mut T>,
}

impl<T> Drop for Guard<'_, T> {
    #[inline]
    fn drop(&mut self) {
        self.slot.state.store(self.idle, Ordering::Release);
    }
}

impl<T> Deref for Guard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: the guard has the value to itself. There is one: a slot is lent when it was filled, and no more when the
        // value was taken out.
        self.slot.value.with(|value| unsafe { (*value).as_ref().unwrap_unchecked() })
    }
}

impl<T> DerefMut for Guard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as in `deref`; and this borrow has the guard to itself.
        self.slot.value.with_mut(|value| unsafe { (*value).as_mut().unwrap_unchecked() })
    }
}

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
