//! When to ask a new source for its SPM, which tells where NAKs have to go.

use std::time::{Duration, Instant};

/// The longest pause between two requests.
const LONGEST: Duration = Duration::from_secs(2);

/// Requests to a source that does not answer, after which it is left alone.
const TRIES: u32 = 8;

/// The requests to one source whose SPM has not come yet.
#[derive(Debug)]
pub(super) struct Inquiry {
    due: Instant,
    pause: Duration,
    tries: u32,
}

impl Inquiry {
    pub(super) fn new(now: Instant, pause: Duration) -> Self {
        Self { due: now + pause, pause, tries: 0 }
    }

    pub(super) fn due(&self) -> Instant {
        self.due
    }

    /// A request has been made. False: it was the last one.
    pub(super) fn made(&mut self, now: Instant) -> bool {
        self.tries += 1;
        self.pause = self.pause.saturating_mul(2).min(LONGEST);
        self.due = now + self.pause;
        self.tries < TRIES
    }

    /// Another receiver has asked, and the answer is for all: this one waits for it.
    pub(super) fn put_off(&mut self, now: Instant) {
        self.due = self.due.max(now + self.pause);
    }
}
