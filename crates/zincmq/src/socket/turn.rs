//! How long a task goes on before it lets others run.

/// So many results in a row, none of which was waited for, and others have their turn: a task that never waits would
/// keep its executor from timers, signals and other tasks.
const RESULTS: u32 = 128;

/// How many results a task has had in a row.
#[derive(Debug, Default)]
pub(crate) struct Turn(u32);

impl Turn {
    /// Whether the turn is over; the next begins.
    pub(super) fn is_over(&mut self) -> bool {
        let over = self.0 >= RESULTS;
        if over {
            self.0 = 0;
        }
        over
    }

    /// A call of the task has a result at once, or must wait.
    pub(super) fn count(&mut self, at_once: bool) {
        self.0 = if at_once { self.0 + 1 } else { 0 };
    }
}
