//! The sending side: takes data, keeps it for a while, and sends again what receivers ask for.

mod bucket;
mod config;
mod queue;
mod repairs;
mod schedule;
#[cfg(test)]
mod tests;
mod window;

use crate::{Body, Data, More, Packet, Request, Sequence, Spm};
use bucket::Bucket;
pub use config::{ConfigError, SourceConfig};
use queue::{Entry, Queue};
use repairs::Repairs;
use schedule::Schedule;
use std::net::SocketAddr;
use std::time::Instant;
use window::Window;

/// SPMs at the start, and at the end: one may be lost.
const SPMS: usize = 3;

/// Where a packet goes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum To {
    /// The group, as far as the endpoint's setting lets it go.
    Group,
    /// The group, with a TTL of 1: no farther than this network.
    GroupNear,
    /// One host. Without UDP the port has no meaning.
    Host(SocketAddr),
}

/// A packet to be sent, from the PGM header on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Transmit<'a> {
    /// Where it goes.
    pub to: To,
    /// The packet.
    pub bytes: &'a [u8],
}

/// Why a payload was not taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// The rate does not allow it yet.
    #[error("the rate does not allow a datagram of this size yet")]
    TooSoon {
        /// When it will.
        at: Instant,
    },
    /// Too many packets have been queued and not sent. There is room again after [`Source::sent`].
    #[error("too many packets wait to be sent")]
    Backlog,
    /// It does not fit into a datagram.
    #[error("{length} bytes are more than the {limit} bytes of a datagram")]
    TooLong {
        /// Its bytes.
        length: usize,
        /// The most that fit, [`Source::max_payload`].
        limit: usize,
    },
    /// It is empty, which libzmq's receivers do not survive.
    #[error("a packet without data must not be sent")]
    Empty,
    /// The source was closed.
    #[error("the source is closed")]
    Closed,
}

/// What a source did. Packets are counted when they are queued.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct SourceStatistics {
    /// New data packets.
    pub data: u64,
    /// The bytes of their payloads.
    pub data_bytes: u64,
    /// Data packets sent again (RDATA).
    pub repairs: u64,
    /// Requests of receivers (NAKs), without those refused.
    pub naks: u64,
    /// Numbers that these asked for.
    pub requested: u64,
    /// Confirmations of requests (NCFs).
    pub confirmations: u64,
    /// Confirmations not sent because there were too many.
    pub unconfirmed: u64,
    /// SPMs.
    pub spms: u64,
    /// NAKs for another session, port, source address or group, or only for data that was not sent yet.
    pub refused: u64,
}

/// One session of sending to a group.
///
/// It does no I/O. Its owner calls
///
/// * [`send`](Self::send) while there is data and the rate allows it,
/// * [`handle`](Self::handle) with each packet that came for this source,
/// * [`handle_timeout`](Self::handle_timeout) when [`next_timeout`](Self::next_timeout) has come,
///
/// and after each of them sends what is queued: the packets [`peek(0)`](Self::peek), `peek(1)`, … up to
/// [`queued`](Self::queued), and then reports with [`sent`](Self::sent) how many of them went. Those that did not, for
/// example because a buffer of the system is full, stay in the queue. All packets of a source go to the group.
///
/// New data is limited by [`SourceConfig::rate`]. What receivers ask for is limited too, so that a flood of
/// NAKs does not become a flood to the group: repairs to twice that rate after a first burst of 63, NCFs to half of
/// it, and the SPMs that are asked for to one each 10 ms.
///
/// ```
/// use pgm::{Sequence, Source, SourceConfig, Tsi};
/// use std::time::Instant;
///
/// let now = Instant::now();
/// let mut source = Source::new(
///     SourceConfig {
///         tsi: Tsi { gsi: [1, 2, 3, 4, 5, 6], port: 7_777 },
///         port: 5_555,
///         nla: [10, 0, 0, 1].into(),
///         group: [239, 192, 1, 1].into(),
///         rate: 12_500,
///         max_tpdu: 1_500,
///         overhead: 28,
///         window: 80,
///         first: Sequence(0),
///     },
///     now,
/// )?;
/// source.send(now, b"\0\0\x06\0hello")?;
/// let packets: Vec<_> = (0..source.queued()).filter_map(|index| source.peek(index)).collect();
/// assert_eq!(packets.len(), 4, "three SPMs and the data");
/// source.sent(4);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Source {
    config: SourceConfig,
    window: Window,
    queue: Queue,
    schedule: Schedule,
    repairs: Repairs,
    rate: Bucket,
    confirmation_rate: Bucket,
    /// The number of the next SPM.
    spm: Sequence,
    closed: bool,
    statistics: SourceStatistics,
}

impl Source {
    /// Starts a session, with three SPMs.
    ///
    /// # Errors
    /// When the configuration makes no sense.
    pub fn new(config: SourceConfig, now: Instant) -> Result<Self, ConfigError> {
        config.check()?;
        let mut source = Self {
            window: Window::new(config.first, config.window),
            queue: Queue::default(),
            schedule: Schedule::new(now),
            repairs: Repairs::new(config.window as usize, config.repair_rate(now)),
            rate: config.data_rate(now),
            confirmation_rate: config.confirmation_rate(now),
            spm: Sequence(0),
            closed: false,
            statistics: SourceStatistics::default(),
            config,
        };
        (0..SPMS).for_each(|_| source.tell());
        Ok(source)
    }

    /// The most bytes that one packet takes.
    #[must_use]
    pub const fn max_payload(&self) -> usize {
        self.config.max_payload()
    }

    /// When the rate allows a packet of `payload` bytes; `None` if it does now. A longer payload than
    /// [`max_payload`](Self::max_payload) counts as one of that.
    #[must_use]
    pub fn send_at(&self, now: Instant, payload: usize) -> Option<Instant> {
        let cost = self.config.cost(payload.min(self.max_payload()));
        Some(self.rate.ready_at(cost)).filter(|at| *at > now)
    }

    /// Queues `payload` as the next data packet, and keeps it for repairs.
    ///
    /// # Errors
    /// When the rate does not allow it yet, when too much is queued, when it is empty or too long, and when the source
    /// is closed. Nothing has changed then.
    pub fn send(&mut self, now: Instant, payload: &[u8]) -> Result<Sequence, SendError> {
        let (length, limit) = (payload.len(), self.max_payload());
        match length {
            0 => return Err(SendError::Empty),
            _ if length > limit => return Err(SendError::TooLong { length, limit }),
            _ if self.closed => return Err(SendError::Closed),
            _ if !self.queue.has_room() => return Err(SendError::Backlog),
            _ => {}
        }
        self.rate.take(now, self.config.cost(length)).map_err(|at| SendError::TooSoon { at })?;
        let size = self.config.cost(length) - self.config.overhead;
        let sequence = self.window.push(size, |sequence, trail, out| {
            packet(&self.config, Body::Odata(Data { sequence, trail, payload })).encode(out);
        });
        self.queue.push(Entry::Data(sequence));
        self.schedule.data(now);
        self.statistics.data += 1;
        self.statistics.data_bytes += length as u64;
        Ok(sequence)
    }

    /// Takes a packet that a receiver sent: a request for data (NAK) or for an SPM (SPMR). Others are ignored.
    ///
    /// An NCF answers each NAK, also if the data is no longer there.
    pub fn handle(&mut self, now: Instant, packet: &Packet<'_>) {
        let for_this = packet.tsi == self.config.tsi && packet.port == self.config.port;
        match &packet.body {
            Body::Nak(request) => {
                let accepted = for_this && self.request(now, request);
                self.statistics.refused += u64::from(!accepted);
            }
            Body::Spmr if for_this => {
                self.schedule.ask(now);
                self.tell_if_due(now);
            }
            _ => {}
        }
    }

    /// Does what is due.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.tell_if_due(now);
        self.repair(now);
    }

    /// Ends the session, with three SPMs that say so, after what is queued and the repairs that may be sent now. No more
    /// data is taken, but what is there is still repaired, for an owner who stays for that.
    pub fn close(&mut self, now: Instant) {
        if !self.closed {
            self.repair(now);
            self.closed = true;
            self.schedule.stop();
            (0..SPMS).for_each(|_| self.tell());
        }
    }

    /// A packet of the queue, counted from 0; `None` from [`queued`](Self::queued) on. It stays there until
    /// [`sent`](Self::sent).
    #[must_use]
    pub fn peek(&self, index: usize) -> Option<Transmit<'_>> {
        let bytes = match self.queue.get(index)? {
            Entry::Data(sequence) => self.window.packet(*sequence)?,
            Entry::Spm(bytes) | Entry::Confirmation(bytes) => bytes,
        };
        Some(Transmit { to: To::Group, bytes })
    }

    /// How many packets wait to be sent.
    #[must_use]
    pub fn queued(&self) -> usize {
        self.queue.len()
    }

    /// Removes the first `count` packets from the queue.
    pub fn sent(&mut self, count: usize) {
        for _ in 0..count {
            match self.queue.pop() {
                Some(Entry::Data(sequence)) => self.window.sent(sequence),
                Some(_) => {}
                None => break,
            }
        }
    }

    /// When to call [`handle_timeout`](Self::handle_timeout). `None`: not until something else has happened.
    #[must_use]
    pub fn next_timeout(&self) -> Option<Instant> {
        let repair = self.repairs.next_timeout(&self.window, self.config.overhead);
        [self.schedule.next(), repair].into_iter().flatten().min()
    }

    /// What the source did until now.
    #[must_use]
    pub const fn statistics(&self) -> SourceStatistics {
        self.statistics
    }

    /// The oldest and the newest packet that can be asked for, trail and lead. Where there is none, the lead is the one
    /// before the trail.
    #[must_use]
    pub fn window(&self) -> (Sequence, Sequence) {
        (self.window.trail(), self.window.lead())
    }

    /// Tells whether the request is one for this source.
    fn request(&mut self, now: Instant, request: &Request<'_>) -> bool {
        if request.source != self.config.nla || request.group != self.config.group {
            return false;
        }
        // Nobody can miss what was never sent. An NCF for it would make all receivers wait for data up to there.
        let lead = self.window.lead();
        let known = request.sequences().filter(|sequence| sequence.since(lead) <= 0);
        let mut numbers = [Sequence::default(); 1 + Request::MAX_MORE];
        let count = numbers.iter_mut().zip(known).map(|(to, from)| *to = from).count();
        let numbers = numbers.get(..count).unwrap_or_default();
        let Some((&first, more)) = numbers.split_first() else { return false };
        self.statistics.naks += 1;
        self.statistics.requested += count as u64;
        self.confirm(now, Request { first, more: More::of(more), ..*request });
        for sequence in numbers {
            self.repairs.ask(&mut self.window, *sequence);
        }
        self.repair(now);
        true
    }

    fn confirm(&mut self, now: Instant, request: Request<'_>) {
        let bytes = encoded(&self.config, Body::Ncf(request));
        let cost = bytes.len() + self.config.overhead;
        if self.queue.can_confirm() && self.confirmation_rate.take(now, cost).is_ok() {
            self.queue.push(Entry::Confirmation(bytes));
            self.statistics.confirmations += 1;
        } else {
            self.statistics.unconfirmed += 1;
        }
    }

    /// Queues the data that was asked for, as much of it as may be sent now.
    fn repair(&mut self, now: Instant) {
        while let Some(sequence) = self.repairs.next(now, &mut self.window, self.config.overhead) {
            self.queue.push(Entry::Data(sequence));
            self.statistics.repairs += 1;
            if !self.closed {
                self.schedule.repair(now);
            }
        }
    }

    /// One SPM in the queue is enough: while nothing can be sent, no more are added.
    fn tell_if_due(&mut self, now: Instant) {
        if self.schedule.due(now) && !self.queue.has_spm() {
            self.tell();
        }
    }

    /// Queues an SPM.
    fn tell(&mut self) {
        let (trail, lead) = self.window();
        let spm = Spm { sequence: self.spm, trail, lead, nla: self.config.nla, fin: self.closed };
        self.spm = self.spm.next();
        self.queue.push(Entry::Spm(encoded(&self.config, Body::Spm(spm))));
        self.statistics.spms += 1;
    }
}

const fn packet<'a>(config: &SourceConfig, body: Body<'a>) -> Packet<'a> {
    Packet { tsi: config.tsi, port: config.port, body }
}

fn encoded(config: &SourceConfig, body: Body<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    packet(config, body).encode(&mut bytes);
    bytes
}
