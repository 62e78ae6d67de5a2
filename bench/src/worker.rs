//! One end of a row in a process of its own, which tells what it saw on standard output.

use std::sync::Barrier;
use std::time::Duration;
use std::{io, process, thread};

use rustix::process::{Resource, Rlimit, Signal, getrlimit, set_parent_process_death_signal, setrlimit};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use rustix::time::{ClockId, clock_gettime};

use crate::ends::Cues;
use crate::ours::Ours;
use crate::row::Cpus;
use crate::side::{Error, Result, Side};
use crate::task::{Contender, End, Task};
use crate::theirs::Theirs;
use crate::took::Took;
use crate::{ends, raw};

/// Does the task; prints `bound ENDPOINT` when the other end may connect, `here` when it waits for the other end
/// (a line on standard input says that both are here), `took MESSAGES NUMBER...` for what it has measured, and in
/// the end `done CPU` (in nanoseconds) or `error REASON`.
pub(crate) fn run(task: &Task) {
    let cpu = act(task).unwrap_or_else(|error| give_up(&error));
    println!("done {}", cpu.as_nanos());
}

fn act(task: &Task) -> Result<Duration> {
    // Nobody would stop this process if the one that measures were killed.
    set_parent_process_death_signal(Some(Signal::KILL))?;
    // A thousand sockets need more descriptors than a process is given without asking.
    let descriptors = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: descriptors.maximum, ..descriptors })?;
    let placement = Placement::choose(task.row.cpus)?;
    placement.pin(task.end)?;
    let before = cpu_time();
    match task.contender {
        Contender::Zincmq => act_on::<Ours>(task, placement)?,
        Contender::Libzmq => act_on::<Theirs>(task, placement)?,
        Contender::Raw => tell(raw::end(task, &mut Pipes)?),
    }
    Ok(cpu_time() - before)
}

fn act_on<S: Side>(task: &Task, placement: Placement) -> Result<()> {
    let side = S::new(task.row.work.is_encrypted())?;
    match task.end {
        End::Both => both(&side, task, placement),
        _ => tell(ends::end(&side, task, &mut Pipes)?),
    }
    side.term()
}

fn tell(took: Option<Took>) {
    if let Some(Took { messages, numbers }) = took {
        let numbers = numbers.iter().map(|number| format!(" {number}")).collect::<String>();
        println!("took {messages}{numbers}");
    }
}

/// Both ends in this process. When one fails the other would wait for it for ever, so the process ends.
fn both<S: Side>(side: &S, task: &Task, placement: Placement) {
    let meeting = &Barrier::new(2);
    thread::scope(|scope| {
        let connect = |endpoint: &str| {
            let (side, endpoint) = (side.clone(), endpoint.to_owned());
            let task = Task { end: End::Connect, endpoint, ..task.clone() };
            scope.spawn(move || {
                let mut cues = Threads { connect: |_: &str| (), meeting };
                let pinned = placement.pin(End::Connect);
                let done = pinned.and_then(|()| ends::end(&side, &task, &mut cues));
                tell(done.unwrap_or_else(|error| give_up(&error)));
            });
        };
        let task = Task { end: End::Bind, ..task.clone() };
        let mut cues = Threads { connect, meeting };
        tell(ends::end(side, &task, &mut cues).unwrap_or_else(|error| give_up(&error)));
    });
}

/// Cues between two processes: through the one that started them.
struct Pipes;

/// Cues between two threads: the first starts the second.
struct Threads<'a, F> {
    connect: F,
    meeting: &'a Barrier,
}

impl Cues for Pipes {
    fn bound(&mut self, endpoint: &str) {
        println!("bound {endpoint}");
    }

    fn meet(&mut self) {
        println!("here");
        // An error is as good: then the one that measures is gone.
        let _ = io::stdin().read_line(&mut String::new());
    }
}

impl<F: FnMut(&str)> Cues for Threads<'_, F> {
    fn bound(&mut self, endpoint: &str) {
        (self.connect)(endpoint);
    }

    fn meet(&mut self) {
        self.meeting.wait();
    }
}

fn give_up(error: &Error) -> ! {
    println!("error {error}");
    process::exit(1)
}

/// The CPU of each end; none is wherever the scheduler likes.
#[derive(Clone, Copy)]
struct Placement {
    bind: Option<usize>,
    connect: Option<usize>,
}

impl Placement {
    /// Chooses among the CPUs that this process may use; so it must come before any pinning.
    fn choose(cpus: Cpus) -> Result<Self> {
        let allowed = sched_getaffinity(None)?;
        let mut numbers = (0..CpuSet::MAX_CPU).filter(|&cpu| allowed.is_set(cpu));
        let first = numbers.next().ok_or("no CPU is allowed")?;
        Ok(match cpus {
            Cpus::Any => Self { bind: None, connect: None },
            Cpus::One => Self { bind: Some(first), connect: Some(first) },
            Cpus::Two => {
                let last = numbers.next_back().ok_or("only one CPU is allowed")?;
                Self { bind: Some(last), connect: Some(first) }
            }
        })
    }

    /// Pins this thread, and so those that it will start, for its end.
    fn pin(self, end: End) -> Result<()> {
        let cpu = if end == End::Connect { self.connect } else { self.bind };
        let Some(cpu) = cpu else { return Ok(()) };
        let mut set = CpuSet::new();
        set.set(cpu);
        Ok(sched_setaffinity(None, &set)?)
    }
}

/// User and system time of all threads of this process so far, as getrusage counts it but finer.
fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or_default())
}
