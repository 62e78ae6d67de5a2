//! The settings of the protocol's machines, from options.

use crate::life::random;
use crate::option::Options;
use crate::transport::multicast::Port;
use pgm::{ReceiverConfig, Sequence, SourceConfig, Timing, Tsi};
use std::ops::RangeInclusive;

/// The most bytes that a subscriber holds for sources whose packets have gaps: as many as a window has, within these.
const HELD: RangeInclusive<usize> = 64 << 20..=256 << 20;
/// The longest datagram.
const DATAGRAM: usize = 65_535;
/// The most sources that a subscriber knows at a time.
const SOURCES: usize = 1024;

/// The most bytes of packets that a source keeps for repair: at a high rate the options would ask for more than a machine has.
const KEPT: u64 = 1 << 30;

/// The number of packets that the options keep for repair, as libzmq counts it: each side for itself.
fn window(options: &Options) -> u32 {
    let bytes_a_millisecond = options.rate.max(0) as u64 / 8;
    let bytes = options.recovery_ivl.max(0) as u64 * bytes_a_millisecond;
    let packets = bytes.min(KEPT) / max_tpdu(options) as u64;
    u32::try_from(packets).unwrap_or(u32::MAX).clamp(1, 1 << 24)
}

fn max_tpdu(options: &Options) -> usize {
    options.multicast_maxtpdu.max(1) as usize
}

pub(super) fn source(port: &Port, options: &Options) -> SourceConfig {
    let [a, b, c, d, e, f, high, low] = random().to_ne_bytes();
    let random_port = u16::from_ne_bytes([high, low]);
    // A port of 0 would name no session, and libzmq takes none that is the endpoint's.
    let own = [random_port, 1, 2].into_iter().find(|&own| own != 0 && own != port.number()).unwrap_or(1);
    SourceConfig {
        tsi: Tsi { gsi: [a, b, c, d, e, f], port: own },
        port: port.number(),
        nla: port.interface(),
        group: port.group(),
        rate: options.rate.max(0) as u64 * 125,
        max_tpdu: max_tpdu(options),
        overhead: port.overhead(),
        window: window(options),
        first: Sequence(0),
    }
}

pub(super) fn receiver(port: &Port, options: &Options) -> ReceiverConfig {
    ReceiverConfig {
        port: port.number(),
        group: port.group(),
        window: window(options),
        // A source may have a larger one than this side.
        max_tpdu: DATAGRAM,
        memory: (window(options) as usize * max_tpdu(options)).clamp(*HELD.start(), *HELD.end()),
        max_sources: SOURCES,
        seed: random(),
        timing: Timing::default(),
    }
}
