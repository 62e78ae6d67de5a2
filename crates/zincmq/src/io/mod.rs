//! I/O threads: sessions, listeners, memberships and timers around one poller.

mod dialer;
mod exposure;
mod handshake;
mod inquiry;
mod listener;
mod membership;
mod notice;
mod reactor;
mod scheduling;
mod session;
mod terms;
mod thread;

pub use scheduling::SchedPolicy;
pub(crate) use scheduling::Scheduling;
pub(crate) use thread::IoThread;
