//! From the pipe into datagrams, as fast as the rate allows.

use super::contract::{BATCH, TURN, datagram};
use super::settings;
use crate::engine::contract::Rest;
use crate::option::Options;
use crate::stats::MulticastStats;
use crate::transport::multicast::Port;
use pgm::{ConfigError, DATA_HEADER, Packet, SendError, Source};
use queue::{Kind, Reader};
use std::io;
use std::time::{Duration, Instant};
use zmtp::datagram::Framer;

/// Where the rate lets a datagram go every few microseconds, several go together: a timer costs more than a datagram.
const STEP: Duration = Duration::from_micros(250);

/// See the module.
#[derive(Debug)]
pub(super) struct Publishing {
    framer: Framer,
    source: Source,
    /// The kernel may take datagrams.
    may_write: bool,
    /// Receivers may have sent something.
    may_read: bool,
}

impl Publishing {
    pub(super) fn new(port: &mut Port, options: &Options, now: Instant) -> Result<Self, ConfigError> {
        let source = Source::new(settings::source(port, options), now)?;
        let framer = Framer::new(source.max_payload());
        port.expect(DATA_HEADER + source.max_payload());
        Ok(Self { framer, source, may_write: true, may_read: true })
    }

    pub(super) fn event(&mut self, readable: bool, writable: bool) {
        self.may_read |= readable;
        self.may_write |= writable;
    }

    /// Listens to the receivers, and sends.
    pub(super) fn turn(
        &mut self,
        port: &mut Port,
        reader: &mut Reader,
        now: Instant,
    ) -> (Rest, Option<Instant>) {
        let mut rest = self.listen(port, now);
        self.source.handle_timeout(now);
        let mut sent = 0;
        let allowed = loop {
            let allowed = self.compose(reader, now);
            let before = sent;
            sent += self.send(port);
            if sent == before || allowed.is_some() {
                break allowed;
            }
            if sent >= TURN {
                rest = Rest::Busy;
                break None;
            }
        };
        let allowed = allowed.map(|at| at.max(now + STEP));
        (rest, allowed.into_iter().chain(self.source.next_timeout()).min())
    }

    /// Takes what receivers have sent: requests for repair, and for the source's place.
    fn listen(&mut self, port: &mut Port, now: Instant) -> Rest {
        let source = &mut self.source;
        let mut heard = 0;
        while self.may_read {
            let each = &mut |_, bytes: &[u8]| {
                // A malformed one is somebody else's, or broken on the way.
                if let Ok(packet) = Packet::decode(bytes) {
                    source.handle(now, &packet);
                }
            };
            match port.receive(each) {
                Ok(count) => heard += count,
                Err(_) => self.may_read = false,
            }
            if heard >= TURN {
                return Rest::Busy;
            }
        }
        Rest::Quiet
    }

    /// Makes datagrams of what is in the pipe. Returns when the rate allows the next, if it stops here for that.
    fn compose(&mut self, reader: &mut Reader, now: Instant) -> Option<Instant> {
        while self.source.queued() < BATCH {
            let rests = self.fill(reader);
            let payload = self.framer.payload(rests)?;
            match self.source.send(now, payload) {
                Err(SendError::TooSoon { at }) => return Some(at),
                Err(SendError::Backlog) => return None,
                // The framer makes no payload that is empty or too long.
                Ok(_) | Err(_) => self.framer.pop(),
            }
        }
        None
    }

    /// Takes messages for one datagram. Returns whether the pipe has no more.
    fn fill(&mut self, reader: &mut Reader) -> bool {
        while self.framer.pending() < self.source.max_payload() {
            if let Some(frame) = reader.take() {
                if frame.kind == Kind::Data {
                    self.framer.push(frame.body.as_ref(), frame.more);
                }
            } else if reader.has_ended() || reader.park() {
                return true;
            }
        }
        false
    }

    /// Passes datagrams to the kernel. Returns how many it took.
    fn send(&mut self, port: &mut Port) -> usize {
        let mut sent = 0;
        while self.may_write && self.source.queued() > 0 {
            let datagrams = (0..BATCH).map_while(|at| self.source.peek(at)).map(datagram);
            match port.send(datagrams) {
                Ok(count) => {
                    self.source.sent(count);
                    sent += count;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => self.may_write = false,
            }
        }
        sent
    }

    /// Whether nothing waits here.
    pub(super) fn is_empty(&self) -> bool {
        self.framer.pending() == 0 && self.source.queued() == 0
    }

    /// The bytes that wait here.
    pub(super) fn unsent(&self) -> u64 {
        let datagrams = (0..self.source.queued()).map_while(|at| self.source.peek(at));
        (self.framer.pending() + datagrams.map(|datagram| datagram.bytes.len()).sum::<usize>()) as u64
    }

    /// Tells the receivers that this is the end.
    pub(super) fn close(&mut self, port: &mut Port, now: Instant) {
        self.source.close(now);
        self.send(port);
    }

    pub(super) fn tell(&self, numbers: &mut MulticastStats) {
        let statistics = self.source.statistics();
        numbers.sent = statistics.data;
        numbers.sent_bytes = statistics.data_bytes;
        numbers.repairs_sent = statistics.repairs;
        numbers.requests_received = statistics.naks;
    }
}
