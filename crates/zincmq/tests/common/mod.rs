//! What the tests share: deadlines, endpoints, a peer made by hand, a random sequence.

#![allow(dead_code, reason = "each test binary uses its part")]

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};
use zincmq::{Context, Event, EventKind, Monitor, Pull, Push, option};

/// Long enough for anything that happens at all.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// One of each transport, to be bound.
pub(crate) const ENDPOINTS: [&str; 3] = ["inproc://test", "tcp://127.0.0.1:*", "ipc://*"];
pub(crate) const NETWORK: [&str; 2] = ["tcp://127.0.0.1:*", "ipc://*"];

/// Runs `body` and fails if it is not done in time.
pub(crate) fn within<T: Send + 'static>(limit: Duration, body: impl FnOnce() -> T + Send + 'static) -> T {
    let (done, result) = channel();
    let thread = std::thread::spawn(move || done.send(body()).unwrap());
    match result.recv_timeout(limit) {
        Ok(result) => result,
        Err(RecvTimeoutError::Timeout) => panic!("not done within {limit:?}"),
        Err(RecvTimeoutError::Disconnected) => std::panic::resume_unwind(thread.join().unwrap_err()),
    }
}

/// Looks until it is so.
pub(crate) fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < end, "never: {what}");
        std::thread::yield_now();
    }
}

/// The next event of this kind; others are passed over.
pub(crate) fn await_event(monitor: &mut Monitor, kind: EventKind) -> Event {
    loop {
        let event = monitor.recv_timeout(PATIENCE).unwrap_or_else(|error| panic!("no {kind:?}: {error}"));
        if event.kind == kind {
            return event;
        }
    }
}

/// A PUSH that is bound and a PULL that connects to it, with these high-water marks.
pub(crate) fn pipeline(context: &Context, endpoint: &str, sndhwm: usize, rcvhwm: usize) -> (Push, Pull) {
    let mut push = Push::new(context).unwrap();
    push.set(option::SNDHWM, sndhwm).unwrap();
    let bound = push.bind(endpoint).unwrap();
    let mut pull = Pull::new(context).unwrap();
    pull.set(option::RCVHWM, rcvhwm).unwrap();
    pull.connect(&bound).unwrap();
    (push, pull)
}

/// Sends until it would block; how many were accepted.
pub(crate) fn fill(push: &mut Push) -> usize {
    (0..100_000).take_while(|_| push.try_send("fill").is_ok()).count()
}

/// An ipc endpoint that nobody is bound to.
pub(crate) fn fresh_ipc() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!("ipc://@zincmq-test-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// A tcp endpoint that nobody is bound to, nor will be: on a loopback address of its own, so that no other process
/// is given its port before it is used.
pub(crate) fn fresh_tcp() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let [.., high, low] = std::process::id().to_be_bytes();
    let own = 1 + NEXT.fetch_add(1, Ordering::Relaxed) % 250;
    let listener = std::net::TcpListener::bind(format!("127.{own}.{high}.{low}:0")).unwrap();
    format!("tcp://{}", listener.local_addr().unwrap())
}

/// Connects to a bound tcp endpoint and shakes hands as ZMTP 3.0, NULL (RFC 23), in the given socket type.
pub(crate) fn raw_peer(endpoint: &str, socket_type: &str) -> TcpStream {
    let mut stream = TcpStream::connect(endpoint.strip_prefix("tcp://").unwrap()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    raw_greet(&mut stream, socket_type);
    raw_finish(&mut stream);
    stream
}

/// Sends greeting and READY.
pub(crate) fn raw_greet(stream: &mut TcpStream, socket_type: &str) {
    let mut bytes = [0; 64];
    bytes[0] = 0xff;
    bytes[9] = 0x7f;
    bytes[10] = 3;
    bytes[12..16].copy_from_slice(b"NULL");
    let mut bytes = bytes.to_vec();
    let mut ready = b"\x05READY\x0bSocket-Type\0\0\0".to_vec();
    ready.push(socket_type.len() as u8);
    ready.extend_from_slice(socket_type.as_bytes());
    bytes.extend([4, ready.len() as u8]);
    bytes.extend(ready);
    stream.write_all(&bytes).unwrap();
}

/// Reads the other side's greeting and READY.
pub(crate) fn raw_finish(stream: &mut TcpStream) {
    let mut greeting = [0; 66];
    stream.read_exact(&mut greeting).unwrap();
    let mut ready = vec![0; usize::from(greeting[65])];
    stream.read_exact(&mut ready).unwrap();
    assert!(ready.starts_with(b"\x05READY"), "{ready:?}");
}

/// A sequence that looks random and repeats with its seed (splitmix64).
#[derive(Clone, Debug)]
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    /// A number below `bound`.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    /// True once in `odds` times.
    pub(crate) fn once_in(&mut self, odds: u64) -> bool {
        self.below(odds) == 0
    }
}

/// Wakes a parked thread.
struct Unpark(std::thread::Thread);

impl std::task::Wake for Unpark {
    fn wake(self: std::sync::Arc<Self>) {
        self.0.unpark();
    }
}

/// Polls until it is ready; `None`, with the future dropped, when the time is over.
pub(crate) fn block_on_for<T>(limit: Duration, future: impl Future<Output = T>) -> Option<T> {
    let end = Instant::now() + limit;
    let waker = std::sync::Arc::new(Unpark(std::thread::current())).into();
    let mut future = std::pin::pin!(future);
    loop {
        let mut context = std::task::Context::from_waker(&waker);
        if let std::task::Poll::Ready(result) = future.as_mut().poll(&mut context) {
            return Some(result);
        }
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return None;
        }
        std::thread::park_timeout(left);
    }
}

/// The smallest executor: polls, parks.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    block_on_for(PATIENCE, future).expect("the future is never ready")
}
