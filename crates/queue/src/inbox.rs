//! One reader's list of activated pipes and commands, in one order, and the signal beside it.

use crate::primitive::{AtomicBool, Mutex, Ordering};
use crate::signal::Signal;
use std::collections::VecDeque;
use std::fmt;

/// One that the other end of a pipe tells. `key` is what that end was attached with.
pub trait Notify: Send + Sync + fmt::Debug {
    /// There is something to read.
    fn readable(&self, key: u64);
    /// There is room to write.
    fn writable(&self, key: u64);
}

/// One entry of an [`Inbox`].
#[derive(Debug)]
pub enum Item<C> {
    /// The pipe of this key has something to read.
    Readable(u64),
    /// The pipe of this key has room to write.
    Writable(u64),
    /// A command.
    Command(C),
}

/// So many entries have room at all times; what a burst needs beyond them is given back.
pub const KEPT_ROOM: usize = 64;

/// Many writers, one reader. Commands and activations keep their order: a pipe's attachment comes before its
/// first activation. A pipe is listed only when its end has rested, so the lock is not on the way of messages.
#[derive(Debug)]
pub struct Inbox<C> {
    /// None once the reader has gone.
    items: Mutex<Option<VecDeque<Item<C>>>>,
    pending: AtomicBool,
    signal: Signal,
}

impl<C> Default for Inbox<C> {
    fn default() -> Self {
        Self {
            items: Mutex::new(Some(VecDeque::new())),
            pending: AtomicBool::new(false),
            signal: Signal::default(),
        }
    }
}

impl<C> Inbox<C> {
    /// Adds an item and wakes the reader if it sleeps; drops it if the reader has gone.
    pub fn push(&self, item: Item<C>) {
        // Dropping an item may tell others, which must not happen under the lock.
        if self.put(item).is_none() {
            self.signal.notify();
        }
    }

    /// As [`Inbox::push`], but wakes nobody: a [`Signal::notify`] must follow. Returns the item if the reader has gone.
    pub fn put(&self, item: Item<C>) -> Option<Item<C>> {
        let mut guard = self.items.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let Some(items) = &mut *guard else { return Some(item) };
        items.push_back(item);
        self.pending.store(true, Ordering::Release);
        None
    }

    /// The reader goes: items in the inbox, and all that come later, are dropped.
    pub fn close(&self) {
        let items = self.items.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).take();
        drop(items);
    }

    /// Whether there is something in it; one load.
    #[inline]
    #[must_use]
    pub fn is_pending(&self) -> bool {
        self.pending.load(Ordering::Acquire)
    }

    /// Moves everything in it to the end of `into`.
    pub fn take_all(&self, into: &mut VecDeque<Item<C>>) {
        if !self.is_pending() {
            return;
        }
        let mut guard = self.items.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some(items) = &mut *guard {
            into.append(items);
            items.shrink_to(KEPT_ROOM);
        }
        self.pending.store(false, Ordering::Release);
    }

    /// How the reader sleeps.
    #[must_use]
    pub fn signal(&self) -> &Signal {
        &self.signal
    }
}

impl<C: Send + fmt::Debug> Notify for Inbox<C> {
    fn readable(&self, key: u64) {
        self.push(Item::Readable(key));
    }

    fn writable(&self, key: u64) {
        self.push(Item::Writable(key));
    }
}
