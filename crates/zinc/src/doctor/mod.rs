//! `zinc doctor`: connects without joining in, and says who is there, or why nobody is.

mod findings;
mod foreign;
mod group;
mod handshake;
mod heard;
mod reach;
mod refused;
mod talk;
mod visit;

use crate::failure::Failure;
use crate::output;
use crate::place::Place;
use crate::security::Security;
use crate::session::seconds;
use crate::text::json_line;
use clap::Args;
use clap::builder::styling::AnsiColor;
use findings::{Check, Findings, Over};
use serde_json::{Map, Value, json};
use std::time::Duration;
use visit::{Visit, Wishes};
use zincmq::SocketType;
use zincmq::endpoint::Endpoint;

/// Say who is at an endpoint, or why a connection fails
///
/// Looks at the peer's greeting and at what it says of itself, and goes: no message is sent or taken. The peer sees
/// a connection that comes and ends; but a PUSH, DEALER, REQ or PAIR would hand it messages, so with these it goes
/// before the handshake is done, which they count as one that failed, as does a peer with PLAIN or CURVE.
///
/// A multicast endpoint has no peer to greet: the doctor takes part as a subscriber until --timeout is over, and tells
/// which sources it hears, what they can send again, and what is lost. A publisher that has nothing to send is heard
/// twice a minute only.
///
/// Exit codes: 0 all is well; 1 something is wrong, and the last line says what to do.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Doctor {
    /// What to connect to
    #[arg(value_name = "ENDPOINT", value_parser = Place::any)]
    place: Place,

    /// The type of your socket: is the peer's one that goes with it?
    #[arg(long = "type", value_name = "TYPE", value_parser = str::parse::<SocketType>)]
    socket_type: Option<SocketType>,

    /// The security mechanism of your socket; without it NULL, or that of the security arguments
    #[arg(long, value_name = "NAME", value_parser = ["NULL", "PLAIN", "CURVE"], ignore_case = true)]
    mechanism: Option<String>,

    /// How long each step may take; how long to listen to a group
    #[arg(long, value_name = "SECONDS", default_value = "3", value_parser = seconds)]
    timeout: Duration,

    /// Print the findings as JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    security: Security,
}

const EXAMPLES: &str = "\
Examples:
  zinc doctor tcp://localhost:5555
  zinc doctor tcp://broker:5559 --type req
  zinc doctor ipc:///tmp/feed --json
  zinc doctor 'epgm://eth0;239.192.1.1:5555' --timeout 40
  zinc doctor tcp://broker:5559 --curve-server-key broker.key --curve-key alice.key_secret
  zinc doctor tcp://broker:5560 --plain-user bob --plain-password-file password";

impl Doctor {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let credentials = self.security.guard("doctor")?.credentials()?;
        let mechanism = self.mechanism(credentials.as_ref())?;
        let wishes = Wishes { socket_type: self.socket_type, mechanism, credentials };
        let mut findings = Findings::default();
        // The findings tell what ended the examination.
        _ = self.examine(&wishes, &mut findings);
        output::write(self.show(&findings).as_bytes())?;
        if findings.all_well() { Ok(()) } else { Err(Failure::Told) }
    }

    /// The mechanism of the user's socket.
    fn mechanism(&self, credentials: Option<&zmtp::Security>) -> Result<String, Failure> {
        let given = credentials.map(zmtp::Security::name);
        match (self.mechanism.as_ref().map(|name| name.to_uppercase()), given) {
            (Some(name), Some(given)) if name != given => Err(Failure::Usage(format!(
                "--mechanism {name}: the security arguments are those of {given}"
            ))),
            (Some(name), _) => Ok(name),
            (None, given) => Ok(given.unwrap_or("NULL").to_owned()),
        }
    }

    fn examine(&self, wishes: &Wishes, findings: &mut Findings) -> Result<(), Over> {
        let Ok(endpoint) = Endpoint::parse(self.place.endpoint()) else { return Err(Over) };
        if self.place.is_multicast() {
            return group::examine(&self.place, &endpoint, self.timeout, wishes, findings);
        }
        let stream = reach::connect(&endpoint, self.timeout, findings)?;
        let visit = Visit { endpoint: &endpoint, timeout: self.timeout, wishes };
        // The stream ends with it: the peer may serve one connection at a time.
        match talk::listen(stream, &visit, findings) {
            Err(talk::Quiet::Over(over)) => Err(over),
            Err(talk::Quiet::Silent) => Err(self.rouse(&endpoint, findings)),
            Ok(()) => Ok(()),
        }
    }

    /// The peer said nothing at all: perhaps it speaks HTTP and waits for a whole line.
    fn rouse(&self, endpoint: &Endpoint, findings: &mut Findings) -> Over {
        let reached = reach::connect(endpoint, self.timeout, &mut Findings::default());
        let said = reached.ok().map(|stream| talk::ask_http(stream, self.timeout));
        match said.as_deref().and_then(foreign::name) {
            Some(name) => findings.wrong(format!("it speaks {name}, not ZMTP"), foreign::ADVICE),
            None => findings.wrong(
                "it accepts the connection and says nothing",
                "either it is no ZeroMQ socket, or its process hangs or is stopped\nto see what owns the port: ss -ltnp",
            ),
        }
    }

    fn show(&self, findings: &Findings) -> String {
        if self.json {
            let check =
                |check: &Check| json!({ "ok": check.well, "text": check.text, "advice": check.advice });
            let mut object = Map::new();
            object.insert("endpoint".to_owned(), self.place.endpoint().into());
            object.insert("ok".to_owned(), findings.all_well().into());
            object.extend(findings.facts.clone());
            object.insert("checks".to_owned(), findings.checks.iter().map(check).collect());
            return format!("{}\n", json_line(&Value::Object(object)));
        }
        let mut text = format!("{}\n", self.place.endpoint());
        for check in &findings.checks {
            let (mark, colour) =
                if check.well { ("ok   ", AnsiColor::Green) } else { ("wrong", AnsiColor::Red) };
            text += &format!("  {}  {}\n", output::paint(mark, colour), check.text);
            for line in check.advice.iter().flat_map(|advice| advice.lines()) {
                text += &format!("         {line}\n");
            }
        }
        text
    }
}
