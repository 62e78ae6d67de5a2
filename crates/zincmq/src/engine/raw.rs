//! Plain TCP for STREAM: bytes without frames.

use crate::engine::contract::End;
use crate::engine::contract::Transcode;
use queue::{Part, Taken, Writer};

/// Both directions, as they are: one message out is its bytes, the bytes read at once are one message in.
#[derive(Debug)]
pub(crate) struct Raw {
    /// The most bytes that one received message carries (`IN_BATCH_SIZE`).
    pub(crate) chunk: usize,
}

impl Transcode for Raw {
    fn encode(&mut self, taken: Taken<'_>, out: &mut Vec<u8>) {
        out.extend_from_slice(taken.body.as_ref());
    }

    fn decodes(&self) -> bool {
        true
    }

    fn decode(&mut self, bytes: &[u8], into: &mut Writer) -> Result<usize, End> {
        let mut done = 0;
        for chunk in bytes.chunks(self.chunk.max(1)) {
            if !into.await_room() {
                break;
            }
            if !into.try_write(&[Part::Slice(chunk)]) {
                return Err(End::NoMemory);
            }
            done += chunk.len();
        }
        Ok(done)
    }
}
