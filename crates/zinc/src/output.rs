//! Prints received messages on the standard output.

use crate::failure::Failure;
use crate::progress::Progress;
use crate::text::{Form, is_end, visible};
use clap::builder::styling::AnsiColor;
use std::io::{self, IsTerminal, Write};
use zincmq::{AnySocket, Message};

/// Written at the latest when so many bytes wait.
const CHUNK: usize = 64 << 10;

pub(crate) struct Output {
    form: Form,
    buffer: Vec<u8>,
    /// Messages still to be printed; `None`: all that come.
    left: Option<u64>,
    message: Message,
    progress: Progress,
    /// The data that peers send must not steer the terminal.
    guarded: bool,
}

impl Output {
    pub(crate) fn new(form: &Form, count: Option<u64>) -> Self {
        let progress = Progress::of_output(count, form.raw);
        let guarded = !form.raw && io::stdout().is_terminal();
        Self {
            form: form.clone(),
            buffer: Vec::new(),
            left: count,
            message: Message::new(),
            progress,
            guarded,
        }
    }

    /// Whether as many messages have been printed as were wanted.
    pub(crate) fn is_done(&self) -> bool {
        self.left == Some(0)
    }

    /// Prints a message; [`Output::flush`] shows it.
    pub(crate) fn print(&mut self, message: &Message) -> Result<(), Failure> {
        if self.form.eof && is_end(message) {
            self.left = Some(0);
            return Ok(());
        }
        self.left = self.left.map(|left| left.saturating_sub(1));
        self.progress.moved(message);
        let start = self.buffer.len();
        self.form.write(message, &mut self.buffer);
        if self.guarded {
            let shown = visible(self.buffer.get(start..).unwrap_or_default());
            self.buffer.truncate(start);
            self.buffer.extend_from_slice(shown.as_bytes());
        }
        if self.buffer.len() < CHUNK { Ok(()) } else { self.flush() }
    }

    /// Prints all that the socket has received already, each as `unwrap` leaves it.
    pub(crate) fn drain(
        &mut self,
        socket: &mut AnySocket,
        unwrap: impl Fn(&mut Message),
    ) -> Result<(), Failure> {
        let mut message = std::mem::take(&mut self.message);
        while !self.is_done() && socket.can_recv() {
            socket.try_recv_into(&mut message)?;
            unwrap(&mut message);
            self.print(&message)?;
        }
        self.message = message;
        self.flush()
    }

    pub(crate) fn flush(&mut self) -> Result<(), Failure> {
        write(&self.buffer)?;
        self.buffer.clear();
        Ok(())
    }
}

/// In colour, where somebody sees it and has not asked for none (no-color.org).
pub(crate) fn paint(text: &str, colour: AnsiColor) -> String {
    if !io::stdout().is_terminal() || std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty()) {
        return text.to_owned();
    }
    let style = colour.on_default();
    format!("{style}{text}{style:#}")
}

/// Writes to the standard output, now.
pub(crate) fn write(bytes: &[u8]) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(bytes).and_then(|()| stdout.flush()).map_err(|error| match error.kind() {
        io::ErrorKind::BrokenPipe => Failure::Unread,
        _ => Failure::Failed(format!("cannot write the standard output: {error}")),
    })
}

/// Writes lines to the standard output, now. They may hold what a peer has said: none of it steers a terminal.
pub(crate) fn line(text: &str) -> Result<(), Failure> {
    let text = format!("{text}\n");
    if io::stdout().is_terminal() {
        write(visible(text.as_bytes()).as_bytes())
    } else {
        write(text.as_bytes())
    }
}
