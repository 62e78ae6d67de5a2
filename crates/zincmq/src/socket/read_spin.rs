//! How a reader that has found nothing waits awake for the next message, where that pays off.

use queue::Reader;

/// How often a reader asks again before it rests, and the pauses before each time (some 200 ns here): to ask takes the
/// cache line that the writer is writing.
const TRIES: u32 = 4;
const PAUSES: u32 = 12;
/// While so many messages come between two ends of the queue, the writer is better let get ahead: the pauses grow.
const STREAMS: u64 = 2;
const MOST_PAUSES: u32 = 256;

/// See the module. One for each peer.
#[derive(Debug)]
pub(super) struct ReadSpin {
    /// Messages read when nothing was left the last time.
    empty_at: u64,
    /// The pauses before each try.
    pauses: u32,
}

impl Default for ReadSpin {
    fn default() -> Self {
        Self { empty_at: 0, pauses: PAUSES }
    }
}

impl ReadSpin {
    /// Asks again for a while. Returns whether there is something to read.
    pub(super) fn finds(&mut self, reader: &mut Reader) -> bool {
        let read = reader.read();
        let streams = read - self.empty_at >= STREAMS;
        self.empty_at = read;
        self.pauses = if streams { (self.pauses * 2).min(MOST_PAUSES) } else { PAUSES };
        (0..TRIES).any(|_| {
            (0..self.pauses).for_each(|_| std::hint::spin_loop());
            reader.has_unseen() && reader.is_ready()
        })
    }
}
