//! The heartbeats of one connection (RFC 37 "Heartbeating"), without I/O and on the caller's clock.

use std::time::{Duration, Instant};

/// The values of the options `ZMQ_HEARTBEAT_*`.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct HeartbeatConfig {
    /// How often to send PING; zero: never.
    pub(crate) interval: Duration,
    /// How long after a PING anything must have come; zero: for ever.
    pub(crate) timeout: Duration,
    /// The time that PING tells the peer, in milliseconds.
    pub(crate) ttl: u32,
}

/// The peer was silent for too long.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Silent;

/// The heartbeats; nothing while neither side sends any.
#[derive(Debug)]
pub(crate) struct Heartbeat(Option<Box<Beats>>);

#[derive(Debug)]
struct Beats {
    config: HeartbeatConfig,
    last_received: Instant,
    last_ping: Instant,
    /// The first PING since which nothing has been received.
    unanswered: Option<Instant>,
    /// The time of silence after which the connection ends, as the peer's own PING says.
    ttl: Option<Duration>,
}

impl Beats {
    fn new(config: HeartbeatConfig, now: Instant) -> Box<Self> {
        Box::new(Self { config, last_received: now, last_ping: now, unanswered: None, ttl: None })
    }
}

impl Heartbeat {
    pub(crate) fn new(config: HeartbeatConfig, now: Instant) -> Self {
        Self((!config.interval.is_zero()).then(|| Beats::new(config, now)))
    }

    /// Bytes were received. The clock is read only where heartbeats are in use.
    #[inline]
    pub(crate) fn received(&mut self, now: impl FnOnce() -> Instant) {
        if self.is_in_use() {
            self.excuse(now());
        }
    }

    /// A PING was received; its time to live in milliseconds, 0: none.
    pub(crate) fn pinged(&mut self, ttl: u32, now: Instant) {
        let beats = self.0.get_or_insert_with(|| Beats::new(HeartbeatConfig::default(), now));
        beats.ttl = (ttl > 0).then(|| Duration::from_millis(u64::from(ttl)));
        beats.last_received = now;
    }

    /// Whether this side or the peer sends PING: silence may be taken for an end.
    pub(crate) fn is_in_use(&self) -> bool {
        self.0.is_some()
    }

    /// Silence until now does not count: nothing was read.
    pub(crate) fn excuse(&mut self, now: Instant) {
        if let Some(beats) = &mut self.0 {
            beats.last_received = now;
            beats.unanswered = None;
        }
    }

    /// When [`Heartbeat::beat`] is to be called next.
    pub(crate) fn next(&self) -> Option<Instant> {
        let beats = self.0.as_ref()?;
        let HeartbeatConfig { interval, timeout, .. } = beats.config;
        let ping = (!interval.is_zero()).then(|| beats.last_ping + interval);
        let answer = beats.unanswered.filter(|_| !timeout.is_zero()).map(|pinged| pinged + timeout);
        let silence = beats.ttl.map(|ttl| beats.last_received + ttl);
        ping.into_iter().chain(answer).chain(silence).min()
    }

    /// Returns the time to live that a PING is to carry, if one is due.
    ///
    /// # Errors
    /// [`Silent`]: the connection is to end.
    pub(crate) fn beat(&mut self, now: Instant) -> Result<Option<u32>, Silent> {
        let Some(beats) = &mut self.0 else { return Ok(None) };
        let HeartbeatConfig { interval, timeout, ttl } = beats.config;
        let late = beats.unanswered.is_some_and(|pinged| !timeout.is_zero() && now >= pinged + timeout);
        if late || beats.ttl.is_some_and(|ttl| now >= beats.last_received + ttl) {
            return Err(Silent);
        }
        // Also if the peer was heard just now: it waits for a sign of this side.
        let due = !interval.is_zero() && now >= beats.last_ping + interval;
        if due {
            beats.last_ping = now;
            beats.unanswered.get_or_insert(now);
        }
        Ok(due.then_some(ttl))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(time: u64) -> Duration {
        Duration::from_millis(time)
    }

    fn heartbeat(interval: u64, timeout: u64, ttl: u32) -> (Heartbeat, Instant) {
        let start = Instant::now();
        let config = HeartbeatConfig { interval: ms(interval), timeout: ms(timeout), ttl };
        (Heartbeat::new(config, start), start)
    }

    #[test]
    fn a_ping_is_due_at_each_interval_whatever_is_received() {
        let (mut heartbeat, start) = heartbeat(100, 1000, 700);
        assert_eq!(heartbeat.next(), Some(start + ms(100)));
        assert_eq!(heartbeat.beat(start + ms(99)), Ok(None));
        heartbeat.received(|| start + ms(99));
        assert_eq!(heartbeat.beat(start + ms(100)), Ok(Some(700)));
        assert_eq!(heartbeat.beat(start + ms(199)), Ok(None));
        assert_eq!(heartbeat.beat(start + ms(200)), Ok(Some(700)));
    }

    #[test]
    fn silence_counts_from_the_first_ping_that_nothing_followed() {
        let (mut heartbeat, start) = heartbeat(100, 250, 0);
        for at in [100, 200, 300] {
            assert_eq!(heartbeat.beat(start + ms(at)), Ok(Some(0)));
        }
        assert_eq!(heartbeat.next(), Some(start + ms(350)), "not the next PING");
        assert_eq!(heartbeat.beat(start + ms(349)), Ok(None));
        assert_eq!(heartbeat.beat(start + ms(350)), Err(Silent));
    }

    #[test]
    fn anything_that_is_received_answers_a_ping() {
        let (mut heartbeat, start) = heartbeat(100, 250, 0);
        for at in (100..5000).step_by(100) {
            assert_eq!(heartbeat.beat(start + ms(at)), Ok(Some(0)), "after {at} ms");
            if at % 200 == 0 {
                heartbeat.received(|| start + ms(at));
            }
        }
    }

    #[test]
    fn the_peer_can_ask_for_an_end_after_silence_and_take_that_back() {
        let (mut heartbeat, start) = heartbeat(0, 0, 0);
        assert_eq!(heartbeat.next(), None);
        heartbeat.pinged(500, start + ms(10));
        assert_eq!(heartbeat.next(), Some(start + ms(510)));
        heartbeat.received(|| start + ms(400));
        assert_eq!(heartbeat.beat(start + ms(899)), Ok(None));
        assert_eq!(heartbeat.beat(start + ms(900)), Err(Silent));
        heartbeat.pinged(0, start + ms(900));
        assert_eq!((heartbeat.next(), heartbeat.beat(start + ms(90_000))), (None, Ok(None)));
    }

    #[test]
    fn silence_does_not_count_while_nothing_is_read() {
        let (mut heartbeat, start) = heartbeat(100, 100, 0);
        heartbeat.pinged(150, start);
        for at in (100..1000).step_by(100) {
            heartbeat.excuse(start + ms(at));
            assert_eq!(heartbeat.beat(start + ms(at)), Ok(Some(0)), "after {at} ms");
        }
        assert_eq!(heartbeat.beat(start + ms(1000)), Err(Silent));
    }

    #[test]
    fn the_clock_is_not_read_where_there_are_no_heartbeats() {
        let (mut heartbeat, _) = heartbeat(0, 0, 0);
        heartbeat.received(|| unreachable!("no heartbeats"));
    }
}
