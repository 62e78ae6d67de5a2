//! The task of a worker: one end of a row, on the sockets of one contender.

use std::time::Duration;

use crate::row::Row;

/// The side whose sockets do the work.
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

/// A worker's task, as its command line tells it.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Task {
    /// The side whose sockets do the work
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
