//! The writing end of one direction: frames in, whole messages published.

mod envelope;
mod publish;
pub(crate) mod shared;

use crate::PeerInfo;
use crate::chain::Chain;
use crate::half::{CLOSED, Gauge, Milestone};
use crate::header::{self, LONGEST, MORE};
use crate::inbox::Notify;
use crate::part::Part;
use crate::primitive::{Arc, Ordering, fence};
use crate::segment::{LARGEST, SegmentPtr, give_up};
use crate::words::{Half, LOOK, TELL};
use bytes::Bytes;
use std::fmt::Debug;
use std::ptr;

/// So far ahead of the writer its cache lines are fetched where an application reads them: its core had them last, and
/// each publication waits for the lines that the message went to.
const AHEAD: u64 = 256;

/// A place that takes messages on from a stream which is private to the writing end.
pub(crate) trait Sink: Debug + Send {
    /// Takes on what was published, `written` messages in all.
    fn pass_on(&mut self, written: u64);

    /// Messages not yet read by the other end.
    fn queued(&self) -> u64;

    /// Messages that a newer one took the place of.
    fn replaced(&self) -> u64;
}

/// The way on to the reading end where only the last message is kept. A box holds it, so that the writing end stays small.
#[derive(Debug)]
struct Onward {
    sink: Box<dyn Sink>,
    /// The words shared with the reading end.
    words: Half,
}

/// The writing end of one direction of a pipe. One thread at a time.
#[derive(Debug)]
pub struct Writer {
    pub(crate) half: Half,
    pub(crate) chain: Chain,
    /// Messages published.
    pub(crate) written: u64,
    /// The reader's credit as last seen.
    credit: u64,
    /// The stream has ended.
    closed: bool,
    /// The reader is in this process, and takes [`Part::Kept`] by reference.
    serves_process: bool,
    /// The number of messages up to the last that has a body by reference whose owner may be called; its lower half, since
    /// it matters only against what is queued.
    lent: u32,
    /// Some frame refers to a common body.
    refers: bool,
    /// If there is one, `half` is private to this end.
    onward: Option<Box<Onward>>,
}

// SAFETY: the raw segment pointer belongs to this end alone, under the pipe's protocol.
unsafe impl Send for Writer {}

impl Writer {
    pub(crate) fn new(half: Half) -> Self {
        Self {
            half,
            chain: Chain::new(),
            written: 0,
            credit: 0,
            closed: false,
            serves_process: false,
            lent: 0,
            refers: false,
            onward: None,
        }
    }

    /// From now on `sink` takes messages on, and the reading end has `words`.
    pub(crate) fn pass_to(&mut self, sink: Box<dyn Sink>, words: Half) {
        self.onward = Some(Box::new(Onward { sink, words }));
    }

    /// Whether only the last message is kept.
    pub(crate) fn conflates(&self) -> bool {
        self.onward.is_some()
    }

    /// The words shared with the reading end.
    #[inline]
    fn words(&self) -> &Half {
        self.onward.as_ref().map_or(&self.half, |onward| &onward.words)
    }

    /// Names whom the reader wakes when it has made room, and by which key. Once: of a [`crate::pipe`], this holds for the reader of the
    /// same side too. A reader that has left already tells nobody: look at [`Writer::is_gone`] afterwards.
    pub fn attach(&self, notify: Arc<dyn Notify>, key: u64) {
        _ = self.words().writer_end().set((notify, key));
        fence(Ordering::SeqCst);
    }

    /// Sets this end's high-water mark in messages; 0: none.
    pub fn set_high_water(&self, messages: u32) {
        if self.onward.is_some() {
            return;
        }
        self.half.state().limits.writer.store(messages, Ordering::Relaxed);
        // An idle reader has given credit in the steps of the old mark, which the new one may be below.
        if self.half.reader_slept() {
            self.wake();
        }
    }

    /// The largest size class for segments: 0 for 1 KiB, 1 for 8 KiB, 2 for 64 KiB.
    pub fn set_largest_class(&mut self, class: usize) {
        self.chain.set_largest_class(class);
    }

    /// The reader is in this process, and nobody else reads: bodies that are to be kept go by reference, of whatever
    /// size. To a network they are copied as others are.
    pub fn serve_process(&mut self) {
        self.serves_process = true;
    }

    /// Names the connection that the following frames come from; they begin a segment of their own.
    pub fn set_peer(&mut self, peer: Option<Arc<PeerInfo>>) {
        self.chain.set_peer(peer);
    }

    /// Whether the queue is below its high-water mark.
    #[inline]
    pub fn has_room(&mut self) -> bool {
        if self.has_known_room() {
            return true;
        }
        self.credit = self.half.consumer().credit.load(Ordering::Acquire);
        self.has_known_room()
    }

    /// Whether the queue is below its high-water mark by the credit that this end has seen so far.
    #[inline]
    #[must_use]
    pub fn has_known_room(&self) -> bool {
        ((self.written.wrapping_sub(self.credit)) as i64) < self.half.high_water() as i64
    }

    /// Whether more than so many messages may wait.
    #[must_use]
    pub fn admits_more_than(&self, messages: u64) -> bool {
        self.onward.is_none() && self.half.high_water() > messages
    }

    /// Whether any number of messages may wait.
    #[must_use]
    pub fn is_unlimited(&self) -> bool {
        self.onward.is_none() && self.half.is_unlimited()
    }

    /// As [`Writer::has_room`]; if there is none, the reader will tell when there is, or when it leaves: look at
    /// [`Writer::is_gone`] before sleeping.
    pub fn await_room(&mut self) -> bool {
        self.has_room() || self.want(TELL)
    }

    /// As [`Writer::has_room`]; if there is none, the reader hears that this end has stopped, and that it is the reader's
    /// to make it go on ([`crate::Reader::takes_look`]).
    pub fn stop(&mut self) -> bool {
        self.has_room() || self.want(LOOK)
    }

    /// Says what is wanted of the reader, and looks again for room.
    fn want(&mut self, wanted: u8) -> bool {
        self.half.state().wanted.swap(wanted, Ordering::AcqRel);
        fence(Ordering::SeqCst);
        self.has_room()
    }

    /// Whether the reader takes no more.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        self.words().state().gone.load(Ordering::Relaxed)
    }

    /// Messages written and not yet read, exactly as of now; nothing else that the reader did is sure to be seen with it.
    #[must_use]
    pub fn queued(&self) -> u64 {
        match &self.onward {
            None => self.written.wrapping_sub(self.half.consumer().read.load(Ordering::Relaxed)),
            Some(onward) => onward.sink.queued(),
        }
    }

    /// Messages that a newer one took the place of, where only the last is kept; at either end or between them.
    #[must_use]
    pub fn replaced(&self) -> u64 {
        self.onward.as_ref().map_or(0, |onward| onward.sink.replaced())
    }

    /// Messages written and not yet credited by the reader: the number that counts against the high-water mark.
    #[must_use]
    pub fn uncredited(&self) -> u64 {
        match &self.onward {
            None => self.written.wrapping_sub(self.half.consumer().credit.load(Ordering::Relaxed)),
            Some(onward) => onward.sink.queued(),
        }
    }

    /// The place of this end, for a [`crate::Drain`].
    #[must_use]
    pub fn milestone(&self) -> Milestone {
        Milestone { at: self.chain.at, written: self.written }
    }

    /// Messages written.
    #[must_use]
    pub fn written(&self) -> u64 {
        self.written
    }

    /// Bytes written and not yet read, roughly.
    #[must_use]
    pub fn backlog(&self) -> u64 {
        self.chain.backlog(&self.half)
    }

    /// Whether the backlog is at most `bytes`, and no body joined by reference lately.
    #[must_use]
    pub fn is_short(&self, bytes: u64) -> bool {
        self.backlog() <= bytes && self.chain.segment.is_none_or(|segment| segment.get().is_plain())
    }

    /// A view of this direction's numbers.
    #[must_use]
    pub fn gauge(&self) -> Gauge {
        Gauge(self.half.clone())
    }

    /// Writes one whole message behind the last, without publishing it: `envelope` is frames already encoded
    /// (see [`crate::append_frame`]), each with MORE. Nothing is written if it is anything else, or without parts.
    /// Returns whether a segment was begun for it.
    #[inline(always)]
    pub fn write(&mut self, envelope: &[u8], parts: &[Part<'_>]) -> bool {
        !self.write_at_once(envelope, parts) && self.write_longer(envelope, parts)
    }

    /// As [`Writer::write`], for a message that [`Writer::write_at_once`] has not written.
    #[inline]
    pub fn write_longer(&mut self, envelope: &[u8], parts: &[Part<'_>]) -> bool {
        let before = self.chain.segment;
        self.write_several(envelope, parts);
        self.chain.segment != before
    }

    /// Writes a message if it is one short part for which there is room in the segment, as most are. Returns whether it was.
    #[inline(always)]
    pub fn write_at_once(&mut self, envelope: &[u8], parts: &[Part<'_>]) -> bool {
        matches!(parts, [Part::Slice(only)] if header::is_envelope(envelope) && self.write_short(envelope, only))
    }

    #[inline(always)]
    fn write_short(&mut self, envelope: &[u8], body: &[u8]) -> bool {
        let Some(segment) = self.chain.segment else { return false };
        let whole = (envelope.len() + 2 + body.len()) as u64;
        if body.len() > usize::from(u8::MAX) || self.chain.room() < whole {
            return false;
        }
        segment.get().touch(self.chain.at, self.chain.at + whole, true);
        let to = segment.at(self.chain.at);
        // SAFETY: as in `write_frame`.
        unsafe {
            sys::copy(envelope, to);
            let to = to.add(envelope.len());
            to.cast::<[u8; 2]>().write([0, body.len() as u8]);
            sys::copy(body, to.add(2));
        }
        self.chain.at += whole;
        self.written += 1;
        if self.serves_process && self.chain.room() >= AHEAD {
            sys::prefetch_to_write(segment.at(self.chain.at + AHEAD));
        }
        true
    }

    fn write_several(&mut self, envelope: &[u8], parts: &[Part<'_>]) {
        let Some((last, first)) = parts.split_last() else { return };
        if !envelope.is_empty() && !self.write_envelope(envelope) {
            return;
        }
        for part in first {
            self.write_frame(MORE, part);
        }
        self.write_frame(0, last);
        self.written += 1;
    }

    /// As [`Writer::write`], for what a peer has sent, which must not be the end of the process: returns `false`, and
    /// writes nothing, if there is no memory. Only where no bytes go to a peer: the message begun becomes a frame that
    /// is nothing.
    #[must_use]
    pub fn try_write(&mut self, parts: &[Part<'_>]) -> bool {
        let Some((last, first)) = parts.split_last() else { return true };
        let (segment, from) = (self.chain.segment, self.chain.at);
        let written = first.iter().all(|part| self.try_frame(MORE, part)) && self.try_frame(0, last);
        if written {
            self.written += 1;
        } else {
            let first = || SegmentPtr::from_raw(self.half.producer().first.load(Ordering::Relaxed));
            self.chain.mark_skipped(segment.or_else(first), from);
        }
        written
    }

    fn try_frame(&mut self, flags: u8, body: &Part<'_>) -> bool {
        let whole = header::header_len(body.len()) + body.len();
        let need = if whole > LARGEST { LONGEST } else { whole };
        let there = self.chain.room() >= need as u64 || self.try_grow(need);
        if there {
            self.write_frame(flags, body);
        }
        there
    }

    /// Writes one frame that is a message by itself, of a kind other than data.
    pub fn write_kind(&mut self, kind: header::Kind, body: &[u8]) {
        self.write_frame(kind as u8, &Part::Slice(body));
        self.written += 1;
    }

    #[inline]
    pub(crate) fn write_frame(&mut self, flags: u8, part: &Part<'_>) {
        let Some(body) = part.plain(self.serves_process) else {
            return self.write_by_reference(flags, part);
        };
        let size = body.len();
        let need = header::header_len(size) + size;
        if self.chain.room() < need as u64 {
            if need > LARGEST {
                return self.write_by_reference(flags, part);
            }
            self.grow(need);
        }
        let mut header = [0; LONGEST];
        let len = header::encode(flags, size, &mut header);
        let Some(segment) = self.chain.segment else { return };
        segment.get().touch(self.chain.at, self.chain.at + need as u64, true);
        let to = segment.at(self.chain.at);
        // SAFETY: [at, at + need) is inside the segment's room, behind everything published, and written by
        // this end alone.
        unsafe {
            if len == 2 {
                to.cast::<[u8; 2]>().write_unaligned([header[0], header[1]]);
                ptr::copy_nonoverlapping(body.as_ptr(), to.add(2), size);
            } else {
                ptr::copy_nonoverlapping(header.as_ptr(), to, LONGEST);
                ptr::copy_nonoverlapping(body.as_ptr(), to.add(LONGEST), size);
            }
        }
        self.chain.at += need as u64;
    }

    #[cold]
    fn write_by_reference(&mut self, flags: u8, part: &Part<'_>) {
        if part.calls_back() {
            self.lend();
        }
        self.write_spliced(flags, part.to_bytes());
    }

    /// The message that is being written has a body whose owner may be called when it is done with.
    pub(crate) fn lend(&mut self) {
        self.lent = (self.written as u32).wrapping_add(1);
    }

    /// Whether such a message is in the queue.
    #[must_use]
    pub fn lends(&self) -> bool {
        let read = self.half.consumer().read.load(Ordering::Relaxed);
        self.lent.wrapping_sub(read as u32).cast_signed() > 0
    }

    /// A frame whose body joins by reference.
    #[cold]
    pub(crate) fn write_spliced(&mut self, flags: u8, body: Bytes) {
        let mut header = [0; LONGEST];
        let len = header::encode(flags, body.len(), &mut header) as u64;
        if self.chain.room() < len {
            self.grow(len as usize);
        }
        let Some(mut segment) = self.chain.segment else { return };
        self.count_spliced(body.len());
        if let Err(body) = segment.get().splice(self.chain.at + len, body) {
            // All places are taken. Where all bodies are by reference, the smallest segment holds as many.
            self.chain.class = 0;
            let Some(fresh) = self.chain.begin(&self.half, len as usize) else { give_up(0) };
            segment = fresh;
            _ = segment.get().splice(self.chain.at + len, body);
        }
        segment.get().touch(self.chain.at, self.chain.at + len, true);
        // SAFETY: as in `write_frame`; `len` bytes of room were made sure of.
        unsafe { ptr::copy_nonoverlapping(header.as_ptr(), segment.at(self.chain.at), len as usize) };
        self.chain.at += len;
    }

    /// A body by reference was joined: the stream's position does not tell of its bytes.
    pub(crate) fn count_spliced(&self, size: usize) {
        let spliced = &self.half.producer().spliced;
        spliced.store(spliced.load(Ordering::Relaxed) + size as u64, Ordering::Relaxed);
    }

    /// Begins a new segment with room for `need` bytes, larger if the last filled up before the reader caught
    /// up. Without memory the process ends: this is the application's own message.
    #[cold]
    fn grow(&mut self, need: usize) {
        if !self.try_grow(need) {
            give_up(self.chain.class.into());
        }
    }

    /// As [`Writer::grow`], for what a peer sends. Returns `false` if there is no memory.
    #[cold]
    #[must_use]
    pub(crate) fn try_grow(&mut self, need: usize) -> bool {
        self.chain.grow(&self.half, need)
    }

    /// Ends the stream: messages published before can still be read.
    pub fn close(&mut self) {
        self.closed = true;
        self.words().producer().tail.fetch_or(CLOSED, Ordering::AcqRel);
        if self.reader_slept() {
            self.wake();
        }
    }

    /// Gives the tail segment back if the reader is idle and has read everything. Returns whether anything is
    /// held afterwards.
    pub fn sweep(&mut self) -> bool {
        self.onward.is_none() && self.chain.sweep(&self.half)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        if self.refers {
            self.half.producer().end.store(self.chain.at, Ordering::Relaxed);
        }
        self.close();
    }
}
