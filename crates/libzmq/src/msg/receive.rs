//! How a message takes over a part as it was received.

use super::{BLOCK, INLINE, Msg, SHORT};
use crate::block::Block;
use crate::errno::Errno;
use queue::Lent;
use zincmq::Message;
use zincmq::c::Memory;

/// Larger messages of one part are received with the piece of memory that they came in.
pub(crate) const LENT: usize = 8 << 10;
/// Bodies of this size and more, if they were not lent, are received with the memory that they came in, not copied.
const EXCHANGED: usize = 1 << 10;

impl Msg {
    /// Copies a message of one part. The memory of the content before is the message's own.
    #[inline(always)]
    pub(crate) fn receive_lent(&mut self, part: Lent<'_>) -> Result<usize, Errno> {
        let size = self.receive_copy(part.bytes)?;
        self.more = 0;
        self.set_peer(part.peer);
        Ok(size)
    }

    /// Takes over part `at` of a received message; as [`Msg::receive_lent`].
    #[inline(always)]
    pub(crate) fn receive(&mut self, message: &mut Message, at: usize) -> Result<usize, Errno> {
        let size = match message.own(at) {
            Some(bytes) if bytes.len() < EXCHANGED => self.receive_copy(bytes)?,
            own => {
                let own = own.is_some();
                self.receive_memory(message, at, own)
            }
        };
        self.more = u8::from(at + 1 < message.len());
        self.set_peer(message.peer());
        Ok(size)
    }

    #[inline(always)]
    fn receive_copy(&mut self, bytes: &[u8]) -> Result<usize, Errno> {
        let size = bytes.len();
        let room = self.reuse(size).map_or_else(|| self.begin_anew(size), Ok)?;
        // SAFETY: there is room for so many.
        unsafe { sys::copy(bytes, room) };
        Ok(size)
    }

    /// The place for a body of `size` bytes, where the body before was of the same kind.
    #[inline(always)]
    fn reuse(&mut self, size: usize) -> Option<*mut u8> {
        match self.kind {
            _ if !self.label.is_null() => None,
            SHORT if size <= INLINE => {
                self.len = size as u8;
                Some(self.body.as_mut_ptr().cast())
            }
            BLOCK if size > INLINE => (*self.block()).reuse(size),
            _ => None,
        }
    }

    /// As [`Msg::reuse`], whatever was there before.
    #[inline(never)]
    fn begin_anew(&mut self, size: usize) -> Result<*mut u8, Errno> {
        self.empty_body();
        self.make_room(size)?;
        Ok(self.data())
    }

    /// Takes over the memory of a body, which stays where it is; the part gets that of an earlier one if that is of the
    /// same kind. Returns the body's length.
    #[inline(never)]
    fn receive_memory(&mut self, message: &mut Message, at: usize, own: bool) -> usize {
        if !own && let Some(common) = message.take_common(at) {
            let size = common.len();
            self.empty_body();
            self.put_common(common);
            return size;
        }
        let Some(part) = message.as_mut_slice().get_mut(at) else { return 0 };
        let size = part.len();
        let bare = self.kind == BLOCK && self.label.is_null();
        if !(own && bare && (*self.block()).exchange(part)) {
            self.empty_body();
            let part = std::mem::take(part);
            self.put_block(if own { Block::own(part) } else { Block::share(part) });
        }
        size
    }
}
