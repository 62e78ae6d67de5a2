//! The settings of a receiver.

use super::Random;
use std::net::IpAddr;
use std::time::{Duration, Instant};

/// The largest window, in packets: positions in it must be far from where sequence numbers wrap.
const LARGEST_WINDOW: u32 = 1 << 24;

/// The shortest time between two steps of a protocol: a timer must not be due again at once.
const SHORTEST: Duration = Duration::from_millis(1);

/// The longest: a year can be added to any time of day.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 3600);

/// The settings of a [`Receiver`](super::Receiver).
#[derive(Clone, Debug)]
pub struct ReceiverConfig {
    /// The endpoint's port: the data-destination port of the packets, and the UDP port to which NAKs go.
    pub port: u16,
    /// The group that NAKs name. Confirmations count only if they name it too.
    pub group: IpAddr,
    /// How many packets, from the next to deliver on, may be held or missing for one source: 1 to 2^24. Best as many
    /// as the source keeps for repair.
    pub window: u32,
    /// The most bytes of a packet. Longer payloads are malformed.
    pub max_tpdu: usize,
    /// Bytes that may be held for all sources together, payloads out of order and records of missing numbers. When
    /// they are spent, the source that holds most loses its oldest missing numbers, and no other source does.
    /// See [`ReceiverConfig::MEMORY`].
    pub memory: usize,
    /// Sources that are kept at once, at least 1. The first packet of one more pushes out the source that was heard
    /// least recently: one that has ended if there is one, else one that holds nothing, else any; but none that waits
    /// to be delivered while the receiver is paused. If none can go, the packet is ignored. See
    /// [`ReceiverConfig::SOURCES`].
    pub max_sources: usize,
    /// Where the random numbers begin that spread NAKs over time. Every receiver needs another one.
    pub seed: u64,
    /// The times and counts of the protocol.
    pub timing: Timing,
}

impl ReceiverConfig {
    /// The usual `memory`: 64 MiB.
    pub const MEMORY: usize = 64 << 20;
    /// The usual `max_sources`.
    pub const SOURCES: usize = 1024;

    /// The settings with everything in its range.
    pub(super) fn limited(mut self) -> Self {
        let timing = &mut self.timing;
        for time in [&mut timing.nak_repeat, &mut timing.rdata_wait, &mut timing.spmr, &mut timing.expiry] {
            *time = (*time).clamp(SHORTEST, LONGEST);
        }
        timing.nak_back_off = timing.nak_back_off.min(LONGEST);
        timing.retries = timing.retries.max(1);
        self.window = self.window.clamp(1, LARGEST_WINDOW);
        self.max_sources = self.max_sources.max(1);
        self
    }
}

/// The times and counts of the protocol.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Timing {
    /// A missing packet is asked for after a random time up to this one. Default: 50 ms.
    pub nak_back_off: Duration,
    /// A request that is not confirmed within this time has failed. Default: 200 ms.
    pub nak_repeat: Duration,
    /// A confirmed request that is not answered within this time has failed. Default: 200 ms.
    pub rdata_wait: Duration,
    /// After so many failures of one kind a packet is lost. Default: 50.
    pub retries: u32,
    /// A new source that sends no SPM is asked for one after this time. Default: 25 ms.
    pub spmr: Duration,
    /// A source that is silent for so long is gone. Default: 300 s.
    pub expiry: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            nak_back_off: Duration::from_millis(50),
            nak_repeat: Duration::from_millis(200),
            rdata_wait: Duration::from_millis(200),
            retries: 50,
            spmr: Duration::from_millis(25),
            expiry: Duration::from_secs(300),
        }
    }
}

/// What holds while one packet or timer is dealt with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    pub(super) now: Instant,
    /// When to ask for what is found missing now: one draw, so that it comes into one list.
    pub(super) back_off: Instant,
    pub(super) window: u64,
    pub(super) timing: Timing,
    /// Nothing can be delivered.
    pub(super) paused: bool,
    /// And nothing can be held.
    pub(super) full: bool,
}

impl Moment {
    pub(super) fn new(
        config: &ReceiverConfig,
        now: Instant,
        random: &mut Random,
        paused: bool,
        held: usize,
    ) -> Self {
        Self {
            now,
            back_off: now + random.up_to(config.timing.nak_back_off),
            window: u64::from(config.window),
            timing: config.timing,
            paused,
            full: paused && held >= config.memory,
        }
    }
}
