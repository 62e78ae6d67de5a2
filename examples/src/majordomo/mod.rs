//! Majordomo: a broker of named services (7/MDP, version 0.1), with its clients and workers.
//!
//! All messages begin with an empty part and the name of the protocol. A client's REQ adds and removes the empty part
//! by itself.
//!
//! ```text
//! client to broker   "" "MDPC01" service request...
//! broker to client   "" "MDPC01" service reply...
//! worker to broker   "" "MDPW01" READY service
//! broker to worker   "" "MDPW01" REQUEST client "" request...
//! worker to broker   "" "MDPW01" REPLY client "" reply...
//! both ways          "" "MDPW01" HEARTBEAT
//! both ways          "" "MDPW01" DISCONNECT
//! ```

mod broker;
mod client;
mod worker;

pub use broker::Broker;
pub use client::Client;
pub use worker::serve;

const CLIENT: &str = "MDPC01";
const WORKER: &str = "MDPW01";

const READY: u8 = 1;
const REQUEST: u8 = 2;
const REPLY: u8 = 3;
const HEARTBEAT: u8 = 4;
const DISCONNECT: u8 = 5;
