//! Common bodies as a publisher makes them.

use super::{Common, Head, SUPPLY, give_up};
use crate::header::{LONGEST, encode};
use crate::primitive::Ordering;
use std::collections::VecDeque;
use std::ptr::{self, NonNull};

/// A publisher keeps bodies of so many bytes together.
const KEPT: usize = 4 << 20;

/// References to one body that are to be given out: counted all at once, so that each costs nothing.
#[derive(Debug)]
pub(crate) struct Supply {
    head: NonNull<Head>,
    /// How many are here, besides the supply's own.
    left: usize,
}

// SAFETY: as for `Common`, of which this is a number.
unsafe impl Send for Supply {}

impl Supply {
    fn with_room(size: usize) -> Self {
        Self { head: Head::allocate(size, SUPPLY), left: 0 }
    }

    fn head(&self) -> &Head {
        // SAFETY: it lives as long as there is a reference.
        unsafe { self.head.as_ref() }
    }

    /// Whether nobody else has a reference.
    fn is_alone(&self) -> bool {
        self.head().references.load(Ordering::Acquire) == SUPPLY + self.left
    }

    /// Whether its memory suits a body of so many bytes: it is not much larger either.
    fn suits(&self, size: usize) -> bool {
        let room = self.head().room as usize;
        (size..=2 * size).contains(&room)
    }

    /// Makes it a copy of `bytes`, the body of a frame with `flags`, with a reference for each of so many readers.
    ///
    /// # Safety
    /// It is alone, and has room for them.
    unsafe fn fill(&mut self, flags: u8, bytes: &[u8], readers: usize) {
        let mut header = [0; LONGEST];
        let len = encode(flags, bytes.len(), &mut header);
        self.left = readers;
        self.head().references.store(SUPPLY + readers, Ordering::Relaxed);
        self.head().touch(true);
        // SAFETY: by the contract nobody else looks at the memory, which has room for so many.
        unsafe {
            let body = self.head.add(1).cast::<u8>().as_ptr();
            (*self.head.as_ptr()).size = bytes.len() as u32;
            ptr::copy_nonoverlapping(header.as_ptr(), body.sub(len), len);
            ptr::copy_nonoverlapping(bytes.as_ptr(), body, bytes.len());
        }
    }

    #[inline]
    pub(crate) fn take(&mut self) -> Common {
        match self.left.checked_sub(1) {
            Some(left) => self.left = left,
            None => _ = self.head().references.fetch_add(1, Ordering::Relaxed),
        }
        Common(self.head)
    }

    /// Gives up what has not been given out.
    fn settle(&mut self) {
        if self.left > 0 {
            self.head().references.fetch_sub(self.left, Ordering::Release);
            self.left = 0;
        }
    }
}

impl Drop for Supply {
    fn drop(&mut self) {
        // SAFETY: so many references are this one's.
        unsafe { give_up(self.head, SUPPLY + self.left) };
    }
}

/// The last bodies that a publisher made. When all have read one, its memory serves the next: the allocator would be asked
/// in one thread and given back to in another, for each message.
#[derive(Debug, Default)]
pub(crate) struct Stock {
    bodies: VecDeque<Supply>,
    bytes: usize,
}

impl Stock {
    /// A copy of `bytes`, the body of a frame with `flags`, with a reference for each of so many readers.
    pub(crate) fn supply(&mut self, flags: u8, bytes: &[u8], readers: usize) -> Supply {
        let used = if self.bodies.front().is_some_and(Supply::is_alone) { self.pop() } else { None };
        let suitable = used.filter(|used| used.suits(bytes.len()));
        let mut supply = suitable.unwrap_or_else(|| Supply::with_room(bytes.len()));
        // SAFETY: it is fresh, or was found alone and suitable.
        unsafe { supply.fill(flags, bytes, readers) };
        supply
    }

    /// Keeps the body for later.
    pub(crate) fn take_back(&mut self, mut supply: Supply) {
        supply.settle();
        self.bytes += supply.head().room as usize;
        self.bodies.push_back(supply);
        while self.bytes > KEPT {
            self.pop();
        }
    }

    /// Keeps nothing any more.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    fn pop(&mut self) -> Option<Supply> {
        let oldest = self.bodies.pop_front()?;
        self.bytes -= oldest.head().room as usize;
        Some(oldest)
    }
}
