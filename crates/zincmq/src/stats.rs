//! Numbers: what a socket and each of its peers have sent, received, dropped and queued.

use std::sync::atomic::{AtomicU64, Ordering};

/// The numbers of one socket since it was made. Read with [`crate::Socket::stats`].
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct SocketStats {
    /// Messages sent: accepted for a peer, once for each.
    pub sent: u64,
    /// Messages received by the application.
    pub received: u64,
    /// Bytes of frames sent, headers included; bodies of more than a segment are not counted.
    pub sent_bytes: u64,
    /// Bytes of frames received, likewise.
    pub received_bytes: u64,
    /// Messages dropped because a peer's queue was at its high-water mark.
    pub dropped_full: u64,
    /// Connections that were made again after a loss.
    pub reconnects: u64,
    /// Connections that ended before the handshake was done.
    pub handshake_failures: u64,
    /// Messages queued outbound now, for all peers.
    pub queued_out: u64,
    /// The peers of this moment.
    pub peers: Vec<PeerStats>,
}

/// The numbers of one peer of a socket.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct PeerStats {
    /// Messages sent to it.
    pub sent: u64,
    /// Messages received from it.
    pub received: u64,
    /// Bytes of frames sent to it.
    pub sent_bytes: u64,
    /// Bytes of frames received from it.
    pub received_bytes: u64,
    /// Messages it did not get because its queue was at its high-water mark.
    pub dropped_full: u64,
    /// Messages queued for it and not yet credited.
    pub queued_out: u64,
}

/// What only I/O threads see.
#[derive(Debug, Default)]
pub(crate) struct Troubles {
    reconnects: AtomicU64,
    handshake_failures: AtomicU64,
}

impl Troubles {
    pub(crate) fn reconnected(&self) {
        self.reconnects.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn handshake_failed(&self) {
        self.handshake_failures.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn fill(&self, stats: &mut SocketStats) {
        stats.reconnects = self.reconnects.load(Ordering::Relaxed);
        stats.handshake_failures = self.handshake_failures.load(Ordering::Relaxed);
    }
}
