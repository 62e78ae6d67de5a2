//! Slots and their free list: an object is one thread's at a time, whether it has an owner or not. Loom finds two that are inside at once.

use super::model;
use loom::thread;
use queue::{FreeList, Slot, SlotError};
use std::sync::Arc;

/// Adds one so many times, where the object can be had. Returns how often that was so.
fn count(slot: &Slot<u32>, generation: u32, times: u32) -> u32 {
    (0..times).filter(|_| slot.borrow(generation).map(|mut count| *count += 1).is_ok()).count() as u32
}

/// A slot with an object that this thread owns: it has borrowed it twice.
fn owned() -> Arc<Slot<u32>> {
    let slot = Arc::new(Slot::default());
    assert_eq!(slot.fill(0), Some(0));
    assert_eq!(count(&slot, 0, 2), 2);
    slot
}

fn beside<R: 'static>(
    slot: &Arc<Slot<u32>>,
    act: impl FnOnce(&Slot<u32>) -> R + 'static,
) -> thread::JoinHandle<R> {
    let slot = slot.clone();
    thread::spawn(move || act(&slot))
}

/// One thread uses an object while another takes it out and puts the next one into its slot.
#[test]
fn an_object_is_used_by_one_thread_and_never_after_it_was_taken_out() {
    model(|| {
        let slot = Arc::new(Slot::default());
        let first = slot.fill(10).unwrap();
        let user = beside(&slot, move |slot| {
            match slot.borrow(first) {
                Ok(mut guard) => {
                    *guard += 1;
                    assert_eq!(*guard, 11);
                }
                // It may be vacant by now.
                Err(SlotError::Unknown) => _ = slot.fill(30),
                Err(wrong) => assert_eq!(wrong, SlotError::Busy),
            };
        });
        if let Ok(value) = slot.take(first, first + 1) {
            assert!(value == 10 || value == 11);
            let second = slot.fill(20);
            assert_eq!(slot.borrow(first).unwrap_err(), SlotError::Unknown);
            if let Some(second) = second {
                assert_eq!(*slot.borrow(second).unwrap(), 20);
            }
        }
        user.join().unwrap();
    });
}

#[test]
fn an_object_is_taken_from_its_owner() {
    model(|| {
        let slot = owned();
        let stranger = beside(&slot, |slot| count(slot, 0, 2));
        let here = count(&slot, 0, 2);
        let there = stranger.join().unwrap();
        assert_eq!(*slot.borrow(0).unwrap(), 2 + here + there, "every loan is seen by the next");
    });
}

#[test]
fn a_busy_owner_keeps_the_object() {
    model(|| {
        let slot = owned();
        let mut guard = slot.borrow(0).unwrap();
        assert_eq!(slot.borrow(0).unwrap_err(), SlotError::Busy, "further down the stack");
        let stranger = beside(&slot, |slot| slot.borrow(0).map(|mut count| *count += 1).is_ok());
        *guard += 1;
        drop(guard);
        let there = stranger.join().unwrap();
        assert_eq!(*slot.borrow(0).unwrap(), 3 + u32::from(there));
    });
}

#[test]
fn the_owner_takes_the_object_out() {
    model(|| {
        let slot = owned();
        let stranger = beside(&slot, |slot| count(slot, 0, 1));
        let taken = slot.take(0, 1);
        let there = stranger.join().unwrap();
        match taken {
            Ok(value) => assert_eq!(value, 2 + there),
            Err(wrong) => {
                assert_eq!(wrong, SlotError::Busy);
                assert_eq!(slot.take(0, 1), Ok(2 + there));
            }
        }
        assert_eq!(slot.fill(5), Some(1));
        assert_eq!(count(&slot, 1, 3), 3);
    });
}

/// The owner uses its object so often while another thread takes it out, and puts the next one, of this generation, into its place.
fn the_next_comes(generation: u32, uses: u32) {
    model(move || {
        let slot = owned();
        let stranger = beside(&slot, move |slot| {
            let taken = slot.take(0, generation).ok()?;
            assert_eq!(slot.fill(100), Some(generation));
            Some((taken, count(slot, generation, 3)))
        });
        let here = count(&slot, 0, uses);
        match stranger.join().unwrap() {
            Some((taken, there)) => {
                let added = taken - 2 + *slot.borrow(generation).unwrap() - 100;
                assert_eq!(added, here + there);
                // The owner's handle is of no use for another generation.
                assert!(generation == 0 || (taken, there) == (2 + here, 3), "{taken}, {there}");
            }
            None => assert_eq!(*slot.borrow(0).unwrap(), 2 + here),
        }
    });
}

#[test]
fn the_next_object_has_another_owner() {
    the_next_comes(1, 1);
}

/// So many objects have come and gone that the handle is that of another: one that a thread has kept names the new one.
#[test]
fn generations_come_again() {
    the_next_comes(0, 2);
}

/// As before, where the owner has taken its own out: the new object may have an owner.
#[test]
fn generations_come_again_with_an_owner() {
    model(|| {
        let slot = owned();
        assert_eq!(slot.take(0, 0), Ok(2));
        assert_eq!(slot.fill(0), Some(0));
        let stranger = beside(&slot, |slot| count(slot, 0, 3));
        let here = count(&slot, 0, 1);
        let there = stranger.join().unwrap();
        assert_eq!(*slot.borrow(0).unwrap(), here + there);
    });
}

/// The owner of one object uses the handle of another, which comes to the same place, and has its own owner.
#[test]
fn an_old_handle_names_an_object_that_is_to_come() {
    model(|| {
        let slot = Arc::new(Slot::default());
        assert_eq!(slot.fill(0), Some(0));
        assert_eq!((slot.take(0, 1), slot.fill(0)), (Ok(0), Some(1)));
        assert_eq!(count(&slot, 1, 2), 2);
        let stranger = beside(&slot, |slot| {
            assert_eq!((slot.take(1, 0), slot.fill(0)), (Ok(2), Some(0)));
            count(&slot, 0, 4)
        });
        let here = count(&slot, 0, 1);
        let there = stranger.join().unwrap();
        assert_eq!(*slot.borrow(0).unwrap(), here + there);
    });
}

/// A thread takes a slot while another takes it and the next, and gives the first back: what followed the first when it
/// was looked at is in use.
#[test]
fn no_slot_is_given_to_two() {
    model(|| {
        let slots = Arc::new([Slot::default(), Slot::default()]);
        let free = Arc::new(FreeList::new());
        for (index, slot) in slots.iter().enumerate().rev() {
            free.push(index, slot);
        }
        let take = |slots: &[Slot<u8>; 2], free: &FreeList| {
            let index = free.pop(|index| slots.get(index))?;
            Some((index, slots[index].fill(1).expect("a slot that is free is vacant")))
        };
        let other = thread::spawn({
            let (slots, free) = (slots.clone(), free.clone());
            move || take(&slots, &free).map(drop)
        });
        let first = take(&slots, &free);
        _ = take(&slots, &free);
        if let Some((index, generation)) = first {
            slots[index].take(generation, generation + 1).unwrap();
            free.push(index, &slots[index]);
            _ = take(&slots, &free);
        }
        _ = other.join().unwrap();
    });
}
