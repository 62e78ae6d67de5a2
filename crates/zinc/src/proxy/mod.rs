//! `zinc proxy`: passes the messages that one side sends to the other.

mod config;
mod control;
mod gauge;
mod http;
mod kind;
mod prometheus;

use crate::failure::Failure;
use crate::place::Place;
use crate::session::{Session, Setting, serve_stats, setting};
use clap::Args;
use config::{Config, interval};
use control::Control;
use gauge::{Gauge, Reporter, Side};
use kind::Kind;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;
use zincmq::{AnySocket, Context, SocketType};

/// Pass messages between two sides until interrupted
///
/// Endpoints are bound; `>` before one connects instead.
#[derive(Args)]
#[command(override_usage = USAGE, after_help = EXAMPLES)]
pub(crate) struct Proxy {
    #[arg(value_enum, required_unless_present = "config")]
    kind: Option<Kind>,

    /// The side of clients, publishers or pushers
    #[arg(value_name = "FRONTEND")]
    front: Option<Place>,

    /// The side of workers, subscribers or pullers
    #[arg(value_name = "BACKEND")]
    back: Option<Place>,

    /// One more endpoint of the frontend; may be given several times
    #[arg(long = "front", value_name = "ENDPOINT")]
    fronts: Vec<Place>,

    /// One more endpoint of the backend; may be given several times
    #[arg(long = "back", value_name = "ENDPOINT")]
    backs: Vec<Place>,

    /// Publish a copy of every message here
    #[arg(long, value_name = "ENDPOINT")]
    capture: Option<Place>,

    /// Obey here: a REP socket that takes PAUSE, RESUME, TERMINATE, STATISTICS and STATISTICS JSON
    #[arg(long, value_name = "ENDPOINT")]
    control: Option<Place>,

    /// Set an option of both sides, such as sndhwm=10; may be given several times
    #[arg(long = "option", value_name = "NAME=VALUE", value_parser = setting)]
    settings: Vec<Setting>,

    /// Answer zinc top here with the numbers of the proxy
    #[arg(long, value_name = "ENDPOINT")]
    stats: Option<String>,

    /// Serve the numbers to Prometheus: http://ADDRESS:PORT/metrics
    #[arg(long, value_name = "ADDRESS:PORT")]
    prometheus: Option<SocketAddr>,

    /// Print the numbers to the standard error so often
    #[arg(long, value_name = "SECONDS", value_parser = interval)]
    every: Option<Duration>,

    /// Print them as JSON lines
    #[arg(long)]
    json: bool,

    /// Take everything that is not given here from this TOML file
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

const USAGE: &str = "\
zinc proxy <KIND> <FRONTEND> <BACKEND> [OPTIONS]
       zinc proxy --config <FILE> [OPTIONS]";

const EXAMPLES: &str = "\
Examples:
  zinc proxy queue tcp://*:5559 tcp://*:5560
  zinc proxy forwarder '>tcp://source:5556' tcp://*:5557 --stats ipc:///tmp/proxy.stats
  zinc proxy streamer tcp://*:5557 tcp://*:5558 --prometheus 127.0.0.1:9100 --every 10
  zinc proxy --config proxy.toml
  zinc req tcp://localhost:5561 -m PAUSE         # with --control tcp://*:5561
  zinc req tcp://localhost:5561 -m 'STATISTICS JSON' | jq .frontend

proxy.toml (every line but the first three may be left out):
  kind = \"queue\"
  front = [\"tcp://*:5559\"]
  back = [\"tcp://*:5560\", \">tcp://other:5570\"]
  capture = \"tcp://*:5562\"
  control = \"tcp://127.0.0.1:5561\"
  stats = \"ipc:///tmp/proxy.stats\"
  prometheus = \"127.0.0.1:9100\"
  every = 10
  json = false
  options = { sndhwm = 100, tcp_keepalive = 1 }";

impl Proxy {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let Plan { kind, config } = self.plan()?;
        let (front, back) = kind.sides();
        let mut session = Session::new(front, None)?;
        session.count_on_others();
        let result = pass(&config, kind, &mut session, back);
        session.close(result).map(drop)
    }

    /// The command line, completed by the file.
    fn plan(self) -> Result<Plan, Failure> {
        let file = self.config.as_deref().map(Config::read).transpose()?.unwrap_or_default();
        let missing = |what: &str, how: &str| {
            Failure::Usage(format!("the proxy lacks its {what}: {how}, or write it in the file of --config"))
        };
        let given = |one: Option<Place>, more: Vec<Place>, file: Vec<Place>| {
            let all: Vec<Place> = one.into_iter().chain(more).collect();
            if all.is_empty() { file } else { all }
        };
        let config = Config {
            front: given(self.front, self.fronts, file.front),
            back: given(self.back, self.backs, file.back),
            capture: self.capture.or(file.capture),
            control: self.control.or(file.control),
            stats: self.stats.or(file.stats),
            prometheus: self.prometheus.or(file.prometheus),
            every: self.every.or(file.every),
            json: self.json || file.json,
            settings: file.settings.into_iter().chain(self.settings).collect(),
            kind: self.kind.or(file.kind),
        };
        if config.front.is_empty() {
            return Err(missing("frontend", "name an endpoint, such as tcp://*:5559"));
        }
        if config.back.is_empty() {
            return Err(missing("backend", "name a second endpoint, such as tcp://*:5560"));
        }
        let kind = config.kind.ok_or_else(|| missing("kind", "queue, forwarder or streamer"))?;
        Ok(Plan { kind, config })
    }
}

/// The proxy's kind and its settings, in full.
struct Plan {
    kind: Kind,
    config: Config,
}

/// Opens everything, and passes messages until an interrupt or the control socket says otherwise.
fn pass(config: &Config, kind: Kind, session: &mut Session, back: SocketType) -> Result<(), Failure> {
    let context = session.context().clone();
    let open = |socket: &mut AnySocket, places: &[Place]| {
        let socket_type = socket.socket_type();
        for (row, value) in config.settings.iter().filter(|(row, _)| row.applies_to(socket_type)) {
            socket.set_value(row, value.clone())?;
        }
        places.iter().try_for_each(|place| place.open(socket, true)).map_err(Failure::from)
    };
    open(&mut session.socket, &config.front)?;
    let mut backend = AnySocket::with_type(&context, back)?;
    open(&mut backend, &config.back)?;
    let mut capture = config.capture.as_ref().map(|place| publisher(&context, place)).transpose()?;
    let mut control = config.control.as_ref().map(|place| Control::open(&context, place)).transpose()?;

    let _stats = config.stats.as_ref().map(|endpoint| serve_stats(&context, endpoint)).transpose()?;
    let gauge = Gauge::new(&context, kind);
    if let Some(address) = config.prometheus {
        prometheus::serve(address, gauge.clone())?;
    }
    let reporter = config.every.map(|every| Reporter::start(gauge, every, config.json));
    let passed = match &mut control {
        None => zincmq::proxy(&mut session.socket, &mut backend, capture.as_mut()),
        Some(control) => {
            let control = &mut control.socket;
            zincmq::proxy_steerable(&mut session.socket, &mut backend, capture.as_mut(), control)
        }
    };
    if let Some(reporter) = reporter {
        let mut sides = vec![Side::of("frontend", &mut session.socket), Side::of("backend", &mut backend)];
        sides.extend(capture.as_mut().map(|capture| Side::of("capture", capture)));
        reporter.end(sides);
    }
    Ok(passed?)
}

/// The socket that has a copy of everything.
fn publisher(context: &Context, place: &Place) -> Result<AnySocket, Failure> {
    let mut socket = AnySocket::with_type(context, SocketType::Pub)?;
    place.open(&mut socket, true)?;
    Ok(socket)
}
