//! One row of the option table: an option's name, the values that it takes, where and when it acts.

use super::error::OptionError;
use super::group::All;
use super::value::Value;
use crate::socket_type::SocketType;
use std::fmt;
use std::marker::PhantomData;
use zeroize::Zeroizing;
use zmtp::{PublicKey, SecretKey};

/// The values that an option takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Kind {
    /// A C `int` in a range, rounded down to a multiple of `step`.
    Int {
        /// The least value.
        min: i32,
        /// The greatest value.
        max: i32,
        /// The granularity.
        step: i32,
    },
    /// An `int64_t`, any value.
    Long,
    /// A `uint64_t`, any value.
    Mask,
    /// A C `int` that means no (0) or yes; which other values mean yes.
    Flag(FlagKind),
    /// Text of up to this many bytes.
    Text {
        /// The greatest length in bytes, without the final NUL.
        max: usize,
        /// In C an empty text is refused unless the pointer is NULL.
        strict: bool,
    },
    /// Text of up to this many bytes that is not shown; in C an empty text is refused unless the pointer is NULL.
    Secret {
        /// The greatest length in bytes, without the final NUL.
        max: usize,
    },
    /// A public key of CURVE: 32 bytes, or 40 signs of Z85 (in C also with a NUL).
    PublicKey,
    /// A secret key of CURVE, as a public one.
    SecretKey,
    /// Bytes, between these two lengths.
    Bytes {
        /// The least length.
        min: usize,
        /// The greatest length.
        max: usize,
    },
    /// A user, group or process id (4 bytes) to add; nothing empties the list.
    Id,
}

/// Which integers mean yes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FlagKind {
    /// Only 1.
    One,
    /// 1 and above; negative values are refused.
    Positive,
    /// All but 0.
    NonZero,
}

/// Whether an option can be read, set, or both.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Access {
    /// `zmq_setsockopt` only. (Rust code can read it as well.)
    Set,
    /// `zmq_getsockopt` only.
    Get,
    /// Both.
    SetGet,
}

/// When a new value begins to act.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Effect {
    /// At once, for existing connections too.
    Now,
    /// For connections and listeners made later.
    Later,
}

/// One option, as a row of the table.
#[derive(Clone, Copy)]
pub struct Row {
    /// The C name without its prefix: `SNDHWM`.
    pub name: &'static str,
    /// The number in C.
    pub number: i32,
    /// The values that it takes.
    pub kind: Kind,
    /// Whether C can set and read it.
    pub access: Access,
    /// When a new value acts.
    pub effect: Effect,
    /// The socket types that know it; empty: all.
    pub applies: &'static [SocketType],
    /// Each line of [`Row::doc`] after a space, as rustdoc has them.
    pub(super) lines: &'static str,
    /// Whether the socket itself keeps it (`EVENTS`, `SUBSCRIBE`).
    pub(super) state: bool,
}

/// Numbers from here on are our own, not libzmq's.
pub(super) const OWN: i32 = 0x5A00;

impl Row {
    /// The name in C: `ZMQ_SNDHWM`; `ZINCMQ_...` for options that libzmq has not.
    #[must_use]
    pub fn c_name(&self) -> String {
        let prefix = if self.number < OWN { "ZMQ" } else { "ZINCMQ" };
        format!("{prefix}_{}", self.name)
    }

    /// Meaning and unit.
    #[must_use]
    pub fn doc(&self) -> &'static str {
        self.lines.trim_start()
    }

    /// Whether the socket itself keeps this option (state, not a setting). No call sets or reads state by its row.
    #[must_use]
    pub const fn is_state(&self) -> bool {
        self.state
    }

    /// Whether sockets of this type know the option.
    #[must_use]
    pub fn applies_to(&self, socket: SocketType) -> bool {
        self.applies.is_empty() || self.applies.contains(&socket)
    }

    /// Checks that sockets of this type know the option.
    ///
    /// # Errors
    /// [`OptionError::SocketType`].
    pub fn require(&self, socket: SocketType) -> Result<(), OptionError> {
        if self.applies_to(socket) {
            return Ok(());
        }
        Err(OptionError::SocketType { name: self.name, socket: socket.name() })
    }

    pub(super) fn refuse(&self, value: impl fmt::Display) -> OptionError {
        OptionError::Value { name: self.name, value: value.to_string(), allowed: self.kind.to_string() }
    }

    /// Reads what C passed. `None` is a null pointer.
    ///
    /// # Errors
    /// [`OptionError::Value`] if length, form or range are wrong.
    pub fn decode(&self, bytes: Option<&[u8]>) -> Result<Value, OptionError> {
        let refused = || self.refuse(format_args!("{} bytes", bytes.map_or(0, <[u8]>::len)));
        let given = bytes.unwrap_or_default();
        let int = || given.try_into().map(i32::from_ne_bytes).map_err(|_| refused());
        let value = match self.kind {
            Kind::Int { .. } | Kind::Flag(_) => Value::Int(int()?),
            Kind::Long => Value::Long(given.try_into().map(i64::from_ne_bytes).map_err(|_| refused())?),
            Kind::Mask => Value::Mask(given.try_into().map(u64::from_ne_bytes).map_err(|_| refused())?),
            Kind::Id if given.is_empty() => Value::Id(None),
            Kind::Id => Value::Id(Some(int()?.cast_unsigned())),
            Kind::Text { strict: true, .. } if bytes.is_some_and(<[u8]>::is_empty) => return Err(refused()),
            Kind::Text { .. } => {
                Value::Text(String::from_utf8(given.to_vec()).map_err(|_| self.refuse(given.escape_ascii()))?)
            }
            Kind::Secret { .. } if bytes.is_some_and(<[u8]>::is_empty) => return Err(refused()),
            Kind::Secret { .. } => {
                // The value itself does not show in the error.
                Value::Secret(str::from_utf8(given).map_err(|_| refused())?.into())
            }
            Kind::PublicKey => Value::PublicKey(Some(PublicKey::new(*key(given).ok_or_else(refused)?))),
            Kind::SecretKey => Value::SecretKey(Some(SecretKey::new(*key(given).ok_or_else(refused)?))),
            Kind::Bytes { .. } => Value::Bytes(given.to_vec()),
        };
        self.check(value)
    }

    /// Reads a value from text, as a command line has it: decimal numbers; flags also as `true`, `false`.
    ///
    /// # Errors
    /// [`OptionError::Value`] if form or range are wrong.
    pub fn parse(&self, text: &str) -> Result<Value, OptionError> {
        let value = match (self.kind, text) {
            (Kind::Flag(_), "true") => Some(Value::Flag(true)),
            (Kind::Flag(_), "false") => Some(Value::Flag(false)),
            (Kind::Int { .. } | Kind::Flag(_), _) => text.parse().ok().map(Value::Int),
            (Kind::Long, _) => text.parse().ok().map(Value::Long),
            (Kind::Mask, _) => text.parse().ok().map(Value::Mask),
            (Kind::Id, _) => text.parse().ok().map(|id| Value::Id(Some(id))),
            (Kind::Text { .. }, _) => Some(Value::Text(text.to_owned())),
            (Kind::Secret { .. }, _) => Some(Value::Secret(text.into())),
            (Kind::PublicKey, _) => text.parse().ok().map(|key| Value::PublicKey(Some(key))),
            (Kind::SecretKey, _) => text.parse().ok().map(|key| Value::SecretKey(Some(key))),
            (Kind::Bytes { .. }, _) => Some(Value::Bytes(text.as_bytes().to_vec())),
        };
        let refused = || match self.kind {
            // It may be one with a sign that is wrong.
            Kind::SecretKey => self.refuse(format_args!("text of {} signs", text.chars().count())),
            _ => self.refuse(format_args!("{text:?}")),
        };
        self.check(value.ok_or_else(refused)?)
    }

    /// Checks a value and brings it into the type of the option.
    ///
    /// # Errors
    /// [`OptionError::Value`] if it is of another type or out of range.
    pub fn check(&self, value: Value) -> Result<Value, OptionError> {
        self.kind.admit(&value).ok_or_else(|| self.refuse(&value))
    }
}

impl fmt::Debug for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={} ({})", self.name, self.number, self.kind)
    }
}

impl Kind {
    /// Any `int` from `min` to `max`.
    pub(super) const fn int(min: i32, max: i32) -> Self {
        Self::Int { min, max, step: 1 }
    }

    /// Any `int` from `min` upwards.
    pub(super) const fn from(min: i32) -> Self {
        Self::int(min, i32::MAX)
    }

    /// The value in the option's own type, if it is allowed.
    fn admit(self, value: &Value) -> Option<Value> {
        match (self, value) {
            (Self::Int { min, max, step }, Value::Int(_) | Value::Long(_)) => {
                let int = value.integer().and_then(|int| i32::try_from(int).ok())?;
                (min..=max).contains(&int).then(|| Value::Int(int - int.rem_euclid(step)))
            }
            (Self::Flag(yes), &Value::Int(int)) => yes.read(int).map(Value::Flag),
            (Self::Text { max, .. }, Value::Text(text)) => (text.len() <= max).then(|| value.clone()),
            (Self::Secret { max }, Value::Secret(text)) => {
                (text.reveal().len() <= max).then(|| value.clone())
            }
            (Self::Bytes { min, max }, Value::Bytes(bytes)) => {
                (min..=max).contains(&bytes.len()).then(|| value.clone())
            }
            (Self::Long, Value::Long(_))
            | (Self::Mask, Value::Mask(_))
            | (Self::Flag(_), Value::Flag(_))
            | (Self::PublicKey, Value::PublicKey(_))
            | (Self::SecretKey, Value::SecretKey(_))
            | (Self::Id, Value::Id(_)) => Some(value.clone()),
            _ => None,
        }
    }
}

/// The bytes of a key, as C passes it: 32 bytes, or text with its NUL or without.
fn key(given: &[u8]) -> Option<Zeroizing<[u8; 32]>> {
    let text = match given.len() {
        32 => return given.try_into().ok().map(Zeroizing::new),
        40 => given,
        41 => given.strip_suffix(&[0])?,
        _ => return None,
    };
    let bytes = Zeroizing::new(zmtp::z85::decode(text)?);
    bytes.as_slice().try_into().ok().map(Zeroizing::new)
}

impl FlagKind {
    const fn read(self, int: i32) -> Option<bool> {
        match (self, int) {
            (_, 0) => Some(false),
            (_, 1) | (Self::NonZero, _) => Some(true),
            (Self::Positive, 2..) => Some(true),
            _ => None,
        }
    }
}

impl fmt::Display for Kind {
    /// Says in words what is allowed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Int { min: i32::MIN, max: i32::MAX, .. } => f.write_str("any int"),
            Self::Int { min, max: i32::MAX, .. } => write!(f, "an int from {min}"),
            Self::Int { min, max, .. } => write!(f, "an int from {min} to {max}"),
            Self::Long => f.write_str("a 64-bit integer"),
            Self::Mask => f.write_str("a 64-bit mask"),
            Self::Flag(FlagKind::One) => f.write_str("0 or 1"),
            Self::Flag(FlagKind::Positive) => f.write_str("0 (no) or a positive int (yes)"),
            Self::Flag(FlagKind::NonZero) => f.write_str("0 (no) or another int (yes)"),
            Self::Text { max: usize::MAX, .. } => f.write_str("text of the option's form"),
            Self::Text { max, .. } => write!(f, "text of up to {max} bytes"),
            Self::Secret { max } => write!(f, "text of 1 to {max} bytes"),
            Self::PublicKey | Self::SecretKey => f.write_str("a key: 40 signs of Z85, or 32 bytes"),
            Self::Bytes { min, max: usize::MAX } => write!(f, "at least {min} bytes"),
            Self::Bytes { min, max } => write!(f, "{min} to {max} bytes"),
            Self::Id => f.write_str("a 32-bit id, or nothing"),
        }
    }
}

/// An option whose value has the form `F`, of the socket types of the group `G`: `socket.set(SNDHWM, 10)`.
pub struct OptionKey<F, G = All> {
    row: &'static Row,
    marks: PhantomData<fn(F, G)>,
}

impl<F, G> OptionKey<F, G> {
    pub(super) const fn new(row: &'static Row) -> Self {
        Self { row, marks: PhantomData }
    }

    /// The option's row in the table.
    #[must_use]
    pub const fn row(self) -> &'static Row {
        self.row
    }
}

impl<F, G> Clone for OptionKey<F, G> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<F, G> Copy for OptionKey<F, G> {}

impl<F, G> fmt::Debug for OptionKey<F, G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.row.name)
    }
}
