//! The writing end of one direction as bytes: the kernel fills segments, the walk finds the messages in them.

mod body;
mod bounds;
mod command;
mod large;
mod sealed;
mod unseal;

use body::Body;
use bounds::Sum;
pub use bounds::{Bounds, Refusal};
pub use unseal::{Unopened, Unseal};

use crate::PeerInfo;
use crate::half::CLOSED;
use crate::header::{self, COMMAND, Kind, LONGEST, MORE, WIRE};
use crate::primitive::{Arc, Ordering};
use crate::segment::{LARGEST, SegmentPtr};
use crate::writer::Writer;
use std::io;
use std::mem::MaybeUninit;
use std::ops::Range;
use std::os::fd::BorrowedFd;
use std::ptr;

/// Bytes read beyond a large body: the next header, so that nothing of the next body is copied.
const READ_AHEAD: usize = LONGEST;

/// The reason for which the walk stopped.
#[derive(Debug, PartialEq, Eq)]
pub enum Walk {
    /// Nothing more that is whole: read on.
    Dry,
    /// A frame waits, and the pipe is at its high-water mark; [`Writer::await_room`] asks the reader to tell when there is
    /// room, [`Writer::stop`] to go on itself.
    Full,
    /// A command, which [`Filler::command`] shows; [`Filler::drop_command`] or [`Filler::command_as`] must
    /// follow.
    Command,
}

/// Reads a descriptor into segments and publishes the whole messages found there.
#[derive(Debug)]
pub struct Filler {
    writer: Writer,
    /// The end of the received bytes that can be walked over; `writer.chain.at` is where the walk stands.
    fill: u64,
    /// Boxes arrive; this many bytes of them, behind `fill`, are not open.
    sealed: bool,
    raw: usize,
    /// The end of the last whole message.
    boundary: u64,
    /// The segment of `boundary`, if the message begun there has grown beyond it.
    begun_in: Option<SegmentPtr>,
    /// The message begun.
    message: Sum,
    /// Commands dropped: from here to there is nothing.
    dropped: Range<u64>,
    /// What stood before the last plain body in its box.
    skipped: Range<u64>,
    /// A large body under way, of a frame or a command.
    body: Option<Box<Body>>,
    /// The beginnings of commands that may be large.
    large: &'static [&'static [u8]],
    /// The most that the next read takes: where a frame is large, little more than its rest.
    read_limit: usize,
    /// There was no memory for what the peer sends.
    starved: bool,
}

// SAFETY: as for `Writer`; `begun_in` is a segment that the reader cannot have passed.
unsafe impl Send for Filler {}

impl Filler {
    /// Takes over a writing end.
    #[must_use]
    pub fn new(writer: Writer, bounds: Bounds) -> Self {
        let at = writer.chain.at;
        Self {
            writer,
            fill: at,
            sealed: false,
            raw: 0,
            boundary: at,
            begun_in: None,
            message: Sum::new(bounds),
            dropped: at..at,
            skipped: at..at,
            body: None,
            large: &[],
            read_limit: usize::MAX,
            starved: false,
        }
    }

    /// From now on the peer may only send what a REQ understands, a [`Reply`](crate::Reply). Anything else is refused.
    pub fn expect_replies(&mut self) {
        self.message.expect_replies();
    }

    /// From now on a command that begins as one of these may be as large as a message. Others have half a segment.
    pub fn allow_large(&mut self, beginnings: &'static [&'static [u8]]) {
        self.large = beginnings;
    }

    /// The writing end itself, for messages that do not come from the descriptor: those only where
    /// [`Filler::is_clean`], and followed by [`Filler::resync`]. It must not be replaced by another.
    pub fn writer(&mut self) -> &mut Writer {
        &mut self.writer
    }

    /// How far the walk has come, as a place in the stream.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.writer.chain.at
    }

    /// After messages were written with [`Filler::writer`].
    pub fn resync(&mut self) {
        self.fill = self.writer.chain.at;
        self.boundary = self.writer.chain.at;
        self.forget_dropped();
    }

    /// Forgotten, it happens here: the walk never stands behind what was received.
    #[inline]
    fn sync_fill(&mut self) {
        if self.fill < self.writer.chain.at {
            self.resync();
        }
    }

    /// Begins anew for another connection: an unfinished message is forgotten.
    pub fn restart(&mut self, peer: Option<Arc<PeerInfo>>) {
        self.cut();
        self.sealed = false;
        self.starved = false;
        self.writer.set_peer(peer);
    }

    /// Forgets everything after the last whole message. Whole messages that waited for room come through, above
    /// the high-water mark (a segment's worth at most): no other connection brings them again. Boxes must have been opened
    /// ([`Filler::open_rest`]), or they are forgotten too.
    pub fn cut(&mut self) {
        while let Ok(Walk::Command) = self.walk_on(true) {
            self.drop_command();
        }
        self.body = None;
        self.raw = 0;
        self.message.forget();
        // Whole frames of a message that stays unfinished.
        self.writer.chain.mark_skipped(self.begun_in.take().or(self.writer.chain.segment), self.boundary);
        self.resync();
        if self.publish() {
            self.wake();
        }
    }

    /// Adds bytes that were read elsewhere (with the end of a handshake), before reading on. Returns how many
    /// were taken; if not all, the rest may follow after a [`Filler::walk`].
    pub fn preload(&mut self, bytes: &[u8]) -> usize {
        let mut rest = bytes;
        if let Some(body) = &mut self.body {
            self.starved |= body.make_room().is_err();
            rest = &rest[body.take_in(rest)..];
            if !body.is_whole() {
                return bytes.len() - rest.len();
            }
        }
        while !rest.is_empty() {
            let spare = self.spare(rest.len());
            let (now, later) = rest.split_at(spare.len().min(rest.len()));
            if now.is_empty() {
                break;
            }
            spare.iter_mut().zip(now).for_each(|(place, byte)| _ = place.write(*byte));
            self.took(now.len());
            rest = later;
        }
        bytes.len() - rest.len()
    }

    /// The room behind the received bytes; makes some if there is none. Empty only if a whole segment waits to
    /// be walked, or if there is no memory.
    fn spare(&mut self, need: usize) -> &mut [MaybeUninit<u8>] {
        self.sync_fill();
        if self.writer.chain.end <= self.received() {
            self.starved |= !self.relocate(self.unfinished().len() + need.clamp(1, LARGEST / 2));
        }
        let received = self.received();
        let room = self.writer.chain.end.saturating_sub(received) as usize;
        let Some(segment) = self.writer.chain.segment else { return &mut [] };
        // SAFETY: [received, end) is inside the segment, unpublished, and written by this end alone.
        unsafe { std::slice::from_raw_parts_mut(segment.at(received).cast(), room) }
    }

    /// The end of all that was received.
    #[inline]
    fn received(&self) -> u64 {
        self.fill + self.raw as u64
    }

    /// So many bytes have been received.
    #[inline]
    fn took(&mut self, count: usize) {
        if self.sealed {
            self.raw += count;
        } else {
            self.fill += count as u64;
        }
    }

    /// The bytes between the walk and an end.
    #[inline]
    fn bytes_to(&self, end: u64) -> &[u8] {
        let available = end.saturating_sub(self.writer.chain.at) as usize;
        match self.writer.chain.segment {
            // SAFETY: [at, end) lies in the segment, was written by this end and is not published.
            Some(segment) => unsafe {
                std::slice::from_raw_parts(segment.at(self.writer.chain.at), available)
            },
            None => &[],
        }
    }

    /// The bytes received and not walked over, open or not.
    fn unfinished(&self) -> &[u8] {
        self.bytes_to(self.received())
    }

    /// The bytes that can be walked over.
    #[inline]
    fn unwalked(&self) -> &[u8] {
        self.bytes_to(self.fill)
    }

    /// Moves the unfinished frame to a new segment with room for `need` bytes. Returns `false` if there is no memory.
    #[must_use]
    fn relocate(&mut self, need: usize) -> bool {
        self.compact();
        if self.writer.chain.at > self.boundary && self.begun_in.is_none() {
            self.begun_in = self.writer.chain.segment;
        }
        let (from, begun) = (self.unfinished().as_ptr(), self.unfinished().len());
        if !self.writer.try_grow(need.clamp(begun, LARGEST)) {
            return false;
        }
        self.forget_dropped();
        if let Some(to) = self.writer.chain.segment {
            // SAFETY: two different segments; both ranges lie inside them and are unpublished.
            unsafe { ptr::copy_nonoverlapping(from, to.at(self.writer.chain.at), begun) };
        }
        true
    }

    /// Commands dropped right before the walk give their place to what follows them.
    fn compact(&mut self) {
        if self.dropped.is_empty() || self.dropped.end != self.writer.chain.at {
            return;
        }
        let Some(segment) = self.writer.chain.segment else { return };
        let (from, len) = (self.unfinished().as_ptr(), self.unfinished().len());
        // SAFETY: both ranges are of this segment (commands are passed and given back within one), unpublished.
        unsafe { ptr::copy(from, segment.at(self.dropped.start), len) };
        let size = self.dropped.end - self.dropped.start;
        self.writer.chain.at -= size;
        self.fill -= size;
        self.message.subtract(size);
        self.forget_dropped();
    }

    /// Nothing before the walk is given back.
    fn forget_dropped(&mut self) {
        let at = self.writer.chain.at;
        (self.dropped, self.skipped) = (at..at, at..at);
    }

    /// Reads once from `from`. Returns the bytes read (0: the end) and whether there may be more. A
    /// [`Filler::walk`] must follow.
    ///
    /// # Errors
    /// As recvmsg(2), `WouldBlock` included; also where a full segment waits to be walked. `OutOfMemory` where there is no
    /// memory for more.
    pub fn read_from(&mut self, from: BorrowedFd<'_>) -> io::Result<(usize, bool)> {
        if self.body.is_some() {
            return self.read_body(from);
        }
        let read_limit = std::mem::replace(&mut self.read_limit, usize::MAX);
        let spare = self.spare(1);
        let (all, room) = (spare.len(), spare.len().min(read_limit));
        let read = receive(from, &mut spare[..room], &mut []).map_err(|error| self.explain(error))?;
        self.took(read);
        if read == all {
            self.writer.chain.raise_class();
        }
        Ok((read, read == room))
    }

    /// Where there is no memory, no room is no reason to wait.
    #[cold]
    fn explain(&self, error: io::Error) -> io::Error {
        if self.starved { io::ErrorKind::OutOfMemory.into() } else { error }
    }

    /// Goes from header to header over what was received. Call until it says other than [`Walk::Command`], then
    /// [`Filler::publish`].
    ///
    /// # Errors
    /// [`Refusal`]: the connection cannot go on.
    #[inline]
    pub fn walk(&mut self) -> Result<Walk, Refusal> {
        self.walk_on(false)
    }

    /// As [`Filler::walk`], with or without regard to the high-water mark.
    #[inline]
    fn walk_on(&mut self, beyond: bool) -> Result<Walk, Refusal> {
        self.sync_fill();
        if self.starved && !beyond {
            return Err(Refusal::NoMemory(0));
        }
        if self.body.is_some()
            && let Some(found) = self.finish_body()?
        {
            return Ok(found);
        }
        loop {
            let bytes = self.unwalked();
            let available = bytes.len();
            let Some((flags, header, size)) = header::decode(bytes) else {
                return self.make_room(LONGEST);
            };
            if !self.message.is_begun() && !beyond && !self.writer.has_room() {
                return Ok(Walk::Full);
            }
            let whole = size.saturating_add(header as u64);
            if flags & (COMMAND | !WIRE) != 0 || size > self.message.bounds.frame || whole > available as u64
            {
                match self.unusual(flags, header, size, available)? {
                    Some(found) => return Ok(found),
                    None => continue,
                }
            }
            self.pass(flags, whole, size)?;
        }
    }

    /// A whole data frame has been walked over.
    #[inline]
    fn pass(&mut self, flags: u8, advance: u64, size: u64) -> Result<(), Refusal> {
        let more = flags & MORE != 0;
        if more || !self.message.is_plain() {
            self.message.add(more, size)?;
        }
        self.writer.chain.at += advance;
        if !more {
            self.end_message();
        }
        Ok(())
    }

    #[inline]
    fn end_message(&mut self) {
        self.message.end();
        self.begun_in = None;
        self.boundary = self.writer.chain.at;
        self.writer.written += 1;
    }

    /// A frame that is not whole, is a command, carries reserved bits or is too large. `None`: walk on.
    #[cold]
    fn unusual(
        &mut self,
        flags: u8,
        header: usize,
        size: u64,
        available: usize,
    ) -> Result<Option<Walk>, Refusal> {
        if self.sealed && flags == Kind::Skip as u8 && size.saturating_add(header as u64) <= available as u64
        {
            self.skipped.start = self.writer.chain.at;
            self.writer.chain.at += size + header as u64;
            self.skipped.end = self.writer.chain.at;
            return Ok(None);
        }
        if flags & COMMAND != 0 {
            return self.meet_command(header, size, available).map(Some);
        }
        if size > self.message.bounds.frame || size > isize::MAX as u64 {
            return Err(Refusal::TooLarge(size));
        }
        self.message.check(size)?;
        if flags & !WIRE != 0
            && let Some(segment) = self.writer.chain.segment
        {
            // Reserved bits would be our own kinds.
            // SAFETY: an unpublished byte of this end.
            unsafe { *segment.at(self.writer.chain.at) = flags & WIRE };
            return Ok(None);
        }
        self.collect(header, size as usize, available).map(Some)
    }

    /// A frame or command that is allowed has begun, and is not whole.
    fn collect(&mut self, header: usize, size: usize, available: usize) -> Result<Walk, Refusal> {
        let whole = size + header;
        if whole > LARGEST {
            self.begin_body(header, size)?;
            return Ok(Walk::Dry);
        }
        if whole > LARGEST / 2 {
            self.read_limit = whole - available + READ_AHEAD;
        }
        self.make_room(whole)
    }

    /// Makes sure that a frame of `whole` bytes, begun at the walk, has room in its segment.
    fn make_room(&mut self, whole: usize) -> Result<Walk, Refusal> {
        self.compact();
        let lacking = self.received() > self.writer.chain.at
            && self.writer.chain.end - self.writer.chain.at < whole as u64;
        if lacking && !self.relocate(whole) { Err(Refusal::NoMemory(whole as u64)) } else { Ok(Walk::Dry) }
    }

    /// Publishes the whole messages found. Returns whether the reader slept: then [`Writer::wake`] must follow.
    #[must_use]
    pub fn publish(&mut self) -> bool {
        self.sync_fill();
        if self.writer.half.producer().tail.load(Ordering::Relaxed) & !CLOSED == self.boundary {
            return false;
        }
        self.writer.publish_to(self.boundary);
        self.writer.reader_slept()
    }

    /// Tells the reader.
    pub fn wake(&self) {
        self.writer.wake();
    }

    /// Whether nothing received waits to be walked or finished.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.received() == self.boundary && self.body.is_none()
    }

    /// The size of the body under way that joins by reference; 0: there is none.
    #[must_use]
    pub fn body_under_way(&self) -> usize {
        self.body.as_ref().map_or(0, |body| body.size())
    }

    /// The bytes that are missing of that body.
    #[must_use]
    pub fn missing(&self) -> usize {
        self.body.as_ref().map_or(0, |body| body.missing())
    }

    /// Gives memory back when idle; see [`Writer::sweep`].
    pub fn sweep(&mut self) -> bool {
        !self.is_clean() || self.writer.sweep()
    }
}

/// [`sys::receive`], for which no room is nothing to read rather than the end.
fn receive(
    from: BorrowedFd<'_>,
    first: &mut [MaybeUninit<u8>],
    second: &mut [MaybeUninit<u8>],
) -> io::Result<usize> {
    if first.is_empty() && second.is_empty() {
        return Err(io::ErrorKind::WouldBlock.into());
    }
    sys::receive(from, first, second)
}
