//! ZeroMQ in Rust.

mod error;
pub mod message;
pub mod monitor;
pub mod option;
pub mod stats;

pub mod poller;
pub mod socket;

pub mod pattern;
mod strategy;

mod context;
mod command;

mod io;

mod engine;

pub mod endpoint;
pub mod socket_type;
pub mod transport;

mod arena;
mod life;

pub use context::{Builder, Context};
pub use error::{Error, Result};
pub use message::{Frame, Message, PeerInfo};
pub use monitor::{Event, EventKind, Events, Monitor};
pub use poller::Poller;
pub use socket::{
    AnySocket, Dealer, Pair, Pub, Pull, Push, Rep, Req, Router, Socket, Stream, Sub, XPub, XSub,
};
pub use socket_type::SocketType;
pub use stats::{PeerStats, SocketStats};
