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
#[inline]
pub(crate) fn end_streams_of_thread() {
    // A thread that ends has no list any more, but its sockets, which end streams themselves.
    if STREAMS.try_with(|streams| !streams.borrow().is_empty()).unwrap_or(false) {
        end_all();
    }
}

#[cold]
fn end_all() {
    let streams = STREAMS.try_with(RefCell::take).unwrap_or_default();
    streams.iter().filter_map(Weak::upgrade).for_each(|connection| connection.end_stream());
}

/// Writes what is queued of a stream. Returns whether that was anything.
pub(super) fn write_stream(connection: &Arc<Connection>, writer: &Writer, waits: bool) -> bool {
    let wrote = connection.write_stream(writer.milestone(), waits);
    remember(connection);
    wrote
}

/// This thread writes the stream of a connection from now on.
pub(super) fn remember(connection: &Arc<Connection>) {
    let this = Arc::downgrade(connection);
    _ = STREAMS.try_with(|streams| {
        let mut streams = streams.borrow_mut();
        if !streams.iter().any(|known| known.ptr_eq(&this)) {
            streams.retain(|known| known.strong_count() > 0);
            streams.push(this);
        }
    });
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::poller::{Interest, Item, Token};
    use crate::{Context, Poller, Pull, Push, option};
    use std::pin::pin;
    use std::task::Waker;

    /// Sends until this thread writes its stream itself.
    fn stream(push: &mut Push) -> Arc<Connection> {
        for _ in 0..10_000_000 {
            push.send(&[1; 8]).unwrap();
            let connection =
                push.core_mut().peers.only_connection().map(|(_, connection)| connection.clone());
            if let Some(connection) = connection.filter(|connection| connection.engine.claims().streams()) {
                return connection;
            }
        }
        panic!("no stream");
    }

    /// The I/O thread would end the stream, too, but only this thread forgets that it wrote one.
    #[test]
    fn the_streams_of_a_thread_end_before_it_waits_on_another_socket() {
        const MOMENT: Duration = Duration::from_millis(1);
        let context = Context::new();
        let mut pull = Pull::new(&context).unwrap();
        let mut push = Push::new(&context).unwrap();
        // So few that the thread comes to its mark often enough however slow it is.
        push.set(option::SNDHWM, 100).unwrap();
        push.connect(pull.bind("tcp://127.0.0.1:*").unwrap()).unwrap();
        let receiver = std::thread::spawn(move || while pull.recv().unwrap().bytes() != b"last" {});
        let mut other = Pull::new(&context).unwrap();
        other.bind("inproc://other").unwrap();
        let waits: [fn(&mut Pull); 3] = [
            |other| assert!(other.recv_timeout(MOMENT).is_err()),
            |other| {
                let item = Item::socket(Token(0), other, Interest::READABLE);
                assert_eq!(Poller::new().wait([item], Some(MOMENT)).unwrap(), []);
            },
            |other| {
                let mut context = std::task::Context::from_waker(Waker::noop());
                assert!(pin!(other.recv_async()).poll(&mut context).is_pending());
            },
        ];
        for wait in waits {
            stream(&mut push);
            assert!(!STREAMS.with_borrow(Vec::is_empty));
            wait(&mut other);
            assert!(STREAMS.with_borrow(Vec::is_empty));
        }
        for _ in 0..20 {
            let connection = stream(&mut push);
            end_streams_of_thread();
            assert!(!connection.engine.claims().streams());
        }
        push.send("last").unwrap();
        receiver.join().unwrap();
    }
}
