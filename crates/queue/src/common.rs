//! Bodies that several queues of this process refer to.

pub(crate) mod supply;

use crate::header::{REFERENCE, header_len};
#[cfg(loom)]
use crate::primitive::UnsafeCell;
use crate::primitive::{AtomicUsize, Ordering, fence};
use crate::segment::SegmentPtr;
use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::fmt;
use std::mem::ManuallyDrop;
use std::ops::Deref;
use std::ptr::NonNull;

/// The bytes of a reference in a stream, and of its frame.
const SIZE: usize = size_of::<Common>();
pub(crate) const WHOLE: usize = 2 + SIZE;

/// The reference of a [`Supply`] counts as so many, so that the others can be told from it.
const SUPPLY: usize = 1 << (usize::BITS / 2);

/// What stands in front of a body.
#[repr(C, align(16))]
struct Head {
    references: AtomicUsize,
    #[cfg(loom)]
    shadow: UnsafeCell<()>,
    size: u32,
    room: u32,
    /// The frame's header as it stands on the wire: the last bytes of these, so that the body follows.
    wire: [u8; 16],
}

/// A reference to a body that others may refer to, too, and that nobody writes meanwhile. One allocation holds the body
/// and the count.
pub struct Common(NonNull<Head>);

// SAFETY: the bytes are not written while there is a `Common`, and the count is atomic.
unsafe impl Send for Common {}
// SAFETY: as above.
unsafe impl Sync for Common {}

impl Common {
    fn head(&self) -> &Head {
        // SAFETY: it lives as long as there is a reference.
        unsafe { self.0.as_ref() }
    }

    /// The body, behind so many bytes of the frame's header.
    ///
    /// # Safety
    /// There is a reference as long as the bytes are in use, and the header is no longer than it is on the wire.
    pub(crate) unsafe fn bytes<'a>(&self, header: usize) -> &'a [u8] {
        let head = self.head();
        head.touch(false);
        // SAFETY: the body follows the header, which is in the last bytes of the head.
        unsafe {
            let body = self.0.add(1).cast::<u8>();
            std::slice::from_raw_parts(body.sub(header).as_ptr(), header + head.size as usize)
        }
    }

    /// The whole frame as a network gets it.
    ///
    /// # Safety
    /// There is a reference as long as the bytes are in use.
    pub(crate) unsafe fn wire<'a>(&self) -> &'a [u8] {
        // SAFETY: by the contract.
        unsafe { self.bytes(header_len(self.head().size as usize)) }
    }

    /// Whether there are other references.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        self.head().references.load(Ordering::Acquire) % SUPPLY > 1
    }
}

/// The frames whose bodies a stream refers to.
impl SegmentPtr {
    /// Writes a frame that refers to `body`.
    ///
    /// # Safety
    /// From `at` on there is room for [`WHOLE`] bytes, which are not published and written by the caller alone.
    #[inline]
    pub(crate) unsafe fn put_common(self, at: u64, flags: u8, body: Common) {
        self.get().touch(at, at + WHOLE as u64, true);
        self.get().set_refers();
        let to = self.at(at);
        // SAFETY: by the contract. The frame owns the reference from now on.
        unsafe {
            to.cast::<[u8; 2]>().write_unaligned([flags | REFERENCE, SIZE as u8]);
            to.add(2).cast::<Common>().write_unaligned(body);
        }
    }

    /// The reference at `start`, which stays there.
    ///
    /// # Safety
    /// A frame with [`REFERENCE`] has its body there, and nobody has taken it.
    #[inline]
    pub(crate) unsafe fn common_at(self, start: u64) -> ManuallyDrop<Common> {
        self.get().touch(start, start + SIZE as u64, false);
        // SAFETY: by the contract; this copy is not dropped.
        ManuallyDrop::new(unsafe { self.at(start).cast::<Common>().read_unaligned() })
    }

    /// Takes the reference at `start`.
    ///
    /// # Safety
    /// As for [`SegmentPtr::common_at`]; nobody looks there again.
    #[inline]
    pub(crate) unsafe fn take_common(self, start: u64) -> Common {
        // SAFETY: by the contract.
        ManuallyDrop::into_inner(unsafe { self.common_at(start) })
    }
}

fn layout(room: usize) -> Layout {
    // No more than a segment holds, so that this cannot fail.
    Layout::from_size_align(size_of::<Head>() + room, align_of::<Head>()).unwrap_or(Layout::new::<Head>())
}

impl Head {
    /// Room for at least so many bytes, which are not there yet, and `references`, of which the caller owns all.
    fn allocate(size: usize, references: usize) -> NonNull<Self> {
        let layout = layout(size);
        // SAFETY: the layout has a size above zero.
        let Some(head) = NonNull::new(unsafe { alloc(layout) }.cast::<Self>()) else {
            handle_alloc_error(layout)
        };
        let fresh = Self {
            references: AtomicUsize::new(references),
            #[cfg(loom)]
            shadow: UnsafeCell::new(()),
            size: 0,
            room: size as u32,
            wire: [0; 16],
        };
        // SAFETY: the allocation is fresh and large enough.
        unsafe { head.write(fresh) };
        head
    }

    /// Tells loom that the bytes are read or written now.
    #[cfg(loom)]
    fn touch(&self, write: bool) {
        if write { self.shadow.with_mut(|_| ()) } else { self.shadow.with(|_| ()) }
    }

    #[cfg(not(loom))]
    #[inline(always)]
    fn touch(&self, _write: bool) {}
}

/// # Safety
/// The caller owns so many references, and gives them up.
unsafe fn give_up(head: NonNull<Head>, references: usize) {
    // SAFETY: it lives as long as there is a reference.
    let count = unsafe { &head.as_ref().references };
    // Where these are all, nobody else can count: a load is enough, and cheaper.
    if count.load(Ordering::Acquire) != references {
        if count.fetch_sub(references, Ordering::Release) != references {
            return;
        }
        fence(Ordering::Acquire);
    }
    // SAFETY: the last reference is gone, and the body was allocated with this layout.
    unsafe {
        let layout = layout(head.as_ref().room as usize);
        head.drop_in_place();
        dealloc(head.as_ptr().cast(), layout);
    }
}

impl Deref for Common {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        // SAFETY: this is a reference.
        unsafe { self.bytes(0) }
    }
}

impl AsRef<[u8]> for Common {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl Clone for Common {
    fn clone(&self) -> Self {
        self.head().references.fetch_add(1, Ordering::Relaxed);
        Self(self.0)
    }
}

impl Drop for Common {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: each `Common` owns one reference and gives it up once.
        unsafe { give_up(self.0, 1) };
    }
}

impl fmt::Debug for Common {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.escape_ascii())
    }
}
