//! The kind of a proxy, and so the types of its two sockets.

use clap::ValueEnum;
use zincmq::SocketType;

#[derive(Clone, Copy, Debug, ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    /// Requests to workers, replies back (ROUTER, DEALER)
    Queue,
    /// Messages to subscribers, subscriptions back (XSUB, XPUB)
    Forwarder,
    /// Work from pushers to pullers (PULL, PUSH)
    Streamer,
}

impl Kind {
    /// The types of the frontend and of the backend.
    pub(super) const fn sides(self) -> (SocketType, SocketType) {
        match self {
            Self::Queue => (SocketType::Router, SocketType::Dealer),
            Self::Forwarder => (SocketType::XSub, SocketType::XPub),
            Self::Streamer => (SocketType::Pull, SocketType::Push),
        }
    }
}
