//! The handshake of a connection: its commands with what they tell, and why it failed.

use crate::dump::event::Event;
use crate::wire;
use zmtp::PublicKey;

/// The longest handshake command.
pub(super) const LONGEST: u64 = 64 << 10;

/// The mechanisms whose handshakes are known.
pub(super) fn is_known(mechanism: &str) -> bool {
    matches!(mechanism, "NULL" | "PLAIN" | "CURVE")
}

/// Whether a side that says this has nothing more to say in the handshake.
pub(super) fn ends(name: &str) -> bool {
    matches!(name, "READY" | "INITIATE" | "ERROR")
}

/// A command of the handshake; none if it is traffic: NULL has one command, and all else follows.
pub(super) fn read(mechanism: &str, body: &[u8]) -> Option<Event> {
    let (name, rest) = wire::split_handshake(body).unwrap_or((b"unknown", b""));
    if mechanism == "NULL" && !matches!(name, b"READY" | b"ERROR") {
        return None;
    }
    let text = |bytes: String| bytes.into_bytes();
    let details = match (mechanism, name) {
        (_, b"ERROR") => {
            let (reason, meaning) = wire::refusal(rest);
            let meaning = meaning.map(|meaning| ("meaning".to_owned(), text(meaning.to_owned())));
            [("reason".to_owned(), text(reason))].into_iter().chain(meaning).collect()
        }
        ("CURVE", name) => curve(name, rest),
        (_, b"READY" | b"INITIATE") => wire::properties(rest),
        ("PLAIN", b"HELLO") => plain(rest),
        _ => Vec::new(),
    };
    let name = String::from_utf8_lossy(name).into_owned();
    Some(Event::Handshake { mechanism: mechanism.to_owned(), name, size: body.len() as u64, details })
}

/// The user of a HELLO. The password is nobody's business, nor is its length.
fn plain(rest: &[u8]) -> Vec<(String, Vec<u8>)> {
    let credentials = wire::split_command(rest)
        .and_then(|(user, rest)| Some((user, wire::split_command(rest)?)))
        .filter(|(_, (_, rest))| rest.is_empty());
    let password = ("password".to_owned(), b"not shown".to_vec());
    match credentials {
        Some((user, _)) => vec![("username".to_owned(), user.to_vec()), password],
        None => vec![("fault".to_owned(), b"there is no user name and password".to_vec()), password],
    }
}

/// The parts of a command of CURVE that are in the clear, and the sizes of the others.
fn curve(name: &[u8], rest: &[u8]) -> Vec<(String, Vec<u8>)> {
    let bytes = |count: usize| format!("{count} bytes, encrypted");
    let (expected, exact) = match name {
        b"HELLO" => (2 + 72 + 32 + 8 + 80, true),
        b"WELCOME" => (16 + 144, true),
        b"INITIATE" => (96 + 8 + 144, false),
        b"READY" => (8 + 16, false),
        _ => return Vec::new(),
    };
    let parts = match name {
        _ if rest.len() < expected || (exact && rest.len() > expected) => {
            let least = if exact { "" } else { " or more" };
            vec![("fault", format!("{} bytes follow the name, not {expected}{least}", rest.len()))]
        }
        b"HELLO" => {
            let version = rest.first_chunk::<2>().map(|[major, minor]| format!("{major}.{minor}"));
            let key = rest.get(74..106).and_then(|key| <[u8; 32]>::try_from(key).ok());
            let key = key.map(|key| PublicKey::new(key).to_string());
            let parts = [("version", version), ("key-of-this-connection", key)];
            parts.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
        }
        b"INITIATE" => vec![("cookie", bytes(96)), ("box", bytes(rest.len() - 104))],
        b"WELCOME" => vec![("box", bytes(rest.len() - 16))],
        _ => vec![("box", bytes(rest.len() - 8))],
    };
    parts.into_iter().map(|(name, value)| (name.to_owned(), value.into_bytes())).collect()
}

/// How far the handshake of a connection has come.
#[derive(Debug, Default)]
pub(super) struct Progress {
    sides: [Said; 2],
    /// The last command, of either side.
    last: Option<String>,
    /// The side that said ERROR, with the reason.
    refusal: Option<(usize, String)>,
    /// Not all of it was seen.
    lost: bool,
}

/// What one side has said.
#[derive(Debug, Default)]
struct Said {
    mechanism: Option<String>,
    done: bool,
}

impl Progress {
    /// Takes note of what a side says.
    pub(super) fn note(&mut self, side: usize, event: &Event) {
        let Some(said) = self.sides.get_mut(side) else { return };
        match event {
            Event::Greeting(greeting) => said.mechanism = Some(greeting.mechanism.clone()),
            Event::Handshake { name, details, .. } if name == "ERROR" => {
                let value = |at: usize| details.get(at).map(|(_, value)| String::from_utf8_lossy(value));
                let meaning = value(1).map(|meaning| format!(" ({meaning})")).unwrap_or_default();
                let reason = format!("ERROR {:?}{meaning}", value(0).unwrap_or_default());
                self.refusal = Some((side, reason));
            }
            Event::Handshake { name, .. } => {
                said.done |= ends(name);
                self.last = Some(name.clone());
            }
            Event::OldGreeting { .. } | Event::Gap(_) | Event::Broken(_) => self.lost = true,
            _ => {}
        }
    }

    /// The side that ended it, if it is known, and the line about a handshake that failed. `ended`: the side that closed
    /// the connection first, if one did.
    pub(super) fn failure(&self, ended: Option<usize>) -> Option<(usize, Event)> {
        let [one, other] = &self.sides;
        if self.lost || (one.done && other.done) {
            return None;
        }
        let failed = |side, mechanism: &str, step: &str, reason: String| {
            Some((side, Event::Failed { mechanism: mechanism.to_owned(), step: step.to_owned(), reason }))
        };
        let (mechanism, both) = match (&one.mechanism, &other.mechanism) {
            (Some(one), Some(other)) if one != other => {
                let side = ended.unwrap_or_default();
                return failed(
                    side,
                    &format!("{one} and {other}"),
                    "greeting",
                    "the mechanisms differ".to_owned(),
                );
            }
            (Some(mechanism), other) | (other, Some(mechanism)) => (mechanism, other.is_some()),
            (None, None) => return None,
        };
        let first = if mechanism == "NULL" { "READY" } else { "HELLO" };
        let step = self.last.as_deref().unwrap_or(if both { first } else { "greeting" });
        if let Some((side, reason)) = &self.refusal {
            return failed(*side, mechanism, step, reason.clone());
        }
        // Of other mechanisms it is not known when a handshake is over.
        let side = ended.filter(|_| is_known(mechanism))?;
        let likely = match (mechanism.as_str(), step) {
            ("CURVE", "HELLO") => ": the client may have the key of another server",
            ("PLAIN", "HELLO") => ": the server may have no authenticator (ZAP), or that cannot decide now",
            (_, "INITIATE") => {
                ": the socket types may not go together, or the authenticator (ZAP) cannot decide now"
            }
            _ => "",
        };
        failed(side, mechanism, step, format!("the connection is closed without a word{likely}"))
    }
}
