//! What a receiver knows of one source.

use super::inquiry::Inquiry;
use super::outbox::Outbox;
use super::window::{Arrival, Item, Window, sequence};
use super::{Event, Moment, ReceiverConfig, Reception, SourceId, SourceReport};
use crate::{Body, Data, More, Packet, Request, Sequence, Spm, To, Tsi};
use std::net::{IpAddr, SocketAddr};
use std::ops::Range;
use std::time::{Duration, Instant};

/// Sequence numbers that one NAK can ask for.
const LIST: usize = 1 + Request::MAX_MORE;

/// NAKs that are sent to a source at one time. What more is missing is asked for a little later: a source that is asked
/// for everything at once answers with a burst that is lost again.
const LISTS: usize = 16;

/// How long a source that has ended is remembered, so that late copies of its packets are not taken for a new source.
const MEMORY: Duration = Duration::from_secs(10);

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stage {
    Live,
    /// `Gone` follows what is left to deliver.
    Leaving,
    /// `Finished` has been delivered; nothing follows.
    Finished,
    /// To be forgotten.
    Over,
}

/// The next event of a source, with what it refers to.
#[derive(Debug)]
pub(super) enum Delivery {
    Joined,
    Item(Item),
    Finished,
    Gone,
}

#[derive(Debug)]
pub(super) struct Peer {
    pub(super) id: SourceId,
    pub(super) tsi: Tsi,
    /// Where its first packet came from.
    from: SocketAddr,
    /// The address that NAKs name: its own, until an SPM says something else. They are not sent there, but to where its packets
    /// come from: otherwise it could have all receivers send to any machine that it names.
    nla: IpAddr,
    /// The number of its last SPM.
    spm: Option<Sequence>,
    inquiry: Option<Inquiry>,
    pub(super) heard: Instant,
    trail: Sequence,
    /// The position at which it ends.
    fin: Option<u64>,
    window: Window,
    joined: bool,
    stage: Stage,
    pub(super) statistics: Reception,
    /// It is in the list of those that have something to deliver.
    pub(super) waiting: bool,
    /// The timer that is set for it, never later than the one that it needs.
    pub(super) armed: Option<Instant>,
    /// The bytes that count for it in the receiver's sum.
    pub(super) accounted: usize,
}

impl Peer {
    pub(super) fn new(
        id: SourceId,
        tsi: Tsi,
        from: SocketAddr,
        next: Sequence,
        now: Instant,
        inquiry: Option<Inquiry>,
    ) -> Self {
        Self {
            id,
            tsi,
            from,
            nla: from.ip(),
            spm: None,
            inquiry,
            heard: now,
            trail: next,
            fin: None,
            window: Window::new(next),
            joined: false,
            stage: Stage::Live,
            statistics: Reception::default(),
            waiting: false,
            armed: None,
            accounted: 0,
        }
    }

    pub(super) fn address(&self) -> IpAddr {
        self.from.ip()
    }

    /// The usual case: the packet is the next one and nothing is missing. The caller delivers it, and must be able to.
    pub(super) fn take_next(&mut self, now: Instant, data: &Data<'_>, repair: bool) -> bool {
        let usual = self.stage == Stage::Live && self.window.take_next(data.sequence);
        if usual {
            self.heard = now;
            self.trail = data.trail;
            self.count(data, repair);
        }
        usual
    }

    /// A data packet in any other case. `Arrival::Next`: the caller delivers it.
    pub(super) fn data(&mut self, moment: &Moment, data: &Data<'_>, repair: bool) -> Arrival {
        let Some(position) = self.window.position(data.sequence) else { return Arrival::Known };
        if self.stage != Stage::Live || self.fin.is_some_and(|fin| position >= fin) {
            return Arrival::Known;
        }
        if !self.window.is_ancient(position, moment) {
            self.heard = moment.now;
            self.advance(data.trail, data.sequence, position);
        }
        let arrival = self.window.insert(position, data.payload, moment);
        match arrival {
            Arrival::Next | Arrival::Held => self.count(data, repair),
            Arrival::Known => self.statistics.duplicates += 1,
            Arrival::Dropped => self.statistics.dropped += 1,
        }
        arrival
    }

    /// An SPM that does not contradict itself.
    pub(super) fn spm(&mut self, moment: &Moment, group: IpAddr, spm: &Spm) {
        let stale = self.spm.is_some_and(|last| spm.sequence.is_before(last));
        let (false, Stage::Live, Some(end)) = (stale, self.stage, self.window.position(spm.lead.next()))
        else {
            return;
        };
        self.spm = Some(spm.sequence);
        self.inquiry = None;
        self.heard = moment.now;
        self.statistics.spms += 1;
        if is_host(spm.nla, group) {
            self.nla = spm.nla;
        } else {
            self.statistics.malformed += 1;
        }
        let end = self.fin.map_or(end, |fin| end.min(fin));
        self.advance(spm.trail, spm.lead.next(), end);
        self.window.lead_to(end, moment);
        if spm.fin && self.fin.is_none() {
            self.fin = Some(end.max(self.window.end()));
        }
    }

    /// The source has confirmed a request.
    pub(super) fn confirm(&mut self, moment: &Moment, request: &Request<'_>) {
        if self.stage != Stage::Live {
            return;
        }
        // Neighbours are dealt with together, so that their gap stays whole.
        let mut run = 0..0;
        for sequence in request.sequences() {
            let Some(position) = self.window.position(sequence) else { continue };
            if position != run.end {
                self.confirm_range(moment, &run);
                run.start = position;
            }
            run.end = position + 1;
        }
        self.confirm_range(moment, &run);
    }

    /// Another receiver has asked for an SPM.
    pub(super) fn put_off(&mut self, now: Instant) {
        if let Some(inquiry) = &mut self.inquiry {
            inquiry.put_off(now);
        }
    }

    /// When `timeout` has something to do.
    pub(super) fn next_timeout(&self, config: &ReceiverConfig) -> Option<Instant> {
        if matches!(self.stage, Stage::Leaving | Stage::Over) {
            return None;
        }
        let inquiry = self.inquiry.as_ref().map(Inquiry::due);
        [inquiry, self.window.next_timeout()].into_iter().flatten().chain([self.expires(config)]).min()
    }

    /// Does what is due.
    pub(super) fn timeout(&mut self, moment: &Moment, config: &ReceiverConfig, outbox: &mut Outbox) {
        if moment.now >= self.expires(config) {
            return self.leave();
        }
        if self.inquiry.as_ref().is_some_and(|inquiry| inquiry.due() <= moment.now) {
            self.ask_for_spm(moment, config, outbox);
        }
        self.ask_for_data(moment, config, outbox);
    }

    /// Gives up what is missing; `Gone` follows, if the source has not ended.
    pub(super) fn leave(&mut self) {
        self.inquiry = None;
        self.window.lose_all();
        self.stage = if self.stage == Stage::Live { Stage::Leaving } else { Stage::Over };
    }

    /// Gives up the oldest gap. False: nothing is missing.
    pub(super) fn lose_oldest(&mut self) -> bool {
        self.window.lose_oldest()
    }

    /// Asks for what there was no room for while the receiver was paused.
    pub(super) fn catch_up(&mut self, moment: &Moment) {
        self.window.catch_up(moment);
    }

    /// Whether nothing is left of it.
    pub(super) fn is_over(&self) -> bool {
        self.stage == Stage::Over
    }

    pub(super) fn is_finished(&self) -> bool {
        self.stage == Stage::Finished
    }

    pub(super) fn holds(&self) -> bool {
        self.window.holds()
    }

    pub(super) fn bytes(&self) -> usize {
        self.window.bytes()
    }

    /// Whether something is left to do once the receiver is not paused any more.
    pub(super) fn is_deliverable(&self) -> bool {
        !self.joined
            || self.window.is_deliverable()
            || self.window.is_behind()
            || self.stage == Stage::Leaving
            || self.has_ended()
    }

    /// The next event.
    pub(super) fn pull(&mut self, now: Instant) -> Option<Delivery> {
        if !self.joined {
            self.joined = true;
            return Some(Delivery::Joined);
        }
        if let Some(item) = self.window.pull() {
            if let Item::Lost { count, .. } = item {
                self.statistics.lost += u64::from(count);
            }
            return Some(Delivery::Item(item));
        }
        if self.has_ended() {
            self.stage = Stage::Finished;
            self.inquiry = None;
            self.heard = now;
            return Some(Delivery::Finished);
        }
        let leaving = self.stage == Stage::Leaving;
        leaving.then(|| {
            self.stage = Stage::Over;
            Delivery::Gone
        })
    }

    pub(super) fn report(&self) -> SourceReport {
        SourceReport {
            id: self.id,
            tsi: self.tsi,
            address: self.address(),
            trail: self.trail,
            lead: self.window.lead(),
            next: self.window.next(),
            missing: self.window.missing(),
            statistics: self.statistics,
        }
    }

    fn has_ended(&self) -> bool {
        self.stage == Stage::Live && self.fin.is_some_and(|fin| self.window.is_past(fin))
    }

    fn expires(&self, config: &ReceiverConfig) -> Instant {
        let expiry = config.timing.expiry;
        self.heard + if self.is_finished() { expiry.min(MEMORY) } else { expiry }
    }

    fn count(&mut self, data: &Data<'_>, repair: bool) {
        *(if repair { &mut self.statistics.repairs } else { &mut self.statistics.data }) += 1;
        self.statistics.bytes += data.payload.len() as u64;
    }

    /// The source can repair nothing in front of `trail`. Its position is found from that of another number of the same
    /// packet, from which it can be far.
    fn advance(&mut self, trail: Sequence, known: Sequence, position: u64) {
        let behind = u64::from(known.0.wrapping_sub(trail.0));
        self.trail = trail;
        self.window.lose_before(position.saturating_sub(behind));
    }

    fn confirm_range(&mut self, moment: &Moment, range: &Range<u64>) {
        let end = self.fin.map_or(range.end, |fin| range.end.min(fin));
        self.window.confirm(range.start, end, moment);
    }

    fn ask_for_spm(&mut self, moment: &Moment, config: &ReceiverConfig, outbox: &mut Outbox) {
        let Some(inquiry) = &mut self.inquiry else { return };
        if outbox.room() < 2 {
            return inquiry.put_off(moment.now);
        }
        let packet = Packet { tsi: self.tsi, port: config.port, body: Body::Spmr };
        outbox.push(To::GroupNear, &packet);
        outbox.push(To::Host(self.from), &packet);
        if !inquiry.made(moment.now) {
            self.inquiry = None;
        }
    }

    fn ask_for_data(&mut self, moment: &Moment, config: &ReceiverConfig, outbox: &mut Outbox) {
        let lists = if moment.full { 0 } else { outbox.room().min(LISTS) };
        let mut ranges = self.window.expire(moment, (lists * LIST) as u64);
        if ranges.is_empty() {
            return;
        }
        ranges.sort_unstable();
        let numbers: Vec<Sequence> =
            ranges.into_iter().flat_map(|(start, end)| start..end).map(sequence).collect();
        let mut to = self.from;
        to.set_port(config.port);
        for list in numbers.chunks(LIST) {
            let Some((&first, more)) = list.split_first() else { continue };
            let request = Request { first, source: self.nla, group: config.group, more: More::of(more) };
            let packet = Packet { tsi: self.tsi, port: config.port, body: Body::Nak(request) };
            outbox.push(To::Host(to), &packet);
            self.statistics.naks += 1;
            self.statistics.requested += list.len() as u64;
        }
    }
}

impl Delivery {
    pub(super) fn event(&self, source: SourceId, tsi: Tsi, address: IpAddr) -> Event<'_> {
        match self {
            Self::Joined => Event::Joined { source, tsi, address },
            Self::Item(Item::Data(payload)) => Event::Data { source, payload },
            &Self::Item(Item::Lost { first, count }) => Event::Lost { source, first, count },
            Self::Finished => Event::Finished { source },
            Self::Gone => Event::Gone { source },
        }
    }
}

/// Whether an address can be a source's: it is one host's, of the same family as the group's.
fn is_host(address: IpAddr, group: IpAddr) -> bool {
    let broadcast = matches!(address, IpAddr::V4(address) if address.is_broadcast());
    address.is_ipv4() == group.is_ipv4() && !address.is_multicast() && !address.is_unspecified() && !broadcast
}
