//! A process of `multicast_peer`, as a test sees it.

use super::{Library, Messages, PATIENCE};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

/// What stands before the lines that `multicast_peer` itself says: OpenPGM too writes to the standard output.
pub const OURS: &str = "=> ";

/// How a process is started.
#[derive(Clone, Debug)]
pub struct Start<'a> {
    /// The program `multicast_peer`.
    pub program: &'a Path,
    /// The network namespace, if not this one.
    pub host: Option<&'a str>,
    /// Whose sockets.
    pub library: Library,
    /// `pub`, `sub`, `xpub` or `xsub`.
    pub socket: &'a str,
    /// Binds, or connects.
    pub binds: bool,
    /// Where.
    pub endpoint: &'a str,
    /// Options as `name=value`.
    pub options: Vec<String>,
}

/// See the module. Dropping it kills it.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    input: Option<ChildStdin>,
    output: Receiver<String>,
}

impl Start<'_> {
    /// Starts it, and waits until it has its endpoint.
    #[must_use]
    pub fn process(&self) -> Process {
        let mut command = match self.host {
            None => Command::new(self.program),
            Some(host) => {
                let mut inside = Command::new("ip");
                inside.args(["netns", "exec", host]).arg(self.program);
                inside
            }
        };
        let Self { library, socket, binds, .. } = self;
        command.args([library.argument(), socket, if *binds { "bind" } else { "connect" }]);
        command.arg(self.endpoint).args(&self.options).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let input = child.stdin.take();
        let lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let (sender, output) = mpsc::channel();
        // It ends with the process, or with the test.
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                // The end of a line of OpenPGM may come after it.
                let said = line.split_once(OURS).map(|(_, said)| sender.send(said.to_owned()));
                if said.is_some_and(|sent| sent.is_err()) {
                    break;
                }
            }
        });
        let Self { library, socket, .. } = self;
        let name = format!("{library} {socket}");
        let mut process = Process { name, child, input, output };
        assert_eq!(process.line().as_deref(), Some("ready"), "{command:?}");
        process
    }
}

impl Process {
    /// The next line, if one comes in time, and if the process does not end before.
    pub fn line_within(&mut self, time: Duration) -> Option<String> {
        match self.output.recv_timeout(time) {
            Ok(line) => Some(line),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => {
                panic!("{} has ended: {:?}", self.name, self.child.wait().expect("a child"))
            }
        }
    }

    /// The next line, if one comes.
    pub fn line(&mut self) -> Option<String> {
        self.line_within(PATIENCE)
    }

    /// Tells it to do something.
    pub fn command(&mut self, command: &str) {
        let input = self.input.as_mut().expect("it was not closed");
        // If it has ended, the next line tells.
        _ = writeln!(input, "{command}").and_then(|()| input.flush());
    }

    /// Has a publisher send these, and waits until it has.
    pub fn send(&mut self, messages: &Messages) {
        self.command(&messages.command());
        assert_eq!(self.line().as_deref(), Some("sent"), "{} sends", self.name);
    }

    /// Closes its socket, which lingers, and waits until the process has ended by itself. Returns what it has said
    /// until then.
    pub fn close(mut self) -> Vec<String> {
        self.input = None;
        let until = Instant::now() + PATIENCE;
        let mut said = Vec::new();
        while let Ok(line) = self.output.recv_timeout(until.saturating_duration_since(Instant::now())) {
            said.push(line);
        }
        assert_eq!(said.pop().as_deref(), Some("closed"), "{} closes", self.name);
        let status = self.child.wait().expect("a child");
        assert!(status.success(), "{}: {status}", self.name);
        said
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may be over, which is as well.
        _ = self.child.kill();
        _ = self.child.wait();
    }
}
