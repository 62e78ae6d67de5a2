//! A process without free descriptors: a test binary of its own, since the limit is the whole process's.

mod common;

use common::{PATIENCE, await_event, raw_peer};
use rustix::process::{Resource, getrlimit, setrlimit};
use std::fs::File;
use std::io::Write;
use std::net::TcpStream;
use zincmq::{Context, EventKind, Events, Pull};

#[test]
fn a_listener_without_descriptors_accepts_when_there_are_some() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = Some(64);
    setrlimit(Resource::Nofile, limit).unwrap();
    let context = Context::new();
    let mut pull = Pull::new(&context).unwrap();
    let mut events = pull.monitor(Events::ALL);
    let endpoint = pull.bind("tcp://127.0.0.1:*").unwrap();
    let mut good = raw_peer(&endpoint, "PUSH");
    // Known before there are none left: a wait may need a descriptor of its own.
    good.write_all(b"\0\x05first").unwrap();
    assert_eq!(pull.recv_timeout(PATIENCE).unwrap().bytes(), b"first");
    let mut all: Vec<File> = std::iter::from_fn(|| File::open("/dev/null").ok()).collect();
    all.pop();
    let waiting = TcpStream::connect(endpoint.trim_start_matches("tcp://")).unwrap();
    let failed = await_event(&mut events, EventKind::AcceptFailed);
    assert_eq!(failed.value, 24, "EMFILE");
    good.write_all(b"\0\x06second").unwrap();
    assert_eq!(pull.recv_timeout(PATIENCE).unwrap().bytes(), b"second", "others are served");
    drop(all);
    await_event(&mut events, EventKind::Accepted);
    drop(waiting);
    drop(raw_peer(&endpoint, "PUSH"));
}
