//! The frame at the head: looked at, passed, taken.

use super::{Found, Reader};
use crate::half::Cursor;
use crate::header::{Kind, MORE, REFERENCE};
use crate::segment::{CLASSES, Slice};
use crate::taken::{Body, Taken};
use std::ptr::NonNull;

impl Reader {
    /// The frame at the head: kind, more, body.
    #[inline]
    pub fn peek(&mut self) -> Option<(Kind, bool, &[u8])> {
        let found = self.head()?;
        Some(self.show(found))
    }

    #[inline(always)]
    fn show(&self, (segment, flags, header, size): Found) -> (Kind, bool, &[u8]) {
        let start = self.cursor.at + header;
        let body = if flags & REFERENCE != 0 {
            // SAFETY: a published frame with this flag holds a reference, until this end takes it.
            unsafe { segment.common_at(start).bytes(0) }
        } else if let Some(shared) = segment.get().body_at(start) {
            shared
        } else {
            segment.get().touch(start, start + size as u64, false);
            // SAFETY: a published frame lies whole in its segment and is not written again while this end
            // has not passed it.
            unsafe { std::slice::from_raw_parts(segment.at(start), size) }
        };
        (Kind::of(flags), flags & MORE != 0, body)
    }

    /// Removes the frame at the head if `accept` says yes to it: to its kind, whether more follow, and its body. Returns whether
    /// it did.
    #[inline]
    pub fn pass(&mut self, accept: impl FnOnce((Kind, bool, &[u8])) -> bool) -> Option<bool> {
        let found = self.head()?;
        let accepted = accept(self.show(found));
        if accepted {
            self.remove(found);
        }
        Some(accepted)
    }

    /// Takes the message at the head if it is one short part, as most are; otherwise nothing happens. The bytes are to be
    /// copied out before the next call.
    #[inline(always)]
    pub fn take_short(&mut self) -> Option<&[u8]> {
        let Cursor { segment: Some(segment), at, limit } = self.cursor else { return None };
        if at == limit || segment.get().has_bodies() {
            return None;
        }
        segment.get().touch(at, at + 2, false);
        let header = segment.at(at);
        // SAFETY: between `at` and `limit` there are whole frames, published and not written again while this end has
        // not passed them; none is shorter than two bytes.
        let [flags, size] = unsafe { header.cast::<[u8; 2]>().read() };
        if flags != 0 {
            return None;
        }
        let size = usize::from(size);
        self.cursor.at = at + 2 + size as u64;
        segment.get().touch(at + 2, self.cursor.at, false);
        self.count(1);
        // SAFETY: as above, and in this segment no body goes by reference.
        Some(unsafe { std::slice::from_raw_parts(header.add(2), size) })
    }

    /// Takes the frame at the head. The last frame of a message counts the message as read.
    #[inline(always)]
    pub fn take(&mut self) -> Option<Taken<'_>> {
        let found = self.head()?;
        Some(self.remove(found))
    }

    #[inline(always)]
    fn remove(&mut self, (segment, flags, header, size): Found) -> Taken<'_> {
        let start = self.cursor.at + header;
        let more = flags & MORE != 0;
        let mut passed = size as u64;
        let body = if flags & REFERENCE != 0 {
            // SAFETY: a published frame with this flag holds a reference, and the frame is taken only once.
            Body::Common(unsafe { segment.take_common(start) })
        } else if let Some(shared) = segment.get().take_body(start) {
            passed = 0;
            Body::Shared(shared)
        } else {
            segment.get().touch(start, start + passed, false);
            let address = segment.at(start);
            // The largest class decides: a piece of a smaller segment is cheap to copy.
            if size > CLASSES[2] / 8 {
                // SAFETY: the address is inside a live segment.
                let address = unsafe { NonNull::new_unchecked(address) };
                // SAFETY: published bytes are not written again, and the frame is taken only once.
                Body::Slice(unsafe { Slice::new(segment, address, size) })
            } else {
                // SAFETY: as in `peek`; the segment is released at the earliest by the next call.
                Body::Copy(unsafe { std::slice::from_raw_parts(address, size) })
            }
        };
        self.cursor.at = start + passed;
        if !more {
            self.count(1);
        }
        Taken { kind: Kind::of(flags), more, body }
    }

    /// Removes the frame at the head. Returns whether more of its message follow.
    pub fn skip_frame(&mut self) -> bool {
        self.take().is_some_and(|frame| frame.more)
    }
}
