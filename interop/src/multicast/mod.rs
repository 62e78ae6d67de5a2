//! For tests of multicast: each socket is in a process of its own, the program `multicast_peer`, that does what it
//! reads from its standard input and says what it does and receives. Genuine libzmq ends its process at a surprise.

mod hosts;
mod library;
mod message;
mod process;

use std::time::Duration;

pub use hosts::{Hosts, Over};
pub use library::{Library, genuine, ours_in_c};
pub use message::{Messages, body, describe};
pub use process::{OURS, Process, Start};

/// How long anything may take that must happen. Genuine libzmq repairs a loss in 0.2 s, or in a multiple of that.
pub const PATIENCE: Duration = Duration::from_secs(60);
