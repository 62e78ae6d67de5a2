//! Starts the programs of an example together, and returns what each has printed.

use rustix::process::{Pid, Signal, kill_process};
use std::io::Read;
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

/// Runs the commands all at once, until they have ended, and returns what they print. One that ends in `&` is a
/// service: it gets a Ctrl-C when the others have ended, again and again until it ends as well. `tcp:a`, `ipc:b`, `epgm:c`
/// and so on stand for endpoints that nobody else uses, `http:d` for an address likewise.
pub(crate) fn run<const N: usize>(commands: [&str; N]) -> [String; N] {
    let (ended, endings) = channel();
    let places = Places::fresh();
    let start = |(at, command)| Process::start(at, command, &places, ended.clone());
    let mut run = Run {
        processes: commands.into_iter().enumerate().map(start).collect(),
        endings,
        until: Instant::now() + PATIENCE,
    };
    run.finish(|process| !process.service);
    run.finish(|process| process.service);
    std::array::from_fn(|at| run.processes[at].printed.take().unwrap_or_default())
}

/// What a process has printed: at its end.
struct Ending {
    at: usize,
    stdout: String,
    stderr: String,
}

struct Run {
    processes: Vec<Process>,
    endings: Receiver<Ending>,
    until: Instant,
}

impl Run {
    /// Waits until these have ended. A service does so because it is asked.
    fn finish(&mut self, these: fn(&Process) -> bool) {
        let mut ask = Instant::now();
        while self.processes.iter().any(|process| these(process) && process.printed.is_none()) {
            let now = Instant::now();
            assert!(now < self.until, "not ended in time:{}", self.report());
            if now >= ask {
                let running = self.processes.iter().filter(|process| these(process) && process.service);
                running.filter(|process| process.printed.is_none()).for_each(Process::interrupt);
                ask = now + AGAIN;
            }
            let Ok(Ending { at, stdout, stderr }) =
                self.endings.recv_timeout(self.until.min(ask).saturating_duration_since(now))
            else {
                continue;
            };
            let status = self.processes[at].child.wait().unwrap();
            self.processes[at].printed = Some(stdout);
            assert!(status.success(), "{}: {status}: {stderr}{}", self.processes[at].command, self.report());
        }
    }

    fn report(&self) -> String {
        let line = |process: &Process| match &process.printed {
            Some(printed) => format!("\n  {} has ended: {printed:?}", process.command),
            None => format!("\n  {} runs", process.command),
        };
        self.processes.iter().map(line).collect()
    }
}

struct Process {
    command: String,
    service: bool,
    child: Child,
    printed: Option<String>,
}

impl Process {
    fn start(at: usize, command: &str, places: &Places, ended: Sender<Ending>) -> Self {
        let mut words: Vec<_> = command.split(' ').map(|word| places.resolve(word)).collect();
        let service = words.pop_if(|word| word == "&").is_some();
        let mut child = program(&words).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (mut stdout, mut stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        thread::spawn(move || {
            let errors = thread::spawn(move || read(&mut stderr));
            let stdout = read(&mut stdout);
            // The test may have failed in the meantime.
            _ = ended.send(Ending { at, stdout, stderr: errors.join().unwrap() });
        });
        Self { command: words.join(" "), service, child, printed: None }
    }

    fn interrupt(&self) {
        kill_process(Pid::from_child(&self.child), Signal::INT).unwrap();
    }
}

impl Drop for Process {
    /// After a failure nothing stays behind.
    fn drop(&mut self) {
        if self.printed.is_none() {
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
    let mut command = if name.ends_with(".py") {
        // Where the tests themselves run in the background of a script, interrupts are ignored, and Python keeps to that.
        let mut command = Command::new("env");
        command.arg("--default-signal=INT").arg(crate::genuine::python());
        command.arg(folder().join("python").join(name));
        command
    } else if name == "valgrind" {
        let mut command = Command::new(name);
        // What Rust keeps of the main thread to the very end looks possibly lost, and is not.
        command.args([
            "--quiet",
            "--leak-check=full",
            "--errors-for-leak-kinds=definite",
            "--error-exitcode=1",
        ]);
        command.arg(example(&arguments[0]));
        arguments = &arguments[1..];
        command
    } else {
        Command::new(example(name))
    };
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
