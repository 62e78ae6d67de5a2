//! The parts that patterns are made of: turns, sets of peers, addresses and subscriptions.
//!
//! Each strategy is one idea that several patterns share; a pattern is a few of them put together.

pub(crate) mod claims;
pub(crate) mod distribute;
pub(crate) mod envelope;
pub(crate) mod fair_queue;
pub(crate) mod load_balance;
mod notices;
pub(crate) mod peer_map;
pub(crate) mod prefix_tree;
pub(crate) mod publisher;
pub(crate) mod roster;
pub(crate) mod rotation;
pub(crate) mod routed;
pub(crate) mod routing;
pub(crate) mod subscriber;
pub(crate) mod subscription;
