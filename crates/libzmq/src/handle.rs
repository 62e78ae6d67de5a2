//! Handles: the `void *` that C holds is looked up here before it is believed.
//!
//! A handle names a slot and the slot's generation: it is the address of one of the slot's *faces*, of which each
//! generation has its own. Neither slots nor faces are ever freed, and only this module knows what is at their addresses,
//! so no pointer to an object equals a handle, and a handle that was closed has an old generation.
//!
//! Programs read what a socket's handle points to. CZMQ does, to tell its own objects, descriptors and sockets apart: a
//! face must be there to be read, and be neither a tag of CZMQ's nor the number of a descriptor.

pub(crate) use queue::{Guard, SlotError};

use crate::fork::Inherited;
use queue::{FreeList, Slot};
use std::ffi::c_void;
use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, Ordering};

/// The number that is read at a handle: as a descriptor, -1.
const CELL_VALUE: u64 = u64::MAX;
/// Faces of a slot: after so many objects a handle comes again.
const GENERATIONS: usize = 2048;
/// Slots that are made at once, with their faces: 4 MiB of addresses, of which a slot that is used takes a page.
const CHUNK: usize = 256;
const CHUNKS: usize = 256;

/// Slots and their faces.
struct Chunk<T> {
    cells: [[AtomicU64; GENERATIONS]; CHUNK],
    slots: [Slot<T>; CHUNK],
}

impl<T> Chunk<T> {
    /// A new one, never to be freed. NULL: there is no memory.
    fn make() -> *mut Self {
        let (size, access) = (size_of::<Self>(), libc::PROT_READ | libc::PROT_WRITE);
        let how = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
        const { assert!(align_of::<Self>() <= 4096) };
        // SAFETY: new memory, at the beginning of a page; the zeros in it are valid faces, and slots are written before
        // anybody sees them.
        unsafe {
            let memory = libc::mmap(ptr::null_mut(), size, access, how, -1, 0);
            if memory == libc::MAP_FAILED {
                return ptr::null_mut();
            }
            // Pages are used here and there: large ones would be a waste.
            libc::madvise(memory, size, libc::MADV_NOHUGEPAGE);
            let chunk = memory.cast::<Self>();
            let first = (&raw mut (*chunk).slots).cast::<Slot<T>>();
            (0..CHUNK).for_each(|at| first.add(at).write(Slot::default()));
            chunk
        }
    }

    /// Gives back one that nobody has seen.
    ///
    /// # Safety
    /// It is from [`Chunk::make`] and was not shown to anybody.
    unsafe fn discard(chunk: *mut Self) {
        // SAFETY: the caller's word; empty slots need no drop.
        unsafe { libc::munmap(chunk.cast(), size_of::<Self>()) };
    }
}

/// All objects of one kind that C has handles to.
pub(crate) struct Table<T> {
    chunks: [AtomicPtr<Chunk<T>>; CHUNKS],
    /// Slots that have been taken at some time.
    taken: AtomicU32,
    free: FreeList,
}

impl<T: Send> Table<T> {
    pub(crate) const fn new() -> Self {
        Self {
            chunks: [const { AtomicPtr::new(ptr::null_mut()) }; CHUNKS],
            taken: AtomicU32::new(0),
            free: FreeList::new(),
        }
    }

    /// Takes an object in. `None`: there are as many as there may be.
    pub(crate) fn insert(&self, value: T) -> Option<*mut c_void> {
        let index = self.free.pop(|index| self.slot(index)).or_else(|| self.take_fresh())?;
        let (chunk, at) = (self.chunk(index / CHUNK)?, index % CHUNK);
        let generation = chunk.slots[at].fill(value)?;
        let cell = &chunk.cells[at][generation as usize % GENERATIONS];
        cell.store(CELL_VALUE, Ordering::Relaxed);
        Some(cell.as_ptr().cast())
    }

    /// Gives the object to the calling thread alone, until the guard is dropped.
    #[inline(always)]
    pub(crate) fn borrow(&self, handle: *mut c_void) -> Result<Guard<'_, T>, SlotError> {
        let (slot, face) = self.find(handle)?;
        slot.borrow((face % GENERATIONS) as u32)
    }

    /// Takes the object out: the handle is none any more. An inherited object is left as it is, but forgotten.
    pub(crate) fn remove(&self, handle: *mut c_void) -> Result<T, SlotError> {
        let (slot, face) = self.find(handle)?;
        let next = (face + 1) % GENERATIONS;
        let value = slot.take((face % GENERATIONS) as u32, next as u32)?;
        self.free.push(face / GENERATIONS, slot);
        Ok(value)
    }

    /// The slot of a handle, and the number of the face among all: it tells the slot's index and the generation.
    #[inline(always)]
    fn find(&self, handle: *mut c_void) -> Result<(&Slot<T>, usize), SlotError> {
        match self.find_in(0, handle) {
            Some(found) => Ok(found),
            None => self.find_further(handle).ok_or(SlotError::Unknown),
        }
    }

    #[inline(always)]
    fn find_in(&self, number: usize, handle: *mut c_void) -> Option<(&Slot<T>, usize)> {
        const { assert!(size_of::<AtomicU64>() == 1 << 3) };
        let chunk = self.chunk(number)?;
        let offset = handle.addr().wrapping_sub(ptr::from_ref(&chunk.cells).addr());
        // The offset of what lies between two faces is no multiple of eight: rotated, it is larger than any index.
        let cell = offset.rotate_right(3);
        let slot = chunk.slots.get(cell / GENERATIONS)?;
        Some((slot, number * CHUNK * GENERATIONS + cell))
    }

    /// Most programs have no second chunk.
    #[cold]
    fn find_further(&self, handle: *mut c_void) -> Option<(&Slot<T>, usize)> {
        let mut there = (1..CHUNKS).take_while(|&number| self.chunk(number).is_some());
        there.find_map(|number| self.find_in(number, handle))
    }

    #[inline]
    fn chunk(&self, number: usize) -> Option<&Chunk<T>> {
        let chunk = self.chunks.get(number)?.load(Ordering::Acquire);
        // SAFETY: a chunk that is there is complete, and never freed.
        (!chunk.is_null()).then(|| unsafe { &*chunk })
    }

    fn slot(&self, index: usize) -> Option<&Slot<T>> {
        self.chunk(index / CHUNK).map(|chunk| &chunk.slots[index % CHUNK])
    }

    /// A slot that was never used.
    fn take_fresh(&self) -> Option<usize> {
        let mut taken = self.taken.load(Ordering::Relaxed);
        loop {
            Self::provide(self.chunks.get(taken as usize / CHUNK)?)?;
            match self.taken.compare_exchange(taken, taken + 1, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(index) => return Some(index as usize),
                Err(now) => taken = now,
            }
        }
    }

    /// Makes the chunk of a place, if it is not there. `None`: there is no memory.
    fn provide(place: &AtomicPtr<Chunk<T>>) -> Option<()> {
        if place.load(Ordering::Acquire).is_null() {
            let fresh = Chunk::make();
            if fresh.is_null() {
                return None;
            }
            let null = ptr::null_mut();
            if place.compare_exchange(null, fresh, Ordering::AcqRel, Ordering::Relaxed).is_err() {
                // SAFETY: nobody else has seen it.
                unsafe { Chunk::discard(fresh) };
            }
        }
        Some(())
    }
}

impl<T: Send> Inherited for Table<T> {
    fn mark_inherited(&self) {
        for index in 0..self.taken.load(Ordering::Relaxed) as usize {
            let Some(slot) = self.slot(index) else { return };
            slot.mark_inherited();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Barrier;

    // Tables are static: their contents are never freed.

    #[test]
    fn a_handle_names_one_object_until_it_is_removed() {
        static TABLE: Table<i32> = Table::new();
        let table = &TABLE;
        let (one, two) = (table.insert(1).unwrap(), table.insert(2).unwrap());
        assert_eq!(*table.borrow(one).unwrap(), 1);
        assert_eq!(table.remove(one), Ok(1));
        assert_eq!(table.remove(one), Err(SlotError::Unknown));
        let three = table.insert(3).unwrap();
        assert_ne!(one, three, "the slot is used again, the handle is not");
        assert_eq!(table.borrow(one).unwrap_err(), SlotError::Unknown);
        assert_eq!((table.remove(two), table.remove(three)), (Ok(2), Ok(3)));
    }

    #[test]
    fn what_is_no_handle_is_refused() {
        static TABLES: [Table<i32>; 2] = [Table::new(), Table::new()];
        let [table, other] = &TABLES;
        let handle = table.insert(1).unwrap();
        other.insert(2).unwrap();
        let null: *mut c_void = ptr::null_mut();
        let (next, slot) = (size_of::<u64>(), GENERATIONS * size_of::<u64>());
        let forged = [1, next, slot].map(|offset| handle.wrapping_byte_add(offset));
        for bad in [null, (&raw const null).cast_mut().cast()].into_iter().chain(forged) {
            assert_eq!(table.borrow(bad).unwrap_err(), SlotError::Unknown);
        }
        assert_eq!(other.borrow(handle).unwrap_err(), SlotError::Unknown);
    }

    #[test]
    fn what_a_handle_points_to_can_be_read() {
        static TABLE: Table<i32> = Table::new();
        let mut handle = TABLE.insert(1).unwrap();
        for _ in 0..GENERATIONS {
            // SAFETY: the face.
            assert_eq!(unsafe { handle.cast::<i32>().read() }, -1);
            let before = handle;
            assert_eq!(TABLE.remove(handle), Ok(1));
            handle = TABLE.insert(1).unwrap();
            assert_ne!(handle, before);
        }
        assert_eq!(TABLE.remove(handle), Ok(1));
    }

    #[test]
    fn there_are_more_slots_than_one_chunk_has() {
        static TABLE: Table<usize> = Table::new();
        let handles: Vec<_> = (0..CHUNK + 10).map(|number| TABLE.insert(number).unwrap()).collect();
        for (number, handle) in handles.into_iter().enumerate() {
            assert_eq!(*TABLE.borrow(handle).unwrap(), number);
            assert_eq!(TABLE.remove(handle), Ok(number));
        }
    }

    /// A new object, which the calling thread owns since it has used it so often.
    fn insert_owned(table: &Table<i32>, value: i32) -> *mut c_void {
        sys::register_fences();
        let handle = table.insert(value).unwrap();
        (0..1000).for_each(|_| _ = table.borrow(handle).unwrap());
        handle
    }

    #[test]
    fn one_user_at_a_time() {
        static TABLE: Table<i32> = Table::new();
        let table = &TABLE;
        for handle in [table.insert(1).unwrap(), insert_owned(table, 1)] {
            let guard = table.borrow(handle).unwrap();
            let refuse = |handle: usize| {
                let handle = ptr::with_exposed_provenance_mut(handle);
                assert_eq!(table.borrow(handle).unwrap_err(), SlotError::Busy);
                assert_eq!(table.remove(handle), Err(SlotError::Busy));
            };
            let address = handle.expose_provenance();
            refuse(address);
            std::thread::scope(|scope| _ = scope.spawn(|| refuse(address)));
            drop(guard);
            assert_eq!(table.remove(handle), Ok(1));
            assert_eq!(table.borrow(handle).unwrap_err(), SlotError::Unknown);
        }
    }

    /// Threads that use an object at the same time get it one after the other or not at all, its owner among them.
    #[test]
    fn an_owner_has_no_more_than_others() {
        static TABLE: Table<i32> = Table::new();
        let table = &TABLE;
        for _ in 0..200 {
            let handle = insert_owned(table, 0);
            let address = handle.expose_provenance();
            let start = Barrier::new(2);
            let count = || {
                let handle = ptr::with_exposed_provenance_mut(address);
                start.wait();
                let had = (0..300).filter(|_| table.borrow(handle).map(|mut count| *count += 1).is_ok());
                i32::try_from(had.count()).unwrap()
            };
            let (here, there) = std::thread::scope(|scope| {
                let other = scope.spawn(count);
                (count(), other.join().unwrap())
            });
            assert_eq!(table.remove(handle), Ok(here + there));
        }
    }

    #[test]
    fn what_was_inherited_can_only_be_forgotten() {
        static TABLE: Table<i32> = Table::new();
        let table = &TABLE;
        for handle in [table.insert(1).unwrap(), insert_owned(table, 1)] {
            table.mark_inherited();
            assert_eq!(table.borrow(handle).unwrap_err(), SlotError::Inherited);
            assert_eq!(table.remove(handle), Err(SlotError::Inherited));
            assert_eq!(table.remove(handle), Err(SlotError::Unknown));
            assert_ne!(table.insert(2).unwrap(), handle);
        }
    }

    #[test]
    fn threads_share_the_free_list() {
        static TABLE: Table<i32> = Table::new();
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
