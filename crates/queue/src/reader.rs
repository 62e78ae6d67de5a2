//! The reading end of one direction, frame by frame.

pub(crate) mod backlog;
mod frames;
pub(crate) mod lend;

use crate::PeerInfo;
use crate::half::{CLOSED, Cursor, Gauge, UNLIMITED};
use crate::header::Kind;
use crate::inbox::Notify;
use crate::primitive::{Arc, Ordering, fence};
use crate::segment::SegmentPtr;
use crate::words::{Half, IDLE, RUN};
use std::fmt::Debug;
use std::ptr;

/// An unlimited reader tells its count every so many messages.
const UNLIMITED_STEP: u64 = 4096;

/// A frame at the head: its segment, flags, header's length and body's size.
type Found = (SegmentPtr, u8, u64, usize);

/// A place from which messages come to a stream that is private to the reading end.
pub(crate) trait Source: Debug + Send {
    /// Whether a message is there.
    fn has_message(&self) -> bool;

    /// Whether nothing follows any more.
    fn has_closed(&self) -> bool;

    /// Moves the message that is there, if any, to the stream.
    fn pull(&mut self) -> bool;

    /// Messages that a newer one took the place of in the stream.
    fn count_replaced(&mut self, messages: u64);

    /// Messages that a newer one took the place of, anywhere on their way.
    fn replaced(&self) -> u64;
}

/// The way from the writing end where only the last message is kept. A box holds it, so that the reading end stays small.
#[derive(Debug)]
struct Origin {
    source: Box<dyn Source>,
    /// The words shared with the writing end.
    words: Half,
    /// Messages that a newer one took the place of at this end.
    replaced: u64,
}

/// The reading end of one direction of a pipe. One thread at a time.
#[derive(Debug)]
pub struct Reader {
    pub(crate) half: Half,
    pub(crate) cursor: Cursor,
    /// The cursor's segment is in the shared cell, where the writer may take it back.
    parked: bool,
    read: u64,
    /// The count at which credit is given next.
    next_credit: u64,
    /// The mark from which that follows; 0: there is none, or it is not known yet.
    mark: u32,
    /// The writer has stopped, and goes on when this end sees to it.
    looks: bool,
    /// If there is one, `half` is private to this end.
    origin: Option<Box<Origin>>,
}

// SAFETY: the raw segment pointer belongs to this end alone, under the pipe's protocol.
unsafe impl Send for Reader {}

impl Reader {
    pub(crate) fn new(half: Half) -> Self {
        Self {
            half,
            cursor: Cursor::START,
            parked: false,
            read: 0,
            next_credit: 0,
            mark: 0,
            looks: false,
            origin: None,
        }
    }

    /// From now on messages come from `source`, and the writing end has `words`.
    pub(crate) fn pull_from(&mut self, source: Box<dyn Source>, words: Half) {
        self.origin = Some(Box::new(Origin { source, words, replaced: 0 }));
    }

    /// The words shared with the writing end.
    #[inline]
    fn words(&self) -> &Half {
        self.origin.as_ref().map_or(&self.half, |origin| &origin.words)
    }

    fn source(&self) -> Option<&dyn Source> {
        self.origin.as_ref().map(|origin| &*origin.source)
    }

    /// Names whom the writer wakes when there is something to read, and by which key. Once, before the first
    /// [`Reader::park`]: of a [`crate::pipe`], this holds for the writer of the same side too.
    pub fn attach(&self, notify: Arc<dyn Notify>, key: u64) {
        _ = self.words().reader_end().set((notify, key));
    }

    /// Sets this end's high-water mark in messages; 0: none.
    pub fn set_high_water(&mut self, messages: u32) {
        if self.origin.is_some() {
            return;
        }
        self.half.state().limits.reader.store(messages, Ordering::Relaxed);
        self.give_credit();
        // A higher mark makes room without any credit.
        self.looks |= self.half.wake_writer();
    }

    /// Whether a whole message is there.
    #[inline]
    pub fn is_ready(&mut self) -> bool {
        self.head().is_some()
    }

    /// Whether more has been published than this end has seen; one load, for a thread that spins.
    #[must_use]
    pub fn has_unseen(&self) -> bool {
        !self.has_seen_all(Ordering::Relaxed)
    }

    #[inline]
    fn has_seen_all(&self, ordering: Ordering) -> bool {
        let level = self.half.producer().tail.load(ordering) == self.cursor.at;
        level && self.source().is_none_or(|source| !source.has_message() && !source.has_closed())
    }

    /// How far this end has read, as a place in the stream.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.cursor.at
    }

    /// How far has been published, likewise.
    #[must_use]
    pub fn published(&self) -> u64 {
        self.half.producer().tail.load(Ordering::Acquire) & !CLOSED
    }

    /// Whether the writer has closed and everything has been read.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        match self.source() {
            None => self.half.producer().tail.load(Ordering::Acquire) == self.cursor.at | CLOSED,
            Some(source) => source.has_closed() && self.has_passed_all(),
        }
    }

    /// Whether nothing is left in this end's own stream.
    fn has_passed_all(&self) -> bool {
        self.half.producer().tail.load(Ordering::Relaxed) == self.cursor.at
    }

    #[inline]
    fn refresh(&mut self) -> bool {
        !self.parked && (self.go_on() || (self.origin.is_some() && self.pull()))
    }

    /// Takes a message over from the source, if there is one.
    #[cold]
    fn pull(&mut self) -> bool {
        self.origin.as_mut().is_some_and(|origin| origin.source.pull()) && self.go_on()
    }

    /// Whether only the last message is kept.
    #[must_use]
    pub fn conflates(&self) -> bool {
        self.origin.is_some()
    }

    /// Whether a newer message is there, if only the last is kept.
    #[inline]
    pub(crate) fn has_newer(&self) -> bool {
        self.source().is_some_and(|source| source.has_message())
    }

    /// Puts a newer message in the place of the one that waits here, if only the last is kept. Only between two messages.
    pub fn skip_to_latest(&mut self) {
        if !self.parked && self.has_newer() {
            let before = self.read;
            while self.cursor.at < self.cursor.limit || self.go_on() {
                self.take();
            }
            let replaced = self.read - before;
            if let Some(origin) = &mut self.origin {
                origin.replaced += replaced;
                origin.source.count_replaced(replaced);
            }
            self.pull();
        }
    }

    /// Moves on to what has been published since.
    #[inline]
    fn go_on(&mut self) -> bool {
        let head = &self.half.consumer().head;
        let at = self.cursor.at;
        self.cursor.refresh(&self.half, |passed| {
            head.store(at, Ordering::Relaxed);
            // SAFETY: this end has passed it, and it has a successor: the producer has let go.
            unsafe { passed.release() };
        })
    }

    /// The frame at the head, past those that are nothing: see [`Cursor::header`].
    #[inline(always)]
    fn head(&mut self) -> Option<Found> {
        loop {
            if self.cursor.at == self.cursor.limit && !self.refresh() {
                return None;
            }
            let found = self.cursor.header()?;
            let (_, flags, header, size) = found;
            if Kind::of(flags) != Kind::Skip {
                return Some(found);
            }
            self.cursor.at += header + size as u64;
        }
    }

    /// The connection that the frame last looked at or taken came by.
    #[inline]
    #[must_use]
    pub fn peer(&self) -> Option<&Arc<PeerInfo>> {
        self.cursor.segment.and_then(|segment| segment.get().peer.as_ref())
    }

    /// Counts messages as read and gives credit at every low-water mark.
    #[inline]
    pub(crate) fn count(&mut self, messages: u64) {
        let read = self.read + messages;
        self.read = read;
        self.half.consumer().read.store(read, Ordering::Relaxed);
        if read >= self.next_credit {
            self.give_credit();
        }
    }

    #[cold]
    fn give_credit(&mut self) {
        let limit = self.half.high_water();
        let consumer = self.half.consumer();
        consumer.head.store(self.cursor.at, Ordering::Relaxed);
        let unlimited = limit == UNLIMITED;
        let mark = u32::try_from(limit).unwrap_or(0);
        let before = std::mem::replace(&mut self.mark, mark);
        if mark != 0 && mark == before && self.read < self.next_credit {
            return;
        }
        let step = if unlimited { UNLIMITED_STEP } else { limit.div_ceil(2).max(1) };
        let floor = self.read / step * step;
        self.next_credit = floor + step;
        let credit = if unlimited && self.parked { self.read } else { floor };
        if credit > consumer.credit.load(Ordering::Relaxed) {
            consumer.credit.store(credit, Ordering::Release);
            self.looks |= self.half.wake_writer();
        }
    }

    /// Rests, since nothing is there: the writer will wake this end. Returns `false` if something came
    /// meanwhile, or the stream has ended: then go on reading.
    pub fn park(&mut self) -> bool {
        if self.parked {
            return true;
        }
        if self.origin.is_none() {
            self.park_cursor();
        }
        self.words().state().reader.swap(IDLE, Ordering::AcqRel);
        self.parked = true;
        fence(Ordering::SeqCst);
        // Behind the fence: a thread that lowers the mark from now on wakes this end to think again.
        self.give_credit();
        if self.has_seen_all(Ordering::Acquire) {
            return true;
        }
        let state = self.words().state();
        if state.reader.compare_exchange(IDLE, RUN, Ordering::AcqRel, Ordering::Acquire).is_ok() {
            self.resume();
            return false;
        }
        // The writer is about to wake this end.
        true
    }

    /// Whether the writer has stopped at the mark ([`Writer::stop`](crate::Writer::stop)), and is to be made to go on when
    /// this end has read all: see to it before this end rests.
    #[must_use]
    pub fn has_look(&self) -> bool {
        self.looks
    }

    /// As [`Reader::has_look`], and this end sees to it now.
    #[inline]
    pub fn takes_look(&mut self) -> bool {
        std::mem::take(&mut self.looks)
    }

    /// Puts the cursor into the shared cell.
    fn park_cursor(&mut self) {
        let segment = self.cursor.segment.take().map_or(ptr::null_mut(), SegmentPtr::as_raw);
        // SAFETY: in state RUN, which is so unless parked, the cell is the reader's.
        self.half.state().parked.with_mut(|cell| unsafe { *cell = (segment, self.cursor.at) });
    }

    /// After the writer has woken this end: takes the cursor back.
    pub fn resume(&mut self) {
        if self.parked && self.words().state().reader.load(Ordering::Acquire) == RUN {
            self.parked = false;
            if self.origin.is_some() {
                return;
            }
            // SAFETY: in state RUN the cell is the reader's.
            let (segment, _) = self.half.state().parked.with(|cell| unsafe { *cell });
            self.cursor.segment = SegmentPtr::from_raw(segment);
        }
    }

    /// Whether this end rests.
    #[must_use]
    pub fn is_parked(&self) -> bool {
        self.parked
    }

    /// Messages passed, read or not: those that a newer one took the place of count, too.
    #[must_use]
    pub fn passed(&self) -> u64 {
        self.read
    }

    /// Messages read; those that a newer one took the place of do not count.
    #[must_use]
    pub fn read(&self) -> u64 {
        self.read - self.origin.as_ref().map_or(0, |origin| origin.replaced)
    }

    /// Messages that a newer one took the place of, at either end or between them.
    #[must_use]
    pub fn replaced(&self) -> u64 {
        self.source().map_or(0, Source::replaced)
    }

    /// A view of this direction's numbers.
    #[must_use]
    pub fn gauge(&self) -> Gauge {
        Gauge(self.half.clone())
    }

    /// Tells the writer that nobody reads any more, whether it waits or not: it may have other reasons to rest.
    pub fn leave(&self) {
        let words = self.words();
        words.state().gone.store(true, Ordering::Release);
        // A writer whose end is being attached at this moment is told, or sees `gone` itself.
        fence(Ordering::SeqCst);
        if let Some((notify, key)) = words.writer_end().get() {
            notify.writable(*key);
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        if !self.parked || self.origin.is_some() {
            self.park_cursor();
        }
        self.leave();
    }
}
