//! The types that options have in Rust, where C has an `int` for everything.

use super::sealed::Sealed;
use super::value::Value;
use std::os::fd::RawFd;
use std::time::Duration;
use zmtp::{PublicKey, Secret, SecretKey};

/// How Rust sees the value of an option: as the type [`Form::Value`].
pub trait Form: Sealed {
    /// The type that is set and read.
    type Value: Default;

    /// The value as the table has it.
    fn write(value: Self::Value) -> Value;

    /// The value that the table has; `None` if it is of another type.
    fn read(value: Value) -> Option<Self::Value>;
}

/// Options that have the same type in the table.
macro_rules! plain {
    ($($ty:ty),+) => {$(
        impl Sealed for $ty {}

        impl Form for $ty {
            type Value = Self;

            fn write(value: Self) -> Value {
                value.into()
            }

            fn read(value: Value) -> Option<Self> {
                super::value::OptionType::from_value(value)
            }
        }
    )+};
}

plain!(i32, u64, bool, String, Vec<u8>, Option<u32>, Secret, Option<PublicKey>, Option<SecretKey>);

/// Numbers: the form, its type, how it is written as an integer and read from one.
macro_rules! numbers {
    ($($(#[doc = $doc:literal])+ $form:ident: $ty:ty, $write:expr, $read:expr;)+) => {$(
        $(#[doc = $doc])+
        #[derive(Debug)]
        pub enum $form {}

        impl Sealed for $form {}

        impl Form for $form {
            type Value = $ty;

            fn write(value: $ty) -> Value {
                let write: fn($ty) -> i64 = $write;
                Value::Long(write(value))
            }

            fn read(value: Value) -> Option<$ty> {
                let read: fn(i64) -> $ty = $read;
                value.integer().map(read)
            }
        }
    )+};
}

numbers! {
    /// A number.
    Count: usize, whole, |number| usize::try_from(number).unwrap_or_default();
    /// A number of bytes, or of other things; `None` (-1 in C): see the option.
    Limit: Option<usize>, |limit| limit.map_or(-1, whole), |number| usize::try_from(number).ok();
    /// A time, in C in milliseconds; `None` (-1 in C): without end.
    Wait: Option<Duration>, |time| time.map_or(-1, millis), |number| time(number, Duration::from_millis);
    /// A time, in C in milliseconds; `None` (0 in C): see the option.
    Time: Option<Duration>, |time| time.map_or(0, millis), |number| positive(number, Duration::from_millis);
    /// A time, in C in seconds; `None` (-1 in C): the system's choice.
    Seconds: Option<Duration>, |time| time.map_or(-1, |time| steps(time, 1_000_000_000)),
        |number| time(number, Duration::from_secs);
    /// A time, in C in microseconds; `None` (0 in C): the system's choice.
    Micros: Option<Duration>, |time| time.map_or(0, |time| steps(time, 1000)),
        |number| positive(number, Duration::from_micros);
    /// Yes, no or (`None`, -1 in C) the system's choice.
    Choice: Option<bool>, |choice| choice.map_or(-1, i64::from), |number| (number >= 0).then_some(number != 0);
    /// A descriptor; `None` (-1 in C): none.
    Descriptor: Option<RawFd>, |descriptor| descriptor.map_or(-1, i64::from),
        |number| RawFd::try_from(number).ok().filter(|descriptor| *descriptor >= 0);
}

/// What is too large is refused as the greatest number.
fn whole(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Rounded up: a short time is not none.
fn steps(time: Duration, nanos: u128) -> i64 {
    i64::try_from(time.as_nanos().div_ceil(nanos)).unwrap_or(i64::MAX)
}

fn millis(time: Duration) -> i64 {
    steps(time, 1_000_000)
}

/// No time if negative.
fn time(number: i64, unit: fn(u64) -> Duration) -> Option<Duration> {
    u64::try_from(number).ok().map(unit)
}

/// No time if negative or 0.
fn positive(number: i64, unit: fn(u64) -> Duration) -> Option<Duration> {
    time(number, unit).filter(|time| !time.is_zero())
}

/// A value that can be given for an option of type `T`: `T` itself, what `Option` may hold without `Some`, and text or bytes in
/// any form.
#[diagnostic::on_unimplemented(
    message = "this option takes a value of type `{T}`, not a `{Self}`",
    note = "a time is a `Duration`, a size or number a `usize`, a flag a `bool`, each as an `Option` where `None` has a meaning"
)]
pub trait Setting<T> {
    /// The value.
    fn setting(self) -> T;
}

macro_rules! settings {
    ($($from:ty => $to:ty),+ $(,)?) => {$(
        impl Setting<$to> for $from {
            fn setting(self) -> $to {
                self.into()
            }
        }
    )+};
}

settings!(
    bool => bool,
    i32 => i32,
    u64 => u64,
    usize => usize,
    usize => Option<usize>,
    Option<usize> => Option<usize>,
    u32 => Option<u32>,
    Option<u32> => Option<u32>,
    bool => Option<bool>,
    Option<bool> => Option<bool>,
    RawFd => Option<RawFd>,
    Option<RawFd> => Option<RawFd>,
    Duration => Option<Duration>,
    Option<Duration> => Option<Duration>,
    PublicKey => Option<PublicKey>,
    Option<PublicKey> => Option<PublicKey>,
    SecretKey => Option<SecretKey>,
    Option<SecretKey> => Option<SecretKey>,
    &str => String,
    &String => String,
    String => String,
    &str => Secret,
    String => Secret,
    Secret => Secret,
);

impl<B: AsRef<[u8]>> Setting<Vec<u8>> for B {
    fn setting(self) -> Vec<u8> {
        self.as_ref().to_vec()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_round_up_and_end_at_the_greatest() {
        let write = |time| Wait::write(time).integer().unwrap();
        assert_eq!([None, Some(Duration::ZERO), Some(Duration::from_nanos(1))].map(write), [-1, 0, 1]);
        assert_eq!([Duration::from_millis(5), Duration::MAX].map(|time| write(Some(time))), [5, i64::MAX]);
        assert_eq!(Seconds::write(Some(Duration::from_millis(1500))).integer(), Some(2));
        assert_eq!(Micros::write(Some(Duration::from_micros(7))).integer(), Some(7));
    }

    #[test]
    fn integers_that_mean_nothing_are_none() {
        let second = Some(Duration::from_secs(1));
        assert_eq!(
            [-1, 0, 1000].map(|int| Wait::read(Value::Int(int)).unwrap()),
            [None, Some(Duration::ZERO), second]
        );
        assert_eq!([-1, 0, 1000].map(|int| Time::read(Value::Int(int)).unwrap()), [None, None, second]);
        assert_eq!(
            [-1, 0, 1].map(|int| Choice::read(Value::Int(int)).unwrap()),
            [None, Some(false), Some(true)]
        );
        assert_eq!([-1, 0, 7].map(|int| Limit::read(Value::Long(int)).unwrap()), [None, Some(0), Some(7)]);
        assert_eq!(
            [-1, 0, 7].map(|int| Descriptor::read(Value::Int(int)).unwrap()),
            [None, Some(0), Some(7)]
        );
        assert_eq!(Count::read(Value::Flag(true)), None);
    }
}
