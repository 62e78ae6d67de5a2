//! The handshake of PLAIN or CURVE, made without a socket, step by step.

use crate::doctor::findings::{Findings, Over};
use crate::doctor::heard::Heard;
use crate::doctor::visit::{Visit, greet, judge, tell_routing_id};
use crate::doctor::{reach, refused};
use crate::wire::{self, Beginning, GREETING};
use zincmq::SocketType::{self, Pub, Push, Req, Sub, XPub, XSub};
use zmtp::{Error, Flags, Local, Opening, Peer, Security, SocketName, Status, frame};

/// The types that a peer hands no messages unasked, and that together go with all others of this kind.
const HARMLESS: [SocketType; 4] = [Req, Sub, Push, Pub];

/// How a handshake ends.
enum Outcome {
    /// The peer has let this side in.
    Ready(Peer),
    /// The peer has proved itself, and the step that could bring messages is not made.
    Welcome,
    /// ERROR, in answer to a step, and the rest of it.
    Refused(&'static str, Vec<u8>),
    /// Nothing came in answer to a step.
    Quiet(&'static str),
    /// The answer to a step cannot be read.
    Fault(&'static str, Error),
}

/// Makes the handshake, with each type that may go with the peer's, and says how it ends.
pub(super) fn examine(
    mut heard: Heard,
    credentials: &Security,
    visit: &Visit<'_>,
    findings: &mut Findings,
) -> Result<(), Over> {
    let types = match visit.wishes.socket_type {
        None => HARMLESS.to_vec(),
        Some(Req | Sub | XSub | Push | Pub | XPub) => visit.wishes.socket_type.into_iter().collect(),
        Some(_) => Vec::new(),
    };
    let mut left = types.iter();
    let mut outcome = shake(&mut heard, credentials, left.next().copied());
    while matches!(outcome, Outcome::Quiet("INITIATE")) && heard.closed {
        let Some(next) = left.next() else { break };
        let stream = reach::connect(visit.endpoint, visit.timeout, &mut Findings::default());
        heard = greet(
            stream.map_err(|_| refused::quiet(credentials.name(), "INITIATE", &heard, findings))?,
            visit,
        );
        if !matches!(wire::beginning(&heard.bytes), Beginning::Modern(_)) {
            break;
        }
        outcome = shake(&mut heard, credentials, Some(*next));
    }
    conclude(outcome, &mut heard, credentials.name(), visit, findings)
}

fn conclude(
    outcome: Outcome,
    heard: &mut Heard,
    mechanism: &str,
    visit: &Visit<'_>,
    findings: &mut Findings,
) -> Result<(), Over> {
    let proved = match mechanism {
        "CURVE" => "it has the secret key of --curve-server-key",
        _ => "it takes the user name and the password",
    };
    match outcome {
        Outcome::Ready(peer) => {
            heard.part();
            findings.well(format!("the {mechanism} handshake succeeds: you are let in"));
            tell_routing_id(peer.routing_id.map(|id| String::from_utf8_lossy(&id).into_owned()), findings);
            match peer.socket_type {
                Some(name) => judge(&name, visit.wishes, findings),
                None => Err(findings.wrong("it does not say its socket type", "its library is incomplete")),
            }
        }
        Outcome::Welcome => {
            findings.well(proved);
            findings
                .well("the rest of the handshake is not made: as such a socket this would take its messages");
            Ok(())
        }
        Outcome::Quiet("INITIATE") if heard.closed && visit.wishes.socket_type.is_none() => {
            findings.well(proved);
            findings.well(
                "it takes none of REQ, SUB, PUSH and PUB at INITIATE: it is a PUSH, DEALER, REQ or PAIR, whose messages stay \
                 untouched; or its authenticator (ZAP) cannot decide now",
            );
            Ok(())
        }
        Outcome::Refused(step, rest) => Err(refused::by_error(mechanism, step, &rest, findings)),
        Outcome::Quiet(step) => Err(refused::quiet(mechanism, step, heard, findings)),
        Outcome::Fault(_, Error::IncompatibleSocket { theirs, .. }) => judge(&theirs, visit.wishes, findings),
        Outcome::Fault(step, error) => Err(refused::by_fault(mechanism, step, &error, findings)),
    }
}

/// Goes on after the greetings. Without a type, it ends before the step that tells it.
fn shake(heard: &mut Heard, credentials: &Security, mine: Option<SocketType>) -> Outcome {
    let named = mine.unwrap_or(Req);
    let mut opening = Opening::new(Local {
        socket_type: SocketName { name: named.name(), code: named.number() as u8, peers: named.peers() },
        routing_id: None,
        metadata: Vec::new(),
        security: credentials.clone(),
        random: zmtp::system_random,
        allow_old: false,
    });
    let greeting: Vec<u8> = heard.bytes.drain(..GREETING.min(heard.bytes.len())).collect();
    let mut status = opening.feed(&greeting);
    // The greeting of this side has been sent.
    let own = opening.output();
    own.drain(..GREETING.min(own.len()));
    let (mut step, mut answer) = ("HELLO", "greeting");
    loop {
        match status {
            Ok((_, Status::Open(peer))) => return Outcome::Ready(peer),
            Ok(_) => {}
            Err(error) => return Outcome::Fault(answer, error),
        }
        let said = std::mem::take(opening.output());
        if is_initiate(&said) {
            step = "INITIATE";
            if mine.is_none() {
                return Outcome::Welcome;
            }
        }
        heard.start_again();
        heard.say(&said);
        let Some(frame) = heard.next_frame() else { return Outcome::Quiet(step) };
        if let Some((b"ERROR", rest)) = wire::split_handshake(frame.command()) {
            return Outcome::Refused(step, rest.to_vec());
        }
        answer = if step == "HELLO" { "WELCOME" } else { "READY" };
        status = opening.feed(&frame.raw);
    }
}

fn is_initiate(said: &[u8]) -> bool {
    let header = frame::decode_header(said).filter(|header| header.flags.has(Flags::COMMAND));
    let body = header.and_then(|header| said.get(header.header_len..)).unwrap_or_default();
    wire::split_command(body).is_some_and(|(name, _)| name == b"INITIATE")
}
