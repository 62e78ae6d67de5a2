//! The peers of a socket as its pattern sees them: the table's side of the contract.

use crate::command::ToIo;
use crate::engine::Connection;
use crate::message::Message;
use crate::option::Options;
use crate::pattern::contract::{FRAME_COST, Head, Kind, PeerId, Peers, Refused};
use crate::socket::allowance::{SKIP_COST, STEP_BYTES};
use crate::socket::pacing::is_large;
use crate::socket::peer::Peer;
use crate::socket::table::{Admission, Table};
use crate::trace::event;
use queue::{Item, Part};

/// Where many get the same message, the cache lines that one so many ahead will write are fetched: the I/O thread on
/// another processor had them last.
const AHEAD: usize = 4;

impl Table {
    /// Whether the peer takes a message.
    #[inline(always)]
    fn admits(&mut self, id: PeerId) -> Result<&mut Peer, Refused> {
        if self.admission != Admission::Strict
            && let Some(answer) = self.admits_otherwise(id)
        {
            answer?;
            return self.get(id).ok_or(Refused::Gone);
        }
        let peer = self.get(id).ok_or(Refused::Gone)?;
        peer.accepts().map(|()| peer)
    }

    /// Lazily, a peer that has room again so soon is refused this once. `None`: as usual.
    fn admits_otherwise(&mut self, id: PeerId) -> Option<Result<(), Refused>> {
        let granted = self.admission == Admission::Granted;
        let peer = self.get(id)?;
        if granted {
            return Some(if peer.takes_nothing() { Err(Refused::Gone) } else { Ok(()) });
        }
        let reluctant = peer.is_reluctant();
        if reluctant {
            self.reluctant.push(id);
        }
        reluctant.then_some(Err(Refused::Full))
    }

    /// Has the log tell of messages that are lost: of the first, and each time that their number has doubled.
    #[cold]
    fn tell_lost(&self, text: &str, before: u64, lost: u64) {
        if before.leading_zeros() != lost.leading_zeros() {
            let (socket, id) = self.socket;
            event!(INFO, "drop", "{text}", socket = socket, id = id, messages = lost);
        }
    }

    /// The reader of the message just written rests: this thread writes it to the connection, as its answer or since it comes
    /// alone, or the I/O thread wakes.
    #[cold]
    fn write_or_wake(&mut self, id: PeerId) {
        let Self { all, listens, lone, .. } = self;
        let Some(peer) = all.get(id.0) else { return };
        let passed = *listens && peer.write_past(Connection::answer_at_once)
            || peer.connection.is_some() && lone.comes() && peer.write_past(Connection::write_lone);
        if !passed {
            peer.publish();
        }
    }

    /// As [`Peers::take`], for a reader that has found nothing so far.
    #[cold]
    fn take_if_ready(&mut self, id: PeerId, into: &mut Message) -> bool {
        self.ready(id).is_some_and(|peer| peer.take(into))
    }

    /// The peer, if it has a message at its head.
    #[inline(always)]
    fn ready(&mut self, id: PeerId) -> Option<&mut Peer> {
        if self.puts_off(id) || (!self.get(id)?.is_ready() && !self.settle(id)) {
            return None;
        }
        self.get(id)
    }

    /// A frame of so many bytes was removed for its own sake; `more` of its message follow.
    #[inline]
    fn passed(&mut self, id: PeerId, size: usize, more: bool) {
        self.allowance.spend(FRAME_COST + size / STEP_BYTES);
        self.allowance.passed(id, more);
    }

    /// As [`Peer::settle`]; ends are noted.
    #[inline(always)]
    fn settle(&mut self, id: PeerId) -> bool {
        let patient = self.patient;
        let Some(peer) = self.get(id) else { return false };
        peer.settle(patient).unwrap_or_else(|()| self.note_end(id))
    }

    #[cold]
    fn note_end(&mut self, id: PeerId) -> bool {
        self.aftermath = true;
        if !self.ended.contains(&id) {
            self.ended.push(id);
        }
        false
    }
}

/// The frame that a reader shows.
#[inline(always)]
fn head((kind, more, body): (queue::Kind, bool, &[u8])) -> Head<'_> {
    let kind = match kind {
        queue::Kind::Subscribe => Kind::Subscribe,
        queue::Kind::Cancel => Kind::Cancel,
        queue::Kind::Data | queue::Kind::Skip => Kind::Data,
    };
    Head { kind, more, body }
}

impl Peers for Table {
    fn options(&self) -> &Options {
        &self.options
    }

    #[inline(always)]
    fn send(&mut self, id: PeerId, envelope: &[u8], parts: &[Part<'_>]) -> Result<(), Refused> {
        let may_wait = self.may_wait;
        let peer = self.admits(id)?;
        if peer.writer.write_at_once(envelope, parts) {
            if peer.writer.reader_rests() {
                self.write_or_wake(id);
            } else {
                peer.publish();
            }
        } else if may_wait
            && is_large(parts)
            && let Some(rest) = peer.send_large(envelope, parts)
        {
            self.due = rest;
        } else {
            let begun = peer.writer.write_longer(envelope, parts);
            if peer.writer.reader_rests() {
                self.write_or_wake(id);
            } else {
                peer.publish();
                if begun {
                    self.write_segment(id, may_wait);
                }
            }
        }
        Ok(())
    }

    fn offer(&mut self, peer: PeerId, envelope: &[u8], parts: &[Part<'_>]) -> bool {
        // A peer that loses messages at its mark keeps nobody waiting below it.
        self.may_wait = false;
        let result = self.send(peer, envelope, parts);
        if result == Err(Refused::Full) {
            self.insist(peer, |peer| {
                peer.writer.write(envelope, parts);
                peer.publish();
            });
        }
        result != Err(Refused::Gone)
    }

    fn send_exempt(&mut self, peer: PeerId, parts: &[Part<'_>]) {
        if let Some(peer) = self.get(peer) {
            peer.writer.write(&[], parts);
            peer.publish();
        }
    }

    fn broadcast(&mut self, targets: &[PeerId], parts: &[Part<'_>]) {
        // A message for only one peer is cheaper copied, whether the peer lags or not.
        if let &[only] = targets {
            self.offer(only, &[], parts);
            return;
        }
        let mut broadcast = std::mem::take(&mut self.broadcast);
        broadcast.begin(parts.len(), targets.len());
        for (at, &id) in targets.iter().enumerate() {
            if let Some(ahead) = targets.get(at + AHEAD).and_then(|&ahead| self.get(ahead)) {
                ahead.writer.prefetch();
            }
            match self.admits(id) {
                Ok(peer) => {
                    peer.writer.write_shared(parts, &mut broadcast);
                    peer.writer.publish_quietly();
                }
                Err(Refused::Full) => self.insist(id, |peer| {
                    peer.writer.write_shared(parts, &mut broadcast);
                    peer.writer.publish_quietly();
                }),
                Err(Refused::Gone) => {}
            }
        }
        // One fence for all: then each reader that had gone to rest before it is found resting.
        queue::fence_before_looks();
        for &id in targets {
            if let Some(peer) = self.get(id)
                && peer.writer.finds_reader_asleep()
            {
                peer.wake();
            }
        }
        broadcast.end();
        self.broadcast = broadcast;
    }

    fn subscribe(&mut self, peer: PeerId, kind: Kind, topic: &[u8]) {
        let kind = match kind {
            Kind::Data => return,
            Kind::Subscribe => queue::Kind::Subscribe,
            Kind::Cancel => queue::Kind::Cancel,
        };
        if let Some(peer) = self.get(peer) {
            peer.writer.write_kind(kind, topic);
            peer.publish();
        }
    }

    fn subscribe_ahead(&mut self, kind: Kind, topic: &[u8], standing: bool) {
        self.aftermath |= self.topics.change(kind, topic, standing);
    }

    fn accepts(&mut self, peer: PeerId) -> Result<(), Refused> {
        match self.admission {
            // It is for a message, not for the question.
            Admission::Granted => self.get(peer).ok_or(Refused::Gone)?.accepts(),
            Admission::Strict | Admission::Lazy => self.admits(peer).map(drop),
        }
    }

    #[inline]
    fn head(&mut self, peer: PeerId) -> Option<Head<'_>> {
        self.ready(peer)?.reader.peek().map(head)
    }

    #[inline(always)]
    fn pass(&mut self, id: PeerId, mut accept: impl FnMut(Head<'_>) -> bool) -> Option<bool> {
        if self.puts_off(id) {
            return None;
        }
        let (mut size, mut more) = (0, false);
        let mut show = |frame: (queue::Kind, bool, &[u8])| {
            (size, more) = (frame.2.len(), frame.1);
            accept(head(frame))
        };
        let passed = match self.get(id)?.reader.pass(&mut show) {
            None if self.settle(id) => self.get(id)?.reader.pass(show),
            passed => passed,
        };
        if passed == Some(true) {
            self.passed(id, size, more);
        }
        passed
    }

    #[inline(always)]
    fn take(&mut self, peer: PeerId, into: &mut Message) -> bool {
        self.get(peer).is_some_and(|peer| peer.take(into)) || self.take_if_ready(peer, into)
    }

    fn skip_frame(&mut self, id: PeerId) {
        if let Some(peer) = self.get(id) {
            let (size, more) = peer.skip_frame();
            self.passed(id, size, more);
        }
    }

    fn skip(&mut self, id: PeerId) {
        let mut more = true;
        while more && let Some(peer) = self.get(id) {
            let size;
            (size, more) = peer.discard_frame();
            self.allowance.spend(SKIP_COST + size / STEP_BYTES);
        }
        self.allowance.passed(id, false);
    }

    fn may_go_on(&mut self, peer: PeerId, cost: usize) -> bool {
        self.allowance.spend(cost);
        if self.allowance.is_spent() {
            self.defer(peer);
        }
        !self.allowance.is_spent()
    }

    fn count_unread(&mut self, messages: u64) {
        let before = self.past.dropped_unread;
        self.past.dropped_unread += messages;
        self.tell_lost("notices that nobody reads are lost", before, self.past.dropped_unread);
    }

    fn count_unroutable(&mut self) {
        self.past.dropped_unroutable += 1;
        let lost = self.past.dropped_unroutable;
        self.tell_lost("messages for a peer that is not there are lost", lost - 1, lost);
    }

    fn stamp(&mut self, peer: PeerId, into: &mut Message) {
        into.set_source(self.get(peer).and_then(|peer| peer.reader.peer().or(peer.info.as_ref())));
    }

    fn close(&mut self, peer: PeerId) {
        self.remove(peer);
    }

    fn abort(&mut self, peer: PeerId) {
        if let Some(peer) = self.remove(peer)
            && let Some(io) = peer.io.clone()
        {
            let pipe = peer.pipe;
            drop(peer);
            io.push(Item::Command(ToIo::Abort { pipe }));
        }
    }
}
