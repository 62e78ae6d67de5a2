//! Option values of any type, and the fields that hold them.

use std::fmt;
use zmtp::{PublicKey, Secret, SecretKey};

/// The value of an option whose type is known only at run time.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Value {
    /// A C `int`.
    Int(i32),
    /// An `int64_t`.
    Long(i64),
    /// A `uint64_t` bit mask.
    Mask(u64),
    /// A C `int` used as a flag.
    Flag(bool),
    /// Text.
    Text(String),
    /// Text that is not shown.
    Secret(Secret),
    /// A public key of CURVE; `None`: it has not been set.
    PublicKey(Option<PublicKey>),
    /// A secret key of CURVE; `None`: it has not been set.
    SecretKey(Option<SecretKey>),
    /// Bytes.
    Bytes(Vec<u8>),
    /// A user, group or process id to add to a list; `None` empties the list.
    Id(Option<u32>),
}

impl Value {
    /// The number, if it is an integer.
    pub(super) fn integer(&self) -> Option<i64> {
        match *self {
            Self::Int(value) => Some(value.into()),
            Self::Long(value) => Some(value),
            _ => None,
        }
    }

    /// The value as `zmq_getsockopt` stores it: numbers in native byte order, text with its final NUL.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Int(value) => value.to_ne_bytes().to_vec(),
            Self::Long(value) => value.to_ne_bytes().to_vec(),
            Self::Mask(value) => value.to_ne_bytes().to_vec(),
            Self::Flag(value) => i32::from(*value).to_ne_bytes().to_vec(),
            Self::Text(value) => [value.as_bytes(), &[0]].concat(),
            Self::Secret(value) => [value.reveal().as_bytes(), &[0]].concat(),
            Self::PublicKey(value) => value.as_ref().map_or([0; 32], |key| *key.as_bytes()).to_vec(),
            Self::SecretKey(value) => value.as_ref().map_or([0; 32], |key| *key.as_bytes()).to_vec(),
            Self::Bytes(value) => value.clone(),
            Self::Id(value) => value.map_or_else(Vec::new, |id| id.to_ne_bytes().to_vec()),
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int(value) => value.fmt(f),
            Self::Long(value) => value.fmt(f),
            Self::Mask(value) => value.fmt(f),
            Self::Flag(value) => u8::from(*value).fmt(f),
            Self::Text(value) => write!(f, "{value:?}"),
            Self::Secret(value) if value.is_empty() => f.write_str("\"\""),
            Self::Secret(_) | Self::SecretKey(Some(_)) => f.write_str("(secret)"),
            Self::PublicKey(Some(value)) => value.fmt(f),
            Self::PublicKey(None) | Self::SecretKey(None) => f.write_str("none"),
            Self::Bytes(value) => write!(f, "\"{}\"", value.escape_ascii()),
            Self::Id(None) => f.write_str("none"),
            Self::Id(Some(id)) => id.fmt(f),
        }
    }
}

/// Rust types that options have.
pub(crate) trait OptionType: Into<Value> + Sized {
    /// The value, if it is of this type.
    fn from_value(value: Value) -> Option<Self>;
}

macro_rules! option_types {
    ($($ty:ty: $variant:ident),+) => {$(
        impl From<$ty> for Value {
            fn from(value: $ty) -> Self {
                Self::$variant(value)
            }
        }

        impl OptionType for $ty {
            fn from_value(value: Value) -> Option<Self> {
                if let Value::$variant(value) = value { Some(value) } else { None }
            }
        }
    )+};
}

option_types!(
    i32: Int, i64: Long, u64: Mask, bool: Flag, String: Text, Vec<u8>: Bytes, Option<u32>: Id, Secret: Secret,
    Option<PublicKey>: PublicKey, Option<SecretKey>: SecretKey
);

/// A field of [`Options`](super::Options). Most hold the value as it is; lists add it.
pub(crate) trait Field {
    /// The type that is set and read.
    type Value: OptionType;

    /// The value that was set last.
    fn read(&self) -> Self::Value;

    /// Sets the field; `None` if the value has the wrong form.
    fn write(&mut self, value: Self::Value) -> Option<()>;
}

macro_rules! plain_fields {
    ($($ty:ty),+) => {$(
        impl Field for $ty {
            type Value = $ty;

            fn read(&self) -> $ty {
                self.clone()
            }

            fn write(&mut self, value: $ty) -> Option<()> {
                *self = value;
                Some(())
            }
        }
    )+};
}

plain_fields!(i32, i64, u64, bool, String, Vec<u8>, Secret, Option<PublicKey>, Option<SecretKey>);

/// Set for the next use only: absent until set.
impl Field for Option<Vec<u8>> {
    type Value = Vec<u8>;

    fn read(&self) -> Vec<u8> {
        self.clone().unwrap_or_default()
    }

    fn write(&mut self, value: Vec<u8>) -> Option<()> {
        *self = Some(value);
        Some(())
    }
}
