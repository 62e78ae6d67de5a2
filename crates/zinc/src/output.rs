//! What was received, as lines of the standard output.

use crate::failure::Failure;
use crate::text::Form;
use std::io::{self, Write};
use zincmq::{AnySocket, Message};

/// Written at the latest when so many bytes wait.
const CHUNK: usize = 64 << 10;

pub(crate) struct Output {
    form: Form,
    buffer: Vec<u8>,
    /// Messages still to be printed; `None`: all that come.
    left: Option<u64>,
    message: Message,
}

impl Output {
    pub(crate) fn new(form: &Form, count: Option<u64>) -> Self {
        Self { form: form.clone(), buffer: Vec::new(), left: count, message: Message::new() }
    }

    /// Whether as many messages have been printed as were wanted.
    pub(crate) fn is_done(&self) -> bool {
        self.left == Some(0)
    }

    /// Prints a message; [`Output::flush`] shows it.
    pub(crate) fn print(&mut self, message: &Message) -> Result<(), Failure> {
        self.left = self.left.map(|left| left.saturating_sub(1));
        self.form.write(message, &mut self.buffer);
        if self.buffer.len() < CHUNK { Ok(()) } else { self.flush() }
    }

    /// Prints all that the socket has received already.
    pub(crate) fn drain(&mut self, socket: &mut AnySocket) -> Result<(), Failure> {
        let mut message = std::mem::take(&mut self.message);
        while !self.is_done() && socket.can_recv() {
            socket.try_recv_into(&mut message)?;
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

/// Writes to the standard output, now.
pub(crate) fn write(bytes: &[u8]) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(bytes).and_then(|()| stdout.flush()).map_err(|error| match error.kind() {
        io::ErrorKind::BrokenPipe => Failure::Unread,
        _ => Failure::Failed(format!("cannot write the standard output: {error}")),
    })
}
