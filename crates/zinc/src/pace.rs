//! `--rate`: no more messages a second than that.

use crate::failure::Failure;
use crate::session::Session;
use std::time::{Duration, Instant};
use zincmq::Poller;
use zincmq::poller::Interest;

/// When the next message may go.
pub(crate) struct Pace {
    interval: Option<Duration>,
    due: Instant,
}

impl Pace {
    /// So many a second; `None`: as many as can be.
    pub(crate) fn new(rate: Option<f64>) -> Self {
        Self { interval: rate.map(|rate| Duration::from_secs_f64(1.0 / rate)), due: Instant::now() }
    }

    /// How long the next one has to wait; zero: it may go.
    pub(crate) fn wait_left(&self) -> Duration {
        if self.interval.is_none() {
            Duration::ZERO
        } else {
            self.due.saturating_duration_since(Instant::now())
        }
    }

    /// One goes now.
    pub(crate) fn count(&mut self) {
        if let Some(interval) = self.interval {
            // Time that was lost waiting for a peer is not made up for by a burst.
            self.due = (self.due + interval).max(Instant::now());
        }
    }

    /// Waits for the next one's time, which an interrupt ends.
    pub(crate) fn wait(&mut self, session: &mut Session, poller: &mut Poller) -> Result<(), Failure> {
        let left = self.wait_left();
        if !left.is_zero() {
            poller.wait([session.item(Interest::default())], Some(left))?;
        }
        self.count();
        Ok(())
    }
}

/// A rate on the command line: above 0, below a thousand million a second.
pub(crate) fn rate(text: &str) -> Result<f64, String> {
    let rate: f64 = text.parse().map_err(|_| "not a number of messages a second".to_owned())?;
    if (1e-6..1e9).contains(&rate) {
        Ok(rate)
    } else {
        Err("not a rate: above 0, as in 0.5 or 1000".to_owned())
    }
}
