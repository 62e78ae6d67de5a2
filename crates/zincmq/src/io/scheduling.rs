//! Names, processors and scheduling of I/O threads.

use rustix::thread::CpuSet;
use std::io;

/// How the system schedules the I/O threads (sched(7)).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum SchedPolicy {
    /// As all other threads (SCHED_OTHER).
    Other,
    /// As all other threads, for work that takes long (SCHED_BATCH).
    Batch,
    /// When nobody else wants to run (SCHED_IDLE).
    Idle,
    /// Real time: until it waits (SCHED_FIFO).
    Fifo,
    /// Real time: for a slice of time (SCHED_RR).
    RoundRobin,
}

impl SchedPolicy {
    const fn number(self) -> i32 {
        match self {
            Self::Other => sys::SCHED_OTHER,
            Self::Batch => sys::SCHED_BATCH,
            Self::Idle => sys::SCHED_IDLE,
            Self::Fifo => sys::SCHED_FIFO,
            Self::RoundRobin => sys::SCHED_RR,
        }
    }

    const fn is_real_time(self) -> bool {
        matches!(self, Self::Fifo | Self::RoundRobin)
    }
}

/// The same for all I/O threads of a context.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scheduling {
    pub(crate) name_prefix: String,
    /// The CPUs to run on; empty: any.
    pub(crate) cpus: Vec<usize>,
    pub(crate) policy: Option<SchedPolicy>,
    pub(crate) priority: Option<i32>,
}

/// The highest priority where the policy knows none, as `nice` has it.
const HIGHEST: i32 = -20;

impl Scheduling {
    pub(crate) fn name(&self, thread: &str) -> String {
        // A thread's name is C text.
        match self.name_prefix.split('\0').next() {
            None | Some("") => thread.to_owned(),
            Some(prefix) => format!("{prefix}/{thread}"),
        }
    }

    /// Brings the calling thread into this form.
    ///
    /// # Errors
    /// The system refused: without privileges (EPERM), or no such CPU or priority (EINVAL).
    pub(crate) fn apply(&self) -> io::Result<()> {
        if !self.cpus.is_empty() {
            let mut set = CpuSet::new();
            for &cpu in &self.cpus {
                if cpu >= CpuSet::MAX_CPU {
                    return Err(rustix::io::Errno::INVAL.into());
                }
                set.set(cpu);
            }
            rustix::thread::sched_setaffinity(None, &set)?;
        }
        let policy = self.policy.unwrap_or(SchedPolicy::Other);
        let real_time = if policy.is_real_time() { self.priority.unwrap_or(1) } else { 0 };
        if self.policy.is_some() {
            sys::set_scheduler(policy.number(), real_time)?;
        }
        if !policy.is_real_time() && self.priority.is_some_and(|priority| priority > 0) {
            rustix::process::setpriority_process(None, HIGHEST)?;
        }
        Ok(())
    }
}
