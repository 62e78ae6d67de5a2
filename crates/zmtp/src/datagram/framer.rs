//! Messages into payloads.

use super::payload::{NONE, empty};
use crate::codec::frame::Flags;
use crate::codec::frame_v1::{self, MAX_HEADER};

/// The shortest payload that carries data.
const MIN_PAYLOAD: usize = NONE.len() + 1;

/// The longest payload that PGM can announce. All offsets in it are less than FFFF.
const MAX_PAYLOAD: usize = u16::MAX as usize;

/// Puts messages into payloads: several into one, or one into several.
///
/// Frames are written where they will be sent from, with the offset of each payload in its place.
#[derive(Debug)]
pub struct Framer {
    /// The payloads one after the other. All are full but the last, and the first once it was handed out.
    buffer: Vec<u8>,
    /// Where the first payload begins that was not taken.
    first: usize,
    /// Where the last payload begins; the end of the buffer if it is still to begin.
    last: usize,
    /// Where the payload ends that was handed out.
    handed: Option<usize>,
    max_payload: usize,
    /// Parts of the last message are still to come.
    more: bool,
}

impl Framer {
    /// For payloads of at most `max_payload` bytes, the offset's two included: from 3 to 65535, other values are
    /// taken for the nearest of these.
    #[must_use]
    pub fn new(max_payload: usize) -> Self {
        let max_payload = max_payload.clamp(MIN_PAYLOAD, MAX_PAYLOAD);
        Self { buffer: Vec::new(), first: 0, last: 0, handed: None, max_payload, more: false }
    }

    /// Appends one frame; `more`: other parts of the same message follow.
    ///
    /// It takes any number of bytes: whoever pushes looks at [`pending`](Self::pending) first.
    pub fn push(&mut self, body: &[u8], more: bool) {
        let mut header = [0; MAX_HEADER];
        let flags = if more { Flags::MORE } else { Flags::LAST };
        let header_len = frame_v1::encode_header(flags, body.len() as u64, &mut header);
        self.make_room(header_len + body.len());
        self.open();
        self.mark();
        self.more = more;
        self.write(&header[..header_len]);
        self.write(body);
    }

    /// Bytes not yet taken, offsets included.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.buffer.len() - self.first
    }

    /// The next payload: a full one, or with `flush` what there is. `None` if there is none. It stays the same,
    /// whatever is pushed, until it is taken with [`pop`](Self::pop).
    pub fn payload(&mut self, flush: bool) -> Option<&[u8]> {
        if self.handed.is_none() {
            self.handed = self.close(flush);
        }
        self.buffer.get(self.first..self.handed?)
    }

    /// Takes away the payload that [`payload`](Self::payload) gave last; nothing if it gave none.
    pub fn pop(&mut self) {
        let Some(end) = self.handed.take() else { return };
        self.first = end;
        if self.pending() == 0 {
            empty(&mut self.buffer);
            (self.first, self.last) = (0, 0);
        }
    }

    /// Where the first payload ends, if it is complete or made so.
    fn close(&mut self, flush: bool) -> Option<usize> {
        if self.pending() >= self.max_payload {
            return Some(self.first + self.max_payload);
        }
        if !flush || self.pending() == 0 {
            return None;
        }
        // libzmq tells the next message's place, too, where it is the next payload's beginning.
        self.mark();
        self.last = self.buffer.len();
        Some(self.last)
    }

    /// Begins a payload, if the last one has no room.
    fn open(&mut self) {
        if (self.buffer.len() - self.last).is_multiple_of(self.max_payload) {
            self.last = self.buffer.len();
            self.buffer.extend_from_slice(&NONE);
        }
    }

    /// Notes in the last payload, which has room, that a message begins at its end, if that is so and it is the
    /// first.
    fn mark(&mut self) {
        let data = self.last + NONE.len();
        let offset = self.buffer.len() - data;
        match self.buffer.get_mut(self.last..data) {
            Some(place) if !self.more && *place == NONE => {
                place.copy_from_slice(&(offset as u16).to_be_bytes());
            }
            _ => {}
        }
    }

    fn write(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            self.open();
            let room = self.max_payload - (self.buffer.len() - self.last);
            let (now, later) = bytes.split_at(room.min(bytes.len()));
            self.buffer.extend_from_slice(now);
            bytes = later;
        }
    }

    /// Moves what is left to the front rather than growing, where at least half has been taken.
    fn make_room(&mut self, size: usize) {
        let full = self.buffer.capacity() - self.buffer.len() < size;
        if full && self.first > 0 && self.first >= self.pending() {
            self.buffer.drain(..self.first);
            self.last -= self.first;
            self.handed = self.handed.map(|end| end - self.first);
            self.first = 0;
        }
    }
}
