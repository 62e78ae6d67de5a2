//! Multicast (`epgm`, `pgm`) between zincmq, from Rust and from C, and the system's genuine libzmq.
//!
//! What has to lose datagrams is done by this process on the loopback interface (`driver`, `lossy`), and as root
//! between hosts that are network namespaces (`network`).
#![cfg(target_os = "linux")]

mod driver;
mod loopback;
mod lossy;
mod network;
mod talk;
