//! Numbers that name things, and the count of what still lives.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

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
pub(crate) struct Living {
    count: Mutex<usize>,
    none: Condvar,
}

impl Living {
    /// One more.
    pub(crate) fn begin(self: &Arc<Self>) -> Life {
        *lock(&self.count) += 1;
        Life(self.clone())
    }

    /// Waits until there is none.
    pub(crate) fn wait(&self) {
        let mut count = lock(&self.count);
        while *count > 0 {
            count = self.none.wait(count).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// One socket that lives or lingers.
#[derive(Debug)]
pub(crate) struct Life(Arc<Living>);

impl Drop for Life {
    fn drop(&mut self) {
        let mut count = lock(&self.0.count);
        *count -= 1;
        if *count == 0 {
            self.0.none.notify_all();
        }
    }
}
