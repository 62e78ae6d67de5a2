//! Security on the command line and in files: keys, passwords, and which peers are let in.

mod access;
mod arguments;
mod ends;
mod files;
mod gate;
mod guard;
mod origin;

pub(crate) use access::Domains;
pub(crate) use arguments::Security;
pub(crate) use ends::Ends;
pub(crate) use gate::{Gate, Log};
pub(crate) use guard::Guard;
