//! A lock that either side may try: a thread that fails leaves word, and the holder hears of that when letting go. The
//! word has room for claims, which are stated in the same step.

use crate::claim::{Claims, LOCK};
use crate::primitive::{AtomicU32, Ordering, UnsafeCell};
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};

const HELD: u32 = 1;
const CALLED: u32 = 2;

/// A value that one thread at a time may try to hold; nobody ever waits.
#[derive(Debug)]
pub struct TryLock<T> {
    word: AtomicU32,
    value: UnsafeCell<T>,
}

// SAFETY: the word gives the value to one thread at a time.
unsafe impl<T: Send> Send for TryLock<T> {}
// SAFETY: as above.
unsafe impl<T: Send> Sync for TryLock<T> {}

impl<T> TryLock<T> {
    /// A free lock around `value`, without claims.
    pub fn new(value: T) -> Self {
        Self { word: AtomicU32::new(0), value: UnsafeCell::new(value) }
    }

    /// The lock, or word to its holder that something is left to do.
    pub fn try_lock(&self) -> Option<Held<'_, T>> {
        self.try_lock_and(|claims, _| claims)
    }

    /// As [`TryLock::try_lock`], and the claims become what `claim` makes of them, to whom it is told whether the lock
    /// is free. Both happen at once.
    pub fn try_lock_and(&self, claim: impl Fn(Claims, bool) -> Claims) -> Option<Held<'_, T>> {
        // Word is left even where it stands already: the holder, which takes it, then sees all that this thread did before.
        let before = self.update(|word| {
            let free = word & HELD == 0;
            claim(Claims(word & !LOCK), free).0 | word & LOCK | if free { HELD } else { CALLED }
        });
        (before & HELD == 0).then(|| Held { lock: self, value: PhantomData })
    }

    /// The claims now.
    #[inline]
    pub fn claims(&self) -> Claims {
        Claims(self.word.load(Ordering::Acquire) & !LOCK)
    }

    /// Changes the claims, also while a thread has the lock. Returns those before.
    pub fn change(&self, mut claim: impl FnMut(Claims) -> Claims) -> Claims {
        Claims(self.update(|word| claim(Claims(word & !LOCK)).0 | word & LOCK) & !LOCK)
    }

    /// Always writes, so that a thread that sees the word sees all before it. Returns the word before.
    fn update(&self, mut next: impl FnMut(u32) -> u32) -> u32 {
        let mut before = self.word.load(Ordering::Relaxed);
        loop {
            match self.word.compare_exchange_weak(before, next(before), Ordering::AcqRel, Ordering::Relaxed) {
                Ok(_) => return before,
                Err(now) => before = now,
            }
        }
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
    /// Lets go. Returns whether another thread tried meanwhile: its work is then the caller's to do or to
    /// pass on.
    #[must_use]
    pub fn unlock(self) -> bool {
        let lock = self.lock;
        std::mem::forget(self);
        lock.word.fetch_and(!LOCK, Ordering::AcqRel) & CALLED != 0
    }

    /// As [`Held::unlock`], and the claims become what `claim` makes of them, at once. Returns those before, too.
    #[must_use]
    pub fn unlock_and(self, claim: impl Fn(Claims) -> Claims) -> (bool, Claims) {
        let lock = self.lock;
        std::mem::forget(self);
        let before = lock.update(|word| claim(Claims(word & !LOCK)).0);
        (before & CALLED != 0, Claims(before & !LOCK))
    }
}

impl<T> Drop for Held<'_, T> {
    fn drop(&mut self) {
        self.lock.word.fetch_and(!LOCK, Ordering::AcqRel);
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
