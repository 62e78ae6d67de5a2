//! A thread that sends large messages to a reader in its process lets the reader keep up, as far as the reader is about as fast. Then
//! each body is read from the cache that it was written to, and its memory is used again at once.
//!
//! The reader is not asked to tell: the sender looks how much has been read, and lets other threads run meanwhile, since the reader
//! may share its processor.

use crate::command::PipeId;
use queue::{Gauge, Writer};
use std::time::{Duration, Instant};

/// Large messages of so many bytes together are a stretch, and so is one that is larger. Where a stretch ends, the reader is to have
/// read the one before.
const STRETCH: usize = 1 << 20;
/// A message of so many bytes is to have been taken itself: the sender writes the next body while the reader has this one, and a third
/// one would be too much for the cache.
const ALONE: usize = 8 << 20;
/// A reader that takes fewer bytes in a nanosecond is slow. It gains little from bodies in a cache, and is not waited for.
const PACE: usize = 10;
/// A reader that slept needs so long to begin.
const SLACK: Duration = Duration::from_micros(50);
/// How long a wait stays on its processor before it yields.
const STAY: Duration = Duration::from_micros(5);
const PAUSES: u32 = 4;

/// How far the sender has come, of one peer.
#[derive(Debug, Default)]
pub(super) struct Lead {
    /// Bytes of the large messages in the stretch that has begun, and their number.
    bytes: usize,
    large: u32,
    /// Messages before that stretch.
    before: u64,
}

impl Lead {
    /// A large message of so many bytes has been written. Where a stretch ends with it, returns what the reader is behind by and
    /// should not be.
    pub(super) fn grow(&mut self, size: usize, pipe: PipeId, writer: &Writer) -> Option<Lag> {
        self.bytes = self.bytes.saturating_add(size);
        self.large = self.large.saturating_add(1);
        if self.bytes < STRETCH {
            return None;
        }
        let (bytes, large) = (std::mem::take(&mut self.bytes), std::mem::take(&mut self.large));
        let written = writer.written();
        let before = std::mem::replace(&mut self.before, written);
        let due = if size >= ALONE { written } else { before };
        let read = written - writer.queued();
        let each = Duration::from_nanos((bytes / PACE) as u64) / large;
        (read < due).then(|| Lag { pipe, gauge: writer.gauge(), read, due, each, in_time: false })
    }
}

/// The messages that a reader has not read yet, and its sender waits for, without the core.
#[derive(Debug)]
pub(crate) struct Lag {
    pub(super) pipe: PipeId,
    gauge: Gauge,
    /// The messages that had been read at first.
    read: u64,
    /// Those that are to be.
    due: u64,
    /// The time that a reader needs for one if it is not slow.
    each: Duration,
    /// The reader was not slow: see [`Lag::wait`].
    pub(super) in_time: bool,
}

impl Lag {
    /// Waits for the reader, unless that proves to be slow. So does one whose sender yielded to somebody else, which had the processor
    /// for long; and it waits no longer than `longest`.
    pub(super) fn wait(&mut self, longest: Duration) {
        let begun = Instant::now();
        loop {
            let read = self.gauge.read();
            let waited = begun.elapsed();
            let taken = u32::try_from(read - self.read).unwrap_or(u32::MAX);
            self.in_time = waited <= SLACK + self.each.saturating_mul(taken.saturating_add(1));
            if read >= self.due || !self.in_time || waited >= longest {
                return;
            }
            if waited < STAY {
                (0..PAUSES).for_each(|_| std::hint::spin_loop());
            } else {
                std::thread::yield_now();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::PipeId;
    use bytes::Bytes;
    use queue::{Part, Pool, Reader, channel};

    /// Both ends of a queue, and the lead of its writer.
    fn ends() -> (Lead, Writer, Reader) {
        let (writer, reader) = channel(&Pool::new());
        (Lead::default(), writer, reader)
    }

    /// Writes a message of so many bytes; what the reader is behind by.
    fn write(lead: &mut Lead, writer: &mut Writer, size: usize) -> Option<Lag> {
        let body = Bytes::from_static(&[0; ALONE]).slice(..size);
        writer.write(&[], &[Part::Shared(&body)]);
        _ = writer.publish();
        lead.grow(size, PipeId::default(), writer)
    }

    #[test]
    fn the_reader_is_to_have_read_the_stretch_before_the_last() {
        let (mut lead, mut writer, mut reader) = ends();
        for _ in 0..STRETCH / (64 << 10) {
            assert!(write(&mut lead, &mut writer, 64 << 10).is_none());
        }
        for _ in 1..STRETCH / (64 << 10) {
            assert!(write(&mut lead, &mut writer, 64 << 10).is_none(), "this stretch has not ended");
        }
        let lag = write(&mut lead, &mut writer, 64 << 10).unwrap();
        assert_eq!((lag.read, lag.due), (0, 16));
        while reader.take().is_some() {}
        assert!(write(&mut lead, &mut writer, STRETCH).is_none());
        assert_eq!(write(&mut lead, &mut writer, STRETCH).unwrap().due, 33);
    }

    #[test]
    fn a_message_that_fills_the_cache_is_to_be_taken_before_the_next() {
        let (mut lead, mut writer, mut reader) = ends();
        let mut lag = write(&mut lead, &mut writer, ALONE).unwrap();
        assert_eq!(lag.due, 1);
        reader.take().unwrap();
        // A thread that is not let run for a moment finds the reader late.
        assert!((0..100).any(|_| {
            lag.wait(Duration::from_secs(60));
            lag.in_time
        }));
    }

    #[test]
    fn a_reader_that_takes_nothing_is_not_waited_for_to_the_end() {
        let (mut lead, mut writer, _reader) = ends();
        let mut lag = write(&mut lead, &mut writer, ALONE).unwrap();
        lag.wait(Duration::from_secs(60));
        assert!(!lag.in_time);
    }
}
