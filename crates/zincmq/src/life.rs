//! Numbers that name things, and the count of what still lives.

use queue::Signal;
use std::collections::HashSet;
use std::future::poll_fn;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Instant;

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

/// The sockets that live or linger, by number.
#[derive(Debug, Default)]
pub(crate) struct WaitGroup(Mutex<Living>);

#[derive(Debug, Default)]
struct Living {
    sockets: HashSet<u64>,
    /// Those who wait for an end.
    waiting: Vec<Arc<Signal>>,
}

/// How a wait has ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Waited {
    /// There is nothing left to wait for.
    Over,
    /// A signal handler ran meanwhile.
    Interrupted,
    /// The time is over.
    Late,
}

impl WaitGroup {
    /// One more.
    pub(crate) fn begin(self: &Arc<Self>, socket: u64) -> WaitGuard {
        lock(&self.0).sockets.insert(socket);
        WaitGuard { group: self.clone(), socket }
    }

    /// Waits until there is none, at most `until` then; if `interruptible`, until a signal handler runs.
    pub(crate) fn wait(&self, until: Option<Instant>, interruptible: bool) -> Waited {
        let place = self.enlist();
        loop {
            place.signal.arm_thread();
            let over = lock(&self.0).sockets.is_empty();
            if over || until.is_some_and(|until| Instant::now() >= until) {
                place.signal.disarm();
                return if over { Waited::Over } else { Waited::Late };
            }
            if !place.signal.sleep(until) && interruptible {
                return Waited::Interrupted;
            }
        }
    }

    /// As [`WaitGroup::wait`], as a task, for one socket.
    pub(crate) async fn wait_for(&self, socket: u64) {
        let place = self.enlist();
        poll_fn(|context| {
            place.signal.arm(Arc::new(context.waker().clone()));
            if lock(&self.0).sockets.contains(&socket) { Poll::Pending } else { Poll::Ready(()) }
        })
        .await;
    }

    fn enlist(&self) -> Place<'_> {
        let signal = Arc::new(Signal::default());
        lock(&self.0).waiting.push(signal.clone());
        Place { group: self, signal }
    }
}

/// The place of one who waits.
struct Place<'a> {
    group: &'a WaitGroup,
    signal: Arc<Signal>,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        lock(&self.group.0).waiting.retain(|other| !Arc::ptr_eq(other, &self.signal));
    }
}

/// One socket that lives or lingers.
#[derive(Debug)]
pub(crate) struct WaitGuard {
    group: Arc<WaitGroup>,
    socket: u64,
}

impl Drop for WaitGuard {
    fn drop(&mut self) {
        let mut living = lock(&self.group.0);
        living.sockets.remove(&self.socket);
        let waiting = living.waiting.clone();
        drop(living);
        // A task that is woken may do anything at once.
        waiting.iter().for_each(|signal| signal.notify());
    }
}
