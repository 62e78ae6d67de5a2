//! The reading end of one direction as bytes: whole segments go to a descriptor as they are.

use crate::half::{CLOSED, Cursor, Milestone};
use crate::header::{LONGEST, MORE, REFERENCE};
use crate::primitive::Ordering;
use crate::reader::Reader;
use crate::reader::backlog::Backlog;
use crate::segment::SegmentPtr;
use bytes::Bytes;
use std::io::{self, IoSlice};
use std::os::fd::BorrowedFd;

/// At most this much in one system call (or one larger body), so that connections take turns.
const BUDGET: usize = 256 << 10;
/// The kernel takes at most this many pieces at once.
const PIECES: usize = 256;
/// Most calls have fewer than these, and need not clear a table of all.
const FEW: usize = 8;

/// Writes framed bytes to a descriptor and remembers the last message boundary that the kernel has passed: a
/// new connection begins there again.
#[derive(Debug)]
pub struct Drain {
    reader: Reader,
    /// A frame boundary at or behind the last message boundary.
    scan: Cursor,
    /// The message boundary that `scan` set out from.
    from: u64,
    /// Bytes the kernel has taken beyond `scan`.
    ahead: u64,
    /// The writer's place when it was last heard of.
    milestone: Milestone,
    /// None before the first body by reference: most connections see none.
    bodies: Option<Box<Bodies>>,
}

/// Bodies by reference.
#[derive(Debug, Default)]
struct Bodies {
    /// Those between the two boundaries.
    spent: Vec<Spent>,
    /// Those that are done with, where they are kept.
    kept: Option<Vec<Bytes>>,
}

/// A body by reference that the kernel has, and its place.
#[derive(Debug)]
struct Spent {
    segment: SegmentPtr,
    at: u64,
    common: bool,
}

// SAFETY: as for `Reader`; the pointers in `bodies` are to segments that the reader has not released.
unsafe impl Send for Drain {}

impl Drain {
    /// Takes over a reading end.
    #[must_use]
    pub fn new(reader: Reader) -> Self {
        let scan = reader.cursor;
        Self { from: scan.at, reader, scan, ahead: 0, milestone: Milestone::default(), bodies: None }
    }

    /// The frames, for an engine that writes its own bytes. Frames that the engine takes are gone, even if
    /// the connection is lost. The reader must not be replaced by another.
    pub fn frames(&mut self) -> &mut Reader {
        &mut self.reader
    }

    /// The writer has come so far: up to there its messages need not be counted one by one.
    pub fn pass_on(&mut self, milestone: Milestone) {
        self.milestone = milestone;
    }

    /// From now on keeps bodies by reference when they are done with: the owner of one may be called when it goes, and
    /// not at any time.
    pub fn keep_bodies(&mut self) {
        self.bodies.get_or_insert_default().kept.get_or_insert_default();
    }

    /// Whether there are bodies that were kept.
    #[must_use]
    pub fn keeps_bodies(&self) -> bool {
        let kept = self.bodies.as_ref().and_then(|bodies| bodies.kept.as_ref());
        kept.is_some_and(|kept| !kept.is_empty())
    }

    /// Lets go of the bodies that were kept, and keeps no more.
    #[inline]
    pub fn drop_bodies(&mut self) {
        if let Some(bodies) = &mut self.bodies {
            bodies.kept = None;
        }
    }

    /// Whether anything that is not written goes by reference.
    #[must_use]
    pub fn has_bodies(&self) -> bool {
        let oldest = self.reader.cursor.oldest(&self.reader.half);
        std::iter::successors(oldest, |segment| segment.get().next())
            .any(|segment| segment.get().has_bodies())
    }

    /// Whether the kernel has taken part of a message and not all of it.
    #[must_use]
    pub fn is_inside_message(&self) -> bool {
        self.from == self.reader.cursor.at && (self.ahead > 0 || self.scan.at > self.from)
    }

    /// Forgets the half-sent message's progress: the next connection gets it from its beginning.
    pub fn rewind(&mut self) {
        self.scan = self.reader.cursor;
        self.from = self.scan.at;
        self.ahead = 0;
        if let Some(bodies) = &mut self.bodies {
            bodies.spent.clear();
        }
    }

    /// Drops the message at the head, whole, for no connection to get. Nothing of it may be under way:
    /// [`Drain::rewind`].
    pub fn skip_message(&mut self) {
        while self.reader.skip_frame() {}
        self.rewind();
    }

    /// Whether there are bytes to write. A parked end has none until it is resumed.
    #[must_use]
    pub fn has_bytes(&self) -> bool {
        let tail = self.reader.half.producer().tail.load(Ordering::Acquire) & !CLOSED;
        let at = if self.is_inside_message() { self.scan.at } else { self.reader.cursor.at };
        !self.reader.is_parked() && (tail != at || (!self.is_inside_message() && self.reader.has_newer()))
    }

    /// The messages that the kernel has not taken whole.
    pub fn unsent(&mut self) -> Backlog {
        self.look_for_latest();
        self.reader.backlog()
    }

    /// Between two messages: where only the last is kept, goes to that.
    fn look_for_latest(&mut self) {
        if !self.is_inside_message() {
            if self.reader.conflates() {
                self.reader.skip_to_latest();
            }
            // The reader has its own ways: it may have moved on, rested and lost its segment.
            self.rewind();
        }
    }

    /// Writes once to `to`: first `prefix` (of which the written part is removed), then frames. Returns the
    /// number of bytes written; 0 if there was nothing to write.
    ///
    /// # Errors
    /// As sendmsg(2), `WouldBlock` included.
    pub fn write_to(&mut self, to: BorrowedFd<'_>, prefix: &mut Vec<u8>) -> io::Result<usize> {
        self.write_until(u64::MAX, to, prefix)
    }

    /// As [`Drain::write_to`] without a prefix, but no further than the message begun: afterwards, or at once if
    /// this returns 0, the connection may stand between two messages ([`Drain::is_inside_message`] tells).
    ///
    /// # Errors
    /// As sendmsg(2), `WouldBlock` included.
    pub fn finish_message(&mut self, to: BorrowedFd<'_>) -> io::Result<usize> {
        let end = self.message_end();
        self.write_until(end, to, &mut Vec::new())
    }

    /// The end of the message that has been begun; the place of the scan if none has.
    fn message_end(&self) -> u64 {
        let mut cursor = self.scan;
        let mut more = self.is_inside_message();
        while more && (cursor.at < cursor.limit || cursor.refresh(&self.reader.half, |_| ())) {
            let Some((segment, flags, header, size)) = cursor.header() else { break };
            cursor.at += header;
            if segment.get().body_at(cursor.at).is_none() {
                cursor.at += size as u64;
            }
            more = flags & MORE != 0;
        }
        cursor.at
    }

    fn write_until(&mut self, end: u64, to: BorrowedFd<'_>, prefix: &mut Vec<u8>) -> io::Result<usize> {
        self.look_for_latest();
        let mut pieces = [IoSlice::new(&[]); FEW];
        let sent = match self.gather(end, prefix, &mut pieces) {
            0 => return Ok(0),
            count if count < FEW => sys::send(to, &pieces[..count])?,
            _ => {
                let mut pieces = [IoSlice::new(&[]); PIECES];
                let count = self.gather(end, prefix, &mut pieces);
                sys::send(to, &pieces[..count])?
            }
        };
        let of_prefix = sent.min(prefix.len());
        if of_prefix > 0 {
            prefix.drain(..of_prefix);
        }
        if sent > of_prefix {
            self.advance(sent - of_prefix);
        }
        Ok(sent)
    }

    /// A message has gone past the pipe, which is empty.
    pub(crate) fn pass(&mut self) {
        self.reader.count(1);
    }

    /// The kernel has taken so many bytes of the message in the pipe, which was empty before.
    pub(crate) fn begin(&mut self, bytes: usize) {
        self.reader.resume();
        self.look_for_latest();
        self.advance(bytes);
    }

    /// The kernel has taken so many bytes.
    fn advance(&mut self, bytes: usize) {
        self.ahead += bytes as u64;
        self.walk();
    }

    /// Puts what is to be written, the prefix and then frames up to the position `end`, into `pieces`; returns how many
    /// there are.
    fn gather<'a>(&'a self, end: u64, prefix: &'a [u8], pieces: &mut [IoSlice<'a>]) -> usize {
        let mut count = 0;
        if !prefix.is_empty() {
            pieces[0] = IoSlice::new(prefix);
            count = 1;
        }
        if self.reader.is_parked() {
            return count;
        }
        let mut cursor = self.scan;
        let mut skip = self.ahead as usize;
        let mut total = 0;
        let mut add = |bytes: &'a [u8]| {
            let skipped = skip.min(bytes.len());
            skip -= skipped;
            if skipped < bytes.len() {
                pieces[count] = IoSlice::new(&bytes[skipped..]);
                count += 1;
                total += bytes.len() - skipped;
            }
            total < BUDGET && count < pieces.len()
        };
        while cursor.at < end {
            if cursor.at == cursor.limit && !cursor.refresh(&self.reader.half, |_| ()) {
                break;
            }
            let Some(segment) = cursor.segment else { break };
            let limit = cursor.limit.min(end);
            if segment.get().refers()
                && let Some((_, flags, header, size)) = cursor.header()
                && flags & REFERENCE != 0
            {
                let start = cursor.at + header;
                cursor.at = start + size as u64;
                // SAFETY: as in `walk`; this end takes none while the pieces are in use.
                if !add(unsafe { segment.common_at(start).wire() }) {
                    break;
                }
                continue;
            }
            // A body at `at` itself belongs to the frame before.
            let body_at = segment.get().next_body(cursor.at + 1).filter(|&at| at <= limit);
            let mut stop = body_at.unwrap_or(limit);
            if segment.get().refers() {
                stop = next_reference(cursor, stop);
            }
            segment.get().touch(cursor.at, stop, false);
            // SAFETY: published bytes of a segment that this end has not released.
            let bytes =
                unsafe { std::slice::from_raw_parts(segment.at(cursor.at), (stop - cursor.at) as usize) };
            cursor.at = stop;
            if !add(bytes) {
                break;
            }
            if let Some(body) = body_at.filter(|&at| at == stop).and_then(|at| segment.get().body_at(at))
                && !add(body)
            {
                break;
            }
        }
        count
    }

    /// Walks the headers over what the kernel has taken, and releases whole messages, all at once.
    fn walk(&mut self) {
        self.jump();
        let (mut scan, mut ahead) = (self.scan, self.ahead);
        let (mut messages, mut done, mut bodies) = (0, scan, 0);
        while scan.at < scan.limit || scan.refresh(&self.reader.half, |_| ()) {
            let Some((segment, flags, header, size)) = scan.header() else { break };
            let (at, common) = (scan.at + header, flags & REFERENCE != 0);
            let wire = match common {
                // SAFETY: a published frame with this flag holds a reference, until this end takes it.
                true => unsafe { segment.common_at(at).wire() }.len() as u64,
                false => header + size as u64,
            };
            if ahead < wire {
                break;
            }
            ahead -= wire;
            scan.at = at + size as u64;
            if common {
                self.bodies.get_or_insert_default().spent.push(Spent { segment, at, common });
            } else if wire > LONGEST as u64 && segment.get().body_at(at).is_some() {
                self.bodies.get_or_insert_default().spent.push(Spent { segment, at, common });
                scan.at = at;
            }
            if flags & MORE == 0 {
                messages += 1;
                (done, bodies) = (scan, self.spent());
            }
        }
        (self.scan, self.ahead) = (scan, ahead);
        if messages > 0 {
            self.commit(messages, done, bodies);
        }
    }

    /// The number of bodies by reference that the kernel has taken, and that are not done with.
    fn spent(&self) -> usize {
        self.bodies.as_ref().map_or(0, |bodies| bodies.spent.len())
    }

    /// Goes to the milestone without a look at the messages before it, if the kernel has taken them all.
    fn jump(&mut self) {
        let Milestone { at, written } = self.milestone;
        let mut scan = self.scan;
        if scan.at >= at || at - scan.at > self.ahead || self.spent() > 0 {
            return;
        }
        while scan.at < at {
            let there = scan.at < scan.limit || scan.refresh(&self.reader.half, |_| ());
            // Bodies by reference have no place in the stream.
            if !there || scan.segment.is_none_or(|segment| !segment.get().is_plain()) {
                return;
            }
            scan.at = scan.limit.min(at);
        }
        self.ahead -= at - self.scan.at;
        self.scan = scan;
        self.commit(written - self.reader.passed(), scan, 0);
    }

    /// So many messages, up to `done`, and the first `bodies` by reference, are done with.
    fn commit(&mut self, messages: u64, done: Cursor, bodies: usize) {
        if let Some(Bodies { spent, kept }) = self.bodies.as_deref_mut() {
            for Spent { segment, at, common } in spent.drain(..bodies) {
                if common {
                    // SAFETY: the frame holds a reference, and this end is about to pass it.
                    drop(unsafe { segment.take_common(at) });
                    continue;
                }
                let body = segment.get().take_body(at);
                if let Some(kept) = kept {
                    kept.extend(body);
                }
            }
        }
        let mut oldest = self.reader.cursor.oldest(&self.reader.half);
        while let Some(passed) = oldest
            && oldest != done.segment
        {
            oldest = passed.get().next();
            self.reader.half.consumer().head.store(done.at, Ordering::Relaxed);
            // SAFETY: this end has passed it, and it has a successor: the producer has let go.
            unsafe { passed.release() };
        }
        self.reader.cursor = done;
        self.from = done.at;
        self.reader.count(messages);
    }

    /// As [`Reader::park`]; only when nothing is left to write.
    pub fn park(&mut self) -> bool {
        !self.is_inside_message() && self.reader.park()
    }
}

/// The place of the first frame from `cursor` on that refers to a common body; `stop` if there is none before.
fn next_reference(mut cursor: Cursor, stop: u64) -> u64 {
    while cursor.at < stop
        && let Some((_, flags, header, size)) = cursor.header()
    {
        if flags & REFERENCE != 0 {
            return cursor.at;
        }
        cursor.at += header + size as u64;
    }
    stop
}
