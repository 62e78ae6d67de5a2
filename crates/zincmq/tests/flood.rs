//! Peers that send without end what a socket has no use for: no call takes longer for it, and others are served.

mod common;

use common::{PATIENCE, raw_peer};
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use zincmq::poller::{Interest, Item, Poller, Token};
use zincmq::{AnySocket, Context, Dealer, Error, Pub, Pull, Push, Rep, Req, Router, Sub, XPub, option};

const MORE: u8 = 1;
const COMMAND: u8 = 4;
/// Much longer than all calls of a test take.
const LONG: Duration = Duration::from_secs(60);
const SHORT: Duration = Duration::from_millis(5);

/// A frame with a short body.
fn frame(flags: u8, body: &[u8]) -> Vec<u8> {
    [&[flags, body.len() as u8], body].concat()
}

/// Peers that write the same bytes over and over, until they are told to stop.
struct Flood {
    stop: Arc<AtomicBool>,
    rounds: Arc<AtomicU64>,
    /// Each returns whether it was told so.
    threads: Vec<JoinHandle<bool>>,
}

impl Flood {
    fn new(endpoint: &str, socket_type: &str, bytes: &[u8], peers: usize) -> Self {
        let (stop, rounds) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let many = bytes.repeat(16_384_usize.div_ceil(bytes.len()));
        let threads = (0..peers).map(|_| {
            let mut stream = raw_peer(endpoint, socket_type);
            stream.set_write_timeout(Some(Duration::from_millis(100))).unwrap();
            let (stop, rounds, many, end) =
                (stop.clone(), rounds.clone(), many.clone(), Instant::now() + LONG);
            std::thread::spawn(move || {
                let mut rest = &many[..];
                while Instant::now() < end {
                    if stop.load(Ordering::Relaxed) {
                        return true;
                    }
                    // Refused for a while, it goes on where it was.
                    let written = stream.write(rest).unwrap_or(0);
                    rest = if written == rest.len() { &many } else { &rest[written..] };
                    rounds.fetch_add(u64::from(written > 0), Ordering::Relaxed);
                }
                false
            })
        });
        let flood = Self { threads: threads.collect(), stop, rounds };
        common::until("the flood begins", || flood.rounds.load(Ordering::Relaxed) > 4);
        flood
    }

    /// Ends, and fails if it had ended before.
    fn end(self) {
        self.stop.store(true, Ordering::Relaxed);
        assert!(
            self.threads.into_iter().all(|thread| thread.join().unwrap()),
            "calls lasted as long as the flood"
        );
    }
}

fn denied<T>(result: Result<T, impl Into<Error>>) {
    let expected =
        |error| matches!(error, Error::Again | Error::Timeout | Error::State | Error::Unsupported { .. });
    assert!(result.map_err(Into::into).err().is_none_or(expected));
}

/// All calls that are to return at once, or soon, while peers of `socket_type` flood the socket with `bytes`.
fn calls_return(mut socket: AnySocket, socket_type: &str, bytes: &[u8]) {
    let endpoint = socket.bind("tcp://127.0.0.1:*").unwrap();
    for peers in [1, 4] {
        let flood = Flood::new(&endpoint, socket_type, bytes, peers);
        for _ in 0..5 {
            denied(socket.try_send("x"));
            socket.events().unwrap();
            denied(socket.try_recv());
            denied(socket.recv_timeout(SHORT));
            denied(socket.send_timeout("x", SHORT));
            let item = Item::socket(Token(0), &mut socket, Interest::READABLE);
            Poller::new().wait([item], Some(SHORT)).unwrap();
            denied(common::block_on_for(SHORT, socket.recv_async()).unwrap_or(Err(Error::Timeout)));
        }
        flood.end();
    }
    let flood = Flood::new(&endpoint, socket_type, bytes, 1);
    drop(socket);
    flood.end();
}

/// SUBSCRIBE and CANCEL of one topic (RFC 37).
fn flaps() -> Vec<u8> {
    [frame(COMMAND, b"\x09SUBSCRIBEx"), frame(COMMAND, b"\x06CANCELx")].concat()
}

#[test]
fn subscriptions_that_flap_hold_up_no_publisher() {
    let context = Context::new();
    calls_return(Pub::new(&context).unwrap().into_any(), "SUB", &flaps());
    calls_return(XPub::new(&context).unwrap().into_any(), "SUB", &flaps());
}

#[test]
fn messages_to_who_never_receives_hold_up_nobody() {
    let context = Context::new();
    for bytes in [frame(0, b"zz"), frame(0, b""), [frame(MORE, b""), frame(0, b"")].concat()] {
        calls_return(Pub::new(&context).unwrap().into_any(), "SUB", &bytes);
        calls_return(Push::new(&context).unwrap().into_any(), "PULL", &bytes);
    }
}

#[test]
fn requests_and_replies_of_the_wrong_form_keep_no_call() {
    let context = Context::new();
    calls_return(Rep::new(&context).unwrap().into_any(), "REQ", &frame(0, b"no delimiter"));
    let mut req = Req::new(&context).unwrap();
    req.set(option::REQ_RELAXED, true).unwrap();
    calls_return(req.into_any(), "REP", &[frame(MORE, b""), frame(0, b"stray")].concat());
    let mut req = Req::new(&context).unwrap();
    req.set(option::REQ_RELAXED, true).unwrap();
    req.set(option::REQ_CORRELATE, true).unwrap();
    let wrong = [frame(MORE, b"\xee\xee\xee\xee"), frame(MORE, b""), frame(0, b"x")].concat();
    calls_return(req.into_any(), "REP", &wrong);
}

#[test]
fn unwanted_topics_and_pings_keep_no_call() {
    let context = Context::new();
    let mut sub = Sub::new(&context).unwrap();
    sub.subscribe("a").unwrap();
    calls_return(sub.into_any(), "PUB", &frame(0, b"zz"));
    let ping = frame(COMMAND, b"\x04PING\0\0c");
    calls_return(Pull::new(&context).unwrap().into_any(), "PUSH", &ping);
    calls_return(Dealer::new(&context).unwrap().into_any(), "DEALER", &ping);
}

#[test]
fn others_are_served_while_a_peer_floods() {
    let context = Context::new();
    let mut publisher = XPub::new(&context).unwrap();
    let endpoint = publisher.bind("tcp://127.0.0.1:*").unwrap();
    let flood = Flood::new(&endpoint, "SUB", &flaps(), 2);
    let mut sub = Sub::new(&context).unwrap();
    sub.subscribe("honest").unwrap();
    sub.connect(&endpoint).unwrap();
    common::until("the subscription is heard", || {
        publisher.send("honest").unwrap();
        sub.try_recv().is_ok()
    });
    flood.end();
}

/// A sender that is faster than the waking of an I/O thread, at a mark far below what the connection takes.
#[test]
fn a_burst_that_the_connection_takes_is_not_dropped() {
    // Written ten at a time, it is within what the kernel buffers, whether the receiver reads or not.
    const BURST: usize = 500;
    let context = Context::new();
    for endpoint in ["tcp://127.0.0.1:*", "ipc://*"] {
        let mut router = Router::new(&context).unwrap();
        router.set(option::SNDHWM, 10).unwrap();
        let bound = router.bind(endpoint).unwrap();
        let mut dealer = Dealer::new(&context).unwrap();
        dealer.set(option::RCVHWM, 0).unwrap();
        dealer.connect(&bound).unwrap();
        dealer.send("request").unwrap();
        let request = router.recv_timeout(PATIENCE).unwrap();
        for _ in 0..BURST {
            router.send(&request).unwrap();
        }
        burst_arrives(BURST, &router.stats(), || dealer.recv_timeout(PATIENCE).is_ok());

        let mut publisher = Pub::new(&context).unwrap();
        publisher.set(option::SNDHWM, 10).unwrap();
        let bound = publisher.bind(endpoint).unwrap();
        let mut subs = [0, 1].map(|_| Sub::new(&context).unwrap());
        for sub in &mut subs {
            sub.set(option::RCVHWM, 0).unwrap();
            sub.subscribe("").unwrap();
            sub.connect(&bound).unwrap();
        }
        common::until("both have subscribed", || {
            publisher.send("").unwrap();
            publisher.stats().peers.iter().filter(|peer| peer.sent > 0).count() == 2
        });
        let before = publisher.stats();
        for _ in 0..BURST {
            publisher.send("news").unwrap();
        }
        let mut stats = publisher.stats();
        stats.dropped_full -= before.dropped_full;
        burst_arrives(2 * BURST, &stats, || true);
        for sub in &mut subs {
            while sub.recv_timeout(PATIENCE).unwrap().as_str().unwrap() != "news" {}
        }
    }
}

/// Of `sent` messages only a few may be lost: where the I/O thread stands still in the middle of writing.
fn burst_arrives(sent: usize, stats: &zincmq::SocketStats, mut arrives: impl FnMut() -> bool) {
    let dropped = stats.dropped_full as usize;
    assert!(dropped < sent / 10, "{dropped} of {sent} dropped");
    assert!((0..sent - dropped).all(|_| arrives()));
}
