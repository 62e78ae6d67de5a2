//! Engines: one per open connection. They move bytes between a pipe and a descriptor.

pub(crate) mod contract;
mod legacy;
mod raw;
mod upstream;
mod zmtp;

pub(crate) use contract::Transcode;
pub(crate) use legacy::Legacy;
pub(crate) use raw::Raw;
pub(crate) use upstream::Upstream;
pub(crate) use zmtp::{bounds, End, Engine, Pulse, Rest, Setup};

use queue::TryLock;
use std::os::fd::OwnedFd;
use std::sync::Arc;

/// An open connection: its engine behind a lock that either side may take, so that a thread that waits for
/// a message can do the I/O itself.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) engine: TryLock<Option<Engine>>,
    pub(crate) descriptor: Arc<OwnedFd>,
    /// The session's key on its I/O thread.
    pub(crate) session: u64,
}
