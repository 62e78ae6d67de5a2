//! An examination of one peer, and the findings that every kind of it has.

use crate::doctor::findings::{Findings, Over};
use crate::doctor::heard::Heard;
use crate::doctor::reach::Wire;
use crate::wire::{self, GREETING, REVISION};
use std::time::Duration;
use zincmq::SocketType;
use zincmq::endpoint::Endpoint;
use zmtp::Security;

/// The user's own socket, as far as it matters.
pub(super) struct Wishes {
    pub(super) socket_type: Option<SocketType>,
    pub(super) mechanism: String,
    /// The keys, or the name and the password.
    pub(super) credentials: Option<Security>,
}

/// An examination of one peer.
pub(super) struct Visit<'a> {
    pub(super) endpoint: &'a Endpoint,
    pub(super) timeout: Duration,
    pub(super) wishes: &'a Wishes,
}

/// Greets, and hears what comes back.
pub(super) fn greet(stream: Box<dyn Wire>, visit: &Visit<'_>) -> Heard {
    let mut heard = Heard::new(stream, visit.timeout);
    let ours = wire::greeting(visit.wishes.credentials.as_ref().map_or("NULL", Security::name));
    let (first, rest) = ours.split_at(REVISION + 1);
    heard.say(first);
    heard.await_bytes(REVISION + 1);
    if heard.bytes.get(REVISION).is_some_and(|&revision| revision >= 3) {
        heard.say(rest);
        heard.await_bytes(GREETING);
    }
    heard
}

pub(super) fn tell_routing_id(id: Option<String>, findings: &mut Findings) {
    if let Some(id) = id.filter(|id| !id.is_empty()) {
        findings.fact("routing_id", id.as_str());
        findings.well(format!("its routing id is {id:?}"));
    }
}

/// Its type, and whether that goes with the user's.
pub(super) fn judge(name: &str, wishes: &Wishes, findings: &mut Findings) -> Result<(), Over> {
    findings.fact("socket_type", name);
    let partners = name.parse::<SocketType>().map(SocketType::peers).unwrap_or_default();
    let Some(mine) = wishes.socket_type else {
        findings.well(format!("it is a {name} socket, and talks to: {}", partners.join(", ")));
        return Ok(());
    };
    if mine.peers().contains(&name) {
        findings.well(format!("it is a {name} socket, which talks to your {mine}"));
        return Ok(());
    }
    // The advice may have several lines; this name makes none.
    let name = name.escape_debug();
    let advice =
        format!("a {name} talks to: {}; a {mine} to: {}", partners.join(", "), mine.peers().join(", "));
    Err(findings.wrong(format!("it is a {name} socket, which does not talk to a {mine}"), advice))
}
