//! The dialer of a session that connects: the way to the peer, the pauses between attempts, and the message that is not
//! sent again.

use crate::io::terms::milliseconds;
use crate::life::random;
use crate::option::Options;
use crate::transport::{Target, Transport};
use std::time::{Duration, Instant};

/// How often a message is sent that the connection does not survive. A peer that refuses it, being too large
/// (`MAXMSGSIZE`) or more than its program stands, would do so for ever, and the messages queued behind it would never
/// come through; a connection that breaks for other reasons hardly does so three times within the same message.
const ATTEMPTS: u32 = 3;
/// A connection that stood for so long was a success, though nothing went over it.
const STANDS: Duration = Duration::from_secs(1);

/// The messages that have gone out and come in.
pub(crate) type Passed = (u64, u64);

/// The way to a peer, and what came of the attempts so far.
#[derive(Debug)]
pub(crate) struct Dialer {
    pub(crate) transport: &'static dyn Transport,
    /// Where the last lookup led, until there is a connection.
    pub(crate) target: Option<Box<Target>>,
    /// Attempts so far; of several addresses each has its turn.
    pub(crate) attempts: usize,
    pub(crate) connected_before: bool,
    /// The routing id of the peer, as the socket knows it.
    pub(crate) announced: Box<[u8]>,
    /// There is a pipe only while there is a connection (`IMMEDIATE`).
    pub(crate) immediate: bool,
    pause: Duration,
    /// Since when there is a connection, and what had passed before.
    stands: Option<(Instant, Passed)>,
    /// The message that a connection ended within, by its number.
    cut: u64,
    /// How many did.
    cuts: u32,
}

impl Dialer {
    pub(crate) fn new(transport: &'static dyn Transport, immediate: bool) -> Self {
        Self {
            transport,
            target: None,
            attempts: 0,
            connected_before: false,
            announced: Box::default(),
            immediate,
            pause: Duration::ZERO,
            stands: None,
            cut: 0,
            cuts: 0,
        }
    }

    /// The connection stands. Returns whether it is not the first.
    pub(crate) fn arrived(&mut self, now: Instant, passed: Passed) -> bool {
        self.stands = Some((now, passed));
        std::mem::replace(&mut self.connected_before, true)
    }

    /// The connection is lost. If it was of use, pauses are short again; many that were of none count as failed
    /// attempts.
    pub(crate) fn lost(&mut self, now: Instant, passed: Passed) {
        let Some((since, before)) = self.stands.take() else { return };
        if passed != before || now >= since + STANDS {
            self.pause = Duration::ZERO;
        }
    }

    /// The connection was lost within this message. Returns whether that has happened too often.
    pub(crate) fn cut_off(&mut self, message: u64) -> bool {
        self.cuts = if message == self.cut { self.cuts + 1 } else { 1 };
        self.cut = message;
        self.cuts >= ATTEMPTS
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::socket_type::SocketType;
    use crate::transport::by_scheme;

    #[test]
    fn pauses_grow_until_a_connection_is_of_use() {
        let mut options = Options::new(SocketType::Push);
        (options.reconnect_ivl, options.reconnect_ivl_max) = (10, 100);
        let mut dialer = Dialer::new(by_scheme("tcp").unwrap(), false);
        let start = Instant::now();
        // Each stands for a time, and brings the two numbers to a place.
        let mut pause = |stands: Duration, before, after| {
            dialer.arrived(start, before);
            dialer.lost(start + stands, after);
            dialer.next_pause(&options).as_millis()
        };
        let short = Duration::from_millis(999);
        let passed = [(5, 5), (5, 5), (5, 5), (5, 5), (5, 5), (6, 5), (6, 5), (6, 7), (6, 7)];
        let pauses: Vec<_> = passed.windows(2).map(|pair| pause(short, pair[0], pair[1])).collect();
        assert_eq!(pauses, [10, 20, 40, 80, 10, 20, 10, 20]);
        assert_eq!(pause(Duration::from_secs(1), (6, 7), (6, 7)), 10);
        assert_eq!(pause(short, (6, 7), (6, 7)), 20);
    }

    #[test]
    fn the_same_message_may_be_cut_off_only_so_often() {
        let mut dialer = Dialer::new(by_scheme("tcp").unwrap(), false);
        let given_up = [0, 0, 1, 1, 0, 0, 0, 1].map(|message| dialer.cut_off(message));
        assert_eq!(given_up, [false, false, false, false, false, false, true, false]);
    }
}
