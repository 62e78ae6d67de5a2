//! Scarce memory, for tests: how many segments there are left.

mod tests;

use std::cell::Cell;

thread_local! {
    /// How many more segments there is memory for.
    static LEFT: Cell<usize> = const { Cell::new(usize::MAX) };
}

/// Whether there is memory for one more.
pub(crate) fn allows() -> bool {
    LEFT.with(|left| {
        let before = left.get();
        left.set(before.saturating_sub(usize::from(before != usize::MAX)));
        before > 0
    })
}
