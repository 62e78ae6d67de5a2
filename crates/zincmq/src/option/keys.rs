//! What the table makes: the options of a socket, their names with types, and their rows.

use super::form::{Choice, Count, Descriptor, Limit, Micros, Seconds, Time, Wait};
use super::group::*;
use super::list::Subnet;
use super::row::Access::{Get, Set, SetGet};
use super::row::Effect::{Later, Now};
use super::row::{FlagKind, Kind, OWN, OptionKey, Row};
use super::table::each_option;
use super::value::{Field, OptionType, Value};
use zmtp::{PublicKey, Secret, SecretKey};

/// Reads and writes the field behind a row.
#[derive(Clone, Copy)]
pub(super) struct Cell {
    pub(super) get: fn(&Options) -> Value,
    /// `None`: the value has the wrong form.
    pub(super) set: fn(&mut Options, Value) -> Option<()>,
}

const MAX: usize = usize::MAX;
const ANY_INT: Kind = Kind::int(i32::MIN, i32::MAX);
const ONE: Kind = Kind::Flag(FlagKind::One);
const POSITIVE: Kind = Kind::Flag(FlagKind::Positive);
const NON_ZERO: Kind = Kind::Flag(FlagKind::NonZero);

const fn text(max: usize) -> Kind {
    Kind::Text { max, strict: true }
}

const fn loose_text(max: usize) -> Kind {
    Kind::Text { max, strict: false }
}

const fn bytes(min: usize, max: usize) -> Kind {
    Kind::Bytes { min, max }
}

/// The form of a row: what stands behind `as`, or the type of the field's values.
macro_rules! form {
    ($ty:ty) => {
        $ty
    };
    ($ty:ty as $form:ty) => {
        $form
    };
}
pub(crate) use form;

/// When an option acts, in words.
macro_rules! acts {
    (Now) => {
        "Acts at once."
    };
    (Later) => {
        "Acts on binds and connects from now on."
    };
}

macro_rules! options {
    (
        fields {
            $($(#[doc = $doc:literal])+
            $name:ident = $number:expr, $field:ident: $ty:ty $(as $form:ty)? = $default:expr,
                $kind:expr, $access:ident, $effect:ident, $group:ident;)+
        }
        state {
            $($(#[doc = $state_doc:literal])+
            $state:ident = $state_number:expr, $state_kind:expr, $state_access:ident, $state_group:ident;)+
        }
    ) => {
        /// All options of one socket that are settings, not state. The fields are named as the options.
        #[derive(Clone, PartialEq, Eq, Debug)]
        pub(crate) struct Options {
            $($(#[doc = $doc])+ pub(crate) $field: $ty,)+
        }

        impl Default for Options {
            fn default() -> Self {
                Self { $($field: $default,)+ }
            }
        }

        $($(#[doc = $doc])+
        #[doc = concat!("\n\nAn option of [`", stringify!($group), "`]. ", acts!($effect))]
        pub const $name: OptionKey<form!($ty $(as $form)?), $group> = OptionKey::new(&Row {
            name: stringify!($name),
            number: $number,
            kind: $kind,
            access: $access,
            effect: $effect,
            applies: <$group as Group>::TYPES,
            lines: concat!($($doc),+),
            state: false,
        });)+

        /// The cell of the option of this number; none if the socket itself keeps it.
        pub(super) fn cell(number: i32) -> Option<Cell> {
            $(if number == $number {
                return Some(Cell {
                    get: |options| options.$field.read().into(),
                    set: |options, value| options.$field.write(OptionType::from_value(value)?),
                });
            })+
            (number == IPV4ONLY.number).then_some(Cell {
                get: |options| (!options.ipv6).into(),
                set: |options, value| options.ipv6.write(!bool::from_value(value)?),
            })
        }

        const ROWS: &[&Row] = &[
            $($name.row(),)+
            &IPV4ONLY,
            $(&Row {
                name: stringify!($state),
                number: $state_number,
                kind: $state_kind,
                access: $state_access,
                effect: Now,
                applies: <$state_group as Group>::TYPES,
                lines: concat!($($state_doc),+),
                state: true,
            },)+
        ];
    };
}

each_option!(options);

/// The reverse of `IPV6`, over the same field.
const IPV4ONLY: Row = Row {
    name: "IPV4ONLY",
    number: 31,
    kind: ONE,
    access: SetGet,
    effect: Later,
    applies: All::TYPES,
    lines: " Do not use IPv6. Deprecated: use `IPV6`.",
    state: false,
};

/// Other names in C, and what they stand for.
const ALIASES: [(&str, &str); 5] = [
    ("IDENTITY", "ROUTING_ID"),
    ("FAIL_UNROUTABLE", "ROUTER_MANDATORY"),
    ("ROUTER_BEHAVIOR", "ROUTER_MANDATORY"),
    ("DELAY_ATTACH_ON_CONNECT", "IMMEDIATE"),
    ("CONNECT_RID", "CONNECT_ROUTING_ID"),
];

/// Every option, settings before state.
#[must_use]
pub const fn rows() -> &'static [&'static Row] {
    ROWS
}

/// The option of this number in C.
#[must_use]
pub fn by_number(number: i32) -> Option<&'static Row> {
    ROWS.iter().copied().find(|row| row.number == number)
}

/// The option of this name, capitals or not, with its C prefix or without: `SNDHWM`, `zmq_sndhwm`.
#[must_use]
pub fn by_name(name: &str) -> Option<&'static Row> {
    let upper = name.to_ascii_uppercase();
    let bare = upper.strip_prefix("ZMQ_").or_else(|| upper.strip_prefix("ZINCMQ_")).unwrap_or(&upper);
    let bare = ALIASES.iter().find(|(alias, _)| *alias == bare).map_or(bare, |(_, name)| name);
    ROWS.iter().copied().find(|row| row.name == bare)
}
