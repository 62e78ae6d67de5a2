//! Peers for tests: a socket of either library behind one face, and a bare connection to write bytes by hand.
//! Everything here panics where a test would have to, and waits at most [`PATIENCE`].

mod monitor;
pub mod multicast;
mod peer;
mod wire;

use std::time::Duration;

pub use monitor::Monitor;
pub use peer::{Errno, Library, Peer};
pub use wire::{Version, Wire, frame, frame_v1};

/// How long anything may take that must happen.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// How long to look for what only time can show: that there is no room, that a side stays. Whatever a later message
/// or event can show is shown by that.
pub const GLANCE: Duration = Duration::from_millis(50);

/// Bytes without a pattern that a shifted or repeated segment would fit; the first is never 0 or 1, which
/// would make a subscription of it.
#[must_use]
pub fn noise(size: usize) -> Vec<u8> {
    let mut state = 0x9E37_79B9_u32;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        (state >> 24) as u8
    };
    let first = next() | 2;
    std::iter::once(first).chain(std::iter::repeat_with(next)).take(size).collect()
}
