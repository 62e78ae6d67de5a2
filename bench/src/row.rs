//! A row: which work is measured, over which transport, at which size, with which options.

use std::fmt;
use std::str::FromStr;

use crate::work::Work;

/// The high-water mark of a socket that nobody set one on.
const DEFAULT_HWM: i32 = 1000;

/// The bytes that may wait on one side: large messages have a lower high-water mark.
const QUEUED_BYTES: usize = 256 << 20;

/// From this size on messages are large in that sense.
const LARGE: usize = 4 << 20;

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

/// What the rows of one chart differ in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Axis {
    /// Bytes in a message's body.
    Size,
    /// Messages a second.
    Rate,
    /// Peers.
    Peers,
    /// Topics that a peer has subscribed to.
    Topics,
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

impl Row {
    pub(crate) fn new(work: Work, transport: Transport, size: usize) -> Self {
        let hwm = if size < LARGE { DEFAULT_HWM } else { (QUEUED_BYTES / size) as i32 };
        Self { work, transport, size, hwm: Some(hwm), cpus: Cpus::Any }
    }

    pub(crate) fn unlimited(self) -> Self {
        Self { hwm: Some(0), ..self }
    }

    pub(crate) fn on(self, cpus: Cpus) -> Self {
        Self { cpus, ..self }
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

    /// The scale of this row's chart, and the place of the row there.
    pub(crate) fn place(&self) -> (Axis, usize) {
        match self.work {
            Work::Paced(rate) => (Axis::Rate, rate),
            Work::PushTo(peers) | Work::RouterTo(peers) | Work::PubTo(peers) => (Axis::Peers, peers),
            Work::Topics(topics) => (Axis::Topics, topics),
            _ => (Axis::Size, self.size),
        }
    }

    /// The row's name without its place and transport. A limit goes by the name of the work that it limits
    /// where both count the same.
    pub(crate) fn family(&self) -> String {
        let work = if self.work == Work::RawPingPong { Work::ReqRep } else { self.work };
        let mut name = if self.place().0 == Axis::Size { work.to_string() } else { work.name().0.to_owned() };
        if self.hwm == Some(0) {
            name += ", no HWM";
        }
        match self.cpus {
            Cpus::Any => {}
            Cpus::One => name += ", one CPU",
            Cpus::Two => name += ", two CPUs",
        }
        name
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
