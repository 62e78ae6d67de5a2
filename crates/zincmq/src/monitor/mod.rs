//! Connection events of a socket, as they happen (zmq_socket_monitor(3)).

mod feed;
mod kind;
mod reader;
mod sink;

pub use feed::Event;
pub(crate) use feed::Sides;
pub use kind::{EventKind, Events};
pub use reader::{Iter, Monitor};
pub(crate) use sink::Sink;
