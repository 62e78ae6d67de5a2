//! The words that the ends of a pipe share, and the one block in which they lie.
//!
//! A pipe has two sides. The producer of one direction and the consumer of the other are the same side's, mostly in the same
//! thread, so the words that they write share a cache line. Beside it is a line that both sides look at, for the direction
//! that the side writes. Some processors fetch lines in pairs: these two are a pair, and the other side has its own. (Two
//! threads that have the halves of a socket write the same line, and take turns in any case, by the lock of the socket.)

use crate::inbox::Notify;
use crate::primitive::{
    Arc, AtomicBool, AtomicPtr, AtomicU8, AtomicU32, AtomicU64, Ordering, UnsafeCell, fence,
};
use crate::segment::{Pool, Segment};
use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::ptr::{self, NonNull};
use std::sync::OnceLock;

/// A limit that does not exist: the other end is a network.
pub(crate) const ABSENT: u32 = u32::MAX;

/// The consumer reads, or has been activated and will.
pub(crate) const RUN: u8 = 0;
/// The consumer found nothing and parked its cursor.
pub(crate) const IDLE: u8 = 1;
/// The producer has the parked cursor for a moment.
pub(crate) const CLAIMED: u8 = 2;

/// The writer needs no credit.
pub(crate) const NOTHING: u8 = 0;
/// The writer is to be told of credit.
pub(crate) const TELL: u8 = 1;
/// The writer has stopped: the reader goes on in its place when it has read all.
pub(crate) const LOOK: u8 = 2;

/// Written by the producer of a direction.
#[derive(Debug)]
pub(crate) struct Producer {
    /// The position after the last published message; the top bit says that the stream has ended.
    pub(crate) tail: AtomicU64,
    /// The segment to begin with, for a consumer that holds none.
    pub(crate) first: AtomicPtr<Segment>,
    /// Bytes of bodies by reference, which have no place in the stream; for numbers only.
    pub(crate) spliced: AtomicU64,
    /// The position after the last frame, published or not, of a writer that has gone and may have referred to common
    /// bodies.
    pub(crate) end: AtomicU64,
    pub(crate) pool: Arc<Pool>,
}

/// Written by the consumer of a direction.
#[derive(Debug)]
pub(crate) struct Consumer {
    /// Messages read, in steps of the low-water mark: the number that the writer may count on.
    pub(crate) credit: AtomicU64,
    /// Bytes done with, now and then.
    pub(crate) head: AtomicU64,
    /// Messages read, exactly; for numbers, and for writers that do not run far ahead.
    pub(crate) read: AtomicU64,
}

/// The words that one side writes for each message: as the producer of one direction, and as the consumer of the other.
#[derive(Debug)]
#[cfg_attr(not(target_arch = "aarch64"), repr(align(64)))]
#[cfg_attr(target_arch = "aarch64", repr(align(128)))]
struct Line {
    producer: Producer,
    consumer: Consumer,
}

/// The words that both ends of a direction look at.
#[derive(Debug)]
#[cfg_attr(not(target_arch = "aarch64"), repr(align(64)))]
#[cfg_attr(target_arch = "aarch64", repr(align(128)))]
pub(crate) struct State {
    pub(crate) reader: AtomicU8,
    /// The wish of the writer, which found no room, to the reader: one of the three words above.
    pub(crate) wanted: AtomicU8,
    /// The consumer takes no more.
    pub(crate) gone: AtomicBool,
    /// Directions that are in use. Those of the block are counted in its first pair.
    directions: AtomicU8,
    /// The ends of this direction, and others who look at its numbers.
    holders: AtomicU32,
    /// The segment of the parked cursor; null if the producer has taken it back.
    pub(crate) parked: UnsafeCell<(*mut Segment, u64)>,
    /// Here since the producer, which looks at them for each message, looks at this line after each anyway.
    pub(crate) limits: Limits,
    /// How the side that reads this direction, and writes the other, is told of either.
    told: OnceLock<(Arc<dyn Notify>, u64)>,
}

#[derive(Debug)]
pub(crate) struct Limits {
    pub(crate) writer: AtomicU32,
    pub(crate) reader: AtomicU32,
}

/// One side's pair of lines. The words of a direction are those of the side that writes it, but for the consumer's.
#[derive(Debug)]
#[cfg_attr(not(loom), repr(C, align(128)))]
#[cfg_attr(loom, repr(C, align(2048)))]
struct Pair {
    line: Line,
    state: State,
}

const PAIR: usize = size_of::<Pair>();

/// Two pairs, so aligned that either is found from the other by one bit of its address.
const BLOCK: Layout = {
    assert!(PAIR.is_power_of_two() && (cfg!(loom) || PAIR == 2 * align_of::<Line>()));
    match Layout::from_size_align(2 * PAIR, 2 * PAIR) {
        Ok(layout) => layout,
        Err(_) => unreachable!(),
    }
};

impl Pair {
    fn new(pool: &Arc<Pool>, directions: u8) -> Self {
        Self {
            line: Line {
                producer: Producer {
                    tail: AtomicU64::new(0),
                    first: AtomicPtr::new(ptr::null_mut()),
                    spliced: AtomicU64::new(0),
                    end: AtomicU64::new(0),
                    pool: pool.clone(),
                },
                consumer: Consumer {
                    credit: AtomicU64::new(0),
                    head: AtomicU64::new(0),
                    read: AtomicU64::new(0),
                },
            },
            state: State {
                reader: AtomicU8::new(RUN),
                wanted: AtomicU8::new(NOTHING),
                gone: AtomicBool::new(false),
                directions: AtomicU8::new(directions),
                holders: AtomicU32::new(1),
                parked: UnsafeCell::new((ptr::null_mut(), 0)),
                limits: Limits { writer: AtomicU32::new(ABSENT), reader: AtomicU32::new(ABSENT) },
                told: OnceLock::new(),
            },
        }
    }
}

/// A hold of one direction: an end has one, and so has each [`Gauge`](crate::Gauge). It is the address of the pair of the
/// side that writes the direction. What is left in the direction goes with its last holder, and the block with the last
/// direction.
#[derive(Debug)]
pub(crate) struct Half(NonNull<Pair>);

// SAFETY: the words are atomics, but for `parked`, which is passed between the ends by the reader state (see `Reader::park`,
// `Writer::sweep`), and what is written once, which is `Send` and `Sync`; the segments behind the raw pointers are reached
// by one producer and one consumer under the pipe's protocol.
unsafe impl Send for Half {}
// SAFETY: as above.
unsafe impl Sync for Half {}

impl Half {
    /// A direction of its own; the block's other is not used.
    pub(crate) fn new(pool: &Arc<Pool>) -> Self {
        Self(block(pool, 1))
    }

    /// The two directions of a pipe.
    pub(crate) fn both(pool: &Arc<Pool>) -> [Self; 2] {
        let first = block(pool, 2);
        // SAFETY: the second pair of the same block.
        [Self(first), Self(unsafe { first.add(1) })]
    }

    /// The pair of the side that writes this direction.
    #[inline(always)]
    fn near(&self) -> &Pair {
        // SAFETY: this holder keeps the block, whose pairs are only reached by shared references.
        unsafe { self.0.as_ref() }
    }

    /// The pair of the side that reads this direction.
    #[inline(always)]
    fn far(&self) -> &Pair {
        // SAFETY: as above: the block is aligned to two pairs, so the address of the other differs in this bit.
        unsafe { &*self.0.as_ptr().map_addr(|address| address ^ PAIR) }
    }

    /// The producer's words.
    #[inline(always)]
    pub(crate) fn producer(&self) -> &Producer {
        &self.near().line.producer
    }

    /// The consumer's words.
    #[inline(always)]
    pub(crate) fn consumer(&self) -> &Consumer {
        &self.far().line.consumer
    }

    /// The words that both look at.
    #[inline(always)]
    pub(crate) fn state(&self) -> &State {
        &self.near().state
    }

    /// How the producer tells the reader.
    pub(crate) fn reader_end(&self) -> &OnceLock<(Arc<dyn Notify>, u64)> {
        &self.near().state.told
    }

    /// How the consumer tells the writer.
    pub(crate) fn writer_end(&self) -> &OnceLock<(Arc<dyn Notify>, u64)> {
        &self.far().state.told
    }
}

impl Clone for Half {
    fn clone(&self) -> Self {
        let before = self.state().holders.fetch_add(1, Ordering::Relaxed);
        if before > u32::MAX / 2 {
            // There is no memory for so many, unless they were forgotten; the count must not wrap around.
            handle_alloc_error(BLOCK);
        }
        Self(self.0)
    }
}

impl Drop for Half {
    fn drop(&mut self) {
        if self.state().holders.fetch_sub(1, Ordering::Release) != 1 {
            return;
        }
        fence(Ordering::Acquire);
        self.release();
        let first = self.0.as_ptr().map_addr(|address| address & !PAIR);
        // SAFETY: this direction still counts among those that keep the block, of which this is the first pair.
        if unsafe { &(*first).state.directions }.fetch_sub(1, Ordering::Release) != 1 {
            return;
        }
        fence(Ordering::Acquire);
        // SAFETY: the last direction is gone: nobody else can reach the block. Both pairs were written by `block`, which
        // allocated it with this layout.
        unsafe {
            first.drop_in_place();
            first.add(1).drop_in_place();
            dealloc(first.cast(), BLOCK);
        }
    }
}

/// A new block, of which so many directions are used: the address of its first pair.
fn block(pool: &Arc<Pool>, directions: u8) -> NonNull<Pair> {
    // SAFETY: the layout has a size above zero.
    let first = NonNull::new(unsafe { alloc(BLOCK) }.cast::<Pair>());
    let first = first.unwrap_or_else(|| handle_alloc_error(BLOCK));
    // SAFETY: the block is this function's alone, and has the size and alignment of two pairs.
    unsafe {
        first.write(Pair::new(pool, directions));
        first.add(1).write(Pair::new(pool, directions));
    }
    first
}
