//! The abilities of socket types, as types: so that receiving on a PUSH does not compile.

use crate::option::{self, KnownTo, each_group};
use crate::socket_type::{SocketType, each_socket_type};
use sealed::Sealed;

/// Socket types are made here alone.
mod sealed {
    pub trait Sealed {}
}

/// A socket type that is known when the program is compiled.
pub trait Typed: Sealed {
    /// Which one.
    const TYPE: SocketType;
}

/// Sockets that send.
#[diagnostic::on_unimplemented(
    message = "a socket of type `{Self}` does not send",
    note = "PAIR, PUB, REQ, REP, DEALER, ROUTER, PUSH, XPUB, XSUB and STREAM send"
)]
pub trait Sends: Sealed {}

/// Sockets that receive.
#[diagnostic::on_unimplemented(
    message = "a socket of type `{Self}` does not receive",
    note = "PAIR, SUB, REQ, REP, DEALER, ROUTER, PULL, XPUB, XSUB and STREAM receive"
)]
pub trait Receives: Sealed {}

/// Sockets that subscribe.
#[diagnostic::on_unimplemented(
    message = "a socket of type `{Self}` does not subscribe",
    note = "SUB subscribes; XPUB does with XPUB_MANUAL; XSUB sends a message of 1 and the topic"
)]
pub trait Subscribes: Sealed {}

/// Sockets that can be taken apart, since neither direction waits for the other.
#[diagnostic::on_unimplemented(
    message = "a socket of type `{Self}` cannot be split",
    note = "PAIR, DEALER, ROUTER, XPUB, XSUB and STREAM can be: the others take turns, or go one way"
)]
pub trait Splits: Sealed {}

macro_rules! kinds {
    ($($(#[doc = $doc:literal])+ $kind:ident = $number:literal, $name:literal to $peers:tt,
        $($ability:ident)+, $(in $file:ident)? $(of $other:ident)?: $make:expr, $profile:tt;)*) => {$(
        $(#[doc = $doc])+
        #[derive(Debug, Clone, Copy)]
        pub enum $kind {}

        impl Sealed for $kind {}

        impl Typed for $kind {
            const TYPE: SocketType = SocketType::$kind;
        }

        $(impl $ability for $kind {})+
    )*};
}

each_socket_type!(kinds);

macro_rules! owners {
    ($($(#[doc = $doc:literal])+ $group:ident: $($kind:ident)+;)+) => {$(
        $(impl KnownTo<$kind> for option::$group {})+
        impl KnownTo<Any> for option::$group {}
    )+};
}

each_group!(owners);

/// A socket whose type is known when the program runs: everything compiles, and calls that its type does not
/// have fail with [`crate::Error::Unsupported`].
#[derive(Debug, Clone, Copy)]
pub enum Any {}

impl Sealed for Any {}
impl Sends for Any {}
impl Receives for Any {}
impl Subscribes for Any {}
