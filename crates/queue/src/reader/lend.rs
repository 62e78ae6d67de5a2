//! Messages that are taken without a copy: the reading end shows their bytes where they lie.

use super::Reader;
use crate::PeerInfo;
use crate::half::Cursor;
use crate::header::LONG;
use crate::primitive::{Arc, Ordering};
use crate::segment::SegmentPtr;
use std::ptr::NonNull;

/// A message of one part that was taken. It lies in its segment until the next call on its reader.
#[derive(Debug)]
pub struct Lent<'a> {
    /// The part, whole.
    pub bytes: &'a [u8],
    /// The connection that it came by.
    pub peer: Option<&'a Arc<PeerInfo>>,
}

impl Reader {
    /// Takes the message at the head if it is one short part, as most are; otherwise it stays, and so does a short part
    /// now and then, where credit is due for it. The bytes are to be copied out before the next call.
    #[inline(always)]
    pub fn take_short(&mut self) -> Option<&[u8]> {
        // SAFETY: see `step_past`; the bytes are borrowed from this end.
        self.pass_short().map(|bytes| unsafe { &*bytes.as_ptr() })
    }

    /// Takes the message at the head if it is one part of `most` bytes or less (or of 255) that lies whole in its segment;
    /// otherwise it stays.
    #[inline(always)]
    pub fn lend(&mut self, most: usize) -> Option<Lent<'_>> {
        let bytes = match self.pass_short() {
            Some(bytes) => bytes,
            None => self.pass_longer(most)?,
        };
        // SAFETY: as in `take_short`.
        Some(Lent { bytes: unsafe { &*bytes.as_ptr() }, peer: self.peer() })
    }

    /// Passes the message at the head if it is one short part, nothing in the segment goes by reference, and no credit is due
    /// for it.
    #[inline(always)]
    fn pass_short(&mut self) -> Option<NonNull<[u8]>> {
        let Cursor { segment: Some(segment), at, limit } = self.cursor else { return None };
        if at == limit || segment.get().has_bodies() {
            return None;
        }
        segment.get().touch(at, at + 2, false);
        // SAFETY: between `at` and `limit` there are whole frames, published and not written again while this end has
        // not passed them; none is shorter than two bytes.
        let [flags, size] = unsafe { segment.at(at).cast::<[u8; 2]>().read() };
        let read = self.read + 1;
        if flags != 0 || read >= self.next_credit {
            return None;
        }
        self.read = read;
        self.half.consumer().read.store(read, Ordering::Relaxed);
        Some(self.step_past(segment, 2, size.into()))
    }

    /// As [`Reader::pass_short`], for a long header, for credit, and for a message that this end has not seen yet.
    #[cold]
    fn pass_longer(&mut self, most: usize) -> Option<NonNull<[u8]>> {
        let (segment, flags, header, size) = self.head()?;
        if flags & !LONG != 0 || size > most || segment.get().has_bodies() {
            return None;
        }
        let bytes = self.step_past(segment, header, size);
        self.count(1);
        Some(bytes)
    }

    /// Passes a frame whose body lies behind its header, in `segment`: there it stays, as it is, until the next call, which may
    /// release the segment.
    #[inline(always)]
    fn step_past(&mut self, segment: SegmentPtr, header: u64, size: usize) -> NonNull<[u8]> {
        let start = self.cursor.at + header;
        self.cursor.at = start + size as u64;
        segment.get().touch(start, self.cursor.at, false);
        // SAFETY: an address within a segment is not null.
        let address = unsafe { NonNull::new_unchecked(segment.at(start)) };
        NonNull::slice_from_raw_parts(address, size)
    }
}
