//! The command at a terminal: progress, the screen of top, Ctrl-C, and an end without a reader.

mod common;

use common::{ANY, PATIENCE, Server, assert_ends, folder, run, zinc};
use pty_process::blocking::{Command, Pty, open};
use std::io::{Read, Write};
use std::process::{Child, ExitStatus};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

const SIZE: (u16, u16) = (30, 120);
const LONG: Duration = Duration::from_secs(30);

/// A terminal with the command in it, as somebody sees it.
struct Terminal {
    pty: std::sync::Arc<Pty>,
    child: Child,
    output: Receiver<Vec<u8>>,
    screen: vt100::Parser,
    /// All that was ever written.
    all: Vec<u8>,
}

impl Terminal {
    fn start(command: Command) -> Self {
        let (pty, pts) = open().unwrap();
        pty.resize(pty_process::Size::new(SIZE.0, SIZE.1)).unwrap();
        let child = command.spawn(pts).unwrap();
        let pty = std::sync::Arc::new(pty);
        let (sender, output) = channel();
        let reader = pty.clone();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            // The terminal fails to read when the last process has left it.
            while let Ok(count @ 1..) = (&*reader).read(&mut buffer) {
                if sender.send(buffer[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        let [rows, columns] = [SIZE.0, SIZE.1].map(|size| size.try_into().unwrap());
        Self { pty, child, output, screen: vt100::Parser::new(rows, columns, 0), all: Vec::new() }
    }

    fn of(arguments: &[&str]) -> Self {
        Self::start(zinc_at_terminal(arguments))
    }

    fn text(&self) -> String {
        self.screen.screen().contents()
    }

    /// Waits until the screen is so.
    fn until(&mut self, what: &str, is_so: impl Fn(&str) -> bool) {
        let end = Instant::now() + LONG;
        while !is_so(&self.text()) {
            let left = end.saturating_duration_since(Instant::now());
            match self.output.recv_timeout(left) {
                Ok(bytes) => self.take(&bytes),
                Err(error) => panic!("never {what} ({error}):\n{}", self.text()),
            }
        }
    }

    fn take(&mut self, bytes: &[u8]) {
        self.screen.process(bytes);
        self.all.extend_from_slice(bytes);
    }

    fn press(&self, keys: &str) {
        (&*self.pty).write_all(keys.as_bytes()).unwrap();
    }

    /// Waits for the end; what was shown to the last.
    fn end(mut self) -> (ExitStatus, String) {
        let end = Instant::now() + LONG;
        loop {
            match self.output.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(bytes) => self.take(&bytes),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => panic!("it does not end:\n{}", self.text()),
            }
        }
        let status = self.child.wait().unwrap();
        (status, String::from_utf8_lossy(&self.all).into_owned())
    }
}

fn zinc_at_terminal(arguments: &[&str]) -> Command {
    Command::new(env!("CARGO_BIN_EXE_zinc")).args(arguments).env("TERM", "xterm-256color")
}

#[test]
fn ctrl_c_ends_what_waits() {
    for command in ["pull", "rep", "sub", "router"] {
        let mut terminal = Terminal::of(&[command, ANY]);
        terminal.until("bound", |text| text.contains("bound to tcp://"));
        terminal.press("\x03");
        let (status, said) = terminal.end();
        assert_eq!(status.code(), Some(0), "{command}: {said}");
    }
}

#[test]
fn ctrl_c_gives_unsent_messages_up() {
    let endpoint = "tcp://127.0.0.1:1";
    let mut terminal = Terminal::of(&["push", endpoint, "-m=lost", "--count=60", "--rate=30"]);
    // The first has been accepted when the next is there.
    let begun = |text: &str| {
        text.contains("/60 messages") && ![" 0/60", " 1/60"].iter().any(|few| text.contains(few))
    };
    terminal.until("accepted", begun);
    // One does, unless it comes when the socket is just being closed. A terminal drops what it has not yet shown, so
    // the next one does not follow at once.
    while terminal.child.try_wait().unwrap().is_none() {
        terminal.press("\x03");
        while let Ok(bytes) = terminal.output.recv_timeout(Duration::from_secs(3)) {
            terminal.take(&bytes);
        }
    }
    let (status, said) = terminal.end();
    assert_eq!(status.code(), Some(1), "{said}");
    assert!(said.contains("interrupted before all messages had gone out"), "{said}");
}

#[test]
fn what_waits_ends_with_its_terminal() {
    let (mut pty, pts) = open().unwrap();
    let arguments = ["push", "tcp://127.0.0.1:1", "-m=lost", "--count=60", "--rate=30"];
    let mut push = zinc_at_terminal(&arguments).spawn(pts).unwrap();
    // Its progress: something has been sent.
    pty.read_exact(&mut [0; 300]).unwrap();
    drop(pty);
    assert_eq!(push.wait().unwrap().code(), Some(1));
}

#[test]
fn counted_messages_have_a_progress_bar() {
    let pull = Server::start(&["pull", ANY, "--count=200", PATIENCE], 1);
    let push = ["push", &pull.endpoints[0], "-m=x", "--count=200", "--rate=200", PATIENCE];
    let mut terminal = Terminal::of(&push);
    terminal.until("progress", |text| text.contains("/200 messages"));
    let (status, said) = terminal.end();
    assert_eq!(status.code(), Some(0), "{said}");
    assert_eq!(pull.end(0), "x\n".repeat(200));
}

#[test]
fn a_file_has_a_progress_bar_on_both_sides() {
    let folder = folder("progress");
    let (original, copy) = (folder.join("original"), folder.join("copy"));
    std::fs::write(&original, vec![7; 8 << 20]).unwrap();
    let copied = std::fs::File::create(&copy).unwrap();
    let receive = zinc_at_terminal(&["pull", ANY, "--raw", "--eof", PATIENCE]).stdout(copied);
    let mut pull = Terminal::start(receive);
    pull.until("bound", |text| text.contains("bound to tcp://"));
    let endpoint = pull.text().split("bound to ").nth(1).unwrap().trim().to_owned();
    let file = original.to_str().unwrap();
    let arguments = ["push", &endpoint, "--raw", "--eof", "--file", file, "--rate=20", PATIENCE];
    let mut push = Terminal::of(&arguments);
    push.until("progress", |text| text.contains("/8.00 MiB"));
    pull.until("progress", |text| text.contains("MiB"));
    assert_eq!(push.end().0.code(), Some(0));
    assert_eq!(pull.end().0.code(), Some(0));
    assert!(std::fs::read(&original).unwrap() == std::fs::read(&copy).unwrap());
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn nothing_but_messages_is_written_without_a_terminal() {
    let pull = Server::start(&["pull", ANY, "--count=3", PATIENCE], 1);
    let output = run(&["push", &pull.endpoints[0], "-m=x", "--count=3", PATIENCE], "");
    assert_ends(&output, 0, "");
    assert_eq!(output.stderr, b"");
    assert_eq!(pull.end(0), "x\nx\nx\n");
}

#[test]
fn top_shows_a_running_proxy() {
    let free = "tcp://127.0.0.1:*";
    let proxy = Server::start(&["proxy", "queue", free, free, "--stats", free], 3);
    let [front, back, stats] = &proxy.endpoints[..] else { panic!() };
    let mut rep = zinc(&["rep", back]).spawn().unwrap();
    let mut top = Terminal::of(&["top", stats, "--every=0.05"]);
    top.until("both sides shown", |text| text.contains("ROUTER") && text.contains("DEALER"));
    for expected in ["zinc (", "watched for", "QUEUED", "messages a second", "q: end"] {
        top.until(expected, |text| text.contains(expected));
    }
    let requests = ["req", front, "-m=x", "--count=300", "--rate=300", PATIENCE];
    let asking = zinc(&requests).spawn().unwrap();
    top.until("a rate shown", |text| {
        let title = text.split("messages a second: ").nth(1).unwrap_or_default();
        title.contains(" in, ") && title.contains(" out") && !title.starts_with("0 in, 0 out")
    });
    assert!(asking.wait_with_output().unwrap().status.success());
    top.press("\x1b[B");
    top.until("the second socket's peers shown", |text| text.contains("peers of the DEALER: 1"));
    top.until("their number shown", |text| text.contains("300"));
    top.press(" ");
    top.until("stopped", |text| text.contains("stopped; space goes on"));
    proxy.interrupt();
    proxy.end(0);
    rep.kill().unwrap();
    rep.wait().unwrap();
    // Goes on, and ends: two keys at once.
    top.press(" q");
    let (status, said) = top.end();
    assert_eq!(status.code(), Some(0), "{said}");
    // The terminal is as it was before.
    assert!(said.contains("\x1b[?1049l"), "{said:?}");
}

#[test]
fn top_says_when_nobody_answers_and_ends_by_ctrl_c() {
    let mut top = Terminal::of(&["top", "tcp://127.0.0.1:1", "--timeout=0.1"]);
    top.until("silence said", |text| text.contains("no answer: does the process run"));
    top.press("\x03");
    assert_eq!(top.end().0.code(), Some(0));
}

#[test]
fn a_termination_leaves_the_terminal_as_it_was() {
    let mut top = Terminal::of(&["top", "tcp://127.0.0.1:1", "--timeout=0.1"]);
    top.until("silence said", |text| text.contains("no answer"));
    let kill = std::process::Command::new("kill").arg(top.child.id().to_string()).status();
    assert!(kill.unwrap().success());
    let (status, said) = top.end();
    assert_eq!(status.code(), Some(0), "{said}");
    assert!(said.contains("\x1b[?1049l"), "{said:?}");
}

#[test]
fn a_terminal_that_closes_ends_top() {
    let (mut pty, pts) = open().unwrap();
    let mut top = zinc_at_terminal(&["top", "tcp://127.0.0.1:1"]).spawn(pts).unwrap();
    pty.read_exact(&mut [0; 100]).unwrap();
    drop(pty);
    top.wait().unwrap();
}

#[test]
fn mistakes_are_explained_in_colour() {
    let (status, said) = Terminal::of(&["push", "localhost:5555"]).end();
    assert_eq!(status.code(), Some(2));
    assert!(said.contains("\x1b[") && said.contains("did you mean tcp://localhost:5555?"), "{said:?}");
}

/// A window title and a colour, in the common form and in that of eight bits.
const STEERING: &[u8] = b"\x1B]0;owned\x07\xC2\x9B31m\x9B";
/// How they are shown.
const SHOWN: &str = r"\x1b]0;owned\x07\xc2\x9b31m\x9b";

/// Whether any of it has reached the terminal.
fn steers(bytes: &[u8]) -> bool {
    let has = |wanted: &[u8]| bytes.windows(wanted.len()).any(|window| window == wanted);
    has(b"\x1B]0") || has(b"\xC2\x9B") || has(b"\x9B")
}

fn steering_digits() -> String {
    STEERING.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Terminal {
    /// The endpoint that the command is bound to.
    fn endpoint(&mut self) -> String {
        self.until("bound", |text| text.contains("bound to tcp://"));
        let text = self.text();
        text.split("bound to ").nth(1).unwrap().split_whitespace().next().unwrap().to_owned()
    }
}

#[test]
fn what_peers_send_does_not_steer_the_terminal() {
    let digits = format!("-m={}", steering_digits());
    for (command, peer) in [
        ("pull", &["push"][..]),
        ("sub", &["pub", "--subscriptions=1"]),
        ("router", &["dealer", "--linger=-1"]),
        ("rep", &["req"]),
        ("pair", &["pair", "--linger=-1"]),
    ] {
        for (form, expected) in [("--multipart=|", SHOWN), ("--json", r"\u001b")] {
            // The last byte alone is no text.
            let digits = if form == "--json" { &digits[..digits.len() - 2] } else { &digits };
            let expected = if form == "--json" { r"\u001b]0;owned\u0007\u009b31m" } else { expected };
            let mut terminal = Terminal::of(&[command, ANY, form]);
            let endpoint = terminal.endpoint();
            let arguments = [&peer[..1], &[&endpoint, "--hex", digits], &peer[1..]].concat();
            let mut sender = zinc(&arguments).spawn().unwrap();
            terminal.until(&format!("shown by {command}"), |text| text.replace('\n', "").contains(expected));
            assert!(!steers(&terminal.all), "{command} {form}");
            _ = sender.kill();
            sender.wait().unwrap();
            terminal.press("\x03");
            assert_eq!(terminal.end().0.code(), Some(0));
        }
    }
}

#[test]
fn what_plain_tcp_sends_does_not_steer_the_terminal() {
    let mut terminal = Terminal::of(&["stream", ANY]);
    let endpoint = terminal.endpoint();
    let mut peer = std::net::TcpStream::connect(endpoint.strip_prefix("tcp://").unwrap()).unwrap();
    peer.write_all(STEERING).unwrap();
    terminal.until("shown", |text| text.contains(SHOWN));
    assert!(!steers(&terminal.all));
    terminal.press("\x03");
    assert_eq!(terminal.end().0.code(), Some(0));
}

#[test]
fn what_is_asked_for_raw_is_raw() {
    let mut terminal = Terminal::of(&["pull", ANY, "--raw", "--count=1"]);
    let endpoint = terminal.endpoint();
    let push = ["push", &endpoint, "--hex", &format!("-m={}", steering_digits()), PATIENCE];
    assert_ends(&run(&push, ""), 0, "");
    let (status, said) = terminal.end();
    assert_eq!(status.code(), Some(0), "{said}");
    assert!(said.contains(&*String::from_utf8_lossy(STEERING)), "{said:?}");
}

/// A command of ZMTP with this name and content.
fn command(name: &str, content: &[u8]) -> Vec<u8> {
    let body = [&[name.len() as u8], name.as_bytes(), content].concat();
    [&[4, body.len() as u8][..], &body].concat()
}

#[test]
fn what_a_peer_says_of_itself_does_not_steer_the_terminal() {
    // Without the last byte, which is no text.
    let (_, steering) = STEERING.split_last().unwrap();
    let property = |name: &str, value: &[u8]| {
        let size = (value.len() as u32).to_be_bytes();
        [&[name.len() as u8], name.as_bytes(), &size, value].concat()
    };
    let ready = [property("Identity", steering), property("Socket-Type", steering)].concat();
    let refusal = [&[steering.len() as u8], steering].concat();
    let mut null = b"\xFF\0\0\0\0\0\0\0\x01\x7F\x03\x01NULL".to_vec();
    let mut other = [&null[..12], steering].concat();
    null.resize(64, 0);
    other.resize(64, 0);
    for (what, said) in [
        ("READY", [null.clone(), command("READY", &ready)].concat()),
        ("ERROR", [null, command("ERROR", &refusal)].concat()),
        ("mechanism", other),
        ("no ZMTP", steering.repeat(6)),
    ] {
        for form in [&["--type=sub"][..], &[], &["--json"]] {
            let said = said.clone();
            let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
            let endpoint = format!("tcp://{}", listener.local_addr().unwrap());
            let server = std::thread::spawn(move || {
                let (mut stream, _) = listener.accept().unwrap();
                stream.write_all(&said).unwrap();
                // Until it goes.
                _ = stream.read_to_end(&mut Vec::new());
            });
            let doctor = Terminal::of(&[&["doctor", &endpoint, PATIENCE], form].concat());
            let (_, said) = doctor.end();
            assert!(said.contains("owned"), "{what} {form:?}: {said:?}");
            assert!(!steers(said.as_bytes()) && !said.contains('\u{FFFD}'), "{what} {form:?}: {said:?}");
            server.join().unwrap();
        }
    }
}

#[test]
fn what_a_server_of_numbers_says_does_not_steer_the_terminal() {
    let said = r"\u001b]0;owned\u0007\u009b31m";
    let numbers = r#""sent":0,"received":0,"sent_bytes":0,"received_bytes":0,"dropped_full":0,"discarded":0,"conflated":0,
        "queued_out":0,"queued_in":0"#;
    let report = format!(
        r#"{{"format":"zincmq-stats/1","version":"{said}","program":"{said}","pid":1,"uptime_ms":1,"sockets":[
        {{"id":7,"type":"{said}","age_ms":1,"bound":["{said}"],"connected":[],"reconnects":0,"dropped_unroutable":0,
        "handshake_failures":0,{numbers},"peers":[{{"endpoint":"{said}",{numbers}}}]}}]}}"#
    );
    let other = "{\"format\": \"\u{1B}]0;owned\u{7}\"} \u{9B}31m".to_owned();
    for reply in [report, other] {
        for arguments in [&["--json"][..], &["--once", "--every=0.01"], &["--every=0.05"]] {
            let rep = Server::start(&["rep", ANY, &format!("--reply={reply}")], 1);
            let mut top = Terminal::of(&[&["top", &rep.endpoints[0]], arguments].concat());
            if arguments == ["--every=0.05"] {
                top.until("answered", |text| text.contains("owned") || text.contains("is not that of"));
                top.press("q");
            }
            let (_, said) = top.end();
            assert!(!steers(said.as_bytes()), "{arguments:?}: {said:?}");
            rep.interrupt();
            rep.end(0);
        }
    }
}
