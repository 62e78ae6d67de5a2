//! Engines: one per open connection. They move bytes between a pipe and a descriptor.

mod connection;
pub(crate) mod contract;
mod legacy;
mod raw;
mod upstream;
mod zmtp;

pub(crate) use contract::Transcode;
pub(crate) use legacy::Legacy;
pub(crate) use raw::Raw;
pub(crate) use upstream::Upstream;
pub(crate) use zmtp::{End, Engine, Pulse, Rest, Setup, bounds};

pub(crate) use connection::{Connection, Driven, Overseer, Wish};
