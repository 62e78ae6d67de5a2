//! ZeroMQ in Rust.

pub mod message;
pub mod option;
pub mod pattern;

pub use message::{Frame, Message};
