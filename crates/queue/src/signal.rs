//! The word a waiter sleeps on. The waiter picks the form: a futex, or anything that can be woken by a call (an async
//! task, a descriptor, a poller that waits for several sockets).

use crate::primitive::{Arc, AtomicU32, AtomicUsize, Mutex, Ordering, fence};
use std::fmt;
#[cfg(not(loom))]
use std::time::Instant;

/// Nobody waits.
const AWAKE: u32 = 0;
/// A thread sleeps on the word itself.
const THREAD: u32 = 1;
/// Something else is to be called.
const OTHER: u32 = 2;

/// Something that can be woken, from any thread, any number of times.
pub trait Wake: Send + Sync {
    /// Wakes the waiter.
    fn wake(&self);
}

impl Wake for std::task::Waker {
    fn wake(&self) {
        self.wake_by_ref();
    }
}

impl Wake for Signal {
    fn wake(&self) {
        self.notify();
    }
}

/// One waiter's word: see the module.
#[derive(Default)]
pub struct Signal {
    state: AtomicU32,
    other: Mutex<Option<Arc<dyn Wake>>>,
    /// The address of what `other` holds, for the waiter alone: 0 for none.
    holds: AtomicUsize,
}

impl fmt::Debug for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signal({:?})", self.state)
    }
}

impl Signal {
    /// After a change that the waiter may wait for.
    #[inline]
    pub fn notify(&self) {
        fence(Ordering::SeqCst);
        if self.state.load(Ordering::Relaxed) != AWAKE {
            self.wake();
        }
    }

    #[cold]
    fn wake(&self) {
        match self.state.swap(AWAKE, Ordering::AcqRel) {
            #[cfg(not(loom))]
            THREAD => sys::futex_wake(&self.state),
            OTHER => {
                let other = self.other.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).clone();
                if let Some(other) = other {
                    other.wake();
                }
            }
            _ => {}
        }
    }

    /// Announces that a thread is about to sleep on the word. It must look once more for what it waits for,
    /// then call [`Signal::sleep`] or [`Signal::disarm`].
    pub fn arm_thread(&self) {
        self.state.swap(THREAD, Ordering::AcqRel);
        fence(Ordering::SeqCst);
    }

    /// Announces that `waker` is to be called at the next change, once. Look once more afterwards.
    pub fn arm(&self, waker: Arc<dyn Wake>) {
        self.replace(Some(waker));
        self.rearm();
    }

    /// As [`Signal::arm`], for a waker that is often the one that was given last: that costs no more than
    /// [`Signal::rearm`].
    pub fn arm_again<W: Wake + 'static>(&self, waker: &Arc<W>) {
        if self.holds.load(Ordering::Relaxed) != Arc::as_ptr(waker).addr() {
            self.replace(Some(waker.clone()));
        }
        self.rearm();
    }

    /// The old waker is dropped when the lock is free again: it may be the last of a task, whose end notifies this very
    /// signal.
    fn replace(&self, waker: Option<Arc<dyn Wake>>) {
        let address = waker.as_ref().map_or(0, |waker| Arc::as_ptr(waker).addr());
        self.holds.store(address, Ordering::Relaxed);
        let mut other = self.other.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let old = std::mem::replace(&mut *other, waker);
        drop(other);
        drop(old);
    }

    /// As [`Signal::arm`], with the waker that was given last.
    pub fn rearm(&self) {
        self.state.swap(OTHER, Ordering::AcqRel);
        fence(Ordering::SeqCst);
    }

    /// Nobody waits any more.
    pub fn disarm(&self) {
        // One that has not seen this yet wakes in vain, once; and the waiter looks again before it sleeps.
        self.state.store(AWAKE, Ordering::Release);
    }

    /// Forgets the waker.
    pub fn forget(&self) {
        self.disarm();
        self.replace(None);
    }

    /// Sleeps after [`Signal::arm_thread`] until notified, interrupted or `until`. Returns `false` only if a
    /// signal handler ran.
    #[cfg(not(loom))]
    pub fn sleep(&self, until: Option<Instant>) -> bool {
        let undisturbed = sys::futex_wait(&self.state, THREAD, until);
        self.disarm();
        undisturbed
    }
}
