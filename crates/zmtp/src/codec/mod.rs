//! Bytes to values and back, without state.

pub mod command;
pub mod frame;
pub mod frame_v1;
pub(crate) mod greeting;
pub mod z85;
