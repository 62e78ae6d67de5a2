//! Starts the programs of an example, makes them hang or crash, and returns what each has printed.

use rustix::process::{Pid, Signal, kill_process};
use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

/// Long enough for whatever ends at all.
const PATIENCE: Duration = Duration::from_secs(90);

/// How long a service that was asked to end has before it is asked again: a signal that comes between a program's
/// look at it and its wait is lost.
const AGAIN: Duration = Duration::from_secs(2);

/// Runs the commands all at once, until they have ended, and returns what they print. See [`Run::start`].
pub(crate) fn run<const N: usize>(commands: [&str; N]) -> [String; N] {
    let mut run = Run::new();
    let processes = commands.map(|command| run.start(command));
    run.finish();
    processes.map(|process| run.printed(process))
}

/// Programs that run side by side, and what they print.
pub(crate) struct Run {
    processes: Vec<Process>,
    places: Places,
    outputs: Receiver<(usize, Output)>,
    sender: Sender<(usize, Output)>,
    until: Instant,
}

/// What a process has printed: a line of it, or all of its errors at its end.
enum Output {
    Line(String),
    End { errors: String },
}

impl Run {
    pub(crate) fn new() -> Self {
        let (sender, outputs) = channel();
        let until = Instant::now() + PATIENCE;
        Self { processes: Vec::new(), places: Places::fresh(), outputs, sender, until }
    }

    /// Starts a program. One that ends in `&` is a service: it gets a Ctrl-C when the others have ended, again and
    /// again until it ends as well. One that ends in `!` is expected to fail. `tcp:a`, `ipc:b`, `epgm:c` and so on
    /// stand for endpoints that nobody else uses, `http:d` for an address likewise. Returns its number.
    pub(crate) fn start(&mut self, command: &str) -> usize {
        let at = self.processes.len();
        self.processes.push(Process::start(at, command, &self.places, self.sender.clone()));
        at
    }

    /// Waits until a program has printed a line that has `text` in it, after the line heard before.
    pub(crate) fn hear(&mut self, at: usize, text: &str) {
        let complaint = format!("{}: {text:?} was not printed", self.processes[at].command);
        self.wait(&complaint, |run| run.processes[at].find(text).is_some());
        self.processes[at].heard = self.processes[at].find(text).unwrap() + 1;
    }

    /// Waits until one of these programs has ended, and returns its number.
    pub(crate) fn first(&mut self, of: &[usize]) -> usize {
        self.wait("none has ended", |run| of.iter().any(|at| run.processes[*at].ended));
        *of.iter().find(|at| self.processes[**at].ended).unwrap()
    }

    /// Ends a program as a crash would.
    pub(crate) fn kill(&mut self, at: usize) {
        self.processes[at].fails = true;
        self.processes[at].signal(Signal::KILL);
        self.first(&[at]);
    }

    /// Makes a program hang, until [`Run::resume`].
    pub(crate) fn pause(&self, at: usize) {
        self.processes[at].signal(Signal::STOP);
    }

    /// Lets a program go on.
    pub(crate) fn resume(&self, at: usize) {
        self.processes[at].signal(Signal::CONT);
    }

    /// Whether a program has ended.
    pub(crate) fn has_ended(&self, at: usize) -> bool {
        self.processes[at].ended
    }

    /// What a program has printed so far.
    pub(crate) fn printed(&self, at: usize) -> String {
        self.processes[at].lines.concat()
    }

    /// Waits until all have ended. Services do so because they are asked.
    pub(crate) fn finish(&mut self) {
        self.wait("not ended", |run| run.processes.iter().all(|process| process.service || process.ended));
        while self.processes.iter().any(|process| !process.ended) {
            self.processes
                .iter()
                .filter(|process| !process.ended)
                .for_each(|process| process.signal(Signal::INT));
            let ask_again = Instant::now() + AGAIN;
            while self.processes.iter().any(|process| !process.ended) && self.listen(ask_again) {}
            assert!(Instant::now() < self.until, "services do not end:{}", self.report());
        }
    }

    /// Listens until it is so.
    fn wait(&mut self, complaint: &str, is_so: impl Fn(&Self) -> bool) {
        while !is_so(self) {
            assert!(self.listen(self.until), "{complaint} in time:{}", self.report());
        }
    }

    /// Takes in what one process says. `false`: none has said anything in time.
    fn listen(&mut self, until: Instant) -> bool {
        let left = until.saturating_duration_since(Instant::now());
        let Ok((at, output)) = self.outputs.recv_timeout(left) else { return false };
        let process = &mut self.processes[at];
        match output {
            Output::Line(line) => process.lines.push(line),
            Output::End { errors } => {
                process.ended = true;
                let status = process.child.wait().unwrap();
                let by_request = process.service && status.signal() == Some(Signal::INT.as_raw());
                let expected = status.success() != process.fails || by_request;
                assert!(expected, "{}: {status}: {errors}{}", self.processes[at].command, self.report());
            }
        }
        true
    }

    fn report(&self) -> String {
        let line = |process: &Process| {
            let state = if process.ended { "has ended" } else { "runs" };
            format!("\n  {} {state}: {:?}", process.command, process.lines.concat())
        };
        self.processes.iter().map(line).collect()
    }
}

struct Process {
    command: String,
    service: bool,
    fails: bool,
    child: Child,
    lines: Vec<String>,
    /// The number of lines up to the one heard last.
    heard: usize,
    ended: bool,
}

impl Process {
    fn start(at: usize, command: &str, places: &Places, said: Sender<(usize, Output)>) -> Self {
        let mut words: Vec<_> = command.split(' ').map(|word| places.resolve(word)).collect();
        let service = words.pop_if(|word| word == "&").is_some();
        let fails = words.pop_if(|word| word == "!").is_some();
        let mut child = program(&words).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (stdout, mut stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        thread::spawn(move || {
            let errors = thread::spawn(move || read(&mut stderr));
            // The test may have failed in the meantime.
            let mut stdout = BufReader::new(stdout);
            let mut line = Vec::new();
            while stdout.read_until(b'\n', &mut line).is_ok_and(|length| length > 0) {
                _ = said.send((at, Output::Line(String::from_utf8_lossy(&line).into_owned())));
                line.clear();
            }
            _ = said.send((at, Output::End { errors: errors.join().unwrap() }));
        });
        let command = words.join(" ");
        Self { command, service, fails, child, lines: Vec::new(), heard: 0, ended: false }
    }

    /// The first line with this text, from those on that have not been heard.
    fn find(&self, text: &str) -> Option<usize> {
        (self.heard..self.lines.len()).find(|at| self.lines[*at].contains(text))
    }

    fn signal(&self, signal: Signal) {
        if !self.ended {
            kill_process(Pid::from_child(&self.child), signal).unwrap();
        }
    }
}

impl Drop for Process {
    /// After a failure nothing stays behind.
    fn drop(&mut self) {
        if !self.ended {
            _ = self.child.kill();
            _ = self.child.wait();
        }
    }
}

fn read(from: &mut impl Read) -> String {
    let mut text = Vec::new();
    _ = from.read_to_end(&mut text);
    String::from_utf8_lossy(&text).into_owned()
}

/// An example, a Python script, or an example under valgrind.
fn program(words: &[String]) -> Command {
    let (name, mut arguments) = words.split_first().unwrap();
    // Where the tests themselves run in the background of a script, interrupts are ignored, and their children keep to
    // that.
    let mut command = Command::new("env");
    command.arg("--default-signal=INT");
    if name.ends_with(".py") {
        command.arg(crate::genuine::python()).arg(folder().join("python").join(name));
    } else if name == "valgrind" {
        command.arg(name);
        // What Rust keeps of the main thread to the very end looks possibly lost, and is not.
        command.args([
            "--quiet",
            "--leak-check=full",
            "--errors-for-leak-kinds=definite",
            "--error-exitcode=1",
        ]);
        command.arg(example(&arguments[0]));
        arguments = &arguments[1..];
    } else {
        command.arg(example(name));
    }
    command.args(arguments).stdin(Stdio::null());
    command
}

fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_BIN_EXE_hwserver")).with_file_name(name)
}

/// The folder of this crate.
pub(crate) fn folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The endpoints of one run.
struct Places {
    run: u32,
}

impl Places {
    fn fresh() -> Self {
        static RUNS: AtomicU32 = AtomicU32::new(2);
        Self { run: RUNS.fetch_add(1, Ordering::Relaxed) }
    }

    /// `tcp:a` becomes an endpoint at a loopback address that no other process and no other run has.
    fn resolve(&self, word: &str) -> String {
        let [.., high, low] = std::process::id().to_be_bytes();
        let run = self.run;
        match word.split_once(':') {
            Some(("tcp", name)) => {
                let port = 21_000 + name.bytes().map(u32::from).sum::<u32>();
                format!("tcp://127.{high}.{low}.{run}:{port}")
            }
            Some(("http", name)) => self.resolve(&format!("tcp:{name}")).replacen("tcp://", "", 1),
            // On the loopback interface, which has but one address for multicast.
            Some(("epgm", name)) => {
                let port = 21_000 + name.bytes().map(u32::from).sum::<u32>() + u32::from(low);
                format!("epgm://127.0.0.1;239.{high}.{low}.{run}:{port}")
            }
            Some(("ipc", name)) => format!("ipc://@examples-{}-{run}-{name}", std::process::id()),
            _ => word.to_owned(),
        }
    }
}
