//! libzmq's C interface over zincmq: every function of `zmq.h`, with the same numbers in `errno`.
//!
//! Checks what C hands over before it believes it: handles are looked up, lengths compared, and no panic crosses the
//! border. Pointers to plain memory are taken at their word, as in C.

#![allow(unreachable_pub, reason = "what C calls need not be reachable from Rust")]

// The objects that C has handles to.
mod context;
mod poller;
mod socket;

// The functions that work on these objects.
mod monitor;
mod option;
mod outlet;
mod poll;
mod poll_item;
mod proxy;
mod send_recv;
mod stats;

// The functions that have nothing to do with sockets.
mod security;
mod timers;
mod util;

// Messages, and the memory behind them.
mod block;
mod message;
mod msg;

// The border itself.
mod border;
mod errno;
mod fork;
mod handle;

#[cfg(test)]
mod tests;
