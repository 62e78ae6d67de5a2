//! What a socket type can do, as types: so that receiving on a PUSH does not compile.

use crate::socket_type::SocketType;

/// A socket type that is known when the program is compiled.
pub trait Typed {
    /// Which one.
    const TYPE: SocketType;
}

/// Sockets that send.
pub trait Sends {}

/// Sockets that receive.
pub trait Receives {}

/// Sockets that subscribe.
pub trait Subscribes {}

macro_rules! kinds {
    ($($(#[doc = $doc:literal])+ $kind:ident: $($ability:ident)*;)*) => {$(
        $(#[doc = $doc])+
        #[derive(Debug, Clone, Copy)]
        pub enum $kind {}

        impl Typed for $kind {
            const TYPE: SocketType = SocketType::$kind;
        }

        $(impl $ability for $kind {})*
    )*};
}

kinds! {
    /// One peer, both ways.
    Pair: Sends Receives;
    /// Sends to all subscribers. It subscribes where `XPUB_MANUAL` leaves that to it: for the peer that asked.
    Pub: Sends Subscribes;
    /// Receives what it subscribed to.
    Sub: Receives Subscribes;
    /// Asks, then waits for the answer.
    Req: Sends Receives;
    /// Answers each request.
    Rep: Sends Receives;
    /// Asks and answers without taking turns.
    Dealer: Sends Receives;
    /// Sends to the peer that the first part names. A message of nothing but that part is
    /// [`Error::InvalidMessage`](crate::Error::InvalidMessage).
    Router: Sends Receives;
    /// Receives work.
    Pull: Receives;
    /// Hands out work.
    Push: Sends;
    /// As PUB, and receives the subscriptions. With `XPUB_MANUAL` it confirms those it wants: see
    /// [`Socket::subscribe`](crate::Socket::subscribe).
    XPub: Sends Receives Subscribes;
    /// As SUB, and sends the subscriptions.
    XSub: Sends Receives;
    /// Bytes over plain TCP: each message is a peer's routing id and some bytes, in two parts.
    Stream: Sends Receives;
}

/// A socket whose type is known when the program runs: everything compiles, and what its type cannot do fails
/// with [`crate::Error::Unsupported`].
#[derive(Debug, Clone, Copy)]
pub enum Any {}

impl Sends for Any {}
impl Receives for Any {}
impl Subscribes for Any {}
