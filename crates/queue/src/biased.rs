//! A lock for two ends that one thread at a time uses for long: that thread needs no locked instruction.
//!
//! The lock is a mutex until one thread has taken it many times in a row. Then it is biased to this thread, its *owner*,
//! which enters in two steps: it says that it is inside, and looks whether it is still the owner. Another thread takes the mutex,
//! ends the ownership and looks whether the owner is inside; if so, it sleeps until the owner is out. Between the two steps of
//! each side a fence is needed. The owner's is one of the compiler alone, since the other thread has the kernel make
//! all threads of the process pass a real one (membarrier(2)). That takes some microseconds, so a lock that was taken away stays a
//! mutex for a while.

use crate::primitive::{
    Arc, AtomicU32, AtomicU64, Mutex, MutexGuard, Ordering, UNNUMBERED, UnsafeCell, compiler_fence,
    fence_all, has_fences, number_thread, register_fences, this_thread,
};
use std::fmt;
use std::panic::RefUnwindSafe;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

/// The lock is biased to a thread that has taken it so often in a row.
const ROW: u32 = if cfg!(loom) { 1 } else { 256 };
/// No bias for so long after it was taken away.
const PAUSE: Duration = if cfg!(loom) { Duration::ZERO } else { Duration::from_millis(10) };
/// How often a thread looks whether the owner is out before it sleeps.
const LOOKS: u32 = if cfg!(loom) { 0 } else { 100 };

/// No thread has this number, and not even one that has none yet takes itself for the owner.
const NOBODY: u64 = u64::MAX;
const _: () = assert!(NOBODY != UNNUMBERED);
const OUT: u32 = 0;
const IN: u32 = 1;

/// One of the two ends: see the module. A thread that is inside by one must not enter by the other, nor wait for a thread that
/// does. Which of the two it is, its type says: so the place where its thread says that it is inside need not be worked out.
pub struct End<T, const SECOND: bool> {
    shared: Arc<Shared<T>>,
}

struct Shared<T> {
    /// The thread that enters without the mutex, or [`NOBODY`]. Another thread is written to it only under the mutex, by
    /// itself.
    owner: AtomicU64,
    /// Whether the owner is inside, by this end.
    inside: [Inside; 2],
    mutex: Mutex<History>,
    value: UnsafeCell<T>,
}

// SAFETY: `End` lends the value to one thread at a time, as `Shared::enter` and `Shared::lock` argue.
unsafe impl<T: Send> Sync for Shared<T> {}

// A thread that panics lets go, as of a mutex.
impl<T> RefUnwindSafe for Shared<T> {}

/// What tells whether a bias is worth it.
#[derive(Default)]
struct History {
    last: u64,
    row: u32,
    taken_away: Option<Instant>,
}

impl<T, const SECOND: bool> fmt::Debug for End<T, SECOND> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "End({})", u8::from(SECOND))
    }
}

impl<T> End<T, false> {
    /// Two ends of one value.
    pub fn two_of(value: T) -> (Self, End<T, true>) {
        register_fences();
        let shared = Arc::new(Shared {
            owner: AtomicU64::new(NOBODY),
            inside: [Inside::default(), Inside::default()],
            mutex: Mutex::default(),
            value: UnsafeCell::new(value),
        });
        (Self { shared: shared.clone() }, End { shared })
    }

    /// The value, if these are the ends of one.
    ///
    /// # Errors
    /// The ends, if they are not.
    pub fn join(self, other: End<T, true>) -> Result<T, (Self, End<T, true>)> {
        if !Arc::ptr_eq(&self.shared, &other.shared) {
            return Err((self, other));
        }
        drop(self);
        match Arc::try_unwrap(other.shared) {
            Ok(shared) => Ok(shared.value.into_inner()),
            // There is no third end that could keep it.
            Err(shared) => Err((Self { shared: shared.clone() }, End { shared })),
        }
    }
}

impl<T, const SECOND: bool> End<T, SECOND> {
    /// Waits until nobody is inside, then lends the value, and says whether no other thread has come for some time: so this one
    /// may stay inside a moment longer.
    #[inline(always)]
    pub fn with<R>(&mut self, act: impl FnOnce(&mut T, bool) -> R) -> R {
        let shared = &*self.shared;
        if !shared.enter::<SECOND>() {
            return shared.with_mutex(act);
        }
        let _stay = Stay::<_, SECOND>(shared);
        // SAFETY: this thread is inside, and the borrow of this end keeps it from entering by it once more.
        shared.value.with_mut(|value| act(unsafe { &mut *value }, true))
    }

    /// As [`End::with`], where others may use this end at the same time: the bias ends.
    pub fn with_shared<R>(&self, act: impl FnOnce(&mut T) -> R) -> R {
        self.shared.with_mutex(|value, _| act(value))
    }
}

impl<T> Shared<T> {
    /// Enters without the mutex, if this thread may. One call at a time for each end.
    #[inline(always)]
    fn enter<const SECOND: bool>(&self) -> bool {
        let this = this_thread();
        if self.owner.load(Ordering::Relaxed) != this {
            return false;
        }
        self.inside[usize::from(SECOND)].0.store(IN, Ordering::Relaxed);
        compiler_fence(Ordering::SeqCst);
        // Either this load sees that the ownership has ended, or the thread that ended it sees this one inside. This very thread may be
        // inside by the other end, where somebody's code runs under the lock.
        let enters = self.owner.load(Ordering::Relaxed) == this
            && self.inside[usize::from(!SECOND)].0.load(Ordering::Relaxed) == OUT;
        if !enters {
            self.leave::<SECOND>();
        }
        enters
    }

    #[inline(always)]
    fn leave<const SECOND: bool>(&self) {
        let inside = &self.inside[usize::from(SECOND)];
        inside.0.store(OUT, Ordering::Release);
        compiler_fence(Ordering::SeqCst);
        // Likewise: the thread that ended the ownership may sleep, or finds that this one is out.
        if self.owner.load(Ordering::Relaxed) == NOBODY {
            inside.wake();
        }
    }

    #[inline(never)]
    fn with_mutex<R>(&self, act: impl FnOnce(&mut T, bool) -> R) -> R {
        let _turn = self.lock(number_thread());
        // SAFETY: this thread has the mutex, and no owner is inside.
        self.value.with_mut(|value| act(unsafe { &mut *value }, false))
    }

    /// Enters with the mutex.
    fn lock(&self, this: u64) -> Turn<'_, T> {
        let mut history = self.mutex.lock().unwrap_or_else(PoisonError::into_inner);
        let owner = self.owner.load(Ordering::Relaxed);
        if owner != NOBODY {
            self.owner.store(NOBODY, Ordering::Relaxed);
            if owner != this {
                history.taken_away = Some(Instant::now());
            }
            // An earlier owner may be on its way out again, and is to see that it must wake this thread.
            if owner != this || self.inside.iter().any(Inside::is_in) {
                fence_all();
                self.inside.iter().for_each(Inside::await_out);
            }
        }
        history.row = if history.last == this { history.row + 1 } else { 0 };
        history.last = this;
        Turn { shared: self, history }
    }
}

impl History {
    /// Whether the lock is the last thread's from now on.
    #[inline]
    fn is_lonely(&mut self) -> bool {
        if self.row < ROW {
            return false;
        }
        self.row = 0;
        has_fences() && self.taken_away.is_none_or(|then| then.elapsed() >= PAUSE)
    }
}

/// The owner is inside by an end, until this goes.
struct Stay<'a, T, const SECOND: bool>(&'a Shared<T>);

impl<T, const SECOND: bool> Drop for Stay<'_, T, SECOND> {
    #[inline(always)]
    fn drop(&mut self) {
        self.0.leave::<SECOND>();
    }
}

/// A thread is inside with the mutex, until this goes.
struct Turn<'a, T> {
    shared: &'a Shared<T>,
    history: MutexGuard<'a, History>,
}

impl<T> Drop for Turn<'_, T> {
    fn drop(&mut self) {
        if self.history.is_lonely() {
            self.shared.owner.store(self.history.last, Ordering::Relaxed);
        }
    }
}

/// Whether the owner is inside; a thread that waits for its leaving sleeps here.
#[derive(Debug, Default)]
struct Inside(AtomicU32, #[cfg(loom)] loom::sync::atomic::AtomicBool);

impl Inside {
    #[inline]
    fn is_in(&self) -> bool {
        self.0.load(Ordering::Acquire) != OUT
    }

    fn await_out(&self) {
        for _ in 0..LOOKS {
            if !self.is_in() {
                return;
            }
            std::hint::spin_loop();
        }
        while self.is_in() {
            self.sleep();
        }
    }

    #[cfg(not(loom))]
    fn sleep(&self) {
        // Woken or interrupted, the caller looks again.
        _ = sys::futex_wait(&self.0, IN, None);
    }

    #[cfg(not(loom))]
    #[cold]
    #[inline(never)]
    fn wake(&self) {
        sys::futex_wake(&self.0);
    }

    /// As the kernel does it: one who finds the word unchanged is not missed by a wake-up that comes later.
    #[cfg(loom)]
    fn sleep(&self) {
        while !self.1.swap(false, Ordering::AcqRel) {
            loom::thread::yield_now();
        }
    }

    #[cfg(loom)]
    fn wake(&self) {
        self.1.swap(true, Ordering::AcqRel);
    }
}
