//! Sockets: the objects that an application holds.

// The calls, in the order in which the page of a socket shows them: those that every program needs,
mod handle;

mod builder;
mod endpoints;
mod filled;

mod blocking;

// those that wait in other ways, or not at all,
mod at_once;
mod future;
#[cfg(feature = "futures")]
mod futures;

// and those that some programs need.
mod topics;

mod closing;
mod halves;
mod interrupter;
mod secured;
mod watch;

// The types, and how one becomes another.
mod convert;
pub(crate) mod typed;

// The socket behind them.
mod allowance;
mod caller_io;
mod commands;
pub(crate) mod core;
mod entry;
mod group;
mod lead;
mod listener;
mod lone;
mod numbers;
pub(crate) mod outgoing;
mod overdue;
mod pacing;
mod peer;
mod peers;
mod read_spin;
mod run;
mod streaming;
mod table;
#[cfg(test)]
mod tests;
mod throttle;
mod turn;
mod waiting;

pub use self::builder::SocketBuilder;
pub use self::convert::WrongType;
pub(crate) use self::core::Core;
pub use self::halves::{RecvHalf, RejoinError, SendHalf};
pub use self::handle::{AnySocket, Socket};
pub use self::interrupter::Interrupter;
pub(crate) use self::streaming::end_streams_of_thread;
pub use self::watch::Interest;
