//! What becomes of the commands that the walk stops at: they lie among the data.

use super::{FRAME_COST, Filler};
use crate::header::{self, COMMAND, Kind, LONG, LONGEST, MORE};
use std::ptr;

impl Filler {
    /// The command that the walk stopped at: its body.
    #[must_use]
    pub fn command(&self) -> &[u8] {
        self.command_frame().map_or(&[], |(header, size)| &self.unwalked()[header..header + size])
    }

    /// The command at the walk: the lengths of its header and body, both received.
    fn command_frame(&self) -> Option<(usize, usize)> {
        let (flags, header, size) = header::decode(self.unwalked())?;
        let whole = size.saturating_add(header as u64);
        (flags & COMMAND != 0 && whole <= self.unwalked().len() as u64).then_some((header, size as usize))
    }

    /// The command has been dealt with: it becomes nothing.
    pub fn drop_command(&mut self) {
        let Some((header, size)) = self.command_frame() else { return };
        let Some(segment) = self.writer.segment else { return };
        let long = if header == LONGEST { LONG } else { 0 };
        // SAFETY: the flags byte of the command, unpublished.
        unsafe { *segment.at(self.writer.at) = Kind::Skip as u8 | long };
        if self.dropped.end != self.writer.at {
            self.dropped.start = self.writer.at;
        }
        let whole = (header + size) as u64;
        self.writer.at += whole;
        self.dropped.end = self.writer.at;
        if self.message != 0 {
            // Checked at the next frame, unless the place is given back before.
            self.message = self.message.saturating_add(whole);
        }
    }

    /// The command becomes a frame of `kind` whose body is the command's without its first `prefix` bytes (at
    /// least three), and which is a message by itself. Inside another message it carries MORE and is none.
    pub fn command_as(&mut self, kind: Kind, prefix: usize) {
        let Some((header, size)) = self.command_frame() else { return };
        let whole = header + size;
        let more = if self.message == 0 { 0 } else { MORE };
        let mut encoded = [0; LONGEST];
        let fresh = header::encode(kind as u8 | more, size.saturating_sub(prefix), &mut encoded);
        // What the new header does not need is a frame that is nothing.
        let gap = (whole - size.saturating_sub(prefix)).saturating_sub(fresh);
        let Some(segment) = self.writer.segment else { return };
        if gap < 2 || gap > 2 + usize::from(u8::MAX) {
            return self.drop_command();
        }
        let begin = segment.at(self.writer.at);
        // SAFETY: both headers lie inside the command's own bytes (gap + fresh <= whole), which are unpublished.
        unsafe {
            *begin = Kind::Skip as u8;
            *begin.add(1) = (gap - 2) as u8;
            ptr::copy_nonoverlapping(encoded.as_ptr(), begin.add(gap), fresh);
        }
        self.writer.at += whole as u64;
        if more == 0 {
            self.end_message();
        } else {
            self.message = self.message.saturating_add(whole as u64 + FRAME_COST);
        }
    }
}
