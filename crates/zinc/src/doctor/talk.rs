//! The peer's words: its greeting, its mechanism, its type.

use crate::doctor::findings::{Findings, Over};
use crate::doctor::foreign;
use crate::doctor::reach::Wire;
use crate::wire::{self, Beginning, GREETING, Greeting, REVISION};
use std::io::{self, ErrorKind};
use std::time::{Duration, Instant};
use zincmq::SocketType;
use zmtp::{Flags, Version, frame};

/// No handshake command of a sane peer is longer.
const COMMAND: u64 = 64 << 10;

/// The type and the mechanism that the user's own socket would have.
pub(super) struct Wishes<'a> {
    pub(super) socket_type: Option<SocketType>,
    pub(super) mechanism: &'a str,
}

pub(super) enum Quiet {
    Over(Over),
    /// Not one byte came.
    Silent,
}

/// The bytes of the peer so far, and how more of them came to an end.
struct Heard {
    bytes: Vec<u8>,
    until: Instant,
    /// The peer closed the connection.
    closed: bool,
}

impl Heard {
    /// Reads until there are so many bytes. Whether there are.
    fn await_bytes(&mut self, stream: &mut dyn Wire, count: usize) -> bool {
        let mut buffer = [0; 1024];
        while self.bytes.len() < count && !self.closed {
            let left = self.until.saturating_duration_since(Instant::now());
            if left.is_zero() || stream.set_patience(left).is_err() {
                return false;
            }
            match stream.read(&mut buffer) {
                Ok(0) => self.closed = true,
                Ok(read) => self.bytes.extend_from_slice(buffer.get(..read).unwrap_or_default()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => self.closed = !is_timeout(&error),
            }
        }
        self.bytes.len() >= count
    }
}

fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

/// Greets, and writes down what comes back.
pub(super) fn listen(
    stream: &mut dyn Wire,
    timeout: Duration,
    wishes: &Wishes<'_>,
    findings: &mut Findings,
) -> Result<(), Quiet> {
    let mut heard = Heard { bytes: Vec::new(), until: Instant::now() + timeout, closed: false };
    let ours = wire::greeting();
    // A peer may hang up at once, and still have said why.
    let (first, rest) = ours.split_at(REVISION + 1);
    _ = stream.write_all(first);
    heard.await_bytes(stream, REVISION + 1);
    if heard.bytes.get(REVISION).is_some_and(|&revision| revision >= 3) {
        _ = stream.write_all(rest);
        heard.await_bytes(stream, GREETING);
    }
    match wire::beginning(&heard.bytes) {
        Beginning::Modern(greeting) => {
            meet(stream, timeout, &greeting, heard, wishes, findings).map_err(Quiet::Over)
        }
        Beginning::Old(version) => Err(Quiet::Over(old(version, stream, &mut heard, findings))),
        Beginning::Bare if heard.bytes.starts_with(b"\x01\0") => {
            Err(Quiet::Over(old(Version::V1_0, stream, &mut heard, findings)))
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
fn old(version: Version, stream: &mut dyn Wire, heard: &mut Heard, findings: &mut Findings) -> Over {
    findings.fact("zmtp", version.to_string());
    let library = if version == Version::V1_0 { "libzmq 2.x" } else { "libzmq 3.x" };
    findings.well(format!("it speaks ZMTP {version}: {library}, or an implementation of that time"));
    if version == Version::V2_0 && heard.await_bytes(stream, REVISION + 2) {
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

/// A peer of 3.x: its mechanism, and with NULL its type.
fn meet(
    stream: &mut dyn Wire,
    timeout: Duration,
    greeting: &Greeting,
    mut heard: Heard,
    wishes: &Wishes<'_>,
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
    if !mechanism.eq_ignore_ascii_case(wishes.mechanism) {
        let advice = match mechanism.as_str() {
            "CURVE" => {
                "zincmq and zinc do not speak CURVE yet\n\
                 with libzmq, set curve_serverkey, curve_publickey and curve_secretkey on your socket"
            }
            "PLAIN" => {
                "zincmq and zinc do not speak PLAIN yet\n\
                 with libzmq, set plain_username and plain_password on your socket"
            }
            "NULL" => "set no keys or passwords on your socket, or set the same mechanism on the other",
            _ => "both sides need the same mechanism",
        };
        let mine = wishes.mechanism.to_uppercase();
        return Err(findings.wrong(format!("its security mechanism is {mechanism}, yours {mine}"), advice));
    }
    let role = if *as_server { ", as server" } else { "" };
    findings.well(format!("its security mechanism is {mechanism}{role}"));
    if mechanism != "NULL" {
        findings.well("what it is, it tells only to those who have the keys".to_owned());
        return Ok(());
    }
    heard.bytes.drain(..GREETING);
    heard.until = Instant::now() + timeout;
    introduce(stream, &mut heard, wishes, findings)
}

/// Reads its READY.
fn introduce(
    stream: &mut dyn Wire,
    heard: &mut Heard,
    wishes: &Wishes<'_>,
    findings: &mut Findings,
) -> Result<(), Over> {
    let Some(body) = command(stream, heard) else {
        let text =
            if heard.closed { "it hangs up after the greeting" } else { "it does not introduce itself" };
        let advice = "an authenticator (ZAP) may refuse this address, or has not answered: see its log";
        return Err(findings.wrong(text, advice));
    };
    match wire::split_command(&body) {
        Some((b"READY", rest)) => {
            let properties = wire::properties(rest);
            let find = |name: &str| {
                let named = properties.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
                named.map(|(_, value)| String::from_utf8_lossy(value).into_owned())
            };
            if let Some(id) = find("Identity").filter(|id| !id.is_empty()) {
                findings.fact("routing_id", id.as_str());
                findings.well(format!("its routing id is {id:?}"));
            }
            match find("Socket-Type") {
                Some(name) => {
                    take_leave(stream, &name, heard.until, wishes);
                    judge(&name, wishes, findings)
                }
                None => Err(findings.wrong("it does not say its socket type", "its library is incomplete")),
            }
        }
        Some((b"ERROR", rest)) => {
            let reason = String::from_utf8_lossy(rest.get(1..).unwrap_or_default()).into_owned();
            Err(findings
                .wrong(format!("it refuses: {reason}"), "its authenticator (ZAP) decided so: see its log"))
        }
        _ => Err(findings.wrong("it breaks the protocol: no READY came", "its library is faulty")),
    }
}

/// Introduces itself as well and goes: the peer sees a handshake and an end, and counts no failure. Not with those that
/// hand their messages to any peer that is there: the messages would be lost.
fn take_leave(stream: &mut dyn Wire, name: &str, until: Instant, wishes: &Wishes<'_>) {
    use SocketType::{Dealer, Pair, Push, Req};
    let Ok(theirs) = name.parse::<SocketType>() else { return };
    if matches!(theirs, Push | Dealer | Req | Pair) {
        return;
    }
    let partners = theirs.peers();
    let mine = wishes.socket_type.map(SocketType::name).filter(|mine| partners.contains(mine));
    let Some(name) = mine.or_else(|| partners.first().copied()) else { return };
    if stream.write_all(&wire::ready(name)).and_then(|()| stream.fall_silent()).is_err() {
        return;
    }
    // Closed at once, the connection might be broken off before the peer has read that.
    let mut buffer = [0; 1024];
    loop {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() || stream.set_patience(left).is_err() {
            return;
        }
        match stream.read(&mut buffer) {
            Ok(0) => return,
            Err(error) if error.kind() != ErrorKind::Interrupted => return,
            _ => {}
        }
    }
}

/// The body of the next frame.
fn command(stream: &mut dyn Wire, heard: &mut Heard) -> Option<Vec<u8>> {
    let mut needed = 2;
    loop {
        if !heard.await_bytes(stream, needed) {
            return None;
        }
        let Some(header) = frame::decode_header(&heard.bytes) else {
            needed = frame::MAX_HEADER;
            continue;
        };
        if !header.flags.has(Flags::COMMAND) || header.size > COMMAND {
            return Some(Vec::new());
        }
        let end = header.header_len + header.size as usize;
        match heard.bytes.get(header.header_len..end) {
            Some(body) => return Some(body.to_vec()),
            None => needed = end,
        }
    }
}

/// Its type, and whether that goes with the user's.
fn judge(name: &str, wishes: &Wishes<'_>, findings: &mut Findings) -> Result<(), Over> {
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

/// Says what an HTTP client would say, and returns what comes.
pub(super) fn ask_http(stream: &mut dyn Wire, timeout: Duration) -> Option<Vec<u8>> {
    stream.write_all(b"GET / HTTP/1.0\r\n\r\n").ok()?;
    let mut heard = Heard { bytes: Vec::new(), until: Instant::now() + timeout, closed: false };
    heard.await_bytes(stream, 16);
    Some(heard.bytes)
}
