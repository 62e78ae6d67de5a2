//! Handles: the `void *` that C holds is no address but a number, looked up here before it is believed.
//!
//! A handle names a slot and the slot's generation. Slots are never freed, so looking one up reads memory that is
//! there, whatever C hands over; a handle that was closed has an old generation. The bits are chosen so that no
//! pointer to an object equals a handle: handles are odd, and lie where no Linux maps memory of its own accord.

use std::cell::UnsafeCell;
use std::ffi::c_void;
use std::ops::{Deref, DerefMut};
use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, Ordering};

#[cfg(not(target_pointer_width = "64"))]
compile_error!("handles are made for 64 bits");

/// Bit 0 is set; then the kind, the index and the generation; then the tag.
const KIND_AT: u32 = 1;
const INDEX_AT: u32 = 5;
const GENERATION_AT: u32 = 25;
const TAG_AT: u32 = 44;
const INDEX_MASK: usize = (1 << (GENERATION_AT - INDEX_AT)) - 1;
const GENERATION_MASK: u64 = (1 << (TAG_AT - GENERATION_AT)) - 1;

const CHUNK: usize = 1024;
const CHUNKS: usize = (INDEX_MASK + 1) / CHUNK;

/// What a slot is, in the low bits of its state; the generation is above.
const VACANT: u64 = 0;
const IDLE: u64 = 1;
const BUSY: u64 = 2;
/// Of a process that this one was forked from.
const INHERITED: u64 = 3;
const STATUS: u64 = 3;
const GENERATION: u32 = 2;

/// Why a handle was not believed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Wrong {
    /// It is none, or was closed.
    Unknown,
    /// Another thread is using it at this moment.
    Busy,
    /// The parent process made it.
    Inherited,
}

/// On cache lines of its own (they are fetched in pairs): each call of one thread writes the state of its socket, and
/// another thread's socket may be in the next slot.
#[derive(Debug)]
#[repr(align(128))]
struct Slot<T> {
    state: AtomicU64,
    /// The next free slot, by its index and 1; 0: none.
    next: AtomicU32,
    value: UnsafeCell<Option<T>>,
}

/// All objects of one kind that C has handles to.
#[derive(Debug)]
pub(crate) struct Table<T> {
    tag: usize,
    chunks: [AtomicPtr<Slot<T>>; CHUNKS],
    /// Slots that have been taken at some time.
    taken: AtomicU32,
    /// The first free slot, by its index and 1, below a count of changes.
    free: AtomicU64,
}

// SAFETY: a slot's state gives its value to one thread at a time, with acquire and release.
unsafe impl<T: Send> Sync for Table<T> {}

impl<T> Table<T> {
    /// A table for handles of this kind: a number below 16, different for each table.
    pub(crate) const fn new(kind: usize) -> Self {
        Self {
            tag: 1 << TAG_AT | kind << KIND_AT | 1,
            chunks: [const { AtomicPtr::new(ptr::null_mut()) }; CHUNKS],
            taken: AtomicU32::new(0),
            free: AtomicU64::new(0),
        }
    }

    /// Takes an object in. `None`: there are as many as there may be.
    pub(crate) fn insert(&self, value: T) -> Option<*mut c_void> {
        let index = self.pop_free().or_else(|| self.take_fresh())?;
        let slot = self.slot(index)?;
        let generation = slot.state.load(Ordering::Relaxed) >> GENERATION;
        // SAFETY: a slot that is vacant and on no list is this thread's.
        unsafe { *slot.value.get() = Some(value) };
        slot.state.store(generation << GENERATION | IDLE, Ordering::Release);
        let number = self.tag | index << INDEX_AT | (generation as usize) << GENERATION_AT;
        Some(ptr::without_provenance_mut(number))
    }

    /// Gives the object to the calling thread alone, until the guard is dropped.
    #[inline]
    pub(crate) fn borrow(&self, handle: *mut c_void) -> Result<Guard<'_, T>, Wrong> {
        let (slot, generation) = self.find(handle).ok_or(Wrong::Unknown)?;
        let (idle, busy) = (generation << GENERATION | IDLE, generation << GENERATION | BUSY);
        match slot.state.compare_exchange(idle, busy, Ordering::Acquire, Ordering::Relaxed) {
            Ok(_) => Ok(Guard { slot, idle }),
            Err(state) if state == busy => Err(Wrong::Busy),
            Err(state) if state == generation << GENERATION | INHERITED => Err(Wrong::Inherited),
            Err(_) => Err(Wrong::Unknown),
        }
    }

    /// Takes the object out: the handle is none any more. What was inherited is left as it is, but forgotten.
    pub(crate) fn remove(&self, handle: *mut c_void) -> Result<T, Wrong> {
        let (slot, generation) = self.find(handle).ok_or(Wrong::Unknown)?;
        let vacant = ((generation + 1) & GENERATION_MASK) << GENERATION | VACANT;
        match self.borrow(handle) {
            Ok(guard) => {
                // SAFETY: the guard gives the value to this thread.
                let value = unsafe { (*slot.value.get()).take() };
                std::mem::forget(guard);
                slot.state.store(vacant, Ordering::Release);
                self.push_free(index_of(handle), slot);
                value.ok_or(Wrong::Unknown)
            }
            Err(Wrong::Inherited) => {
                // The slot is not used again: its object is still in it.
                slot.state.store(vacant, Ordering::Relaxed);
                Err(Wrong::Inherited)
            }
            Err(wrong) => Err(wrong),
        }
    }

    /// In a process that was just forked: its objects are its parent's.
    pub(crate) fn disown(&self) {
        for index in 0..self.taken.load(Ordering::Relaxed) as usize {
            let Some(slot) = self.slot(index) else { return };
            let state = slot.state.load(Ordering::Relaxed);
            if state & STATUS != VACANT {
                slot.state.store(state & !STATUS | INHERITED, Ordering::Relaxed);
            }
        }
    }

    #[inline]
    fn find(&self, handle: *mut c_void) -> Option<(&Slot<T>, u64)> {
        let number = handle.addr();
        let known = number & !(INDEX_MASK << INDEX_AT | (GENERATION_MASK as usize) << GENERATION_AT);
        if known != self.tag {
            return None;
        }
        let generation = (number >> GENERATION_AT) as u64 & GENERATION_MASK;
        self.slot(index_of(handle)).map(|slot| (slot, generation))
    }

    #[inline]
    fn slot(&self, index: usize) -> Option<&Slot<T>> {
        let chunk = self.chunks.get(index / CHUNK)?.load(Ordering::Acquire);
        // SAFETY: a chunk that is there has CHUNK slots, and is never freed.
        (!chunk.is_null()).then(|| unsafe { &*chunk.add(index % CHUNK) })
    }

    /// A slot that was never used.
    fn take_fresh(&self) -> Option<usize> {
        let next = |taken| ((taken as usize) < CHUNK * CHUNKS).then_some(taken + 1);
        let index = self.taken.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next).ok()? as usize;
        let place = self.chunks.get(index / CHUNK)?;
        if place.load(Ordering::Acquire).is_null() {
            let fresh: Box<[Slot<T>]> = (0..CHUNK).map(|_| Slot::default()).collect();
            let fresh = Box::into_raw(fresh);
            let first = fresh.cast::<Slot<T>>();
            let null = ptr::null_mut();
            if place.compare_exchange(null, first, Ordering::AcqRel, Ordering::Relaxed).is_err() {
                // SAFETY: nobody else has seen it.
                drop(unsafe { Box::from_raw(fresh) });
            }
        }
        Some(index)
    }

    /// No lock: a thread may be anywhere in here when the process forks.
    fn pop_free(&self) -> Option<usize> {
        let mut head = self.free.load(Ordering::Acquire);
        loop {
            let index = (head as u32).checked_sub(1)? as usize;
            let next = u64::from(self.slot(index)?.next.load(Ordering::Relaxed));
            let changed = (head >> 32).wrapping_add(1) << 32 | next;
            match self.free.compare_exchange_weak(head, changed, Ordering::Acquire, Ordering::Acquire) {
                Ok(_) => return Some(index),
                Err(now) => head = now,
            }
        }
    }

    fn push_free(&self, index: usize, slot: &Slot<T>) {
        let mut head = self.free.load(Ordering::Relaxed);
        loop {
            slot.next.store(head as u32, Ordering::Relaxed);
            let changed = (head >> 32).wrapping_add(1) << 32 | (index as u64 + 1);
            match self.free.compare_exchange_weak(head, changed, Ordering::Release, Ordering::Relaxed) {
                Ok(_) => return,
                Err(now) => head = now,
            }
        }
    }
}

impl<T> Default for Slot<T> {
    fn default() -> Self {
        Self { state: AtomicU64::new(VACANT), next: AtomicU32::new(0), value: UnsafeCell::new(None) }
    }
}

fn index_of(handle: *mut c_void) -> usize {
    handle.addr() >> INDEX_AT & INDEX_MASK
}

/// An object that the calling thread has to itself.
#[derive(Debug)]
pub(crate) struct Guard<'a, T> {
    slot: &'a Slot<T>,
    idle: u64,
}

impl<T> Drop for Guard<'_, T> {
    #[inline]
    fn drop(&mut self) {
        self.slot.state.store(self.idle, Ordering::Release);
    }
}

impl<T> Deref for Guard<'_, T> {
    type Target = Option<T>;

    #[inline]
    fn deref(&self) -> &Option<T> {
        // SAFETY: the guard has the value to itself.
        unsafe { &*self.slot.value.get() }
    }
}

impl<T> DerefMut for Guard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut Option<T> {
        // SAFETY: the guard has the value to itself, and this borrow the guard.
        unsafe { &mut *self.slot.value.get() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Tables are static: what they hold is never freed.

    #[test]
    fn a_handle_names_one_object_until_it_is_removed() {
        static TABLE: Table<i32> = Table::new(3);
        let table = &TABLE;
        let (one, two) = (table.insert(1).unwrap(), table.insert(2).unwrap());
        assert_eq!(*table.borrow(one).unwrap(), Some(1));
        assert_eq!(table.remove(one), Ok(1));
        assert_eq!(table.remove(one), Err(Wrong::Unknown));
        let three = table.insert(3).unwrap();
        assert_ne!(one, three, "the slot is used again, the handle is not");
        assert_eq!(table.borrow(one).unwrap_err(), Wrong::Unknown);
        assert_eq!((table.remove(two), table.remove(three)), (Ok(2), Ok(3)));
    }

    #[test]
    fn what_is_no_handle_is_refused() {
        static TABLES: [Table<i32>; 2] = [Table::new(3), Table::new(4)];
        let [table, other] = &TABLES;
        let handle = table.insert(1).unwrap();
        other.insert(2).unwrap();
        let null: *mut c_void = ptr::null_mut();
        let forged = handle.wrapping_byte_add(1 << INDEX_AT);
        for wrong in [null, (&raw const null).cast_mut().cast(), forged, handle.wrapping_byte_add(1)] {
            assert_eq!(table.borrow(wrong).unwrap_err(), Wrong::Unknown);
        }
        assert_eq!(other.borrow(handle).unwrap_err(), Wrong::Unknown);
    }

    #[test]
    fn one_user_at_a_time() {
        static TABLE: Table<i32> = Table::new(0);
        let table = &TABLE;
        let handle = table.insert(1).unwrap();
        let guard = table.borrow(handle).unwrap();
        assert_eq!(table.borrow(handle).unwrap_err(), Wrong::Busy);
        assert_eq!(table.remove(handle), Err(Wrong::Busy));
        drop(guard);
        assert_eq!(table.remove(handle), Ok(1));
    }

    #[test]
    fn what_was_inherited_can_only_be_forgotten() {
        static TABLE: Table<i32> = Table::new(0);
        let table = &TABLE;
        let handle = table.insert(1).unwrap();
        table.disown();
        assert_eq!(table.borrow(handle).unwrap_err(), Wrong::Inherited);
        assert_eq!(table.remove(handle), Err(Wrong::Inherited));
        assert_eq!(table.remove(handle), Err(Wrong::Unknown));
        assert_ne!(table.insert(2).unwrap(), handle);
    }

    #[test]
    fn threads_share_the_free_list() {
        static TABLE: Table<i32> = Table::new(0);
        std::thread::scope(|scope| {
            for number in 0..4 {
                let table = &TABLE;
                scope.spawn(move || {
                    for _ in 0..2000 {
                        let handle = table.insert(number).unwrap();
                        assert_eq!(table.remove(handle), Ok(number));
                    }
                });
            }
        });
    }
}
