//! A connection to the peer, with the bytes that came so far.

use crate::doctor::reach::Wire;
use std::io::{self, ErrorKind};
use std::time::{Duration, Instant};
use zmtp::{Flags, frame};

/// No handshake command of a sane peer is longer.
const COMMAND: u64 = 64 << 10;

/// The bytes of the peer so far, and how more of them come to an end.
pub(super) struct Heard {
    stream: Box<dyn Wire>,
    pub(super) bytes: Vec<u8>,
    timeout: Duration,
    until: Instant,
    /// The peer closed the connection.
    pub(super) closed: bool,
}

/// A frame as it came.
pub(super) struct Frame {
    pub(super) raw: Vec<u8>,
    header: usize,
    is_command: bool,
}

impl Frame {
    /// The body of a command; nothing of another frame.
    pub(super) fn command(&self) -> &[u8] {
        self.raw.get(self.header..).filter(|_| self.is_command).unwrap_or_default()
    }
}

impl Heard {
    pub(super) fn new(stream: Box<dyn Wire>, timeout: Duration) -> Self {
        Self { stream, bytes: Vec::new(), timeout, until: Instant::now() + timeout, closed: false }
    }

    /// The next step has its own time.
    pub(super) fn start_again(&mut self) {
        self.until = Instant::now() + self.timeout;
    }

    pub(super) fn timeout(&self) -> Duration {
        self.timeout
    }

    /// A peer may hang up at once, and still have said why: what cannot be sent is no failure here.
    pub(super) fn say(&mut self, bytes: &[u8]) {
        _ = self.stream.write_all(bytes);
    }

    /// Reads until there are so many bytes. Whether there are.
    pub(super) fn await_bytes(&mut self, count: usize) -> bool {
        let mut buffer = [0; 1024];
        while self.bytes.len() < count && !self.closed {
            let left = self.until.saturating_duration_since(Instant::now());
            if left.is_zero() || self.stream.set_patience(left).is_err() {
                return false;
            }
            match self.stream.read(&mut buffer) {
                Ok(0) => self.closed = true,
                Ok(read) => self.bytes.extend_from_slice(buffer.get(..read).unwrap_or_default()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => self.closed = !is_timeout(&error),
            }
        }
        self.bytes.len() >= count
    }

    /// The next frame. One that is too long for a handshake comes without its body.
    pub(super) fn next_frame(&mut self) -> Option<Frame> {
        let mut needed = 2;
        loop {
            if !self.await_bytes(needed) {
                return None;
            }
            let Some(header) = frame::decode_header(&self.bytes) else {
                needed = frame::MAX_HEADER;
                continue;
            };
            let is_command = header.flags.has(Flags::COMMAND) && header.size <= COMMAND;
            let end = header.header_len + if is_command { header.size as usize } else { 0 };
            if self.bytes.len() >= end {
                let raw = self.bytes.drain(..end).collect();
                return Some(Frame { raw, header: header.header_len, is_command });
            }
            needed = end;
        }
    }

    /// Says no more, and waits for the peer's end: closed at once, the connection might be broken off before the peer has
    /// read everything.
    pub(super) fn part(&mut self) {
        if self.stream.fall_silent().is_err() {
            return;
        }
        while !self.closed && self.await_bytes(1) {
            self.bytes.clear();
        }
    }
}

fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}
