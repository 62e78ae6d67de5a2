//! The phases of a connection. Each consumes itself and returns the next, so that a step out of turn
//! does not compile:
//!
//! ```text
//! greeting ─┬─ 3.x ──────── handshake ──┬─ traffic
//!           └─ 1.0, 2.0 ─── routing id ─┘
//! ```

pub(crate) mod greeting;
pub(crate) mod handshake;
mod inbox;
pub(crate) mod routing_id;
pub(crate) mod traffic;
