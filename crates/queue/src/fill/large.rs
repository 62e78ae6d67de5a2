//! Frames and commands whose body is too large for a segment: it is read beside its header, and joined to it.

use super::body::Body;
use super::{Filler, READ_AHEAD, Refusal, Walk, receive};
use crate::header::{COMMAND, LONG, LONGEST};
use bytes::Bytes;
use std::io;
use std::os::fd::BorrowedFd;

impl Filler {
    /// A box has begun that is too large for a segment.
    pub(super) fn begin_sealed_body(&mut self, header: usize, size: usize) -> Result<(), Refusal> {
        let body = Body::sealed(self.unfinished().get(header..).unwrap_or_default(), size)?;
        self.body = Some(Box::new(body));
        // The header is as good as open: it becomes the plain body's.
        self.fill = self.writer.chain.at + header as u64;
        self.raw = 0;
        self.read_limit = READ_AHEAD;
        Ok(())
    }

    pub(super) fn begin_body(&mut self, header: usize, size: usize) -> Result<(), Refusal> {
        let body = Body::new(self.unwalked().get(header..).unwrap_or_default(), size)?;
        self.body = Some(Box::new(body));
        self.fill = self.writer.chain.at + header as u64;
        self.read_limit = READ_AHEAD;
        Ok(())
    }

    pub(super) fn read_body(&mut self, from: BorrowedFd<'_>) -> io::Result<(usize, bool)> {
        let Some(mut body) = self.body.take() else { return Ok((0, false)) };
        if body.make_room().is_err() {
            self.starved = true;
            return Err(io::ErrorKind::OutOfMemory.into());
        }
        let room = body.room();
        let spill = self.spare(1);
        let spill_len = if body.ends_in_room() { spill.len().min(READ_AHEAD) } else { 0 };
        let result = receive(from, body.spare(), &mut spill[..spill_len]);
        let read = result.as_ref().copied().unwrap_or(0);
        let of_body = read.min(room);
        // SAFETY: the kernel has written `of_body` bytes into the spare capacity.
        unsafe { body.advance(of_body) };
        self.took(read - of_body);
        self.body = Some(body);
        result.map(|read| (read, read == room + spill_len))
    }

    /// Makes room for more of the large body, or joins it to its header if it is whole. `None`: walk on.
    #[cold]
    pub(super) fn finish_body(&mut self) -> Result<Option<Walk>, Refusal> {
        let Some(body) = &mut self.body else { return Ok(None) };
        if !body.is_whole() {
            body.make_room()?;
            return Ok(Some(Walk::Dry));
        }
        if body.is_sealed() {
            return Ok(Some(Walk::Dry));
        }
        let Some(&flags) = self.unwalked().first() else { return Ok(Some(Walk::Dry)) };
        if flags & COMMAND != 0 {
            return Ok(Some(Walk::Command));
        }
        let Some(body) = self.body.take() else { return Ok(None) };
        let size = body.size() as u64;
        if !self.join(flags, body.into_bytes()) {
            return Err(Refusal::NoMemory(size));
        }
        self.pass(flags, LONGEST as u64, size)?;
        Ok(None)
    }

    /// Joins a large body to the header at the walk, which is a long one and gets these flags. Returns `false` if there
    /// is no memory.
    pub(super) fn join(&mut self, flags: u8, body: Bytes) -> bool {
        let (size, header) = (body.len(), LONGEST as u64);
        let Some(mut segment) = self.writer.chain.segment else { return false };
        if let Err(body) = segment.get().splice(self.writer.chain.at + header, body) {
            // All places taken: the header moves to a new segment, and the bytes spilled behind it too.
            if !self.relocate(LONGEST + READ_AHEAD) {
                return false;
            }
            let Some(fresh) = self.writer.chain.segment else { return false };
            segment = fresh;
            _ = segment.get().splice(self.writer.chain.at + header, body);
        }
        let begin = segment.at(self.writer.chain.at);
        // SAFETY: the header's own bytes, unpublished; it was received whole, and a segment holds it whole.
        unsafe {
            *begin = flags | LONG;
            begin.add(1).cast::<[u8; 8]>().write_unaligned((size as u64).to_be_bytes());
        }
        self.writer.count_spliced(size);
        true
    }
}
