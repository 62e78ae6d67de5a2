//! `zinc bench`: this library alone, on this machine.

mod chart;
mod measure;

use crate::failure::Failure;
use crate::input::bytes;
use crate::output;
use crate::security::Security;
use crate::session::seconds;
use clap::Args;
use indicatif::{HumanCount, ProgressBar, ProgressDrawTarget, ProgressStyle};
use measure::{Figures, Measure, Peer, Run, Transport};
use serde_json::json;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// Measure this library on this machine
///
/// Two processes, or for inproc two threads, send as fast as they can, once for each measure, transport and size
/// asked for. For a comparison with libzmq see the project's bench-compare.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Bench {
    /// What to measure; without it, both
    #[arg(value_enum)]
    measure: Option<Measure>,

    /// One or more of tcp, ipc, inproc
    #[arg(long, value_enum, default_value = "tcp", value_delimiter = ',')]
    transport: Vec<Transport>,

    /// Bytes of each message; several sizes make a curve
    #[arg(long, value_name = "BYTES", default_value = "100", value_delimiter = ',', value_parser = bytes)]
    size: Vec<usize>,

    /// How long to measure each
    #[arg(long, default_value = "3", value_parser = seconds)]
    seconds: Duration,

    /// Draw the figures to this file, as SVG
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,

    /// Print JSON lines instead of tables
    #[arg(long)]
    json: bool,

    /// Be the other process, connected to this endpoint
    #[arg(long, hide = true, value_name = "ENDPOINT", requires = "measure")]
    peer: Option<String>,

    #[command(flatten)]
    security: Security,
}

const EXAMPLES: &str = "\
Examples:
  zinc bench
  zinc bench throughput --transport tcp,ipc,inproc --size 16,256,4K,64K --svg bench.svg
  zinc bench latency --seconds 10 --json
  zinc bench throughput --curve-server server.key_secret      # encrypted; the other side makes keys of its own

Security acts on tcp and ipc, and is given once: the key or the user of one side makes the other.";

impl Bench {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let Some(&transport) = self.transport.first() else { return Ok(()) };
        if let (Some(endpoint), Some(measure), Some(&size)) = (&self.peer, self.measure, self.size.first()) {
            let run = Run { measure, transport, size, seconds: self.seconds };
            let guard = self.security.guard("client")?;
            return output::write(Peer::be(run, endpoint, &guard)?.as_bytes());
        }
        let measured = self.measure_all()?;
        if let Some(path) = &self.svg {
            chart::svg(&measured, path)?;
        }
        Ok(())
    }

    /// Every run, printed when it is done.
    fn measure_all(&self) -> Result<Vec<(Run, Figures)>, Failure> {
        let (runs, ends) = (self.runs(), self.security.ends()?);
        let bar = ProgressBar::with_draw_target(Some(runs.len() as u64), ProgressDrawTarget::stderr());
        if let Ok(style) = ProgressStyle::with_template("{wide_bar} {pos}/{len} {msg}") {
            bar.set_style(style);
        }
        let (mut measured, mut table) = (Vec::new(), None);
        for run in runs {
            bar.set_message(run.title());
            let figures = run.measure(&ends)?;
            // The bar makes room for what is printed.
            bar.suspend(|| self.print(&run, &figures, &mut table))?;
            bar.inc(1);
            measured.push((run, figures));
        }
        bar.finish_and_clear();
        Ok(measured)
    }

    fn runs(&self) -> Vec<Run> {
        let measures =
            self.measure.map_or_else(|| vec![Measure::Throughput, Measure::Latency], |one| vec![one]);
        let mut runs = Vec::new();
        for measure in measures {
            for &transport in &self.transport {
                runs.extend(self.size.iter().map(|&size| Run {
                    measure,
                    transport,
                    size,
                    seconds: self.seconds,
                }));
            }
        }
        runs
    }

    /// A line; before it, if `table` is another, the heading.
    fn print(&self, run: &Run, figures: &Figures, table: &mut Option<Measure>) -> Result<(), Failure> {
        if self.json {
            let latency: BTreeMap<_, _> = figures.one_way_us.iter().copied().collect();
            let object = json!({
                "measure": run.measure.name(), "transport": run.transport.name(), "size": run.size,
                "per_second": figures.rate, "bytes_per_second": figures.rate * run.size as f64,
                "cpu_us": figures.cpu_us,
                "one_way_us": latency,
            });
            return output::line(&object.to_string());
        }
        let mut text = String::new();
        if table.replace(run.measure) != Some(run.measure) {
            text += &heading(run.measure);
        }
        text += &format!(
            "{:<9} {:>9} {:>13}",
            run.transport.name(),
            run.size,
            HumanCount(figures.rate as u64).to_string()
        );
        match run.measure {
            Measure::Throughput => {
                text += &format!(" {:>9.1} {:>12.3}", figures.rate * run.size as f64 / 1e6, figures.cpu_us);
            }
            Measure::Latency => {
                text += &format!(" {:>12.3}", figures.cpu_us);
                for (_, time) in &figures.one_way_us {
                    text += &format!(" {time:>9.1}");
                }
            }
        }
        output::line(&text)
    }
}

fn heading(measure: Measure) -> String {
    match measure {
        Measure::Throughput => format!(
            "throughput, PUSH to PULL\n{:<9} {:>9} {:>13} {:>9} {:>12}\n",
            "transport", "bytes", "messages/s", "MB/s", "CPU us"
        ),
        Measure::Latency => format!(
            "latency, REQ and REP; one way, in microseconds\n{:<9} {:>9} {:>13} {:>12} {:>9} {:>9} {:>9} {:>9} {:>9}\n",
            "transport", "bytes", "round trips/s", "CPU us", "p50", "p90", "p99", "p99.9", "max"
        ),
    }
}
