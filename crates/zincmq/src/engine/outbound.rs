//! The way out of a connection: from the pipe, and from the engine itself, to the kernel.

use crate::engine::contract::{Rest, TURN, Transcode};
use queue::{Backlog, Drain, Part, Writer};
use rustix::net::SendFlags;
use std::io;
use std::os::fd::BorrowedFd;
use zmtp::command;

/// The bytes that a transcoder writes ahead of the kernel.
const AHEAD: usize = 64 << 10;
/// The bytes of commands that wait to be written: at so many, no answer is added.
const CONTROL: usize = 4 << 10;

/// See the module.
#[derive(Debug)]
pub(super) struct Outbound {
    pub(super) drain: Drain,
    /// Bytes to be written before anything from the pipe.
    prefix: Vec<u8>,
    /// Of these, the number written already.
    written: usize,
    /// Of these, the number that the transcoder has completed.
    complete: usize,
    /// The last frame that was translated was not the last of its message.
    inside: bool,
    /// Commands that wait for a place between two messages.
    control: Vec<u8>,
    may_write: bool,
}

impl Outbound {
    /// `unsent` goes first.
    pub(super) fn new(drain: Drain, unsent: Vec<u8>) -> Self {
        let complete = unsent.len();
        Self {
            drain,
            prefix: unsent,
            written: 0,
            complete,
            inside: false,
            control: Vec::new(),
            may_write: true,
        }
    }

    /// The pipe has something.
    pub(super) fn resume(&mut self) {
        self.drain.frames().resume();
    }

    /// The kernel takes bytes again, as far as is known.
    pub(super) fn make_writable(&mut self) {
        self.may_write = true;
    }

    pub(super) fn may_write(&self) -> bool {
        self.may_write
    }

    /// Whether something waits to be written, by any thread.
    pub(super) fn has_output(&self) -> bool {
        !self.prefix.is_empty() || !self.control.is_empty() || self.drain.has_bytes()
    }

    /// The messages in the pipe, and the bytes that wait to be written before them.
    pub(super) fn unsent(&mut self) -> Backlog {
        let Backlog { messages, bytes } = self.drain.unsent();
        Backlog { messages, bytes: bytes + (self.prefix.len() - self.written) as u64 }
    }

    /// Answers a PING. A peer that does not read its answers gets no more of them.
    pub(super) fn answer(&mut self, context: &[u8]) {
        if self.control.len() < CONTROL {
            command::pong(&mut self.control, context);
        }
    }

    /// Sends a PING, one at a time.
    pub(super) fn ping(&mut self, ttl: u32) {
        if self.control.is_empty() {
            command::ping(&mut self.control, ttl, b"");
        }
    }

    /// Writes a message of one part past the pipe, where nothing waits. Returns whether all of it; `None`: the pipe does not
    /// have the message.
    pub(super) fn write_through(
        &mut self,
        to: BorrowedFd<'_>,
        writer: &mut Writer,
        body: &Part<'_>,
    ) -> Option<bool> {
        if self.has_output() || self.drain.frames().conflates() {
            return None;
        }
        // An error shows again when the pipe is written.
        queue::write_through(writer, &mut self.drain, to, body).ok()
    }

    /// Sends the message that the pipe's writer has not published, where nothing is before it. Returns whether all of it;
    /// `None`: nothing has happened.
    pub(super) fn send_unpublished(&mut self, to: BorrowedFd<'_>, writer: &mut Writer) -> Option<bool> {
        if !self.may_write || self.has_output() {
            return None;
        }
        // An error shows again when the pipe is written.
        queue::send_unpublished(writer, &mut self.drain, to)
    }

    /// Writes until the kernel takes no more, nothing is left or the turn is over.
    ///
    /// # Errors
    /// Nothing can be written any more.
    pub(super) fn write(
        &mut self,
        to: BorrowedFd<'_>,
        transcoder: &mut Option<Box<dyn Transcode>>,
    ) -> io::Result<Rest> {
        let mut moved = 0;
        while self.may_write && self.has_output() {
            if let Err(error) = self.compose(transcoder) {
                // It may be plain where it should not be.
                self.prefix.clear();
                (self.written, self.complete) = (0, 0);
                self.may_write = false;
                return Err(io::Error::other(error));
            }
            let sent = match transcoder {
                None if !self.control.is_empty() && self.prefix.is_empty() => self.drain.finish_message(to),
                None => self.drain.write_to(to, &mut self.prefix),
                Some(_) => self.send(to),
            };
            match sent {
                // A large frame takes more than one turn to complete.
                Ok(0) if transcoder.is_some() && self.is_composing() => return Ok(Rest::Busy),
                Ok(0) => break,
                Ok(sent) => moved += sent,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.may_write = false,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.may_write = false;
                    return Err(error);
                }
            }
            if moved >= TURN {
                return Ok(Rest::Busy);
            }
        }
        Ok(Rest::Quiet)
    }

    /// Puts into `prefix` what does not come from the pipe as it is.
    fn compose(&mut self, transcoder: &mut Option<Box<dyn Transcode>>) -> Result<(), zmtp::Error> {
        let Some(transcoder) = transcoder else {
            if !self.control.is_empty() && self.prefix.is_empty() && !self.drain.is_inside_message() {
                std::mem::swap(&mut self.prefix, &mut self.control);
            }
            return Ok(());
        };
        if self.is_composing() {
            self.complete = transcoder.finish(&mut self.prefix, TURN)?;
            return Ok(());
        }
        if self.prefix.len() - self.written >= AHEAD {
            return Ok(());
        }
        self.prefix.drain(..self.written);
        self.written = 0;
        if !self.inside && !self.control.is_empty() {
            transcoder.control(&self.control, &mut self.prefix);
            self.control.clear();
        }
        while self.prefix.len() < AHEAD
            && let Some(frame) = self.drain.frames().take()
        {
            self.inside = frame.more;
            transcoder.encode(frame, &mut self.prefix);
        }
        self.complete = transcoder.finish(&mut self.prefix, TURN)?;
        Ok(())
    }

    /// Whether the transcoder has not completed what stands at the end of `prefix`.
    fn is_composing(&self) -> bool {
        self.complete < self.prefix.len()
    }

    /// Writes once of what was composed.
    fn send(&mut self, to: BorrowedFd<'_>) -> io::Result<usize> {
        let rest = &self.prefix[self.written..self.complete];
        if rest.is_empty() {
            return Ok(0);
        }
        let sent = rustix::net::send(to, rest, SendFlags::NOSIGNAL | SendFlags::DONTWAIT)?;
        self.written += sent;
        if self.written == self.prefix.len() {
            self.prefix.clear();
            (self.written, self.complete) = (0, 0);
        }
        Ok(sent)
    }

    /// The pipe's end, for the next connection. What was translated is gone, and a message that was in part goes whole.
    pub(super) fn dismantle(mut self) -> Drain {
        if self.inside {
            self.drain.skip_message();
        }
        self.drain.drop_bodies();
        self.drain
    }

    /// Gives memory back that an idle connection holds.
    pub(super) fn sweep(&mut self) {
        if self.prefix.is_empty() {
            self.prefix = Vec::new();
        }
    }
}
