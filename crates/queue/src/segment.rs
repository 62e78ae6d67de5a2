//! Segments: the pooled, reference-counted buffers that a pipe is a chain of.

use crate::PeerInfo;
use crate::header::{Kind, LONG, LONGEST};
use crate::primitive::{Arc, AtomicBool, AtomicPtr, AtomicU32, AtomicUsize, Ordering, UnsafeCell, fence};
use bytes::Bytes;
use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::ops::Deref;
use std::ptr::{self, NonNull};
use std::sync::Mutex;

/// The size classes: whole blocks, header included.
#[cfg(not(loom))]
pub(crate) const CLASSES: [usize; 3] = [1 << 10, 8 << 10, 64 << 10];
/// Few bytes, so that a model of few messages changes segments.
#[cfg(loom)]
pub(crate) const CLASSES: [usize; 3] = [HEADER + 6, HEADER + 6, HEADER + 12];
pub(crate) const HEADER: usize = size_of::<Segment>();
const ALIGN: usize = 64;
/// The most that the pool keeps of each class: of the smallest, which many idle connections give back, little.
#[cfg(not(loom))]
const POOL_BYTES: [usize; 3] = [1 << 20, 4 << 20, 16 << 20];
/// Bodies by reference in one segment.
const SPLICES: usize = if cfg!(loom) { 2 } else { 16 };

/// The largest frame, header included, that is written into a segment; a larger body joins by reference.
pub(crate) const LARGEST: usize = CLASSES[2] - HEADER;

/// Free segments, one list a class.
#[derive(Debug, Default)]
pub struct Pool {
    free: Mutex<Free>,
}

#[derive(Debug, Default)]
struct Free {
    lists: [Vec<Block>; 3],
}

#[derive(Debug)]
struct Block(NonNull<u8>);

// SAFETY: a block on the free list is memory that nobody refers to.
unsafe impl Send for Block {}

impl Drop for Free {
    fn drop(&mut self) {
        for (class, list) in self.lists.iter_mut().enumerate() {
            for block in list.drain(..) {
                // SAFETY: every block on list `class` was allocated with the layout of that class.
                unsafe { dealloc(block.0.as_ptr(), layout(class)) };
            }
        }
    }
}

fn layout(class: usize) -> Layout {
    const { assert!(CLASSES[0] > HEADER && align_of::<Segment>() <= ALIGN) };
    // Constant sizes and a power of two: this cannot fail.
    Layout::from_size_align(CLASSES[class], ALIGN).unwrap_or(Layout::new::<[u64; 8192]>())
}

impl Pool {
    /// An empty pool.
    #[must_use]
    pub fn new() -> Arc<Self> {
        Arc::new(Self::default())
    }

    fn take(&self, class: usize) -> Option<NonNull<u8>> {
        #[cfg(all(test, not(loom)))]
        if !crate::scarcity::allows() {
            return None;
        }
        if let Ok(mut free) = self.free.lock()
            && let Some(block) = free.lists[class].pop()
        {
            return Some(block.0);
        }
        // SAFETY: the layout has a size above zero.
        NonNull::new(unsafe { alloc(layout(class)) })
    }

    #[cfg(loom)]
    fn give(&self, class: usize, block: NonNull<u8>) {
        // Never used again: a thread that still looks at it shall find nonsense.
        // SAFETY: the block is nobody's, and of this class.
        unsafe { block.write_bytes(0xff, CLASSES[class]) };
    }

    #[cfg(not(loom))]
    fn give(&self, class: usize, block: NonNull<u8>) {
        if let Ok(mut free) = self.free.lock()
            && free.lists[class].len() < POOL_BYTES[class] / CLASSES[class]
        {
            free.lists[class].push(Block(block));
            return;
        }
        // SAFETY: the block came from `take`, which allocated it with this layout.
        unsafe { dealloc(block.as_ptr(), layout(class)) };
    }
}

/// The bodies that a segment's frames hold by reference, in order, and the offsets in the segment at which they
/// belong, [`UNUSED`] without a body. The offsets share a cache line, since all are looked through.
#[derive(Debug)]
struct Splices {
    at: [AtomicU32; SPLICES],
    bodies: [UnsafeCell<Option<Bytes>>; SPLICES],
}

/// The offset of a place without a body.
const UNUSED: u32 = u32::MAX;

impl Splices {
    fn place(&self, offset: u32) -> Option<&UnsafeCell<Option<Bytes>>> {
        let place = self.at.iter().position(|at| at.load(Ordering::Acquire) == offset)?;
        self.bodies.get(place)
    }
}

/// The header of a segment; its bytes follow in the same block.
#[derive(Debug)]
pub(crate) struct Segment {
    /// The chain's own reference, and one for each [`Slice`].
    refs: AtomicUsize,
    /// The next segment; set when this one takes no more.
    next: AtomicPtr<Segment>,
    splices: AtomicPtr<Splices>,
    /// The stream position of the first byte.
    pub(crate) base: u64,
    room: u32,
    class: u8,
    /// Some frame refers to a common body.
    refers: AtomicBool,
    /// The connection that filled it.
    pub(crate) peer: Option<Arc<PeerInfo>>,
    pool: Arc<Pool>,
    #[cfg(loom)]
    shadow: Vec<UnsafeCell<()>>,
}

/// A shared pointer to a live segment. The holder must know why the segment is still alive.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct SegmentPtr(NonNull<Segment>);

/// There is no memory for a segment of this class: the process ends.
#[cold]
pub(crate) fn give_up(class: usize) -> ! {
    handle_alloc_error(layout(class))
}

impl SegmentPtr {
    /// None: there is no memory.
    pub(crate) fn allocate(
        pool: &Arc<Pool>,
        class: usize,
        base: u64,
        peer: Option<&Arc<PeerInfo>>,
    ) -> Option<Self> {
        let block = pool.take(class)?.cast::<Segment>();
        let segment = Segment {
            refs: AtomicUsize::new(1),
            next: AtomicPtr::new(ptr::null_mut()),
            splices: AtomicPtr::new(ptr::null_mut()),
            base,
            room: (CLASSES[class] - HEADER) as u32,
            class: class as u8,
            refers: AtomicBool::new(false),
            peer: peer.cloned(),
            pool: pool.clone(),
            #[cfg(loom)]
            shadow: (HEADER..CLASSES[class]).map(|_| UnsafeCell::new(())).collect(),
        };
        // SAFETY: the block is ours alone, large enough and aligned to 64.
        unsafe { block.write(segment) };
        Some(Self(block))
    }

    pub(crate) fn from_raw(raw: *mut Segment) -> Option<Self> {
        NonNull::new(raw).map(Self)
    }

    pub(crate) fn as_raw(self) -> *mut Segment {
        self.0.as_ptr()
    }

    /// The header. Sound while the caller's end of the pipe has not passed the segment.
    #[inline]
    pub(crate) fn get<'a>(self) -> &'a Segment {
        // SAFETY: a `SegmentPtr` is only kept by an end that has not released the segment (module contract);
        // shared access to the header alone: the bytes behind it are reached by raw pointers.
        unsafe { self.0.as_ref() }
    }

    /// The address of the byte at stream position `at`.
    #[inline]
    pub(crate) fn at(self, at: u64) -> *mut u8 {
        let segment = self.get();
        let offset = (at - segment.base) as usize;
        debug_assert!(offset <= segment.room as usize);
        // SAFETY: inside the block or one past its end: callers stay within [base, base + room].
        unsafe { self.0.as_ptr().cast::<u8>().add(HEADER + offset) }
    }

    /// Makes the whole frames from `from` to `to` one frame that is nothing (producer only, above `tail`).
    pub(crate) fn mark_skipped(self, from: u64, to: u64) {
        let segment = self.get();
        let offset = (from - segment.base) as u32;
        for (at, body) in segment.table().iter().flat_map(|table| table.at.iter().zip(&table.bodies)) {
            let at = at.load(Ordering::Relaxed);
            if at != UNUSED && at > offset {
                // SAFETY: the consumer does not look at the body of a frame above `tail`.
                body.with_mut(|cell| unsafe { *cell = None });
            }
        }
        let size = (to - from).saturating_sub(2);
        segment.touch(from, from + 2, true);
        // SAFETY: [from, to) is inside the segment, unpublished and written by this end alone; at least one
        // frame, hence two bytes, and nine if the size does not fit one.
        unsafe {
            let at = self.at(from);
            if let Ok(size) = u8::try_from(size) {
                at.cast::<[u8; 2]>().write_unaligned([Kind::Skip as u8, size]);
            } else {
                at.write(Kind::Skip as u8 | LONG);
                at.add(1).cast::<[u8; 8]>().write_unaligned((size + 2 - LONGEST as u64).to_be_bytes());
            }
        }
    }

    /// Gives up the chain's reference, and the bodies that nobody has taken: those are the chain's alone, however
    /// long a [`Slice`] keeps the rest.
    ///
    /// # Safety
    /// Called once for each segment, by the side that has passed its end (or owns the whole chain).
    pub(crate) unsafe fn release(self) {
        let splices = self.get().splices.swap(ptr::null_mut(), Ordering::Acquire);
        if !splices.is_null() {
            // SAFETY: made by `Box::into_raw` in `splice`; taken out by this swap, and no end looks at it again.
            drop(unsafe { Box::from_raw(splices) });
        }
        // SAFETY: the chain's reference, once.
        unsafe { self.unref() };
    }

    /// # Safety
    /// The caller owns one reference, and gives it up.
    unsafe fn unref(self) {
        if self.get().refs.fetch_sub(1, Ordering::Release) == 1 {
            fence(Ordering::Acquire);
            // SAFETY: the last reference is gone: nobody else can reach the segment.
            unsafe { self.recycle() };
        }
    }

    /// # Safety
    /// The caller holds the only reference.
    unsafe fn recycle(self) {
        // SAFETY: exclusive; the header was written by `allocate` and is read out exactly once.
        let segment = unsafe { self.0.read() };
        segment.touch(segment.base, segment.end(), true);
        segment.pool.give(usize::from(segment.class), self.0.cast());
    }
}

/// Releases a segment and all that follow it.
///
/// # Safety
/// No end of the pipe reaches any of them any more.
pub(crate) unsafe fn release_chain(first: *mut Segment) {
    let mut next = SegmentPtr::from_raw(first);
    while let Some(segment) = next {
        next = segment.get().next();
        // SAFETY: by the contract; each is released once.
        unsafe { segment.release() };
    }
}

impl Segment {
    /// The stream position at which the segment's room ends.
    #[inline]
    pub(crate) fn end(&self) -> u64 {
        self.base + u64::from(self.room)
    }

    #[inline]
    pub(crate) fn next(&self) -> Option<SegmentPtr> {
        SegmentPtr::from_raw(self.next.load(Ordering::Acquire))
    }

    pub(crate) fn link(&self, next: SegmentPtr) {
        self.next.store(next.as_raw(), Ordering::Release);
    }

    /// Lets those that follow go their own way (producer only, while nothing is published here).
    pub(crate) fn unlink(&self) {
        self.next.store(ptr::null_mut(), Ordering::Relaxed);
    }

    /// Adds a body by reference at stream position `at` (producer only). Gives the body back if all places
    /// are taken.
    pub(crate) fn splice(&self, at: u64, body: Bytes) -> Result<(), Bytes> {
        if self.table().is_none() {
            let fresh = Splices {
                at: std::array::from_fn(|_| AtomicU32::new(UNUSED)),
                bodies: std::array::from_fn(|_| UnsafeCell::new(None)),
            };
            self.splices.store(Box::into_raw(Box::new(fresh)), Ordering::Release);
        }
        let Some(table) = self.table() else { return Err(body) };
        let mut places = table.at.iter().zip(&table.bodies);
        let Some((offset, place)) = places.find(|(at, _)| at.load(Ordering::Relaxed) == UNUSED) else {
            return Err(body);
        };
        // SAFETY: a place without an offset is not looked at by the consumer; it becomes so by the publication of
        // `tail`, which follows.
        place.with_mut(|cell| unsafe { *cell = Some(body) });
        offset.store((at - self.base) as u32, Ordering::Release);
        Ok(())
    }

    /// The place of the bodies, if there are any.
    #[inline]
    fn table(&self) -> Option<&Splices> {
        let table = self.splices.load(Ordering::Acquire);
        // SAFETY: null, or made by `splice`, and lives as long as the segment.
        unsafe { table.as_ref() }
    }

    #[inline]
    fn place(&self, at: u64) -> Option<&UnsafeCell<Option<Bytes>>> {
        self.table()?.place((at - self.base) as u32)
    }

    /// Whether a body by reference was ever joined.
    #[inline]
    pub(crate) fn has_bodies(&self) -> bool {
        !self.splices.load(Ordering::Relaxed).is_null()
    }

    /// A frame will refer to a common body (producer only).
    pub(crate) fn set_refers(&self) {
        self.refers.store(true, Ordering::Relaxed);
    }

    /// Whether some frame refers to a common body.
    #[inline]
    pub(crate) fn refers(&self) -> bool {
        self.refers.load(Ordering::Relaxed)
    }

    /// Whether the frames are here with all their bytes.
    #[inline]
    pub(crate) fn is_plain(&self) -> bool {
        !self.has_bodies() && !self.refers()
    }

    /// The body by reference at stream position `at`, if there is one (consumer only, below `tail`).
    #[inline]
    pub(crate) fn body_at(&self, at: u64) -> Option<&Bytes> {
        let place = self.place(at)?;
        // SAFETY: a published place is written by the consumer alone (`take_body`), which is the caller.
        place.with(|cell| unsafe { (*cell).as_ref() })
    }

    /// Takes the body out (consumer only, below `tail`).
    #[inline]
    pub(crate) fn take_body(&self, at: u64) -> Option<Bytes> {
        let place = self.place(at)?;
        // SAFETY: as in `body_at`; the caller keeps no reference from there.
        place.with_mut(|cell| unsafe { (*cell).take() })
    }

    /// The position of the first body by reference at or after `at`.
    pub(crate) fn next_body(&self, at: u64) -> Option<u64> {
        let offset = (at - self.base) as u32;
        let places = self.table()?.at.iter().map(|at| at.load(Ordering::Acquire));
        places.filter(|&at| at != UNUSED && at >= offset).min().map(|at| self.base + u64::from(at))
    }

    /// Tells loom that the bytes from `from` to `to` are read or written now.
    #[cfg(loom)]
    pub(crate) fn touch(&self, from: u64, to: u64, write: bool) {
        for at in from..to {
            let cell = &self.shadow[(at - self.base) as usize];
            if write { cell.with_mut(|_| ()) } else { cell.with(|_| ()) }
        }
    }

    #[cfg(not(loom))]
    #[inline(always)]
    pub(crate) fn touch(&self, _from: u64, _to: u64, _write: bool) {}
}

/// A received body that stays where the network put it; keeps its segment alive.
pub struct Slice {
    segment: SegmentPtr,
    start: NonNull<u8>,
    len: usize,
}

// SAFETY: the bytes are immutable and belong to this slice alone; the reference count is atomic.
unsafe impl Send for Slice {}
// SAFETY: as above; only shared reads are possible.
unsafe impl Sync for Slice {}

impl Slice {
    /// # Safety
    /// `start..start + len` is initialised, inside `segment`, and will not be written again.
    pub(crate) unsafe fn new(segment: SegmentPtr, start: NonNull<u8>, len: usize) -> Self {
        segment.get().refs.fetch_add(1, Ordering::Relaxed);
        Self { segment, start, len }
    }
}

impl Deref for Slice {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        // SAFETY: by the contract of `new`, and the segment lives as long as the slice.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr(), self.len) }
    }
}

impl AsRef<[u8]> for Slice {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl Clone for Slice {
    fn clone(&self) -> Self {
        // SAFETY: the same range as `self`, whose contract holds.
        unsafe { Self::new(self.segment, self.start, self.len) }
    }
}

impl Drop for Slice {
    fn drop(&mut self) {
        // SAFETY: each slice owns one reference and gives it up once.
        unsafe { self.segment.unref() };
    }
}

impl std::fmt::Debug for Slice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "\"{}\"", self.escape_ascii())
    }
}
