//! Socket options (`zmq_setsockopt(3)`): a constant each, with its meaning, its type and the sockets that have it.
//!
//! ```
//! use std::time::Duration;
//! use zincmq::{Context, Push, option};
//!
//! # fn main() -> zincmq::Result<()> {
//! let context = Context::new();
//! let mut push = Push::new(&context)?;
//! push.set(option::SNDHWM, 10)?;
//! push.set(option::LINGER, Duration::from_secs(1))?;
//! assert_eq!(push.get(option::LINGER)?, Some(Duration::from_secs(1)));
//!
//! // The same in one expression.
//! let push = Push::builder(&context).sndhwm(10).linger(Duration::from_secs(1)).connect("tcp://127.0.0.1:5555")?;
//! # Ok(()) }
//! ```
//!
//! Texts speak of the numbers of C. In Rust times are [`Duration`](std::time::Duration)s, and `None` stands for what is without
//! limit: see [`Form`].
//!
//! Besides by these constants, options are set by number as C does ([`Options::set_raw`]), and by name and text
//! ([`Options::set_text`]). All ways read the table of [`Row`]s.

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
