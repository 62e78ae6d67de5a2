//! The works that are measured, and the units of their figures.

use std::fmt;
use std::str::FromStr;

/// The work of a row.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Work {
    /// PUSH sends to PULL as fast as it can.
    PushPull,
    /// A publisher sends to this many subscribers, all of whom get everything.
    PubSub(usize),
    /// REQ asks, REP answers.
    ReqRep,
    /// PUSH and PULL over an encrypted connection (CURVE).
    CurvePushPull,
    /// REQ and REP over an encrypted connection.
    CurveReqRep,
    /// DEALER keeps many requests under way, ROUTER answers each.
    DealerRouter,
    /// DEALER and DEALER both send and receive as fast as they can, each in one thread.
    Duplex,
    /// PUSH sends so many messages a second to PULL, each at its time: the delays.
    Paced(usize),
    /// Peers connect, ask once, are answered and leave, a wave at a time.
    Storm,
    /// PUSH sends to so many peers in turn, which are the connections of one PULL.
    PushTo(usize),
    /// ROUTER sends to so many DEALERs in turn, by their routing ids.
    RouterTo(usize),
    /// A publisher sends to so many subscribers in turn, each by a topic of its own.
    PubTo(usize),
    /// A publisher sends to one subscriber, which has subscribed to so many topics, by each in turn.
    Topics(usize),
    /// So many DEALERs are connected to a ROUTER, and nothing happens: the memory.
    Idle(usize),
    /// Bytes through a bare stream socket: the limit of the throughput rows.
    RawStream,
    /// Messages through so many bare stream sockets, each to all of them: as a program without a library does it.
    RawMessages(usize),
    /// Bytes to and fro on a bare stream socket: the limit of the latency rows.
    RawPingPong,
}

/// The unit of a row's figures.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Unit {
    /// Messages received a second, requests and answers alike.
    Messages,
    /// Messages received a second by all subscribers together.
    Deliveries,
    /// Microseconds one way: half a round trip.
    OneWay,
    /// Microseconds from when a message is due to when it is received.
    Delay,
    /// Connections a second that came, were used and went.
    Connections,
    /// Bytes of resident memory for each connection, in the process that accepts them.
    Bytes,
    /// Millions of bytes a second.
    MegaBytes,
}

impl Work {
    /// The unit of this work's figures.
    pub(crate) fn unit(self) -> Unit {
        match self {
            Self::PushPull | Self::CurvePushPull | Self::DealerRouter | Self::Duplex => Unit::Messages,
            Self::PushTo(_) | Self::RouterTo(_) | Self::PubTo(_) | Self::Topics(_) => Unit::Messages,
            Self::PubSub(_) => Unit::Deliveries,
            Self::RawMessages(connections) => {
                if connections == 1 {
                    Unit::Messages
                } else {
                    Unit::Deliveries
                }
            }
            Self::ReqRep | Self::CurveReqRep | Self::RawPingPong => Unit::OneWay,
            Self::Paced(_) => Unit::Delay,
            Self::Storm => Unit::Connections,
            Self::Idle(_) => Unit::Bytes,
            Self::RawStream => Unit::MegaBytes,
        }
    }

    /// Whether its connection is encrypted.
    pub(crate) fn is_encrypted(self) -> bool {
        matches!(self, Self::CurvePushPull | Self::CurveReqRep)
    }

    /// Whether it is done on bare sockets, without either library.
    pub(crate) fn is_raw(self) -> bool {
        matches!(self, Self::RawStream | Self::RawMessages(_) | Self::RawPingPong)
    }

    /// The connections that one process has.
    pub(crate) fn connections(self) -> usize {
        match self {
            Self::PushTo(peers) | Self::RouterTo(peers) | Self::PubTo(peers) | Self::Idle(peers) => peers,
            _ => 1,
        }
    }

    /// How many times as long a run of it takes as others: one message in a thousand must be several.
    pub(crate) fn length(self) -> u32 {
        if self.unit() == Unit::Delay { 4 } else { 1 }
    }

    /// The name, and the number that belongs to it: of subscribers, of peers, of messages a second.
    pub(crate) fn name(self) -> (&'static str, Option<usize>) {
        match self {
            Self::PushPull => ("push-pull", None),
            Self::PubSub(subscribers) => ("pub-sub", Some(subscribers)),
            Self::ReqRep => ("req-rep", None),
            Self::CurvePushPull => ("curve-push-pull", None),
            Self::CurveReqRep => ("curve-req-rep", None),
            Self::DealerRouter => ("dealer-router", None),
            Self::Duplex => ("duplex", None),
            Self::Paced(rate) => ("paced", Some(rate)),
            Self::Storm => ("storm", None),
            Self::PushTo(peers) => ("push-to", Some(peers)),
            Self::RouterTo(peers) => ("router-to", Some(peers)),
            Self::PubTo(peers) => ("pub-to", Some(peers)),
            Self::Topics(topics) => ("topics", Some(topics)),
            Self::Idle(peers) => ("idle", Some(peers)),
            Self::RawStream => ("raw-stream", None),
            Self::RawMessages(connections) => ("raw-messages", Some(connections)),
            Self::RawPingPong => ("raw-ping-pong", None),
        }
    }
}

impl Unit {
    /// What the figures of one row are; most have one.
    pub(crate) fn statistics(self) -> &'static [&'static str] {
        if self == Self::Delay { &["p50", "p99", "p99.9", "max"] } else { &[""] }
    }

    /// Whether the smaller figure is the better one.
    pub(crate) fn is_cost(self) -> bool {
        matches!(self, Self::OneWay | Self::Delay | Self::Bytes)
    }
}

impl fmt::Display for Work {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            (name, None) => out.pad(name),
            (name, Some(number)) => out.pad(&format!("{name}-{number}")),
        }
    }
}

impl FromStr for Work {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // A number of zero stands for none.
        let (name, number) = text
            .rsplit_once('-')
            .and_then(|(name, number)| Some((name, number.parse().ok()?)))
            .unwrap_or((text, 0));
        let known = [
            Self::PushPull,
            Self::PubSub(number),
            Self::ReqRep,
            Self::CurvePushPull,
            Self::CurveReqRep,
            Self::DealerRouter,
            Self::Duplex,
            Self::Paced(number),
            Self::Storm,
            Self::PushTo(number),
            Self::RouterTo(number),
            Self::PubTo(number),
            Self::Topics(number),
            Self::Idle(number),
            Self::RawStream,
            Self::RawMessages(number),
            Self::RawPingPong,
        ];
        let named = known.into_iter().find(|work| work.name() == (name, (number > 0).then_some(number)));
        named.ok_or_else(|| format!("no work is called {text:?}"))
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(match self {
            Self::Messages => "msg/s",
            Self::Deliveries => "deliveries/s",
            Self::OneWay | Self::Delay => "us",
            Self::Connections => "connections/s",
            Self::Bytes => "bytes each",
            Self::MegaBytes => "MB/s",
        })
    }
}
