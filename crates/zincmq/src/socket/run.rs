//! A long stream of messages that are not large is paced segment by segment, where the mark would let its sender run far ahead.

use crate::command::PipeId;
use crate::engine::{Connection, Written};
use queue::{Milestone, Writer};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A run of so many segments is no burst that its sender would rather have queued: 16 MiB.
const LONG: u32 = 256;
/// The longest time between two full segments that is no break.
const BREAK: Duration = Duration::from_millis(1);
/// A mark is far away that lets more segments than these wait: they would leave the cache.
const FAR: u64 = 16;
/// A wait for longer, and a nanosecond more for each byte that is queued, is in vain. The kernel may take nothing until a third of its
/// buffer is free, which is more than a megabyte over tcp.
const PATIENCE: Duration = Duration::from_millis(1);

/// The segments that a sender has filled without a break.
#[derive(Debug, Default)]
pub(super) struct Run {
    segments: u32,
    /// When the last was full.
    filled: Option<Instant>,
    /// The sender has waited for room since: that is no break.
    waited: bool,
}

impl Run {
    /// A segment of so many messages is full. Whether the run is a long one, and the mark is far away.
    pub(super) fn fill(&mut self, now: Instant, messages: u64, writer: &Writer) -> bool {
        let follows = self.waited || self.filled.is_some_and(|filled| now - filled < BREAK);
        self.segments = if follows { self.segments.saturating_add(1) } else { 0 };
        (self.filled, self.waited) = (Some(now), false);
        self.segments >= LONG && writer.admits_more_than(messages.saturating_mul(FAR))
    }

    /// The sender waits for room.
    pub(super) fn wait(&mut self) {
        self.waited = true;
    }

    /// The sender has waited for the kernel until now.
    fn go_on(&mut self, now: Instant) {
        self.filled = Some(now);
    }

    /// Segments have been written, or not. Returns whether their sender waited, and not in vain.
    pub(super) fn end(&mut self, segments: &Segments) -> Option<bool> {
        let now = Instant::now();
        self.go_on(now);
        (segments.written != Written::Not)
            .then(|| segments.are_written() && now - segments.begun <= segments.patience)
    }
}

/// Full segments, which their sender is to write.
#[derive(Debug)]
pub(crate) struct Segments {
    pub(super) pipe: PipeId,
    pub(super) connection: Arc<Connection>,
    begun: Instant,
    patience: Duration,
    milestone: Milestone,
    written: Written,
}

impl Segments {
    /// All that is queued now.
    pub(super) fn new(pipe: PipeId, connection: Arc<Connection>, begun: Instant, writer: &Writer) -> Self {
        let patience = PATIENCE + Duration::from_nanos(writer.backlog());
        Self { pipe, connection, begun, patience, milestone: writer.milestone(), written: Written::Not }
    }

    /// Writes them, and waits for the kernel, no longer than `longest`.
    pub(super) fn write(&mut self, longest: Duration) {
        self.patience = self.patience.min(longest);
        self.written = self.connection.write_segments(self.begun + self.patience, self.milestone);
    }

    /// Whether nothing is left.
    pub(super) fn are_written(&self) -> bool {
        self.written == Written::All
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Context, Pull, Push, option};
    use queue::{Pool, channel};

    #[test]
    fn only_many_segments_without_a_break_are_a_long_run() {
        let (writer, _reader) = channel(&Pool::new());
        writer.set_high_water(0);
        let mut run = Run::default();
        let mut now = Instant::now();
        let soon = BREAK / 2;
        for length in 0..LONG + 2 {
            now += soon;
            assert_eq!(run.fill(now, 1, &writer), length >= LONG);
        }
        // A wait is no break, but a rest after it may be.
        run.wait();
        now += BREAK * 5;
        assert!(run.fill(now, 1, &writer));
        now += BREAK * 5;
        run.go_on(now);
        now += soon;
        assert!(run.fill(now, 1, &writer));
        run.go_on(now);
        now += BREAK;
        assert!(!run.fill(now, 1, &writer));
    }

    /// A PUSH with as many connected peers as there are in `pulls`.
    fn connected(pulls: &mut [Pull], context: &Context, endpoint: &str, mark: usize) -> Push {
        let mut push = Push::new(context).unwrap();
        push.set(option::SNDHWM, mark).unwrap();
        let endpoint = push.bind(endpoint).unwrap();
        pulls.iter_mut().for_each(|pull| pull.connect(&endpoint).unwrap());
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
                let run = &mut peers.get(id).unwrap().run;
                (run.segments, run.waited) = (LONG, true);
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
            for (size, mark, most) in [(16 << 10, 1000, 500), (4 << 10, 0, 10_000), (64, 100_000, 90_000)] {
                let context = Context::new();
                let mut pulls = [Pull::new(&context).unwrap()];
                let mut push = connected(&mut pulls, &context, endpoint, mark);
                let sent = send_until_stream(&mut push, size, most).expect("no stream");
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
