//! One run: two sides, a clock, and the result.

use crate::failure::Failure;
use crate::report::Latencies;
use crate::security::{Ends, Gate, Guard};
use clap::ValueEnum;
use rustix::time::{ClockId, clock_gettime};
use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};
use zincmq::{Context, Message, Pull, Push, Rep, Req, option};

/// Messages sent between two looks at the clock.
const STRIDE: u32 = 256;
/// Nothing on one machine takes longer.
const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Measure {
    /// One PUSH sends to one PULL
    Throughput,
    /// One REQ asks one REP
    Latency,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Transport {
    Tcp,
    Ipc,
    Inproc,
}

impl Measure {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Throughput => "throughput",
            Self::Latency => "latency",
        }
    }
}

impl Transport {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Ipc => "ipc",
            Self::Inproc => "inproc",
        }
    }

    const fn endpoint(self) -> &'static str {
        match self {
            Self::Tcp => "tcp://127.0.0.1:*",
            Self::Ipc => "ipc://*",
            Self::Inproc => "inproc://bench",
        }
    }
}

#[derive(Clone, Copy)]
pub(super) struct Run {
    pub(super) measure: Measure,
    pub(super) transport: Transport,
    pub(super) size: usize,
    pub(super) seconds: Duration,
}

pub(super) struct Figures {
    /// Messages, or round trips, a second.
    pub(super) rate: f64,
    /// Processor time of each, of both sides together, in microseconds.
    pub(super) cpu_us: f64,
    /// Half a round trip, by the share of all that took no longer; empty for throughput.
    pub(super) one_way_us: Vec<(&'static str, f64)>,
}

/// The side that sends, or replies.
pub(super) enum Peer {
    Thread(thread::JoinHandle<Result<(), Failure>>),
    Process(Child),
}

impl Run {
    pub(super) fn title(&self) -> String {
        format!("{} over {}, {} bytes", self.measure.name(), self.transport.name(), self.size)
    }

    pub(super) fn measure(&self, ends: &Ends) -> Result<Figures, Failure> {
        match self.measure {
            Measure::Throughput => self.throughput(ends),
            Measure::Latency => self.latency(ends),
        }
    }

    fn throughput(&self, ends: &Ends) -> Result<Figures, Failure> {
        let context = Context::new();
        let gate = Gate::of_one(&context, &ends.server)?;
        let mut pull = Pull::new(&context)?;
        gate.secure(&mut pull, &ends.server)?;
        pull.set(option::RCVTIMEO, PATIENCE)?;
        let endpoint = pull.bind(self.transport.endpoint())?;
        let before = cpu();
        let peer = Peer::start(*self, &context, endpoint, ends)?;
        let mut message = Message::new();
        pull.recv_into(&mut message)?;
        let (began, mut count) = (Instant::now(), 0_u64);
        while !is_end(&message) {
            count += 1;
            pull.recv_into(&mut message)?;
        }
        let elapsed = began.elapsed().as_secs_f64();
        let cpu = cpu().saturating_sub(before) + peer.end()?;
        let cpu_us = cpu.as_secs_f64() * 1e6 / count.max(1) as f64;
        Ok(Figures { rate: count as f64 / elapsed, cpu_us, one_way_us: Vec::new() })
    }

    fn latency(&self, ends: &Ends) -> Result<Figures, Failure> {
        let context = Context::new();
        let gate = Gate::of_one(&context, &ends.server)?;
        let mut req = Req::new(&context)?;
        gate.secure(&mut req, &ends.server)?;
        req.set(option::RCVTIMEO, PATIENCE)?;
        let endpoint = req.bind(self.transport.endpoint())?;
        let before = cpu();
        let peer = Peer::start(*self, &context, endpoint, ends)?;
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
        let one_way = |(name, time): (&'static str, Duration)| (name, time.as_secs_f64() * 1e6 / 2.0);
        let one_way_us = latencies.shares().into_iter().map(one_way).collect();
        Ok(Figures { rate: count / elapsed, cpu_us: cpu.as_secs_f64() * 1e6 / count, one_way_us })
    }

    /// Sends, or replies, until the end.
    fn serve(&self, context: &Context, endpoint: &str, guard: &Guard) -> Result<(), Failure> {
        let gate = Gate::of_one(context, guard)?;
        match self.measure {
            Measure::Throughput => {
                let mut push = Push::new(context)?;
                gate.secure(&mut push, guard)?;
                // If the other process is gone, this one ends too.
                push.set(option::SNDTIMEO, PATIENCE)?;
                push.set(option::LINGER, PATIENCE)?;
                push.connect(endpoint)?;
                let body = vec![0_u8; self.size];
                let began = Instant::now();
                while began.elapsed() < self.seconds {
                    for _ in 0..STRIDE {
                        push.send(&body)?;
                    }
                }
                Ok(push.send(end())?)
            }
            Measure::Latency => {
                let mut rep = Rep::new(context)?;
                gate.secure(&mut rep, guard)?;
                rep.set(option::RCVTIMEO, PATIENCE)?;
                rep.set(option::LINGER, PATIENCE)?;
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
    /// Does the work of the other process. Returns the processor time that it used, in nanoseconds.
    pub(super) fn be(run: Run, endpoint: &str, guard: &Guard) -> Result<String, Failure> {
        run.serve(&Context::new(), endpoint, guard)?;
        Ok(cpu().as_nanos().to_string())
    }

    fn start(run: Run, context: &Context, endpoint: String, ends: &Ends) -> Result<Self, Failure> {
        if run.transport == Transport::Inproc {
            let (context, guard) = (context.clone(), ends.client.clone());
            return Ok(Self::Thread(thread::spawn(move || run.serve(&context, &endpoint, &guard))));
        }
        let unable = |error| Failure::Failed(format!("cannot start the other process: {error}"));
        let program = std::env::current_exe().map_err(unable)?;
        let mut command = Command::new(program);
        command.args(["bench", run.measure.name(), "--peer", &endpoint, "--size", &run.size.to_string()]);
        command.args(["--seconds", &run.seconds.as_secs_f64().to_string()]);
        command.args(&ends.arguments);
        Ok(Self::Process(command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().map_err(unable)?))
    }

    /// Waits for its end. Returns the processor time that it used, if it is a process of its own.
    fn end(self) -> Result<Duration, Failure> {
        let failed = || Failure::Failed("the other side failed".to_owned());
        match self {
            Self::Thread(thread) => thread.join().map_err(|_| failed())?.map(|()| Duration::ZERO),
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

/// The processor time that this process has used.
fn cpu() -> Duration {
    clock_gettime(ClockId::ProcessCPUTime).try_into().unwrap_or_default()
}
