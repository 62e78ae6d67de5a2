//! Frames that arrive in boxes: they are opened where they lie, and the walk finds plain frames there.
//!
//! A box is a frame whose body begins with a number of bytes that stand before the plain body. Opened, it becomes a frame
//! that is nothing, over its header and these bytes, and a frame with the plain body.

use super::bounds::Refusal;
use super::unseal::{Unopened, Unseal};
use super::{Filler, Walk};
use crate::header::{self, COMMAND, Kind, LONG, LONGEST, WIRE};
use crate::segment::LARGEST;

/// The most boxes that are opened together.
const TOGETHER: usize = 128;

impl Filler {
    /// From now on all that is received are boxes, which [`Filler::open`] opens.
    pub fn expect_boxes(&mut self) {
        self.sealed = true;
    }

    /// Opens the boxes that have arrived whole, if the walk has come to the end of what was open. `None`: the walk goes
    /// on; otherwise as it would have said.
    ///
    /// # Errors
    /// [`Unopened`]: the connection cannot go on.
    pub fn open<U: Unseal>(&mut self, unseal: &mut U) -> Result<Option<Walk>, Unopened<U::Error>> {
        if self.body.is_some() {
            return Ok(if self.open_body(unseal)? { None } else { Some(Walk::Dry) });
        }
        if !self.sealed || self.fill != self.writer.chain.at {
            return Ok(Some(Walk::Dry));
        }
        if self.raw > 0 && !self.message.is_begun() && !self.writer.has_room() {
            return Ok(Some(Walk::Full));
        }
        if self.open_here(unseal)? > 0 {
            return Ok(None);
        }
        self.await_box::<U>().map_err(Unopened::Refused)?;
        Ok(Some(Walk::Dry))
    }

    /// Opens what has arrived whole, with no regard to the high-water mark, before the connection's end: see
    /// [`Filler::cut`].
    pub fn open_rest<U: Unseal>(&mut self, unseal: &mut U) {
        if self.body.is_some() {
            _ = self.open_body(unseal);
        }
        while self.body.is_none() && matches!(self.open_here(unseal), Ok(1..)) {}
    }

    /// Opens what lies in the segment. Returns how many boxes that were.
    fn open_here<U: Unseal>(&mut self, unseal: &mut U) -> Result<usize, Unopened<U::Error>> {
        let Some(segment) = self.writer.chain.segment else { return Ok(0) };
        // SAFETY: [fill, fill + raw) lies in the segment, was written by this end and is not published; the slice is gone
        // before anything else of the segment is touched.
        let raw = unsafe { std::slice::from_raw_parts_mut(segment.at(self.fill), self.raw) };
        let mut bodies: Vec<&mut [u8]> = Vec::new();
        let mut frames: Vec<(usize, usize)> = Vec::new();
        let mut rest = &mut *raw;
        while frames.len() < TOGETHER
            && let Some((_, header, size)) = header::decode(rest)
            && size.saturating_add(header as u64) <= rest.len() as u64
        {
            let (frame, later) = rest.split_at_mut(header + size as usize);
            bodies.push(&mut frame[header..]);
            frames.push((header, size as usize));
            rest = later;
        }
        if frames.is_empty() {
            return Ok(0);
        }
        unseal.open(&mut bodies).map_err(Unopened::Failed)?;
        let mut at = 0;
        for (header, size) in &frames {
            let frame = &mut raw[at..at + header + size];
            at += frame.len();
            unwrap(frame, *header, U::OVERHEAD, U::flags(&frame[*header..]));
        }
        self.fill += at as u64;
        self.raw -= at;
        Ok(frames.len())
    }

    /// A box has begun, and is not whole.
    fn await_box<U: Unseal>(&mut self) -> Result<(), Refusal> {
        let raw = self.unfinished();
        let available = raw.len();
        let Some((_, header, size)) = header::decode(raw) else { return self.make_room(LONGEST).map(drop) };
        if size.saturating_add(header as u64) > LARGEST as u64 {
            self.check_box::<U>(size)?;
            return self.begin_sealed_body(header, size as usize);
        }
        let whole = header + size as usize;
        if whole > LARGEST / 2 {
            self.read_limit = whole - available + super::READ_AHEAD;
        }
        self.make_room(whole).map(drop)
    }

    /// Whether a box of this size may come, before it has. The walk judges those that are not large when they are open.
    fn check_box<U: Unseal>(&self, size: u64) -> Result<(), Refusal> {
        let overhead = U::OVERHEAD as u64;
        let plain = size.saturating_sub(overhead);
        if plain > self.message.bounds.frame || size > isize::MAX as u64 - LONGEST as u64 {
            return Err(Refusal::TooLarge(plain));
        }
        self.message.check(plain).map(drop)
    }

    /// So much of the large box as has come is opened. Once that is all, its header becomes the plain body's; returns whether
    /// it has.
    fn open_body<U: Unseal>(&mut self, unseal: &mut U) -> Result<bool, Unopened<U::Error>> {
        let Some(body) = self.body.as_mut().filter(|body| body.is_sealed()) else { return Ok(false) };
        if !body.open(unseal).map_err(Unopened::Failed)? {
            return Ok(false);
        }
        let flags = body.unseal::<U>() & WIRE;
        let size = body.size() as u64;
        if let Some(segment) = self.writer.chain.segment {
            // SAFETY: the header at the walk, a long one, is this end's own and unpublished.
            unsafe { *segment.at(self.writer.chain.at) = flags | LONG };
        }
        // Refused it stands there as a command, which the end of the connection drops.
        if flags & COMMAND != 0 && !self.body.as_ref().is_some_and(|body| self.allows(body.bytes())) {
            return Err(Unopened::Refused(Refusal::CommandTooLarge(size)));
        }
        Ok(true)
    }
}

/// Makes the plain frame of a box that was opened.
fn unwrap(frame: &mut [u8], header: usize, overhead: usize, flags: u8) {
    let size = frame.len() - header - overhead;
    let mut encoded = [0; LONGEST];
    let fresh = header::encode(flags & WIRE & !LONG, size, &mut encoded);
    let gap = header + overhead - fresh;
    frame[0] = Kind::Skip as u8;
    frame[1] = (gap - 2) as u8;
    frame[gap..gap + fresh].copy_from_slice(&encoded[..fresh]);
}
