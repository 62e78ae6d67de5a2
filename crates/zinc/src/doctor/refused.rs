//! Handshakes that fail: the mechanism, the step, the reason, and the remedy.

use crate::doctor::findings::{Findings, Over};
use crate::doctor::heard::Heard;
use crate::wire::{self, Greeting};
use zmtp::Error;

/// Notes that the handshake fails, and where.
fn fails(mechanism: &str, step: &str, reason: &str, advice: &str, findings: &mut Findings) -> Over {
    findings.fact("failed_step", step);
    findings.fact("reason", reason);
    findings.wrong(format!("the {mechanism} handshake fails at {step}: {reason}"), advice)
}

/// The peer has another mechanism.
pub(super) fn at_greeting(greeting: &Greeting, mine: &str, findings: &mut Findings) -> Over {
    let mechanism = greeting.mechanism.as_str();
    let advice = match mechanism {
        "CURVE" => {
            "give the server's public key, --curve-server-key KEY, and your own secret one, --curve-key FILE\n\
             in a program: Socket::curve_client; with libzmq curve_serverkey, curve_publickey and curve_secretkey"
        }
        "PLAIN" => {
            "give a user name and a password: --plain-user NAME --plain-password-file FILE\n\
             in a program: Socket::plain_client; with libzmq plain_username and plain_password"
        }
        "NULL" => "set no keys or passwords on your socket, or set the same mechanism on the other",
        _ => "both sides need the same mechanism",
    };
    findings.fact("failed_step", "greeting");
    let text =
        format!("the handshake fails at the greeting: its security mechanism is {mechanism}, yours {mine}");
    findings.wrong(text, advice)
}

/// The peer is a client as well.
fn by_client(mechanism: &str, findings: &mut Findings) -> Over {
    let advice = "one side has to be the server: --curve-server or --plain-users there, or at your socket";
    fails(mechanism, "HELLO", "it says HELLO too: it is a client, as you are", advice, findings)
}

/// The peer says ERROR, in answer to `step`.
pub(super) fn by_error(mechanism: &str, step: &str, rest: &[u8], findings: &mut Findings) -> Over {
    let (reason, meaning) = wire::refusal(rest);
    let meaning = meaning.map(|meaning| format!(" ({meaning})")).unwrap_or_default();
    let advice = match (mechanism, &*reason) {
        (_, "500" | "300") => {
            "the authenticator (ZAP) at the other side has a problem of its own: see its log"
        }
        ("CURVE", _) => {
            "it does not know your key, or denies your address: give the right key with --curve-key FILE, or have the \
             other side add your NAME.key to its certificates"
        }
        ("PLAIN", _) => {
            "the user name or the password is wrong, or your address is denied: --plain-user NAME, \
             --plain-password-file FILE; its log says which"
        }
        _ => "its authenticator (ZAP) decided so, perhaps by your address: see its log",
    };
    fails(mechanism, step, &format!("it refuses with ERROR {reason:?}{meaning}"), advice, findings)
}

/// The peer closes the connection, or says nothing more, where `step` should be answered.
pub(super) fn quiet(mechanism: &str, step: &str, heard: &Heard, findings: &mut Findings) -> Over {
    let reason = if heard.closed {
        "it closes the connection without a word".to_owned()
    } else {
        format!("it does not answer within {} s", heard.timeout().as_secs_f64())
    };
    let advice = match (mechanism, step, heard.closed) {
        ("CURVE", "HELLO", true) => {
            "the key of --curve-server-key is not that of this server: take it from the server's NAME.key"
        }
        ("CURVE", "HELLO", false) => "its process hangs or is stopped",
        ("PLAIN", "HELLO", true) => {
            "it has no authenticator (ZAP), or that cannot decide now (status 300): see its log"
        }
        (_, "INITIATE", true) => {
            "its socket type does not go with --type, or its authenticator (ZAP) cannot decide now (status 300)"
        }
        _ => "an authenticator (ZAP) may refuse this address, or has not answered: see its log",
    };
    fails(mechanism, step, &reason, advice, findings)
}

/// The peer's answer cannot be read.
pub(super) fn by_fault(mechanism: &str, step: &str, error: &Error, findings: &mut Findings) -> Over {
    let advice = match error {
        Error::UnexpectedCommand { name } if name == "HELLO" => return by_client(mechanism, findings),
        Error::Sealed { .. } => {
            "the key of --curve-server-key is not that of this server: take it from the server's NAME.key"
        }
        _ => "its library is faulty",
    };
    fails(mechanism, step, &error.to_string(), advice, findings)
}
