//! The works themselves, written once for both libraries: each is two ends, and an end is one loop.

use std::hint::black_box;
use std::time::{Duration, Instant};

use crate::plan::{Row, Work};
use crate::task::{End, Task};

/// Any failure; only its text is of interest.
pub(crate) type Error = Box<dyn std::error::Error + Send + Sync>;
pub(crate) type Result<T> = std::result::Result<T, Error>;

/// How many messages a receiver of many sockets takes from one before it turns to the next.
const TURN: usize = 32;

/// How many requests DEALER keeps under way, and how many bytes at most.
const WINDOW: usize = 256;
const WINDOW_BYTES: usize = 4 << 20;

/// The bytes that a sender without a high-water mark may send in one run, so that the memory suffices.
const UNLIMITED_BYTES: usize = 1 << 30;

/// A socket that sends.
pub(crate) trait Sender {
    /// Writes a fresh message, all `size` bytes of it equal to `byte`, and sends it.
    fn send(&mut self, size: usize, byte: u8) -> Result<()>;
}

/// A socket that receives.
pub(crate) trait Receiver {
    /// Waits for a message and shows its body.
    fn recv(&mut self) -> Result<&[u8]>;
}

/// A socket that answers.
pub(crate) trait Responder {
    /// Receives a request, reads its body, and answers with a fresh one of the same size, unless it is
    /// empty. Returns the size.
    fn respond(&mut self, byte: u8) -> Result<usize>;
}

/// One library: how its sockets are made. All have the library's default options but for the high-water
/// marks (both set to `hwm`) and what the methods say. The binding ones return the resolved endpoint too.
pub(crate) trait Side: Clone + Send {
    /// A context with the library's defaults. If `encrypted`, the sockets speak CURVE with the keys of [`keys`].
    fn new(encrypted: bool) -> Result<Self>;

    /// A bound PULL.
    fn pull(&self, endpoint: &str, hwm: i32) -> Result<(impl Receiver, String)>;

    /// A connected PUSH.
    fn push(&self, endpoint: &str, hwm: i32) -> Result<impl Sender>;

    /// A bound XPUB that waits for slow subscribers (XPUB_NODROP), and that receives a message for each
    /// subscription (XPUB_VERBOSE), so that it can start when all are there. It sends as PUB does.
    fn publisher(&self, endpoint: &str, hwm: i32) -> Result<(impl Sender + Receiver, String)>;

    /// A connected SUB that subscribes to everything.
    fn subscriber(&self, endpoint: &str, hwm: i32) -> Result<impl Receiver>;

    /// A bound REP.
    fn rep(&self, endpoint: &str, hwm: i32) -> Result<(impl Responder, String)>;

    /// A connected REQ.
    fn req(&self, endpoint: &str, hwm: i32) -> Result<impl Sender + Receiver>;

    /// A bound ROUTER.
    fn router(&self, endpoint: &str, hwm: i32) -> Result<(impl Responder, String)>;

    /// A connected DEALER.
    fn dealer(&self, endpoint: &str, hwm: i32) -> Result<impl Sender + Receiver>;

    /// Waits until all that was sent has left.
    fn term(self) -> Result<()>;
}

/// The keys of both ends of an encrypted row, in Z85. They protect nothing.
pub(crate) mod keys {
    pub(crate) const SERVER_PUBLIC: &str = "uo%+(Ge!G(!+XdxFMjP2&!>(!Y%%etDFSSuJ^3si";
    pub(crate) const SERVER_SECRET: &str = "mIA$7hoI]A[MObdJi:tTGk*F*o&g9Usy/Jvd$g-1";
    pub(crate) const CLIENT_PUBLIC: &str = ")O5m@W&NQY8.LojiZ#r+66z-%M$rt]Rd3U5@&0a@";
    pub(crate) const CLIENT_SECRET: &str = "S&&k<aC6wShGiqZChAYT2w3/E^gt@()rSBZs]I(&";
}

/// The messages that the end with the clock has seen, and the time that they took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Took {
    pub(crate) messages: u64,
    pub(crate) elapsed: Duration,
}

/// How the two ends of a run keep together.
pub(crate) trait Cues {
    /// The other end may connect, to this endpoint.
    fn bound(&mut self, endpoint: &str);

    /// Waits until the other end has received all. A socket must not close before: libzmq's receivers lose
    /// what the kernel still holds when an ipc peer leaves while they are at their high-water mark.
    fn all_received(&mut self);
}

/// Does one end of a task.
pub(crate) fn end<S: Side>(side: &S, task: &Task, cues: &mut impl Cues) -> Result<Option<Took>> {
    let (row, endpoint, time) = (&task.row, task.endpoint.as_str(), task.time());
    let (size, hwm) = (row.size, row.hwm.unwrap_or_default());
    match (row.work, task.end) {
        (Work::PushPull | Work::CurvePushPull, End::Bind) => {
            let (pull, at) = side.pull(endpoint, hwm)?;
            cues.bound(&at);
            drain(&mut [pull]).map(Some)
        }
        (Work::PushPull | Work::CurvePushPull, End::Connect) => {
            pour(&mut side.push(endpoint, hwm)?, row, time, cues)
        }
        (Work::PubSub(subscribers), End::Bind) => {
            let (mut publisher, at) = side.publisher(endpoint, hwm)?;
            cues.bound(&at);
            for _ in 0..subscribers {
                publisher.recv()?;
            }
            pour(&mut publisher, row, time, cues)
        }
        (Work::PubSub(subscribers), End::Connect) => {
            let sockets = (0..subscribers).map(|_| side.subscriber(endpoint, hwm));
            drain(&mut sockets.collect::<Result<Vec<_>>>()?).map(Some)
        }
        (Work::ReqRep | Work::CurveReqRep, End::Bind) => {
            let (mut rep, at) = side.rep(endpoint, hwm)?;
            cues.bound(&at);
            serve(&mut rep)
        }
        (Work::ReqRep | Work::CurveReqRep, End::Connect) => {
            ask(&mut side.req(endpoint, hwm)?, size, 1, time).map(Some)
        }
        (Work::DealerRouter, End::Bind) => {
            let (mut router, at) = side.router(endpoint, hwm)?;
            cues.bound(&at);
            serve(&mut router)
        }
        (Work::DealerRouter, End::Connect) => {
            let window = (WINDOW_BYTES / size).clamp(1, WINDOW);
            ask(&mut side.dealer(endpoint, hwm)?, size, window, time).map(Some)
        }
        (work @ (Work::RawStream | Work::RawPingPong), _) | (work, End::Both) => {
            Err(format!("{work} has no such end here").into())
        }
    }
}

/// Sends until the time is over, then an empty message: the end.
pub(crate) fn pour(
    sender: &mut impl Sender,
    row: &Row,
    time: Duration,
    cues: &mut impl Cues,
) -> Result<Option<Took>> {
    let between_looks = ((64 << 10) / row.size).clamp(1, 256);
    let most = if row.hwm == Some(0) { UNLIMITED_BYTES / row.size } else { usize::MAX };
    let (start, mut sent) = (Instant::now(), 0);
    while sent < most && start.elapsed() < time {
        for _ in 0..between_looks {
            sender.send(row.size, sent as u8)?;
            sent += 1;
        }
    }
    sender.send(0, 0)?;
    cues.all_received();
    Ok(None)
}

/// Receives until the end, from all in turn; all get the same messages. The clock runs from the first
/// message on.
pub(crate) fn drain(receivers: &mut [impl Receiver]) -> Result<Took> {
    for receiver in receivers.iter_mut() {
        read(receiver.recv()?);
    }
    let (start, mut messages, mut over) = (Instant::now(), 0, false);
    while !over {
        for receiver in receivers.iter_mut() {
            for _ in 0..TURN {
                let body = receiver.recv()?;
                if body.is_empty() {
                    over = true;
                    break;
                }
                read(body);
                messages += 1;
            }
        }
    }
    Ok(Took { messages, elapsed: start.elapsed() })
}

/// Answers until an empty request comes.
pub(crate) fn serve(responder: &mut impl Responder) -> Result<Option<Took>> {
    let mut byte = 0u8;
    while responder.respond(byte)? > 0 {
        byte = byte.wrapping_add(1);
    }
    Ok(None)
}

/// Sends a request for each answer, with `window` of them under way, until the time is over.
pub(crate) fn ask(
    peer: &mut (impl Sender + Receiver),
    size: usize,
    window: usize,
    time: Duration,
) -> Result<Took> {
    peer.send(size, 0)?;
    read(peer.recv()?);
    let (start, mut answers) = (Instant::now(), 0u64);
    for request in 0..window {
        peer.send(size, request as u8)?;
    }
    let elapsed = loop {
        read(peer.recv()?);
        answers += 1;
        let elapsed = if answers.is_multiple_of(16) { start.elapsed() } else { Duration::ZERO };
        if elapsed >= time {
            break elapsed;
        }
        peer.send(size, answers as u8)?;
    };
    for _ in 1..window {
        read(peer.recv()?);
    }
    peer.send(0, 0)?;
    Ok(Took { messages: 2 * answers, elapsed })
}

/// Reads a body: touches every cache line.
pub(crate) fn read(body: &[u8]) {
    black_box(body.iter().step_by(64).fold(0u8, |sum, byte| sum.wrapping_add(*byte)));
}
