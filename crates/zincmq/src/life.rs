//! Numbers that name things, and the count of what still lives.

use queue::Signal;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Locks a mutex; a thread that panicked while it held it has left nothing half done here.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

static NEXT_ID: AtomicU64 = AtomicU64::new(1);

/// A number that names a socket, pipe or endpoint in this process.
pub(crate) fn fresh_id() -> u64 {
    NEXT_ID.fetch_add(1, Ordering::Relaxed)
}

/// A number nobody can guess.
pub(crate) fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

/// How many sockets live or linger.
#[derive(Debug, Default)]
pub(crate) struct WaitGroup(Mutex<Count>);

#[derive(Debug, Default)]
struct Count {
    alive: usize,
    /// Threads that wait until there is none.
    waiting: Vec<Arc<Signal>>,
}

impl WaitGroup {
    /// One more.
    pub(crate) fn begin(self: &Arc<Self>) -> WaitGuard {
        lock(&self.0).alive += 1;
        WaitGuard(self.clone())
    }

    /// Waits until there is none. Returns `false` if `interruptible` and a signal handler ran meanwhile.
    pub(crate) fn wait(&self, interruptible: bool) -> bool {
        let signal = Arc::new(Signal::default());
        lock(&self.0).waiting.push(signal.clone());
        let done = loop {
            signal.arm_thread();
            if lock(&self.0).alive == 0 {
                signal.disarm();
                break true;
            }
            if !signal.sleep(None) && interruptible {
                break false;
            }
        };
        lock(&self.0).waiting.retain(|other| !Arc::ptr_eq(other, &signal));
        done
    }
}

/// One socket that lives or lingers.
#[derive(Debug)]
pub(crate) struct WaitGuard(Arc<WaitGroup>);

impl Drop for WaitGuard {
    fn drop(&mut self) {
        let mut count = lock(&self.0.0);
        count.alive -= 1;
        if count.alive == 0 {
            count.waiting.iter().for_each(|signal| signal.notify());
        }
    }
}
