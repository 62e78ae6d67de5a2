//! The log: events and spans of the crate `tracing`. Without the feature of that name they are nothing, and cost nothing.
//!
//! Each has a target below `zincmq::`, and fields that are text or numbers. Nothing is logged on the way of a message. The
//! book's page on logs names all of them.

/// Whether there is a log at all.
pub(crate) const IS_ON: bool = cfg!(feature = "tracing");

/// Logs an event: its level, its target, its text, and fields. The text may name variables.
#[cfg(feature = "tracing")]
macro_rules! event {
    ($level:ident, $target:literal, $text:literal $(, $field:ident = $value:expr)* $(,)?) => {
        ::tracing::event!(
            target: concat!("zincmq::", $target),
            ::tracing::Level::$level,
            $($field = $value,)*
            $text
        )
    };
}

#[cfg(not(feature = "tracing"))]
macro_rules! event {
    ($level:ident, $target:literal, $text:literal $(, $field:ident = $value:expr)* $(,)?) => {
        if false {
            $(_ = &$value;)*
            _ = ::std::format_args!($text);
        }
    };
}

/// A span: its target, its name, and fields.
#[cfg(feature = "tracing")]
macro_rules! span {
    ($target:literal, $name:literal $(, $field:ident = $value:expr)* $(,)?) => {
        ::tracing::debug_span!(target: concat!("zincmq::", $target), $name $(, $field = $value)*)
    };
}

#[cfg(not(feature = "tracing"))]
macro_rules! span {
    ($target:literal, $name:literal $(, $field:ident = $value:expr)* $(,)?) => {{
        if false {
            $(_ = &$value;)*
        }
        crate::trace::Span
    }};
}

/// As [`event`], for what has come of an endpoint: `origin` is an [`Origin`](crate::command::Origin).
macro_rules! event_of {
    ($origin:expr, $level:ident, $target:literal, $text:literal $(, $field:ident = $value:expr)* $(,)?) => {{
        let origin = &$origin;
        crate::trace::event!(
            $level,
            $target,
            $text,
            socket = origin.owner.socket_type.name(),
            id = origin.owner.id,
            endpoint = &*origin.name
            $(, $field = $value)*
        )
    }};
}

pub(crate) use {event, event_of, span};

/// A time that events belong to.
#[cfg(feature = "tracing")]
pub(crate) use tracing::Span;

/// A time that events belong to.
#[cfg(not(feature = "tracing"))]
#[derive(Clone, Debug)]
pub(crate) struct Span;

#[cfg(not(feature = "tracing"))]
impl Span {
    /// Has the events of `act` belong to it.
    pub(crate) fn in_scope<T>(&self, act: impl FnOnce() -> T) -> T {
        act()
    }
}
