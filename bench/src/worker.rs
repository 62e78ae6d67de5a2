//! One end of a row in a process of its own, which tells what it saw on standard output.

use std::time::Duration;
use std::{io, process, thread};

use rustix::process::{Signal, set_parent_process_death_signal};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use rustix::time::{ClockId, clock_gettime};

use crate::ours::Ours;
use crate::plan::Cpus;
use crate::task::{Contender, End, Task};
use crate::theirs::Theirs;
use crate::work::{Cues, Error, Result, Side, Took};
use crate::{raw, work};

/// Does the task; prints `bound ENDPOINT` when the other end may connect, then `done CPU [MESSAGES ELAPSED]`
/// (times in nanoseconds; the end that holds the clock says all three) or `error REASON`. Standard input
/// ends when all is received.
pub(crate) fn run(task: &Task) {
    let (took, cpu) = act(task).unwrap_or_else(|error| give_up(&error));
    match took {
        Some(took) => println!("done {} {} {}", cpu.as_nanos(), took.messages, took.elapsed.as_nanos()),
        None => println!("done {}", cpu.as_nanos()),
    }
}

fn act(task: &Task) -> Result<(Option<Took>, Duration)> {
    // Nobody would stop this process if the one that measures were killed.
    set_parent_process_death_signal(Some(Signal::KILL))?;
    let placement = Placement::choose(task.row.cpus)?;
    placement.pin(task.end)?;
    let before = cpu_time();
    let took = match task.contender {
        Contender::Zincmq => act_on::<Ours>(task, placement),
        Contender::Libzmq => act_on::<Theirs>(task, placement),
        Contender::Raw => raw::end(task, &mut Pipes),
    }?;
    Ok((took, cpu_time() - before))
}

fn act_on<S: Side>(task: &Task, placement: Placement) -> Result<Option<Took>> {
    let side = S::new(task.row.work.is_encrypted())?;
    let took = match task.end {
        End::Both => both(&side, task, placement),
        _ => work::end(&side, task, &mut Pipes)?,
    };
    side.term()?;
    Ok(took)
}

/// Both ends in this process. When one fails the other would wait for it for ever, so the process ends.
fn both<S: Side>(side: &S, task: &Task, placement: Placement) -> Option<Took> {
    thread::scope(|scope| {
        let mut other = None;
        let connect = |endpoint: &str| {
            let (side, endpoint) = (side.clone(), endpoint.to_owned());
            let task = Task { end: End::Connect, endpoint, ..task.clone() };
            other = Some(scope.spawn(move || {
                let pinned = placement.pin(End::Connect);
                let done = pinned.and_then(|()| work::end(&side, &task, &mut Threads(|_: &str| ())));
                done.unwrap_or_else(|error| give_up(&error))
            }));
        };
        let task = Task { end: End::Bind, ..task.clone() };
        let here = work::end(side, &task, &mut Threads(connect)).unwrap_or_else(|error| give_up(&error));
        here.or_else(|| other.and_then(|thread| thread.join().ok().flatten()))
    })
}

/// Cues between two processes: through the one that started them.
struct Pipes;

/// Cues between two threads: the first starts the second; nothing gets lost between them.
struct Threads<F>(F);

impl Cues for Pipes {
    fn bound(&mut self, endpoint: &str) {
        println!("bound {endpoint}");
    }

    fn all_received(&mut self) {
        // Nothing is ever written to it, and an error ends it as well.
        let _ = io::copy(&mut io::stdin(), &mut io::sink());
    }
}

impl<F: FnMut(&str)> Cues for Threads<F> {
    fn bound(&mut self, endpoint: &str) {
        (self.0)(endpoint);
    }

    fn all_received(&mut self) {}
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
