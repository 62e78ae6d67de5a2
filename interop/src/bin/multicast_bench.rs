//! How fast multicast is, with genuine libzmq and with zincmq, from C and from Rust, run by run in turn:
//!
//! ```text
//! cargo run --release -p interop --bin multicast_bench             # on loopback, and as root between two hosts
//! cargo run --release -p interop --bin multicast_bench -- --rate   # what ZMQ_RATE=100 puts on the wire, 30 s each
//! ```
//!
//! It runs `multicast_peer`, which is built beside it, with both ends of one library. The publisher waits for room
//! (`XPUB_NODROP`), and does not stop for losses. A row shows the median of all runs: messages that arrived in a second,
//! from the first to the last, and the share of those sent that never arrived.

use interop::multicast::{Hosts, Library, Messages, Over, PATIENCE, Process, Start, genuine};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use std::{env, thread};

const LIBRARIES: [Library; 3] = [Library::Genuine, Library::C, Library::Native];
const SIZES: [usize; 3] = [100, 1000, 8000];
const ROUNDS: usize = 5;
const PORT: u16 = 5556;
/// For how long a run sends, in milliseconds.
const TIME: u64 = 1000;
/// How long a subscriber may ask for what it has lost. libzmq then gives up.
const REPAIR: Duration = Duration::from_secs(15);
/// A rate that nothing reaches, and a window of two seconds of it.
const FAST: [&str; 3] = ["rate=4000000", "recovery_ivl=2000", "rcvhwm=0"];
/// The largest buffer that Linux gives to whoever asks; libzmq asks for none by itself, and loses much more without.
const BUFFER: &str = "rcvbuf=212992";
/// The rate that a socket has by itself: in bytes a second.
const SLOW: f64 = 12_500.0;

fn main() {
    let program = env::current_exe().expect("a program has a path").with_file_name("multicast_peer");
    if !program.exists() {
        eprintln!("multicast_peer is not there: cargo build --release -p interop --bins");
        return;
    }
    let libraries = &LIBRARIES[usize::from(!genuine(&program))..];
    let bench = Bench { program, hosts: Hosts::new(2) };
    if env::args().any(|argument| argument == "--rate") {
        bench.rates(libraries);
    } else {
        bench.throughput(libraries);
    }
}

struct Bench {
    program: PathBuf,
    hosts: Option<Hosts>,
}

/// What became of the messages of a run.
#[derive(Clone, Copy)]
struct Outcome {
    /// Arrived in a second.
    speed: f64,
    /// Of those sent.
    lost: f64,
}

impl Bench {
    fn throughput(&self, libraries: &[Library]) {
        println!("| way | bytes | library | messages/s | MB/s | lost |\n|---|--:|---|--:|--:|--:|");
        let networks = if self.hosts.is_some() { &[false, true][..] } else { &[false] };
        for &network in networks {
            for size in SIZES {
                let mut outcomes = vec![Vec::new(); libraries.len()];
                for _ in 0..ROUNDS {
                    for (library, outcomes) in libraries.iter().zip(&mut outcomes) {
                        outcomes.push(self.run(*library, network, size));
                    }
                }
                for (library, outcomes) in libraries.iter().zip(outcomes) {
                    let way = if network { "network" } else { "loopback" };
                    let speed = median(outcomes.iter().map(|outcome| outcome.speed));
                    let lost = 100.0 * median(outcomes.iter().map(|outcome| outcome.lost));
                    let bytes = speed * size as f64 / 1e6;
                    println!("| {way} | {size} | {library} | {speed:.0} | {bytes:.1} | {lost:.1} % |");
                }
            }
        }
    }

    /// Floods for a while, and looks what has arrived.
    fn run(&self, library: Library, network: bool, size: usize) -> Outcome {
        let buffer: &[&str] = if library == Library::Genuine { &[BUFFER] } else { &[] };
        let subscriber = [&FAST[..], buffer, &["tally=1", "linger=0"]].concat();
        let mut subscriber = self.socket(library, network.then_some(2), "sub", &subscriber);
        let publisher = [&FAST[..], &["xpub_nodrop=1", "linger=0"]].concat();
        let mut publisher = self.socket(library, network.then_some(1), "xpub", &publisher);
        let heard = repeat(&mut publisher, &mut subscriber, 'h', PATIENCE);
        assert!(heard.is_some(), "{library} hears nothing");
        publisher.command(&format!("flood {TIME} {size}"));
        let flooded = publisher.line().expect("a flood ends");
        let sent: f64 =
            flooded.strip_prefix("flooded ").and_then(|count| count.parse().ok()).expect("a count");
        let mut said = repeat(&mut publisher, &mut subscriber, 'z', REPAIR);
        if said.is_none() {
            said = subscriber.close().pop();
        }
        let said = said.unwrap_or_default();
        let mut numbers = said.split(' ').skip(1).map(|number| number.parse::<f64>().expect("a number"));
        let mut number = || numbers.next().expect("a tally");
        let (count, _bytes, micros) = (number(), number(), number());
        Outcome { speed: count / micros.max(1.0) * 1e6, lost: 1.0 - count / sent }
    }

    /// What the default rate puts on the wire, beside what it is to be.
    #[expect(clippy::disallowed_methods, reason = "it counts what is sent in a time")]
    fn rates(&self, libraries: &[Library]) {
        let Some(hosts) = &self.hosts else { return };
        hosts.count_data(Over::Udp);
        println!("| library | bytes | bytes/s on the wire | of the rate |\n|---|--:|--:|--:|");
        for &library in libraries {
            for size in [100, 1000] {
                let options = ["xpub_nodrop=1", "sndhwm=10", "linger=0"];
                let mut publisher = self.socket(library, Some(1), "xpub", &options);
                publisher.command(&format!("flood 36000 {size}"));
                // What was saved up before is spent then.
                thread::sleep(Duration::from_secs(3));
                let (begin, (_, before)) = (Instant::now(), hosts.data());
                thread::sleep(Duration::from_secs(30));
                let ((_, after), time) = (hosts.data(), begin.elapsed());
                let speed = (after - before) as f64 / time.as_secs_f64();
                println!("| {library} | {size} | {speed:.0} | {:.1} % |", 100.0 * speed / SLOW);
            }
        }
    }

    fn socket(&self, library: Library, host: Option<u32>, socket: &str, options: &[&str]) -> Process {
        let name = host.and_then(|number| Some(self.hosts.as_ref()?.host(number)));
        let endpoint = match host {
            Some(number) => Hosts::endpoint(Over::Udp, number, PORT),
            None => format!("epgm://127.0.0.1;239.192.77.1:{PORT}"),
        };
        let (program, options): (&Path, _) =
            (&self.program, options.iter().map(ToString::to_string).collect());
        let binds = socket == "xpub";
        Start { program, host: name.as_deref(), library, socket, binds, endpoint: &endpoint, options }
            .process()
    }
}

/// Sends one message with this topic after the other until the subscriber says something, which is returned.
fn repeat(publisher: &mut Process, subscriber: &mut Process, topic: char, time: Duration) -> Option<String> {
    let until = Instant::now() + time;
    let mut number = 0;
    while Instant::now() < until {
        publisher.send(&Messages::new(topic, number, 1, &[9]));
        number += 1;
        let said = subscriber.line_within(Duration::from_millis(20));
        // It may say first that it has heard some that were sent before.
        if said.as_deref().is_some_and(|said| topic == 'h' || said != "heard") {
            return said;
        }
    }
    None
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<_> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
