//! Messages that wait for the application at a publisher: subscriptions, and messages from its peers.

use crate::message::Message;
use crate::pattern::contract::PeerId;
use std::collections::VecDeque;

/// While the application reads, no more than these wait here, and the rest with the peers.
const ENOUGH: usize = 1000;
/// An application that only sends takes no notices: they are kept up to this, which is a quarter of a million short
/// ones. Then the oldest are dropped.
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
    bytes: usize,
    /// The last call was to receive, not to send.
    reads: bool,
    /// Peers that are not read because enough waits.
    held_up: Vec<PeerId>,
}

impl Notices {
    /// Adds a notice. Returns how many of the oldest were dropped for it.
    pub(super) fn push(&mut self, notice: Notice) -> u64 {
        self.bytes += notice.cost();
        self.queue.push_back(notice);
        let mut dropped = 0;
        while self.bytes > MOST_BYTES && self.queue.len() > 1 {
            self.pop();
            dropped += 1;
        }
        dropped
    }

    pub(super) fn pop(&mut self) -> Option<Notice> {
        let notice = self.queue.pop_front()?;
        self.bytes -= notice.cost();
        Some(notice)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Whether a peer must wait until the application has read more.
    pub(super) fn hold_up(&mut self, peer: PeerId) -> bool {
        let enough = self.reads && self.queue.len() >= ENOUGH;
        if enough && !self.held_up.contains(&peer) {
            self.held_up.push(peer);
        }
        enough
    }

    /// The application receives, or sends: returns the peers that go on.
    pub(super) fn turn(&mut self, reads: bool) -> Vec<PeerId> {
        self.reads = reads;
        let go_on = !reads || self.queue.len() < ENOUGH / 2;
        if go_on { std::mem::take(&mut self.held_up) } else { Vec::new() }
    }
}
