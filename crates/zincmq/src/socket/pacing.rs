//! Large messages are written by the thread that sends them, in the I/O thread's place, as fast as the kernel takes them.
//!
//! Such a thread is faster than any connection: where it only queues, a whole mark of large messages waits in memory that has
//! left every cache.

use crate::command::PipeId;
use crate::engine::{Connection, Written};
use queue::Part;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Smaller messages are copied to the kernel faster by an I/O thread beside the sender.
const LARGE: usize = 60 << 10;
/// A call that has waited for longer, and a nanosecond more for each byte, has waited in vain: that is about as long as it takes to
/// copy them.
const PATIENCE: Duration = Duration::from_micros(250);
/// However large the message is: signals and the context's end wait for so long, too.
const LONGEST: Duration = Duration::from_millis(20);

/// The calls that do not write, since an earlier one has waited in vain: 1, 3, 7, up to 255.
#[derive(Debug, Default)]
pub(super) struct Pacing {
    pause: u8,
    left: u8,
}

impl Pacing {
    /// Whether this call is to write a message of so many bytes, and for how long it waits then before it counts as in vain.
    pub(super) fn begin(&mut self, size: usize) -> Option<Duration> {
        if self.left > 0 {
            self.left -= 1;
            return None;
        }
        Some((PATIENCE + Duration::from_nanos(size as u64)).min(LONGEST))
    }

    /// The call is over. `in_time`: it has not waited for longer than that for each message that was written meanwhile.
    pub(super) fn end(&mut self, in_time: bool) {
        self.pause = if in_time { 0 } else { self.pause.saturating_mul(2).saturating_add(1) };
        self.left = self.pause;
    }
}

/// The rest of a large message, which is queued: its sender writes it without the core, which others may need meanwhile.
#[derive(Debug)]
pub(crate) struct Large {
    pub(super) pipe: PipeId,
    pub(super) connection: Arc<Connection>,
    pub(super) begun: Instant,
    pub(super) patience: Duration,
    /// For both see [`Connection::write_large`].
    pub(super) lends: bool,
    pub(super) full: bool,
    /// The I/O thread's end of the pipe rested.
    pub(super) slept: bool,
    /// The messages that were queued when this one was.
    pub(super) queued: u64,
}

impl Large {
    /// Writes it, and what is queued before it, and waits for the kernel. [`Table::end_large`] must follow.
    ///
    /// [`Table::end_large`]: crate::socket::table::Table::end_large
    pub(crate) fn write(&self) -> Written {
        self.connection.write_large(self.begun + self.patience, self.lends, self.full)
    }
}

/// Whether a message is large by its last part.
#[inline]
pub(super) fn is_large(parts: &[Part<'_>]) -> bool {
    parts.last().is_some_and(|part| part.len() >= LARGE)
}
