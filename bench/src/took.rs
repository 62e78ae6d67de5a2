//! What an end of a row has measured.

use std::time::Duration;

/// What an end has measured.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Took {
    /// The messages that it has seen, or the connections.
    pub(crate) messages: u64,
    /// The time that they took in nanoseconds; where the work's unit is another, a number for each of
    /// its statistics: delays in nanoseconds, bytes of all connections.
    pub(crate) numbers: Vec<u64>,
}

impl Took {
    pub(crate) fn timed(messages: u64, elapsed: Duration) -> Self {
        Self { messages, numbers: vec![u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX)] }
    }
}
