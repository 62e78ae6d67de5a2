//! How long a thread is away from a connection whose cipher it does as well: whether to share the work with another thread.

use std::time::{Duration, Instant};

/// To wake the other thread for each message, and to be woken by it, takes about as long.
const SHORT: Duration = Duration::from_micros(10);

/// The time between two visits of a thread, for each message.
#[derive(Debug, Default)]
pub(super) struct Absence {
    /// Since when, and after how many messages.
    since: Option<(Instant, u32)>,
    last: Duration,
}

impl Absence {
    /// The thread leaves with so many messages. With none it does not leave.
    pub(super) fn begin(&mut self, messages: u64, now: Instant) {
        if messages > 0 {
            self.since = Some((now, messages.try_into().unwrap_or(u32::MAX)));
        }
    }

    /// The thread is there.
    pub(super) fn end(&mut self, now: Instant) {
        if let Some((since, messages)) = self.since.take() {
            self.last = now.saturating_duration_since(since) / messages;
        }
    }

    /// Whether the last one was so long that another thread is a help. That is told once: what comes after the other thread's
    /// work is no absence.
    pub(super) fn was_long(&mut self) -> bool {
        let long = self.last >= SHORT;
        if long {
            *self = Self::default();
        }
        long
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_one_is_told_once() {
        let (mut absence, mut now) = (Absence::default(), Instant::now());
        assert!(!absence.was_long());
        for _ in 0..2 {
            for (messages, long) in [(1, true), (2, false), (u64::MAX, false)] {
                absence.begin(messages, now);
                absence.begin(0, now + SHORT);
                now += SHORT;
                absence.end(now);
                absence.end(now + SHORT);
                absence.begin(1, now);
                assert_eq!(absence.was_long(), long, "{messages} messages");
                absence.end(now);
            }
        }
        absence.begin(1, now);
        absence.end(now + SHORT);
        assert!(absence.was_long());
        absence.end(now + SHORT * 2);
        assert!(!absence.was_long());
    }
}
