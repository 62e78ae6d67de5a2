//! The memory of a message body that does not fit the message: counted, and let go of exactly once.

mod spare;

use crate::errno::Errno;
use bytes::Bytes;
use libc::c_void;
use queue::Keep;
use queue::warm::{self, Buffer};
use std::alloc::{Layout, alloc};
use std::ptr::{self, NonNull};
use std::slice;
use std::sync::atomic::{AtomicUsize, Ordering, fence};
use zincmq::Frame;

/// The application's function that is called when memory it gave is not needed any more.
pub(crate) type FreeFn = unsafe extern "C" fn(data: *mut c_void, hint: *mut c_void);

/// The bytes of a fresh block begin behind its header, aligned for anything.
const ALIGNMENT: usize = 16;
const HEADER: usize = size_of::<Header>().next_multiple_of(ALIGNMENT);

struct Header {
    references: AtomicUsize,
    data: *mut u8,
    size: usize,
    keeper: Memory,
}

/// The owner of the bytes.
enum Memory {
    /// The block's own, behind the header.
    Block { room: usize },
    /// Large, and kept for the next body when it is not needed any more.
    Warm(#[expect(dead_code, reason = "it is held, and let go of")] Buffer),
    /// The application's.
    Application { free: FreeFn, hint: *mut c_void },
    /// A received part's, as the socket had it: shared with others, perhaps.
    Shared(Frame),
    /// A received part's own.
    Owned(Frame),
}

/// A reference to a block.
#[derive(Debug)]
pub(crate) struct Block(NonNull<Header>);

// SAFETY: the count is atomic, and the bytes are shared by the rules of zmq_msg_copy(3): nobody writes
// shared bytes.
unsafe impl Send for Block {}
// SAFETY: as above.
unsafe impl Sync for Block {}

impl Block {
    /// A block of `size` bytes, not initialised.
    #[inline]
    pub(crate) fn with_room(size: usize) -> Result<Self, Errno> {
        spare::take(size).map_or_else(|| Self::fresh(size), Ok)
    }

    #[inline(never)]
    fn fresh(size: usize) -> Result<Self, Errno> {
        if warm::is_kept(size) {
            let mut buffer = warm::whole(size).map_err(|_| Errno(libc::ENOMEM))?;
            return Ok(Self::around(buffer.as_mut_ptr(), size, Memory::Warm(buffer)));
        }
        let layout = layout(size).ok_or(Errno(libc::ENOMEM))?;
        // SAFETY: the layout is not empty.
        let header = NonNull::new(unsafe { alloc(layout) }.cast::<Header>()).ok_or(Errno(libc::ENOMEM))?;
        // SAFETY: the allocation has HEADER and `size` bytes.
        unsafe {
            let data = header.as_ptr().cast::<u8>().add(HEADER);
            let (references, keeper) = (AtomicUsize::new(1), Memory::Block { room: size });
            header.write(Header { references, data, size, keeper });
        }
        Ok(Self(header))
    }

    /// A block around the application's memory; `free` is called when the last reference has gone.
    pub(crate) fn adopt(data: *mut u8, size: usize, free: FreeFn, hint: *mut c_void) -> Self {
        Self::around(data, size, Memory::Application { free, hint })
    }

    /// A block around a part as it was received, whose memory others may share.
    pub(crate) fn share(frame: Frame) -> Self {
        let mut block = Self::around(ptr::null_mut(), 0, Memory::Shared(frame));
        block.look_anew();
        block
    }

    /// A block around a part as it was received, whose memory is its own.
    pub(crate) fn own(frame: Frame) -> Self {
        let mut block = Self::around(ptr::null_mut(), 0, Memory::Owned(frame));
        block.look_anew();
        block
    }

    /// Takes over a part's memory, and leaves its own for the next part. Says no if that is not of this kind, or is shared.
    pub(crate) fn exchange(&mut self, frame: &mut Frame) -> bool {
        if self.header().references.load(Ordering::Acquire) > 1 {
            return false;
        }
        // SAFETY: this is the only reference.
        let Memory::Owned(owned) = &mut unsafe { self.0.as_mut() }.keeper else { return false };
        std::mem::swap(owned, frame);
        self.look_anew();
        true
    }

    /// Finds the bytes of a part, which may lie in the part itself. There is no other reference.
    fn look_anew(&mut self) {
        // SAFETY: as said.
        let header = unsafe { self.0.as_mut() };
        if let Memory::Shared(frame) | Memory::Owned(frame) = &header.keeper {
            (header.data, header.size) = (frame.as_ptr().cast_mut(), frame.len());
        }
    }

    fn around(data: *mut u8, size: usize, keeper: Memory) -> Self {
        let header = Header { references: AtomicUsize::new(1), data, size, keeper };
        Self(NonNull::from(Box::leak(Box::new(header))))
    }

    fn header(&self) -> &Header {
        // SAFETY: the header lives as long as there is a reference.
        unsafe { self.0.as_ref() }
    }

    pub(crate) fn data(&self) -> *mut u8 {
        self.header().data
    }

    /// Whether there are other references, or the bytes are shared below.
    pub(crate) fn is_shared(&self) -> bool {
        let beneath = matches!(&self.header().keeper, Memory::Shared(frame) if frame.is_shared());
        beneath || self.header().references.load(Ordering::Acquire) > 1
    }

    /// The bytes, which may not be initialised, and how many they are, if they are the block's own: never at NULL.
    #[inline]
    pub(crate) fn own_bytes(&self) -> Option<(*const u8, usize)> {
        let Header { data, size, keeper, .. } = self.header();
        let own = !matches!(keeper, Memory::Application { .. } | Memory::Shared(_));
        own.then_some((data.cast_const(), *size))
    }

    /// Makes this a block of `size` bytes again, without its content. Returns where they are; `None`: it has not the room or is
    /// shared.
    #[inline]
    pub(crate) fn reuse(&mut self, size: usize) -> Option<*mut u8> {
        let header = self.header();
        let Memory::Block { room } = header.keeper else { return None };
        if room < size || header.references.load(Ordering::Acquire) > 1 {
            return None;
        }
        // SAFETY: this is the only reference.
        let header = unsafe { self.0.as_mut() };
        header.size = size;
        Some(header.data)
    }

    /// The block as a number of a message; [`Block::from_raw`] takes it back.
    pub(crate) fn into_raw(self) -> *mut c_void {
        let raw = self.0.as_ptr().cast();
        std::mem::forget(self);
        raw
    }

    /// # Safety
    /// `raw` is from [`Block::into_raw`], and is used for one block only.
    pub(crate) unsafe fn from_raw(raw: *mut c_void) -> Self {
        // SAFETY: it was not null when it was given out.
        Self(unsafe { NonNull::new_unchecked(raw.cast()) })
    }
}

/// The layout of a header and room behind it.
fn layout(room: usize) -> Option<Layout> {
    Layout::from_size_align(room.checked_add(HEADER)?, ALIGNMENT).ok()
}

impl AsRef<[u8]> for Block {
    fn as_ref(&self) -> &[u8] {
        let header = self.header();
        if header.size == 0 {
            return &[];
        }
        // SAFETY: the keeper keeps so many bytes; the application has written the bytes that it sends.
        unsafe { slice::from_raw_parts(header.data, header.size) }
    }
}

impl Keep for Block {
    fn share(&self) -> Bytes {
        Bytes::from_owner(self.clone())
    }

    fn calls_back(&self) -> bool {
        !matches!(self.header().keeper, Memory::Block { .. } | Memory::Warm(_))
    }
}

impl Clone for Block {
    fn clone(&self) -> Self {
        self.header().references.fetch_add(1, Ordering::Relaxed);
        Self(self.0)
    }
}

impl Drop for Block {
    #[inline]
    fn drop(&mut self) {
        let references = &self.header().references;
        // Where this is the only one, nobody else can count: a load is enough, and cheaper.
        if references.load(Ordering::Acquire) != 1 {
            if references.fetch_sub(1, Ordering::Release) != 1 {
                return;
            }
            fence(Ordering::Acquire);
        }
        // SAFETY: this was the last reference.
        unsafe {
            match self.header().keeper {
                Memory::Block { room } => spare::keep(self.0, room),
                _ => free_other(self.0),
            }
        }
    }
}

/// Frees a block, however it was made: apart from the way of those that are their own memory.
///
/// # Safety
/// The last reference has gone.
#[inline(never)]
unsafe fn free_other(header: NonNull<Header>) {
    // SAFETY: by the contract; each kind is freed as it was made.
    unsafe {
        match (*header.as_ptr()).keeper {
            Memory::Application { free, hint } => {
                let data = (*header.as_ptr()).data;
                drop(Box::from_raw(header.as_ptr()));
                free(data.cast(), hint);
            }
            Memory::Warm(_) | Memory::Shared(_) | Memory::Owned(_) => drop(Box::from_raw(header.as_ptr())),
            // A block's own memory is kept for the next one.
            Memory::Block { room } => spare::keep(header, room),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    unsafe extern "C" fn count(_data: *mut c_void, hint: *mut c_void) {
        // SAFETY: the tests pass a counter.
        unsafe { &*hint.cast::<AtomicUsize>() }.fetch_add(1, Ordering::Relaxed);
    }

    #[test]
    fn the_application_is_told_once_by_the_last_reference() {
        let (calls, mut bytes) = (AtomicUsize::new(0), [1, 2, 3]);
        let block = Block::adopt(bytes.as_mut_ptr(), 3, count, (&raw const calls).cast_mut().cast());
        let copy = block.clone();
        assert!(block.is_shared());
        drop(block);
        assert_eq!((copy.as_ref(), calls.load(Ordering::Relaxed)), (&[1, 2, 3][..], 0));
        drop(copy);
        assert_eq!(calls.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn a_block_is_used_again_if_nobody_shares_it() {
        let mut block = Block::with_room(100).unwrap();
        assert!(block.reuse(50).is_some() && block.reuse(100).is_some() && block.reuse(101).is_none());
        let copy = block.clone();
        assert_eq!(block.reuse(1), None);
        drop(copy);
        assert_eq!(block.reuse(1), Some(block.data()));
        assert_eq!(Block::share(Frame::from("part")).reuse(1), None);
        assert_eq!(Block::with_room(usize::MAX).unwrap_err(), Errno(libc::ENOMEM));
    }
}
