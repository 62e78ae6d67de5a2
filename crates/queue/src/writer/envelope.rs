//! Envelopes: frames that come encoded, in front of a message.

use super::Writer;
use crate::header::{self, MORE};
use crate::part::Part;
use crate::segment::LARGEST;
use std::ptr;

impl Writer {
    /// Writes them as they are. Returns `false` if `frames` is no envelope.
    pub(super) fn write_envelope(&mut self, frames: &[u8]) -> bool {
        if !header::is_envelope(frames) {
            return false;
        }
        if self.chain.room() < frames.len() as u64 {
            if frames.len() > LARGEST {
                self.write_long_envelope(frames);
                return true;
            }
            self.grow(frames.len());
        }
        let Some(segment) = self.chain.segment else { return false };
        segment.get().touch(self.chain.at, self.chain.at + frames.len() as u64, true);
        // SAFETY: as in `write_frame`.
        unsafe { ptr::copy_nonoverlapping(frames.as_ptr(), segment.at(self.chain.at), frames.len()) };
        self.chain.at += frames.len() as u64;
        true
    }

    /// An envelope that fits no segment is written frame by frame.
    #[cold]
    fn write_long_envelope(&mut self, mut frames: &[u8]) {
        while let Some((flags, header, size)) = header::decode(frames) {
            let Some((frame, rest)) = frames.split_at_checked(header.saturating_add(size as usize)) else {
                return;
            };
            self.write_frame(flags & MORE, &Part::Slice(&frame[header..]));
            frames = rest;
        }
    }
}
