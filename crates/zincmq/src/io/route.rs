//! The way to a peer that this side connects to, and the pauses between attempts.

use crate::io::terms::milliseconds;
use crate::life::random;
use crate::option::Options;
use crate::transport::Target;
use std::time::Duration;

/// See the module.
#[derive(Debug)]
pub(crate) struct Route {
    /// The address behind `scheme://`.
    pub(crate) address: String,
    /// Where the last lookup led.
    pub(crate) target: Option<Target>,
    /// Attempts so far; of several addresses each has its turn.
    pub(crate) attempts: usize,
    pub(crate) connected_before: bool,
    /// There is a pipe only while there is a connection (`IMMEDIATE`).
    pub(crate) immediate: bool,
    pause: Duration,
}

impl Route {
    pub(crate) fn new(address: String, immediate: bool) -> Self {
        Self { address, target: None, attempts: 0, connected_before: false, immediate, pause: Duration::ZERO }
    }

    /// The connection stands. Returns whether it is not the first.
    pub(crate) fn arrived(&mut self) -> bool {
        self.pause = Duration::ZERO;
        std::mem::replace(&mut self.connected_before, true)
    }

    /// How long to wait before the next attempt: with RECONNECT_IVL_MAX twice as long each time, up to that;
    /// otherwise RECONNECT_IVL and a random part of it, so that many peers do not come back in lock-step.
    pub(crate) fn next_pause(&mut self, options: &Options) -> Duration {
        let base = milliseconds(options.reconnect_ivl);
        if options.reconnect_ivl_max <= 0 {
            return base + Duration::from_millis(random() % base.as_millis().max(1) as u64);
        }
        let longest = milliseconds(options.reconnect_ivl_max);
        self.pause = if self.pause.is_zero() { base } else { self.pause * 2 }.min(longest);
        self.pause
    }
}
