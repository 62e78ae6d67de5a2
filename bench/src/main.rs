//! Does the same work with zincmq and with genuine libzmq, run by run in turn, and shows both side by side,
//! with bare sockets beside them as the limit.
//!
//! ```text
//! cargo run --release -p bench-compare                              # all, some twenty minutes
//! cargo run --release -p bench-compare -- --quick                   # the few rows that tell most
//! cargo run --release -p bench-compare -- --only push-pull tcp 64   # one row, while optimising
//! cargo run --release -p bench-compare -- instructions              # the instructions of the hot roads
//! ```
//!
//! A message is written anew by each sender, all of it, and each receiver touches every cache line. Over ipc
//! and tcp each end is a process of its own (this program again, as `worker`), over inproc a thread. All
//! options are the libraries' defaults, but for the high-water mark that the row says.

mod chart;
mod crowd;
mod duplex;
mod ends;
mod flow;
mod histogram;
mod instructions;
mod ours;
mod paced;
mod plan;
mod raw;
mod report;
mod roads;
mod row;
mod run;
mod side;
mod task;
mod theirs;
mod took;
mod work;
mod worker;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use rustix::process::{Resource, getrlimit};

use crate::row::Row;
use crate::run::{Outcome, Scratch, Settings};
use crate::side::Result;
use crate::task::{Contender, Task};

/// The same work on zincmq and on genuine libzmq 4.3.5, side by side.
///
/// A ratio above 1 says how many times better zincmq is: more messages a second, or less latency.
#[derive(Parser)]
struct Arguments {
    /// Short runs of a few rows, within a minute
    #[arg(long)]
    quick: bool,
    /// Only rows about each of these words: a work or part of its name, a transport, a size in bytes, hwm0,
    /// cpus-one; and the bare-socket rows that limit them
    #[arg(long, value_name = "WORD", num_args = 1..)]
    only: Vec<String>,
    /// Leave libzmq out
    #[arg(long, conflicts_with = "libzmq_only")]
    ours_only: bool,
    /// Leave zincmq out
    #[arg(long)]
    libzmq_only: bool,
    /// Runs of each side of each row, of which the median counts [default: 5, with --quick 2]
    #[arg(long, value_name = "TIMES")]
    repeats: Option<usize>,
    /// For how long a run sends, in milliseconds; a paced one four times as long [default: 700, with --quick 200]
    #[arg(long, value_name = "MS")]
    millis: Option<u64>,
    /// Also write the figures as CSV
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    /// Also draw the figures
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    #[command(subcommand)]
    inside: Option<Inside>,
}

/// What else this program does, and the roles in which it starts itself.
#[derive(Subcommand)]
enum Inside {
    /// One end of one run
    #[command(hide = true)]
    Worker(Task),
    /// Count the instructions of the hot roads with valgrind; fail where there are more than on record
    Instructions {
        /// Write the record instead
        #[arg(long)]
        write: bool,
    },
    /// One hot road
    #[command(hide = true)]
    Road {
        /// Which
        name: String,
    },
}

impl Arguments {
    fn settings(&self) -> Settings {
        let sides = match (self.ours_only, self.libzmq_only) {
            (true, _) => vec![Contender::Zincmq],
            (_, true) => vec![Contender::Libzmq],
            _ => vec![Contender::Zincmq, Contender::Libzmq],
        };
        let (repeats, millis) = if self.quick { (2, 200) } else { (5, 700) };
        Settings {
            sides,
            repeats: self.repeats.unwrap_or(repeats).max(1),
            time: Duration::from_millis(self.millis.unwrap_or(millis).max(1)),
        }
    }

    /// The limits first, then the rows asked for.
    fn rows(&self) -> Vec<Row> {
        let mut rows = plan::rows(self.quick);
        rows.retain(|row| self.only.iter().all(|word| row.is_about(word)));
        [plan::limits(&rows), rows].concat()
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let well = match &arguments.inside {
        Some(Inside::Worker(task)) => {
            worker::run(task);
            Ok(true)
        }
        Some(Inside::Instructions { write }) => instructions::check(*write),
        Some(Inside::Road { name }) => instructions::go(name).map(|()| true),
        None => compare(&arguments),
    };
    match well {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("bench-compare: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Measures and reports; whether nothing failed.
fn compare(arguments: &Arguments) -> Result<bool> {
    let (mut rows, settings, scratch) = (arguments.rows(), arguments.settings(), Scratch::new()?);
    if rows.is_empty() {
        return Err("no row is about all of these words".into());
    }
    let allowed = getrlimit(Resource::Nofile).maximum.unwrap_or(u64::MAX);
    for row in rows.extract_if(.., |row| run::descriptors(row, &settings) > allowed) {
        let needed = run::descriptors(&row, &settings);
        println!("left out: {row}: a process would need {needed} descriptors, and may have {allowed}");
    }
    let runs = rows.iter().map(|row| run::contenders(row, &settings).len() * settings.repeats).sum::<usize>();
    // Hidden by itself where standard error is no terminal.
    let progress = ProgressBar::with_draw_target(u64::try_from(runs).ok(), ProgressDrawTarget::stderr())
        .with_style(ProgressStyle::with_template("{bar:30} {pos}/{len} {eta} {msg}")?);
    println!("{}", report::table_head());
    let measured = rows.iter().map(|row| {
        progress.set_message(row.to_string());
        let outcome = run::measure(row, &settings, &scratch, || progress.inc(1));
        progress.suspend(|| println!("{}", report::table_row(&outcome)));
        outcome
    });
    let outcomes: Vec<Outcome> = measured.collect();
    progress.finish_and_clear();
    write(arguments.csv.as_deref(), |path| Ok(fs::write(path, report::csv(&outcomes))?))?;
    write(arguments.svg.as_deref(), |path| chart::svg(&outcomes, path))?;
    Ok(outcomes.iter().all(|outcome| outcome.failures().next().is_none()))
}

fn write(path: Option<&Path>, write: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    let Some(path) = path else { return Ok(()) };
    write(path).map_err(|error| format!("{}: {error}", path.display()).into())
}
