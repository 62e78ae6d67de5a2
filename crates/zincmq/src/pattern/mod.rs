//! The messaging patterns, one file each.

pub mod contract;
