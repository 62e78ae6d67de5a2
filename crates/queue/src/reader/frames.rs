//! The frame at the head: looked at, passed, taken.

use super::{Found, Reader};
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
