//! How much an I/O thread has to do, so that a new connection goes to the one with the least.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// See the module. Any thread may look.
#[derive(Debug, Default)]
pub(crate) struct Load {
    /// Connections, listeners and memberships: those it has, and those that are on their way to it.
    entries: AtomicUsize,
    /// The tenths of its time that the thread ran lately.
    busy: AtomicUsize,
}

impl Load {
    /// It gets one more.
    pub(crate) fn count(&self) {
        self.entries.fetch_add(1, Ordering::Relaxed);
    }

    /// One has gone.
    pub(crate) fn discount(&self) {
        self.entries.fetch_sub(1, Ordering::Relaxed);
    }

    /// The thread ran for so long, out of a time. Returns whether that was much: then it is to be told again.
    pub(crate) fn ran(&self, time: Duration, of: Duration) -> bool {
        let tenths = 10 * time.as_micros() / of.as_micros().max(1);
        self.busy.store(tenths.min(10) as usize, Ordering::Relaxed);
        tenths > 0
    }

    /// The number to compare. A busy thread counts what it has several times over: most of it will go on, while nobody knows how
    /// much a new connection brings, and many may come before the thread's time is looked at again.
    pub(crate) fn weight(&self) -> usize {
        self.entries.load(Ordering::Relaxed) * (1 + self.busy.load(Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(entries: usize, busy: u64) -> usize {
        let load = Load::default();
        (0..entries).for_each(|_| load.count());
        let told = load.ran(Duration::from_millis(busy), Duration::from_secs(1));
        assert_eq!(told, busy >= 100);
        load.weight()
    }

    #[test]
    fn a_busy_thread_gets_fewer_connections_but_not_none() {
        assert!(load(1, 900) > load(5, 0), "one that streams, and some that idle");
        assert!(load(1, 900) < load(20, 0));
        assert!(load(10, 50) < load(11, 0), "hardly any time");
        assert_eq!(load(0, 1000), 0);
        assert_eq!(load(2, 5000), load(2, 1000), "clocks differ");
    }
}
