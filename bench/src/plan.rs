//! The rows: which work is measured, over which transport, at which size.

use std::fmt;
use std::str::FromStr;

/// The high-water mark of a socket that nobody set one on.
const DEFAULT_HWM: i32 = 1000;

/// The size of each write and read of [`Work::RawStream`].
const RAW_CHUNK: usize = 64 << 10;

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
    /// Bytes through a bare stream socket: the limit of the throughput rows.
    RawStream,
    /// Bytes to and fro on a bare stream socket: the limit of the latency rows.
    RawPingPong,
}

/// The transport that carries a row's data.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Transport {
    /// Two threads of one process.
    Inproc,
    /// Two processes, Unix stream sockets.
    Ipc,
    /// Two processes, TCP over loopback.
    Tcp,
}

/// On which CPUs the two ends run, with all their threads.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Cpus {
    /// Wherever the scheduler puts them.
    Any,
    /// Both on one CPU.
    One,
    /// Each on a CPU of its own.
    Two,
}

/// The unit of a row's figure.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Unit {
    /// Messages received a second, requests and answers alike.
    Messages,
    /// Messages received a second by all subscribers together.
    Deliveries,
    /// Microseconds one way: half a round trip.
    OneWay,
    /// Millions of bytes a second.
    MegaBytes,
}

/// One line of the table. Its text form is the first five columns of the CSV.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Row {
    pub(crate) work: Work,
    pub(crate) transport: Transport,
    /// Bytes in a message's body.
    pub(crate) size: usize,
    /// SNDHWM and RCVHWM in messages, 0 without limit; `None` on raw sockets.
    pub(crate) hwm: Option<i32>,
    pub(crate) cpus: Cpus,
}

/// Every row there is, or the few that tell most within a minute.
pub(crate) fn rows(quick: bool) -> Vec<Row> {
    if quick { quick_rows() } else { all_rows() }
}

/// The bare-socket rows that the given rows cannot beat, each once.
pub(crate) fn limits(rows: &[Row]) -> Vec<Row> {
    let mut limits = Vec::new();
    for limit in rows.iter().filter_map(Row::limit) {
        if !limits.contains(&limit) {
            limits.push(limit);
        }
    }
    limits
}

fn all_rows() -> Vec<Row> {
    let transports = [Transport::Inproc, Transport::Ipc, Transport::Tcp];
    let sizes = [16, 64, 256, 1 << 10, 4 << 10, 16 << 10, 64 << 10, 256 << 10, 1 << 20];
    let mut rows = Vec::new();
    for transport in transports {
        rows.extend(sizes.map(|size| Row::new(Work::PushPull, transport, size)));
        // Without a limit a fast sender fills the memory with large messages.
        rows.extend(sizes[..5].iter().map(|&size| Row::new(Work::PushPull, transport, size).unlimited()));
    }
    for transport in transports {
        for subscribers in [1, 8, 64] {
            rows.extend([64, 1 << 10].map(|size| Row::new(Work::PubSub(subscribers), transport, size)));
        }
    }
    for transport in transports {
        for size in [64, 1 << 10, 64 << 10] {
            rows.extend([Cpus::One, Cpus::Two].map(|cpus| Row::new(Work::ReqRep, transport, size).on(cpus)));
        }
    }
    for transport in transports {
        rows.extend([64, 1 << 10, 64 << 10].map(|size| Row::new(Work::DealerRouter, transport, size)));
    }
    rows.extend([64, 1 << 10, 64 << 10].map(|size| Row::new(Work::CurvePushPull, Transport::Tcp, size)));
    rows.push(Row::new(Work::CurveReqRep, Transport::Tcp, 64).on(Cpus::One));
    rows
}

fn quick_rows() -> Vec<Row> {
    use Transport::{Inproc, Ipc, Tcp};
    vec![
        Row::new(Work::PushPull, Inproc, 64),
        Row::new(Work::PushPull, Ipc, 64),
        Row::new(Work::PushPull, Tcp, 16),
        Row::new(Work::PushPull, Tcp, 64),
        Row::new(Work::PushPull, Tcp, 64).unlimited(),
        Row::new(Work::PushPull, Tcp, 1 << 10),
        Row::new(Work::PushPull, Tcp, 1 << 20),
        Row::new(Work::PubSub(8), Tcp, 64),
        Row::new(Work::ReqRep, Inproc, 64).on(Cpus::Two),
        Row::new(Work::ReqRep, Ipc, 64).on(Cpus::One),
        Row::new(Work::ReqRep, Tcp, 64).on(Cpus::One),
        Row::new(Work::ReqRep, Tcp, 64).on(Cpus::Two),
        Row::new(Work::DealerRouter, Tcp, 64),
        Row::new(Work::CurvePushPull, Tcp, 64),
    ]
}

impl Row {
    fn new(work: Work, transport: Transport, size: usize) -> Self {
        Self { work, transport, size, hwm: Some(DEFAULT_HWM), cpus: Cpus::Any }
    }

    fn unlimited(self) -> Self {
        Self { hwm: Some(0), ..self }
    }

    fn on(self, cpus: Cpus) -> Self {
        Self { cpus, ..self }
    }

    fn limit(&self) -> Option<Self> {
        if self.transport == Transport::Inproc {
            return None;
        }
        let (work, size) = match self.work.unit() {
            Unit::OneWay => (Work::RawPingPong, self.size),
            _ => (Work::RawStream, RAW_CHUNK),
        };
        Some(Self { work, size, hwm: None, ..self.clone() })
    }

    /// Whether the row is about a word: a work (`push-pull`) or part of its name, a transport, a size in
    /// bytes, `hwm0`, `cpus-two` and the like.
    pub(crate) fn is_about(&self, word: &str) -> bool {
        let work = self.work.to_string();
        word == work
            || work.split('-').any(|part| part == word)
            || word == self.transport.to_string()
            || word == self.size.to_string()
            || word.strip_prefix("hwm").is_some_and(|hwm| hwm == hwm_text(self.hwm))
            || word.strip_prefix("cpus-").is_some_and(|cpus| cpus == self.cpus.to_string())
    }

    /// The row's name without its size and transport. A limit goes by the name of the work that it limits
    /// where both count the same.
    pub(crate) fn family(&self) -> String {
        let work = if self.work == Work::RawPingPong { Work::ReqRep } else { self.work };
        let mut name = work.to_string();
        if self.hwm.is_some_and(|hwm| hwm != DEFAULT_HWM) {
            name += &format!(", HWM {}", hwm_text(self.hwm));
        }
        match self.cpus {
            Cpus::Any => {}
            Cpus::One => name += ", one CPU",
            Cpus::Two => name += ", two CPUs",
        }
        name
    }
}

impl Work {
    /// The unit of this work's figure.
    pub(crate) fn unit(self) -> Unit {
        match self {
            Self::PushPull | Self::CurvePushPull | Self::DealerRouter => Unit::Messages,
            Self::PubSub(_) => Unit::Deliveries,
            Self::ReqRep | Self::CurveReqRep | Self::RawPingPong => Unit::OneWay,
            Self::RawStream => Unit::MegaBytes,
        }
    }

    /// Whether its connection is encrypted.
    pub(crate) fn is_encrypted(self) -> bool {
        matches!(self, Self::CurvePushPull | Self::CurveReqRep)
    }

    /// Whether it is done on bare sockets, without either library.
    pub(crate) fn is_raw(self) -> bool {
        matches!(self, Self::RawStream | Self::RawPingPong)
    }
}

impl fmt::Display for Work {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PushPull => out.pad("push-pull"),
            Self::PubSub(subscribers) => out.pad(&format!("pub-sub-{subscribers}")),
            Self::ReqRep => out.pad("req-rep"),
            Self::CurvePushPull => out.pad("curve-push-pull"),
            Self::CurveReqRep => out.pad("curve-req-rep"),
            Self::DealerRouter => out.pad("dealer-router"),
            Self::RawStream => out.pad("raw-stream"),
            Self::RawPingPong => out.pad("raw-ping-pong"),
        }
    }
}

impl FromStr for Work {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = [
            Self::PushPull,
            Self::ReqRep,
            Self::CurvePushPull,
            Self::CurveReqRep,
            Self::DealerRouter,
            Self::RawStream,
            Self::RawPingPong,
        ];
        let subscribers = text.strip_prefix("pub-sub-").and_then(|count| count.parse().ok());
        let named = known.into_iter().find(|work| work.to_string() == text);
        subscribers.map(Self::PubSub).or(named).ok_or_else(|| format!("no work is called {text:?}"))
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(match self {
            Self::Inproc => "inproc",
            Self::Ipc => "ipc",
            Self::Tcp => "tcp",
        })
    }
}

impl FromStr for Transport {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = [Self::Inproc, Self::Ipc, Self::Tcp];
        let named = known.into_iter().find(|transport| transport.to_string() == text);
        named.ok_or_else(|| format!("no transport is called {text:?}"))
    }
}

impl fmt::Display for Cpus {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(match self {
            Self::Any => "any",
            Self::One => "one",
            Self::Two => "two",
        })
    }
}

impl FromStr for Cpus {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = [Self::Any, Self::One, Self::Two];
        let named = known.into_iter().find(|cpus| cpus.to_string() == text);
        named.ok_or_else(|| format!("no placement is called {text:?}"))
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(match self {
            Self::Messages => "msg/s",
            Self::Deliveries => "deliveries/s",
            Self::OneWay => "us",
            Self::MegaBytes => "MB/s",
        })
    }
}

impl fmt::Display for Row {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { work, transport, size, hwm, cpus } = self;
        write!(out, "{work},{transport},{size},{},{cpus}", hwm_text(*hwm))
    }
}

impl FromStr for Row {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let fields: Vec<&str> = text.split(',').collect();
        let [work, transport, size, hwm, cpus] = fields[..] else {
            return Err(format!("{text:?} has not the five fields of a row"));
        };
        Ok(Self {
            work: work.parse()?,
            transport: transport.parse()?,
            size: size.parse().map_err(|_| format!("{size:?} is no size"))?,
            hwm: match hwm {
                "" => None,
                hwm => Some(hwm.parse().map_err(|_| format!("{hwm:?} is no high-water mark"))?),
            },
            cpus: cpus.parse()?,
        })
    }
}

/// A high-water mark as the table and the CSV show it.
pub(crate) fn hwm_text(hwm: Option<i32>) -> String {
    hwm.map(|hwm| hwm.to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_survives_its_text() {
        let rows = all_rows();
        for row in rows.iter().chain(&limits(&rows)) {
            assert_eq!(row.to_string().parse().as_ref(), Ok(row));
        }
    }

    #[test]
    fn no_row_comes_twice_and_the_quick_ones_are_among_all() {
        let rows = all_rows();
        for (index, row) in rows.iter().enumerate() {
            assert!(!rows[..index].contains(row), "{row}");
        }
        for row in quick_rows() {
            assert!(rows.contains(&row), "{row}");
        }
    }

    #[test]
    fn words_pick_rows() {
        let row = Row::new(Work::PubSub(8), Transport::Tcp, 64).unlimited();
        for word in ["pub-sub-8", "pub", "8", "tcp", "64", "hwm0", "cpus-any"] {
            assert!(row.is_about(word), "{word}");
        }
        for word in ["pub-sub", "6", "hwm1000", "cpus-one", ""] {
            assert!(!row.is_about(word), "{word}");
        }
    }
}
