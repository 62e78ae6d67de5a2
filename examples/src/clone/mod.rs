//! Clone: a table of keys and values that many programs share, by a server which puts all changes in order (12/CHP).
//!
//! A change has five parts: key, number (8 bytes), id, properties, value. An empty value removes the key.
//!
//! ```text
//! client's DEALER to server's ROUTER    "ICANHAZ?" subtree
//! server's ROUTER to client's DEALER    changes that make up the table, then "KTHXBAI" number "" "" subtree
//! client's PUB to server's SUB          a change that is wanted
//! server's PUB to client's SUB          a change that was made; "HUGZ" 0 "" "" "" if there is none
//! ```

mod replica;
mod table;

pub use replica::{News, Replica};
pub use table::Table;

use std::time::Duration;
use zincmq::{Frame, Message};

const ASK: &str = "ICANHAZ?";
const END: &str = "KTHXBAI";
const HEARTBEAT: &str = "HUGZ";

/// A change of one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The key: a path such as `/lights/hall`.
    pub key: Frame,
    /// Its place in the order of all changes; 0 for one that is only wanted.
    pub number: u64,
    /// How long the key stays, in whole seconds; `None`: until it is changed again.
    pub ttl: Option<Duration>,
    /// The value; an empty one removes the key.
    pub value: Frame,
}

impl Change {
    /// A change that is wanted.
    pub fn wanted(key: impl Into<Frame>, value: impl Into<Frame>, ttl: Option<Duration>) -> Self {
        Self { key: key.into(), number: 0, ttl, value: value.into() }
    }

    /// The change that a message tells of, if it does.
    #[must_use]
    pub fn read(message: &Message) -> Option<Self> {
        let [key, number, _, properties, value] = message.as_slice() else { return None };
        let number = u64::from_be_bytes(number[..].try_into().ok()?);
        let ttl = properties.as_str().ok()?.lines().find_map(|line| line.strip_prefix("ttl=")?.parse().ok());
        Some(Self { key: key.clone(), number, ttl: ttl.map(Duration::from_secs), value: value.clone() })
    }
}

impl From<&Change> for Message {
    fn from(change: &Change) -> Self {
        let properties = change.ttl.map_or_else(String::new, |ttl| format!("ttl={}\n", ttl.as_secs()));
        (&change.key, change.number.to_be_bytes(), "", properties, &change.value).into()
    }
}

/// A message of the server's that is no change.
fn signal(name: &str, number: u64, subtree: &Frame) -> Message {
    (name, number.to_be_bytes(), "", "", subtree).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_read_as_they_were_written() {
        for ttl in [None, Some(Duration::from_secs(20))] {
            let change = Change { number: 7, ..Change::wanted("/lights/hall", "on", ttl) };
            assert_eq!(Change::read(&(&change).into()), Some(change));
        }
        assert_eq!(Change::read(&Message::from(["/lights/hall", "7", "", "", "on"])), None);
        assert_eq!(Change::read(&Message::from("/lights/hall")), None);
    }
}
