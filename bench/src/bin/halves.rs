//! The halves of a socket beside the whole: messages a second of a DEALER to a DEALER, one way and both ways.
//!
//! One way, a thread sends and another receives, with whole sockets or with halves. Both ways, one thread uses each whole
//! socket, or both halves of it: it sends and receives in turns what is possible at once. So the same threads do the same
//! work. Beside that, under `threads`, each of the four halves has a thread of its own, which waits where it must; such a
//! program has no counterpart with whole sockets, so its rate is compared with that of two threads that take turns.
//!
//! Where there are fewer processors than threads, the rate depends most of all on which thread the I/O thread has to share
//! a processor with. So the threads are bound to two processors, in three places, which the rounds go through: the I/O thread beside
//! the first thread, beside the second, and the two together with the I/O thread alone. Whole sockets and halves are measured one after
//! the other in the same place, now the one first, now the other. A ratio is the median of those of such pairs, and stands for
//! each place, too: `cargo run --release -p bench-compare --bin halves [ROUNDS [MILLIS [ROW]]]`, where a row is, for example,
//! "one tcp 64".

use std::error::Error;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use zincmq::{Context, Dealer, Message};

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// The processors of the first thread, the second one and the I/O thread; none: any.
#[derive(Clone, Copy, Default)]
struct Place(Option<[usize; 3]>);

/// The places that a round may have, of the two processors.
const PLACES: [[usize; 3]; 3] = [[0, 1, 0], [0, 1, 1], [0, 0, 1]];

impl Place {
    /// All there are, within a process only those where the two threads are apart.
    fn all(endpoint: &str) -> Outcome<Vec<Self>> {
        let allowed = sched_getaffinity(None)?;
        let cpus: Vec<_> = (0..CpuSet::MAX_CPU).filter(|&cpu| allowed.is_set(cpu)).take(2).collect();
        let &[one, other] = &cpus[..] else { return Ok(vec![Self::default()]) };
        let apart = if endpoint.starts_with("inproc") { 1 } else { PLACES.len() };
        Ok(PLACES[..apart].iter().map(|place| Self(Some(place.map(|at| [one, other][at])))).collect())
    }

    /// Binds the calling thread, which is the first or the second. Where that is forbidden it runs anywhere.
    fn take(self, thread: usize) {
        if let Some(cpus) = self.0 {
            let mut set = CpuSet::new();
            set.set(cpus[thread]);
            _ = sched_setaffinity(None, &set);
        }
    }
}

/// Two DEALERs that are connected.
fn dealers(endpoint: &str, place: Place) -> Outcome<(Dealer, Dealer)> {
    let mut builder = Context::builder();
    if let Some([.., io]) = place.0 {
        builder = builder.thread_affinity([io]);
    }
    let context = builder.build();
    let mut bound = Dealer::new(&context)?;
    let endpoint = bound.bind(endpoint)?;
    let connected = Dealer::builder(&context).linger(Duration::ZERO).connect(endpoint)?;
    Ok((bound, connected))
}

/// How many messages `receive` counts a second, from when all is under way.
struct Meter {
    over: AtomicBool,
    /// Those who send still.
    senders: AtomicU64,
    received: AtomicU64,
    millis: u64,
}

impl Meter {
    fn new(millis: u64, senders: u64) -> Self {
        let (over, received) = (AtomicBool::new(false), AtomicU64::new(0));
        Self { over, senders: AtomicU64::new(senders), received, millis }
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

/// Longer than what was sent is on its way, in most cases.
const SILENCE: Duration = Duration::from_millis(50);

macro_rules! send_all {
    ($sender:expr, $body:expr, $meter:expr) => {{
        while $meter.goes_on() && $sender.send($body).is_ok() {}
        $meter.senders.fetch_sub(1, Relaxed);
    }};
}

/// Goes on until the sender, which may wait for room, has stopped.
macro_rules! receive_all {
    ($receiver:expr, $meter:expr) => {
        let mut message = Message::new();
        let mut over = false;
        while !over {
            let mut received = 0;
            while received < 64 && $receiver.try_recv_into(&mut message).is_ok() {
                received += 1;
            }
            if received == 0 {
                match $receiver.recv_timeout(SILENCE) {
                    Ok(_) => received = 1,
                    Err(_) => over = $meter.senders.load(Relaxed) == 0,
                }
            }
            $meter.received.fetch_add(received, Relaxed);
        }
    };
}

fn one_way(endpoint: &str, body: &[u8], millis: u64, place: Place, split: bool) -> Outcome<f64> {
    let (mut bound, mut connected) = dealers(endpoint, place)?;
    let meter = &Meter::new(millis, 1);
    if split {
        let (_unused, mut receiver) = bound.into_split();
        let (mut sender, _unused_too) = connected.into_split();
        return Ok(thread::scope(|scope| {
            scope.spawn(move || {
                place.take(0);
                send_all!(sender, body, meter);
            });
            scope.spawn(move || {
                place.take(1);
                receive_all!(receiver, meter);
            });
            meter.measure()
        }));
    }
    Ok(thread::scope(|scope| {
        scope.spawn(move || {
            place.take(0);
            send_all!(connected, body, meter);
        });
        scope.spawn(move || {
            place.take(1);
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
fn in_turns(endpoint: &str, body: &[u8], millis: u64, place: Place, split: bool) -> Outcome<f64> {
    let (bound, connected) = dealers(endpoint, place)?;
    let meter = &Meter::new(millis, 0);
    Ok(thread::scope(|scope| {
        for (which, mut dealer) in [bound, connected].into_iter().enumerate() {
            if split {
                let (mut sender, mut receiver) = dealer.into_split();
                scope.spawn(move || {
                    place.take(which);
                    alternate!(sender, receiver, body, meter);
                });
            } else {
                scope.spawn(move || {
                    place.take(which);
                    alternate!(dealer, dealer, body, meter);
                });
            }
        }
        meter.measure()
    }))
}

/// A thread for each half, wherever the system puts it.
fn in_threads(endpoint: &str, body: &[u8], millis: u64) -> Outcome<f64> {
    let (bound, connected) = dealers(endpoint, Place::default())?;
    let meter = &Meter::new(millis, 2);
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

fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<_> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

/// Messages a second over an endpoint, with this body, in so many milliseconds, at a place, with halves or not.
type Measured = fn(&str, &[u8], u64, Place, bool) -> Outcome<f64>;

/// The kinds of a row: how it is called, what is measured, and whether a thread for each half is measured beside it.
const WAYS: [(&str, Measured, bool); 2] = [("one", one_way, false), ("both", in_turns, true)];

/// Each place's pairs of rates: whole, halves.
type Pairs = Vec<Vec<(f64, f64)>>;

fn measure(run: Measured, endpoint: &str, body: &[u8], rounds: u64, millis: u64) -> Outcome<Pairs> {
    let places = Place::all(endpoint)?;
    let mut pairs: Pairs = vec![Vec::new(); places.len()];
    for round in 0..rounds {
        for (&place, pairs) in places.iter().zip(&mut pairs) {
            let rate = |split| run(endpoint, body, millis, place, split);
            if round % 2 == 0 {
                let whole = rate(false)?;
                pairs.push((whole, rate(true)?));
            } else {
                let halves = rate(true)?;
                pairs.push((rate(false)?, halves));
            }
        }
    }
    Ok(pairs)
}

fn main() -> Outcome<()> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let number =
        |at: usize, default| arguments.get(at).map_or(Ok(default), |argument| argument.parse::<u64>());
    let (rounds, millis) = (number(0, 5)?, number(1, 100)?);
    println!(
        "{:<5} {:<7} {:>6} {:>11} {:>11} {:>6}  {:<16} {:>11} {:>6}",
        "ways", "over", "size", "whole/s", "halves/s", "ratio", "at each place", "threads/s", "ratio"
    );
    for (name, run, threads) in WAYS {
        for endpoint in ["inproc://halves", "ipc://*", "tcp://127.0.0.1:*"] {
            for size in [64, 1024, 65536] {
                let transport = endpoint.split(':').next().unwrap_or(endpoint);
                let row = format!("{name} {transport} {size}");
                if arguments.get(2).is_some_and(|wanted| *wanted != row) {
                    continue;
                }
                let body = vec![7; size];
                let pairs = measure(run, endpoint, &body, rounds, millis)?;
                let ratio = |&(whole, halves): &(f64, f64)| halves / whole;
                let whole = median(pairs.iter().flatten().map(|pair| pair.0));
                let halves = median(pairs.iter().flatten().map(|pair| pair.1));
                let each: Vec<_> =
                    pairs.iter().map(|pairs| format!("{:.2}", median(pairs.iter().map(ratio)))).collect();
                let all = median(pairs.iter().flatten().map(ratio));
                print!(
                    "{name:<5} {transport:<7} {size:>6} {whole:>11.0} {halves:>11.0} {all:>6.2}  {:<16}",
                    each.join(" ")
                );
                if threads {
                    let rates: Outcome<Vec<_>> =
                        (0..rounds).map(|_| in_threads(endpoint, &body, millis)).collect();
                    let four = median(rates?);
                    print!(" {four:>11.0} {:>6.2}", four / whole);
                }
                println!();
            }
        }
    }
    Ok(())
}
