//! Which threads a request or a message wakes. The only test of its process, whose threads it counts.

mod common;

use common::{PATIENCE, within};
use std::time::{Duration, Instant};
use std::{fs, thread};
use zincmq::{Context, Pull, Push, Rep, Req};

const TIMES: u64 = 100;
const INTERVAL: Duration = Duration::from_millis(10);
/// Of a hundred requests in a second. Checks that become rare while a connection is used so wake its I/O threads at times.
const FEW: u64 = 20;

/// Both at one time would count each other's threads.
#[test]
fn what_comes_now_and_then_wakes_no_other_thread() {
    for endpoint in ["tcp://127.0.0.1:*", "ipc://*"] {
        within(PATIENCE * 4, move || requests(endpoint));
        within(PATIENCE * 4, move || messages(endpoint));
    }
}

fn requests(endpoint: &str) {
    let (asking, answering) = (counted(), counted());
    let mut rep = Rep::new(&answering).unwrap();
    let bound = rep.bind(endpoint).unwrap();
    let mut req = Req::new(&asking).unwrap();
    req.connect(&bound).unwrap();
    let answers = thread::spawn(move || {
        while let Ok(request) = rep.recv() {
            rep.send(request).unwrap();
        }
    });
    count(&format!("requests over {endpoint}"), || {
        req.send("request").unwrap();
        req.recv().unwrap();
    });
    answering.shutdown();
    drop((req, asking));
    answers.join().unwrap();
}

/// Of the sender's side alone: a receiver that does not answer is not sure to come back, so its I/O thread looks.
fn messages(endpoint: &str) {
    let (sending, receiving) = (counted(), Context::new());
    let mut pull = Pull::new(&receiving).unwrap();
    let bound = pull.bind(endpoint).unwrap();
    let mut push = Push::new(&sending).unwrap();
    push.connect(&bound).unwrap();
    let taken = thread::spawn(move || while pull.recv().is_ok() {});
    count(&format!("messages over {endpoint}"), || push.send("message").unwrap());
    receiving.shutdown();
    drop((push, sending));
    taken.join().unwrap();
}

/// A busy machine may keep the callers from the next for longer than the I/O threads wait: then they take the connection
/// back, and are woken. So once without that is enough.
fn count(what: &str, mut act: impl FnMut()) {
    let elsewhere = Context::new();
    let mut nobody = Pull::new(&elsewhere).unwrap();
    nobody.bind("inproc://nobody").unwrap();
    let mut round = || {
        let begin = Instant::now();
        let before = switches();
        for _ in 0..TIMES {
            act();
            assert!(nobody.recv_timeout(INTERVAL).is_err());
        }
        (switches() - before, begin.elapsed())
    };
    // The first ones open the connection, and show that they go on.
    round();
    let (mut woken, mut time) = round();
    let deadline = Instant::now() + PATIENCE;
    while woken > FEW && Instant::now() < deadline {
        (woken, time) = round();
    }
    assert!(woken <= FEW, "{what}: {woken} switches for {TIMES} in {time:?}");
    println!("{what}: {woken} switches of I/O threads for {TIMES} in {time:?}");
}

/// A context whose threads are counted.
fn counted() -> Context {
    Context::builder().thread_name_prefix("counted").build()
}

/// How often these threads have gone to sleep or given way.
fn switches() -> u64 {
    let tasks = fs::read_dir("/proc/self/task").unwrap().filter_map(Result::ok);
    let counted = tasks.filter(|task| {
        fs::read_to_string(task.path().join("comm")).is_ok_and(|name| name.starts_with("counted"))
    });
    counted
        .filter_map(|task| fs::read_to_string(task.path().join("status")).ok())
        .flat_map(|status| {
            let lines = status.lines().filter(|line| line.contains("ctxt_switches"));
            lines.filter_map(|line| line.split_whitespace().last()?.parse::<u64>().ok()).collect::<Vec<_>>()
        })
        .sum()
}
