//! Engines: one per open connection. They move bytes between a pipe and a descriptor.

mod connection;
pub(crate) mod contract;
mod encrypted;
mod heartbeat;
mod inbound;
mod leave;
mod legacy;
mod low_water;
pub(crate) mod multicast;
mod outbound;
mod raw;
#[cfg(test)]
mod tests;
mod upstream;
mod zmtp;

pub(crate) use contract::{End, Rest, SHORT, Transcode, Written};
pub(crate) use encrypted::{Boxes, Sealed};
pub(crate) use heartbeat::HeartbeatConfig;
pub(crate) use leave::LEAVING_CHECKS;
pub(crate) use legacy::Legacy;
pub(crate) use raw::Raw;
pub(crate) use upstream::Upstream;
pub(crate) use zmtp::{Engine, Setup, bounds};

pub(crate) use connection::{Connection, Overseer, Reading};
