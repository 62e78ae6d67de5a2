//! The receiving end: sources, what is missing of them, and delivery in order.

mod config;
mod event;
mod inquiry;
mod naks;
mod outbox;
mod peer;
mod random;
mod report;
mod table;
#[cfg(test)]
mod tests;
mod window;

pub use config::{ReceiverConfig, Timing};
pub use event::{Event, Flow, SourceId};
pub use report::{ReceiverStatistics, Reception, SourceReport};

use crate::{Body, Data, Packet, Sequence, Spm, Transmit, Tsi};
use config::Moment;
use inquiry::Inquiry;
use outbox::Outbox;
use peer::Peer;
use random::Random;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Instant;
use table::{Key, Table};
use window::Arrival;

/// Receives from all sources of a group, without I/O.
///
/// Packets go in by [`handle`](Self::handle), which calls `deliver` with what they bring about. NAKs and SPMRs to be
/// sent come out of [`peek`](Self::peek). [`handle_timeout`](Self::handle_timeout) has to be called at
/// [`next_timeout`](Self::next_timeout), and it does no harm at any other time.
///
/// A source is joined by its first ODATA, which is delivered, or by its first SPM; a repair or a confirmation alone is
/// meant for those who have been there for longer. What it sent before is not asked for. Whatever a source sends,
/// others do not notice it, as long as `memory` and `max_sources` of [`ReceiverConfig`] suffice.
#[derive(Debug)]
pub struct Receiver {
    config: ReceiverConfig,
    table: Table,
    outbox: Outbox,
    random: Random,
    /// The places of sources with something to deliver, the next one first; while paused only.
    waiting: VecDeque<usize>,
    paused: bool,
    held: usize,
    next_id: u64,
    /// Counts of sources that are gone, and of the receiver itself.
    statistics: ReceiverStatistics,
}

impl Receiver {
    /// A receiver that has heard nothing. Settings that are out of range are moved into it.
    #[must_use]
    pub fn new(config: ReceiverConfig) -> Self {
        Self {
            random: Random::new(config.seed),
            config: config.limited(),
            table: Table::default(),
            outbox: Outbox::default(),
            waiting: VecDeque::new(),
            paused: false,
            held: 0,
            next_id: 0,
            statistics: ReceiverStatistics::default(),
        }
    }

    /// Takes a packet that was sent to the group: SPM, ODATA, RDATA, NCF, or the SPMR of another receiver. Others are
    /// ignored, as are those of another port. `from` is the address that the datagram came from.
    pub fn handle(
        &mut self,
        now: Instant,
        from: SocketAddr,
        packet: &Packet<'_>,
        deliver: &mut dyn FnMut(Event<'_>) -> Flow,
    ) {
        if packet.port != self.config.port {
            return;
        }
        let arrived = Arrived { now, from, key: Key { tsi: packet.tsi, address: from.ip() } };
        match &packet.body {
            Body::Odata(data) => self.data(&arrived, data, false, deliver),
            Body::Rdata(data) => self.data(&arrived, data, true, deliver),
            Body::Spm(spm) => self.spm(&arrived, spm, deliver),
            Body::Ncf(request) if request.group == self.config.group => {
                let moment = self.moment(now);
                self.with(&arrived, deliver, |peer, _| peer.confirm(&moment, request));
            }
            Body::Spmr => self.put_off(now, packet.tsi),
            _ => {}
        }
    }

    /// Does what is due.
    pub fn handle_timeout(&mut self, now: Instant, deliver: &mut dyn FnMut(Event<'_>) -> Flow) {
        for place in self.table.due(now) {
            let moment = self.moment(now);
            if let Some(peer) = self.table.get_mut(place) {
                peer.timeout(&moment, &self.config, &mut self.outbox);
            }
            self.flush(place, now, deliver);
        }
    }

    /// Goes on delivering after [`Flow::Pause`].
    pub fn resume(&mut self, now: Instant, deliver: &mut dyn FnMut(Event<'_>) -> Flow) {
        self.paused = false;
        while !self.paused
            && let Some(place) = self.waiting.pop_front()
        {
            if let Some(peer) = self.table.get_mut(place) {
                peer.waiting = false;
            }
            self.flush(place, now, deliver);
            let moment = self.moment(now);
            if !self.paused
                && let Some(peer) = self.table.get_mut(place)
            {
                peer.catch_up(&moment);
                self.flush(place, now, deliver);
            }
        }
        self.shrink(now, deliver);
    }

    /// Whether an event was answered with [`Flow::Pause`] and [`resume`](Self::resume) has not been called since.
    #[must_use]
    pub fn is_paused(&self) -> bool {
        self.paused
    }

    /// The packet at `index` of those that wait to be sent; it stays until [`sent`](Self::sent).
    #[must_use]
    pub fn peek(&self, index: usize) -> Option<Transmit<'_>> {
        self.outbox.peek(index)
    }

    /// The number of packets that wait to be sent.
    #[must_use]
    pub fn queued(&self) -> usize {
        self.outbox.len()
    }

    /// The first `count` packets have been sent.
    pub fn sent(&mut self, count: usize) {
        self.outbox.sent(count);
    }

    /// When [`handle_timeout`](Self::handle_timeout) has to be called. It may then find nothing to do.
    #[must_use]
    pub fn next_timeout(&self) -> Option<Instant> {
        self.table.next_timeout()
    }

    /// The sources that are heard now.
    pub fn sources(&self) -> impl Iterator<Item = SourceReport> {
        self.table.reports()
    }

    /// Counts of all sources, also of those that are gone.
    #[must_use]
    pub fn statistics(&self) -> ReceiverStatistics {
        let mut statistics = self.statistics;
        self.table.iter().for_each(|peer| statistics.reception += peer.statistics);
        statistics
    }

    /// The bytes that count against [`ReceiverConfig::memory`]: payloads exactly, the records around them estimated.
    #[must_use]
    pub fn memory(&self) -> usize {
        self.held
    }

    fn data(
        &mut self,
        arrived: &Arrived,
        data: &Data<'_>,
        repair: bool,
        deliver: &mut dyn FnMut(Event<'_>) -> Flow,
    ) {
        if data.sequence.is_before(data.trail) || data.payload.len() > self.config.max_tpdu {
            return self.malformed(&arrived.key);
        }
        let place = match self.table.find(&arrived.key) {
            Some(place) => Some(place),
            None if repair => None,
            None => {
                let inquiry = Inquiry::new(arrived.now, self.config.timing.spmr);
                self.admit(arrived, data.sequence, Some(inquiry), deliver)
            }
        };
        let Some(place) = place else { return };
        if !self.paused
            && let Some(peer) = self.table.get_mut(place)
            && peer.take_next(arrived.now, data, repair)
        {
            self.paused = deliver(Event::Data { source: peer.id, payload: data.payload }) == Flow::Pause;
            return;
        }
        let moment = self.moment(arrived.now);
        let Some(peer) = self.table.get_mut(place) else { return };
        if peer.data(&moment, data, repair) == Arrival::Next {
            self.paused = deliver(Event::Data { source: peer.id, payload: data.payload }) == Flow::Pause;
        }
        self.flush(place, arrived.now, deliver);
        self.shrink(arrived.now, deliver);
    }

    fn spm(&mut self, arrived: &Arrived, spm: &Spm, deliver: &mut dyn FnMut(Event<'_>) -> Flow) {
        if spm.lead.next().is_before(spm.trail) {
            return self.malformed(&arrived.key);
        }
        let known = self.table.find(&arrived.key).is_some();
        if !known && (spm.fin || self.admit(arrived, spm.lead.next(), None, deliver).is_none()) {
            return;
        }
        let moment = self.moment(arrived.now);
        self.with(arrived, deliver, |peer, config| peer.spm(&moment, config.group, spm));
    }

    /// Another receiver has asked a source for its SPM. Its address is not that of the source.
    fn put_off(&mut self, now: Instant, tsi: Tsi) {
        self.table.iter_mut().filter(|peer| peer.tsi == tsi).for_each(|peer| peer.put_off(now));
    }

    fn malformed(&mut self, key: &Key) {
        let peer = self.table.find(key).and_then(|place| self.table.get_mut(place));
        let reception = peer.map_or(&mut self.statistics.reception, |peer| &mut peer.statistics);
        reception.malformed += 1;
    }

    /// Changes a source, if it is known, and deals with what comes of it.
    fn with(
        &mut self,
        arrived: &Arrived,
        deliver: &mut dyn FnMut(Event<'_>) -> Flow,
        change: impl FnOnce(&mut Peer, &ReceiverConfig),
    ) {
        let Some(place) = self.table.find(&arrived.key) else { return };
        if let Some(peer) = self.table.get_mut(place) {
            change(peer, &self.config);
        }
        self.flush(place, arrived.now, deliver);
        self.shrink(arrived.now, deliver);
    }

    /// Makes place for a new source, whose next packet is `next`.
    fn admit(
        &mut self,
        arrived: &Arrived,
        next: Sequence,
        inquiry: Option<Inquiry>,
        deliver: &mut dyn FnMut(Event<'_>) -> Flow,
    ) -> Option<usize> {
        if self.table.len() >= self.config.max_sources && !self.push_out(arrived.now, deliver) {
            self.statistics.refused += 1;
            return None;
        }
        let id = SourceId(self.next_id);
        self.next_id += 1;
        self.statistics.joined += 1;
        let peer = Peer::new(id, arrived.key.tsi, arrived.from, next, arrived.now, inquiry);
        let place = self.table.insert(arrived.key, peer);
        self.flush(place, arrived.now, deliver);
        Some(place)
    }

    /// Sends a source away, so that there is place for another. False: none can go.
    fn push_out(&mut self, now: Instant, deliver: &mut dyn FnMut(Event<'_>) -> Flow) -> bool {
        let before = self.table.len();
        if let Some(place) = self.table.dispensable(self.paused) {
            if let Some(peer) = self.table.get_mut(place) {
                peer.leave();
            }
            self.flush(place, now, deliver);
        }
        self.table.len() < before
    }

    /// Delivers what a source has ready, and brings its timer and the sums up to date.
    fn flush(&mut self, place: usize, now: Instant, deliver: &mut dyn FnMut(Event<'_>) -> Flow) {
        let Some(peer) = self.table.get_mut(place) else { return };
        while !self.paused
            && let Some(delivery) = peer.pull(now)
        {
            self.paused = deliver(delivery.event(peer.id, peer.tsi, peer.address())) == Flow::Pause;
        }
        let bytes = peer.bytes();
        self.held = self.held - peer.accounted + bytes;
        peer.accounted = bytes;
        if peer.is_over() {
            if let Some(peer) = self.table.remove(place) {
                self.statistics.reception += peer.statistics;
                self.held -= peer.accounted;
            }
            return;
        }
        if !peer.waiting && peer.is_deliverable() {
            peer.waiting = true;
            self.waiting.push_back(place);
        }
        self.table.arm(place, &self.config);
    }

    /// Gives up missing numbers until no more memory is in use than may be.
    fn shrink(&mut self, now: Instant, deliver: &mut dyn FnMut(Event<'_>) -> Flow) {
        while self.held > self.config.memory
            && !self.paused
            && let Some(place) = self.table.hungriest()
            && let Some(peer) = self.table.get_mut(place)
            && peer.lose_oldest()
        {
            self.flush(place, now, deliver);
        }
    }

    fn moment(&mut self, now: Instant) -> Moment {
        Moment::new(&self.config, now, &mut self.random, self.paused, self.held)
    }
}

/// When and where a packet came from.
struct Arrived {
    now: Instant,
    from: SocketAddr,
    key: Key,
}
