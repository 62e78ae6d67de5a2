//! Two waiters at one signal: the halves of a socket, each of which waits for its own direction.

use crate::signal::{Signal, Wake};

/// The signals of two waiters that share one source of changes. Each sleeps on its own; the source's signal is armed with
/// this, by whoever waits, and wakes both.
///
/// A waiter arms its own signal first, then the source's, and then looks once more for what it waits for. To arm the
/// source's takes the lock that the two have in common ([`Signal::arm_again`] is for one at a time).
#[derive(Debug, Default)]
pub struct Both {
    /// The signals of the two.
    pub halves: [Signal; 2],
}

impl Wake for Both {
    fn wake(&self) {
        self.halves.iter().for_each(Signal::notify);
    }
}
