//! A multicast group: takes part as a subscriber, and says who is heard, or why nobody may be.

use crate::doctor::findings::{Findings, Over};
use crate::doctor::visit::Wishes;
use crate::place::Place;
use serde_json::{Value, json};
use std::io::ErrorKind;
use std::time::{Duration, Instant};
use zincmq::endpoint::Endpoint;
use zincmq::{Context, Error, EventKind, Message, Monitor, SocketType, Sub, option};
use zincmq::{MulticastSource, MulticastStats};

/// In kilobits a second: the window of this side is to be no reason for a loss.
const RATE: usize = 100_000;

/// A group gets all messages of its publishers, so it may be heard without any subscription at them.
pub(super) fn examine(
    place: &Place,
    endpoint: &Endpoint,
    timeout: Duration,
    wishes: &Wishes,
    findings: &mut Findings,
) -> Result<(), Over> {
    fits(wishes, findings)?;
    let context = Context::new();
    let (mut sub, mut monitor) = match join(&context, place) {
        Ok(joined) => joined,
        Err(error) => return Err(refused(endpoint, &error, findings)),
    };
    describe(endpoint, findings);
    let (messages, bytes) = listen(&mut sub, timeout);
    let group = sub.stats().multicast.into_iter().next().unwrap_or_default();
    let ended = ended(&mut monitor);
    note_facts(&group, messages, bytes, &ended, findings);
    if group.sources.is_empty() && ended.is_empty() {
        return Err(nobody(endpoint, timeout, &group, findings));
    }
    group.sources.iter().for_each(|source| findings.well(introduced(source)));
    for name in &ended {
        findings.well(format!("source {name} was heard, and has ended"));
    }
    findings.well(format!("{messages} messages came within {} s ({bytes} bytes)", timeout.as_secs_f64()));
    judge(&group, findings)
}

/// Whether the user's socket can take part at all.
fn fits(wishes: &Wishes, findings: &mut Findings) -> Result<(), Over> {
    use SocketType::{Pub, Sub, XPub, XSub};
    if let Some(other) = wishes.socket_type.filter(|mine| !matches!(mine, Pub | Sub | XPub | XSub)) {
        return Err(findings.wrong(
            format!("a {other} socket does not speak multicast"),
            "PUB, SUB, XPUB and XSUB do; with the others use tcp",
        ));
    }
    if wishes.mechanism != "NULL" {
        return Err(findings.wrong(
            format!("multicast has no security, and {} is wanted", wishes.mechanism),
            "everybody in the group can read, and send as well: use tcp where that must not be, or encrypt the messages yourself",
        ));
    }
    Ok(())
}

fn join(context: &Context, place: &Place) -> zincmq::Result<(Sub, Monitor)> {
    let mut sub = Sub::new(context)?;
    sub.set(option::RATE, RATE)?;
    sub.subscribe("")?;
    let events = EventKind::SourceFinished | EventKind::SourceGone;
    let monitor = sub.monitor(events);
    place.open(&mut sub, false)?;
    Ok((sub, monitor))
}

/// The endpoint is none, or the system does not let this side in.
fn refused(endpoint: &Endpoint, error: &Error, findings: &mut Findings) -> Over {
    let advice = match error {
        Error::Io { error, .. } => match error.kind() {
            ErrorKind::PermissionDenied if endpoint.scheme() == "pgm" => {
                "PGM without UDP takes a privilege, CAP_NET_RAW: use epgm, or give the program the privilege with setcap"
            }
            ErrorKind::AddrInUse => {
                "another program has the port for itself, or belongs to another user: ss -lunp tells which"
            }
            ErrorKind::NetworkUnreachable | ErrorKind::HostUnreachable | ErrorKind::NotFound => {
                "no route leads to the group: name the interface, as in epgm://eth0;239.192.1.1:5555"
            }
            _ => "the operating system gave this reason",
        },
        _ => {
            "an endpoint looks like this: epgm://INTERFACE;GROUP:PORT, as in epgm://eth0;239.192.1.1:5555\n\
              the interfaces of this machine, with their addresses: ip -br address"
        }
    };
    findings.wrong(error.to_string(), advice)
}

/// The address as it is understood. The library has taken it, so its parts are where they have to be.
fn describe(endpoint: &Endpoint, findings: &mut Findings) {
    let address = endpoint.address();
    let (network, port) = address.rsplit_once(':').unwrap_or((address, ""));
    let parts: Vec<&str> = network.split(';').collect();
    let is_group = |text: &str| text.parse::<std::net::IpAddr>().is_ok() || text.contains([',', '[']);
    let (interface, groups) = match parts[..] {
        [one] if is_group(one) => ("", one),
        [one] => (one, ""),
        [interface, groups, ..] => (interface, groups),
        [] => ("", ""),
    };
    let port = port.parse::<u16>().unwrap_or_default();
    findings.fact("interface", interface);
    findings.fact("groups", groups.split(',').filter(|group| !group.is_empty()).collect::<Vec<_>>());
    findings.fact("port", port);
    let interface = if interface.is_empty() { "the one that leads to the group" } else { interface };
    let groups = if groups.is_empty() { "the usual one, as none is named" } else { groups };
    findings.well(format!("took part: interface {interface}, group {groups}, port {port}"));
}

/// Takes all messages until the time is over. Returns how many there were, and their bytes.
fn listen(sub: &mut Sub, timeout: Duration) -> (u64, u64) {
    let until = Instant::now() + timeout;
    let (mut messages, mut bytes) = (0, 0);
    while let Ok(message) = sub.recv_timeout(until.saturating_duration_since(Instant::now())) {
        messages += 1;
        bytes += size(&message);
        if Instant::now() >= until {
            break;
        }
    }
    (messages, bytes)
}

fn size(message: &Message) -> u64 {
    message.iter().map(|part| part.len() as u64).sum()
}

/// The names of the sources that have gone meanwhile.
fn ended(monitor: &mut Monitor) -> Vec<String> {
    std::iter::from_fn(|| monitor.try_recv().ok()).map(|event| event.remote).collect()
}

fn note_facts(group: &MulticastStats, messages: u64, bytes: u64, ended: &[String], findings: &mut Findings) {
    findings.fact("messages", messages);
    findings.fact("message_bytes", bytes);
    findings.fact("datagrams", group.received);
    findings.fact("datagram_bytes", group.received_bytes);
    findings.fact("repairs", group.repairs_received);
    findings.fact("requests", group.requests_sent);
    findings.fact("lost", group.lost);
    findings.fact("malformed", group.malformed);
    let source = |source: &MulticastSource| {
        json!({
            "address": source.address.to_string(), "session": source.session,
            "trail": source.trail, "lead": source.lead,
            "datagrams": source.received, "datagram_bytes": source.received_bytes,
            "repairs": source.repairs, "requests": source.requests,
            "missing": source.missing, "lost": source.lost,
        })
    };
    findings.fact("sources", group.sources.iter().map(source).collect::<Vec<Value>>());
    findings.fact("ended", ended);
}

/// A source, with its window and its numbers.
fn introduced(source: &MulticastSource) -> String {
    let MulticastSource { address, session, trail, lead, received, repairs, requests, missing, .. } = source;
    let window = match lead.wrapping_sub(*trail).wrapping_add(1) {
        0 => "has sent nothing yet".to_owned(),
        count => format!("can send {count} again ({trail}..{lead})"),
    };
    let missing = if *missing > 0 { format!(", {missing} missing now") } else { String::new() };
    format!(
        "source {address}, session {session}: {window}; {received} datagrams came, {repairs} of them after {requests} requests{missing}"
    )
}

/// Nobody was heard.
fn nobody(endpoint: &Endpoint, timeout: Duration, group: &MulticastStats, findings: &mut Findings) -> Over {
    let seconds = timeout.as_secs_f64();
    if group.malformed > 0 {
        return findings.wrong(
            format!("{} datagrams came within {seconds} s, and none could be read", group.malformed),
            "another protocol uses this group and port, or something damages or shortens packets: tcpdump shows them",
        );
    }
    let filter = if endpoint.scheme() == "pgm" { "proto 113" } else { "udp" };
    findings.wrong(
        format!("nobody was heard within {seconds} s"),
        format!(
            "is a publisher running? one with nothing to send is heard every 30 s (--timeout 40), one of libzmq perhaps never\n\
             is it the same on both sides: epgm or pgm, group, port?\n\
             is this the interface on which packets arrive? tcpdump -n -i any {filter} and net 224.0.0.0/4 shows them\n\
             do packets come so far? MULTICAST_HOPS is 1 by default: they pass no router\n\
             does a firewall let them in? does a switch ask for members (IGMP), and does the network carry multicast at all?\n\
             is it on this machine? libzmq's publishers are heard there on the loopback interface only (epgm://127.0.0.1;...)"
        ),
    )
}

/// What was lost.
fn judge(group: &MulticastStats, findings: &mut Findings) -> Result<(), Over> {
    if group.malformed > 0 {
        return Err(findings.wrong(
            format!("{} datagrams could not be read", group.malformed),
            "another protocol uses this group and port, or something damages or shortens packets on their way",
        ));
    }
    if group.lost == 0 {
        return Ok(());
    }
    Err(findings.wrong(
        format!("{} datagrams are lost for good, and the messages in them", group.lost),
        "the publisher could not send them again in time: raise its RECOVERY_IVL; if it sends faster than the network carries, \
         lower its RATE\n\
         do requests reach it? they go to its own address and to the endpoint's port: a firewall may drop them\n\
         this machine's buffer may be too small for bursts: RCVBUF, and sysctl net.core.rmem_max",
    ))
}
