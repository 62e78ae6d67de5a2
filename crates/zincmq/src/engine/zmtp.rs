//! The engine: whole segments to the descriptor, the descriptor into segments.
//!
//! Outbound, a connection of ZMTP 2.0 to 3.1 gets the pipe's bytes as they are; other encodings are written by
//! a [`Transcode`]. Inbound, the walk hops from header to header. Both sides of the lock may call
//! [`Engine::turn`]: the I/O thread, or a thread that waits for a message.

use crate::engine::contract::Transcode;
use crate::engine::heartbeat::{Heartbeat, HeartbeatConfig, Silent};
use crate::engine::leave::Leaving;
use crate::option::Options;
use crate::socket_type::SocketType;
use queue::{Bounds, Drain, Filler, Kind, Refusal, Walk};
use rustix::net::SendFlags;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::time::Instant;
use zmtp::{Command, command};

/// What one connection may move in one turn, each way, before others have theirs.
pub(super) const TURN: usize = 256 << 10;
/// So many commands are dealt with in one turn: some 20 us, as long as a small read and write take.
const COMMANDS: u32 = 256;
/// A queue of so many bytes is short: they are copied in less time than it takes to wake a thread and let it go on.
pub(crate) const SHORT: u64 = 192 << 10;
/// What a transcoder writes ahead of the kernel.
const AHEAD: usize = 64 << 10;
/// What is kept of commands that wait to be written.
const CONTROL: usize = 4 << 10;
/// What is read at once for a transcoder.
pub(super) const SCRATCH: usize = 32 << 10;

/// Why a connection ends.
#[derive(Debug, thiserror::Error)]
pub(crate) enum End {
    /// The socket closed this pipe and the peer has everything, or does not take it.
    #[error("closed by this side")]
    Flushed,
    /// The peer closed the connection.
    #[error("closed by the peer")]
    Eof,
    /// The connection broke.
    #[error(transparent)]
    Lost(io::Error),
    /// The peer was silent for too long.
    #[error("the peer was silent for too long")]
    Silent,
    /// The peer broke the protocol.
    #[error(transparent)]
    Protocol(zmtp::Error),
    /// A frame, message or command larger than allowed.
    #[error("a frame or message larger than allowed")]
    TooLarge,
    /// There is no memory for what the peer sends.
    #[error("no memory for what the peer sends")]
    NoMemory,
    /// The peer of a REQ sent what is no reply.
    #[error("a message that is no reply")]
    NoReply,
}

/// What an engine has left to do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Rest {
    /// Nothing, until a descriptor, a pipe or a timer tells.
    Quiet,
    /// More: its turn was over.
    Busy,
}

/// All that a new engine needs.
#[derive(Debug)]
pub(crate) struct Setup {
    pub(crate) descriptor: Arc<OwnedFd>,
    pub(crate) drain: Drain,
    pub(crate) filler: Filler,
    pub(crate) transcoder: Option<Box<dyn Transcode>>,
    pub(crate) socket_type: SocketType,
    pub(crate) heartbeat: HeartbeatConfig,
}

/// One open connection past its handshake.
#[derive(Debug)]
pub(crate) struct Engine {
    pub(super) descriptor: Arc<OwnedFd>,
    pub(super) drain: Drain,
    pub(super) filler: Filler,
    transcoder: Option<Box<dyn Transcode>>,
    /// Bytes to be written before anything from the pipe.
    prefix: Vec<u8>,
    /// Commands that wait for a place between two messages.
    control: Vec<u8>,
    /// Received bytes that the transcoder has not done with.
    scratch: Vec<u8>,
    pub(super) may_read: bool,
    may_write: bool,
    /// The kernel has said that the peer writes no more: read to the end.
    hung_up: bool,
    /// Why nothing can be written any more. What the peer has sent can still be read; its end will show there.
    pub(super) broken: Option<io::Error>,
    /// An end may have been overlooked: read until the kernel says that there is no more.
    thorough: bool,
    /// The inbound pipe is at its high-water mark.
    pub(super) full: bool,
    /// The turn was over before everything received was walked over.
    cut_short: bool,
    /// The reader itself runs this engine.
    pumped: bool,
    reads_subscriptions: bool,
    /// When the writer wrote the stream itself last, while it does so.
    pub(super) carried: Option<Instant>,
    /// Everything is written, and the peer knows that there is no more.
    pub(super) leaving: Option<Leaving>,
    pub(super) heartbeat: Heartbeat,
}

impl Engine {
    /// An engine that sends `unsent` first and has received `received` already.
    pub(crate) fn new(mut setup: Setup, unsent: Vec<u8>, received: &[u8]) -> Self {
        let decodes = setup.transcoder.as_ref().is_some_and(|transcoder| transcoder.decodes());
        if !decodes {
            setup.filler.preload(received);
        }
        Self {
            descriptor: setup.descriptor,
            drain: setup.drain,
            filler: setup.filler,
            transcoder: setup.transcoder,
            prefix: unsent,
            control: Vec::new(),
            scratch: if decodes { received.to_vec() } else { Vec::new() },
            may_read: true,
            may_write: true,
            hung_up: false,
            broken: None,
            thorough: false,
            full: false,
            cut_short: false,
            pumped: false,
            carried: None,
            leaving: None,
            reads_subscriptions: setup.socket_type.profile().publishes,
            heartbeat: Heartbeat::new(setup.heartbeat, Instant::now()),
        }
    }

    /// The pipe's ends, for the next connection or for nobody.
    pub(crate) fn dismantle(mut self) -> (Drain, Filler) {
        self.drain.drop_bodies();
        (self.drain, self.filler)
    }

    /// The descriptor has something to read, or an end.
    pub(crate) fn readable(&mut self, hung_up: bool) {
        self.may_read = true;
        self.hung_up |= hung_up;
    }

    /// The descriptor takes bytes again.
    pub(crate) fn writable(&mut self) {
        self.may_write = self.broken.is_none();
    }

    /// Something has happened, it is not known what: everything is tried.
    pub(crate) fn recheck(&mut self) {
        self.resume();
        self.make_room();
        self.writable();
        self.may_read = true;
        self.thorough = true;
    }

    /// The outbound pipe has something.
    pub(crate) fn resume(&mut self) {
        self.drain.frames().resume();
    }

    /// The inbound pipe has room again.
    pub(crate) fn make_room(&mut self) {
        self.full = false;
    }

    /// Moves what can be moved, within one turn.
    ///
    /// # Errors
    /// [`End`]: the connection is over.
    pub(crate) fn turn(&mut self) -> Result<Rest, End> {
        self.drain.drop_bodies();
        while !self.is_leaving() {
            let carried = self.is_carried();
            let wrote = if carried { Rest::Quiet } else { self.write()? };
            let read = self.read()?;
            let over = !carried && !self.has_output();
            if over && self.drain.frames().has_ended() {
                break;
            }
            if wrote == Rest::Busy || read == Rest::Busy {
                return Ok(Rest::Busy);
            }
            if carried {
                return Ok(Rest::Quiet);
            }
            if !over {
                if self.may_write {
                    continue;
                }
                return Ok(Rest::Quiet);
            }
            if self.drain.park() {
                return Ok(Rest::Quiet);
            }
        }
        self.leave()
    }

    /// Whether the peer has closed, and has sent more than the pipe takes: its end shows when the reader has made room.
    pub(crate) fn is_stuck(&self) -> bool {
        self.hung_up && self.full
    }

    /// Messages received so far.
    pub(crate) fn received(&mut self) -> u64 {
        self.filler.writer().written()
    }

    /// Reads for a caller that was told that there is something. Returns whether that was much: a large body is
    /// under way, or the turn is over.
    ///
    /// # Errors
    /// [`End`], which the I/O thread will come upon again.
    pub(crate) fn read_now(&mut self) -> Result<bool, End> {
        self.may_read = true;
        self.full = false;
        let rest = self.read()?;
        Ok(rest == Rest::Busy || self.filler.is_inside_body())
    }

    /// Reads on for a caller that has emptied the pipe and will ask again before it rests: it need not be told
    /// when there is room.
    ///
    /// # Errors
    /// [`End`], which the I/O thread will come upon again.
    pub(crate) fn pump(&mut self) -> Result<Rest, End> {
        // A large body is better read while the caller does something else.
        if !self.full && !self.cut_short && (!self.may_read || self.filler.is_inside_body()) {
            return Ok(Rest::Quiet);
        }
        self.full = false;
        self.pumped = true;
        let result = self.read();
        self.pumped = false;
        result
    }

    /// Writes for a caller. Returns whether everything is written and the pipe rests again.
    pub(crate) fn write_now(&mut self) -> bool {
        self.may_write && self.write().is_ok() && !self.has_output() && self.drain.park()
    }

    /// Whether there is something to write that the kernel does not take now.
    pub(crate) fn is_blocked(&self) -> bool {
        !self.may_write && self.has_output()
    }

    /// Whether the kernel takes nothing now, as far as is known.
    pub(super) fn cannot_write(&self) -> bool {
        !self.may_write
    }

    /// Whether the connection has another encoding than the pipe.
    pub(super) fn translates(&self) -> bool {
        self.transcoder.is_some()
    }

    /// Whether something waits to be written, by whoever does.
    fn has_output(&self) -> bool {
        !self.prefix.is_empty() || !self.control.is_empty() || self.drain.has_bytes()
    }

    /// Whether something is left for the I/O thread to write, or to walk over.
    pub(super) fn owes_turn(&self) -> bool {
        (!self.is_carried() && self.has_output()) || self.cut_short
    }

    /// Writes until the kernel takes no more, nothing is left or the turn is over.
    pub(crate) fn write(&mut self) -> Result<Rest, End> {
        let mut moved = 0;
        while self.may_write {
            self.compose();
            let sent = match &self.transcoder {
                None if !self.control.is_empty() && self.prefix.is_empty() => {
                    self.drain.finish_message(self.descriptor.as_fd())
                }
                None => self.drain.write_to(self.descriptor.as_fd(), &mut self.prefix),
                Some(_) => send(self.descriptor.as_fd(), &mut self.prefix),
            };
            match sent {
                Ok(0) => break,
                Ok(sent) => moved += sent,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.may_write = false,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.may_write = false;
                    self.hung_up = true;
                    self.may_read = true;
                    self.broken = Some(error);
                }
            }
            if moved >= TURN {
                return Ok(Rest::Busy);
            }
        }
        Ok(Rest::Quiet)
    }

    /// Puts into `prefix` what does not come from the pipe as it is.
    fn compose(&mut self) {
        let between = self.transcoder.is_some() || !self.drain.is_inside_message();
        if !self.control.is_empty() && self.prefix.is_empty() && between {
            std::mem::swap(&mut self.prefix, &mut self.control);
        }
        let Some(transcoder) = &mut self.transcoder else { return };
        while self.prefix.len() < AHEAD
            && let Some(frame) = self.drain.frames().take()
        {
            transcoder.encode(frame, &mut self.prefix);
        }
    }

    /// Reads until the kernel has no more, the pipe is full or the turn is over.
    pub(crate) fn read(&mut self) -> Result<Rest, End> {
        if !self.is_deaf() {
            let rest = self.read_in()?;
            if rest == Rest::Busy || !self.is_deaf() {
                return Ok(rest);
            }
        }
        self.discard()
    }

    fn read_in(&mut self) -> Result<Rest, End> {
        if self.transcoder.as_ref().is_some_and(|transcoder| transcoder.decodes()) {
            return self.read_transcoded();
        }
        let (mut moved, mut commands) = (0, 0);
        // What was received before the pipe was full, or came with the handshake, is walked first.
        if !self.full && !self.filler.is_clean() && self.walk(&mut commands)? == Rest::Busy {
            return Ok(Rest::Busy);
        }
        while self.may_read && !self.full {
            match self.filler.read_from(self.descriptor.as_fd()) {
                Ok((0, _)) => return Err(End::Eof),
                Ok((read, all)) => {
                    self.heartbeat.received(Instant::now);
                    self.may_read = all || self.hung_up || self.thorough;
                    if self.walk(&mut commands)? == Rest::Busy {
                        return Ok(Rest::Busy);
                    }
                    moved += read;
                }
                Err(error) => self.read_failed(error)?,
            }
            if moved >= TURN {
                return Ok(Rest::Busy);
            }
        }
        Ok(Rest::Quiet)
    }

    pub(super) fn read_failed(&mut self, error: io::Error) -> Result<(), End> {
        match error.kind() {
            io::ErrorKind::WouldBlock => {
                self.may_read = false;
                self.thorough = false;
                if let Some(broken) = self.broken.take() {
                    return Err(End::Lost(broken));
                }
            }
            io::ErrorKind::Interrupted => {}
            _ => return Err(End::Lost(error)),
        }
        Ok(())
    }

    /// Finds the messages in what was received, and publishes them. `commands` counts those of this turn.
    fn walk(&mut self, commands: &mut u32) -> Result<Rest, End> {
        self.cut_short = false;
        loop {
            match self.filler.walk() {
                Ok(Walk::Dry) => break,
                Ok(Walk::Command) if *commands == COMMANDS => {
                    self.cut_short = true;
                    break;
                }
                Ok(Walk::Command) => {
                    *commands += 1;
                    self.command();
                }
                Ok(Walk::Full) => {
                    self.publish();
                    if !self.await_room() {
                        self.full = true;
                        return Ok(Rest::Quiet);
                    }
                }
                Err(Refusal::NoReply) => {
                    self.publish();
                    return Err(End::NoReply);
                }
                Err(refusal) => {
                    self.publish();
                    let starved = matches!(refusal, Refusal::NoMemory(_));
                    return Err(if starved { End::NoMemory } else { End::TooLarge });
                }
            }
        }
        self.publish();
        Ok(if self.cut_short { Rest::Busy } else { Rest::Quiet })
    }

    /// Whether there is room for another message. If there is none, the reader tells when there is; not where it has
    /// soon read all, and goes on by itself ([`Engine::pump`]): waking this thread would take longer.
    fn await_room(&mut self) -> bool {
        let short = self.pumped || self.filler.writer().is_short(SHORT);
        if short { self.filler.writer().has_room() } else { self.filler.await_room() }
    }

    fn publish(&mut self) {
        if self.filler.publish() {
            self.filler.wake();
        }
    }

    /// Deals with the command at the walk. Unknown and malformed ones are nothing, as in libzmq.
    fn command(&mut self) {
        let body = self.filler.command();
        let subscription = match Command::parse(body) {
            Command::Subscribe(topic) => Some((Kind::Subscribe, body.len() - topic.len())),
            Command::Cancel(topic) => Some((Kind::Cancel, body.len() - topic.len())),
            Command::Ping { ttl, context } => {
                // A peer that does not read its answers gets no more of them.
                if self.control.len() < CONTROL {
                    command::pong(&mut self.control, context);
                }
                self.heartbeat.pinged(ttl, Instant::now());
                None
            }
            _ => None,
        };
        match subscription {
            Some((kind, prefix)) if self.reads_subscriptions => self.filler.command_as(kind, prefix),
            _ => self.filler.drop_command(),
        }
    }

    fn read_transcoded(&mut self) -> Result<Rest, End> {
        let mut moved = 0;
        loop {
            if !self.full && !self.scratch.is_empty() {
                self.decode()?;
            }
            if !self.may_read || self.full {
                return Ok(Rest::Quiet);
            }
            let before = self.scratch.len();
            self.scratch.try_reserve(SCRATCH).map_err(|_| End::NoMemory)?;
            self.scratch.resize(before + SCRATCH, 0);
            let received = rustix::io::read(self.descriptor.as_fd(), &mut self.scratch[before..]);
            self.scratch.truncate(before + received.unwrap_or(0));
            match received {
                Ok(0) => return Err(End::Eof),
                Ok(read) => {
                    self.heartbeat.received(Instant::now);
                    moved += read;
                }
                Err(error) => self.read_failed(error.into())?,
            }
            if moved >= TURN {
                return Ok(Rest::Busy);
            }
        }
    }

    fn decode(&mut self) -> Result<(), End> {
        let Some(transcoder) = &mut self.transcoder else { return Ok(()) };
        let writer = self.filler.writer();
        let decoded = transcoder.decode(&self.scratch, writer);
        let full = !writer.has_room() && !writer.await_room();
        self.filler.resync();
        if self.filler.publish() {
            self.filler.wake();
        }
        self.scratch.drain(..decoded?);
        self.full = full;
        Ok(())
    }

    /// When heartbeats need attention next.
    pub(crate) fn next_beat(&self) -> Option<Instant> {
        if self.is_leaving() { None } else { self.heartbeat.next() }
    }

    /// Sends PING where one is due.
    ///
    /// # Errors
    /// [`End::Silent`] if the peer has been silent for too long.
    pub(crate) fn beat(&mut self, now: Instant) -> Result<(), End> {
        if self.full || self.is_leaving() {
            self.heartbeat.excuse(now);
        }
        // One PING at a time.
        if let Some(ttl) = self.heartbeat.beat(now).map_err(|Silent| End::Silent)?
            && self.control.is_empty()
        {
            command::ping(&mut self.control, ttl, b"");
        }
        Ok(())
    }

    /// Gives memory back that an idle connection holds. Returns whether anything is still held.
    pub(crate) fn sweep(&mut self) -> bool {
        if self.prefix.is_empty() {
            self.prefix = Vec::new();
        }
        if self.scratch.is_empty() {
            self.scratch = Vec::new();
        }
        self.filler.sweep()
    }
}

/// Writes `bytes` once and removes what was written.
fn send(to: BorrowedFd<'_>, bytes: &mut Vec<u8>) -> io::Result<usize> {
    if bytes.is_empty() {
        return Ok(0);
    }
    let sent = rustix::net::send(to, bytes, SendFlags::NOSIGNAL | SendFlags::DONTWAIT)?;
    bytes.drain(..sent);
    Ok(sent)
}

/// The bounds that the walk enforces.
pub(crate) fn bounds(options: &Options) -> Bounds {
    let bound = |limit: i64| u64::try_from(limit).unwrap_or(u64::MAX);
    let parts = if options.maxparts > 0 { i64::from(options.maxparts) } else { -1 };
    Bounds { frame: bound(options.maxmsgsize), message: bound(options.maxmultipart), parts: bound(parts) }
}
