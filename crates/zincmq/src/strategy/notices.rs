//! Messages that wait for the application at a publisher: subscriptions, and messages from its peers.

use super::peer_map::PeerSet;
use crate::message::Message;
use crate::pattern::contract::PeerId;
use std::collections::VecDeque;

/// While the application receives, no more than these wait here, and the rest with the peers. Of messages it is the same
/// whether it receives or not: they are not to be lost.
const ENOUGH: usize = 1000;
/// An application that has sent so often without receiving does not receive. A proxy turns round sooner.
const SENDS: usize = 4096;
/// So many bytes of messages are enough, too. For an application that only sends, notices of subscriptions are kept up to
/// this, which is a quarter of a million short ones. Then the oldest are dropped.
const MOST_BYTES: usize = 32 << 20;
/// The memory that a notice takes beside its bytes.
const OVERHEAD: usize = 128;

/// A message for the application.
#[derive(Debug)]
pub(super) struct Notice {
    /// The peer whose subscription it is about; `None` for a message from a peer.
    pub(super) asker: Option<PeerId>,
    pub(super) message: Message,
}

impl Notice {
    fn cost(&self) -> usize {
        self.message.iter().map(|part| part.len() + OVERHEAD).sum()
    }
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Notices {
    queue: VecDeque<Notice>,
    /// The load of notices of subscriptions.
    told: Load,
    /// The load of messages from peers.
    sent: Load,
    /// How often the application may still send and count as one that receives. One that never has does not.
    sends_left: usize,
    /// Peers that are not read because enough waits, and those of them with a message next.
    held_up: VecDeque<PeerId>,
    with_message: VecDeque<PeerId>,
    /// All of them.
    waiting: PeerSet,
}

#[derive(Debug, Default)]
struct Load {
    count: usize,
    bytes: usize,
}

impl Notices {
    fn load(&mut self, notice: &Notice) -> &mut Load {
        if notice.asker.is_some() { &mut self.told } else { &mut self.sent }
    }

    /// Adds a notice. Returns how many of the oldest were dropped for it.
    pub(super) fn push(&mut self, notice: Notice) -> u64 {
        let load = self.load(&notice);
        load.count += 1;
        load.bytes += notice.cost();
        self.queue.push_back(notice);
        let mut dropped = 0;
        while self.told.bytes > MOST_BYTES && self.told.count > 1 {
            let oldest = self.queue.iter().position(|notice| notice.asker.is_some());
            self.take(oldest.unwrap_or(0));
            dropped += 1;
        }
        dropped
    }

    pub(super) fn pop(&mut self) -> Option<Notice> {
        self.take(0)
    }

    fn take(&mut self, at: usize) -> Option<Notice> {
        let notice = self.queue.remove(at)?;
        let load = self.load(&notice);
        load.count -= 1;
        load.bytes -= notice.cost();
        Some(notice)
    }

    pub(super) fn len(&self) -> u64 {
        self.queue.len() as u64
    }

    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Whether a peer, which has a `message` or a subscription next, must wait until the application has received more.
    pub(super) fn hold_up(&mut self, peer: PeerId, message: bool) -> bool {
        let line = if message && self.has_messages(ENOUGH) {
            &mut self.with_message
        } else if self.has_notices(ENOUGH) {
            &mut self.held_up
        } else {
            return false;
        };
        if self.waiting.insert(peer) {
            line.push_back(peer);
        }
        true
    }

    fn has_messages(&self, enough: usize) -> bool {
        self.sent.count >= enough || self.sent.bytes >= MOST_BYTES
    }

    fn has_notices(&self, enough: usize) -> bool {
        self.sends_left > 0 && self.queue.len() >= enough
    }

    /// The application receives, or sends. Returns how many peers may be tried now.
    #[inline]
    pub(super) fn turn(&mut self, receives: bool) -> usize {
        self.sends_left = if receives { SENDS } else { self.sends_left.saturating_sub(1) };
        if self.waiting.is_empty() {
            return 0;
        }
        let held_up = if self.has_notices(ENOUGH / 2) { 0 } else { self.held_up.len() };
        held_up + if self.has_messages(ENOUGH / 2) { 0 } else { self.with_message.len() }
    }

    /// A peer that may go on: each in its turn.
    pub(super) fn next_held_up(&mut self) -> Option<PeerId> {
        let mut next = if self.has_notices(ENOUGH) { None } else { self.held_up.pop_front() };
        if next.is_none() && !self.has_messages(ENOUGH) {
            next = self.with_message.pop_front();
        }
        let next = next?;
        self.waiting.remove(&next);
        Some(next)
    }
}
