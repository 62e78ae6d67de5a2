//! `zinc top`: the numbers of a running process, as they change.

mod poll;
mod report;
mod screen;

use crate::failure::Failure;
use crate::output;
use crate::place::Place;
use crate::security::Security;
use crate::session::{on_interrupt, seconds};
use clap::Args;
use poll::{Poll, Reading};
use report::{GroupNumbers, Report, Row};
use std::io::{IsTerminal, stdout};
use std::time::Duration;

/// Watch the numbers of a running process: rates, queues, drops, peers
///
/// Asks a statistics server: zinc proxy --stats, any command with --stats, or any program that opens a
/// StatsServer of the library zincmq.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Top {
    /// Where the process answers
    #[arg(value_name = "ENDPOINT")]
    place: Place,

    /// Ask so often
    #[arg(long, value_name = "SECONDS", default_value = "1", value_parser = seconds)]
    every: Duration,

    /// Wait so long for an answer
    #[arg(long, value_name = "SECONDS", default_value = "3", value_parser = seconds)]
    timeout: Duration,

    /// Print one table and end, as also happens where the output is no terminal
    #[arg(long)]
    once: bool,

    /// Print one answer as it came, in JSON, and end
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    security: Security,
}

const EXAMPLES: &str = "\
Examples:
  zinc proxy queue tcp://*:5559 tcp://*:5560 --stats ipc:///tmp/proxy.stats
  zinc top ipc:///tmp/proxy.stats
  zinc top tcp://127.0.0.1:5599 --json | jq '.sockets[].queued_out'
  zinc top tcp://host:5599 --curve-server-key server.key

Columns: messages QUEUED to go out, and UNREAD by the program; those DROPPED since their peer's queue was
full, plus those whose peer was not there; connections LOST and made again, plus handshakes that failed.

Keys: up and down choose a socket, whose peers are shown below; space stops the display; q ends.";

impl Top {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let guard = self.security.guard("socket")?;
        let poll = Poll::start(&self.place, self.every, self.timeout, &guard)?;
        if self.json || self.once || !stdout().is_terminal() {
            let stop = poll.stopper();
            on_interrupt(move || stop.shutdown())?;
            return match self.print(&poll) {
                Err(failure) if failure.is_interrupt() => Ok(()),
                result => result,
            };
        }
        // Ctrl-C is a key here: a signal means an end from outside.
        on_interrupt(|| {
            _ = ratatui::try_restore();
            std::process::exit(0);
        })?;
        screen::run(&poll, self.place.endpoint())
    }

    /// One answer, without a screen. For rates it takes two.
    fn print(&self, poll: &Poll) -> Result<(), Failure> {
        let first = self.next(poll)?;
        if self.json {
            return output::line(&first);
        }
        let first = Report::read(&first)?;
        let second = Report::read(&self.next(poll)?)?;
        let mut text = format!("{}\n{}", second.title(), report::HEADINGS.join("\t"));
        for row in Row::all(&second, Some(&first)) {
            text += &format!("\n{}", row.cells.join("\t"));
        }
        let groups = second.sockets.iter().flat_map(|socket| &socket.multicast);
        let groups: Vec<_> = groups.flat_map(GroupNumbers::rows).collect();
        if !groups.is_empty() {
            text += &format!("\n\n{}", report::GROUP_HEADINGS.join("\t"));
            groups.iter().for_each(|row| text += &format!("\n{}", row.join("\t")));
        }
        output::line(&text)
    }

    fn next(&self, poll: &Poll) -> Result<String, Failure> {
        match poll.wait() {
            Some(Reading::Answer(text)) => Ok(text),
            Some(Reading::Silence) => {
                Err(Failure::Timeout { what: "no statistics server answered", limit: self.timeout })
            }
            None => Err(zincmq::Error::Terminated.into()),
        }
    }
}
