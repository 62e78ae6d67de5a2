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
    top.until("a rate shown", |text| !text.contains("messages a second: 0"));
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
