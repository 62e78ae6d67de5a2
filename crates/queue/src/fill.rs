//! The writing end of one direction as bytes: the kernel fills segments, the walk finds the messages in them.

mod command;

use crate::PeerInfo;
use crate::half::CLOSED;
use crate::header::{self, COMMAND, LONG, LONGEST, MORE, WIRE};
use crate::primitive::{Arc, Ordering};
use crate::reply::Reply;
use crate::segment::{LARGEST, SegmentPtr};
use crate::writer::Writer;
use bytes::Bytes;
use std::io;
use std::mem::MaybeUninit;
use std::ops::Range;
use std::os::fd::BorrowedFd;
use std::ptr;

/// A body by reference is reserved in steps of at most this, as its bytes arrive: its size is only a claim.
const BODY_STEP: usize = 1 << 20;
/// What is read beyond a large body, so that the next one is not copied.
const SPILL: usize = 4 << 10;
/// What a frame costs in the sum of a message, beside its bytes.
const FRAME_COST: u64 = 16;

/// What the walk found.
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

/// Why a peer's bytes were refused.
#[derive(Debug, PartialEq, Eq)]
pub enum Refusal {
    /// A frame (or a whole message) larger than allowed.
    TooLarge(u64),
    /// A message of more parts than allowed.
    TooManyParts(u64),
    /// A command too large to be one: see [`Filler::allow_large`].
    CommandTooLarge(u64),
    /// No memory for the body.
    NoMemory(u64),
    /// The message is no reply: see [`Filler::expect_replies`].
    NoReply,
}

/// The limits that the walk enforces.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Largest frame in bytes.
    pub frame: u64,
    /// Largest message in bytes, each frame counting 16 more.
    pub message: u64,
    /// Most parts of a message.
    pub parts: u64,
}

/// Reads a descriptor into segments and publishes the whole messages found there.
#[derive(Debug)]
pub struct Filler {
    writer: Writer,
    /// Where the received bytes end; `writer.at` is where the walk stands.
    fill: u64,
    /// The end of the last whole message.
    boundary: u64,
    /// The segment of `boundary`, if the message begun there has grown beyond it.
    begun_in: Option<SegmentPtr>,
    /// Bytes of the frames of the message begun, with their cost; 0 only between messages.
    message: u64,
    /// Frames of the message begun; not looked at between messages.
    parts: u64,
    /// Commands dropped: from here to there is nothing.
    dropped: Range<u64>,
    /// A large body under way, of a frame or a command, and its full size.
    body: Option<(Vec<u8>, usize)>,
    /// How commands begin that may be large.
    large: &'static [&'static [u8]],
    /// What the next read takes at most: where a frame is large, little more than its rest.
    appetite: usize,
    bounds: Bounds,
    /// Where only replies may come: the part of the one begun.
    reply: Option<Reply>,
    /// There was no memory for what the peer sends.
    starved: bool,
}

// SAFETY: as for `Writer`; `begun_in` is a segment that the reader cannot have passed.
unsafe impl Send for Filler {}

impl Filler {
    /// Takes over a writing end.
    #[must_use]
    pub fn new(writer: Writer, bounds: Bounds) -> Self {
        let frame = bounds.frame.min(bounds.message.saturating_sub(FRAME_COST));
        let at = writer.at;
        Self {
            writer,
            fill: at,
            boundary: at,
            begun_in: None,
            message: 0,
            parts: 0,
            dropped: at..at,
            body: None,
            large: &[],
            appetite: usize::MAX,
            bounds: Bounds { frame, ..bounds },
            reply: None,
            starved: false,
        }
    }

    /// From now on the peer may only send what a REQ understands, a [`Reply`]. Anything else is refused.
    pub fn expect_replies(&mut self) {
        self.reply = Some(Reply::default());
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

    /// After messages were written with [`Filler::writer`].
    pub fn resync(&mut self) {
        self.fill = self.writer.at;
        self.boundary = self.writer.at;
        self.dropped = self.writer.at..self.writer.at;
    }

    /// Forgotten, it happens here: the walk never stands behind what was received.
    #[inline]
    fn catch_up(&mut self) {
        if self.fill < self.writer.at {
            self.resync();
        }
    }

    /// Begins anew for another connection: an unfinished message is forgotten.
    pub fn restart(&mut self, peer: Option<Arc<PeerInfo>>) {
        self.cut();
        self.starved = false;
        self.writer.set_peer(peer);
    }

    /// Forgets everything after the last whole message. Whole messages that waited for room come through, above
    /// the high-water mark (a segment's worth at most): no other connection brings them again.
    pub fn cut(&mut self) {
        while let Ok(Walk::Command) = self.walk_on(true) {
            self.drop_command();
        }
        self.body = None;
        self.message = 0;
        self.reply = self.reply.map(|_| Reply::default());
        // Whole frames of a message that stays unfinished.
        self.writer.void(self.begun_in.take().or(self.writer.segment), self.boundary);
        self.resync();
        if self.publish() {
            self.wake();
        }
    }

    /// Adds bytes that were read elsewhere (with the end of a handshake), before reading on. Returns how many
    /// were taken; if not all, the rest may follow after a [`Filler::walk`].
    pub fn preload(&mut self, bytes: &[u8]) -> usize {
        let mut rest = bytes;
        if let Some((body, size)) = &mut self.body {
            let (of_body, behind) = rest.split_at(rest.len().min(body.capacity().min(*size) - body.len()));
            body.extend_from_slice(of_body);
            rest = if body.len() == *size { behind } else { return of_body.len() };
        }
        while !rest.is_empty() {
            let spare = self.spare(rest.len());
            let (now, later) = rest.split_at(spare.len().min(rest.len()));
            if now.is_empty() {
                break;
            }
            spare[..now.len()].write_copy_of_slice(now);
            self.fill += now.len() as u64;
            rest = later;
        }
        bytes.len() - rest.len()
    }

    /// The room behind the received bytes; makes some if there is none. Empty only if a whole segment waits to
    /// be walked, or if there is no memory.
    fn spare(&mut self, need: usize) -> &mut [MaybeUninit<u8>] {
        self.catch_up();
        if self.writer.end <= self.fill {
            self.starved |= !self.relocate(self.unwalked().len() + need.clamp(1, LARGEST / 2));
        }
        let room = self.writer.end.saturating_sub(self.fill) as usize;
        let Some(segment) = self.writer.segment else { return &mut [] };
        // SAFETY: [fill, end) is inside the segment, unpublished, and written by this end alone.
        unsafe { std::slice::from_raw_parts_mut(segment.at(self.fill).cast(), room) }
    }

    /// What was received and not walked over.
    #[inline]
    fn unwalked(&self) -> &[u8] {
        let available = self.fill.saturating_sub(self.writer.at) as usize;
        match self.writer.segment {
            // SAFETY: [at, fill) lies in the segment, was written by this end and is not published.
            Some(segment) => unsafe { std::slice::from_raw_parts(segment.at(self.writer.at), available) },
            None => &[],
        }
    }

    /// Moves the unfinished frame to a new segment with room for `need` bytes. Returns `false` if there is no memory.
    #[must_use]
    fn relocate(&mut self, need: usize) -> bool {
        self.compact();
        if self.writer.at > self.boundary && self.begun_in.is_none() {
            self.begun_in = self.writer.segment;
        }
        let (from, begun) = (self.unwalked().as_ptr(), self.unwalked().len());
        if !self.writer.try_grow(need.clamp(begun, LARGEST)) {
            return false;
        }
        if let Some(to) = self.writer.segment {
            // SAFETY: two different segments; both ranges lie inside them and are unpublished.
            unsafe { ptr::copy_nonoverlapping(from, to.at(self.writer.at), begun) };
        }
        true
    }

    /// Commands dropped right before the walk give their place to what follows them.
    fn compact(&mut self) {
        if self.dropped.is_empty() || self.dropped.end != self.writer.at {
            return;
        }
        let Some(segment) = self.writer.segment else { return };
        let (from, len) = (self.unwalked().as_ptr(), self.unwalked().len());
        // SAFETY: both ranges are of this segment (commands are passed and given back within one), unpublished.
        unsafe { ptr::copy(from, segment.at(self.dropped.start), len) };
        let size = self.dropped.end - self.dropped.start;
        self.writer.at -= size;
        self.fill -= size;
        self.message = self.message.saturating_sub(size);
        self.dropped = self.writer.at..self.writer.at;
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
        let appetite = std::mem::replace(&mut self.appetite, usize::MAX);
        let spare = self.spare(1);
        let (all, room) = (spare.len(), spare.len().min(appetite));
        let read = receive(from, &mut spare[..room], &mut []).map_err(|error| self.explain(error))?;
        self.fill += read as u64;
        if read == all {
            self.writer.raise_class();
        }
        Ok((read, read == room))
    }

    /// Where there is no memory, no room is no reason to wait.
    #[cold]
    fn explain(&self, error: io::Error) -> io::Error {
        if self.starved { io::ErrorKind::OutOfMemory.into() } else { error }
    }

    fn read_body(&mut self, from: BorrowedFd<'_>) -> io::Result<(usize, bool)> {
        let Some((mut body, size)) = self.body.take() else { return Ok((0, false)) };
        let missing = body.capacity().min(size) - body.len();
        let spill = self.spare(1);
        let spill_len = if body.len() + missing == size { spill.len().min(SPILL) } else { 0 };
        let result = receive(from, &mut body.spare_capacity_mut()[..missing], &mut spill[..spill_len]);
        let read = result.as_ref().copied().unwrap_or(0);
        let of_body = read.min(missing);
        // SAFETY: the kernel has written `of_body` bytes into the spare capacity.
        unsafe { body.set_len(body.len() + of_body) };
        self.fill += (read - of_body) as u64;
        self.body = Some((body, size));
        result.map(|read| (read, read == missing + spill_len))
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
        self.catch_up();
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
            if self.message == 0 && !beyond && !self.writer.has_room() {
                return Ok(Walk::Full);
            }
            let whole = size.saturating_add(header as u64);
            if flags & (COMMAND | !WIRE) != 0 || size > self.bounds.frame || whole > available as u64 {
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
        if flags & MORE != 0 || self.message != 0 || self.reply.is_some() {
            if let Some(passed) = self.reply {
                self.reply = Some(passed.pass(flags & MORE != 0, size).ok_or(Refusal::NoReply)?);
            }
            (self.message, self.parts) = self.check_message(size)?;
        }
        self.writer.at += advance;
        if flags & MORE == 0 {
            self.end_message();
        }
        Ok(())
    }

    /// The size of the message begun, and the number of its parts, with one more frame of `size`.
    fn check_message(&self, size: u64) -> Result<(u64, u64), Refusal> {
        let message = self.message.saturating_add(size).saturating_add(FRAME_COST);
        let parts = if self.message == 0 { 1 } else { self.parts + 1 };
        if message > self.bounds.message {
            return Err(Refusal::TooLarge(message));
        }
        if parts > self.bounds.parts { Err(Refusal::TooManyParts(parts)) } else { Ok((message, parts)) }
    }

    #[inline]
    fn end_message(&mut self) {
        self.message = 0;
        self.begun_in = None;
        self.boundary = self.writer.at;
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
        if flags & COMMAND != 0 {
            return self.meet_command(header, size, available).map(Some);
        }
        if size > self.bounds.frame || size > isize::MAX as u64 {
            return Err(Refusal::TooLarge(size));
        }
        self.check_message(size)?;
        if flags & !WIRE != 0
            && let Some(segment) = self.writer.segment
        {
            // Reserved bits would be our own kinds.
            // SAFETY: an unpublished byte of this end.
            unsafe { *segment.at(self.writer.at) = flags & WIRE };
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
            self.appetite = whole - available + SPILL;
        }
        self.make_room(whole)
    }

    /// Makes sure that a frame of `whole` bytes, begun at the walk, has room in its segment.
    fn make_room(&mut self, whole: usize) -> Result<Walk, Refusal> {
        self.compact();
        let lacking = self.fill > self.writer.at && self.writer.end - self.writer.at < whole as u64;
        if lacking && !self.relocate(whole) { Err(Refusal::NoMemory(whole as u64)) } else { Ok(Walk::Dry) }
    }

    fn begin_body(&mut self, header: usize, size: usize) -> Result<(), Refusal> {
        let begun = self.unwalked().get(header..).unwrap_or_default();
        let mut body = Vec::new();
        let refuse = |_| Refusal::NoMemory(size as u64);
        body.try_reserve_exact(size.min(BODY_STEP)).map_err(refuse)?;
        body.extend_from_slice(begun);
        self.fill = self.writer.at + header as u64;
        self.body = Some((body, size));
        self.appetite = SPILL;
        Ok(())
    }

    /// Makes room for more of the large body, or joins it to its header if it is whole. `None`: walk on.
    #[cold]
    fn finish_body(&mut self) -> Result<Option<Walk>, Refusal> {
        let Some((body, size)) = &mut self.body else { return Ok(None) };
        if body.len() < *size {
            if body.len() == body.capacity() {
                let step = (*size - body.len()).min(body.len().max(BODY_STEP));
                body.try_reserve_exact(step).map_err(|_| Refusal::NoMemory(*size as u64))?;
            }
            return Ok(Some(Walk::Dry));
        }
        let Some(&flags) = self.unwalked().first() else { return Ok(Some(Walk::Dry)) };
        if flags & COMMAND != 0 {
            return Ok(Some(Walk::Command));
        }
        let Some((body, size)) = self.body.take() else { return Ok(None) };
        if !self.join(flags, Bytes::from(body)) {
            return Err(Refusal::NoMemory(size as u64));
        }
        self.pass(flags, LONGEST as u64, size as u64)?;
        Ok(None)
    }

    /// Joins a large body to the header at the walk, which is a long one and gets these flags. Returns `false` if there
    /// is no memory.
    fn join(&mut self, flags: u8, body: Bytes) -> bool {
        let (size, header) = (body.len(), LONGEST as u64);
        let Some(mut segment) = self.writer.segment else { return false };
        if let Err(body) = segment.get().splice(self.writer.at + header, body) {
            // All places taken: the header moves to a new segment, and what was spilled behind it too.
            if !self.relocate(LONGEST + SPILL) {
                return false;
            }
            let Some(fresh) = self.writer.segment else { return false };
            segment = fresh;
            _ = segment.get().splice(self.writer.at + header, body);
        }
        let begin = segment.at(self.writer.at);
        // SAFETY: the header's own bytes, unpublished; it was received whole, and a segment holds it whole.
        unsafe {
            *begin = flags | LONG;
            begin.add(1).cast::<[u8; 8]>().write_unaligned((size as u64).to_be_bytes());
        }
        self.writer.count_spliced(size);
        true
    }

    /// Publishes the whole messages found. Returns whether the reader slept: then [`Writer::wake`] must follow.
    #[must_use]
    pub fn publish(&mut self) -> bool {
        self.catch_up();
        if self.writer.half.producer.0.tail.load(Ordering::Relaxed) & !CLOSED == self.boundary {
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
        self.fill == self.boundary && self.body.is_none()
    }

    /// Whether a body that joins by reference is under way.
    #[must_use]
    pub fn is_inside_body(&self) -> bool {
        self.body.is_some()
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
