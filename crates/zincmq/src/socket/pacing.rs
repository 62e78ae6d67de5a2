//! A thread that sends large messages, or a long stream of others, goes as fast as they are taken: it writes them to the connection in
//! the I/O thread's place, and within a process it lets the reader keep up.
//!
//! Such a thread is faster than any connection, and than most readers: where it only queues, all that the mark admits waits in memory
//! that has left every cache.

use crate::command::PipeId;
use crate::engine::{Connection, Written};
use crate::socket::lead::Lag;
use crate::socket::run::Segments;
use queue::Part;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Smaller messages are copied to the kernel faster by an I/O thread beside the sender.
const LARGE: usize = 60 << 10;
/// A call that has waited for longer, and a nanosecond more for each byte, has waited in vain: that is about as long as it takes to
/// copy them.
const PATIENCE: Duration = Duration::from_micros(250);
/// However many bytes there are: signals and the context's end wait for so long, too.
const LONGEST: Duration = Duration::from_millis(20);

/// The calls that do not wait, since an earlier one has waited in vain: 1, 3, 7, up to 255.
#[derive(Debug, Default)]
pub(super) struct Pacing {
    pause: u8,
    left: u8,
}

impl Pacing {
    /// Whether this call is to wait.
    pub(super) fn begin(&mut self) -> bool {
        let waits = self.left == 0;
        self.left = self.left.saturating_sub(1);
        waits
    }

    /// The call is over. `in_time`: it has not waited in vain.
    pub(super) fn end(&mut self, in_time: bool) {
        self.pause = if in_time { 0 } else { self.pause.saturating_mul(2).saturating_add(1) };
        self.left = self.pause;
    }
}

/// For how long a call waits for the kernel to take a message of so many bytes before it counts as in vain.
pub(super) fn patience(size: usize) -> Duration {
    (PATIENCE + Duration::from_nanos(size as u64)).min(LONGEST)
}

/// The work that is due when a send is done with its pattern: the sender does it without the core, which others may need meanwhile.
#[derive(Debug)]
pub(crate) enum Due {
    Large(Large),
    Segments(Segments),
    Lag(Lag),
}

impl Due {
    /// Writes, or waits for the reader. [`Table::end_due`] must follow.
    ///
    /// [`Table::end_due`]: crate::socket::table::Table::end_due
    pub(crate) fn finish(&mut self) {
        match self {
            Self::Large(large) => large.write(),
            Self::Segments(segments) => segments.write(LONGEST),
            Self::Lag(lag) => lag.wait(LONGEST),
        }
    }

    /// The pipe that it is about.
    pub(super) fn pipe(&self) -> PipeId {
        match self {
            Self::Large(Large { pipe, .. })
            | Self::Segments(Segments { pipe, .. })
            | Self::Lag(Lag { pipe, .. }) => *pipe,
        }
    }
}

/// The rest of a large message, which is queued and goes to a connection.
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
    /// How much of it is written.
    pub(super) written: Written,
}

impl Large {
    /// Writes it, and what is queued before it, and waits for the kernel.
    fn write(&mut self) {
        self.written = self.connection.write_large(self.begun + self.patience, self.lends, self.full);
    }
}

/// Whether a message is large by its last part.
#[inline]
pub(super) fn is_large(parts: &[Part<'_>]) -> bool {
    parts.last().is_some_and(|part| part.len() >= LARGE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_that_wait_in_vain_are_ever_further_apart() {
        let mut pacing = Pacing::default();
        let mut calls_until_one_waits = || {
            let calls = (0..).take_while(|_| !pacing.begin()).count();
            pacing.end(false);
            calls
        };
        assert_eq!([(); 10].map(|()| calls_until_one_waits()), [0, 1, 3, 7, 15, 31, 63, 127, 255, 255]);
        pacing.end(true);
        assert!(pacing.begin());
    }
}
