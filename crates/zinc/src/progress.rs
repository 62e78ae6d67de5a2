//! The progress bar, for a user at a terminal.

use crate::report::human;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use std::fmt;
use std::io::{IsTerminal, stdout};
use zincmq::Message;

/// How far the work has come. Nothing is shown unless the standard error is a terminal.
pub(crate) struct Progress {
    bar: ProgressBar,
    by_bytes: bool,
}

impl Progress {
    /// Nothing to show.
    pub(crate) fn hidden() -> Self {
        Self { bar: ProgressBar::hidden(), by_bytes: false }
    }

    /// So many messages are to be moved.
    pub(crate) fn of_messages(count: u64) -> Self {
        let bar = ProgressBar::with_draw_target(Some(count), ProgressDrawTarget::stderr());
        Self::styled(bar, "{wide_bar} {human_pos}/{human_len} messages {rate} eta {eta}", false)
    }

    /// So many bytes are to be moved; `None`: nobody knows how many.
    pub(crate) fn of_bytes(total: Option<u64>) -> Self {
        let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::stderr());
        let template = match total {
            Some(_) => "{wide_bar} {bytes}/{total_bytes} {bytes_per_sec} eta {eta}",
            None => "{spinner} {bytes} {bytes_per_sec}",
        };
        Self::styled(bar, template, true)
    }

    /// For what is received: shown only where the messages themselves are not.
    pub(crate) fn of_output(count: Option<u64>, raw: bool) -> Self {
        match count {
            _ if stdout().is_terminal() => Self::hidden(),
            Some(count) => Self::of_messages(count),
            None if raw => Self::of_bytes(None),
            None => Self::hidden(),
        }
    }

    fn styled(bar: ProgressBar, template: &str, by_bytes: bool) -> Self {
        if let Ok(style) = ProgressStyle::with_template(template) {
            let rate = |state: &ProgressState, out: &mut dyn fmt::Write| {
                // A bar that cannot be drawn is no reason to stop.
                _ = write!(out, "{}/s", human(state.per_sec()));
            };
            bar.set_style(style.with_key("rate", rate));
        }
        Self { bar, by_bytes }
    }

    /// A message has been moved.
    pub(crate) fn moved(&self, message: &Message) {
        let amount = if self.by_bytes { message.iter().map(|part| part.len() as u64).sum() } else { 1 };
        self.bar.inc(amount);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
