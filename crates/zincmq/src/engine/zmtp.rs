//! The engine: whole segments to the descriptor, the descriptor into segments.
//!
//! Outbound, a connection of ZMTP 2.0 to 3.1 gets the pipe's bytes as they are; other encodings are written by
//! a [`Transcode`]. Inbound, the walk hops from header to header. The I/O thread calls [`Engine::turn`]; callers of the
//! socket have smaller calls of their own, through a [`Connection`](super::Connection).

use crate::engine::contract::{End, Rest, SHORT, Transcode, Written};
use crate::engine::encrypted::Boxes;
use crate::engine::heartbeat::{Heartbeat, HeartbeatConfig, Silent};
use crate::engine::inbound::Inbound;
use crate::engine::leave::Leaving;
use crate::engine::low_water::LowWater;
use crate::engine::outbound::Outbound;
use crate::option::Options;
use crate::socket_type::SocketType;
use queue::{Backlog, Bounds, Drain, Filler, Milestone, Part, Writer};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// All that a new engine needs.
#[derive(Debug)]
pub(crate) struct Setup {
    pub(crate) descriptor: Arc<OwnedFd>,
    pub(crate) drain: Drain,
    pub(crate) filler: Filler,
    pub(crate) transcoder: Option<Box<dyn Transcode>>,
    /// Opens what arrives, where that is boxes.
    pub(crate) boxes: Option<Box<Boxes>>,
    pub(crate) socket_type: SocketType,
    pub(crate) heartbeat: HeartbeatConfig,
}

/// One open connection past its handshake.
#[derive(Debug)]
pub(crate) struct Engine {
    descriptor: Arc<OwnedFd>,
    /// Translates where the connection has another encoding than the pipe.
    transcoder: Option<Box<dyn Transcode>>,
    outbound: Outbound,
    inbound: Inbound,
    low_water: LowWater,
    /// When a caller has read last, by the clock's ticks.
    read_at: u64,
    /// None before a writer writes its stream.
    stream: Option<Box<Stream>>,
    /// Everything is written, and the peer knows that there is no more.
    leaving: Option<Box<Leaving>>,
}

/// When a writer has written its stream last, and how long after the time before.
#[derive(Debug)]
struct Stream {
    at: Instant,
    gap: Duration,
}

impl Engine {
    /// An engine that sends `unsent` first and has received `received` already.
    pub(crate) fn new(setup: Setup, unsent: Vec<u8>, received: &[u8]) -> Self {
        let now = Instant::now();
        let heartbeat = Heartbeat::new(setup.heartbeat, now);
        let mut inbound =
            Inbound::new(setup.filler, setup.boxes, heartbeat, setup.socket_type.profile().publishes);
        inbound.preload(received, setup.transcoder.as_ref().is_some_and(|transcoder| transcoder.decodes()));
        Self {
            descriptor: setup.descriptor,
            transcoder: setup.transcoder,
            outbound: Outbound::new(setup.drain, unsent),
            inbound,
            low_water: LowWater::Unknown,
            read_at: 0,
            stream: None,
            leaving: None,
        }
    }

    /// The pipe's ends, for the next connection or for nobody.
    pub(crate) fn dismantle(self) -> (Drain, Filler) {
        (self.outbound.dismantle(), self.inbound.dismantle())
    }

    /// The descriptor has something to read, or an end.
    pub(crate) fn readable(&mut self, hung_up: bool) {
        self.inbound.readable(hung_up);
    }

    /// The descriptor takes bytes again.
    pub(crate) fn writable(&mut self) {
        if self.inbound.broken.is_none() {
            self.outbound.make_writable();
        }
    }

    /// Something has happened, it is not known what: everything is tried.
    pub(crate) fn recheck(&mut self) {
        self.resume();
        self.writable();
        self.inbound.recheck();
    }

    /// The outbound pipe has something.
    pub(crate) fn resume(&mut self) {
        self.outbound.resume();
    }

    /// The inbound pipe has room again.
    pub(crate) fn make_room(&mut self) {
        self.inbound.full = false;
    }

    /// Moves what can be moved, within one turn; writes only if no writer `streams`: such a writer writes itself.
    ///
    /// # Errors
    /// [`End`]: the connection is over.
    pub(crate) fn turn(&mut self, streams: bool) -> Result<Rest, End> {
        self.outbound.drain.drop_bodies();
        while !self.is_leaving() {
            let wrote = if streams { Rest::Quiet } else { self.write() };
            let read = self.read()?;
            let over = !streams && !self.outbound.has_output();
            if over && self.outbound.drain.frames().has_ended() {
                break;
            }
            if wrote == Rest::Busy || read == Rest::Busy {
                return Ok(Rest::Busy);
            }
            if streams {
                return Ok(Rest::Quiet);
            }
            if !over {
                if self.outbound.may_write() {
                    continue;
                }
                return Ok(Rest::Quiet);
            }
            if self.outbound.drain.park() {
                return Ok(Rest::Quiet);
            }
        }
        self.leave()
    }

    /// Everything is written: a turn on the way to the end.
    fn leave(&mut self) -> Result<Rest, End> {
        let mut rest = Rest::Quiet;
        if self.is_leaving() {
            self.recheck();
            // However the connection ends now, it is the end that was wanted.
            rest = self.read().map_err(|_| End::Flushed)?;
        }
        self.leaving = Some(Leaving::step(self.leaving.take(), self.descriptor.as_fd())?);
        Ok(rest)
    }

    /// Whether this side has closed and waits for the peer to get everything.
    pub(crate) fn is_leaving(&self) -> bool {
        self.leaving.is_some()
    }

    /// The messages that have not gone out whole, and the bytes that wait beside them, with this side or in the kernel.
    pub(crate) fn unsent(&mut self) -> Backlog {
        let Backlog { messages, bytes } = self.outbound.unsent();
        let on_their_way = if self.is_leaving() { sys::unsent(self.descriptor.as_fd()) as u64 } else { 0 };
        Backlog { messages, bytes: bytes + on_their_way }
    }

    /// Whether the peer has closed, and has sent more than the pipe takes: its end shows when the reader has made room.
    pub(crate) fn is_stuck(&self) -> bool {
        self.inbound.is_stuck()
    }

    /// Messages received so far.
    pub(crate) fn received(&mut self) -> u64 {
        self.inbound.filler.writer().written()
    }

    /// How far the walk over what was received has come.
    pub(crate) fn position(&self) -> u64 {
        self.inbound.filler.position()
    }

    /// Reads for the reader's own thread, which has heard that there is something. Returns whether that was much: a large
    /// body is under way, or the turn is over.
    ///
    /// # Errors
    /// [`End`], which the I/O thread will come upon again.
    pub(crate) fn read_for_reader(&mut self) -> Result<bool, End> {
        self.inbound.may_read = true;
        self.read_at = sys::coarse_time();
        let rest = self.read_as(true)?;
        // Whoever watches the time wants to see each byte.
        let missing = if self.has_heartbeats() { 0 } else { self.inbound.filler.missing() };
        self.low_water.expect(self.descriptor.as_fd(), missing);
        Ok(rest == Rest::Busy || self.inbound.filler.body_under_way() > 0)
    }

    /// Reads on for the reader's own thread, which has read all, where the high-water mark stopped the engine.
    ///
    /// # Errors
    /// [`End`], which the I/O thread will come upon again.
    pub(crate) fn read_on(&mut self) -> Result<Rest, End> {
        if !self.inbound.full {
            return Ok(Rest::Quiet);
        }
        self.low_water.expect(self.descriptor.as_fd(), 0);
        self.read_as(true)
    }

    /// Whether the reader slept when its own thread read: it is awake now, and that thread's to resume.
    pub(crate) fn has_woken_reader(&mut self) -> bool {
        self.inbound.has_woken_reader()
    }

    /// Writes for a caller that has just read. Returns whether everything is written and the pipe rests again.
    pub(crate) fn answer(&mut self) -> bool {
        self.may_answer() && {
            self.resume();
            self.write_all()
        }
    }

    /// As [`Engine::answer`], for a message that the pipe's writer has not published, and which need not pass the pipe.
    pub(crate) fn answer_at_once(&mut self, writer: &mut Writer) -> bool {
        let may = self.may_answer();
        if may && let Some(whole) = self.write_lone(writer) {
            return whole;
        }
        _ = writer.publish();
        self.resume();
        may && self.write_all()
    }

    /// Writes a message that the pipe's writer has not published past the pipe. Returns whether all of it; `None`: nothing has
    /// happened.
    pub(crate) fn write_lone(&mut self, writer: &mut Writer) -> Option<bool> {
        if self.translates() {
            return None;
        }
        self.resume();
        self.outbound.send_unpublished(self.descriptor.as_fd(), writer)
    }

    /// After a while the peer may have closed: bytes written then would be lost.
    fn may_answer(&mut self) -> bool {
        if self.read_at == sys::coarse_time() {
            return true;
        }
        self.inbound.may_read = true;
        self.read().is_ok()
    }

    /// Writes for a caller. Returns whether everything is written and the pipe rests again.
    fn write_all(&mut self) -> bool {
        self.outbound.may_write()
            && self.write() == Rest::Quiet
            && !self.outbound.has_output()
            && self.outbound.drain.park()
    }

    /// Writes what is left of a stream, for its writer. Returns as [`Engine::write_all`].
    pub(crate) fn end_stream(&mut self) -> bool {
        // As below.
        self.outbound.drain.keep_bodies();
        let all = self.write_all();
        !self.keeps_bodies() && all
    }

    /// Whether bodies wait for the I/O thread to let go of them; if not, no more are kept.
    fn keeps_bodies(&mut self) -> bool {
        let keeps = self.outbound.drain.keeps_bodies();
        if !keeps {
            self.outbound.drain.drop_bodies();
        }
        keeps
    }

    /// Writes what is queued of a stream, for its writer. Returns whether that was anything, and whether it was all.
    pub(crate) fn write_stream(&mut self, milestone: Milestone) -> (bool, bool) {
        self.resume();
        let drain = &mut self.outbound.drain;
        // The application may be called when a body that goes by reference is done with: not within its own call.
        if drain.has_bodies() {
            return (false, false);
        }
        drain.pass_on(milestone);
        let now = Instant::now();
        let stream = self.stream.get_or_insert_with(|| Box::new(Stream { at: now, gap: Duration::MAX }));
        if stream.at < now {
            stream.gap = now - std::mem::replace(&mut stream.at, now);
        }
        let before = drain.frames().passed();
        let all = self.write() == Rest::Quiet && !self.is_blocked();
        (self.outbound.drain.frames().passed() != before, all)
    }

    /// As [`Engine::write_stream`], for a writer that waits for the kernel.
    pub(crate) fn write_segments(&mut self, milestone: Milestone) -> Written {
        self.outbound.make_writable();
        let (wrote, all) = self.write_stream(milestone);
        match all {
            _ if self.inbound.broken.is_some() => Written::Not,
            true => Written::All,
            false if wrote || self.is_blocked() => Written::Part,
            false => Written::Not,
        }
    }

    /// When a stream is over if its writer, which wrote last at some time, has not written for so long: `pause` at least,
    /// `longest` at most. A writer with many peers comes back to each after a while, so it has four times the time that it took
    /// before.
    pub(crate) fn stream_lasts(&self, pause: Duration, longest: Duration) -> Option<Instant> {
        let &Stream { at, gap } = self.stream.as_deref()?;
        let round = if gap < longest { gap * 4 } else { pause };
        Some(at + round.clamp(pause, longest))
    }

    /// As [`Outbound::write_through`], for the pipe's writer.
    pub(crate) fn write_through(&mut self, writer: &mut Writer, body: &Part<'_>) -> Option<bool> {
        self.resume();
        self.outbound.write_through(self.descriptor.as_fd(), writer, body)
    }

    /// Writes what is queued, as far as the kernel takes it, for the sender of a large message. With `lends`, bodies that are done
    /// with are left to the I/O thread, since their owners may be called; returns whether it has to be told.
    pub(crate) fn write_large(&mut self, lends: bool) -> (Written, bool) {
        self.outbound.make_writable();
        self.resume();
        if lends {
            self.outbound.drain.keep_bodies();
        }
        let rest = self.write();
        let written =
            if self.outbound.may_write() && !self.outbound.has_output() && self.outbound.drain.park() {
                Written::All
            } else if self.inbound.broken.is_none() && (rest == Rest::Busy || self.is_blocked()) {
                Written::Part
            } else {
                Written::Not
            };
        (written, lends && self.keeps_bodies())
    }

    /// Writes what is queued, as far as the kernel takes it, for a writer that would lose a message otherwise. Returns whether
    /// the I/O thread has something to do then.
    pub(crate) fn relieve(&mut self, milestone: Milestone) -> bool {
        if !self.outbound.may_write() || (self.translates() && self.outbound.drain.has_bodies()) {
            return false;
        }
        self.resume();
        if !self.translates() {
            self.outbound.drain.pass_on(milestone);
        }
        self.outbound.drain.keep_bodies();
        // An error shows again in the I/O thread's turn.
        let rest = self.write();
        self.keeps_bodies() || rest == Rest::Busy || !self.outbound.may_write()
    }

    /// Whether there is something to write that the kernel does not take now.
    pub(crate) fn is_blocked(&self) -> bool {
        !self.outbound.may_write() && self.outbound.has_output()
    }

    /// Whether the connection has another encoding than the pipe.
    pub(super) fn translates(&self) -> bool {
        self.transcoder.is_some()
    }

    /// Whether something is left for the I/O thread to write, unless all of it is `written` or will be, or to walk over.
    pub(super) fn owes_turn(&self, written: bool) -> bool {
        (!written && self.outbound.has_output()) || self.inbound.cut_short
    }

    /// Whether heartbeats are under way, so that the peer or this side may take silence for an end.
    pub(crate) fn has_heartbeats(&self) -> bool {
        self.inbound.heartbeat.is_in_use()
    }

    /// Writes until the kernel takes no more, nothing is left or the turn is over.
    pub(super) fn write(&mut self) -> Rest {
        let written = self.outbound.write(self.descriptor.as_fd(), &mut self.transcoder);
        written.unwrap_or_else(|error| {
            // Bytes that the peer has sent can still be read.
            self.inbound.break_off(error);
            Rest::Quiet
        })
    }

    /// Reads until the kernel has no more, the pipe is full or the turn is over.
    fn read(&mut self) -> Result<Rest, End> {
        self.low_water.expect(self.descriptor.as_fd(), 0);
        self.read_as(false)
    }

    fn read_as(&mut self, reader: bool) -> Result<Rest, End> {
        if !self.is_deaf() {
            let Self { inbound, outbound, transcoder, .. } = self;
            let from = self.descriptor.as_fd();
            let rest = if reader {
                inbound.read_for_reader(from, outbound, transcoder)
            } else {
                inbound.read(from, outbound, transcoder)
            }?;
            if rest == Rest::Busy || !self.is_deaf() {
                return Ok(rest);
            }
        }
        self.inbound.discard(self.descriptor.as_fd())
    }

    /// Whether nobody will have what is read: the socket has closed its end, and either nothing can be answered to the
    /// peer, or more waits already than somebody would read.
    fn is_deaf(&mut self) -> bool {
        let inbound = &mut self.inbound;
        let writer = inbound.filler.writer();
        writer.is_gone()
            && (inbound.full || self.leaving.is_some() || inbound.broken.is_some() || !writer.is_short(SHORT))
    }

    /// When heartbeats need attention next.
    pub(crate) fn next_beat(&self) -> Option<Instant> {
        if self.is_leaving() { None } else { self.inbound.heartbeat.next() }
    }

    /// Sends PING where one is due.
    ///
    /// # Errors
    /// [`End::Silent`] if the peer has been silent for too long.
    pub(crate) fn beat(&mut self, now: Instant) -> Result<(), End> {
        if self.inbound.full || self.is_leaving() {
            self.inbound.heartbeat.excuse(now);
        }
        if let Some(ttl) = self.inbound.heartbeat.beat(now).map_err(|Silent| End::Silent)? {
            self.outbound.ping(ttl);
        }
        Ok(())
    }

    /// Gives memory back that an idle connection holds. Returns whether anything is still held.
    pub(crate) fn sweep(&mut self) -> bool {
        self.outbound.sweep();
        self.inbound.sweep()
    }
}

/// The bounds that the walk enforces.
pub(crate) fn bounds(options: &Options) -> Bounds {
    let bound = |limit: i64| u64::try_from(limit).unwrap_or(u64::MAX);
    let parts = if options.maxparts > 0 { i64::from(options.maxparts) } else { -1 };
    Bounds { frame: bound(options.maxmsgsize), message: bound(options.maxmultipart), parts: bound(parts) }
}
