//! The examples in C do what they say.

use crate::program::{Running, compile, root};
use std::collections::HashMap;
use std::fs;
use std::net::UdpSocket;
use std::path::PathBuf;
use std::sync::OnceLock;

/// Starts one of `examples/c`. All are compiled once.
fn start(name: &str, arguments: &[&str]) -> Running {
    static PROGRAMS: OnceLock<HashMap<String, PathBuf>> = OnceLock::new();
    let programs = PROGRAMS.get_or_init(|| {
        let files = fs::read_dir(root().join("examples/c")).unwrap().map(|file| file.unwrap().path());
        let sources = files.filter(|file| file.extension().is_some_and(|extension| extension == "c"));
        let name = |source: &PathBuf| source.file_stem().unwrap().to_str().unwrap().to_owned();
        sources.map(|source| (name(&source), compile(&source, &[]))).collect()
    });
    Running::start(&programs[name], arguments)
}

fn run(name: &str, arguments: &[&str]) -> String {
    start(name, arguments).output()
}

/// A place to meet that no other process uses.
fn endpoint(name: &str) -> String {
    format!("ipc://@zincmq-example-{}-{name}", std::process::id())
}

#[test]
fn requests_are_answered() {
    let endpoint = endpoint("hello");
    let server = start("hwserver", &[&endpoint]);
    assert_eq!(run("hwclient", &[&endpoint, "100"]), "100 of 100 replies are right\n");
    assert_eq!(server.output(), "answered 100\n");
}

#[test]
fn threads_share_the_work_of_a_server() {
    let endpoint = endpoint("threads");
    let server = start("mtserver", &[&endpoint, "3"]);
    assert_eq!(run("hwclient", &[&endpoint, "200"]), "200 of 200 replies are right\n");
    assert_eq!(server.output(), "3 threads answered 200\n");
}

#[test]
fn a_listener_hears_of_its_place_only() {
    let endpoint = endpoint("weather");
    let server = start("wuserver", &[&endpoint]);
    let heard = run("wuclient", &[&endpoint, "10003", "50"]);
    assert!(heard.starts_with("50 updates of 10003, "), "{heard}");
    assert_eq!(server.output(), "nobody listens any more\n");
}

#[test]
fn workers_share_tasks() {
    let [tasks, results, control] = ["tasks", "results", "control"].map(endpoint);
    let sink = start("tasksink", &[&results, &control, "100", "2"]);
    let workers = [(); 2].map(|()| start("taskwork", &[&tasks, &results, &control]));
    assert_eq!(run("taskvent", &[&tasks, "100"]), "100 tasks\n");
    assert_eq!(sink.output(), "100 results, their sum is 338350\n");
    let done = workers.map(|worker| {
        let said = worker.output();
        said.strip_suffix(" done\n")
            .and_then(|number| number.parse::<u32>().ok())
            .unwrap_or_else(|| panic!("{said}"))
    });
    assert_eq!(done.iter().sum::<u32>(), 100);
}

#[test]
fn a_broker_deals_requests() {
    assert_eq!(run("rrbroker", &["3", "2", "100"]), "300 requests of 3 clients were answered by 2 workers\n");
}

#[test]
fn envelopes_are_compared() {
    let endpoint = endpoint("envelopes");
    let publisher = start("psenvpub", &[&endpoint, "20"]);
    assert_eq!(run("psenvsub", &[&endpoint, "20"]), "20 for B\n");
    assert_eq!(publisher.output(), "20 for A, 20 for B\n");
}

/// Over the loopback interface, in a group of its own.
#[test]
fn a_group_hears_a_publisher() {
    let port = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let [_, _, high, low] = std::process::id().to_be_bytes();
    let endpoint = format!("epgm://127.0.0.1;239.99.{high}.{low}:{port}");
    // It ends with the test.
    let _publisher = start("mcpub", &[&endpoint, "1000000"]);
    let subscribers = [(); 2].map(|()| start("mcsub", &[&endpoint, "20"]));
    for subscriber in subscribers {
        assert_eq!(subscriber.output(), "20 readings, 0 missing between them\n");
    }
}

#[test]
fn a_row_of_threads_passes_a_number_on() {
    assert_eq!(run("mtrelay", &["7"]), "7 threads said yes\n");
}

#[test]
fn a_signal_ends_a_wait() {
    assert_eq!(run("interrupt", &["20"]), "interrupted\n");
}

#[test]
fn two_sockets_are_read_as_messages_come() {
    assert_eq!(run("mspoller", &["500"]), "500 tasks, 500 news\n");
}

#[test]
fn a_monitor_tells_what_happens() {
    let told = run("monitor", &[&endpoint("monitor")]);
    assert_eq!(told, "listening\naccepted\nhandshake succeeded\ndisconnected\nmonitor stopped\n");
}

#[test]
fn memory_is_handed_over_and_freed() {
    assert_eq!(run("zerocopy", &["10", "100000"]), "10 blocks are right, 10 were freed\n");
    assert_eq!(run("zerocopy", &["10", "10"]), "10 blocks are right, 10 were freed\n");
}

#[test]
fn a_publisher_waits_for_its_subscribers() {
    let [news, ready] = ["news", "ready"].map(endpoint);
    let publisher = start("syncpub", &[&news, &ready, "2", "10000"]);
    let subscribers = [(); 2].map(|()| start("syncsub", &[&news, &ready]));
    for subscriber in subscribers {
        assert_eq!(subscriber.output(), "10000 received\n");
    }
    assert_eq!(publisher.output(), "10000 sent\n");
}

#[test]
fn requests_are_encrypted_and_a_stranger_is_not_let_in() {
    for endpoint in [endpoint("ironhouse"), "tcp://127.0.0.1:*".to_owned()] {
        let said = run("ironhouse", &[&endpoint, "2"]);
        let alice = "alice, this stays between us: secret";
        assert_eq!(said, format!("the stranger: status 400\n{alice} 1\n{alice} 2\n"));
    }
}
