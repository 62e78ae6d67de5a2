//! The writing end of one direction as bytes: the kernel fills segments, the walk finds the messages in them.

use crate::PeerInfo;
use crate::header::{self, COMMAND, Kind, LONGEST, MORE, WIRE};
use crate::primitive::{Arc, Ordering};
use crate::segment::LARGEST;
use crate::writer::Writer;
use bytes::Bytes;
use std::io;
use std::os::fd::BorrowedFd;
use std::mem::MaybeUninit;
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
    /// The pipe is at its high-water mark; the reader will tell when there is room.
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
    /// A command too large to be one.
    CommandTooLarge(u64),
    /// No memory for the body.
    NoMemory(u64),
}

/// The limits that the walk enforces.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Largest frame in bytes.
    pub frame: u64,
    /// Largest message in bytes, each frame counting 16 more.
    pub message: u64,
}

/// Reads a descriptor into segments and publishes the whole messages found there.
#[derive(Debug)]
pub struct Filler {
    writer: Writer,
    /// Where the received bytes end; `writer.at` is where the walk stands.
    fill: u64,
    /// The end of the last whole message.
    boundary: u64,
    /// Bytes of the frames of the message begun, with their cost.
    message: u64,
    /// A large body under way, and its full size.
    body: Option<(Vec<u8>, usize)>,
    /// The last frame was large: expect another.
    large: bool,
    bounds: Bounds,
}

impl Filler {
    /// Takes over a writing end.
    #[must_use]
    pub fn new(writer: Writer, bounds: Bounds) -> Self {
        let at = writer.at;
        Self { writer, fill: at, boundary: at, message: 0, body: None, large: false, bounds }
    }

    /// The writing end itself, for messages that do not come from the descriptor. Between messages only.
    pub fn writer(&mut self) -> &mut Writer {
        &mut self.writer
    }

    /// After messages were written with [`Filler::writer`].
    pub fn resync(&mut self) {
        self.fill = self.writer.at;
        self.boundary = self.writer.at;
    }

    /// Begins anew for another connection: an unfinished message is forgotten.
    pub fn restart(&mut self, peer: Option<Arc<PeerInfo>>) {
        self.cut();
        self.writer.set_peer(peer);
    }

    /// Forgets everything after the last whole message.
    pub fn cut(&mut self) {
        self.writer.at = self.boundary;
        self.fill = self.boundary;
        self.body = None;
        self.message = 0;
    }

    /// Puts bytes in front that were read before (with the end of a handshake).
    pub fn preload(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let spare = self.spare(bytes.len());
            let n = spare.len().min(bytes.len());
            if n == 0 {
                return;
            }
            spare[..n].write_copy_of_slice(&bytes[..n]);
            self.fill += n as u64;
            bytes = &bytes[n..];
        }
    }

    /// The room behind the received bytes; makes some if there is none.
    fn spare(&mut self, need: usize) -> &mut [MaybeUninit<u8>] {
        if self.writer.end.saturating_sub(self.fill) == 0 {
            self.relocate((self.fill - self.writer.at) as usize + need.clamp(1, LARGEST / 2));
        }
        let room = (self.writer.end - self.fill) as usize;
        let Some(segment) = self.writer.segment else { return &mut [] };
        // SAFETY: [fill, end) is inside the segment, unpublished, and written by this end alone.
        unsafe { std::slice::from_raw_parts_mut(segment.at(self.fill).cast(), room) }
    }

    /// Moves the unfinished frame to a new segment with room for `need` bytes.
    fn relocate(&mut self, need: usize) {
        let begun = (self.fill - self.writer.at) as usize;
        let from = self.writer.segment.map(|segment| segment.at(self.writer.at));
        self.writer.grow(need.clamp(begun, LARGEST));
        if let (Some(from), Some(to)) = (from, self.writer.segment)
            && begun > 0
        {
            // SAFETY: two different segments; both ranges lie inside them and are unpublished.
            unsafe { ptr::copy_nonoverlapping(from, to.at(self.writer.at), begun) };
        }
    }

    /// Reads once from `from`. Returns the bytes read (0: the end) and whether there may be more.
    ///
    /// # Errors
    /// As recvmsg(2), `WouldBlock` included.
    pub fn read_from(&mut self, from: BorrowedFd<'_>) -> io::Result<(usize, bool)> {
        if self.body.is_some() {
            return self.read_body(from);
        }
        let large = std::mem::take(&mut self.large);
        let spare = self.spare(1);
        let room = if large { spare.len().min(SPILL) } else { spare.len() };
        let read = sys::receive(from, &mut spare[..room], &mut [])?;
        self.fill += read as u64;
        if read == room && !large {
            self.writer.raise_class();
        }
        Ok((read, read == room))
    }

    fn read_body(&mut self, from: BorrowedFd<'_>) -> io::Result<(usize, bool)> {
        let Some((mut body, size)) = self.body.take() else { return Ok((0, false)) };
        let missing = (size - body.len()).min(body.capacity() - body.len());
        let spill = self.spare(1);
        let spill_len = if body.len() + missing == size { spill.len().min(SPILL) } else { 0 };
        let result = sys::receive(from, &mut body.spare_capacity_mut()[..missing], &mut spill[..spill_len]);
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
        if self.body.is_some() && !self.finish_body()? {
            return Ok(Walk::Dry);
        }
        loop {
            if self.writer.at == self.boundary && !self.writer.has_room() {
                return Ok(Walk::Full);
            }
            let available = (self.fill - self.writer.at) as usize;
            let Some(segment) = self.writer.segment else { return Ok(Walk::Dry) };
            let begin = segment.at(self.writer.at);
            // SAFETY: [at, fill) was written by this end and is not published.
            let bytes = unsafe { std::slice::from_raw_parts(begin, available) };
            let Some((flags, header, size)) = header::decode(bytes) else {
                return Ok(self.make_room(LONGEST));
            };
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
        self.writer.at += advance;
        if flags & MORE == 0 && self.message == 0 {
            self.boundary = self.writer.at;
            self.writer.written += 1;
            return Ok(());
        }
        self.message += size + FRAME_COST;
        if self.message > self.bounds.message {
            return Err(Refusal::TooLarge(self.message));
        }
        if flags & MORE == 0 {
            self.message = 0;
            self.boundary = self.writer.at;
            self.writer.written += 1;
        }
        Ok(())
    }

    /// A frame that is not whole, is a command, carries reserved bits or is too large. `None`: walk on.
    #[cold]
    fn unusual(&mut self, flags: u8, header: usize, size: u64, available: usize) -> Result<Option<Walk>, Refusal> {
        let whole = size.saturating_add(header as u64);
        if flags & COMMAND != 0 {
            if whole > LARGEST as u64 / 2 {
                return Err(Refusal::CommandTooLarge(size));
            }
            if whole > available as u64 {
                return Ok(Some(self.make_room(whole as usize)));
            }
            return Ok(Some(Walk::Command));
        }
        if size > self.bounds.frame || size > isize::MAX as u64 {
            return Err(Refusal::TooLarge(size));
        }
        if flags & !WIRE != 0
            && let Some(segment) = self.writer.segment
        {
            // Reserved bits would be our own kinds.
            // SAFETY: an unpublished byte of this end.
            unsafe { *segment.at(self.writer.at) = flags & WIRE };
            return Ok(None);
        }
        if whole <= LARGEST as u64 {
            self.large = whole > (LARGEST / 2) as u64;
            return Ok(Some(self.make_room(whole as usize)));
        }
        self.begin_body(header, size as usize, available)?;
        Ok(if self.finish_body()? { None } else { Some(Walk::Dry) })
    }

    /// Makes sure that a frame of `whole` bytes, begun at the walk, has room in its segment.
    fn make_room(&mut self, whole: usize) -> Walk {
        if self.fill > self.writer.at && self.writer.end - self.writer.at < whole as u64 {
            self.relocate(whole);
        }
        Walk::Dry
    }

    fn begin_body(&mut self, header: usize, size: usize, available: usize) -> Result<(), Refusal> {
        let mut body = Vec::new();
        let here = (available - header).min(size);
        let refuse = |_| Refusal::NoMemory(size as u64);
        body.try_reserve_exact(size.min(BODY_STEP.max(here))).map_err(refuse)?;
        if let Some(segment) = self.writer.segment {
            // SAFETY: [at + header, at + header + here) was received and is unpublished.
            let begun = unsafe {
                std::slice::from_raw_parts(segment.at(self.writer.at + header as u64), here)
            };
            body.extend_from_slice(begun);
        }
        self.fill = self.writer.at + header as u64;
        self.body = Some((body, size));
        self.large = true;
        Ok(())
    }

    /// Joins the large body to its header once it is complete; otherwise makes room for more of it.
    fn finish_body(&mut self) -> Result<bool, Refusal> {
        let Some((mut body, size)) = self.body.take() else { return Ok(true) };
        if body.len() < size {
            if body.len() == body.capacity() {
                let step = (size - body.len()).min(body.len().max(BODY_STEP));
                body.try_reserve_exact(step).map_err(|_| Refusal::NoMemory(size as u64))?;
            }
            self.body = Some((body, size));
            return Ok(false);
        }
        let Some(segment) = self.writer.segment else { return Ok(false) };
        // SAFETY: the flags byte of the frame begun, unpublished.
        let flags = unsafe { *segment.at(self.writer.at) };
        let header = LONGEST as u64;
        if let Err(body) = segment.get().splice(self.writer.at + header, Bytes::from(body)) {
            // All places taken: the header moves to a new segment, and what was spilled behind it too.
            self.relocate((self.fill - self.writer.at) as usize);
            let Some(segment) = self.writer.segment else { return Ok(false) };
            _ = segment.get().splice(self.writer.at + header, body);
        }
        self.pass(flags, header, size as u64)?;
        Ok(true)
    }

    /// The command that the walk stopped at: its body.
    #[must_use]
    pub fn command(&self) -> &[u8] {
        self.command_frame().map_or(&[], |(_, body)| body)
    }

    fn command_frame(&self) -> Option<(usize, &[u8])> {
        let segment = self.writer.segment?;
        let available = (self.fill - self.writer.at) as usize;
        // SAFETY: [at, fill) was received and is unpublished.
        let bytes = unsafe { std::slice::from_raw_parts(segment.at(self.writer.at), available) };
        let (_, header, size) = header::decode(bytes)?;
        Some((header, bytes.get(header..)?.get(..size as usize)?))
    }

    /// The command has been dealt with: it becomes nothing.
    pub fn drop_command(&mut self) {
        let Some((header, body)) = self.command_frame() else { return };
        let whole = (header + body.len()) as u64;
        let Some(segment) = self.writer.segment else { return };
        if self.writer.at == self.boundary && self.writer.at + whole == self.fill {
            // The last thing received, behind whole messages: its place is free again.
            self.fill = self.boundary;
            return;
        }
        // SAFETY: the flags byte of the command, unpublished.
        unsafe { *segment.at(self.writer.at) = Kind::Skip as u8 | if header == 2 { 0 } else { header::LONG } };
        self.writer.at += whole;
    }

    /// The command becomes a frame of `kind` whose body is the command's without its first `prefix` bytes
    /// (at least three), and which is a message by itself.
    pub fn command_as(&mut self, kind: Kind, prefix: usize) {
        let Some((header, body)) = self.command_frame() else { return };
        let size = body.len().saturating_sub(prefix);
        let mut encoded = [0; LONGEST];
        let fresh = header::encode(kind as u8, size, &mut encoded);
        let gap = header + prefix - fresh.min(header + prefix);
        let whole = (header + body.len()) as u64;
        let Some(segment) = self.writer.segment else { return };
        if gap < 2 {
            return self.drop_command();
        }
        let begin = segment.at(self.writer.at);
        // SAFETY: both headers lie inside the command's own bytes, which are unpublished.
        unsafe {
            *begin = Kind::Skip as u8;
            *begin.add(1) = (gap - 2) as u8;
            ptr::copy_nonoverlapping(encoded.as_ptr(), begin.add(gap), fresh);
        }
        self.writer.at += whole;
        if self.message == 0 {
            self.boundary = self.writer.at;
            self.writer.written += 1;
        }
    }

    /// Publishes the whole messages found. Returns whether the reader slept: then [`Writer::wake`] must follow.
    #[must_use]
    pub fn publish(&mut self) -> bool {
        let tail = &self.writer.half.producer.0.tail;
        if tail.load(Ordering::Relaxed) == self.boundary {
            return false;
        }
        tail.store(self.boundary, Ordering::Release);
        self.writer.half.reader_slept()
    }

    /// Tells the reader.
    pub fn wake(&self) {
        self.writer.wake();
    }

    /// The reader will tell when there is room. Returns whether there is some already.
    pub fn await_room(&mut self) -> bool {
        self.writer.await_room()
    }

    /// Whether nothing received waits to be walked or finished.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.fill == self.boundary && self.body.is_none()
    }

    /// Gives memory back when idle; see [`Writer::sweep`].
    pub fn sweep(&mut self) -> bool {
        !self.is_clean() || self.writer.sweep()
    }
}
