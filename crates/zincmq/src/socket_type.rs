//! The socket types: their numbers, names and accepted peers.

use std::fmt;
use std::str::FromStr;

/// Which messaging pattern a socket follows (RFC 28 to 31; `zmq_socket(3)`). The numbers are C's.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(i32)]
pub enum SocketType {
    /// One peer, both ways.
    Pair = 0,
    /// Sends to all subscribers.
    Pub = 1,
    /// Receives what it subscribed to.
    Sub = 2,
    /// Asks, then waits for the answer.
    Req = 3,
    /// Answers each request.
    Rep = 4,
    /// Asks and answers without taking turns.
    Dealer = 5,
    /// Sends to the peer it names.
    Router = 6,
    /// Receives work.
    Pull = 7,
    /// Hands out work.
    Push = 8,
    /// As PUB, and receives the subscriptions.
    XPub = 9,
    /// As SUB, and sends the subscriptions.
    XSub = 10,
    /// Bytes over plain TCP.
    Stream = 11,
}

/// Number N of the enum is the Nth row: name on the wire, and the names of peers it may talk to.
const TABLE: [(SocketType, &str, &[&str]); 12] = [
    (SocketType::Pair, "PAIR", &["PAIR"]),
    (SocketType::Pub, "PUB", &["SUB", "XSUB"]),
    (SocketType::Sub, "SUB", &["PUB", "XPUB"]),
    (SocketType::Req, "REQ", &["REP", "ROUTER"]),
    (SocketType::Rep, "REP", &["REQ", "DEALER"]),
    (SocketType::Dealer, "DEALER", &["REP", "DEALER", "ROUTER"]),
    (SocketType::Router, "ROUTER", &["REQ", "DEALER", "ROUTER"]),
    (SocketType::Pull, "PULL", &["PUSH"]),
    (SocketType::Push, "PUSH", &["PULL"]),
    (SocketType::XPub, "XPUB", &["SUB", "XSUB"]),
    (SocketType::XSub, "XSUB", &["PUB", "XPUB"]),
    (SocketType::Stream, "STREAM", &[]),
];

impl SocketType {
    /// Every socket type, in the order of the numbers.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLE.iter().map(|row| row.0)
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

    /// The name in capitals, as the handshake carries it (RFC 23, `Socket-Type`).
    #[must_use]
    pub const fn name(self) -> &'static str {
        TABLE[self as usize].1
    }

    /// The names of the types that a peer may have (RFC 23, section "Socket-Type Property"). STREAM speaks
    /// no ZMTP and has none.
    #[must_use]
    pub const fn peers(self) -> &'static [&'static str] {
        TABLE[self as usize].2
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
        assert_eq!(SocketType::from_number(12), None);
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
