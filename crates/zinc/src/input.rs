//! What is to be sent: the lines of the standard input, or of files.

use crate::failure::Failure;
use crate::text::Form;
use clap::Args;
use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::path::PathBuf;
use zincmq::poller::{Interest, Item};
use zincmq::{AnySocket, Message, Poller};

/// Read at a time, in bytes.
const CHUNK: usize = 64 << 10;

#[derive(Args, Clone, Debug)]
pub(crate) struct Source {
    /// Send the lines of FILE instead of the standard input's; may be given several times
    #[arg(long = "file", value_name = "FILE")]
    files: Vec<PathBuf>,
}

/// Lines, as they come. What waits is in the buffer from `start` on; up to `seen` there is no line's end.
pub(crate) struct Input {
    form: Form,
    files: VecDeque<(String, File)>,
    buffer: Vec<u8>,
    start: usize,
    seen: usize,
    line: u64,
}

impl Source {
    pub(crate) fn open(&self, form: &Form) -> Result<Input, Failure> {
        let mut files = VecDeque::new();
        for path in &self.files {
            let name = path.display().to_string();
            let file = File::open(path).map_err(|error| unreadable(&name, &error))?;
            files.push_back((name, file));
        }
        if files.is_empty() {
            let name = "the standard input".to_owned();
            let stdin = io::stdin().as_fd().try_clone_to_owned();
            let file = File::from(stdin.map_err(|error| unreadable(&name, &error))?);
            files.push_back((name, file));
        }
        Ok(Input { form: form.clone(), files, buffer: Vec::new(), start: 0, seen: 0, line: 0 })
    }
}

impl Input {
    /// The message of the next line, if it has been read already.
    pub(crate) fn take(&mut self) -> Result<Option<Message>, Failure> {
        let unseen = self.buffer.get(self.seen..).unwrap_or_default();
        let Some(at) = unseen.iter().position(|&byte| byte == b'\n') else {
            self.seen = self.buffer.len();
            return Ok(None);
        };
        let end = self.seen + at;
        let line = self.buffer.get(self.start..end).unwrap_or_default();
        self.line += 1;
        let message = self.form.read(line);
        (self.start, self.seen) = (end + 1, end + 1);
        message.map(Some).map_err(|reason| Failure::Failed(format!("line {}: {reason}", self.line)))
    }

    /// What to wait for before [`Input::fill`]; `None` at the end.
    pub(crate) fn item(&self) -> Option<Item<'_>> {
        let (_, file) = self.files.front()?;
        Some(Item::Descriptor(file.as_fd(), Interest::READABLE))
    }

    /// Reads once. To be called when no whole line waits.
    pub(crate) fn fill(&mut self) -> Result<(), Failure> {
        self.buffer.drain(..self.start);
        self.seen -= self.start;
        self.start = 0;
        let Some((name, file)) = self.files.front_mut() else { return Ok(()) };
        let end = self.buffer.len();
        self.buffer.resize(end + CHUNK, 0);
        let read = file.read(self.buffer.get_mut(end..).unwrap_or_default());
        self.buffer.truncate(end + read.as_ref().map_or(0, |&count| count));
        match read {
            Ok(0) => {
                self.files.pop_front();
                // A file's last line may lack its end.
                if end > 0 {
                    self.buffer.push(b'\n');
                }
                Ok(())
            }
            Err(error) if !matches!(error.kind(), io::ErrorKind::Interrupted | io::ErrorKind::WouldBlock) => {
                Err(unreadable(name, &error))
            }
            _ => Ok(()),
        }
    }

    /// The message of the next line, or the end. Waits; an interrupt ends the wait, as it does for `socket`.
    pub(crate) fn next(
        &mut self,
        socket: &mut AnySocket,
        poller: &mut Poller,
    ) -> Result<Option<Message>, Failure> {
        loop {
            if let Some(message) = self.take()? {
                return Ok(Some(message));
            }
            let Some(item) = self.item() else { return Ok(None) };
            poller.wait(&mut [item, Item::Socket(socket, Interest::default())], None)?;
            self.fill()?;
        }
    }
}

fn unreadable(name: &str, error: &io::Error) -> Failure {
    Failure::Failed(format!("cannot read {name}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        form: Form,
    }

    #[test]
    fn lines_are_found_however_they_are_cut() {
        let form = Line::parse_from(["zinc"]).form;
        let null = ("null".to_owned(), File::open("/dev/null").unwrap());
        let files = VecDeque::from([null]);
        let mut input = Input { form, files, buffer: Vec::new(), start: 0, seen: 0, line: 0 };
        let mut lines = Vec::new();
        for chunk in ["a", "b\n", "\nc\nd", "", "e"] {
            input.buffer.extend_from_slice(chunk.as_bytes());
            while let Some(message) = input.take().unwrap() {
                lines.push(message.as_str().unwrap().to_owned());
            }
        }
        assert_eq!(lines, ["ab", "", "c"]);
        input.fill().unwrap();
        assert_eq!(input.take().unwrap().unwrap(), Message::from("de"));
        assert!(input.take().unwrap().is_none() && input.item().is_none());
    }
}
