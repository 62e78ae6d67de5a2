//! I/O threads: sessions, listeners and timers around one poller.

mod greeting;
mod hub;
mod listener;
mod session;
mod thread;

pub(crate) use thread::IoThread;
