//! One direction of a pipe: the words that its two ends share.
//!
//! The producer appends frames to the tail segment and publishes whole messages by moving `tail`; the consumer
//! walks the headers. An idle consumer parks its cursor here, touches nothing but `tail`, and is activated by
//! the producer. The wake-up rule is the same in all places: store, `SeqCst` fence, look; the sleeper does the
//! mirror image (SEMANTICS 65).

use crate::header::REFERENCE;
use crate::inbox::Notify;
use crate::primitive::{
    Arc, AtomicBool, AtomicPtr, AtomicU8, AtomicU32, AtomicU64, Ordering, UnsafeCell, fence,
};
use crate::segment::{Pool, Segment, SegmentPtr, release_chain};
use std::ptr;
use std::sync::OnceLock;

/// The bit of `tail` that says that nothing follows.
pub(crate) const CLOSED: u64 = 1 << 63;
/// A limit that does not exist: the other end is a network.
const ABSENT: u32 = u32::MAX;
/// The mark in force where there is none.
const UNLIMITED: u64 = u64::MAX >> 1;

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

/// Keeps words that different threads write on different cache lines.
#[cfg_attr(not(target_arch = "aarch64"), repr(align(64)))]
#[cfg_attr(target_arch = "aarch64", repr(align(128)))]
#[derive(Debug)]
pub(crate) struct Line<T>(pub(crate) T);

/// Written by the producer.
#[derive(Debug)]
pub(crate) struct ProducerLine {
    /// The position after the last published message; the top bit says that the stream has ended.
    pub(crate) tail: AtomicU64,
    /// The segment to begin with, for a consumer that holds none.
    pub(crate) first: AtomicPtr<Segment>,
    /// Bytes of bodies by reference, which have no place in the stream; for numbers only.
    pub(crate) spliced: AtomicU64,
    pub(crate) pool: Arc<Pool>,
    /// How the producer tells the reader.
    pub(crate) reader_end: OnceLock<(Arc<dyn Notify>, u64)>,
}

/// Written by the consumer.
#[derive(Debug)]
pub(crate) struct ConsumerLine {
    /// Messages read, in steps of the low-water mark: the number that the writer may count on.
    pub(crate) credit: AtomicU64,
    /// Bytes done with, now and then.
    pub(crate) head: AtomicU64,
    /// Messages read, exactly; for numbers only.
    pub(crate) read: AtomicU64,
    /// How the consumer tells the writer.
    pub(crate) writer_end: OnceLock<(Arc<dyn Notify>, u64)>,
}

#[derive(Debug)]
pub(crate) struct StateLine {
    pub(crate) reader: AtomicU8,
    /// The wish of the writer, which found no room, to the reader: one of the three words below.
    pub(crate) wanted: AtomicU8,
    /// The consumer takes no more.
    pub(crate) gone: AtomicBool,
    /// The segment of the parked cursor; null if the producer has taken it back.
    pub(crate) parked: UnsafeCell<(*mut Segment, u64)>,
    /// Here since the producer, which looks at them for each message, looks at this line after each anyway.
    pub(crate) limits: Limits,
    /// The position after the last frame, published or not, of a writer that has gone and may have referred to common
    /// bodies.
    pub(crate) end: AtomicU64,
}

#[derive(Debug)]
pub(crate) struct Limits {
    pub(crate) writer: AtomicU32,
    pub(crate) reader: AtomicU32,
}

/// The words that both ends of one direction share. Some processors fetch lines in pairs: the consumer's line has a pair of its
/// own, since it writes there for each message, and the producer's is beside the one that both look at.
#[derive(Debug)]
#[repr(C, align(128))]
pub(crate) struct Half {
    pub(crate) producer: Line<ProducerLine>,
    pub(crate) state: Line<StateLine>,
    pub(crate) consumer: Line<ConsumerLine>,
}

// SAFETY: `parked` is passed between the ends by the reader state (see `Reader::park`, `Writer::sweep`); the
// segments behind the raw pointers are reached by one producer and one consumer under the pipe's protocol.
unsafe impl Send for Half {}
// SAFETY: as above.
unsafe impl Sync for Half {}

impl Half {
    pub(crate) fn new(pool: &Arc<Pool>) -> Arc<Self> {
        Arc::new(Self {
            producer: Line(ProducerLine {
                tail: AtomicU64::new(0),
                first: AtomicPtr::new(ptr::null_mut()),
                spliced: AtomicU64::new(0),
                pool: pool.clone(),
                reader_end: OnceLock::new(),
            }),
            consumer: Line(ConsumerLine {
                credit: AtomicU64::new(0),
                head: AtomicU64::new(0),
                read: AtomicU64::new(0),
                writer_end: OnceLock::new(),
            }),
            state: Line(StateLine {
                reader: AtomicU8::new(RUN),
                wanted: AtomicU8::new(NOTHING),
                gone: AtomicBool::new(false),
                parked: UnsafeCell::new((ptr::null_mut(), 0)),
                limits: Limits { writer: AtomicU32::new(ABSENT), reader: AtomicU32::new(ABSENT) },
                end: AtomicU64::new(0),
            }),
        })
    }

    /// The high-water mark in force: the sum of both ends' marks; none if either is 0 or both are absent.
    #[inline]
    pub(crate) fn high_water(&self) -> u64 {
        let writer = self.state.0.limits.writer.load(Ordering::Relaxed);
        let reader = self.state.0.limits.reader.load(Ordering::Relaxed);
        match (writer, reader) {
            (0, _) | (_, 0) | (ABSENT, ABSENT) => UNLIMITED,
            (ABSENT, one) | (one, ABSENT) => u64::from(one),
            (one, other) => u64::from(one) + u64::from(other),
        }
    }

    pub(crate) fn is_unlimited(&self) -> bool {
        self.high_water() == UNLIMITED
    }

    /// Producer: after a change that the reader must learn of. Whether the reader slept and is now the
    /// producer's to wake.
    #[inline]
    pub(crate) fn reader_slept(&self) -> bool {
        fence(Ordering::SeqCst);
        self.finds_reader_asleep()
    }

    /// Producer: whether the reader has gone to rest, before anything that it is to be woken for.
    #[inline]
    pub(crate) fn reader_rests(&self) -> bool {
        self.state.0.reader.load(Ordering::Relaxed) != RUN
    }

    /// As [`Half::reader_slept`], after a fence that several directions share.
    #[inline]
    pub(crate) fn finds_reader_asleep(&self) -> bool {
        self.reader_rests()
            && self.state.0.reader.compare_exchange(IDLE, RUN, Ordering::AcqRel, Ordering::Relaxed).is_ok()
    }

    pub(crate) fn wake_reader(&self) {
        if let Some((notify, key)) = self.producer.0.reader_end.get() {
            notify.readable(*key);
        }
    }

    /// Consumer: after a change that the writer may wait for. Returns whether the writer has stopped, and is the
    /// reader's to make go on.
    #[must_use]
    pub(crate) fn wake_writer(&self) -> bool {
        fence(Ordering::SeqCst);
        if self.state.0.wanted.load(Ordering::Relaxed) == NOTHING {
            return false;
        }
        let wanted = self.state.0.wanted.swap(NOTHING, Ordering::AcqRel);
        if wanted == TELL
            && let Some((notify, key)) = self.consumer.0.writer_end.get()
        {
            notify.writable(*key);
        }
        wanted == LOOK
    }
}

impl Half {
    /// Both ends are gone: lets go of the common bodies that the frames from `cursor` on refer to.
    fn drop_common(&self, mut cursor: Cursor) {
        let end = self.state.0.end.load(Ordering::Relaxed);
        if end <= cursor.at {
            return;
        }
        self.producer.0.tail.store(end, Ordering::Relaxed);
        while cursor.at < cursor.limit || cursor.refresh(self, |_| ()) {
            let Some((segment, flags, header, size)) = cursor.header() else { return };
            let start = cursor.at + header;
            let by_reference = segment.get().body_at(start).is_some();
            if flags & REFERENCE != 0 {
                // SAFETY: a published frame with this flag holds a reference, and nobody else takes it.
                drop(unsafe { segment.take_common(start) });
            }
            cursor.at = start + if by_reference { 0 } else { size as u64 };
        }
    }
}

impl Drop for Half {
    fn drop(&mut self) {
        // The ends hand their oldest segment back to `parked` when they are dropped; the segments left are ours.
        let (first, at) = self.state.0.parked.with(|cell| {
            // SAFETY: the last reference: exclusive access.
            unsafe { *cell }
        });
        self.drop_common(Cursor { segment: SegmentPtr::from_raw(first), at, limit: at });
        let unseen = self.producer.0.first.load(Ordering::Relaxed);
        // SAFETY: both ends are gone; each segment of the chain is released once, here.
        unsafe { release_chain(if first.is_null() { unseen } else { first }) };
    }
}

/// Stands between the publications to several readers and the looks at them ([`crate::Writer::finds_reader_asleep`]).
#[inline]
pub fn fence_before_looks() {
    fence(Ordering::SeqCst);
}

/// The numbers of one direction, as anybody may read them.
#[derive(Debug, Clone)]
pub struct Gauge(pub(crate) Arc<Half>);

impl Gauge {
    /// Messages the reader has taken, exactly.
    #[must_use]
    pub fn read(&self) -> u64 {
        self.0.consumer.0.read.load(Ordering::Relaxed)
    }

    /// Bytes of frames that have been published.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let producer = &self.0.producer.0;
        (producer.tail.load(Ordering::Relaxed) & !CLOSED) + producer.spliced.load(Ordering::Relaxed)
    }
}

/// The place of a writer, and the number of messages that it has written so far.
#[derive(Clone, Copy, Debug, Default)]
pub struct Milestone {
    pub(crate) at: u64,
    pub(crate) written: u64,
}

/// A parked or running place in the stream.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cursor {
    pub(crate) segment: Option<SegmentPtr>,
    pub(crate) at: u64,
    /// Frames between `at` and here are published and lie in `segment`.
    pub(crate) limit: u64,
}

impl Cursor {
    pub(crate) const START: Self = Self { segment: None, at: 0, limit: 0 };

    /// The segment to release first: its own, or the one to begin with if it holds none yet.
    pub(crate) fn oldest(&self, half: &Half) -> Option<SegmentPtr> {
        self.segment.or_else(|| SegmentPtr::from_raw(half.producer.0.first.load(Ordering::Acquire)))
    }

    /// Looks for more published frames after `limit == at`. Returns whether there are any; where the segment
    /// has ended moves on to the next, handing the old one to `passed`.
    pub(crate) fn refresh(&mut self, half: &Half, mut passed: impl FnMut(SegmentPtr)) -> bool {
        let tail = half.producer.0.tail.load(Ordering::Acquire) & !CLOSED;
        if tail == self.at {
            return false;
        }
        // Published frames and no segment yet: `first` was set before `tail`.
        let Some(mut segment) = self.oldest(half) else { return false };
        let mut next = segment.get().next();
        while let Some(following) = next
            && following.get().base == self.at
        {
            next = following.get().next();
            passed(segment);
            segment = following;
        }
        self.segment = Some(segment);
        self.limit = next.map_or(tail, |next| tail.min(next.get().base));
        true
    }

    /// The header at `at`, which is below `limit`: flags, header length, body size.
    #[inline]
    pub(crate) fn header(&self) -> Option<(SegmentPtr, u8, u64, usize)> {
        let segment = self.segment?;
        let available = (self.limit - self.at) as usize;
        segment.get().touch(self.at, self.at + available.min(2) as u64, false);
        // SAFETY: [at, limit) is published and inside the segment; nobody writes it any more.
        let bytes = unsafe { std::slice::from_raw_parts(segment.at(self.at), available) };
        let (flags, header, size) = crate::header::decode(bytes)?;
        Some((segment, flags, header as u64, size as usize))
    }
}
