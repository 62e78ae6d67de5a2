//! The halves of a socket beside the whole: messages a second of a DEALER to a DEALER, one way and both ways.
//!
//! One way, a thread sends and another receives, with whole sockets or with halves. Both ways, one thread uses each whole
//! socket, or both halves of it: it sends and receives in turns what is possible at once. So the same threads do the same
//! work. Beside that, under `threads`, each of the four halves has a thread of its own, which waits where it must; such a
//! program has no counterpart with whole sockets, so its rate is compared with that of two threads that take turns.
//! Medians of the rounds, which alternate: `cargo run --release -p bench-compare --bin halves [ROUNDS [MILLIS]]`.

use std::error::Error;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};
use zincmq::{Context, Dealer, Message};

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// Two DEALERs that are connected.
fn dealers(endpoint: &str) -> Outcome<(Dealer, Dealer)> {
    let context = Context::new();
    let mut bound = Dealer::new(&context)?;
    let endpoint = bound.bind(endpoint)?;
    let connected = Dealer::builder(&context).linger(Duration::ZERO).connect(endpoint)?;
    Ok((bound, connected))
}

/// How many messages `receive` counts a second, from when all is under way.
struct Meter {
    over: AtomicBool,
    received: AtomicU64,
    millis: u64,
}

impl Meter {
    fn new(millis: u64) -> Self {
        Self { over: AtomicBool::new(false), received: AtomicU64::new(0), millis }
    }

    fn goes_on(&self) -> bool {
        !self.over.load(Relaxed)
    }

    #[expect(clippy::disallowed_methods, reason = "a measurement takes its time")]
    fn measure(&self) -> f64 {
        thread::sleep(Duration::from_millis(self.millis / 4));
        let (before, begin) = (self.received.load(Relaxed), Instant::now());
        thread::sleep(Duration::from_millis(self.millis));
        let rate = (self.received.load(Relaxed) - before) as f64 / begin.elapsed().as_secs_f64();
        self.over.store(true, Relaxed);
        rate
    }
}

/// Longer than any pause while messages flow: then the other end is gone.
const SILENCE: Duration = Duration::from_millis(200);

macro_rules! send_all {
    ($sender:expr, $body:expr, $meter:expr) => {
        while $meter.goes_on() && $sender.send_timeout($body, SILENCE).is_ok() {}
    };
}

macro_rules! receive_all {
    ($receiver:expr, $meter:expr) => {
        let mut message = Message::new();
        while $meter.goes_on() {
            let mut received = 0;
            while received < 64 && $receiver.try_recv_into(&mut message).is_ok() {
                received += 1;
            }
            if received == 0 && $receiver.recv_timeout(SILENCE).is_ok() {
                received = 1;
            }
            $meter.received.fetch_add(received, Relaxed);
        }
    };
}

fn one_way(endpoint: &str, body: &[u8], millis: u64, split: bool) -> Outcome<f64> {
    let (mut bound, mut connected) = dealers(endpoint)?;
    let meter = &Meter::new(millis);
    if split {
        let (_unused, mut receiver) = bound.into_split();
        let (mut sender, _unused_too) = connected.into_split();
        return Ok(thread::scope(|scope| {
            scope.spawn(move || send_all!(sender, body, meter));
            scope.spawn(move || {
                receive_all!(receiver, meter);
            });
            meter.measure()
        }));
    }
    Ok(thread::scope(|scope| {
        scope.spawn(move || send_all!(connected, body, meter));
        scope.spawn(move || {
            receive_all!(bound, meter);
        });
        meter.measure()
    }))
}

/// In turns, sends and receives what is possible at once.
macro_rules! alternate {
    ($sender:expr, $receiver:expr, $body:expr, $meter:expr) => {
        let mut message = Message::new();
        while $meter.goes_on() {
            let sent = (0..64).take_while(|_| $sender.try_send($body).is_ok()).count();
            let received = (0..64).take_while(|_| $receiver.try_recv_into(&mut message).is_ok()).count();
            $meter.received.fetch_add(received as u64, Relaxed);
            if sent == 0 && received == 0 {
                thread::yield_now();
            }
        }
    };
}

/// A thread for each socket, which takes turns.
fn in_turns(endpoint: &str, body: &[u8], millis: u64, split: bool) -> Outcome<f64> {
    let (bound, connected) = dealers(endpoint)?;
    let meter = &Meter::new(millis);
    Ok(thread::scope(|scope| {
        for mut dealer in [bound, connected] {
            if split {
                let (mut sender, mut receiver) = dealer.into_split();
                scope.spawn(move || {
                    alternate!(sender, receiver, body, meter);
                });
            } else {
                scope.spawn(move || {
                    alternate!(dealer, dealer, body, meter);
                });
            }
        }
        meter.measure()
    }))
}

/// A thread for each half.
fn in_threads(endpoint: &str, body: &[u8], millis: u64) -> Outcome<f64> {
    let (bound, connected) = dealers(endpoint)?;
    let meter = &Meter::new(millis);
    Ok(thread::scope(|scope| {
        for dealer in [bound, connected] {
            let (mut sender, mut receiver) = dealer.into_split();
            scope.spawn(move || send_all!(sender, body, meter));
            scope.spawn(move || {
                receive_all!(receiver, meter);
            });
        }
        meter.measure()
    }))
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates.get(rates.len() / 2).copied().unwrap_or(0.0)
}

/// Messages a second over an endpoint, with this body, in so many milliseconds, with halves or not.
type Measured = fn(&str, &[u8], u64, bool) -> Outcome<f64>;

/// The kinds of a row: how it is called, what is measured, and whether a thread for each half is measured beside it.
const WAYS: [(&str, Measured, bool); 2] = [("one", one_way, false), ("both", in_turns, true)];

fn main() -> Outcome<()> {
    let mut arguments = std::env::args().skip(1).map(|argument| argument.parse::<u64>());
    let rounds = arguments.next().transpose()?.unwrap_or(5);
    let millis = arguments.next().transpose()?.unwrap_or(400);
    println!(
        "{:<5} {:<7} {:>6} {:>11} {:>11} {:>6} {:>11} {:>6}",
        "ways", "over", "size", "whole/s", "halves/s", "ratio", "threads/s", "ratio"
    );
    for (name, run, threads) in WAYS {
        for endpoint in ["inproc://halves", "ipc://*", "tcp://127.0.0.1:*"] {
            for size in [64, 1024, 65536] {
                let body = vec![7; size];
                let (mut whole, mut halves, mut four) = (Vec::new(), Vec::new(), Vec::new());
                for _ in 0..rounds {
                    whole.push(run(endpoint, &body, millis, false)?);
                    halves.push(run(endpoint, &body, millis, true)?);
                    if threads {
                        four.push(in_threads(endpoint, &body, millis)?);
                    }
                }
                let (whole, halves, four) = (median(whole), median(halves), median(four));
                let transport = endpoint.split(':').next().unwrap_or(endpoint);
                print!(
                    "{name:<5} {transport:<7} {size:>6} {whole:>11.0} {halves:>11.0} {:>6.2}",
                    halves / whole
                );
                if threads {
                    print!(" {four:>11.0} {:>6.2}", four / whole);
                }
                println!();
            }
        }
    }
    Ok(())
}
