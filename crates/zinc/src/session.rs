//! One socket, opened as the command line says, and its orderly end.

use crate::failure::Failure;
use crate::place::Place;
use crate::security::{Gate, Guard, Security};
use crate::text::Form;
use clap::Args;
use std::process::exit;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};
use zincmq::option::{self, Row, Value};
use zincmq::poller::{Interest, Item, Token};
use zincmq::{AnySocket, Context, Error, EventKind, Monitor, Rep, SocketType, StatsServer};

/// The socket, among what is waited for.
pub(crate) const SOCKET: Token = Token(0);

/// How long messages that were accepted may take to go out after an interrupt or a failure.
const GRACE: Duration = Duration::from_secs(1);

/// The failure of a command whose messages an interrupt has kept from going out.
const HELD_UP: &str = "interrupted before all messages had gone out";

/// An option and its value.
pub(crate) type Setting = (&'static Row, Value);

/// The arguments of every command that opens one socket.
#[derive(Args, Clone, Debug)]
pub(crate) struct Opening {
    /// Where to connect to, or to bind (`@tcp://...` binds, `>tcp://...` connects, whatever else is said)
    #[arg(required = true, value_name = "ENDPOINT")]
    places: Vec<Place>,

    /// Bind the endpoints
    #[arg(long, overrides_with = "connect")]
    bind: bool,

    /// Connect to the endpoints (the default)
    #[arg(long, overrides_with = "bind")]
    connect: bool,

    /// End after so many messages
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) count: Option<u64>,

    /// Give up when a message takes longer to come, to be accepted or to go out at the end
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(crate) timeout: Option<Duration>,

    /// Drop what has not gone out so many milliseconds after the end; -1 never does
    #[arg(long, value_name = "MS", allow_negative_numbers = true)]
    linger: Option<i32>,

    /// Set a socket option, such as sndhwm=10; may be given several times
    #[arg(long = "option", value_name = "NAME=VALUE", value_parser = setting)]
    settings: Vec<Setting>,

    /// The name by which routers know this socket
    #[arg(long, value_name = "ID", value_parser = routing_id)]
    routing_id: Option<Setting>,

    /// Answer zinc top here with the socket's numbers, secured as the socket if that is a server
    #[arg(long, value_name = "ENDPOINT")]
    stats: Option<String>,

    #[command(flatten)]
    pub(crate) form: Form,

    #[command(flatten)]
    security: Security,
}

pub(crate) struct Session {
    pub(crate) socket: AnySocket,
    context: Context,
    timeout: Option<Duration>,
    state: Arc<State>,
    /// Sockets beside this one send, too.
    others_send: bool,
    /// Tells of connections that were made, and of peers that refuse for good what is sent to them.
    outcomes: Option<Monitor>,
}

/// The state that the session and the watch for interrupts share.
#[derive(Default)]
struct State {
    /// Messages may still be on their way out.
    sends: AtomicBool,
    closing: AtomicBool,
    interrupted: AtomicBool,
}

impl Opening {
    /// Opens the socket, lets `work` use it, and closes it. An interrupt ends the work, and is no failure.
    pub(crate) fn run(
        &self,
        socket_type: SocketType,
        work: impl FnOnce(&mut Session) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        self.run_prepared(socket_type, |_| Ok(()), work).map(drop)
    }

    /// As [`Opening::run`]; `prepare` sets what the endpoints need to find set. Returns the number of connections that there
    /// were.
    pub(crate) fn run_prepared(
        &self,
        socket_type: SocketType,
        prepare: impl FnOnce(&mut Session) -> Result<(), Failure>,
        work: impl FnOnce(&mut Session) -> Result<(), Failure>,
    ) -> Result<usize, Failure> {
        let mut session = Session::new(socket_type, self.timeout)?;
        let outcomes = EventKind::HandshakeSucceeded
            | EventKind::HandshakeFailedAuth
            | EventKind::HandshakeFailedProtocol;
        session.outcomes = Some(session.socket.monitor(outcomes));
        let result =
            prepare(&mut session).and_then(|()| self.open(&mut session)).and_then(|_kept| work(&mut session));
        session.close(result)
    }

    /// Whether one of the endpoints is that of a group.
    pub(crate) fn has_multicast(&self) -> bool {
        self.places.iter().any(Place::is_multicast)
    }

    /// Whether nobody can subscribe here.
    pub(crate) fn has_only_multicast(&self) -> bool {
        self.places.iter().all(Place::is_multicast)
    }

    /// Sets the options, binds and connects. The statistics server and the authenticator, if there are such, live as long
    /// as they are kept.
    pub(crate) fn open(&self, session: &mut Session) -> Result<(Option<Stats>, Gate), Failure> {
        let guard = self.security.guard("socket")?;
        if session.socket.socket_type() == SocketType::Stream && guard.mechanism() != "NULL" {
            let text =
                "a STREAM socket speaks plain TCP, which has no security: leave the security arguments out";
            return Err(Failure::Usage(text.to_owned()));
        }
        let serve = |endpoint: &String| serve_stats(session.context(), endpoint, &guard.for_server("stats"));
        let stats = self.stats.as_ref().map(serve).transpose()?;
        let gate = Gate::of_one(&session.context, &guard)?;
        let socket = &mut session.socket;
        gate.secure(socket, &guard)?;
        if let Some(timeout) = self.timeout {
            // Longer than C can say is for ever.
            let timeout = (timeout.as_millis() < i32::MAX as u128).then_some(timeout);
            socket.set(option::SNDTIMEO, timeout)?;
            socket.set(option::RCVTIMEO, timeout)?;
        }
        if let Some(linger) = self.linger {
            socket.set_value(option::LINGER.row(), Value::Int(linger))?;
        }
        for (row, value) in self.settings.iter().chain(&self.routing_id) {
            socket.set_value(row, value.clone())?;
        }
        for place in &self.places {
            place.open(socket, self.bind && !self.connect)?;
        }
        Ok((stats, gate))
    }
}

impl Session {
    /// A socket in a context of its own, which an interrupt shuts down.
    pub(crate) fn new(socket_type: SocketType, timeout: Option<Duration>) -> Result<Self, Failure> {
        let context = Context::new();
        let socket = AnySocket::with_type(&context, socket_type)?;
        let state = Arc::new(State::default());
        state.sends.store(!matches!(socket_type, SocketType::Pull | SocketType::Sub), Ordering::SeqCst);
        let (handle, watched) = (context.clone(), state.clone());
        let mut first = None;
        on_interrupt(move || {
            let began = *first.get_or_insert_with(Instant::now);
            // Either this sees that the socket is being closed, or that sees this.
            let again = watched.interrupted.swap(true, Ordering::SeqCst);
            let closing = watched.closing.load(Ordering::SeqCst);
            match again {
                // The end is under way already; timeout(1) signals twice, for one.
                true if began.elapsed() < GRACE => {}
                false if !closing => handle.shutdown(),
                _ if watched.sends.load(Ordering::SeqCst) => {
                    note!("zinc: {HELD_UP}");
                    exit(1);
                }
                true => exit(0),
                // Nothing keeps it from its end.
                false => {}
            }
        })?;
        Ok(Self { socket, context, timeout, state, others_send: false, outcomes: None })
    }

    /// Has the end wait for the messages of others than [`Session::socket`].
    pub(crate) fn count_on_others(&mut self) {
        self.others_send = true;
        self.state.sends.store(true, Ordering::SeqCst);
    }

    /// The context, for more sockets that are to end with this one.
    pub(crate) const fn context(&self) -> &Context {
        &self.context
    }

    pub(crate) const fn timeout(&self) -> Option<Duration> {
        self.timeout
    }

    /// The socket, to wait for it.
    pub(crate) fn item(&mut self, interest: Interest) -> Item<'_> {
        Item::socket(SOCKET, &mut self.socket, interest)
    }

    /// Why a message was not sent: the same failure, or the timeout that stands behind it.
    pub(crate) fn unsent(&self, error: Error, what: &'static str) -> Failure {
        self.explain(error, what, option::SNDTIMEO)
    }

    /// Why none was received.
    pub(crate) fn unreceived(&self, error: Error, what: &'static str) -> Failure {
        self.explain(error, what, option::RCVTIMEO)
    }

    fn explain(&self, error: Error, what: &'static str, timeout: option::OptionKey<option::Wait>) -> Failure {
        if error != Error::Timeout {
            return error.into();
        }
        // --option may have set another than --timeout.
        let limit = self.socket.get(timeout).ok().flatten().unwrap_or_default();
        Failure::Timeout { what, limit }
    }

    /// Closes the socket and waits until everything has gone out: without limit, unless there is a timeout,
    /// or something else went wrong before.
    /// Returns the number of connections that there were.
    pub(crate) fn close(self, result: Result<(), Failure>) -> Result<usize, Failure> {
        let Self { socket, context, timeout, state, others_send, outcomes } = self;
        let stats = socket.stats();
        let sends = others_send || state.sends.load(Ordering::SeqCst) && stats.sent > 0;
        for group in stats.multicast.iter().filter(|group| group.lost > 0) {
            note!("zinc: {} datagrams of {} are lost, and the messages in them", group.lost, group.endpoint);
        }
        state.sends.store(sends, Ordering::SeqCst);
        state.closing.store(true, Ordering::SeqCst);
        let result = match result {
            Ok(()) if state.interrupted.load(Ordering::SeqCst) => Err(Error::Terminated.into()),
            result => result,
        };
        drop(socket);
        let (done, ended) = mpsc::channel();
        thread::spawn(move || {
            context.term();
            done.send(())
        });
        let limit = match &result {
            Ok(()) => timeout,
            Err(Failure::Timeout { .. }) => Some(Duration::ZERO),
            Err(_) => Some(timeout.unwrap_or(GRACE).min(GRACE)),
        };
        let all_out = limit.map_or_else(|| ended.recv().is_ok(), |limit| ended.recv_timeout(limit).is_ok());
        match (result, all_out || !sends) {
            (Err(failure), true) if failure.is_interrupt() => Ok(0),
            (Err(failure), false) if failure.is_interrupt() => Err(Failure::Failed(HELD_UP.to_owned())),
            (Ok(()), false) => {
                let what = "not all messages have gone out";
                Err(Failure::Timeout { what, limit: limit.unwrap_or_default() })
            }
            (Ok(()), true) => connections(outcomes, sends),
            (Err(failure), _) => Err(failure),
        }
    }
}

/// The number of connections that were made. One that `sends` fails if a peer that was connected to has refused this side for
/// good, with all that was queued for it.
fn connections(outcomes: Option<Monitor>, sends: bool) -> Result<usize, Failure> {
    let Some(mut outcomes) = outcomes else { return Ok(0) };
    let mut connections = 0;
    while let Ok(event) = outcomes.try_recv() {
        match event.kind {
            EventKind::HandshakeSucceeded => connections += 1,
            _ if sends && event.connects => {
                let endpoint = event.endpoint();
                let text = format!("{endpoint}: the peer and this side do not agree: zinc doctor {endpoint}");
                return Err(Failure::Failed(text));
            }
            _ => {}
        }
    }
    Ok(connections)
}

/// A statistics server, and the authenticator of its own context.
pub(crate) type Stats = (StatsServer, Gate);

/// Opens a statistics server, and tells where.
pub(crate) fn serve_stats(context: &Context, endpoint: &str, guard: &Guard) -> Result<Stats, Failure> {
    let own = Context::builder().blocky(false).build();
    let gate = Gate::of_one(&own, guard)?;
    let mut rep = Rep::new(&own)?;
    gate.secure(&mut rep, guard)?;
    rep.bind(endpoint)?;
    let server = StatsServer::with(context, own, rep)?;
    note!("zinc: statistics at {}", server.endpoint());
    Ok((server, gate))
}

/// Has `action` called at an interrupt (Ctrl-C) or a termination.
pub(crate) fn on_interrupt(action: impl FnMut() + Send + 'static) -> Result<(), Failure> {
    ctrlc::set_handler(action)
        .map_err(|error| Failure::Failed(format!("cannot watch for interrupts: {error}")))
}

/// A time on the command line.
pub(crate) fn seconds(text: &str) -> Result<Duration, String> {
    let number: f64 = text.parse().map_err(|_| "not a number of seconds, as in 2 or 0.5".to_owned())?;
    Duration::try_from_secs_f64(number).map_err(|_| "not a length of time: above 0, in seconds".to_owned())
}

/// `NAME=VALUE`, by the table of options.
pub(crate) fn setting(text: &str) -> Result<Setting, String> {
    let (name, value) = text.split_once('=').ok_or("it lacks the form NAME=VALUE, as in sndhwm=10")?;
    // The parser would repeat a value that it does not like.
    let secret = match name.to_uppercase().as_str() {
        "CURVE_SECRETKEY" => Some("--curve-server FILE or --curve-key FILE"),
        "PLAIN_PASSWORD" => Some("--plain-password-file FILE"),
        _ => None,
    };
    if let Some(file) = secret {
        return Err(format!("{name} is a secret, which others can see here: keep it in a file, with {file}"));
    }
    let gssapi = name.to_lowercase().starts_with("gssapi_");
    let row = option::by_name(name).ok_or_else(|| match nearest(name).filter(|_| !gssapi) {
        Some(nearest) => format!("there is no option {name}; did you mean {nearest}?"),
        None if gssapi => format!("there is no option {name}: GSSAPI is not spoken; PLAIN and CURVE are"),
        None => format!("there is no option {name}"),
    })?;
    row.parse(value).map(|value| (row, value)).map_err(|error| error.to_string())
}

fn routing_id(text: &str) -> Result<Setting, String> {
    let row = option::ROUTING_ID.row();
    row.parse(text).map(|value| (row, value)).map_err(|error| error.to_string())
}

/// The option whose name looks most like this one.
fn nearest(name: &str) -> Option<String> {
    let names = option::rows().iter().map(|row| row.name.to_lowercase());
    let likeness = |other: &String| strsim::jaro_winkler(&name.to_lowercase(), other);
    let best = names.map(|other| (likeness(&other), other)).max_by(|a, b| a.0.total_cmp(&b.0))?;
    (best.0 > 0.8).then_some(best.1)
}
