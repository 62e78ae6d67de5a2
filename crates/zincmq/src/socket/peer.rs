//! One peer of a socket: this side's ends of its pipe.

use crate::command::{Attach, EndpointId, PipeId, ToIo};
use crate::engine::Connection;
use crate::message::{Frame, Message, PeerInfo};
use crate::option::Options;
use crate::pattern::contract::{PeerId, Refused};
use crate::socket::lead::Lead;
use crate::socket::pacing::Pacing;
use crate::socket::read_spin::ReadSpin;
use crate::socket::run::Run;
use crate::socket::streaming::Streaming;
use crate::socket::throttle::Throttle;
use crate::stats::PeerStats;
use crate::trace::event;
use queue::{Body, Inbox, Part, Reader, Writer};
use std::sync::Arc;

/// See the module.
#[derive(Debug)]
pub(crate) struct Peer {
    pub(super) pipe: PipeId,
    pub(crate) endpoint: EndpointId,
    pub(super) writer: Writer,
    pub(super) reader: Reader,
    /// Nothing more can be sent to it.
    closing: bool,
    dropped: u64,
    /// Messages from it that the pattern had no use for.
    pub(super) discarded: u64,
    /// Messages and bytes written before the outbound half began anew, if it did.
    before: Option<Box<(u64, u64)>>,
    pub(super) io: Option<Arc<Inbox<ToIo>>>,
    pub(super) connection: Option<Arc<Connection>>,
    /// The connection's properties, for anything that comes before its first message.
    pub(super) info: Option<Arc<PeerInfo>>,
    /// The last message to an inproc peer; empty: none.
    pub(super) disconnect_msg: Box<[u8]>,
    throttle: Throttle,
    spin: ReadSpin,
    pub(super) streaming: Streaming,
    pub(super) pacing: Pacing,
    pub(super) lead: Lead,
    pub(super) run: Run,
    /// The next call goes on reading from it.
    pub(super) deferred: bool,
}

impl Peer {
    /// This side's ends, with the high-water marks as they are now; the segments it writes are of `class` at most.
    pub(super) fn new(attach: Attach, options: &Options, class: usize) -> Self {
        let Attach { pipe, endpoint, ends, io, connection, disconnect_msg, .. } = attach;
        let mut peer = Self {
            pipe,
            endpoint,
            writer: ends.writer,
            reader: ends.reader,
            closing: false,
            dropped: 0,
            discarded: 0,
            before: None,
            io,
            info: connection.as_ref().map(|connection| connection.info.clone()),
            connection,
            disconnect_msg: disconnect_msg.into(),
            throttle: Throttle::default(),
            spin: ReadSpin::default(),
            streaming: Streaming::default(),
            pacing: Pacing::default(),
            lead: Lead::default(),
            run: Run::default(),
            deferred: false,
        };
        peer.set_high_water(options);
        if peer.io.is_none() {
            peer.writer.serve_process();
        }
        peer.writer.set_largest_class(class);
        peer
    }

    pub(super) fn set_high_water(&mut self, options: &Options) {
        self.writer.set_high_water(options.sndhwm.max(0) as u32);
        self.reader.set_high_water(options.rcvhwm.max(0) as u32);
    }

    /// The outbound half begins anew for another connection.
    pub(crate) fn replace_writer(
        &mut self,
        writer: Writer,
        inbox: &Arc<Inbox<crate::command::ToSocket>>,
        id: PeerId,
    ) {
        writer.attach(inbox.clone(), id.0);
        self.before = Some(Box::new(self.written()));
        self.writer = writer;
        self.streaming = Streaming::default();
    }

    /// Nothing more can be sent to it. Returns whether that is new.
    pub(crate) fn set_closing(&mut self) -> bool {
        if let Some(connection) = self.connection.take() {
            connection.release_inbound();
            connection.end_stream();
        }
        !std::mem::replace(&mut self.closing, true)
    }

    /// It has no room for a message, and loses it. The log hears of the first, and each time that their number has doubled.
    pub(super) fn lose(&mut self, (socket, id): (&str, u64)) {
        self.dropped += 1;
        if self.dropped.is_power_of_two() {
            let endpoint = self.connection.as_ref().map_or("", |connection| &connection.name);
            event!(
                INFO,
                "drop",
                "messages for a full peer are lost",
                socket = socket,
                id = id,
                endpoint = endpoint,
                messages = self.dropped,
            );
        }
    }

    /// Takes the reader's cursor back after an activation. Returns whether there is something to do.
    pub(crate) fn resume(&mut self) {
        self.reader.resume();
    }

    /// Puts the reader to rest if nothing is there: whether something is.
    pub(crate) fn look(&mut self) -> bool {
        self.is_ready() || self.settle(false) != Ok(false)
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.reader.has_ended()
    }

    /// Messages and bytes written to it so far.
    fn written(&self) -> (u64, u64) {
        let (messages, bytes) = self.before.as_deref().copied().unwrap_or_default();
        (messages + self.writer.written(), bytes + self.writer.gauge().bytes())
    }

    pub(super) fn stats(&self, endpoint: String) -> PeerStats {
        let (sent, sent_bytes) = self.written();
        PeerStats {
            endpoint,
            sent,
            received: self.reader.read() - self.discarded,
            sent_bytes,
            received_bytes: self.reader.gauge().bytes(),
            dropped_full: self.dropped,
            discarded: self.discarded,
            conflated: self.writer.replaced() + self.reader.replaced(),
            queued_out: self.writer.queued(),
            queued_in: self.reader.backlog().messages,
        }
    }

    #[inline]
    pub(super) fn takes_nothing(&self) -> bool {
        self.closing || self.writer.is_gone()
    }

    #[inline(always)]
    pub(super) fn accepts(&mut self) -> Result<(), Refused> {
        if self.takes_nothing() {
            Err(Refused::Gone)
        } else if self.writer.has_room() || self.writer.await_room() {
            Ok(())
        } else {
            Err(Refused::Full)
        }
    }

    /// Whether its room is not to be noticed yet, where that is done lazily.
    pub(super) fn is_reluctant(&mut self) -> bool {
        self.throttle.holds_back(&mut self.writer)
    }

    /// Appends the message at the head to `into`. Returns whether there was one.
    #[inline(always)]
    pub(super) fn take(&mut self, into: &mut Message) -> bool {
        match self.reader.take_short() {
            Some(bytes) => {
                into.slot().fill(bytes);
                into.set_source(self.reader.peer());
                true
            }
            None => self.take_parts(into),
        }
    }

    /// As [`Peer::take`], whatever the parts are.
    fn take_parts(&mut self, into: &mut Message) -> bool {
        let mut any = false;
        while let Some(frame) = self.reader.take() {
            any = true;
            let place = into.slot();
            match frame.body {
                Body::Copy(bytes) => place.fill(bytes),
                Body::Slice(slice) => *place = Frame::from_slice(slice),
                Body::Shared(bytes) => *place = Frame::kept(bytes),
                Body::Common(common) => *place = Frame::from_common(common),
            }
            if !frame.more {
                break;
            }
        }
        if any {
            into.set_source(self.reader.peer());
        }
        any
    }

    /// Removes the frame at the head. Returns the size of its body, and whether more of its message follow.
    pub(super) fn skip_frame(&mut self) -> (usize, bool) {
        self.reader.take().map_or((0, false), |frame| (frame.body.as_ref().len(), frame.more))
    }

    /// As [`Peer::skip_frame`], where nobody has looked at the message, or has found no use for it.
    pub(super) fn discard_frame(&mut self) -> (usize, bool) {
        let before = self.reader.read();
        let skipped = self.skip_frame();
        self.discarded += self.reader.read() - before;
        skipped
    }

    /// Writes the message that is not published yet, if the other end is a connection that takes it. Returns `false` if that is left
    /// to be done.
    pub(super) fn write_past(&mut self, write: impl FnOnce(&Connection, &mut Writer) -> bool) -> bool {
        let Self { connection, writer, .. } = self;
        connection.as_ref().is_some_and(|connection| write(connection, writer))
    }

    #[inline]
    pub(super) fn publish(&mut self) {
        if self.writer.publish() {
            self.wake();
        }
    }

    /// The reader sleeps: this thread writes in its place, if it has just read, or wakes it.
    #[cold]
    pub(super) fn wake(&self) {
        if !self.connection.as_ref().is_some_and(|connection| connection.answer()) {
            self.writer.wake();
        }
    }

    /// Whether a message is there.
    #[inline(always)]
    pub(super) fn is_ready(&mut self) -> bool {
        self.reader.is_ready()
    }

    /// No message is there: whether one comes in a moment of patience, or is found after all; otherwise the reader rests. `Err`:
    /// the end.
    #[inline]
    pub(super) fn settle(&mut self, patient: bool) -> Result<bool, ()> {
        // One that rests is woken for whatever comes, the end among it.
        if self.reader.is_parked() && !self.reader.has_look() { Ok(false) } else { self.go_to_rest(patient) }
    }

    fn go_to_rest(&mut self, patient: bool) -> Result<bool, ()> {
        if self.read_on() {
            return Ok(true);
        }
        // Nobody else brings anything while this thread hears from the descriptor.
        let listened_to = self.connection.as_ref().is_some_and(|connection| connection.is_listened_to());
        if patient && !listened_to && !self.reader.is_parked() && self.spin.finds(&mut self.reader) {
            return Ok(true);
        }
        loop {
            if self.reader.park() && !self.reader.has_look() {
                return Ok(false);
            }
            if self.reader.is_ready() || self.read_on() {
                return Ok(true);
            }
            if self.reader.has_ended() {
                return Err(());
            }
        }
    }

    /// Has the connection read on where it stopped at the mark, now that everything is read. Returns whether that brought
    /// a message.
    #[inline]
    fn read_on(&mut self) -> bool {
        self.reader.takes_look() && self.makes_read_on()
    }

    #[cold]
    fn makes_read_on(&mut self) -> bool {
        if let Some(connection) = &self.connection {
            connection.read_on();
        }
        self.reader.resume();
        self.reader.is_ready()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        if !self.disconnect_msg.is_empty() && !self.writer.is_gone() {
            self.writer.write(&[], &[Part::Slice(&self.disconnect_msg)]);
            self.publish();
        }
    }
}
