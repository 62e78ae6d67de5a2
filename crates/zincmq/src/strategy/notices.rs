//! Messages that wait for the application at a publisher: subscriptions, and messages from its peers.

use crate::message::Message;
use crate::pattern::contract::PeerId;
use std::collections::VecDeque;

/// While the application reads, no more than these wait here, and the rest with the peers. Of messages it is the same
/// whether it reads or not: they are not to be lost.
const ENOUGH: usize = 1000;
/// So many bytes of messages are enough, too. An application that only sends takes no notices of subscriptions: they are
/// kept up to this, which is a quarter of a million short ones. Then the oldest are dropped.
const MOST_BYTES: usize = 32 << 20;
/// What a notice takes beside its bytes.
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
    /// What notices of subscriptions take.
    told: Load,
    /// What messages from peers take.
    sent: Load,
    /// The last call was to receive, not to send.
    reads: bool,
    /// Peers that are not read because enough waits.
    held_up: Vec<PeerId>,
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

    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Whether a peer must wait until the application has read more.
    pub(super) fn hold_up(&mut self, peer: PeerId) -> bool {
        let enough = self.has(ENOUGH);
        if enough && !self.held_up.contains(&peer) {
            self.held_up.push(peer);
        }
        enough
    }

    /// Whether so many wait that peers are held up.
    fn has(&self, enough: usize) -> bool {
        let messages = self.sent.count >= enough || self.sent.bytes >= MOST_BYTES;
        messages || (self.reads && self.queue.len() >= enough)
    }

    /// The application receives, or sends: returns the peers that go on.
    pub(super) fn turn(&mut self, reads: bool) -> Vec<PeerId> {
        self.reads = reads;
        if self.held_up.is_empty() || self.has(ENOUGH / 2) {
            Vec::new()
        } else {
            std::mem::take(&mut self.held_up)
        }
    }
}
