//! The socket's end of its monitor.

use crate::life::lock;
use crate::monitor::feed::{Event, Feed, Sides};
use crate::monitor::kind::{EventKind, Events};
use crate::monitor::reader::Monitor;
use std::sync::{Arc, Mutex, Weak};

/// The place where a socket's events go: nowhere, or to its monitor while that lives.
#[derive(Debug, Default)]
pub(crate) struct Sink(Mutex<Outlet>);

#[derive(Debug, Default)]
struct Outlet {
    feed: Weak<Feed>,
    /// The context was shut down.
    shut: bool,
}

impl Sink {
    /// Tells the monitor, if there is one.
    pub(crate) fn emit(&self, kind: EventKind, value: u64, sides: Sides<'_>) {
        if let Some(feed) = self.feed() {
            feed.add(Event::new(kind, value, sides));
        }
    }

    /// Tells the monitor, if there is one, what is queued for a peer.
    pub(crate) fn report(&self, outbound: u64, inbound: u64, sides: Sides<'_>) {
        if let Some(feed) = self.feed() {
            let event = Event::new(EventKind::PipesStats, outbound, sides);
            feed.add(Event { inbound, ..event });
        }
    }

    /// Ends the monitor, if there is one, with its last event.
    pub(crate) fn stop(&self) {
        if let Some(feed) = std::mem::take(&mut lock(&self.0).feed).upgrade() {
            feed.add(Event::new(EventKind::MonitorStopped, 0, Sides::default()));
            feed.end();
        }
    }

    /// The context was shut down: nobody waits for events any more.
    pub(crate) fn shut(&self) {
        lock(&self.0).shut = true;
        if let Some(feed) = self.feed() {
            feed.end();
        }
    }

    fn feed(&self) -> Option<Arc<Feed>> {
        lock(&self.0).feed.upgrade()
    }

    /// Begins a monitor; one that ran before is stopped.
    pub(crate) fn open(&self, events: Events) -> Monitor {
        self.stop();
        let mut outlet = lock(&self.0);
        let feed = Arc::new(Feed::new(events, outlet.shut));
        outlet.feed = Arc::downgrade(&feed);
        Monitor::new(feed)
    }
}
