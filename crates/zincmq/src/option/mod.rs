//! Socket options (`zmq_setsockopt(3)`): a constant each. The rows of one table are behind them, and behind C's
//! `zmq_setsockopt`, the command line and the manual.
//!
//! Three ways in: by typed name ([`Options::set`] with [`SNDHWM`]), by number as C does
//! ([`Options::set_raw`]), and by name and text ([`Options::set_text`]).

mod error;
mod form;
mod group;
mod keys;
mod list;
mod options;
mod row;
mod security;
mod table;
mod value;

pub use error::OptionError;
pub use form::{Choice, Count, Descriptor, Form, Limit, Micros, Seconds, Setting, Time, Wait};
pub(crate) use group::each_group;
pub use group::*;
pub(crate) use keys::form;
pub use keys::*;
pub use list::{ParseSubnetError, Subnet};
pub(crate) use options::{CONNECT, DISCONNECT};
pub use row::{Access, Effect, FlagKind, Kind, OptionKey, Row};
pub(crate) use table::each_option;
pub(crate) use value::Field;
pub use value::{OptionType, Value};
