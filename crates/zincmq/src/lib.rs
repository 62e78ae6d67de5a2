//! ZeroMQ in Rust.

pub mod message;
pub mod option;
pub mod pattern;
pub mod socket_type;

pub use message::{Frame, Message};
