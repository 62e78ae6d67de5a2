//! The socket types, by name and number, and which may talk to which.

use std::fmt;
use std::str::FromStr;

/// Hands the rows of all socket types to a macro, which makes of them what it needs: the enum and its tables here, the
/// list of patterns, the typed sockets. A new type is a row, a file of its name in `pattern/`, and a page in `socket/typed/`.
///
/// A row: the variant with its number in C, its name on the wire, the names of the peers it may talk to (RFC 23, section
/// "Socket-Type Property"), what its socket can do, the pattern's file if it has one of its own, how the pattern is made
/// from a seed, and where it is not [`Profile::PLAIN`].
macro_rules! each_socket_type {
    ($use:ident) => {
        $use! {
            /// One peer, both ways.
            Pair = 0, "PAIR" to ["PAIR"], Sends Receives Splits,
                in pair: |_| pair::Pair::default(), { reveals_ends: true };
            /// Sends to all subscribers.
            Pub = 1, "PUB" to ["SUB", "XSUB"], Sends,
                of xpub: |_| xpub::XPub::without_notices(),
                { publishes: true, once_per_endpoint: true, conflates_out: true, refused: Refused::Nodrop };
            /// Receives what it subscribed to.
            Sub = 2, "SUB" to ["PUB", "XPUB"], Receives Subscribes,
                in sub: |_| sub::Sub::default(),
                { subscribes: true, once_per_endpoint: true, conflates_in: true };
            /// Asks, then waits for the answer.
            Req = 3, "REQ" to ["REP", "ROUTER"], Sends Receives,
                in req: req::Req::new,
                { expects_replies: true, announces_id: true, greets: true, hears_hiccups: true, once_per_endpoint: true };
            /// Answers each request.
            Rep = 4, "REP" to ["REQ", "DEALER"], Sends Receives,
                in rep: |_| rep::Rep::default(),
                { owes_replies: true, greets: true, hears_disconnects: true, refused: Refused::Lost };
            /// Asks and answers without taking turns.
            Dealer = 5, "DEALER" to ["REP", "DEALER", "ROUTER"], Sends Receives Splits,
                in dealer: |_| dealer::Dealer::default(),
                {
                    announces_id: true, greets: true, hears_hiccups: true, once_per_endpoint: true,
                    conflates_out: true, conflates_in: true
                };
            /// Sends to the peer that the first part names. A message of nothing but that part is
            /// [`Error::InvalidMessage`](crate::Error::InvalidMessage).
            Router = 6, "ROUTER" to ["REQ", "DEALER", "ROUTER"], Sends Receives Splits,
                in router: router::Router::new,
                {
                    announces_id: true, greets: true, hears_disconnects: true, reveals_ends: true, raw: Raw::Router,
                    refused: Refused::Mandatory
                };
            /// Receives work.
            Pull = 7, "PULL" to ["PUSH"], Receives,
                in pull: |_| pull::Pull::default(), { conflates_in: true };
            /// Hands out work.
            Push = 8, "PUSH" to ["PULL"], Sends,
                in push: |_| push::Push::default(), { conflates_out: true };
            /// As PUB, and receives the subscriptions. With `XPUB_MANUAL` it confirms those it wants: see
            /// [`Socket::subscribe`](crate::Socket::subscribe).
            XPub = 9, "XPUB" to ["SUB", "XSUB"], Sends Receives Subscribes Splits,
                in xpub: |_| xpub::XPub::default(), { publishes: true, refused: Refused::Nodrop };
            /// As SUB, and sends the subscriptions.
            XSub = 10, "XSUB" to ["PUB", "XPUB"], Sends Receives Splits,
                in xsub: |_| xsub::XSub::default(), { subscribes: true, refused: Refused::Lost };
            /// Bytes over plain TCP: each message is a peer's routing id and some bytes, in two parts.
            Stream = 11, "STREAM" to [], Sends Receives Splits,
                in stream: stream::Stream::new, { reveals_ends: true, raw: Raw::Stream, shows_given_id: true };
        }
    };
}
pub(crate) use each_socket_type;

/// The facts about a socket type that the rest of the library asks for; its behaviour stands in the pattern.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Profile {
    /// Sends subscriptions, and does not linger unless it is told to.
    pub(crate) subscribes: bool,
    /// Heeds subscriptions of its peers.
    pub(crate) publishes: bool,
    /// A message from a peer is a reply, or breaks the protocol.
    pub(crate) expects_replies: bool,
    /// Each message that it receives is to be answered.
    pub(crate) owes_replies: bool,
    /// Tells its routing id in the handshake.
    pub(crate) announces_id: bool,
    /// Sends `HELLO_MSG`.
    pub(crate) greets: bool,
    /// Receives `DISCONNECT_MSG` when a peer that it accepted has gone.
    pub(crate) hears_disconnects: bool,
    /// Receives `HICCUP_MSG` when a connection that it made is lost.
    pub(crate) hears_hiccups: bool,
    /// The directions in which `CONFLATE` keeps only the last message.
    pub(crate) conflates_out: bool,
    pub(crate) conflates_in: bool,
    /// Connects to one endpoint once: more connections would do nothing but double messages.
    pub(crate) once_per_endpoint: bool,
    /// A peer of its may end while nobody reads what fills the queue: the end shows all the same.
    pub(crate) reveals_ends: bool,
    /// `ROUTING_ID` is the id that this side gave the newest peer.
    pub(crate) shows_given_id: bool,
    pub(crate) raw: Raw,
    pub(crate) refused: Refused,
}

/// Whether the socket speaks plain TCP, and which options say so and ask for empty messages as notices.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Raw {
    Never,
    /// `ROUTER_RAW`, `ROUTER_NOTIFY`.
    Router,
    /// Always; `STREAM_NOTIFY`.
    Stream,
}

/// The fate of a message for which a peer has no room.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Refused {
    /// The send waits, or fails.
    Kept,
    Lost,
    /// As the option `ROUTER_MANDATORY` says.
    Mandatory,
    /// As the option `XPUB_NODROP` says.
    Nodrop,
}

impl Profile {
    /// The profile of most types.
    const PLAIN: Self = Self {
        subscribes: false,
        publishes: false,
        expects_replies: false,
        owes_replies: false,
        announces_id: false,
        greets: false,
        hears_disconnects: false,
        hears_hiccups: false,
        conflates_out: false,
        conflates_in: false,
        once_per_endpoint: false,
        reveals_ends: false,
        shows_given_id: false,
        raw: Raw::Never,
        refused: Refused::Kept,
    };
}

macro_rules! types {
    ($($(#[doc = $doc:literal])+ $variant:ident = $number:literal, $name:literal to [$($peer:literal),*],
        $($ability:ident)+, $(in $file:ident)? $(of $other:ident)?: $make:expr, {$($field:ident: $value:expr),*};)*) => {
        /// Which messaging pattern a socket follows (RFC 28 to 31; `zmq_socket(3)`). The numbers are C's.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        #[repr(i32)]
        #[non_exhaustive]
        pub enum SocketType {
            $($(#[doc = $doc])+ $variant = $number,)*
        }

        /// In the order of the numbers.
        const ALL: &[SocketType] = &[$(SocketType::$variant),*];

        impl SocketType {
            /// The name in capitals, as the handshake carries it (RFC 23, `Socket-Type`).
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// The names of the types that a peer may have (RFC 23, section "Socket-Type Property"). STREAM speaks
            /// no ZMTP and has none.
            #[must_use]
            pub const fn peers(self) -> &'static [&'static str] {
                match self {
                    $(Self::$variant => &[$($peer),*],)*
                }
            }

            pub(crate) const fn profile(self) -> &'static Profile {
                match self {
                    $(Self::$variant => const { &Profile { $($field: $value,)* ..Profile::PLAIN } },)*
                }
            }
        }
    };
}

each_socket_type!(types);

impl SocketType {
    /// Every socket type, in the order of the numbers.
    pub fn all() -> impl Iterator<Item = Self> {
        ALL.iter().copied()
    }

    /// The number in C (`ZMQ_PUSH` = 8).
    #[must_use]
    pub const fn number(self) -> i32 {
        self as i32
    }

    /// The type that this number stands for in C.
    #[must_use]
    pub fn from_number(number: i32) -> Option<Self> {
        Self::all().find(|socket| socket.number() == number)
    }

    /// Whether a message is to be read whole, and answered or the answer to it received, before the next (REQ, REP).
    #[must_use]
    pub fn takes_turns(self) -> bool {
        self.profile().expects_replies || self.profile().owes_replies
    }
}

impl fmt::Display for SocketType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// There is no socket type of this name.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0:?} is not a socket type")]
pub struct UnknownSocketType(pub String);

impl FromStr for SocketType {
    type Err = UnknownSocketType;

    /// Reads a name in capitals or not: `PUSH`, `push`.
    fn from_str(text: &str) -> Result<Self, UnknownSocketType> {
        let found = Self::all().find(|socket| socket.name().eq_ignore_ascii_case(text));
        found.ok_or_else(|| UnknownSocketType(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_type_stands_at_its_number_and_reads_back() {
        for (number, socket) in SocketType::all().enumerate() {
            assert_eq!(socket.number(), number as i32);
            assert_eq!(SocketType::from_number(number as i32), Some(socket));
            assert_eq!(socket.to_string().to_lowercase().parse(), Ok(socket));
        }
        assert_eq!(SocketType::from_number(ALL.len() as i32), None);
        assert_eq!(SocketType::from_number(-1), None);
        assert_eq!("plug".parse::<SocketType>(), Err(UnknownSocketType("plug".into())));
        assert_eq!(SocketType::Push.to_string(), "PUSH");
    }

    #[test]
    fn acceptance_is_mutual() {
        for (ours, peer) in SocketType::all().flat_map(|s| s.peers().iter().map(move |p| (s, *p))) {
            let peer: SocketType = peer.parse().unwrap();
            assert!(peer.peers().contains(&ours.name()), "{ours} accepts {peer} but not the reverse");
        }
    }
}
