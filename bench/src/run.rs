//! Runs the rows: starts the processes, takes the sides in turn, makes medians.

use std::cell::Cell;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};
use std::{env, fs, io, process, thread};

use clap::ValueEnum;

use crate::row::{Row, Transport};
use crate::task::{Contender, End, Task};
use crate::took::Took;
use crate::work::Unit;

/// The time that a run may take beyond that for which it sends: to start, to drain what is queued and to end.
const GRACE: Duration = Duration::from_secs(10);

/// How to measure.
pub(crate) struct Settings {
    /// The contenders, on the rows that are not raw.
    pub(crate) sides: Vec<Contender>,
    /// How often each.
    pub(crate) repeats: usize,
    /// For how long each time.
    pub(crate) time: Duration,
}

/// The results of a row, one for each contender.
pub(crate) struct Outcome {
    pub(crate) row: Row,
    results: Vec<(Contender, Result<Figure, String>)>,
}

/// Medians over the repeats.
#[derive(Clone, Debug)]
pub(crate) struct Figure {
    /// One for each statistic of the unit of the row's work.
    pub(crate) values: Vec<f64>,
    /// CPU time of both ends in microseconds, for each message.
    pub(crate) cpu_us: f64,
}

impl Outcome {
    /// The figure of a side, if it was measured and did not fail. Of a raw row `side` is [`Contender::Raw`].
    pub(crate) fn figure(&self, side: Contender) -> Option<&Figure> {
        self.results.iter().find(|(name, _)| *name == side).and_then(|(_, result)| result.as_ref().ok())
    }

    /// The sides that failed, each with its reason.
    pub(crate) fn failures(&self) -> impl Iterator<Item = (Contender, &str)> {
        self.results.iter().filter_map(|(side, result)| Some((*side, result.as_ref().err()?.as_str())))
    }

    /// How many times better ours is by one statistic: messages a second by messages a second, or their latency
    /// by ours.
    pub(crate) fn ratio(&self, statistic: usize) -> Option<f64> {
        let value = |side| self.figure(side)?.values.get(statistic).copied();
        let (ours, theirs) = (value(Contender::Zincmq)?, value(Contender::Libzmq)?);
        Some(if self.row.work.unit().is_cost() { theirs / ours } else { ours / theirs })
    }
}

/// More descriptors than a process has beside its connections.
const FEW: usize = 100;

/// The contenders that do a row.
pub(crate) fn contenders(row: &Row, settings: &Settings) -> Vec<Contender> {
    if row.work.is_raw() { vec![Contender::Raw] } else { settings.sides.clone() }
}

/// The descriptors that a row takes of one process: one a connection, and for libzmq one more a socket; and a few.
pub(crate) fn descriptors(row: &Row, settings: &Settings) -> u64 {
    let each = if contenders(row, settings).contains(&Contender::Libzmq) { 2 } else { 1 };
    (each * row.work.connections() + FEW) as u64
}

/// Measures one row, its sides in turn so that a change of the machine's mood meets all alike. A side that
/// failed is not tried again. `tick` hears of every run that is over or will not be.
pub(crate) fn measure(row: &Row, settings: &Settings, scratch: &Scratch, tick: impl Fn()) -> Outcome {
    let mut samples =
        contenders(row, settings).into_iter().map(|side| (side, Ok(Vec::new()))).collect::<Vec<_>>();
    for _ in 0..settings.repeats {
        for (side, taken) in &mut samples {
            if let Ok(figures) = taken {
                match sample(row, *side, settings.time, scratch) {
                    Ok(figure) => figures.push(figure),
                    Err(reason) => *taken = Err(reason),
                }
            }
            tick();
        }
        samples.reverse();
    }
    let results = samples.into_iter().map(|(side, taken)| (side, taken.map(|figures| medians(&figures))));
    Outcome { row: row.clone(), results: results.collect() }
}

fn medians(figures: &[Figure]) -> Figure {
    let statistics = figures.first().map_or(0, |figure| figure.values.len());
    Figure {
        values: (0..statistics)
            .map(|index| median(figures.iter().map(|figure| figure.values[index])))
            .collect(),
        cpu_us: median(figures.iter().map(|figure| figure.cpu_us)),
    }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => f64::NAN,
        count if count % 2 == 1 => values[count / 2],
        count => values[count / 2 - 1].midpoint(values[count / 2]),
    }
}

/// One run of one side.
fn sample(row: &Row, side: Contender, time: Duration, scratch: &Scratch) -> Result<Figure, String> {
    let endpoint = match row.transport {
        Transport::Inproc => "inproc://bench".into(),
        Transport::Ipc => format!("ipc://{}", scratch.fresh_path().display()),
        Transport::Tcp => "tcp://127.0.0.1:*".into(),
    };
    let time = time * row.work.length();
    let deadline = Instant::now() + time * 4 + GRACE;
    let millis = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    let task = |end, endpoint| Task { contender: side, end, row: row.clone(), endpoint, millis };
    let (voice, ears) = mpsc::channel();
    let mut heard = Heard::default();
    // Dropping a worker ends its process in any case.
    let mut workers = if row.transport == Transport::Inproc {
        vec![Worker::start(&task(End::Both, endpoint), &voice)?]
    } else {
        let binding = Worker::start(&task(End::Bind, endpoint), &voice)?;
        let endpoint = loop {
            heard.listen(&ears, deadline)?;
            if let Some(endpoint) = heard.bound.take() {
                break endpoint;
            }
        };
        vec![binding, Worker::start(&task(End::Connect, endpoint), &voice)?]
    };
    while heard.done < workers.len() {
        heard.listen(&ears, deadline)?;
        if heard.here == workers.len() {
            heard.here = 0;
            workers.iter_mut().for_each(Worker::go_on);
        }
    }
    heard.figure(row)
}

/// All that the workers of one run have said so far.
#[derive(Default)]
struct Heard {
    bound: Option<String>,
    /// How many wait for each other.
    here: usize,
    took: Vec<Took>,
    done: usize,
    cpu: Duration,
    complaint: Option<String>,
}

/// A line from a worker.
enum Line {
    Out(String),
    Err(String),
    /// It will say nothing more.
    End {
        finished: bool,
    },
}

impl Heard {
    fn listen(&mut self, ears: &Receiver<Line>, deadline: Instant) -> Result<(), String> {
        let left = deadline.saturating_duration_since(Instant::now());
        let line = ears.recv_timeout(left).map_err(|error| match error {
            RecvTimeoutError::Timeout => "still not done long after its time",
            RecvTimeoutError::Disconnected => "the workers are gone",
        })?;
        match line {
            Line::Out(line) => self.understand(&line),
            Line::Err(line) => {
                self.complaint.get_or_insert(line);
                Ok(())
            }
            Line::End { finished: true } => Ok(()),
            Line::End { finished: false } => {
                Err(self.complaint.take().unwrap_or_else(|| "a worker ended without a word".into()))
            }
        }
    }

    fn understand(&mut self, line: &str) -> Result<(), String> {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        let numbers: Vec<u64> = rest.split(' ').map_while(|number| number.parse().ok()).collect();
        match (word, &numbers[..]) {
            ("bound", _) => self.bound = Some(rest.into()),
            ("here", _) => self.here += 1,
            ("took", [messages, numbers @ ..]) => {
                self.took.push(Took { messages: *messages, numbers: numbers.into() });
            }
            ("done", [cpu]) => {
                self.done += 1;
                self.cpu += Duration::from_nanos(*cpu);
            }
            ("error", _) => return Err(rest.into()),
            _ => return Err(format!("a worker said {line:?}")),
        }
        Ok(())
    }

    fn figure(&self, row: &Row) -> Result<Figure, String> {
        let messages = self.took.iter().map(|took| took.messages as f64).sum::<f64>();
        if messages == 0.0 {
            return Err("nothing arrived in the time".into());
        }
        let first = |took: &Took| took.numbers.first().copied().unwrap_or_default() as f64;
        // Of the ends that hold a clock, each for what it has received.
        let rate = || self.took.iter().map(|took| took.messages as f64 * 1e9 / first(took)).sum::<f64>();
        let values = match row.work.unit() {
            Unit::Messages | Unit::Deliveries | Unit::Connections => vec![rate()],
            Unit::OneWay => vec![1e6 / rate()],
            Unit::Delay => {
                self.took.iter().flat_map(|took| &took.numbers).map(|nanos| *nanos as f64 / 1e3).collect()
            }
            Unit::Bytes => vec![self.took.iter().map(first).sum::<f64>() / messages],
            Unit::MegaBytes => vec![rate() * row.size as f64 / 1e6],
        };
        Ok(Figure { values, cpu_us: self.cpu.as_secs_f64() * 1e6 / messages })
    }
}

/// A process of ours that does a task. It is ended when this is dropped.
struct Worker(Child);

impl Worker {
    fn start(task: &Task, voice: &Sender<Line>) -> Result<Self, String> {
        let name =
            |value: Option<clap::builder::PossibleValue>| value.map(|value| value.get_name().to_owned());
        let spawn = || {
            Command::new(env::current_exe()?)
                .arg("worker")
                .args(name(task.contender.to_possible_value()))
                .args(name(task.end.to_possible_value()))
                .args([task.row.to_string(), task.endpoint.clone(), task.millis.to_string()])
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
        };
        let mut child = spawn().map_err(|error| format!("no worker starts: {error}"))?;
        let (out, err) = (child.stdout.take(), child.stderr.take());
        let voice = voice.clone();
        // Complaints are read to their end before the end of the worker is told, so that it has a reason.
        thread::spawn(move || {
            let complaints = err.map(|err| relay(err, voice.clone(), Line::Err));
            let mut finished = false;
            for line in out.into_iter().flat_map(|out| BufReader::new(out).lines()).map_while(Result::ok) {
                finished |= line.starts_with("done");
                let _ = voice.send(Line::Out(line));
            }
            let _ = complaints.map(thread::JoinHandle::join);
            let _ = voice.send(Line::End { finished });
        });
        Ok(Self(child))
    }

    /// Tells it that the other end is there, too.
    fn go_on(&mut self) {
        // One that has ended since tells so by itself.
        let _ = self.0.stdin.as_mut().map(|stdin| stdin.write_all(b"\n"));
    }
}

/// Sends each line on. Nobody listens any more when the run has failed, which is well.
fn relay(
    from: impl Read + Send + 'static,
    voice: Sender<Line>,
    kind: impl Fn(String) -> Line + Send + 'static,
) -> thread::JoinHandle<()> {
    thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            let _ = voice.send(kind(line));
        }
    })
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A directory for the sockets of the ipc rows, gone afterwards.
pub(crate) struct Scratch {
    directory: PathBuf,
    next: Cell<usize>,
}

impl Scratch {
    /// Makes it among the system's temporary files.
    pub(crate) fn new() -> io::Result<Self> {
        let directory = env::temp_dir().join(format!("bench-compare-{}", process::id()));
        fs::create_dir_all(&directory)?;
        Ok(Self { directory, next: 0.into() })
    }

    fn fresh_path(&self) -> PathBuf {
        let number = self.next.replace(self.next.get() + 1);
        self.directory.join(number.to_string())
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.directory);
    }
}
