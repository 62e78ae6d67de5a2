//! The way in: from the kernel to the pipe.

use crate::engine::contract::{End, Rest, SCRATCH, SHORT, TURN, Transcode};
use crate::engine::encrypted::Boxes;
use crate::engine::heartbeat::Heartbeat;
use crate::engine::outbound::Outbound;
use queue::{Filler, Kind, Refusal, Unopened, Walk};
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::BorrowedFd;
use std::time::Instant;
use zmtp::Command;

/// So many commands are dealt with in one turn: some 20 us, as long as a small read and write take.
const COMMANDS: u32 = 256;

/// See the module.
#[derive(Debug)]
pub(super) struct Inbound {
    pub(super) filler: Filler,
    /// Opens what arrives, where that is boxes.
    boxes: Option<Box<Boxes>>,
    pub(super) heartbeat: Heartbeat,
    /// Received bytes that the transcoder has not done with.
    scratch: Vec<u8>,
    pub(super) may_read: bool,
    /// The kernel has said that the peer writes no more: read to the end.
    hung_up: bool,
    /// Why nothing can be written any more. Bytes that the peer has sent can still be read; its end will show there.
    pub(super) broken: Option<io::Error>,
    /// An end may have been overlooked: read until the kernel says that there is no more.
    thorough: bool,
    /// The pipe is at its high-water mark.
    pub(super) full: bool,
    /// The turn was over before everything received was walked over.
    pub(super) cut_short: bool,
    /// The reader's own thread reads: it need not be woken.
    for_reader: bool,
    /// Nevertheless the reader slept, and is awake from now on.
    woke: bool,
    reads_subscriptions: bool,
}

impl Inbound {
    pub(super) fn new(
        mut filler: Filler,
        boxes: Option<Box<Boxes>>,
        heartbeat: Heartbeat,
        reads_subscriptions: bool,
    ) -> Self {
        if boxes.is_some() {
            filler.expect_boxes();
        }
        Self {
            filler,
            boxes,
            heartbeat,
            scratch: Vec::new(),
            may_read: true,
            hung_up: false,
            broken: None,
            thorough: false,
            full: false,
            cut_short: false,
            for_reader: false,
            woke: false,
            reads_subscriptions,
        }
    }

    /// Takes in the bytes that came with the handshake. `decodes`: the transcoder reads.
    pub(super) fn preload(&mut self, received: &[u8], decodes: bool) {
        if decodes {
            self.scratch = received.to_vec();
        } else {
            self.filler.preload(received);
        }
    }

    /// The descriptor has something to read, or an end.
    pub(super) fn readable(&mut self, hung_up: bool) {
        self.may_read = true;
        self.hung_up |= hung_up;
    }

    /// Nothing can be written any more.
    pub(super) fn break_off(&mut self, error: io::Error) {
        self.readable(true);
        self.broken = Some(error);
    }

    /// Something has happened, it is not known what: everything is tried.
    pub(super) fn recheck(&mut self) {
        self.full = false;
        self.may_read = true;
        self.thorough = true;
    }

    /// Whether the peer has closed, and has sent more than the pipe takes: its end shows when the reader has made room.
    pub(super) fn is_stuck(&self) -> bool {
        self.hung_up && self.full
    }

    /// Reads until the kernel has no more, the pipe is full or the turn is over.
    pub(super) fn read(
        &mut self,
        from: BorrowedFd<'_>,
        outbound: &mut Outbound,
        transcoder: &mut Option<Box<dyn Transcode>>,
    ) -> Result<Rest, End> {
        if let Some(transcoder) = transcoder.as_mut().filter(|transcoder| transcoder.decodes()) {
            return self.read_transcoded(from, transcoder.as_mut());
        }
        let (mut moved, mut commands) = (0, 0);
        // Bytes that were received before the pipe was full, or came with the handshake, are walked first.
        if !self.full && !self.filler.is_clean() && self.walk(outbound, &mut commands)? == Rest::Busy {
            return Ok(Rest::Busy);
        }
        while self.may_read && !self.full {
            let (body, before) = (self.filler.body_under_way(), self.filler.writer().written());
            match self.filler.read_from(from) {
                Ok((0, _)) => return Err(End::Eof),
                Ok((read, all)) => {
                    self.heartbeat.received(Instant::now);
                    self.may_read = all || self.hung_up || self.thorough;
                    if self.walk(outbound, &mut commands)? == Rest::Busy {
                        return Ok(Rest::Busy);
                    }
                    moved += read;
                    // The body that follows can have the memory of this one, which is warm, once it is done with.
                    if self.for_reader && body >= TURN && self.filler.writer().written() != before {
                        return Ok(Rest::Busy);
                    }
                }
                Err(error) => self.read_failed(error)?,
            }
            if moved >= TURN {
                return Ok(Rest::Busy);
            }
        }
        Ok(Rest::Quiet)
    }

    /// As [`Inbound::read`], for the reader's own thread: at the high-water mark it need not be told of room.
    pub(super) fn read_for_reader(
        &mut self,
        from: BorrowedFd<'_>,
        outbound: &mut Outbound,
        transcoder: &mut Option<Box<dyn Transcode>>,
    ) -> Result<Rest, End> {
        self.full = false;
        self.for_reader = true;
        let result = self.read(from, outbound, transcoder);
        self.for_reader = false;
        result
    }

    /// Whether the reader, whose own thread has read, slept: it is awake now.
    pub(super) fn has_woken_reader(&mut self) -> bool {
        std::mem::take(&mut self.woke)
    }

    fn read_failed(&mut self, error: io::Error) -> Result<(), End> {
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
    fn walk(&mut self, outbound: &mut Outbound, commands: &mut u32) -> Result<Rest, End> {
        self.cut_short = false;
        loop {
            let found = match self.filler.walk() {
                Ok(Walk::Dry) => match self.open() {
                    Ok(Some(found)) => found,
                    Ok(None) => continue,
                    Err(end) => {
                        self.publish();
                        return Err(end);
                    }
                },
                Ok(found) => found,
                Err(refusal) => {
                    self.publish();
                    return Err(refused(&refusal));
                }
            };
            match found {
                Walk::Dry => break,
                Walk::Command if *commands == COMMANDS => {
                    self.cut_short = true;
                    break;
                }
                Walk::Command => {
                    *commands += 1;
                    self.command(outbound);
                }
                Walk::Full => {
                    self.publish();
                    if !self.await_room() {
                        self.full = true;
                        return Ok(Rest::Quiet);
                    }
                }
            }
        }
        self.publish();
        Ok(if self.cut_short { Rest::Busy } else { Rest::Quiet })
    }

    /// Opens the boxes that have arrived. `None`: there is more to walk over.
    fn open(&mut self) -> Result<Option<Walk>, End> {
        let Some(boxes) = &mut self.boxes else { return Ok(Some(Walk::Dry)) };
        self.filler.open(&mut **boxes).map_err(|unopened| match unopened {
            Unopened::Refused(refusal) => refused(&refusal),
            Unopened::Failed(error) => End::Protocol(error),
        })
    }

    /// Whether there is room for another message. If there is none, the reader tells when there is; where it has soon read
    /// all, it goes on by itself ([`Engine::read_on`](super::Engine::read_on)): waking the I/O thread would take longer.
    fn await_room(&mut self) -> bool {
        let writer = self.filler.writer();
        if self.for_reader || writer.is_short(SHORT) { writer.stop() } else { writer.await_room() }
    }

    fn publish(&mut self) {
        if self.filler.publish() {
            if self.for_reader {
                self.woke = true;
            } else {
                self.filler.wake();
            }
        }
    }

    /// Deals with the command at the walk. Unknown and malformed ones are nothing, as in libzmq.
    fn command(&mut self, outbound: &mut Outbound) {
        let body = self.filler.command();
        let subscription = match Command::parse(body) {
            Command::Subscribe(topic) => Some((Kind::Subscribe, body.len() - topic.len())),
            Command::Cancel(topic) => Some((Kind::Cancel, body.len() - topic.len())),
            Command::Ping { ttl, context } => {
                outbound.answer(context);
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

    fn read_transcoded(&mut self, from: BorrowedFd<'_>, transcoder: &mut dyn Transcode) -> Result<Rest, End> {
        let mut moved = 0;
        loop {
            if !self.full && !self.scratch.is_empty() {
                self.decode(transcoder)?;
            }
            if !self.may_read || self.full {
                return Ok(Rest::Quiet);
            }
            let before = self.scratch.len();
            self.scratch.try_reserve(SCRATCH).map_err(|_| End::NoMemory)?;
            self.scratch.resize(before + SCRATCH, 0);
            let received = rustix::io::read(from, &mut self.scratch[before..]);
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

    fn decode(&mut self, transcoder: &mut dyn Transcode) -> Result<(), End> {
        let writer = self.filler.writer();
        let decoded = transcoder.decode(&self.scratch, writer);
        let full = !writer.has_room() && !writer.await_room();
        self.filler.resync();
        self.publish();
        self.scratch.drain(..decoded?);
        self.full = full;
        Ok(())
    }

    /// Reads what is there, for nobody. Inlined, it would have its caller touch each page of the room on the stack in any case.
    #[cold]
    #[inline(never)]
    pub(super) fn discard(&mut self, from: BorrowedFd<'_>) -> Result<Rest, End> {
        let mut scratch = [MaybeUninit::uninit(); SCRATCH];
        let mut moved = 0;
        while self.may_read {
            match sys::receive(from, &mut scratch, &mut []) {
                Ok(0) => return Err(End::Eof),
                Ok(read) => {
                    self.heartbeat.received(Instant::now);
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

    /// The pipe's end, for the next connection. Boxes that have come whole and waited for room come through, as other
    /// messages do.
    pub(super) fn dismantle(mut self) -> Filler {
        if let Some(boxes) = &mut self.boxes {
            self.filler.open_rest(&mut **boxes);
        }
        self.filler
    }

    /// Gives memory back that an idle connection holds. Returns whether anything is still held.
    pub(super) fn sweep(&mut self) -> bool {
        if self.scratch.is_empty() {
            self.scratch = Vec::new();
        }
        self.filler.sweep()
    }
}

/// The end that the walk's refusal is.
fn refused(refusal: &Refusal) -> End {
    match refusal {
        Refusal::NoReply => End::NoReply,
        Refusal::NoMemory(_) => End::NoMemory,
        _ => End::TooLarge,
    }
}
