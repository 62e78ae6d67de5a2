//! The writing end's memory: the tail of the chain of segments, and how it grows and shrinks.

use crate::PeerInfo;
use crate::primitive::{Arc, Ordering};
use crate::segment::{CLASSES, HEADER, SegmentPtr, release_chain};
use crate::words::{CLAIMED, Half, IDLE, RUN};
use std::ptr;

const LARGEST_CLASS: u8 = CLASSES.len() as u8 - 1;

/// The tail segment, and the place in it.
#[derive(Debug)]
pub(crate) struct Chain {
    pub(crate) segment: Option<SegmentPtr>,
    /// The place of the next frame; everything before is whole frames.
    pub(crate) at: u64,
    /// The end of the segment's room.
    pub(crate) end: u64,
    /// The size class of the next segment, unless a frame needs more.
    pub(crate) class: u8,
    largest_class: u8,
    /// The connection that the frames come from.
    pub(crate) peer: Option<Arc<PeerInfo>>,
}

impl Chain {
    pub(crate) const fn new() -> Self {
        Self { segment: None, at: 0, end: 0, class: 0, largest_class: LARGEST_CLASS, peer: None }
    }

    /// Bytes of room behind the last frame.
    #[inline(always)]
    pub(crate) fn room(&self) -> u64 {
        self.end - self.at
    }

    /// Bytes written and not yet read, roughly.
    pub(crate) fn backlog(&self, half: &Half) -> u64 {
        self.at.saturating_sub(half.consumer().head.load(Ordering::Relaxed))
    }

    pub(crate) fn set_largest_class(&mut self, class: usize) {
        self.largest_class = u8::try_from(class).map_or(LARGEST_CLASS, |class| class.min(LARGEST_CLASS));
        self.class = self.class.min(self.largest_class);
    }

    /// The following frames come from another connection, and begin a segment of their own.
    pub(crate) fn set_peer(&mut self, peer: Option<Arc<PeerInfo>>) {
        self.peer = peer;
        self.end = self.at;
    }

    /// Begins a segment with room for `need` bytes, larger if the last filled up before the reader caught up. Returns
    /// `false` if there is no memory.
    #[must_use]
    pub(crate) fn grow(&mut self, half: &Half, need: usize) -> bool {
        if self.segment.is_some() && self.backlog(half) > 0 {
            self.raise_class();
        }
        self.begin(half, need).is_some()
    }

    /// Begins a segment with room for `need` bytes. None: there is no memory.
    pub(crate) fn begin(&mut self, half: &Half, need: usize) -> Option<SegmentPtr> {
        let fits = |class: &usize| CLASSES[*class] - HEADER >= need;
        let least = (0..CLASSES.len()).find(fits).unwrap_or(CLASSES.len() - 1);
        let best = usize::from(self.class).max(least);
        // Where memory is short, any other will do; the pool may have one.
        let fresh = (least..=best).rev().chain(best + 1..CLASSES.len()).find_map(|class| {
            SegmentPtr::allocate(&half.producer().pool, class, self.at, self.peer.as_ref())
        })?;
        match self.segment {
            Some(segment) => segment.get().link(fresh),
            None => half.producer().first.store(fresh.as_raw(), Ordering::Release),
        }
        self.segment = Some(fresh);
        self.end = fresh.get().end();
        Some(fresh)
    }

    /// Makes nothing of all that was written from `from` on, which lies in `segment` or behind it and was not published.
    pub(crate) fn mark_skipped(&mut self, mut segment: Option<SegmentPtr>, mut from: u64) {
        self.take_back(segment);
        while let Some(here) = segment
            && from < self.at
        {
            segment = here.get().next();
            let end = segment.map_or(self.at, |next| next.get().base);
            if from < end {
                here.mark_skipped(from, end);
                from = end;
            }
        }
    }

    /// Gives back what is unpublished behind `segment`, which is not, but for one: the reader, which has not gone
    /// beyond `segment`, looks where the next begins.
    fn take_back(&mut self, segment: Option<SegmentPtr>) {
        let Some(next) = segment.and_then(|segment| segment.get().next()) else { return };
        let Some(rest) = next.get().next() else { return };
        self.segment = Some(next);
        self.at = rest.get().base;
        self.end = self.at;
        next.get().unlink();
        // SAFETY: the reader goes to a segment where something in it has been published, and looks no further than
        // to the base of the next: it knows none of these. This end has let go of them.
        unsafe { release_chain(rest.as_raw()) };
    }

    /// Makes the next segment larger: the traffic fills this one at once.
    pub(crate) fn raise_class(&mut self) {
        self.class = (self.class + 1).min(self.largest_class);
    }

    /// Gives the tail segment back if the reader is idle and has read everything. Returns whether anything is
    /// held afterwards.
    pub(crate) fn sweep(&mut self, half: &Half) -> bool {
        if self.segment.is_none() {
            return false;
        }
        let state = half.state();
        if state.reader.compare_exchange(IDLE, CLAIMED, Ordering::AcqRel, Ordering::Relaxed).is_err() {
            return true;
        }
        // SAFETY: CLAIMED gives the cell to the producer.
        let at = state.parked.with(|cell| unsafe { (*cell).1 });
        // With anything unpublished the segment is in use; with anything unseen, be it the end, the reader may
        // have found the claim in its way and waits for its activation.
        if at == self.at && at == half.producer().tail.load(Ordering::Relaxed) {
            // SAFETY: as above.
            let parked =
                state.parked.with_mut(|cell| unsafe { ptr::replace(&raw mut (*cell).0, ptr::null_mut()) });
            let first = half.producer().first.swap(ptr::null_mut(), Ordering::Relaxed);
            self.segment = None;
            self.end = self.at;
            self.class = 0;
            state.reader.swap(IDLE, Ordering::AcqRel);
            // SAFETY: the reader's cursor no longer names any segment, and it had read all of them.
            unsafe { release_chain(if parked.is_null() { first } else { parked }) };
            return false;
        }
        state.reader.swap(RUN, Ordering::AcqRel);
        half.wake_reader();
        true
    }
}
