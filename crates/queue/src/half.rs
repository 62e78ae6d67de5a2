//! One direction of a pipe: the marks, how its two ends wake each other, and places in its stream.
//!
//! The producer appends frames to the tail segment and publishes whole messages by moving `tail`; the consumer
//! walks the headers. An idle consumer parks its cursor in the words, touches nothing but `tail`, and is activated by
//! the producer. The wake-up rule is the same in all places: store, `SeqCst` fence, look; the sleeper does the
//! mirror image (SEMANTICS 65).

use crate::header::REFERENCE;
use crate::primitive::{Ordering, fence};
use crate::segment::{SegmentPtr, release_chain};
use crate::words::{ABSENT, Half, IDLE, LOOK, NOTHING, RUN, TELL};

/// The bit of `tail` that says that nothing follows.
pub(crate) const CLOSED: u64 = 1 << 63;
/// The mark in force where there is none.
pub(crate) const UNLIMITED: u64 = u64::MAX >> 1;

impl Half {
    /// The high-water mark in force: the sum of both ends' marks; none if either is 0 or both are absent.
    #[inline]
    pub(crate) fn high_water(&self) -> u64 {
        let writer = self.state().limits.writer.load(Ordering::Relaxed);
        let reader = self.state().limits.reader.load(Ordering::Relaxed);
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
        self.state().reader.load(Ordering::Relaxed) != RUN
    }

    /// As [`Half::reader_slept`], after a fence that several directions share.
    #[inline]
    pub(crate) fn finds_reader_asleep(&self) -> bool {
        self.reader_rests()
            && self.state().reader.compare_exchange(IDLE, RUN, Ordering::AcqRel, Ordering::Relaxed).is_ok()
    }

    pub(crate) fn wake_reader(&self) {
        if let Some((notify, key)) = self.reader_end().get() {
            notify.readable(*key);
        }
    }

    /// Consumer: after a change that the writer may wait for. Returns whether the writer has stopped, and is the
    /// reader's to make go on.
    #[must_use]
    pub(crate) fn wake_writer(&self) -> bool {
        fence(Ordering::SeqCst);
        if self.state().wanted.load(Ordering::Relaxed) == NOTHING {
            return false;
        }
        let wanted = self.state().wanted.swap(NOTHING, Ordering::AcqRel);
        if wanted == TELL
            && let Some((notify, key)) = self.writer_end().get()
        {
            notify.writable(*key);
        }
        wanted == LOOK
    }

    /// The last holder is gone: releases what is left in the direction.
    pub(crate) fn release(&self) {
        // The ends hand their oldest segment back to `parked` when they are dropped; the segments left are ours.
        let (first, at) = self.state().parked.with(|cell| {
            // SAFETY: nobody else holds the direction: exclusive access.
            unsafe { *cell }
        });
        self.drop_common(Cursor { segment: SegmentPtr::from_raw(first), at, limit: at });
        let unseen = self.producer().first.load(Ordering::Relaxed);
        // SAFETY: both ends are gone; each segment of the chain is released once, here.
        unsafe { release_chain(if first.is_null() { unseen } else { first }) };
    }

    /// Lets go of the common bodies that the frames from `cursor` on refer to.
    fn drop_common(&self, mut cursor: Cursor) {
        let end = self.producer().end.load(Ordering::Relaxed);
        if end <= cursor.at {
            return;
        }
        self.producer().tail.store(end, Ordering::Relaxed);
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

/// Stands between the publications to several readers and the looks at them ([`crate::Writer::finds_reader_asleep`]).
#[inline]
pub fn fence_before_looks() {
    fence(Ordering::SeqCst);
}

/// The numbers of one direction, as anybody may read them.
#[derive(Debug, Clone)]
pub struct Gauge(pub(crate) Half);

impl Gauge {
    /// Messages the reader has taken, exactly.
    #[must_use]
    pub fn read(&self) -> u64 {
        self.0.consumer().read.load(Ordering::Relaxed)
    }

    /// Bytes of frames that have been published.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let producer = self.0.producer();
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
        self.segment.or_else(|| SegmentPtr::from_raw(half.producer().first.load(Ordering::Acquire)))
    }

    /// Looks for more published frames after `limit == at`. Returns whether there are any; where the segment
    /// has ended moves on to the next, handing the old one to `passed`.
    pub(crate) fn refresh(&mut self, half: &Half, mut passed: impl FnMut(SegmentPtr)) -> bool {
        let tail = half.producer().tail.load(Ordering::Acquire) & !CLOSED;
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
