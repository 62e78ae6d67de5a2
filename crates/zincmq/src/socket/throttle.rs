//! How a peer's new room is noticed late, as in libzmq: see `c::LikeLibzmq::set_lazy`.

use queue::Writer;
use std::time::{Duration, Instant};

/// New credit is taken at most once in so long.
const INTERVAL: Duration = Duration::from_millis(1);

/// See the module. One for each peer.
#[derive(Debug, Default)]
pub(super) struct Throttle {
    /// When the last new credit was taken.
    credited: Option<Instant>,
    /// The peer was refused a message since, for it had no room.
    refused: bool,
}

impl Throttle {
    /// Whether there is room, but by new credit, which comes soon after the last or is the first; and nobody was
    /// refused for want of it.
    pub(super) fn holds_back(&mut self, writer: &mut Writer) -> bool {
        if writer.has_known_room() {
            return false;
        }
        if !writer.has_room() {
            self.refused = true;
            return false;
        }
        let soon = self.credited.replace(Instant::now()).is_none_or(|last| last.elapsed() < INTERVAL);
        soon && !std::mem::take(&mut self.refused)
    }
}
