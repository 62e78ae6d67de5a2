//! Waiting at a connection's descriptor: the state that a socket keeps for it from one wait to the next.

use crate::bell::Bell;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// After messages have streamed in, the I/O thread keeps the connection for so long.
const PAUSE: Duration = Duration::from_millis(10);

/// A caller is slow that was so many times in a row away for twice as long as it waited and read. Fewer times in a row other
/// threads are the reason, the I/O thread among them.
const SLOW: u8 = 16;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Listener {
    bell: Option<Arc<Bell>>,
    paused_until: Option<Instant>,
    /// The caller has read large messages, and is away with them since then.
    left: Option<Instant>,
    /// It has come back then, and was away for so long.
    came: Option<(Instant, Duration)>,
    slow: u8,
}

impl Listener {
    /// Leaves the connection to the I/O thread for a while.
    pub(super) fn pause(&mut self) {
        self.paused_until = Some(Instant::now() + PAUSE);
        (self.left, self.came, self.slow) = (None, None, 0);
    }

    /// The caller comes to the descriptor.
    pub(super) fn enter(&mut self, now: impl FnOnce() -> Instant) {
        if let Some(left) = self.left.take() {
            let now = now();
            self.came = Some((now, now - left));
        }
    }

    /// The caller leaves with large messages. Returns whether it is slow: then an I/O thread that reads meanwhile saves more
    /// than it costs to wake the caller for each message.
    pub(super) fn leave(&mut self, now: Instant) -> bool {
        let slow = self.came.take().is_some_and(|(came, away)| away > (now - came) * 2);
        self.slow = if slow { self.slow + 1 } else { 0 };
        self.left = Some(now);
        self.slow >= SLOW
    }

    /// Whether the I/O thread is to have the connection still.
    pub(super) fn is_paused(&mut self) -> bool {
        self.paused_until = self.paused_until.filter(|until| Instant::now() < *until);
        self.paused_until.is_some()
    }

    /// The bell that wakes a thread which waits for a descriptor.
    #[inline]
    pub(super) fn bell(&mut self) -> io::Result<&Arc<Bell>> {
        match &mut self.bell {
            Some(bell) => Ok(bell),
            bell => Ok(bell.insert(Arc::new(Bell::new()?))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether the caller is slow at last that is away and at the descriptor for so many microseconds in turn.
    fn is_slow(times: &[(u64, u64)]) -> bool {
        let mut listener = Listener::default();
        let mut now = Instant::now();
        assert!(!listener.leave(now));
        times.iter().fold(false, |_, (away, here)| {
            now += Duration::from_micros(*away);
            listener.enter(|| now);
            now += Duration::from_micros(*here);
            listener.leave(now)
        })
    }

    #[test]
    fn a_caller_is_slow_that_is_away_for_long_each_time() {
        let slow = [(21, 10); SLOW as usize];
        assert!(is_slow(&slow));
        assert!(!is_slow(&slow[1..]));
        assert!(!is_slow(&[&slow[1..], &[(19, 10)], &slow[1..]].concat()));
        assert!(!is_slow(&[(5, 10); 100]));
    }
}
