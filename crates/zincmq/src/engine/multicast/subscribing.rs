//! From the datagrams of all sources of a group into the pipe.

use super::contract::{BATCH, Emit, TURN, datagram};
use super::settings;
use crate::engine::contract::Rest;
use crate::engine::zmtp::bounds;
use crate::monitor::EventKind;
use crate::option::Options;
use crate::stats::{MulticastSource, MulticastStats};
use crate::transport::multicast::Port;
use pgm::{ConfigError, Event, Flow, Packet, Receiver, SourceId};
use queue::{Bounds, Part, Writer};
use std::collections::HashMap;
use std::io;
use std::time::Instant;
use zmtp::datagram::{self as stream, Deframer, Limits};

/// The most bytes of messages that are not complete, of all sources together: a source that exceeds it loses its own.
const INCOMPLETE: usize = 256 << 20;
/// Messages of so many parts are written without an allocation.
const FEW: usize = 8;

/// See the module.
#[derive(Debug)]
pub(super) struct Subscribing {
    receiver: Receiver,
    inlet: Inlet,
    /// The kernel may take datagrams.
    may_write: bool,
    /// The kernel may have datagrams.
    may_read: bool,
}

/// The way of the messages of all sources into the pipe.
#[derive(Debug)]
struct Inlet {
    scheme: &'static str,
    streams: HashMap<SourceId, Stream>,
    bounds: Bounds,
    /// The pipe is full, and the receiver pauses.
    full: bool,
    /// The source of which the rest of a datagram waits for room.
    held_up: Option<SourceId>,
    /// Bytes of messages that are not complete, of all sources.
    incomplete: usize,
    /// Datagrams that held no proper stream.
    malformed: u64,
}

/// The messages of one source.
#[derive(Debug)]
struct Stream {
    name: String,
    deframer: Deframer,
}

impl Subscribing {
    pub(super) fn new(port: &Port, options: &Options) -> Result<Self, ConfigError> {
        let receiver = Receiver::new(settings::receiver(port, options));
        let inlet = Inlet {
            scheme: port.scheme(),
            streams: HashMap::new(),
            bounds: bounds(options),
            full: false,
            held_up: None,
            incomplete: 0,
            malformed: 0,
        };
        Ok(Self { receiver, inlet, may_write: true, may_read: true })
    }
}

impl Subscribing {
    pub(super) fn event(&mut self, readable: bool, writable: bool) {
        self.may_read |= readable;
        self.may_write |= writable;
    }

    /// Receives, and asks for what is missing.
    pub(super) fn turn(
        &mut self,
        port: &mut Port,
        writer: &mut Writer,
        now: Instant,
        emit: Emit<'_>,
    ) -> (Rest, Option<Instant>) {
        let Self { receiver, inlet, .. } = self;
        if inlet.go_on(writer) {
            receiver.resume(now, &mut |event| inlet.take(event, writer, emit));
        }
        let mut heard = 0;
        while self.may_read && heard < TURN {
            let each = &mut |from, bytes: &[u8]| match Packet::decode(bytes) {
                Ok(packet) => {
                    receiver.handle(now, from, &packet, &mut |event| inlet.take(event, writer, emit))
                }
                Err(_) => inlet.malformed += 1,
            };
            match port.receive(each) {
                Ok(count) => heard += count,
                Err(_) => self.may_read = false,
            }
            Inlet::publish(writer);
        }
        receiver.handle_timeout(now, &mut |event| inlet.take(event, writer, emit));
        Inlet::publish(writer);
        self.send(port);
        let rest = if heard < TURN { Rest::Quiet } else { Rest::Busy };
        (rest, self.receiver.next_timeout())
    }

    /// Passes requests to the kernel.
    fn send(&mut self, port: &mut Port) {
        while self.may_write && self.receiver.queued() > 0 {
            let datagrams = (0..BATCH).map_while(|at| self.receiver.peek(at)).map(datagram);
            match port.send(datagrams) {
                Ok(count) => self.receiver.sent(count),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => self.may_write = false,
            }
        }
    }

    pub(super) fn source_count(&self) -> usize {
        self.inlet.streams.len()
    }

    pub(super) fn tell(&self, numbers: &mut MulticastStats) {
        numbers.malformed = self.inlet.malformed;
        let total = self.receiver.statistics().reception;
        numbers.received = total.data;
        numbers.received_bytes = total.bytes;
        numbers.repairs_received = total.repairs;
        numbers.requests_sent = total.naks;
        numbers.lost = total.lost;
        numbers.sources.clear();
        numbers.sources.extend(self.receiver.sources().map(|source| MulticastSource {
            address: source.address,
            session: source.tsi.to_string(),
            trail: source.trail.0,
            lead: source.lead.0,
            received: source.statistics.data,
            received_bytes: source.statistics.bytes,
            repairs: source.statistics.repairs,
            requests: source.statistics.naks,
            missing: source.missing,
            lost: source.statistics.lost,
        }));
    }
}

impl Inlet {
    /// Goes on where the pipe was full. Returns whether it was, and the receiver may go on, too.
    fn go_on(&mut self, writer: &mut Writer) -> bool {
        if !self.full || !has_room(writer) {
            return false;
        }
        self.full = false;
        self.held_up.take().is_none_or(|source| self.feed(source, None, writer) == Flow::Go)
    }

    /// Shows the application what has been written.
    fn publish(writer: &mut Writer) {
        if writer.publish() {
            writer.wake();
        }
    }

    /// Takes what the receiver has for the application.
    fn take(&mut self, event: Event<'_>, writer: &mut Writer, emit: Emit<'_>) -> Flow {
        match event {
            Event::Data { source, payload } => return self.feed(source, Some(payload), writer),
            Event::Joined { source, tsi, address } => {
                let Bounds { frame, message, parts } = self.bounds;
                let name = format!("{}://{address}/{tsi}", self.scheme);
                emit(EventKind::SourceJoined, 0, &name);
                let deframer = Deframer::new(Limits { frame, message, parts });
                self.streams.insert(source, Stream { name, deframer });
            }
            Event::Lost { source, count, .. } => {
                if let Some(stream) = self.streams.get_mut(&source) {
                    self.incomplete -= stream.deframer.held();
                    stream.deframer.gap();
                    self.incomplete += stream.deframer.held();
                    emit(EventKind::Gap, u64::from(count), &stream.name);
                }
            }
            Event::Finished { source } => self.forget(source, EventKind::SourceFinished, emit),
            Event::Gone { source } => self.forget(source, EventKind::SourceGone, emit),
        }
        Flow::Go
    }

    /// Nothing more comes from this source.
    fn forget(&mut self, source: SourceId, why: EventKind, emit: Emit<'_>) {
        if let Some(stream) = self.streams.remove(&source) {
            self.incomplete -= stream.deframer.held();
            emit(why, 0, &stream.name);
        }
    }

    /// Writes the messages that a datagram completes, or those of one that was held up, as far as there is room.
    fn feed(&mut self, source: SourceId, payload: Option<&[u8]>, writer: &mut Writer) -> Flow {
        let Some(stream) = self.streams.get_mut(&source) else { return Flow::Go };
        let deframer = &mut stream.deframer;
        self.incomplete -= deframer.held();
        // Asked once a message: the application may make room at any time, and is to tell only after it was asked.
        let mut room = true;
        let deliver = &mut |parts: &[&[u8]]| {
            room = write(writer, parts);
            if room { stream::Flow::Go } else { stream::Flow::Pause }
        };
        let fed = match payload {
            Some(payload) => deframer.payload(payload, deliver),
            None => deframer.resume(deliver),
        };
        if fed.is_err() {
            self.malformed += 1;
        }
        if self.incomplete + deframer.held() > INCOMPLETE {
            deframer.gap();
            self.malformed += 1;
        }
        self.incomplete += deframer.held();
        if deframer.is_paused() {
            self.held_up = Some(source);
        }
        if room { Flow::Go } else { self.pause() }
    }

    /// Nothing more is taken until the application has made room.
    fn pause(&mut self) -> Flow {
        self.full = true;
        Flow::Pause
    }
}

/// Writes one message. Returns whether there is room for another.
fn write(writer: &mut Writer, parts: &[&[u8]]) -> bool {
    let mut few = [Part::Slice(&[]); FEW];
    // Without memory the message is lost, as others are for which nobody has room.
    _ = match (parts, few.get_mut(..parts.len())) {
        (_, Some(few)) => {
            few.iter_mut().zip(parts).for_each(|(place, part)| *place = Part::Slice(part));
            writer.try_write(few)
        }
        _ => writer.try_write(&parts.iter().map(|part| Part::Slice(part)).collect::<Vec<_>>()),
    };
    has_room(writer)
}

/// Whether the pipe takes another message; if not, the reader will tell when it does.
fn has_room(writer: &mut Writer) -> bool {
    writer.is_gone() || writer.await_room()
}
