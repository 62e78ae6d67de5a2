//! The sockets whose type is known when the program is compiled. Each has a page, in the file of its name.

#[cfg(doc)]
use crate::error::Error;
#[cfg(doc)]
use crate::option::*;
use crate::pattern::ability;
use crate::socket::handle::Socket;
use crate::socket_type::each_socket_type;
#[cfg(doc)]
use crate::stats::SocketStats;

macro_rules! sockets {
    ($($(#[doc = $doc:literal])+ $kind:ident = $number:literal, $name:literal to $peers:tt,
        $($ability:ident)+, $(in $file:ident)? $(of $other:ident)?: $make:expr, $profile:tt;)*) => {$(
        #[doc = include_str!(concat!("typed/", $name, ".md"))]
        #[doc = "\nAll calls at a glance: [`Socket`]."]
        pub type $kind = Socket<ability::$kind>;
    )*};
}

each_socket_type!(sockets);
