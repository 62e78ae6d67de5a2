//! The block that a thread has let go of last: it is the thread's next one, so that a loop that sends messages neither asks
//! for memory nor gives any back.

use super::{Block, Header, Memory, layout};
use std::alloc::dealloc;
use std::cell::Cell;
use std::ptr::NonNull;

/// A thread keeps no block with more room than this.
const LARGEST: usize = 16 << 10;
/// A block has at most so many times the room that is asked for.
const AMPLE: usize = 4;

struct Spare(Cell<Option<NonNull<Header>>>);

thread_local! {
    static SPARE: Spare = const { Spare(Cell::new(None)) };
}

impl Drop for Spare {
    fn drop(&mut self) {
        if let Some(header) = self.0.take() {
            // SAFETY: it was this thread's.
            unsafe { free(header) };
        }
    }
}

/// A block for `size` bytes, if this thread has one.
#[inline]
pub(super) fn take(size: usize) -> Option<Block> {
    let mut header = SPARE.try_with(|spare| spare.0.take()).ok()??;
    // SAFETY: nobody else has it.
    let Header { references, size: old, keeper, .. } = unsafe { header.as_mut() };
    match keeper {
        Memory::Block { room } if *room >= size && *room / AMPLE <= size => {
            (*references.get_mut(), *old) = (1, size);
            Some(Block(header))
        }
        _ => {
            put_back(header);
            None
        }
    }
}

#[cold]
fn put_back(header: NonNull<Header>) {
    _ = SPARE.try_with(|spare| spare.0.set(Some(header)));
}

/// Keeps a block of so much room in place of the one before.
///
/// # Safety
/// The last reference to the block has gone, and its bytes are its own.
#[inline]
pub(super) unsafe fn keep(header: NonNull<Header>, room: usize) {
    let other = match room <= LARGEST {
        true => SPARE.try_with(|spare| spare.0.replace(Some(header))).unwrap_or(Some(header)),
        false => Some(header),
    };
    if let Some(other) = other {
        // SAFETY: the caller's word, now or when it was kept.
        unsafe { free(other) };
    }
}

/// # Safety
/// As for [`keep`].
unsafe fn free(header: NonNull<Header>) {
    // SAFETY: the caller's word; it was made with this layout.
    unsafe {
        if let Memory::Block { room } = (*header.as_ptr()).keeper
            && let Some(layout) = layout(room)
        {
            dealloc(header.as_ptr().cast(), layout);
        }
    }
}
