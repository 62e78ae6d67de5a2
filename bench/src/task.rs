//! What a worker is to do: one end of a row, on whose sockets.

use std::time::Duration;

use crate::plan::Row;

/// Whose sockets do the work.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub(crate) enum Contender {
    /// Ours.
    Zincmq,
    /// Theirs.
    Libzmq,
    /// The operating system's.
    Raw,
}

/// Which end of a work.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub(crate) enum End {
    /// The one that binds.
    Bind,
    /// The one that connects.
    Connect,
    /// Both, as two threads of one process.
    Both,
}

/// What a worker is told on its command line.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Task {
    /// Whose sockets
    #[arg(value_enum)]
    pub(crate) contender: Contender,
    /// Which end
    #[arg(value_enum)]
    pub(crate) end: End,
    /// The row, as the first five columns of the CSV
    pub(crate) row: Row,
    /// Where to bind or connect
    pub(crate) endpoint: String,
    /// For how long to send, in milliseconds
    pub(crate) millis: u64,
}

impl Task {
    /// For how long to send.
    pub(crate) fn time(&self) -> Duration {
        Duration::from_millis(self.millis)
    }
}
