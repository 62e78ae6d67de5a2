//! Sockets: the objects that an application holds. One `try_` core, two thin ways to wait.

mod allowance;
mod blocking;
mod builder;
mod caller_io;
mod closing;
mod commands;
pub(crate) mod core;
mod endpoints;
mod future;
#[cfg(feature = "futures")]
mod futures;
mod group;
mod halves;
mod handle;
mod interrupter;
mod listener;
mod numbers;
pub(crate) mod outgoing;
mod overdue;
mod peer;
mod peers;
mod read_spin;
mod streaming;
mod table;
mod throttle;
mod turn;
mod watch;

pub use self::builder::SocketBuilder;
pub(crate) use self::core::Core;
pub use self::halves::{RecvHalf, RejoinError, SendHalf};
pub use self::handle::{AnySocket, Socket};
pub use self::interrupter::Interrupter;
pub(crate) use self::streaming::end_streams_of_thread;
pub use self::watch::Interest;

/// The sockets whose type is known when the program is compiled.
pub(crate) mod typed {
    use crate::pattern::ability;
    use crate::socket::handle::Socket;
    use crate::socket_type::each_socket_type;

    macro_rules! sockets {
        ($($(#[doc = $doc:literal])+ $kind:ident = $number:literal, $name:literal to $peers:tt,
            $($ability:ident)+, $(in $file:ident)? $(of $other:ident)?: $make:expr, $profile:tt;)*) => {$(
            #[doc = concat!($name, ":")]
            $(#[doc = $doc])+
            ///
            #[doc = concat!("[`SocketType::", stringify!($kind), "`](crate::socket_type::SocketType::", stringify!($kind), "); see [`Socket`] for its calls.")]
            pub type $kind = Socket<ability::$kind>;
        )*};
    }

    each_socket_type!(sockets);
}
