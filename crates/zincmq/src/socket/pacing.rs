//! Large messages, and long streams of others, are written by the thread that sends them, in the I/O thread's place, as fast as the
//! kernel takes them.
//!
//! Such a thread is faster than any connection: where it only queues, all that the mark admits waits in memory that has left every
//! cache.

use crate::command::PipeId;
use crate::engine::{Connection, Written};
use queue::{Milestone, Part};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Smaller messages are copied to the kernel faster by an I/O thread beside the sender.
const LARGE: usize = 60 << 10;
/// A call that has waited for longer, and a nanosecond more for each byte, has waited in vain: that is about as long as it takes to
/// copy them.
const PATIENCE: Duration = Duration::from_micros(250);
/// As above, for a stream: the kernel may take nothing until a third of its buffer is free, which is more than a megabyte over tcp.
const STREAM_PATIENCE: Duration = Duration::from_millis(1);
/// A stream of so many segments is no burst that its sender would rather have queued: 16 MiB.
const LONG: u32 = 256;
/// The longest time between two full segments that is no break.
const BREAK: Duration = Duration::from_millis(1);
/// However large the message is: signals and the context's end wait for so long, too.
const LONGEST: Duration = Duration::from_millis(20);

/// When a sender writes what it sends, and waits for the kernel.
#[derive(Debug, Default)]
pub(super) struct Pacing {
    /// The calls that do not, since an earlier one has waited in vain: 1, 3, 7, up to 255.
    pause: u8,
    left: u8,
    /// The segments that were filled without a break, and the last time.
    run: u32,
    filled: Option<Instant>,
    /// The sender has waited since: that is no break.
    waited: bool,
}

impl Pacing {
    /// Whether this call is to write a message of so many bytes, and for how long it waits then before it counts as in vain.
    pub(super) fn begin(&mut self, size: usize) -> Option<Duration> {
        self.tries().then(|| (PATIENCE + Duration::from_nanos(size as u64)).min(LONGEST))
    }

    /// A segment is full. Returns whether the segments are a long stream.
    pub(super) fn fill(&mut self, now: Instant) -> bool {
        let follows = self.waited || self.filled.is_some_and(|filled| now - filled < BREAK);
        self.run = if follows { self.run.saturating_add(1) } else { 0 };
        (self.filled, self.waited) = (Some(now), false);
        self.run >= LONG
    }

    /// As [`Pacing::begin`], for such a stream, of which so many bytes wait.
    pub(super) fn begin_stream(&mut self, backlog: u64) -> Option<Duration> {
        self.tries().then(|| (STREAM_PATIENCE + Duration::from_nanos(backlog)).min(LONGEST))
    }

    fn tries(&mut self) -> bool {
        let tries = self.left == 0;
        self.left = self.left.saturating_sub(1);
        tries
    }

    /// The sender waits for room.
    pub(super) fn wait(&mut self) {
        self.waited = true;
    }

    /// The call is over. `in_time`: it has not waited for longer than that for each message that was written meanwhile.
    pub(super) fn end(&mut self, in_time: bool) {
        self.waited = true;
        self.pause = if in_time { 0 } else { self.pause.saturating_mul(2).saturating_add(1) };
        self.left = self.pause;
    }
}

/// Writing that is due when a send is done: the sender does it without the core, which others may need meanwhile.
#[derive(Debug)]
pub(crate) struct Due {
    pub(super) pipe: PipeId,
    pub(super) connection: Arc<Connection>,
    pub(super) begun: Instant,
    pub(super) patience: Duration,
    pub(super) work: Work,
}

/// The writing that is due.
#[derive(Debug)]
pub(super) enum Work {
    /// The rest of a large message, which is queued.
    Large {
        /// For both see [`Connection::write_large`].
        lends: bool,
        full: bool,
        /// The I/O thread's end of the pipe rested.
        slept: bool,
        /// The messages that were queued when this one was.
        queued: u64,
    },
    /// The segments that a stream has filled.
    Stream(Milestone),
}

impl Due {
    /// Writes it, and what is queued before it, and waits for the kernel. [`Table::end_due`] must follow.
    ///
    /// [`Table::end_due`]: crate::socket::table::Table::end_due
    pub(crate) fn write(&self) -> Written {
        let until = self.begun + self.patience;
        match self.work {
            Work::Large { lends, full, .. } => self.connection.write_large(until, lends, full),
            Work::Stream(milestone) => self.connection.write_segments(until, milestone),
        }
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
    use crate::{Context, Pull, Push, option};

    #[test]
    fn only_many_segments_without_a_break_are_a_long_stream() {
        let mut pacing = Pacing::default();
        let mut now = Instant::now();
        let mut fill = |pacing: &mut Pacing, after: Duration| {
            now += after;
            pacing.fill(now)
        };
        let soon = BREAK / 2;
        assert!((0..LONG).all(|_| !fill(&mut pacing, soon)));
        assert!(fill(&mut pacing, soon));
        assert!(!fill(&mut pacing, BREAK));
        assert!((1..LONG).all(|_| !fill(&mut pacing, soon)));
        // A wait for room is no break, nor is one for the kernel.
        pacing.wait();
        assert!(fill(&mut pacing, BREAK * 5));
        pacing.end(true);
        assert!(fill(&mut pacing, BREAK * 5));
        assert!(!fill(&mut pacing, BREAK));
    }

    #[test]
    fn after_waits_in_vain_fewer_and_fewer_calls_wait() {
        let mut pacing = Pacing::default();
        let mut pauses = Vec::new();
        for _ in 0..10 {
            let pause = (0..).take_while(|_| pacing.begin_stream(0).is_none()).count();
            pauses.push(pause);
            pacing.end(false);
        }
        assert_eq!(pauses, [0, 1, 3, 7, 15, 31, 63, 127, 255, 255]);
        while pacing.begin_stream(0).is_none() {}
        pacing.end(true);
        assert_eq!(pacing.begin_stream(1 << 20), Some(STREAM_PATIENCE + Duration::from_nanos(1 << 20)));
        assert_eq!(pacing.begin_stream(u64::MAX), Some(LONGEST));
    }

    /// A PUSH with as many connected peers as there are in `pulls`.
    fn connected(pulls: &mut [Pull], context: &Context, endpoint: &str, mark: usize) -> Push {
        let mut push = Push::new(context).unwrap();
        push.set(option::SNDHWM, mark).unwrap();
        let endpoint = push.bind(endpoint).unwrap();
        pulls.iter_mut().for_each(|pull| drop(pull.connect(&endpoint).unwrap()));
        while push.core_mut().peers.count() < pulls.len() {
            push.core_mut().process();
            std::thread::yield_now();
        }
        push
    }

    /// Sends numbered messages as the end of a long stream, at most so many, until this thread writes them itself. Returns how many,
    /// if it does.
    fn send_until_stream(push: &mut Push, size: usize, most: u64) -> Option<u64> {
        let mut message = vec![0; size];
        (1..=most).find(|number| {
            let peers = &mut push.core_mut().peers;
            for id in peers.ids() {
                let pacing = &mut peers.get(id).unwrap().pacing;
                (pacing.run, pacing.waited) = (LONG, true);
            }
            message[..8].copy_from_slice(&(number - 1).to_le_bytes());
            push.send(&message).unwrap();
            let peers = &mut push.core_mut().peers;
            peers.ids().into_iter().any(|id| {
                let connection = peers.get(id).and_then(|peer| peer.connection.as_ref());
                connection.is_some_and(|connection| connection.engine.claims().streams())
            })
        })
    }

    #[test]
    fn a_long_stream_is_written_by_its_sender_and_comes_whole() {
        for endpoint in ["tcp://127.0.0.1:*", "ipc://*"] {
            for (size, mark) in [(16 << 10, 1000), (4 << 10, 0), (64, 100_000)] {
                let context = Context::new();
                let mut pulls = [Pull::new(&context).unwrap()];
                let mut push = connected(&mut pulls, &context, endpoint, mark);
                let sent = send_until_stream(&mut push, size, 10_000).expect("no stream");
                // What its segment has no more room for is not lost either.
                push.send(&[0xff; 8]).unwrap();
                for number in 0..sent {
                    assert_eq!(pulls[0].recv().unwrap().bytes()[..8], number.to_le_bytes());
                }
                assert_eq!(pulls[0].recv().unwrap().bytes(), [0xff; 8]);
            }
        }
    }

    #[test]
    fn a_near_mark_is_come_to() {
        let context = Context::new();
        let mut pulls = [Pull::new(&context).unwrap()];
        let mut push = connected(&mut pulls, &context, "tcp://127.0.0.1:*", 16);
        assert_eq!(send_until_stream(&mut push, 16 << 10, 16), None);
    }

    /// The slower of two would keep the other waiting.
    #[test]
    fn a_sender_with_several_peers_waits_for_none() {
        let context = Context::new();
        let mut pulls = [(); 2].map(|()| Pull::new(&context).unwrap());
        let mut push = connected(&mut pulls, &context, "tcp://127.0.0.1:*", 1000);
        assert_eq!(send_until_stream(&mut push, 16 << 10, 500), None);
    }
}
