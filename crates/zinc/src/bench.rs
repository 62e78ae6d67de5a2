//! `zinc bench`: this library alone, on this machine.

use crate::failure::Failure;
use crate::output;
use crate::report::{self, Latencies};
use crate::session::seconds;
use clap::{Args, ValueEnum};
use indicatif::HumanCount;
use rustix::time::{ClockId, clock_gettime};
use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};
use zincmq::{Context, Error, Message, Pull, Push, Rep, Req, option};

/// Messages sent between two looks at the clock.
const STRIDE: u32 = 256;
/// Nothing on one machine takes longer.
const PATIENCE_MS: i32 = 10_000;

/// Two processes, or for inproc two threads, send as fast as they can. Without a name, both are measured.
#[derive(Args, Clone)]
pub(crate) struct Bench {
    #[arg(value_enum)]
    measure: Option<Measure>,

    #[arg(long, value_enum, default_value = "tcp")]
    transport: Transport,

    /// Bytes of each message
    #[arg(long, value_name = "BYTES", default_value_t = 100)]
    size: usize,

    /// How long to measure
    #[arg(long, default_value = "3", value_parser = seconds)]
    seconds: Duration,

    /// Be the other process, connected to this endpoint
    #[arg(long, hide = true, value_name = "ENDPOINT", requires = "measure")]
    peer: Option<String>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Measure {
    /// One PUSH sends to one PULL
    Throughput,
    /// One REQ asks one REP
    Latency,
}

#[derive(Clone, Copy, ValueEnum)]
enum Transport {
    Tcp,
    Ipc,
    Inproc,
}

impl Measure {
    const fn name(self) -> &'static str {
        match self {
            Self::Throughput => "throughput",
            Self::Latency => "latency",
        }
    }
}

impl Transport {
    const fn endpoint(self) -> &'static str {
        match self {
            Self::Tcp => "tcp://127.0.0.1:*",
            Self::Ipc => "ipc://*",
            Self::Inproc => "inproc://bench",
        }
    }
}

/// The side that sends, or replies.
enum Peer {
    Thread(thread::JoinHandle<Result<(), Error>>),
    Process(Child),
}

impl Bench {
    pub(crate) fn run(self) -> Result<(), Failure> {
        if let (Some(endpoint), Some(measure)) = (&self.peer, self.measure) {
            self.serve(&Context::new(), measure, endpoint)?;
            return output::write(cpu().as_nanos().to_string().as_bytes());
        }
        match self.measure {
            Some(Measure::Throughput) => self.throughput(),
            Some(Measure::Latency) => self.latency(),
            None => self.throughput().and_then(|()| self.latency()),
        }
    }

    fn throughput(&self) -> Result<(), Failure> {
        let context = Context::new();
        let mut pull = Pull::new(&context)?;
        pull.set(option::RCVTIMEO, PATIENCE_MS)?;
        let endpoint = pull.bind(self.transport.endpoint())?;
        let before = cpu();
        let peer = self.start(&context, Measure::Throughput, endpoint)?;
        let mut message = Message::new();
        pull.recv_into(&mut message)?;
        let (began, mut count) = (Instant::now(), 0_u64);
        while !is_end(&message) {
            count += 1;
            pull.recv_into(&mut message)?;
        }
        let elapsed = began.elapsed().as_secs_f64();
        let cpu = cpu().saturating_sub(before) + peer.end()?;
        let rate = count as f64 / elapsed;
        self.print(
            Measure::Throughput,
            &[
                ("messages/s", HumanCount(rate as u64).to_string()),
                ("MB/s", format!("{:.1}", rate * self.size as f64 / 1e6)),
                ("CPU/message", format!("{:.3} us", cpu.as_secs_f64() * 1e6 / count.max(1) as f64)),
            ],
        )
    }

    fn latency(&self) -> Result<(), Failure> {
        let context = Context::new();
        let mut req = Req::new(&context)?;
        req.set(option::RCVTIMEO, PATIENCE_MS)?;
        let endpoint = req.bind(self.transport.endpoint())?;
        let before = cpu();
        let peer = self.start(&context, Measure::Latency, endpoint)?;
        let body = vec![0_u8; self.size];
        let mut latencies = Latencies::default();
        // The first round trip includes the connection.
        req.send(&body)?;
        let mut reply = req.recv()?;
        let began = Instant::now();
        let mut sent = began;
        while sent - began < self.seconds {
            req.send(&body)?;
            req.recv_into(&mut reply)?;
            let now = Instant::now();
            latencies.add(now - sent);
            sent = now;
        }
        let elapsed = began.elapsed().as_secs_f64();
        req.send(end())?;
        req.recv()?;
        let cpu = cpu().saturating_sub(before) + peer.end()?;
        let count = latencies.count().max(1) as f64;
        let mut rows = vec![
            ("round trips/s", HumanCount((count / elapsed) as u64).to_string()),
            ("CPU/round trip", format!("{:.3} us", cpu.as_secs_f64() * 1e6 / count)),
        ];
        rows.extend(latencies.rows(2).into_iter().map(|(name, time)| match name {
            "p50" => ("one way: p50", time),
            other => (other, time),
        }));
        self.print(Measure::Latency, &rows)
    }

    fn print(&self, measure: Measure, rows: &[(&str, String)]) -> Result<(), Failure> {
        let transport = self.transport.endpoint().split(':').next().unwrap_or_default();
        report::print(&format!("{} over {transport}, {} bytes", measure.name(), self.size), rows)
    }

    fn start(&self, context: &Context, measure: Measure, endpoint: String) -> Result<Peer, Failure> {
        if matches!(self.transport, Transport::Inproc) {
            let (bench, context) = (self.clone(), context.clone());
            return Ok(Peer::Thread(thread::spawn(move || bench.serve(&context, measure, &endpoint))));
        }
        let unable = |error| Failure::Failed(format!("cannot start the other process: {error}"));
        let program = std::env::current_exe().map_err(unable)?;
        let mut command = Command::new(program);
        command.args(["bench", measure.name(), "--peer", &endpoint, "--size", &self.size.to_string()]);
        command.args(["--seconds", &self.seconds.as_secs_f64().to_string()]);
        Ok(Peer::Process(command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().map_err(unable)?))
    }

    /// Sends, or replies, until the end.
    fn serve(&self, context: &Context, measure: Measure, endpoint: &str) -> Result<(), Error> {
        match measure {
            Measure::Throughput => {
                let mut push = Push::new(context)?;
                push.connect(endpoint)?;
                let body = vec![0_u8; self.size];
                let began = Instant::now();
                while began.elapsed() < self.seconds {
                    for _ in 0..STRIDE {
                        push.send(&body)?;
                    }
                }
                push.send(end())
            }
            Measure::Latency => {
                let mut rep = Rep::new(context)?;
                rep.set(option::RCVTIMEO, PATIENCE_MS)?;
                rep.connect(endpoint)?;
                let mut request = Message::new();
                while !is_end(&request) {
                    rep.recv_into(&mut request)?;
                    rep.send(&request)?;
                }
                Ok(())
            }
        }
    }
}

impl Peer {
    /// Waits for its end. Returns the CPU time that it used, if it is a process of its own.
    fn end(self) -> Result<Duration, Failure> {
        let failed = || Failure::Failed("the other side failed".to_owned());
        match self {
            Self::Thread(thread) => {
                thread.join().map_err(|_| failed())?.map(|()| Duration::ZERO).map_err(Into::into)
            }
            Self::Process(mut child) => {
                let mut said = String::new();
                let read = child.stdout.take().map(|mut stdout| stdout.read_to_string(&mut said));
                let status = child.wait();
                let nanos = said.parse().map(Duration::from_nanos).map_err(|_| failed())?;
                let fine = matches!(read, Some(Ok(_))) && status.is_ok_and(|status| status.success());
                if fine { Ok(nanos) } else { Err(failed()) }
            }
        }
    }
}

/// The message after the last: the only one in two parts.
fn end() -> Message {
    Message::from(["", ""])
}

fn is_end(message: &Message) -> bool {
    message.len() == 2
}

/// The CPU time that this process has used.
fn cpu() -> Duration {
    clock_gettime(ClockId::ProcessCPUTime).try_into().unwrap_or_default()
}
