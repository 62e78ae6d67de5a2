//! `zinc proxy`: passes the messages that one side sends to the other.

mod config;
mod control;
mod gauge;
mod guards;
mod http;
mod kind;
mod prometheus;

use crate::failure::Failure;
use crate::place::Place;
use crate::security::{Gate, Guard, Log, Security};
use crate::session::{Session, Setting, serve_stats, setting};
use clap::Args;
use config::{Config, interval};
use control::Control;
use gauge::{Gauge, Reporter, Side};
use guards::Guards;
use kind::Kind;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;
use zincmq::{AnySocket, Context, SocketType};

/// Pass messages between two sides until interrupted
///
/// Endpoints are bound; `>` before one connects instead.
///
/// The security arguments hold for all sockets of the proxy, and replace those of the file. In the file each socket can
/// have its own.
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

    #[command(flatten)]
    security: Security,
}

const USAGE: &str = "\
zinc proxy <KIND> <FRONTEND> <BACKEND> [OPTIONS]
       zinc proxy --config <FILE> [OPTIONS]";

const EXAMPLES: &str = "\
Examples:
  zinc proxy queue tcp://*:5559 tcp://*:5560
  zinc proxy forwarder '>tcp://source:5556' tcp://*:5557 --stats ipc:///tmp/proxy.stats
  zinc proxy forwarder tcp://*:5556 'epgm://eth0;239.192.1.1:5555' --option rate=10000
  zinc proxy streamer tcp://*:5557 tcp://*:5558 --prometheus 127.0.0.1:9100 --every 10
  zinc proxy --config proxy.toml
  zinc proxy queue tcp://*:5559 tcp://*:5560 --curve-server broker.key_secret --curve-clients friends
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
  options = { sndhwm = 100, tcp_keepalive = 1 }
  [security.front]                        # and back, capture, control, stats; all for those without their own
  curve-server = \"broker.key_secret\"    # the arguments of --secure; paths count from this file
  curve-clients = \"friends\"

zinc auth has rules for peers besides, and tells of each decision.";

impl Proxy {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let (config, security) = self.completed()?;
        let missing = |what: &str, how: &str| {
            Failure::Usage(format!("the proxy lacks its {what}: {how}, or write it in the file of --config"))
        };
        if config.front.is_empty() {
            return Err(missing("frontend", "name an endpoint, such as tcp://*:5559"));
        }
        if config.back.is_empty() {
            return Err(missing("backend", "name a second endpoint, such as tcp://*:5560"));
        }
        let kind = config.kind.ok_or_else(|| missing("kind", "queue, forwarder or streamer"))?;
        let guards = if security.is_given() {
            Guards::same(&security)?
        } else {
            Guards::of_file(&config.security, &config.file)?
        };
        Plan { kind, config, guards, log: Log::Refusals }.run()
    }

    /// The command line, completed by the file.
    fn completed(self) -> Result<(Config, Security), Failure> {
        let file = self.config.as_deref().map(Config::read).transpose()?.unwrap_or_default();
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
            ..file
        };
        Ok((config, self.security))
    }
}

/// The proxy's kind and its settings, in full.
struct Plan {
    kind: Kind,
    config: Config,
    guards: Guards,
    log: Log,
}

/// Runs the proxy of a file whose peers are judged, and tells of each decision.
pub(crate) fn run_judged(file: &Path) -> Result<(), Failure> {
    let config = Config::read(file)?;
    let missing = |what: &str, how: &str| {
        Failure::Usage(format!("{}: {what} is missing: write {what} = {how}", file.display()))
    };
    if config.front.is_empty() {
        return Err(missing("front", "[\"tcp://*:5559\"]"));
    }
    if config.back.is_empty() {
        return Err(missing("back", "[\"tcp://127.0.0.1:5560\"]"));
    }
    let kind = config.kind.ok_or_else(|| missing("kind", "\"queue\", \"forwarder\" or \"streamer\""))?;
    let guards = Guards::of_file(&config.security, file)?;
    if !Gate::judges(&guards.in_use(config.capture.is_some(), config.control.is_some()), &config.domains)? {
        let text = "nobody is judged: write which peers may come in, in [domains.front], and how they prove who they are, \
                    in [security.front]";
        return Err(Failure::Usage(format!("{}: {text}", file.display())));
    }
    Plan { kind, config, guards, log: Log::All }.run()
}

impl Plan {
    fn run(&self) -> Result<(), Failure> {
        let (front, _) = self.kind.sides();
        let mut session = Session::new(front, None)?;
        session.count_on_others();
        let result = self.pass(&mut session);
        session.close(result).map(drop)
    }

    /// Opens everything, and passes messages until an interrupt or the control socket says otherwise.
    fn pass(&self, session: &mut Session) -> Result<(), Failure> {
        let Self { kind, config, guards, log } = self;
        let context = session.context().clone();
        let in_use = guards.in_use(config.capture.is_some(), config.control.is_some());
        let gate = Gate::open(&context, &in_use, &config.domains, *log)?;
        let frontend = &mut session.socket;
        self.open(frontend, &gate, &guards.front, &config.front)?;
        let mut backend = AnySocket::with_type(&context, kind.sides().1)?;
        self.open(&mut backend, &gate, &guards.back, &config.back)?;
        if matches!(kind, Kind::Forwarder) && config.back.iter().any(Place::is_multicast) {
            // A group gets everything, and nobody in it can say what it wants.
            frontend.send(b"\x01")?;
        }
        let secured = (&gate, &guards.capture);
        let mut capture = config.capture.as_ref().map(|at| publisher(&context, at, secured)).transpose()?;
        let secured = (&gate, &guards.control);
        let mut control =
            config.control.as_ref().map(|place| Control::open(&context, place, secured)).transpose()?;

        let serve = |endpoint: &String| serve_stats(&context, endpoint, &guards.stats);
        let _stats = config.stats.as_ref().map(serve).transpose()?;
        let gauge = Gauge::new(&context, *kind);
        if let Some(address) = config.prometheus {
            prometheus::serve(address, gauge.clone())?;
        }
        let reporter = config.every.map(|every| Reporter::start(gauge, every, config.json));
        let mut proxy = zincmq::Proxy::new(frontend, &mut backend);
        if let Some(capture) = &mut capture {
            proxy = proxy.capture(capture);
        }
        if let Some(control) = &mut control {
            proxy = proxy.control(&mut control.socket);
        }
        let passed = proxy.run();
        if let Some(reporter) = reporter {
            let mut sides = vec![Side::of("frontend", frontend), Side::of("backend", &backend)];
            sides.extend(capture.as_ref().map(|capture| Side::of("capture", capture)));
            reporter.end(sides);
        }
        Ok(passed?)
    }

    /// Opens one of the two sides.
    fn open(
        &self,
        socket: &mut AnySocket,
        gate: &Gate,
        guard: &Guard,
        places: &[Place],
    ) -> Result<(), Failure> {
        let socket_type = socket.socket_type();
        for (row, value) in self.config.settings.iter().filter(|(row, _)| row.applies_to(socket_type)) {
            socket.set_value(row, value.clone())?;
        }
        gate.secure(socket, guard)?;
        places.iter().try_for_each(|place| place.open(socket, true)).map_err(Failure::from)
    }
}

/// The socket that has a copy of everything.
fn publisher(context: &Context, place: &Place, (gate, guard): (&Gate, &Guard)) -> Result<AnySocket, Failure> {
    let mut socket = AnySocket::with_type(context, SocketType::Pub)?;
    gate.secure(&mut socket, guard)?;
    place.open(&mut socket, true)?;
    Ok(socket)
}
