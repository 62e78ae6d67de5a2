//! Memory for bodies that are too large for a segment. It is kept for the next body for a while, since fresh pages cost as
//! much as to copy a body into them.
//!
//! All of a process share it, so that it follows the traffic wherever that goes.

use bytes::Bytes;
use std::collections::TryReserveError;
use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, PoisonError};

/// The capacity of the smallest buffers that are kept; each class has twice that of the one before.
const SMALLEST: usize = 64 << 10;
const CLASSES: usize = 9;
/// Smaller bodies lie in segments.
const LEAST: usize = 60 << 10;
/// All classes together keep so many bytes that nobody uses.
const KEPT: usize = 32 << 20;
/// A buffer begins with at most so much, whatever its body is said to become.
const STEP: usize = 1 << 20;

static STORE: Mutex<Store> =
    Mutex::new(Store { lists: [const { Vec::new() }; CLASSES], least: [0; CLASSES], bytes: 0 });

/// Bytes of a large message that are filled in place and sent without a copy.
///
/// The memory is that of messages that were sent or received before, where there is some, and is used again afterwards. So a
/// program that sends one large message after the other neither asks the system for memory nor gives any back. It reads
/// and grows as the [`Vec`] that it is. From 64 KiB to 16 MiB it pays off; smaller messages are best sent as slices.
#[derive(Debug, Default)]
pub struct Buffer(Vec<u8>);

impl Buffer {
    /// An empty buffer with room for at least so many bytes.
    #[must_use]
    pub fn with_capacity(size: usize) -> Self {
        Self(warm(size).unwrap_or_else(|| Vec::with_capacity(room_for(size))))
    }
}

impl Deref for Buffer {
    type Target = Vec<u8>;

    fn deref(&self) -> &Vec<u8> {
        &self.0
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut Vec<u8> {
        &mut self.0
    }
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl From<Buffer> for Bytes {
    fn from(buffer: Buffer) -> Self {
        Self::from_owner(buffer)
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        if self.0.capacity() >= SMALLEST {
            // Freed without the lock, if at all.
            let refused = with_store(|store| store.give(std::mem::take(&mut self.0)));
            drop(refused);
        }
    }
}

/// The buffers that nobody uses.
#[derive(Debug)]
struct Store {
    lists: [Vec<Vec<u8>>; CLASSES],
    /// The least number of them since the last [`trim`]: these were not needed.
    least: [usize; CLASSES],
    bytes: usize,
}

impl Store {
    fn take(&mut self, class: usize) -> Option<Vec<u8>> {
        let buffer = self.lists[class].pop()?;
        self.bytes -= buffer.capacity();
        self.least[class] = self.least[class].min(self.lists[class].len());
        Some(buffer)
    }

    /// Keeps the buffer, if it is of a class and there is room.
    fn give(&mut self, mut buffer: Vec<u8>) -> Result<(), Vec<u8>> {
        let capacity = buffer.capacity();
        match class_of(capacity).filter(|&class| capacity_of(class) == capacity) {
            Some(class) if self.bytes + capacity <= KEPT => {
                buffer.clear();
                self.lists[class].push(buffer);
                self.bytes += capacity;
                Ok(())
            }
            _ => Err(buffer),
        }
    }

    /// Takes out what was not needed since the last time.
    fn trim(&mut self) -> Vec<Vec<u8>> {
        let mut unneeded = Vec::new();
        for (list, least) in self.lists.iter_mut().zip(&mut self.least) {
            unneeded.extend(list.drain(..*least));
            *least = list.len();
        }
        self.bytes -= unneeded.iter().map(Vec::capacity).sum::<usize>();
        unneeded
    }
}

/// Whether a body of so many bytes does not fit a segment, or hardly.
#[must_use]
pub const fn is_large(size: usize) -> bool {
    size >= LEAST
}

/// Whether the memory of a body of so many bytes is kept when it is not needed any more.
#[must_use]
pub fn is_kept(size: usize) -> bool {
    is_large(size) && size <= capacity_of(CLASSES - 1)
}

/// A buffer with room for all of a body of so many bytes, which nobody has checked.
///
/// # Errors
/// [`TryReserveError`] if there is not so much memory.
pub fn whole(size: usize) -> Result<Buffer, TryReserveError> {
    if let Some(warm) = warm(size) {
        return Ok(Buffer(warm));
    }
    let mut fresh = Vec::new();
    fresh.try_reserve_exact(room_for(size))?;
    Ok(Buffer(fresh))
}

/// Memory for a body of so many bytes, if some that was kept is there.
fn warm(size: usize) -> Option<Vec<u8>> {
    let class = class_of(size).filter(|_| is_kept(size))?;
    with_store(|store| store.take(class))
}

/// The smallest class that holds so many bytes.
fn class_of(size: usize) -> Option<usize> {
    (0..CLASSES).find(|&class| size <= capacity_of(class))
}

fn capacity_of(class: usize) -> usize {
    SMALLEST << class
}

fn with_store<R>(f: impl FnOnce(&mut Store) -> R) -> R {
    f(&mut STORE.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Gives back what was not needed since the last call. Returns whether something is still kept.
pub fn trim() -> bool {
    let (unneeded, rest) = with_store(|store| (store.trim(), store.bytes > 0));
    drop(unneeded);
    rest
}

/// The capacity of the buffer for a body of so many bytes.
fn room_for(size: usize) -> usize {
    class_of(size).filter(|_| is_kept(size)).map_or(size, capacity_of)
}

/// A buffer for a body that will have `size` bytes: a warm one, or a fresh one that has room for some of it.
pub(crate) fn buffer(size: usize) -> Result<Vec<u8>, TryReserveError> {
    if let Some(warm) = class_of(size).and_then(|class| with_store(|store| store.take(class))) {
        return Ok(warm);
    }
    let mut fresh = Vec::new();
    fresh.try_reserve_exact(room_for(size).min(STEP))?;
    Ok(fresh)
}

/// Makes room for more in a buffer that is full: twice as much, no more than its body will need. One that has hardly begun
/// becomes as [`buffer`] has it.
pub(crate) fn grow(buffer: &mut Vec<u8>, size: usize) -> Result<(), TryReserveError> {
    let len = buffer.len();
    if len < LEAST {
        let mut larger = self::buffer(size)?;
        larger.extend_from_slice(buffer);
        *buffer = larger;
        return Ok(());
    }
    buffer.try_reserve_exact((room_for(size) - len).min(len.max(STEP)))
}

/// The buffer as shared bytes; it is kept when the last reference goes.
pub(crate) fn share(buffer: Vec<u8>) -> Bytes {
    Bytes::from_owner(Buffer(buffer))
}

/// A copy that is shared.
pub(crate) fn copy(bytes: &[u8]) -> Bytes {
    if !is_kept(bytes.len()) {
        return Bytes::copy_from_slice(bytes);
    }
    let Ok(mut copy) = buffer(bytes.len()) else { return Bytes::copy_from_slice(bytes) };
    copy.extend_from_slice(bytes);
    share(copy)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store() -> Store {
        Store { lists: Default::default(), least: [0; CLASSES], bytes: 0 }
    }

    #[test]
    fn a_buffer_is_used_again_for_its_class() {
        let mut store = store();
        assert!(store.give(Vec::with_capacity(SMALLEST)).is_ok());
        assert!(store.give(Vec::with_capacity(2 * SMALLEST)).is_ok());
        assert_eq!(class_of(SMALLEST + 1), Some(1));
        assert_eq!(store.take(1).unwrap().capacity(), 2 * SMALLEST);
        assert!(store.take(1).is_none());
        assert_eq!(store.bytes, SMALLEST);
    }

    #[test]
    fn what_is_of_no_class_or_too_much_is_not_kept() {
        let mut store = store();
        assert!(store.give(Vec::with_capacity(SMALLEST + 1)).is_err());
        assert!(store.give(Vec::with_capacity(capacity_of(CLASSES - 1) * 2)).is_err());
        let largest = capacity_of(CLASSES - 1);
        let kept = (0..10).take_while(|_| store.give(Vec::with_capacity(largest)).is_ok()).count();
        assert_eq!(kept, KEPT / largest);
        assert!(store.bytes <= KEPT);
    }

    #[test]
    fn what_was_not_needed_goes_at_the_second_trim() {
        let mut store = store();
        for _ in 0..3 {
            store.give(Vec::with_capacity(SMALLEST)).unwrap();
        }
        assert!(store.trim().is_empty(), "they came since the last time");
        let used = store.take(0).unwrap();
        store.give(used).unwrap();
        assert_eq!(store.trim().len(), 2);
        assert_eq!(store.trim().len(), 1);
        assert_eq!(store.bytes, 0);
    }

    #[test]
    fn a_large_claim_gets_little_and_grows_with_what_comes() {
        let size = 1 << 40;
        let mut buffer = buffer(size).unwrap();
        assert_eq!(buffer.capacity(), STEP);
        buffer.resize(STEP, 1);
        grow(&mut buffer, size).unwrap();
        assert_eq!(buffer.capacity(), 2 * STEP);
        buffer.resize(2 * STEP, 1);
        grow(&mut buffer, 2 * STEP + 10).unwrap();
        assert_eq!(buffer.capacity(), room_for(2 * STEP + 10));
    }

    #[test]
    fn a_buffer_that_was_sent_is_filled_again() {
        let size = capacity_of(CLASSES - 2);
        let mut first = Buffer::with_capacity(size);
        first.resize(size, 1);
        let place = first.as_ptr();
        let sent = Bytes::from(first);
        assert_eq!((sent.len(), sent.as_ptr()), (size, place));
        drop(sent);
        let second = Buffer::with_capacity(size - 1);
        assert!(second.is_empty());
        assert_eq!(second.as_ptr(), place);
        assert!(Buffer::with_capacity(10).capacity() < 100);
    }

    #[test]
    fn copies_hold_what_was_copied() {
        for size in [0, 1, LEAST - 1, LEAST, SMALLEST, STEP + 1, capacity_of(CLASSES - 1) + 1] {
            let bytes: Vec<u8> = (0..size).map(|n| (n % 251) as u8).collect();
            let copy = copy(&bytes);
            assert_eq!(copy.slice(size / 2..), bytes[size / 2..]);
            drop(copy);
        }
    }
}
