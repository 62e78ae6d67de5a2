//! Streams: which messages are one, and whose they are.

use crate::engine::{Connection, SHORT};
use queue::Writer;
use std::cell::RefCell;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

/// A writer that has much queued so often without a break writes its stream itself from then on.
const STREAK: u32 = 8;
/// The longest time between two such moments that is no break.
const BREAK: Duration = Duration::from_millis(1);

thread_local! {
    /// The connections whose streams this thread writes, or has written.
    static STREAMS: RefCell<Vec<Weak<Connection>>> = const { RefCell::new(Vec::new()) };
}

/// Leaves nothing behind of the streams that this thread writes, to whichever sockets: before it waits.
pub(crate) fn end_streams_of_thread() {
    // A thread that ends has no list any more, but its sockets, which end streams themselves.
    let streams = STREAMS.try_with(RefCell::take).unwrap_or_default();
    streams.iter().filter_map(Weak::upgrade).for_each(|connection| connection.end_stream());
}

/// Writes what is queued of a stream. Returns whether that was anything.
pub(super) fn write_stream(connection: &Arc<Connection>, writer: &Writer, waits: bool) -> bool {
    let wrote = connection.write_stream(writer.milestone(), waits);
    let this = Arc::downgrade(connection);
    _ = STREAMS.try_with(|streams| {
        let mut streams = streams.borrow_mut();
        if !streams.iter().any(|known| known.ptr_eq(&this)) {
            streams.retain(|known| known.strong_count() > 0);
            streams.push(this);
        }
    });
    wrote
}

/// Whether a writer sends a stream.
#[derive(Debug, Default)]
pub(super) struct Streaming {
    streak: u32,
    /// When much was queued last.
    last: Option<Instant>,
    /// How many messages had been written at the end of the last segment.
    written: u64,
}

impl Streaming {
    /// Much is queued. Returns whether that is a stream.
    pub(super) fn goes_on(&mut self, writer: &Writer) -> bool {
        let now = Instant::now();
        let follows = self.last.replace(now).is_some_and(|last| now - last < BREAK);
        self.streak = if follows { self.streak.saturating_add(1) } else { 0 };
        self.streak >= STREAK && writer.is_short(SHORT)
    }

    /// A segment is full, after so many messages in all. Returns how many were in it.
    pub(super) fn messages_in_segment(&mut self, written: u64) -> u64 {
        written - std::mem::replace(&mut self.written, written)
    }
}
