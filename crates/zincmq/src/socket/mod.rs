//! Sockets: the objects that an application holds.

mod allowance;
mod at_once;
mod blocking;
mod builder;
mod caller_io;
mod closing;
mod commands;
mod convert;
pub(crate) mod core;
mod endpoints;
mod future;
#[cfg(feature = "futures")]
mod futures;
mod group;
mod halves;
mod handle;
mod interrupter;
mod listener;
mod numbers;
pub(crate) mod outgoing;
mod overdue;
mod peer;
mod peers;
mod read_spin;
mod streaming;
mod table;
#[cfg(test)]
mod tests;
mod throttle;
mod topics;
mod turn;
pub(crate) mod typed;
mod watch;

pub use self::builder::SocketBuilder;
pub use self::convert::WrongType;
pub(crate) use self::core::Core;
pub use self::halves::{RecvHalf, RejoinError, SendHalf};
pub use self::handle::{AnySocket, Socket};
pub use self::interrupter::Interrupter;
pub(crate) use self::streaming::end_streams_of_thread;
pub use self::watch::Interest;
