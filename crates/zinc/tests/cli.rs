//! The command as a user has it: processes, pipes and exit codes.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStderr, Command, Output, Stdio};

/// No command of these tests takes so long; one that hangs ends with exit code 124.
const PATIENCE: &str = "--timeout=30";

fn zinc(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_zinc"));
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn run(arguments: &[&str], input: &str) -> Output {
    let mut child = zinc(arguments).stdin(Stdio::piped()).spawn().unwrap();
    // A command that fails early may not read it.
    _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

/// A command that binds to a free port, and the endpoints that it names.
struct Server {
    child: Child,
    stderr: BufReader<ChildStderr>,
    endpoints: Vec<String>,
}

impl Server {
    fn start(arguments: &[&str], endpoints: usize) -> Self {
        let mut child = zinc(arguments).stdin(Stdio::piped()).spawn().unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let endpoints = (0..endpoints).map(|_| {
            let mut line = String::new();
            stderr.read_line(&mut line).unwrap();
            line.trim().strip_prefix("zinc: bound to ").unwrap_or_else(|| panic!("{line}")).to_owned()
        });
        let endpoints = endpoints.collect();
        Self { child, stderr, endpoints }
    }

    fn say(&mut self, text: &str) {
        self.child.stdin.as_mut().unwrap().write_all(text.as_bytes()).unwrap();
    }

    fn interrupt(&self) {
        let kill = Command::new("kill").args(["-INT", &self.child.id().to_string()]).status();
        assert!(kill.unwrap().success());
    }

    /// Its output, once it has ended with this exit code.
    fn end(mut self, code: i32) -> String {
        drop(self.child.stdin.take());
        let mut said = String::new();
        self.stderr.read_to_string(&mut said).unwrap();
        let output = self.child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{said}");
        String::from_utf8(output.stdout).unwrap()
    }
}

fn assert_ends(output: &Output, code: i32, stdout: &str) {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{stderr}");
    assert_eq!(String::from_utf8_lossy(&output.stdout), stdout);
}

const ANY: &str = "@tcp://127.0.0.1:*";

#[test]
fn lines_pushed_are_lines_pulled() {
    let lines: String = (0..5000).map(|number| format!("line {number}\n")).collect();
    let pull = Server::start(&["pull", ANY, "--count=5000", PATIENCE], 1);
    assert_ends(&run(&["push", &pull.endpoints[0], PATIENCE], &lines), 0, "");
    assert_eq!(pull.end(0), lines);
}

#[test]
fn a_count_ends_the_sender_too_and_files_follow_each_other() {
    let folder = std::env::temp_dir().join(format!("zinc-cli-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let (one, two) = (folder.join("one"), folder.join("two"));
    std::fs::write(&one, "1\n2").unwrap();
    std::fs::write(&two, "3\n4\n5\n").unwrap();
    let pull = Server::start(&["pull", "--bind", "tcp://127.0.0.1:*", "--count=4", PATIENCE], 1);
    let mut push = zinc(&["push", &pull.endpoints[0], "--count=4", PATIENCE]);
    push.arg("--file").arg(&one).arg("--file").arg(&two);
    assert_ends(&push.output().unwrap(), 0, "");
    assert_eq!(pull.end(0), "1\n2\n3\n4\n");
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn requests_get_their_replies() {
    let rep = Server::start(&["rep", ANY, "--count=2", PATIENCE], 1);
    assert_ends(&run(&["req", &rep.endpoints[0], PATIENCE], "a\nb\n"), 0, "a\nb\n");
    assert_eq!(rep.end(0), "a\nb\n");

    let rep = Server::start(&["rep", ANY, "--reply=two|parts", "--multipart=|", "--count=1", PATIENCE], 1);
    assert_ends(&run(&["req", &rep.endpoints[0], PATIENCE], "question"), 0, "two\tparts\n");
    assert_eq!(rep.end(0), "question\n");
}

#[test]
fn subscribers_get_their_topics() {
    let arguments = ["pub", ANY, "--subscriptions=2", "--multipart= ", PATIENCE];
    let mut publisher = Server::start(&arguments, 1);
    let endpoint = publisher.endpoints[0].clone();
    let subscribe = ["sub", &endpoint, "--subscribe=a", "--subscribe=b", "--count=3", PATIENCE];
    let sub = zinc(&subscribe).spawn().unwrap();
    publisher.say("a 1\nc 2\nb 3\nbb 4\n");
    assert_eq!(publisher.end(0), "");
    assert_ends(&sub.wait_with_output().unwrap(), 0, "a\t1\nb\t3\nbb\t4\n");

    let mut publisher = Server::start(&["pub", ANY, "--subscriptions=1", "--topic=news", PATIENCE], 1);
    let endpoint = publisher.endpoints[0].clone();
    let sub = zinc(&["sub", &endpoint, "--count=1", PATIENCE]).spawn().unwrap();
    publisher.say("of today\n");
    assert_eq!(publisher.end(0), "");
    assert_ends(&sub.wait_with_output().unwrap(), 0, "news\tof today\n");
}

#[test]
fn parts_and_hexadecimal_digits() {
    let pull = Server::start(&["pull", ANY, "--hex", "--multipart=:", "--count=2", PATIENCE], 1);
    let endpoint = &pull.endpoints[0];
    assert_ends(&run(&["push", endpoint, "--multipart=, ", PATIENCE], "a, , ÿ"), 0, "");
    assert_ends(&run(&["push", endpoint, "--hex", PATIENCE], "00FF\n"), 0, "");
    assert_eq!(pull.end(0), "61::c3bf\n00ff\n");
}

#[test]
fn peers_talk_both_ways() {
    let mut left = Server::start(&["pair", ANY, "--count=2", PATIENCE], 1);
    left.say("to the right\n");
    let right = run(&["pair", &left.endpoints[0], "--count=1", PATIENCE], "to the left\nand more\n");
    assert_ends(&right, 0, "to the right\n");
    assert_eq!(left.end(0), "to the left\nand more\n");
}

#[test]
fn a_router_answers_by_name() {
    let mut router = Server::start(&["router", ANY, "--multipart=|", PATIENCE], 1);
    let arguments = ["dealer", &router.endpoints[0], "--option=routing_id=bob", "--count=1", PATIENCE];
    let mut dealer = zinc(&arguments).stdin(Stdio::piped()).spawn().unwrap();
    dealer.stdin.take().unwrap().write_all(b"hello\n").unwrap();
    let mut stdout = BufReader::new(router.child.stdout.take().unwrap());
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    assert_eq!(line, "bob|hello\n");
    router.say("nobody|lost\nbob|welcome\n");
    assert_ends(&dealer.wait_with_output().unwrap(), 0, "welcome\n");
    router.interrupt();
    router.end(0);
}

#[test]
fn proxies_join_two_sides() {
    let queue = Server::start(&["proxy", "queue", "tcp://127.0.0.1:*", "tcp://127.0.0.1:*"], 2);
    let rep = zinc(&["rep", &queue.endpoints[1], "--count=2", PATIENCE]).spawn().unwrap();
    assert_ends(&run(&["req", &queue.endpoints[0], PATIENCE], "a\nb\n"), 0, "a\nb\n");
    assert_ends(&rep.wait_with_output().unwrap(), 0, "a\nb\n");
    queue.interrupt();
    assert_eq!(queue.end(0), "");

    let streamer = Server::start(&["proxy", "streamer", "tcp://127.0.0.1:*", "tcp://127.0.0.1:*"], 2);
    let pull = zinc(&["pull", &streamer.endpoints[1], "--count=2", PATIENCE]).spawn().unwrap();
    assert_ends(&run(&["push", &streamer.endpoints[0], PATIENCE], "a\nb\n"), 0, "");
    assert_ends(&pull.wait_with_output().unwrap(), 0, "a\nb\n");
    streamer.interrupt();
    assert_eq!(streamer.end(0), "");
}

#[test]
fn a_forwarder_passes_subscriptions_up() {
    let forwarder = Server::start(&["proxy", "forwarder", "tcp://127.0.0.1:*", "tcp://127.0.0.1:*"], 2);
    let mut publisher = zinc(&["pub", &forwarder.endpoints[0], "--subscriptions=1", PATIENCE]);
    let mut publisher = publisher.stdin(Stdio::piped()).spawn().unwrap();
    let arguments = ["sub", &forwarder.endpoints[1], "--subscribe=a", "--count=1", PATIENCE];
    let sub = zinc(&arguments).spawn().unwrap();
    publisher.stdin.take().unwrap().write_all(b"b\nabc\n").unwrap();
    assert_ends(&sub.wait_with_output().unwrap(), 0, "abc\n");
    assert_ends(&publisher.wait_with_output().unwrap(), 0, "");
    forwarder.interrupt();
    assert_eq!(forwarder.end(0), "");
}

#[test]
fn a_capture_sees_what_passes() {
    let free = "tcp://127.0.0.1:*";
    let streamer = Server::start(&["proxy", "streamer", free, free, "--capture", free], 3);
    let mut capture = zinc(&["sub", &streamer.endpoints[2], "--count=1", PATIENCE]).spawn().unwrap();
    let pull = Server::start(&["pull", &streamer.endpoints[1]], 0);
    // Until the subscription has arrived.
    while capture.try_wait().unwrap().is_none() {
        assert_ends(&run(&["push", &streamer.endpoints[0], PATIENCE], "seen\n"), 0, "");
    }
    assert_ends(&capture.wait_with_output().unwrap(), 0, "seen\n");
    for server in [pull, streamer] {
        server.interrupt();
        server.end(0);
    }
}

#[test]
fn waiting_in_vain_ends_with_124() {
    for (arguments, what) in [
        (&["pull", "@tcp://127.0.0.1:*"][..], "no message came"),
        (&["push", "@tcp://127.0.0.1:*"], "nobody took the message"),
        (&["push", "tcp://127.0.0.1:1"], "not all messages have gone out"),
        (&["req", "tcp://127.0.0.1:1"], "no reply came"),
        (&["rep", "@tcp://127.0.0.1:*"], "no request came"),
        (&["pub", "@tcp://127.0.0.1:*", "--subscriptions=1"], "not enough subscriptions came"),
        (&["dealer", "tcp://127.0.0.1:1"], "nothing came or went"),
    ] {
        let output = run(&[arguments, &["--timeout=0.2"]].concat(), "line\n");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(124), "{arguments:?}: {stderr}");
        assert!(stderr.contains(&format!("timeout: {what} within 0.2 s")), "{arguments:?}: {stderr}");
    }
}

#[test]
fn mistakes_are_named() {
    for (arguments, code, message) in [
        (&["plug"][..], 2, "unrecognized subcommand 'plug'"),
        (&["push"], 2, "<ENDPOINT>"),
        (&["push", "localhost:5555"], 2, "localhost:5555"),
        (&["push", "tcp://127.0.0.1:99999"], 2, "tcp://127.0.0.1:99999"),
        (&["push", "carrier://pigeon"], 2, "carrier"),
        (&["pull", "tcp://127.0.0.1:1", "--count=0"], 2, "--count"),
        (&["pull", "tcp://127.0.0.1:1", "--count=many"], 2, "many"),
        (&["pull", "tcp://127.0.0.1:1", "--timeout=-1"], 2, "not a length of time"),
        (&["pull", "tcp://127.0.0.1:1", "--timeout=soon"], 2, "not a number of seconds"),
        (&["pull", "tcp://127.0.0.1:1", "--option=sndhwm"], 2, "NAME=VALUE"),
        (&["pull", "tcp://127.0.0.1:1", "--option=colour=red"], 2, "there is no option colour"),
        (&["pull", "tcp://127.0.0.1:1", "--option=rcvhwm=-5"], 2, "RCVHWM: -5 is not allowed"),
        (&["pull", "tcp://127.0.0.1:1", "--option=req_relaxed=1"], 2, "REQ_RELAXED does not apply to a PULL"),
        (&["pull", "tcp://127.0.0.1:1", "--topic=a"], 2, "--topic"),
        (&["push", "tcp://127.0.0.1:1", "--multipart="], 2, "--multipart"),
        (&["proxy", "ring", "tcp://127.0.0.1:*", "tcp://127.0.0.1:*"], 2, "ring"),
        (&["push", "@inproc://a", "--file=/nowhere/at/all"], 1, "cannot read /nowhere/at/all: No such file"),
        (&["push", "@inproc://a", "--file=/"], 1, "cannot read /: Is a directory"),
        (&["pub", "@inproc://a", "--hex"], 1, "line 1: \"line\" is not hexadecimal"),
    ] {
        let output = run(arguments, "line\n");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {stderr}");
        assert!(stderr.contains(message), "{arguments:?}: {stderr}");
        assert_eq!(output.stdout, b"", "{arguments:?}");
    }
}

#[test]
fn an_endpoint_in_use_is_a_failure() {
    let pull = Server::start(&["pull", ANY], 1);
    let output = run(&["pull", "--bind", &pull.endpoints[0]], "");
    assert_ends(&output, 1, "");
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(stderr.contains(&pull.endpoints[0]) && stderr.contains("in use"), "{stderr}");
    pull.interrupt();
    assert_eq!(pull.end(0), "");
}

#[test]
fn an_interrupt_ends_what_waits() {
    for command in ["pull", "push", "rep", "pair", "xsub"] {
        let server = Server::start(&[command, ANY], 1);
        server.interrupt();
        // Its input is still open.
        let Server { mut child, stderr: _stderr, .. } = server;
        let stdin = child.stdin.take();
        assert_ends(&child.wait_with_output().unwrap(), 0, "");
        drop(stdin);
    }
}

#[test]
fn a_reader_that_leaves_ends_the_output_silently() {
    let mut pull = Server::start(&["pull", ANY], 1);
    drop(pull.child.stdout.take());
    assert_ends(&run(&["push", &pull.endpoints[0], PATIENCE], "a\nb\n"), 0, "");
    let mut said = String::new();
    pull.stderr.read_to_string(&mut said).unwrap();
    assert_eq!(said, "");
    assert!(pull.child.wait().unwrap().success());
}

#[test]
fn the_demonstration_succeeds() {
    let output = run(&["demo", "--seconds=1", "--clients=3", "--workers=2"], "");
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    for expected in ["3 clients, a broker and 2 workers", "requests/s", "p99.9", "OK: "] {
        assert!(stdout.contains(expected), "{stdout}");
    }
}

#[test]
fn a_measurement_has_a_table() {
    for transport in ["tcp", "ipc", "inproc"] {
        let output = run(&["bench", "--transport", transport, "--seconds=0.1", "--size=8"], "");
        let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        for expected in ["messages/s", "MB/s", "CPU/message", "round trips/s", "p99"] {
            assert!(stdout.contains(expected), "{stdout}");
        }
    }
}
