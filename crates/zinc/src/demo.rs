//! `zinc demo`: a request-reply broker at work, with everything counted.

use crate::failure::Failure;
use crate::output;
use crate::report::{self, Latencies};
use crate::security::{Gate, Guard, Security};
use crate::session::{on_interrupt, seconds};
use clap::{Args, value_parser};
use indicatif::{HumanCount, ProgressBar, ProgressStyle};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use zincmq::{Context, Dealer, Error, Message, Rep, Req, Router};

/// A reply that takes longer counts as lost.
const LOST: Duration = Duration::from_secs(10);
/// How often the progress display changes.
const TICK: Duration = Duration::from_millis(100);

/// Run a request-reply broker over tcp with several clients and workers, and count
///
/// Clients (REQ) ask a broker (ROUTER, DEALER, proxy), which hands the requests to workers (REP). A worker
/// replies with the request spelt backwards, and the client checks it.
#[derive(Args, Clone)]
pub(crate) struct Demo {
    /// How long to run
    #[arg(long, default_value = "10", value_parser = seconds)]
    seconds: Duration,

    /// How many clients ask
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = value_parser!(u16).range(1..=400))]
    clients: u16,

    /// How many workers reply
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = value_parser!(u16).range(1..=400))]
    workers: u16,

    #[command(flatten)]
    security: Security,
}

/// The state that all threads share.
#[derive(Default)]
struct Board {
    stop: AtomicBool,
    replies: AtomicU64,
}

impl Demo {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let ends = self.security.ends()?;
        let context = Context::new();
        let gate = Gate::of_one(&context, &ends.server)?;
        let board = Arc::new(Board::default());
        let watched = board.clone();
        on_interrupt(move || watched.stop.store(true, Ordering::Relaxed))?;
        let mut front = Router::new(&context)?;
        let mut back = Dealer::new(&context)?;
        gate.secure(&mut front, &ends.server)?;
        gate.secure(&mut back, &ends.server)?;
        let (for_clients, for_workers) = (front.bind("tcp://127.0.0.1:*")?, back.bind("tcp://127.0.0.1:*")?);
        let broker = thread::spawn(move || unless_terminated(zincmq::proxy(&mut front, &mut back)));
        let workers = (0..self.workers).map(|_| start_worker(&context, &for_workers, (&gate, &ends.client)));
        let workers: Vec<_> = workers.collect::<Result<_, _>>()?;

        let began = Instant::now();
        let (alive, ended) = channel();
        let clients = (0..self.clients).map(|number| {
            let board = board.clone();
            let client = Client { number, ends: began + self.seconds, board, _alive: alive.clone() };
            client.start(&context, &for_clients, (&gate, &ends.client))
        });
        let clients: Vec<_> = clients.collect::<Result<_, _>>()?;
        drop(alive);
        self.watch(&board, began, &ended);
        let elapsed = began.elapsed();

        let mut latencies = Ok(Latencies::default());
        for client in clients {
            let times = join(client, "client");
            latencies = latencies.and_then(|all: Latencies| times.map(|times| all.and(times)));
        }
        context.shutdown();
        drop(gate);
        let answered = workers.into_iter().map(|worker| join(worker, "worker")).sum::<Result<u64, _>>();
        let brokered = join(broker, "broker");
        context.term();
        brokered?;
        self.conclude(latencies?, answered?, elapsed)
    }

    /// Shows the progress until every client has ended.
    fn watch(&self, board: &Board, began: Instant, ended: &Receiver<()>) {
        let bar = ProgressBar::new(self.seconds.as_millis() as u64);
        if let Ok(style) = ProgressStyle::with_template("{wide_bar} {msg}") {
            bar.set_style(style);
        }
        while ended.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
            bar.set_position(began.elapsed().as_millis() as u64);
            bar.set_message(format!("{} requests", HumanCount(board.replies.load(Ordering::Relaxed))));
        }
        bar.finish_and_clear();
    }

    fn conclude(&self, latencies: Latencies, answered: u64, elapsed: Duration) -> Result<(), Failure> {
        let count = latencies.count();
        let rate = count as f64 / elapsed.as_secs_f64();
        let mut rows = vec![
            ("requests", HumanCount(count).to_string()),
            ("requests/s", HumanCount(rate as u64).to_string()),
        ];
        rows.extend(latencies.shares().into_iter().map(|(name, time)| match name {
            "p50" => ("round trip: p50", report::micros(time)),
            other => (other, report::micros(time)),
        }));
        let (clients, workers) = (self.clients, self.workers);
        let mut text = format!("{clients} clients, a broker and {workers} workers over tcp\n");
        for (name, value) in rows {
            text += &format!("  {name:<20}{value:>16}\n");
        }
        output::write(text.as_bytes())?;
        if answered != count || count == 0 {
            let reason = format!("{count} requests were made, and {answered} answered");
            return Err(Failure::Failed(reason));
        }
        output::write(b"OK: every request got its right reply; nothing was lost.\n")
    }
}

struct Client {
    number: u16,
    ends: Instant,
    board: Arc<Board>,
    /// Dropped at the end, so that it is noticed at once.
    _alive: Sender<()>,
}

impl Client {
    fn start(
        self,
        context: &Context,
        broker: &str,
        (gate, guard): (&Gate, &Guard),
    ) -> Result<JoinHandle<Result<Latencies, Failure>>, Failure> {
        let mut req = Req::new(context)?;
        gate.secure(&mut req, guard)?;
        req.connect(broker)?;
        Ok(thread::spawn(move || {
            let result = self.ask(&mut req);
            if result.is_err() {
                self.board.stop.store(true, Ordering::Relaxed);
            }
            result
        }))
    }

    /// Asks until the time is over, and checks each reply.
    fn ask(&self, req: &mut Req) -> Result<Latencies, Failure> {
        let mut latencies = Latencies::default();
        let mut now = Instant::now();
        while now < self.ends && !self.board.stop.load(Ordering::Relaxed) {
            let request = format!("request {} of client {}", latencies.count(), self.number);
            req.send_timeout(&request, LOST).map_err(|failed| lost(&request, failed.error))?;
            let reply = req.recv_timeout(LOST).map_err(|error| lost(&request, error))?;
            if reply != answer(request.as_bytes()) {
                return Err(Failure::Failed(format!("{request}: the reply {reply:?} is wrong")));
            }
            let then = std::mem::replace(&mut now, Instant::now());
            latencies.add(now - then);
            self.board.replies.fetch_add(1, Ordering::Relaxed);
        }
        Ok(latencies)
    }
}

fn lost(request: &str, error: Error) -> Failure {
    match error {
        Error::Timeout => Failure::Failed(format!("{request}: no reply came")),
        error => error.into(),
    }
}

/// A worker's answer: the request backwards.
fn answer(request: &[u8]) -> Message {
    Message::from(request.iter().rev().copied().collect::<Vec<_>>())
}

/// Starts a worker, which counts its answers.
fn start_worker(
    context: &Context,
    broker: &str,
    (gate, guard): (&Gate, &Guard),
) -> Result<JoinHandle<Result<u64, Error>>, Failure> {
    let mut rep = Rep::new(context)?;
    gate.secure(&mut rep, guard)?;
    rep.connect(broker)?;
    Ok(thread::spawn(move || {
        let mut answered = 0;
        unless_terminated(reply(&mut rep, &mut answered)).map(|()| answered)
    }))
}

fn reply(rep: &mut Rep, answered: &mut u64) -> Result<(), Error> {
    let mut request = Message::new();
    loop {
        rep.recv_into(&mut request)?;
        rep.send(answer(request.bytes()))?;
        *answered += 1;
    }
}

/// Brokers and workers end with the context: that is no error.
fn unless_terminated(result: Result<(), Error>) -> Result<(), Error> {
    match result {
        Err(Error::Terminated) => Ok(()),
        result => result,
    }
}

fn join<T, E: Into<Failure>>(thread: JoinHandle<Result<T, E>>, who: &str) -> Result<T, Failure> {
    let ended = thread.join().map_err(|_| Failure::Failed(format!("a {who} panicked")))?;
    ended.map_err(Into::into)
}
