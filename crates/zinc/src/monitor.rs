//! `zinc monitor`: the events of a socket's connections.

use crate::failure::Failure;
use crate::output;
use crate::session::{Opening, Session};
use crate::text::json_line;
use clap::{Args, ValueEnum};
use serde_json::json;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Instant;
use zincmq::poller::Interest;
use zincmq::{Error, Event, EventKind, Events, Interrupter, Monitor, Poller, SocketType};

/// Print connection events as they happen
///
/// Opens a socket that sends and receives nothing, and prints its connection events. A PULL, REP or SUB that is
/// watched in this way is a peer like any other: what others send it stays unread.
///
/// Multicast has events of its own: a source is heard (source-joined), some of its datagrams are lost for good (gap), it
/// has said that it ends (source-finished), or it is forgotten (source-gone). For these a SUB reads what comes, and throws it away.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Watch {
    /// The socket's type: any name of a command, such as pull or router
    #[arg(value_name = "TYPE", value_parser = socket_type)]
    socket_type: SocketType,

    #[command(flatten)]
    opening: Opening,

    /// Print these events only, as in connected,disconnected
    #[arg(long, value_enum, value_delimiter = ',', value_name = "EVENT")]
    events: Vec<Kind>,
}

const EXAMPLES: &str = "\
Examples:
  zinc monitor sub tcp://localhost:5556
  zinc monitor rep --bind tcp://*:5555 --events accepted,disconnected --json
  zinc monitor sub 'epgm://eth0;239.192.1.1:5555' --events gap,source-joined
  zinc monitor push tcp://localhost:5557 --events handshake-succeeded --count 1 --timeout 5 && echo it is up

--count and --timeout are of events.";

/// How the events are named here, and what the library calls them.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    Listening,
    BindFailed,
    Accepted,
    AcceptFailed,
    Connected,
    ConnectDelayed,
    ConnectRetried,
    HandshakeSucceeded,
    HandshakeFailed,
    Disconnected,
    Closed,
    CloseFailed,
    SourceJoined,
    Gap,
    SourceFinished,
    SourceGone,
}

impl Kind {
    const fn of(event: EventKind) -> Option<Self> {
        Some(match event {
            EventKind::Listening => Self::Listening,
            EventKind::BindFailed => Self::BindFailed,
            EventKind::Accepted => Self::Accepted,
            EventKind::AcceptFailed => Self::AcceptFailed,
            EventKind::Connected => Self::Connected,
            EventKind::ConnectDelayed => Self::ConnectDelayed,
            EventKind::ConnectRetried => Self::ConnectRetried,
            EventKind::HandshakeSucceeded => Self::HandshakeSucceeded,
            EventKind::HandshakeFailedNoDetail
            | EventKind::HandshakeFailedProtocol
            | EventKind::HandshakeFailedAuth => Self::HandshakeFailed,
            EventKind::Disconnected => Self::Disconnected,
            EventKind::Closed => Self::Closed,
            EventKind::CloseFailed => Self::CloseFailed,
            EventKind::SourceJoined => Self::SourceJoined,
            EventKind::Gap => Self::Gap,
            EventKind::SourceFinished => Self::SourceFinished,
            EventKind::SourceGone => Self::SourceGone,
            _ => return None,
        })
    }

    fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }
}

impl Watch {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let mut session = Session::new(self.socket_type, self.opening.timeout)?;
        // Before anything is opened, so that nothing is missed.
        let monitor = session.socket.monitor(Events::ALL);
        let interrupter = session.socket.interrupter();
        let late = AtomicBool::new(false);
        let result = thread::scope(|scope| {
            let printer = scope.spawn(|| self.print(monitor, &interrupter, &late));
            let held = self.opening.open(&mut session).and_then(|_stats| self.hold(&mut session));
            let result = session.close(held).map(drop);
            let printed =
                printer.join().unwrap_or_else(|_| Err(Failure::Failed("the printer panicked".into())));
            match (result, printed) {
                // The printer has seen enough, or can do no more.
                (Err(Failure::Library(Error::Interrupted)), printed) => printed,
                (result, printed) => result.and(printed),
            }
        });
        match (&result, self.opening.timeout) {
            (Ok(()), Some(limit)) if late.load(Ordering::Relaxed) => {
                Err(Failure::Timeout { what: "no such event came", limit })
            }
            _ => result,
        }
    }

    /// Prints until there have been enough, or the socket is closed.
    fn print(
        &self,
        mut monitor: Monitor,
        interrupter: &Interrupter,
        late: &AtomicBool,
    ) -> Result<(), Failure> {
        let mut left = self.opening.count.unwrap_or(u64::MAX);
        let mut until = self.deadline();
        while left > 0 {
            let event = match until {
                Some(until) => monitor.recv_timeout(until.saturating_duration_since(Instant::now())),
                None => monitor.recv(),
            };
            let event = match event {
                Ok(event) => event,
                Err(Error::Timeout) => {
                    late.store(true, Ordering::Relaxed);
                    break;
                }
                // The socket was closed.
                Err(_) => return Ok(()),
            };
            let Some(kind) = Kind::of(event.kind).filter(|kind| self.wants(*kind)) else { continue };
            if let Err(failure) = output::line(&self.show(kind, &event)) {
                interrupter.interrupt();
                return Err(failure);
            }
            left -= 1;
            until = self.deadline();
        }
        interrupter.interrupt();
        Ok(())
    }

    /// Keeps the socket open.
    fn hold(&self, session: &mut Session) -> Result<(), Failure> {
        let mut poller = Poller::new();
        loop {
            if self.opening.has_multicast() && matches!(self.socket_type, SocketType::Sub | SocketType::XSub)
            {
                // A group sends to those without a subscription, too, and what nobody takes would be lost, and told as a gap.
                match session.socket.recv() {
                    Ok(_) | Err(Error::Again | Error::Timeout) => {}
                    Err(error) => return Err(error.into()),
                }
            } else {
                poller.wait([session.item(Interest::default())], None)?;
            }
        }
    }

    fn wants(&self, kind: Kind) -> bool {
        self.events.is_empty() || self.events.contains(&kind)
    }

    fn deadline(&self) -> Option<Instant> {
        self.opening.timeout.and_then(|timeout| Instant::now().checked_add(timeout))
    }

    fn show(&self, kind: Kind, event: &Event) -> String {
        let Event { value, local, remote, .. } = event;
        let detail = detail(event);
        if self.opening.form.json {
            return json_line(&json!({
                "event": kind.name(), "local": local, "remote": remote, "value": value, "detail": detail,
            }));
        }
        let between = if local.is_empty() || remote.is_empty() { "" } else { " to " };
        let detail = if detail.is_empty() { detail } else { format!(": {detail}") };
        format!("{:<20} {local}{between}{remote}{detail}", kind.name())
    }
}

/// The meaning of an event's value, in words.
fn detail(event: &Event) -> String {
    use EventKind as Happened;
    let system = || std::io::Error::from_raw_os_error(event.value as i32).to_string();
    match event.kind {
        Happened::BindFailed | Happened::AcceptFailed | Happened::CloseFailed => system(),
        Happened::HandshakeFailedNoDetail => system(),
        Happened::Gap => format!("{} datagrams are lost, and the messages in them", event.value),
        Happened::SourceGone => "silent for long, or one of too many".to_owned(),
        Happened::ConnectRetried => format!("again in {} ms", event.value),
        Happened::HandshakeFailedAuth => format!("refused with status {}", event.value),
        Happened::HandshakeFailedProtocol => match event.value {
            0x1100_0002 => "the peer has another security mechanism".to_owned(),
            0x1000_0018 => "the peer has a socket type that does not go with this one".to_owned(),
            code => format!("the peer broke the protocol ({code:#x})"),
        },
        _ => String::new(),
    }
}

fn socket_type(text: &str) -> Result<SocketType, String> {
    let names = || SocketType::all().map(|known| known.name().to_lowercase()).collect::<Vec<_>>().join(", ");
    text.parse().map_err(|error| format!("{error}; there are {}", names()))
}
