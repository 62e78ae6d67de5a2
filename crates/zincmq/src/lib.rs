//! ZeroMQ in Rust: sockets that carry whole messages, with patterns, queues and reconnection, without a broker.
//!
//! A [`Context`] holds I/O threads, and sockets are made in it. They bind and connect to endpoints (`tcp://`, `ipc://`,
//! `inproc://`, `epgm://`, `pgm://`) and speak ZMTP 3.1 to any other ZeroMQ. Each pattern has its types of sockets, and each
//! type has a page:
//!
//! | | messages go |
//! |---|---|
//! | [`Req`], [`Rep`] | to one server, and the reply back, in turns |
//! | [`Dealer`], [`Router`] | likewise without turns; or to the peer that the first part names |
//! | [`Pub`], [`Sub`] | to all that have subscribed |
//! | [`XPub`], [`XSub`] | likewise, with subscriptions as messages: for forwarders |
//! | [`Push`], [`Pull`] | to one worker after the other |
//! | [`Pair`] | to the one peer |
//! | [`Stream`] | to programs that speak plain TCP |
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
//!
//! # Other crates in this interface
//!
//! Types of `bytes` and of the standard library, and those that a feature brings.
//!
//! # Features
//!
//! | feature | brings | other crates in the interface |
//! |---|---|---|
//! | `futures` | Sockets, and their halves, are `Stream` and `Sink`; monitors are `Stream`. | `futures-core`, `futures-sink` |
//! | `tracing` | What happens to endpoints and connections, messages that are lost, and an end that takes long are logged by the crate of that name. | |
//!
//! Both are off by default. The targets of the log begin with `zincmq::`; the book's page on logs names all events and spans, with
//! their fields. None is on the way of a message.
//!
//! # Rust and systems
//!
//! Linux; Rust 1.89.

#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

// The road of a message, from top to bottom: a module imports only modules below it (tests/layering.rs).

// The interface that the C library needs beyond Rust's.
#[doc(hidden)]
pub mod c;

// The inside that fuzz targets judge.
#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing;

// Tells the numbers of a context to other processes.
mod stats_server;

// Passes messages from socket to socket.
mod proxy;

// Waits for several sockets.
pub mod poller;

// Decides which peers are let in.
pub mod authenticator;

// Keys and passwords.
pub mod security;

// The sockets that an application holds: one try_ core, two thin ways to wait.
mod socket;

// A file a socket type: which peer is next, and what is legal.
mod pattern;

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
mod transport;

// The events that a socket tells of its connections, and its numbers.
mod monitor;
mod stats;

// The errors, messages and options that all of them speak of.
mod error;
mod message;
pub mod option;

// Sockets and messages that hold up the end of a context.
mod lingering;
mod load;

// How many handshakes may be under way.
mod admission;

// Names, keys, ids, and the log.
mod arena;
mod bell;
pub mod endpoint;
mod life;
mod socket_type;
mod spin;
mod trace;

pub use context::{Context, ContextBuilder};
pub use error::{BatchError, Error, Reason, Result, SendError};
pub use io::SchedPolicy;
pub use lingering::{Lingering, Unsent};
pub use message::{Frame, IntoParts, Message, MessageIntoIter, PartsError, PeerInfo};
pub use monitor::{Event, EventKind, Events, Monitor, MonitorIter};
pub use pattern::ability::{self, Receives, Sends, Splits, Subscribes, Typed};
#[doc(inline)]
pub use poller::Poller;
pub use proxy::{Proxy, proxy, proxy_async};
#[doc(inline)]
pub use queue::warm::Buffer;
pub use socket::outgoing::Outgoing;
pub use socket::typed::*;
pub use socket::{AnySocket, Interrupter, RecvHalf, RejoinError, SendHalf, Socket, SocketBuilder, WrongType};
pub use socket_type::{SocketType, UnknownSocketType};
pub use stats::{MulticastSource, MulticastStats, PeerStats, SocketReport, SocketStats};
pub use stats_server::StatsServer;

/// The example of the page that crates.io shows.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct ReadMe;
