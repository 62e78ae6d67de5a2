//! The entry that a socket keeps of each of its own binds and connects.

use crate::command::{EndpointId, IoHandle, Origin};
use crate::stats::GroupBoard;
use crate::transport::Listening;
use std::sync::Arc;

/// A bind or a connect of this socket. There may be many connects, and few need more than this.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(super) origin: Arc<Origin>,
    /// The I/O thread that connects.
    pub(super) io: Option<IoHandle>,
    pub(super) more: Option<Box<More>>,
}

/// The part that only binds and multicast endpoints have.
#[derive(Debug, Default)]
pub(crate) struct More {
    pub(super) bound: bool,
    /// Another name: the text that was bound, where that says as much.
    pub(super) alias: Option<Box<str>>,
    /// The I/O threads that accept.
    pub(super) threads: Option<Arc<[IoHandle]>>,
    /// The listening descriptor of a bind over the network.
    pub(super) listening: Option<Arc<Listening>>,
    /// The numbers of a multicast endpoint.
    pub(super) board: Option<Arc<GroupBoard>>,
}

impl Entry {
    /// A connect over the network.
    pub(super) fn connects(origin: &Arc<Origin>, io: &IoHandle) -> Self {
        Self { origin: origin.clone(), io: Some(io.clone()), more: None }
    }

    /// A bind or a connect within the process.
    pub(super) fn inproc(origin: Arc<Origin>, bound: bool) -> Self {
        let more = bound.then(|| Box::new(More { bound, ..More::default() }));
        Self { origin, io: None, more }
    }

    pub(super) fn id(&self) -> EndpointId {
        self.origin.endpoint
    }

    pub(super) fn name(&self) -> &str {
        &self.origin.name
    }

    pub(super) fn is_bound(&self) -> bool {
        self.more.as_ref().is_some_and(|more| more.bound)
    }

    /// Whether it goes by this very text.
    pub(super) fn is_called(&self, text: &str) -> bool {
        self.name() == text || self.more.as_ref().is_some_and(|more| more.alias.as_deref() == Some(text))
    }

    /// The I/O threads that have something of it; none for inproc.
    pub(super) fn threads(&self) -> impl Iterator<Item = &IoHandle> {
        let accepting = self.more.iter().filter_map(|more| more.threads.as_deref());
        self.io.iter().chain(accepting.flatten())
    }

    pub(super) fn board(&self) -> Option<&GroupBoard> {
        self.more.as_ref()?.board.as_deref()
    }

    /// Frees the address at once: the I/O thread may be busy.
    pub(super) fn close(&self) {
        if let Some(listening) = self.more.as_ref().and_then(|more| more.listening.as_ref()) {
            listening.close();
        }
    }
}
