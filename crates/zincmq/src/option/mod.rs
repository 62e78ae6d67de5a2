//! Socket options: one [`Row`] an option, read alike by Rust setters, C's `zmq_setsockopt`, the command line
//! and the manual.
//!
//! Three ways in: by typed name ([`Options::set`] with [`SNDHWM`]), by number as C does
//! ([`Options::set_raw`]), and by name and text ([`Options::set_text`]).

mod error;
mod list;
mod options;
mod row;
mod security;
mod table;
mod value;

pub use error::OptionError;
pub use list::{ParseSubnetError, Subnet};
pub(crate) use options::{CONNECT, DISCONNECT};
pub use row::{Access, Effect, FlagKind, Kind, OptionKey, Row};
pub use table::*;
pub use value::{OptionType, Value};
