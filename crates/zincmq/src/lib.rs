//! ZeroMQ in Rust: sockets that carry whole messages, with patterns, queues and reconnection, without a broker.
//!
//! A [`Context`] holds I/O threads; sockets are made in it, one type a pattern: [`Push`] and [`Pull`], [`Req`] and
//! [`Rep`], [`Pub`] and [`Sub`], [`Dealer`] and [`Router`], and more. They bind and connect to endpoints
//! (`tcp://`, `ipc://`, `inproc://`) and speak ZMTP 3.1 to any other ZeroMQ.
//!
//! ```
//! use zincmq::{Context, Rep, Req};
//!
//! # fn main() -> zincmq::Result<()> {
//! let context = Context::new();
//! let mut rep = Rep::new(&context)?;
//! let endpoint = rep.bind("tcp://127.0.0.1:*")?;
//! let mut req = Req::new(&context)?;
//! req.connect(&endpoint)?;
//!
//! req.send("Hello")?;
//! assert_eq!(rep.recv()?.as_str(), Ok("Hello"));
//! rep.send(["World", "in two parts"])?;
//! assert_eq!(req.recv()?[1], "in two parts");
//! # Ok(()) }
//! ```
//!
//! Every call that may wait has three forms: blocking (`recv`), at once (`try_recv`) and async (`recv_async`, under
//! any executor). [`Poller`] waits for several sockets, monitors and foreign descriptors, a [`Proxy`] passes messages from
//! one socket to another, [`Monitor`] tells of connections, [`Socket::stats`] of numbers, which a [`StatsServer`] shows to other
//! processes (`zinc top`).

#![forbid(unsafe_code)]

// The road of a message, from top to bottom: a module imports only modules below it (tests/layering.rs).

// Tells the numbers of a context to other processes.
pub mod stats_server;

// Passes messages from socket to socket.
pub mod proxy;

// Waits for several sockets.
pub mod poller;

// Decides which peers are let in.
pub mod authenticator;

// Keys and passwords, and sockets that ask for them.
pub mod security;

// The sockets that an application holds: one try_ core, two thin ways to wait.
pub mod socket;

// A file a socket type: which peer is next, and what is legal.
pub mod pattern;

// The parts that patterns are made of: rotation, fair queue, subscriptions, envelopes.
mod strategy;

// I/O threads, the sockets that there are, the end of it all.
mod context;

// The transport within a process: names, and pipes from socket to socket.
mod inproc;

// The objects that run on an I/O thread: sessions, listeners, timers.
mod io;

// The commands that cross a thread: plain data, on one page; and a subscriber's topics for publishers that it
// has not met.
mod command;
mod shared_topics;

// The pipe by which messages cross a thread: the two directions between a socket and a peer.
mod pipe;

// One open connection: moves bytes between a pipe and a descriptor.
mod engine;

// Makes connected descriptors: tcp, ipc.
pub mod transport;

// The events that a socket tells of its connections, and its numbers.
pub mod monitor;
pub mod stats;

// The errors, messages and options that all of them speak of.
mod error;
pub mod message;
pub mod option;

// Names, keys, ids.
mod arena;
mod bell;
pub mod endpoint;
mod life;
pub mod socket_type;
mod spin;

pub use context::{Builder, Context};
pub use error::{BatchError, Error, Reason, Result, SendError};
pub use io::SchedPolicy;
pub use message::{Frame, Message, PartsError, PeerInfo};
pub use monitor::{Event, EventKind, Events, Monitor};
pub use pattern::ability::{Receives, Sends, Splits, Subscribes, Typed};
pub use poller::Poller;
pub use proxy::{Proxy, proxy, proxy_async};
pub use socket::outgoing::Outgoing;
pub use socket::typed::*;
pub use socket::{AnySocket, Interrupter, RecvHalf, RejoinError, SendHalf, Socket, SocketBuilder, WrongType};
pub use socket_type::SocketType;
pub use stats::{MulticastSource, MulticastStats, PeerStats, SocketReport, SocketStats};
pub use stats_server::StatsServer;
