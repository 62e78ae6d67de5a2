//! A lock that either side may try: who fails leaves word, and who holds it hears of that when letting go.

use crate::primitive::{AtomicU8, Ordering, UnsafeCell};
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};

const FREE: u8 = 0;
const HELD: u8 = 1;
const PENDING: u8 = 2;

/// A value that one thread at a time may try to hold; nobody ever waits.
#[derive(Debug)]
pub struct TryLock<T> {
    state: AtomicU8,
    value: UnsafeCell<T>,
}

// SAFETY: the state word gives the value to one thread at a time.
unsafe impl<T: Send> Send for TryLock<T> {}
// SAFETY: as above.
unsafe impl<T: Send> Sync for TryLock<T> {}

impl<T> TryLock<T> {
    /// A free lock around `value`.
    pub fn new(value: T) -> Self {
        Self { state: AtomicU8::new(FREE), value: UnsafeCell::new(value) }
    }

    /// The lock, or word to its holder that something is left to do.
    pub fn try_lock(&self) -> Option<Held<'_, T>> {
        // Word is left by a swap even where it stands already: the holder's own swap then sees all that this
        // thread did before. Who finds the lock freed meanwhile holds it, with word to itself.
        let taken = self.state.compare_exchange(FREE, HELD, Ordering::Acquire, Ordering::Relaxed).is_ok()
            || self.state.swap(PENDING, Ordering::AcqRel) == FREE;
        taken.then(|| Held { lock: self, value: PhantomData })
    }
}

/// A held [`TryLock`]. Let go with [`Held::unlock`].
#[derive(Debug)]
pub struct Held<'a, T> {
    lock: &'a TryLock<T>,
    /// As a reference to the value: shared between threads only if the value may be.
    value: PhantomData<&'a mut T>,
}

impl<T> Held<'_, T> {
    /// Lets go. Returns whether somebody tried meanwhile: what it wanted to do is then the caller's to do or
    /// to pass on.
    #[must_use]
    pub fn unlock(self) -> bool {
        let lock = self.lock;
        std::mem::forget(self);
        lock.state.swap(FREE, Ordering::AcqRel) == PENDING
    }
}

impl<T> Drop for Held<'_, T> {
    fn drop(&mut self) {
        self.lock.state.swap(FREE, Ordering::AcqRel);
    }
}

impl<T> Deref for Held<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: the lock is held.
        self.lock.value.with(|value| unsafe { &*value })
    }
}

impl<T> DerefMut for Held<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: the lock is held, and by this borrow alone.
        self.lock.value.with_mut(|value| unsafe { &mut *value })
    }
}
