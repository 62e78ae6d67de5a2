//! A peer that sends until the process has no more memory loses its connection, and nobody else anything.

mod common;

use common::{PATIENCE, raw_peer};
use std::env;
use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use zincmq::{Context, Pull, Push, option};

/// What the address space of the victim may be, in KiB: what a debug build, its threads and their heaps take, and
/// some hundred MB.
const SPACE: usize = 700_000;
/// More than fits.
const FLOOD: usize = 2 << 30;

/// Tells this program that it is to be the victim.
const VICTIM: &str = "ZINCMQ_VICTIM";

/// Not a test by itself: receives in a process of its own, with `SPACE`, and tells of what it gets, until it is told to
/// end.
#[test]
fn victim() {
    if env::var(VICTIM).is_err() {
        return;
    }
    let context = Context::new();
    let mut pull = Pull::new(&context).unwrap();
    // So that a message without end meets no other bound.
    pull.set(option::MAXPARTS, 0).unwrap();
    println!("\nvictim {}", pull.bind("tcp://127.0.0.1:*").unwrap());
    loop {
        match pull.recv_timeout(3 * PATIENCE).unwrap().bytes() {
            b"end" => return,
            body => println!("\nvictim {}", body.escape_ascii()),
        }
    }
}

/// Sends `bytes` again and again until the connection is closed, which must be before `FLOOD`.
fn flood(mut wire: TcpStream, bytes: &[u8]) {
    wire.set_write_timeout(Some(PATIENCE)).unwrap();
    wire.set_read_timeout(Some(PATIENCE)).unwrap();
    let many = bytes.repeat((1_usize << 20).div_ceil(bytes.len()));
    let written = (0..FLOOD / many.len()).map(|_| wire.write_all(&many)).find(Result::is_err);
    let error = written.expect("the flood has no end").unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe), "{error}");
}

#[test]
fn what_no_memory_holds_ends_its_connection_alone() {
    let limit = format!("ulimit -v {SPACE} && exec \"$@\"");
    let this = env::current_exe().unwrap();
    let mut victim = Command::new("sh")
        .args(["-c", &limit, "sh"])
        .arg(this)
        .args(["victim", "--exact", "--nocapture", "--test-threads=1"])
        .env(VICTIM, "")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(victim.stdout.take().unwrap()).lines();
    let mut told = || {
        let mut told = lines.by_ref().map(|line| line.expect("a line"));
        told.find_map(|line| line.strip_prefix("victim ").map(str::to_owned)).expect("the victim lives")
    };
    let endpoint = told();
    let context = Context::new();
    let mut push = Push::new(&context).unwrap();
    push.connect(&endpoint).unwrap();

    let large =
        |flags: u8, size: usize, body: usize| [&[flags][..], &size.to_be_bytes(), &vec![7; body]].concat();
    let old = || {
        let mut wire = TcpStream::connect(endpoint.trim_start_matches("tcp://")).unwrap();
        wire.write_all(b"\x01\0").unwrap();
        wire
    };
    let floods: [(&str, TcpStream, Vec<u8>, Vec<u8>); 6] = [
        ("parts of a segment", raw_peer(&endpoint, "PUSH"), vec![], large(3, 60_000, 60_000)),
        ("parts by reference", raw_peer(&endpoint, "PUSH"), vec![], large(3, 300_000, 300_000)),
        ("one part", raw_peer(&endpoint, "PUSH"), large(2, 1 << 40, 0), vec![7; 1 << 20]),
        (
            "small parts",
            raw_peer(&endpoint, "PUSH"),
            vec![],
            b"\x01\x40".iter().copied().chain([7; 64]).collect(),
        ),
        ("parts from an old peer", old(), vec![], [large(0xff, 60_001, 0), vec![1; 60_001]].concat()),
        ("one part from an old peer", old(), large(0xff, 1 << 40, 0), vec![0; 1 << 20]),
    ];
    for (number, (name, mut wire, begin, bytes)) in floods.into_iter().enumerate() {
        println!("{name}");
        wire.write_all(&begin).unwrap();
        flood(wire, &bytes);
        push.send(number.to_string()).unwrap();
        assert_eq!(told(), number.to_string(), "after {name}");
    }
    push.send("end").unwrap();
    assert!(lines.all(|line| line.is_ok()));
    assert!(victim.wait().unwrap().success());
}
