//! The messages to be sent: those of the command line, lines or pieces of files or of the standard input.

use crate::failure::Failure;
use crate::pace::{Pace, rate};
use crate::progress::Progress;
use crate::session::Session;
use crate::text::Form;
use clap::Args;
use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::path::PathBuf;
use zincmq::poller::{Interest, Item, Token};
use zincmq::{Frame, Message, Poller};

/// The input, among what is waited for.
pub(crate) const INPUT: Token = Token(1);

/// Read at a time, in bytes.
const CHUNK: usize = 64 << 10;

#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "What to send")]
pub(crate) struct Source {
    /// Send the lines of FILE instead of the standard input's; may be given several times
    #[arg(long = "file", value_name = "FILE")]
    files: Vec<PathBuf>,

    /// Send TEXT instead of the standard input; may be given several times; again and again up to --count
    #[arg(short, long = "message", value_name = "TEXT", conflicts_with = "files")]
    messages: Vec<String>,

    /// Bytes of a piece with --raw: a number, also with K or M
    #[arg(long, value_name = "BYTES", default_value = "1M", value_parser = bytes, requires = "raw")]
    chunk: usize,

    /// Send at most N messages a second
    #[arg(long, value_name = "N", value_parser = rate)]
    rate: Option<f64>,
}

impl Source {
    pub(crate) fn open(&self, form: &Form, count: Option<u64>) -> Result<Input, Failure> {
        let (mut files, mut total) = (VecDeque::new(), Some(0));
        for path in &self.files {
            let name = path.display().to_string();
            let file = File::open(path).map_err(|error| unreadable(&name, &error))?;
            let size = file.metadata().ok().filter(|about| about.is_file()).map(|about| about.len());
            total = total.zip(size).map(|(total, size)| total + size);
            files.push_back((name, file));
        }
        let given = self.given(form, count)?;
        if files.is_empty() && given.is_none() {
            let name = "the standard input".to_owned();
            let stdin = io::stdin().as_fd().try_clone_to_owned();
            let file = File::from(stdin.map_err(|error| unreadable(&name, &error))?);
            files.push_back((name, file));
        }
        Ok(Input {
            form: form.clone(),
            files,
            given,
            pieces: form.raw.then(|| Piece { size: self.chunk, bytes: Vec::new(), filled: 0 }),
            lines: Lines::default(),
            left: count,
            ended: false,
            pace: Pace::new(self.rate),
            progress: match (count, total) {
                (Some(count), _) => Progress::of_messages(count),
                (None, Some(total @ 1..)) => Progress::of_bytes(Some(total)),
                _ => Progress::hidden(),
            },
        })
    }

    /// The messages of the command line, if there are any.
    fn given(&self, form: &Form, count: Option<u64>) -> Result<Option<Given>, Failure> {
        let read = |text: &String| form.read(text.as_bytes());
        let messages: Vec<Message> = self
            .messages
            .iter()
            .map(read)
            .collect::<Result<_, _>>()
            .map_err(|reason| Failure::Usage(format!("--message: {reason}")))?;
        let left = count.unwrap_or(messages.len() as u64);
        Ok((!messages.is_empty()).then_some(Given { messages, next: 0, left }))
    }
}

/// Messages, as they come.
pub(crate) struct Input {
    form: Form,
    files: VecDeque<(String, File)>,
    given: Option<Given>,
    /// Where the input is not cut into lines.
    pieces: Option<Piece>,
    lines: Lines,
    /// Messages to go, by --count.
    left: Option<u64>,
    /// The empty message at the end has been given out.
    ended: bool,
    pace: Pace,
    progress: Progress,
}

struct Given {
    messages: Vec<Message>,
    next: usize,
    left: u64,
}

/// A piece of raw input in the making.
struct Piece {
    size: usize,
    bytes: Vec<u8>,
    filled: usize,
}

/// The bytes that wait are in the buffer from `start` on; up to `seen` there is no line's end.
#[derive(Default)]
struct Lines {
    buffer: Vec<u8>,
    start: usize,
    seen: usize,
    number: u64,
}

impl Input {
    /// The next message, if it is there already.
    pub(crate) fn take(&mut self) -> Result<Option<Message>, Failure> {
        let next = if self.left == Some(0) { None } else { self.cut()? };
        let message = match next {
            None if self.form.eof && self.is_done() && !std::mem::replace(&mut self.ended, true) => {
                return Ok(Some(Message::from("")));
            }
            None => return Ok(None),
            Some(message) => message,
        };
        self.left = self.left.map(|left| left - 1);
        self.progress.moved(&message);
        Ok(Some(message))
    }

    fn cut(&mut self) -> Result<Option<Message>, Failure> {
        if let Some(given) = &mut self.given {
            return Ok(given.take());
        }
        if let Some(piece) = &mut self.pieces {
            return Ok(piece.take(self.files.is_empty()));
        }
        let Some(line) = self.lines.take() else { return Ok(None) };
        let message = self.form.read(line);
        message.map(Some).map_err(|reason| Failure::Failed(format!("line {}: {reason}", self.lines.number)))
    }

    /// Whether nothing more comes.
    fn is_empty(&self) -> bool {
        self.files.is_empty() && self.given.as_ref().is_none_or(|given| given.left == 0)
    }

    /// Whether everything has been given out, when [`Input::take`] has nothing.
    pub(crate) fn is_done(&self) -> bool {
        self.left == Some(0) || self.is_empty()
    }

    /// The item to wait for before [`Input::fill`]; `None` at the end.
    pub(crate) fn item(&self) -> Option<Item<'_>> {
        let (_, file) = self.files.front().filter(|_| self.left != Some(0))?;
        Some(Item::descriptor(INPUT, file.as_fd(), Interest::READABLE))
    }

    /// Reads once. To be called when [`Input::take`] has nothing.
    pub(crate) fn fill(&mut self) -> Result<(), Failure> {
        let Some((name, file)) = self.files.front_mut() else { return Ok(()) };
        let read = match &mut self.pieces {
            Some(piece) => piece.fill(file),
            None => self.lines.fill(file),
        };
        match read {
            Ok(0) => {
                self.files.pop_front();
                Ok(())
            }
            Err(error) if !matches!(error.kind(), io::ErrorKind::Interrupted | io::ErrorKind::WouldBlock) => {
                Err(unreadable(name, &error))
            }
            _ => Ok(()),
        }
    }

    /// The next message at its time, or the end. Waits; an interrupt ends the wait, as it does for the socket.
    pub(crate) fn next(
        &mut self,
        session: &mut Session,
        poller: &mut Poller,
    ) -> Result<Option<Message>, Failure> {
        loop {
            if let Some(message) = self.take()? {
                self.pace.wait(session, poller)?;
                return Ok(Some(message));
            }
            let Some(item) = self.item() else { return Ok(None) };
            poller.wait([item, session.item(Interest::default())], None)?;
            self.fill()?;
        }
    }

    /// For those who wait for other things too.
    pub(crate) const fn pace(&mut self) -> &mut Pace {
        &mut self.pace
    }
}

impl Given {
    fn take(&mut self) -> Option<Message> {
        self.left = self.left.checked_sub(1)?;
        let message = self.messages.get(self.next).cloned();
        self.next = (self.next + 1) % self.messages.len().max(1);
        message
    }
}

impl Piece {
    fn take(&mut self, ended: bool) -> Option<Message> {
        if self.filled == 0 || (self.filled < self.size && !ended) {
            return None;
        }
        let mut bytes = std::mem::take(&mut self.bytes);
        bytes.truncate(std::mem::take(&mut self.filled));
        Some(Message::from(Frame::from(bytes)))
    }

    fn fill(&mut self, file: &mut File) -> io::Result<usize> {
        if self.bytes.is_empty() {
            self.bytes = vec![0; self.size];
        }
        let read = file.read(self.bytes.get_mut(self.filled..).unwrap_or_default())?;
        self.filled += read;
        Ok(read)
    }
}

impl Lines {
    /// The next line, if its end is there.
    fn take(&mut self) -> Option<&[u8]> {
        let unseen = self.buffer.get(self.seen..).unwrap_or_default();
        let Some(at) = unseen.iter().position(|&byte| byte == b'\n') else {
            self.seen = self.buffer.len();
            return None;
        };
        let (start, end) = (self.start, self.seen + at);
        self.number += 1;
        (self.start, self.seen) = (end + 1, end + 1);
        self.buffer.get(start..end)
    }

    fn fill(&mut self, file: &mut File) -> io::Result<usize> {
        self.buffer.drain(..self.start);
        self.seen -= self.start;
        self.start = 0;
        let end = self.buffer.len();
        self.buffer.resize(end + CHUNK, 0);
        let read = file.read(self.buffer.get_mut(end..).unwrap_or_default());
        self.buffer.truncate(end + read.as_ref().map_or(0, |&count| count));
        // A file's last line may lack its end.
        if matches!(read, Ok(0)) && end > 0 {
            self.buffer.push(b'\n');
        }
        read
    }
}

fn unreadable(name: &str, error: &io::Error) -> Failure {
    Failure::Failed(format!("cannot read {name}: {error}"))
}

/// A number of bytes on the command line: `512`, `64K`, `1M`.
pub(crate) fn bytes(text: &str) -> Result<usize, String> {
    let (digits, unit) = match text.strip_suffix(['K', 'k']) {
        Some(digits) => (digits, 1 << 10),
        None => text.strip_suffix(['M', 'm']).map_or((text, 1), |digits| (digits, 1 << 20)),
    };
    let number: usize =
        digits.parse().map_err(|_| "not a number of bytes, as in 512, 64K or 1M".to_owned())?;
    let bytes = number.checked_mul(unit).filter(|bytes| (1..=1 << 30).contains(bytes));
    bytes.ok_or_else(|| "from 1 byte to 1024M".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;
    use std::io::{Seek, Write};

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        form: Form,
        #[command(flatten)]
        source: Source,
        #[arg(long)]
        count: Option<u64>,
    }

    /// All messages of these arguments, as text, their files holding `content`.
    fn all(arguments: &[&str], content: &[u8]) -> Vec<String> {
        let line = Line::parse_from([&["zinc", "--file=/dev/null"], arguments].concat());
        let mut input = line.source.open(&line.form, line.count).unwrap();
        let path = std::env::temp_dir().join(format!("zinc-input-{:?}", std::thread::current().id()));
        let mut file =
            File::options().create(true).truncate(true).read(true).write(true).open(&path).unwrap();
        std::fs::remove_file(path).unwrap();
        file.write_all(content).unwrap();
        file.rewind().unwrap();
        input.files.push_back(("content".to_owned(), file));
        let mut messages = Vec::new();
        loop {
            match input.take().unwrap() {
                Some(message) => messages.push(message.as_str().unwrap().to_owned()),
                None if input.item().is_none() => return messages,
                None => input.fill().unwrap(),
            }
        }
    }

    #[test]
    fn lines_are_found_however_they_are_cut() {
        assert_eq!(all(&[], b"ab\n\nc\nde"), ["ab", "", "c", "de"]);
        let long = "x".repeat(3 * CHUNK / 2);
        assert_eq!(all(&[], format!("{long}\n{long}\n").as_bytes()), [long.as_str(), &long]);
        assert_eq!(all(&["--count=2"], b"a\nb\nc\n"), ["a", "b"]);
        assert_eq!(all(&["--eof"], b"a\n"), ["a", ""]);
        assert_eq!(all(&["--eof", "--count=1"], b"a\nb\n"), ["a", ""]);
    }

    #[test]
    fn raw_input_is_cut_into_pieces() {
        assert_eq!(all(&["--raw", "--chunk=4"], b"abcd\nfgh12"), ["abcd", "\nfgh", "12"]);
        assert_eq!(all(&["--raw", "--eof"], b"abc\n"), ["abc\n", ""]);
        assert_eq!(all(&["--raw", "--eof"], b""), [""]);
    }

    #[test]
    fn messages_of_the_command_line_go_round_up_to_the_count() {
        let given = |arguments: &[&str]| {
            let line = Line::parse_from([&["zinc", "-m", "a", "-m", "b"], arguments].concat());
            let mut input = line.source.open(&line.form, line.count).unwrap();
            let take = || input.take().unwrap().map(|message| message.as_str().unwrap().to_owned());
            std::iter::from_fn(take).collect::<Vec<_>>()
        };
        assert_eq!(given(&[]), ["a", "b"]);
        assert_eq!(given(&["--count=3"]), ["a", "b", "a"]);
        assert_eq!(given(&["--eof"]), ["a", "b", ""]);
    }

    #[test]
    fn sizes_have_units() {
        assert_eq!((bytes("7"), bytes("2K"), bytes("3M")), (Ok(7), Ok(2048), Ok(3 << 20)));
        for text in ["", "K", "0", "-1", "1G", "2000M", "99999999999999999999"] {
            assert!(bytes(text).is_err(), "{text}");
        }
    }
}
