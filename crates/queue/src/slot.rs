//! Slots that objects are lent from, by a generation that grows with each object.
//!
//! Nobody waits for another thread: that may be anywhere in here when the process forks.
//!
//! A thread that has borrowed an object many times in a row becomes its *owner*, once in the object's life: it needs no locked
//! instruction any more. As with the lock of two ends (`biased.rs`), the owner says that it is inside and looks whether it is still
//! the owner; another thread ends that, has the kernel make all threads pass a fence, and looks whether the owner is inside.

use crate::primitive::{
    AtomicU32, AtomicUsize, Ordering, UnsafeCell, compiler_fence, fence_all, has_fences, thread_id,
};
use std::fmt;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::ptr;

/// The state of a slot, in the low bits of its state; the generation is above.
const VACANT: u32 = 0;
const IDLE: u32 = 1;
const BUSY: u32 = 2;
/// Of a process that this one was forked from.
const INHERITED: u32 = 3;
/// The owner may borrow it by its presence.
const OWNED: u32 = 4;
const STATUS: u32 = 7;
const GENERATION: u32 = 3;

/// A thread becomes the owner after so many loans in a row.
const ROW: u32 = if cfg!(loom) { 1 } else { 256 };
/// No thread has this identity.
const NOBODY: usize = 0;

/// Each object has one of so many presences of its slot, by its generation: the slot's hot words are in one cache line with them.
const PRESENCES: usize = if cfg!(loom) { 1 } else { 8 };
/// The object may get an owner: no thread that has owned one by this presence can still write to it. Later a presence is as the state
/// would be without an owner, idle or busy.
const FRESH: u32 = 0;

/// Why a slot does not give its object.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SlotError {
    /// There is no object of this generation any more.
    Unknown,
    /// Another thread is using it at this moment.
    Busy,
    /// The parent process made it.
    Inherited,
}

/// On cache lines of its own (they are fetched in pairs): each use writes here, and another thread's object may be
/// in the next slot.
#[repr(C, align(128))]
pub struct Slot<T> {
    /// The thread that borrows by the presence, or [`NOBODY`]. Written while the state is busy, as are the next two.
    owner: AtomicUsize,
    /// The thread that borrowed last, and how often in a row.
    last: AtomicUsize,
    row: AtomicU32,
    state: AtomicU32,
    /// Whether the owner is inside. One that has lost its object may still write here, so an object that comes later has no owner by this
    /// presence, unless the one before was taken out by its own owner.
    presences: [AtomicU32; PRESENCES],
    /// The next free slot, by its index and 1; 0: none.
    pub(crate) next: AtomicU32,
    value: UnsafeCell<Option<T>>,
}

// SAFETY: the state gives the value to one thread at a time, with acquire and release. An owner says that it is inside, and then reads the
// state; a thread that ends the ownership writes the state, has all threads pass a fence, and then reads the presence: one of the two
// sees the other. No two threads have one identity at a time, and one that has an ended thread's began after its end.
unsafe impl<T: Send> Sync for Slot<T> {}

impl<T> Default for Slot<T> {
    fn default() -> Self {
        Self {
            owner: AtomicUsize::new(NOBODY),
            last: AtomicUsize::new(NOBODY),
            row: AtomicU32::new(0),
            state: AtomicU32::new(VACANT),
            presences: std::array::from_fn(|_| AtomicU32::new(FRESH)),
            next: AtomicU32::new(0),
            value: UnsafeCell::new(None),
        }
    }
}

impl<T> fmt::Debug for Slot<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Slot").field(&self.state).finish()
    }
}

impl<T> Slot<T> {
    /// Puts an object into a vacant slot. Returns the generation it is lent by; `None`: the slot is not vacant,
    /// and the object is dropped.
    pub fn fill(&self, value: T) -> Option<u32> {
        let vacant = self.state.load(Ordering::Relaxed);
        let generation = vacant >> GENERATION;
        if vacant & STATUS != VACANT || self.turn(vacant, generation << GENERATION | BUSY).is_err() {
            return None;
        }
        self.last.store(NOBODY, Ordering::Relaxed);
        // SAFETY: busy, and nobody else was given the value.
        self.value.with_mut(|place| unsafe { *place = Some(value) });
        self.state.store(generation << GENERATION | IDLE, Ordering::Release);
        Some(generation)
    }

    /// Gives the object to the calling thread alone, until the guard is dropped. Generations are below 2^29.
    ///
    /// # Errors
    /// [`SlotError`].
    #[inline(always)]
    pub fn borrow(&self, generation: u32) -> Result<Guard<'_, T>, SlotError> {
        let this = thread_id();
        let idle = generation << GENERATION | IDLE;
        let presence = self.presence(generation);
        let word = if self.enter(this, generation, presence) {
            presence
        } else {
            if let Err(state) = self.turn(idle, generation << GENERATION | BUSY) {
                self.disown(state, generation)?;
            }
            let owns = self.is_lonely(this) && self.become_owner(this, generation);
            if owns { presence } else { &self.state }
        };
        Ok(Guard { slot: self, word, idle, value: PhantomData })
    }

    #[inline(always)]
    fn presence(&self, generation: u32) -> &AtomicU32 {
        &self.presences[generation as usize % PRESENCES]
    }

    /// Whether this thread is inside as the owner from now on.
    #[inline(always)]
    fn enter(&self, this: usize, generation: u32, presence: &AtomicU32) -> bool {
        let (out, inside) = (generation << GENERATION | IDLE, generation << GENERATION | BUSY);
        // The owner may be inside already, further down its stack. In this order: a thread that finds another's presence finds
        // the other as the owner, too, even if it has been the owner of an object before.
        if presence.load(Ordering::Acquire) != out || self.owner.load(Ordering::Relaxed) != this {
            return false;
        }
        presence.store(inside, Ordering::Relaxed);
        compiler_fence(Ordering::SeqCst);
        // Either this load sees that the object is not owned any more, or the thread that ended that sees this one inside.
        let enters = self.state.load(Ordering::Acquire) == generation << GENERATION | OWNED;
        if !enters {
            // Another thread that finds this one out sees what it has done when it was inside before.
            presence.store(out, Ordering::Release);
        }
        enters
    }

    #[inline(always)]
    fn turn(&self, from: u32, to: u32) -> Result<u32, u32> {
        self.state.compare_exchange(from, to, Ordering::Acquire, Ordering::Relaxed)
    }

    /// Takes the object from its owner, for the calling thread to use it now; or says why it was not idle in this state.
    #[cold]
    #[inline(never)]
    fn disown(&self, state: u32, generation: u32) -> Result<(), SlotError> {
        let (owned, busy) = (generation << GENERATION | OWNED, generation << GENERATION | BUSY);
        if state == generation << GENERATION | INHERITED {
            return Err(SlotError::Inherited);
        }
        if state != owned {
            return Err(if state == busy { SlotError::Busy } else { SlotError::Unknown });
        }
        if self.owner.load(Ordering::Relaxed) == thread_id() || self.turn(owned, busy).is_err() {
            return Err(SlotError::Busy);
        }
        fence_all();
        if self.presence(generation).load(Ordering::Acquire) == busy {
            self.state.store(owned, Ordering::Release);
            return Err(SlotError::Busy);
        }
        self.owner.store(NOBODY, Ordering::Relaxed);
        Ok(())
    }

    /// Whether this thread has borrowed the object so often in a row that it may own it. To be asked by the borrower.
    #[inline(always)]
    fn is_lonely(&self, this: usize) -> bool {
        let again = self.last.load(Ordering::Relaxed) == this;
        let row = if again { self.row.load(Ordering::Relaxed).wrapping_add(1) } else { 0 };
        self.last.store(this, Ordering::Relaxed);
        self.row.store(row, Ordering::Relaxed);
        row == ROW
    }

    /// Makes the borrower the owner, who is inside from now on, if the object has had none.
    #[cold]
    #[inline(never)]
    fn become_owner(&self, this: usize, generation: u32) -> bool {
        let presence = self.presence(generation);
        if presence.load(Ordering::Relaxed) != FRESH || !has_fences() {
            return false;
        }
        self.owner.store(this, Ordering::Relaxed);
        presence.store(generation << GENERATION | BUSY, Ordering::Release);
        self.state.store(generation << GENERATION | OWNED, Ordering::Release);
        true
    }

    /// Takes the object out; the slot is vacant then, and its next object of the generation `next`. An inherited object
    /// is left as it is, but forgotten: such a slot is not to be used again.
    ///
    /// # Errors
    /// [`SlotError`].
    pub fn take(&self, generation: u32, next: u32) -> Result<T, SlotError> {
        let vacant = next << GENERATION | VACANT;
        match self.borrow(generation) {
            Ok(guard) => {
                let presence = self.presence(generation);
                if ptr::eq(guard.word, presence) {
                    // Another thread may be about to find out that the owner is inside.
                    let (owned, busy) = (generation << GENERATION | OWNED, generation << GENERATION | BUSY);
                    if self.turn(owned, busy).is_err() {
                        return Err(SlotError::Busy);
                    }
                    self.owner.store(NOBODY, Ordering::Relaxed);
                    presence.store(FRESH, Ordering::Relaxed);
                }
                // SAFETY: the guard has the value to itself. It goes without a drop: the slot is not lent again.
                let value = self.value.with_mut(|place| unsafe { (*place).take() });
                std::mem::forget(guard);
                self.state.store(vacant, Ordering::Release);
                value.ok_or(SlotError::Unknown)
            }
            Err(SlotError::Inherited) => {
                self.state.store(vacant, Ordering::Relaxed);
                Err(SlotError::Inherited)
            }
            Err(wrong) => Err(wrong),
        }
    }

    /// In a process that was just forked: the object is its parent's.
    pub fn mark_inherited(&self) {
        let state = self.state.load(Ordering::Relaxed);
        if state & STATUS != VACANT {
            self.state.store(state & !STATUS | INHERITED, Ordering::Relaxed);
        }
    }
}

/// An object that the calling thread has to itself.
#[derive(Debug)]
pub struct Guard<'a, T> {
    slot: &'a Slot<T>,
    /// The slot's state or the owner's presence.
    word: &'a AtomicU32,
    idle: u32,
    /// As a reference to the value: shared between threads only if the value may be.
    value: PhantomData<&'a mut T>,
}

impl<T> Drop for Guard<'_, T> {
    #[inline]
    fn drop(&mut self) {
        self.word.store(self.idle, Ordering::Release);
    }
}

impl<T> Deref for Guard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: the guard has the value to itself. There is one: a slot is lent when it was filled, and no more when the
        // value was taken out.
        self.slot.value.with(|value| unsafe { (*value).as_ref().unwrap_unchecked() })
    }
}

impl<T> DerefMut for Guard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as in `deref`; and this borrow has the guard to itself.
        self.slot.value.with_mut(|value| unsafe { (*value).as_mut().unwrap_unchecked() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::primitive::register_fences;

    /// Whether this thread owns the object after a long row of loans.
    fn comes_to_own(slot: &Slot<u32>, generation: u32) -> bool {
        (0..=ROW).for_each(|_| *slot.borrow(generation).unwrap() += 1);
        slot.state.load(Ordering::Relaxed) & STATUS == OWNED
    }

    #[test]
    fn each_object_may_have_an_owner() {
        register_fences();
        let slot = Slot::default();
        for generation in 0..3 * PRESENCES as u32 {
            assert_eq!(slot.fill(0), Some(generation));
            assert_eq!(comes_to_own(&slot, generation), has_fences());
            assert_eq!(slot.take(generation, generation + 1), Ok(ROW + 1));
        }
    }

    #[test]
    fn no_object_has_an_owner_by_a_presence_that_was_lost() {
        register_fences();
        let slot = Slot::default();
        for generation in 0..2 * PRESENCES as u32 {
            assert_eq!(slot.fill(0), Some(generation));
            let owned = generation < PRESENCES as u32 && has_fences();
            assert_eq!(comes_to_own(&slot, generation), owned);
            let there = std::thread::scope(|scope| scope.spawn(|| comes_to_own(&slot, generation)).join());
            assert!(!there.unwrap(), "{generation}");
            assert_eq!(slot.take(generation, generation + 1), Ok(2 * (ROW + 1)));
        }
    }
}
