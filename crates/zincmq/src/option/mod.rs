//! Socket options (`zmq_setsockopt(3)`): a constant each. The rows of one table are behind them, and behind C's
//! `zmq_setsockopt`, the command line and the manual.
//!
//! A program sets an option by its typed name, [`Socket::set`](crate::Socket::set) with [`SNDHWM`], or as it makes the socket
//! ([`SocketBuilder`](crate::SocketBuilder)). Where name and value are text, of a file or an argument, [`by_name`] finds the
//! row, [`Row::parse`] reads the value, and [`Socket::set_value`](crate::Socket::set_value) sets it.
//!
//! ```
//! # use zincmq::{Context, Pull, option};
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let mut pull = Pull::new(&Context::new())?;
//! let row = option::by_name("rcvhwm").ok_or("no such option")?;
//! pull.set_value(row, row.parse("10")?)?;
//! assert_eq!(pull.get(option::RCVHWM)?, 10);
//! # Ok(()) }
//! ```

mod error;
mod form;
mod group;
mod keys;
mod list;
mod options;
mod row;
mod sealed;
mod security;
mod table;
#[cfg(test)]
mod tests;
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
pub use value::Value;
