//! Commands that the walk stops at, and what becomes of them: they lie among the data, large ones beside their header.

use super::body::Body;
use super::{Filler, Refusal, Walk};
use crate::header::{self, COMMAND, Kind, LONG, LONGEST, MORE};
use crate::segment::LARGEST;
use std::ptr;

/// Whether a command may be large, as far as its bytes have come.
enum Allowed {
    No,
    NotYetKnown,
    /// Its name has so many bytes.
    Yes(usize),
}

impl Filler {
    /// A command of `size` bytes has begun: refused, to be waited for, or whole.
    pub(super) fn meet_command(
        &mut self,
        header: usize,
        size: u64,
        available: usize,
    ) -> Result<Walk, Refusal> {
        let whole = size.saturating_add(header as u64);
        self.message.check_commands(self.gives_back())?;
        let allowed = self.is_allowed(self.unwalked().get(header..).unwrap_or_default());
        if let Allowed::Yes(name) = allowed
            && size.saturating_sub(name as u64) > self.message.bounds.frame
        {
            return Err(Refusal::CommandTooLarge(size));
        }
        if whole > LARGEST as u64 / 2 {
            if size > self.message.bounds.frame || size > isize::MAX as u64 {
                return Err(Refusal::CommandTooLarge(size));
            }
            self.message.check(size)?;
            match allowed {
                Allowed::No => return Err(Refusal::CommandTooLarge(size)),
                Allowed::NotYetKnown => {
                    let name = self.large.iter().map(|name| name.len()).max().unwrap_or(0);
                    return self.make_room(header + name);
                }
                Allowed::Yes(_) => {}
            }
        }
        if whole <= available as u64 {
            return Ok(Walk::Command);
        }
        self.collect(header, size as usize, available)
    }

    /// Bytes of the commands dropped right before the walk, which will give their place back.
    fn gives_back(&self) -> u64 {
        if self.dropped.end == self.dead_from() { self.dropped.end - self.dropped.start } else { 0 }
    }

    /// The beginning of what stands before the body at the walk in its box; without a box, the walk.
    fn dead_from(&self) -> u64 {
        let at = self.writer.chain.at;
        if self.skipped.end == at { self.skipped.start } else { at }
    }

    /// Whether a command that begins like this may be large.
    fn is_allowed(&self, begun: &[u8]) -> Allowed {
        let candidate = |name: &&[u8]| name.iter().zip(begun).all(|(one, other)| one == other);
        let mut candidates = self.large.iter().copied().filter(candidate).peekable();
        if candidates.peek().is_none() {
            Allowed::No
        } else {
            let whole = candidates.find(|name| name.len() <= begun.len());
            whole.map_or(Allowed::NotYetKnown, |name| Allowed::Yes(name.len()))
        }
    }

    /// Whether this command, which is whole, may be large.
    pub(super) fn allows(&self, command: &[u8]) -> bool {
        matches!(self.is_allowed(command), Allowed::Yes(_))
    }

    /// The command that the walk stopped at: its body.
    #[must_use]
    pub fn command(&self) -> &[u8] {
        match &self.body {
            Some(body) if self.has_large_command() => body.bytes(),
            _ => self.command_frame().map_or(&[], |(header, size)| &self.unwalked()[header..header + size]),
        }
    }

    /// Whether the walk stopped at a command that stands beside its header.
    fn has_large_command(&self) -> bool {
        let whole = self.body.as_deref().is_some_and(Body::is_whole);
        whole && self.unwalked().first().is_some_and(|flags| flags & COMMAND != 0)
    }

    /// Takes that command out of its place.
    fn take_large_command(&mut self) -> Option<Body> {
        if self.has_large_command() { self.body.take().map(|body| *body) } else { None }
    }

    /// The command at the walk: the lengths of its header and body, both received.
    fn command_frame(&self) -> Option<(usize, usize)> {
        let (flags, header, size) = header::decode(self.unwalked())?;
        let whole = size.saturating_add(header as u64);
        (flags & COMMAND != 0 && whole <= self.unwalked().len() as u64).then_some((header, size as usize))
    }

    /// The command has been dealt with: it becomes nothing.
    pub fn drop_command(&mut self) {
        let Some(segment) = self.writer.chain.segment else { return };
        let begin = segment.at(self.writer.chain.at);
        let (long, whole) = if self.take_large_command().is_some() {
            // SAFETY: inside the command's header, which is a long one, unpublished.
            unsafe { *begin.add(1) = (LONGEST - 2) as u8 };
            (0, LONGEST as u64)
        } else {
            let Some((header, size)) = self.command_frame() else { return };
            (if header == LONGEST { LONG } else { 0 }, (header + size) as u64)
        };
        // SAFETY: the flags byte of the command, unpublished.
        unsafe { *begin = Kind::Skip as u8 | long };
        let from = self.dead_from();
        if self.dropped.end != from {
            self.dropped.start = from;
        }
        self.writer.chain.at += whole;
        self.dropped.end = self.writer.chain.at;
        self.message.add_dropped(self.dropped.end - from);
    }

    /// The command becomes a frame of `kind` whose body is the command's without its first `prefix` bytes (at
    /// least three), and which is a message by itself. Inside another message it carries MORE and is none.
    pub fn command_as(&mut self, kind: Kind, prefix: usize) {
        let flags = kind as u8 | if self.message.is_begun() { MORE } else { 0 };
        let (advance, size) = if let Some(body) = self.take_large_command() {
            let topic = body.into_bytes();
            let topic = topic.slice(prefix.min(topic.len())..);
            let size = topic.len();
            if !self.join(flags, topic) {
                // The next walk says so.
                self.starved = true;
                return;
            }
            (LONGEST, size)
        } else {
            let Some((header, size)) = self.command_frame() else { return };
            if !self.rewrite(flags, header + size, size.saturating_sub(prefix)) {
                return self.drop_command();
            }
            (header + size, header + size)
        };
        self.writer.chain.at += advance as u64;
        if self.message.is_begun() {
            self.message.add_unchecked(size as u64);
        } else {
            self.end_message();
        }
    }

    /// Writes the header of a frame whose body is the last `size` bytes of the command's `whole`. Bytes of the command
    /// before them that the header does not need become a frame that is nothing. Returns `false` if there is no place.
    fn rewrite(&mut self, flags: u8, whole: usize, size: usize) -> bool {
        let mut encoded = [0; LONGEST];
        let fresh = header::encode(flags, size, &mut encoded);
        let gap = (whole - size).saturating_sub(fresh);
        let Some(segment) = self.writer.chain.segment else { return false };
        if gap < 2 || gap > 2 + usize::from(u8::MAX) {
            return false;
        }
        let begin = segment.at(self.writer.chain.at);
        // SAFETY: both headers lie inside the command's own bytes (gap + fresh <= whole), which are unpublished.
        unsafe {
            *begin = Kind::Skip as u8;
            *begin.add(1) = (gap - 2) as u8;
            ptr::copy_nonoverlapping(encoded.as_ptr(), begin.add(gap), fresh);
        }
        true
    }
}
