//! The peer's words: its greeting, its mechanism, its type.

use crate::doctor::findings::{Findings, Over};
use crate::doctor::heard::Heard;
use crate::doctor::reach::Wire;
use crate::doctor::visit::{Visit, Wishes, greet, judge, tell_routing_id};
use crate::doctor::{foreign, handshake, refused};
use crate::wire::{self, Beginning, GREETING, Greeting, REVISION};
use std::time::Duration;
use zincmq::SocketType;
use zmtp::Version;

pub(super) enum Quiet {
    Over(Over),
    /// Not one byte came.
    Silent,
}

/// Greets, and writes down what comes back.
pub(super) fn listen(stream: Box<dyn Wire>, visit: &Visit<'_>, findings: &mut Findings) -> Result<(), Quiet> {
    let mut heard = greet(stream, visit);
    match wire::beginning(&heard.bytes) {
        Beginning::Modern(greeting) => meet(heard, &greeting, visit, findings).map_err(Quiet::Over),
        Beginning::Old(version) => Err(Quiet::Over(old(version, &mut heard, findings))),
        Beginning::Bare if heard.bytes.starts_with(b"\x01\0") => {
            Err(Quiet::Over(old(Version::V1_0, &mut heard, findings)))
        }
        Beginning::Unclear if heard.bytes.is_empty() && !heard.closed => Err(Quiet::Silent),
        _ => Err(Quiet::Over(stranger(&heard, findings))),
    }
}

/// Not a greeting.
fn stranger(heard: &Heard, findings: &mut Findings) -> Over {
    if let Some(name) = foreign::name(&heard.bytes) {
        return findings.wrong(format!("it speaks {name}, not ZMTP"), foreign::ADVICE);
    }
    if heard.bytes.is_empty() {
        return findings.wrong(
            "it closes the connection without a word",
            "it is no ZeroMQ socket, or something refuses your address: ZMQ_TCP_ACCEPT_FILTER, a firewall, a proxy",
        );
    }
    let start = heard.bytes.get(..heard.bytes.len().min(32)).unwrap_or_default().escape_ascii();
    findings.wrong(format!("it does not speak ZMTP; it begins with \"{start}\""), foreign::ADVICE)
}

/// A peer of 1.0 or 2.0.
fn old(version: Version, heard: &mut Heard, findings: &mut Findings) -> Over {
    findings.fact("zmtp", version.to_string());
    let library = if version == Version::V1_0 { "libzmq 2.x" } else { "libzmq 3.x" };
    findings.well(format!("it speaks ZMTP {version}: {library}, or an implementation of that time"));
    if version == Version::V2_0 && heard.await_bytes(REVISION + 2) {
        let number = heard.bytes.get(REVISION + 1).copied().unwrap_or_default();
        if let Some(socket_type) = SocketType::from_number(number.into()) {
            findings.fact("socket_type", socket_type.name());
            findings.well(format!("it is a {socket_type} socket"));
        }
    }
    findings.wrong(
        "so old a peer can be spoken to, but without any security",
        "sockets with PLAIN, CURVE or ZAP refuse it; renew its library",
    )
}

/// A peer of 3.x: its mechanism, and its type as far as that can be known.
fn meet(
    mut heard: Heard,
    greeting: &Greeting,
    visit: &Visit<'_>,
    findings: &mut Findings,
) -> Result<(), Over> {
    let Greeting { version, mechanism, as_server } = greeting;
    let library = match version {
        Version::V3_1 => "zincmq, libzmq 4.3 or later, or another implementation of today",
        _ => "libzmq 4.0 to 4.2, or another implementation of that time",
    };
    findings.fact("zmtp", version.to_string());
    findings.fact("mechanism", mechanism.as_str());
    findings.well(format!("it speaks ZMTP {version}: {library}"));
    let mine = &visit.wishes.mechanism;
    if !mechanism.eq_ignore_ascii_case(mine) {
        return Err(refused::at_greeting(greeting, mine, findings));
    }
    let role = if *as_server { ", as server" } else { "" };
    findings.well(format!("its security mechanism is {mechanism}{role}"));
    match &visit.wishes.credentials {
        None if mechanism == "NULL" => {
            heard.bytes.drain(..GREETING);
            heard.start_again();
            introduce(&mut heard, visit.wishes, findings)
        }
        None => {
            findings.well("what it is, it tells only to those who have the keys");
            Ok(())
        }
        Some(credentials) => handshake::examine(heard, credentials, visit, findings),
    }
}

/// Reads its READY.
fn introduce(heard: &mut Heard, wishes: &Wishes, findings: &mut Findings) -> Result<(), Over> {
    let Some(frame) = heard.next_frame() else {
        return Err(refused::quiet("NULL", "READY", heard, findings));
    };
    match wire::split_handshake(frame.command()) {
        Some((b"READY", rest)) => {
            let properties = wire::properties(rest);
            let find = |name: &str| {
                let named = properties.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
                named.map(|(_, value)| String::from_utf8_lossy(value).into_owned())
            };
            tell_routing_id(find("Identity"), findings);
            match find("Socket-Type") {
                Some(name) => {
                    take_leave(heard, &name, wishes);
                    judge(&name, wishes, findings)
                }
                None => Err(findings.wrong("it does not say its socket type", "its library is incomplete")),
            }
        }
        Some((b"ERROR", rest)) => Err(refused::by_error("NULL", "READY", rest, findings)),
        _ => Err(findings.wrong("it breaks the protocol: no READY came", "its library is faulty")),
    }
}

/// Introduces itself as well and goes: the peer sees a handshake and an end, and counts no failure. Not with those that
/// hand their messages to any peer that is there: the messages would be lost.
fn take_leave(heard: &mut Heard, name: &str, wishes: &Wishes) {
    use SocketType::{Dealer, Pair, Push, Req};
    let Ok(theirs) = name.parse::<SocketType>() else { return };
    if matches!(theirs, Push | Dealer | Req | Pair) {
        return;
    }
    let partners = theirs.peers();
    let mine = wishes.socket_type.map(SocketType::name).filter(|mine| partners.contains(mine));
    let Some(name) = mine.or_else(|| partners.first().copied()) else { return };
    heard.say(&wire::ready(name));
    heard.part();
}

/// Says what an HTTP client would say, and returns what comes.
pub(super) fn ask_http(stream: Box<dyn Wire>, timeout: Duration) -> Vec<u8> {
    let mut heard = Heard::new(stream, timeout);
    heard.say(b"GET / HTTP/1.0\r\n\r\n");
    heard.await_bytes(16);
    heard.bytes
}
