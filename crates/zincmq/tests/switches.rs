//! Which threads a request wakes. The only test of its process, whose threads it counts.

mod common;

use common::{PATIENCE, within};
use std::time::{Duration, Instant};
use std::{fs, thread};
use zincmq::{Context, Pull, Rep, Req};

const REQUESTS: u64 = 100;
const INTERVAL: Duration = Duration::from_millis(10);
/// Of a hundred requests in a second. Checks that become rare while a connection is used so wake its I/O threads at times.
const FEW: u64 = 20;

/// A busy machine may keep the callers from their next request for longer than the I/O threads wait: then they take the
/// connection back, and are woken. So once without that is enough.
#[test]
fn requests_now_and_then_wake_no_other_thread() {
    within(PATIENCE * 4, || {
        for endpoint in ["tcp://127.0.0.1:*", "ipc://*"] {
            let (asking, answering) = (Context::new(), Context::new());
            let mut rep = Rep::new(&answering).unwrap();
            let bound = rep.bind(endpoint).unwrap();
            let mut req = Req::new(&asking).unwrap();
            req.connect(&bound).unwrap();
            let answers = thread::spawn(move || {
                while let Ok(request) = rep.recv() {
                    rep.send(request).unwrap();
                }
            });
            let mut nobody = Pull::new(&asking).unwrap();
            nobody.bind("inproc://nobody").unwrap();
            let mut ask = || {
                let begin = Instant::now();
                let before = switches();
                for _ in 0..REQUESTS {
                    req.send("request").unwrap();
                    req.recv().unwrap();
                    assert!(nobody.recv_timeout(INTERVAL).is_err());
                }
                (switches() - before, begin.elapsed())
            };
            // The first ones open the connection, and show that they go on.
            ask();
            let (mut woken, mut time) = ask();
            let deadline = Instant::now() + PATIENCE;
            while woken > FEW && Instant::now() < deadline {
                (woken, time) = ask();
            }
            assert!(woken <= FEW, "{endpoint}: {woken} switches for {REQUESTS} requests in {time:?}");
            println!("{endpoint}: {woken} switches of I/O threads for {REQUESTS} requests in {time:?}");
            drop(answering);
            drop((req, nobody, asking));
            drop(answers);
        }
    });
}

/// How often the I/O threads of this process have gone to sleep or given way.
fn switches() -> u64 {
    let tasks = fs::read_dir("/proc/self/task").unwrap().filter_map(Result::ok);
    let io = tasks.filter(|task| {
        fs::read_to_string(task.path().join("comm")).is_ok_and(|name| name.starts_with("ZMQbg/IO"))
    });
    io.filter_map(|task| fs::read_to_string(task.path().join("status")).ok())
        .flat_map(|status| {
            let lines = status.lines().filter(|line| line.contains("ctxt_switches"));
            lines.filter_map(|line| line.split_whitespace().last()?.parse::<u64>().ok()).collect::<Vec<_>>()
        })
        .sum()
}
