//! Connections that stall at each step of a handshake, in a process of their own: descriptors are counted.

mod client;
mod common;

use client::{Client, curve};
use common::*;
use rustix::process::{Resource, getrlimit, setrlimit};
use std::io::Write;
use std::net::TcpStream;
use std::time::{Duration, Instant};
use zincmq::security::{Keypair, PublicKey};
use zincmq::{Context, EventKind, Events, Pull, Push, option};

/// How many of each kind; `STALLS` asks for another number.
const STALLS: usize = 20;
/// The kinds, below.
const KINDS: usize = 8;

fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

/// A connection that goes so far and no further.
fn stall(kind: usize, address: &str, server: PublicKey) -> TcpStream {
    let mut client = Client::connect(address, curve(server));
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
