//! Connections that stall at each step of a handshake, in a process of their own: descriptors are counted.

mod common;

use common::*;
use rustix::process::{Resource, getrlimit, setrlimit};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};
use zincmq::security::{Keypair, PublicKey};
use zincmq::{Context, EventKind, Events, Pull, Push, option};
use zmtp::{Local, Opening, Security, SocketName, Status};

/// How many of each kind; `STALLS` asks for another number.
const STALLS: usize = 20;
/// The kinds, below.
const KINDS: usize = 8;

fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

/// The client's side of a handshake with a server.
struct Client {
    stream: TcpStream,
    opening: Opening,
}

impl Client {
    fn connect(address: &str, server: PublicKey) -> Self {
        let keys = Keypair::generate().unwrap();
        let local = Local {
            socket_type: SocketName { name: "PUSH", code: 8, peers: &["PULL"] },
            routing_id: None,
            metadata: Vec::new(),
            security: Security::CurveClient { public: keys.public, secret: keys.secret, server },
            random: zmtp::system_random,
            allow_old: false,
        };
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Self { stream, opening: Opening::new(local) }
    }

    fn say(&mut self) {
        let bytes = std::mem::take(self.opening.output());
        self.stream.write_all(&bytes).unwrap();
    }

    /// Says and hears until this has been heard.
    fn until_heard(&mut self, command: &[u8]) {
        let mut heard = Vec::new();
        loop {
            self.say();
            let mut bytes = [0; 512];
            let read = self.stream.read(&mut bytes).unwrap();
            assert_ne!(read, 0, "the server has hung up");
            heard.extend_from_slice(&bytes[..read]);
            assert!(matches!(self.opening.feed(&bytes[..read]).unwrap().1, Status::More));
            if heard.windows(command.len()).any(|window| window == command) {
                return;
            }
        }
    }
}

/// A connection that goes so far and no further.
fn stall(kind: usize, address: &str, server: PublicKey) -> TcpStream {
    let mut client = Client::connect(address, server);
    match kind {
        0 => {}
        1 => client.stream.write_all(b"\xFF\0\0").unwrap(),
        2 => client.say(),
        3 => client.until_heard(b"CURVE"),
        4 => client.until_heard(b"\x07WELCOME"),
        5 => {
            client.until_heard(b"\x07WELCOME");
            let initiate = std::mem::take(client.opening.output());
            client.stream.write_all(&initiate[..initiate.len() - 1]).unwrap();
        }
        6 => {
            client.until_heard(b"CURVE");
            // A frame that announces much and brings little.
            client.stream.write_all(b"\x06\0\0\0\0\0\0\xFF\xFFgarbage").unwrap();
        }
        _ => {
            client.until_heard(b"CURVE");
            client.stream.write_all(b"\x04\xC8\x05HELLO\x01\0").unwrap();
            client.stream.write_all(&[0x55; 192]).unwrap();
        }
    }
    client.stream
}

/// Messages that ten honest clients get through in this time.
fn honest(pushes: &mut [Push], pull: &mut Pull, time: Duration) -> usize {
    let end = Instant::now() + time;
    let mut count = 0;
    while Instant::now() < end {
        for push in pushes.iter_mut() {
            push.send("honest").unwrap();
        }
        for _ in 0..pushes.len() {
            assert_eq!(pull.recv_timeout(PATIENCE).unwrap().bytes(), b"honest");
            count += 1;
        }
    }
    count
}

#[test]
fn stalled_handshakes_disturb_nobody_and_leave_nothing() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit).unwrap();
    let stalls = std::env::var("STALLS").map_or(STALLS, |number| number.parse().unwrap());
    let context = Context::new();
    let keys = Keypair::generate().unwrap();
    let mut pull = Pull::new(&context).unwrap();
    pull.curve_server(&keys).unwrap();
    pull.set(option::BACKLOG, 1000).unwrap();
    let bound = pull.bind("tcp://127.0.0.1:*").unwrap();
    let address = bound.strip_prefix("tcp://").unwrap();
    let mut pushes: Vec<_> = (0..10)
        .map(|_| {
            let mut push = Push::new(&context).unwrap();
            push.curve_client(&Keypair::generate().unwrap(), keys.public).unwrap();
            push.connect(&bound).unwrap();
            push
        })
        .collect();
    let time = Duration::from_millis(if stalls > STALLS { 2000 } else { 50 });
    honest(&mut pushes, &mut pull, time);
    let mut monitor = pull.monitor(Events::NONE.with(EventKind::Disconnected));
    let (before, undisturbed) = (descriptors(), honest(&mut pushes, &mut pull, time));

    let streams: Vec<_> =
        (0..KINDS * stalls).map(|number| stall(number % KINDS, address, keys.public)).collect();
    let disturbed = honest(&mut pushes, &mut pull, time);
    println!("{undisturbed} messages undisturbed, {disturbed} beside {} that stall", streams.len());

    drop(streams);
    for _ in 0..KINDS * stalls {
        monitor.recv_timeout(PATIENCE).unwrap();
    }
    // The last may be about to be closed.
    assert!(descriptors() <= before + 1, "{} descriptors, {before} before", descriptors());
    assert_eq!(pull.stats().peers.len(), 10);
    assert_eq!(pull.stats().handshake_failures, (KINDS * stalls) as u64);
    honest(&mut pushes, &mut pull, time);
}
