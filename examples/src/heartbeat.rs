//! Heartbeats: what peers say while they have nothing to say, and what it means when they do not.

use std::time::{Duration, Instant};

/// A peer that has had nothing else to send for so long sends a heartbeat.
pub const INTERVAL: Duration = Duration::from_millis(100);

/// A peer of which nothing has been heard for so long is taken for dead: five heartbeats.
pub const LEASE: Duration = Duration::from_millis(500);

/// When one's own next heartbeat is due.
#[derive(Debug)]
pub struct Pulse(Instant);

impl Pulse {
    /// The first one is due after an interval.
    #[must_use]
    pub fn new(now: Instant) -> Self {
        Self(now + INTERVAL)
    }

    /// How long until then: as long as a wait for messages may take.
    #[must_use]
    pub fn left(&self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }

    /// Whether it is due. If so, the next one is due after an interval.
    pub fn is_due(&mut self, now: Instant) -> bool {
        let is_due = now >= self.0;
        if is_due {
            *self = Self::new(now);
        }
        is_due
    }
}

/// When a peer is to be taken for dead, unless something is heard of it.
#[derive(Debug)]
pub struct Lease(Instant);

impl Lease {
    /// Something has just been heard of it.
    #[must_use]
    pub fn new(now: Instant) -> Self {
        Self(now + LEASE)
    }

    /// Whether it is to be taken for dead.
    #[must_use]
    pub fn is_over(&self, now: Instant) -> bool {
        now >= self.0
    }
}
