//! A thread that sends a stream, or would lose a message, writes to the connection itself: when, on this side of the
//! engine's lock.

use crate::engine::SHORT;
use crate::pattern::contract::PeerId;
use crate::socket::peer::Peer;
use crate::socket::peers::Table;
use queue::Writer;
use std::time::{Duration, Instant};

/// At its mark with fewer messages than these, a writer leaves them to the I/O thread, whatever comes after them.
const MANY: u64 = 64;
/// Where there is no mark: so many messages to a segment are tiny ones, which cost more than their bytes.
const TINY: u64 = 2048;
/// A writer that has much queued so often without a pause carries its stream from then on.
const STREAK: u32 = 8;
/// The longest time between two such moments that is no pause.
const PAUSE: Duration = Duration::from_millis(1);

/// Of more peers each has too little to be looked at.
const FEW: usize = 64;

/// What a peer keeps for carrying.
#[derive(Debug, Default)]
pub(super) struct Carrying {
    streak: u32,
    /// When much was queued last, and how many messages had been written then.
    last: Option<Instant>,
    written: u64,
}

impl Carrying {
    /// Much is queued. Returns whether that is a stream.
    fn goes_on(&mut self, writer: &Writer) -> bool {
        let now = Instant::now();
        let follows = self.last.replace(now).is_some_and(|last| now - last < PAUSE);
        self.streak = if follows { self.streak.saturating_add(1) } else { 0 };
        self.streak >= STREAK && writer.is_short(SHORT)
    }
}

impl Peer {
    /// If it is at its mark: writes what is queued itself, where that is a stream. Returns whether that made room.
    fn carry_mark(&mut self) -> bool {
        let Some(connection) = &self.connection else { return false };
        let full = !self.writer.has_room() && self.writer.uncredited() >= MANY;
        full && self.carrying.goes_on(&self.writer) && connection.carry(self.writer.milestone(), true)
    }

    /// Without a mark, when a segment is full: writes what is queued itself if that is a stream of tiny messages.
    /// Returns whether it is one.
    #[cold]
    pub(super) fn carry_segment(&mut self) -> bool {
        let Some(connection) = &self.connection else { return false };
        let written = self.writer.written();
        let tiny = written - std::mem::replace(&mut self.carrying.written, written) >= TINY;
        let stream = tiny && self.writer.is_unlimited() && self.carrying.goes_on(&self.writer);
        if stream {
            connection.carry(self.writer.milestone(), false);
        }
        stream
    }
}

impl Table {
    /// A peer is at its mark: writes a message to it if the connection takes what is queued; otherwise the message is
    /// lost. A thread that sends much at once is faster than the waking of the I/O thread.
    #[cold]
    pub(super) fn insist(&mut self, id: PeerId, write: impl FnOnce(&mut Peer)) {
        let relieved = self.relieve(id);
        if !relieved {
            self.put_down();
        }
        match self.get(id) {
            Some(peer) if relieved => write(peer),
            Some(peer) => peer.dropped += 1,
            None => {}
        }
    }

    /// Writes what is queued for a peer in the I/O thread's place. Returns whether there is room then.
    fn relieve(&mut self, id: PeerId) -> bool {
        let Self { all, allowance, .. } = self;
        let Some(peer) = all.get(id.0) else { return false };
        let Some(connection) = &peer.connection else { return false };
        while !connection.relieve(peer.writer.milestone()) && !peer.writer.has_room() && allowance.pause() {}
        peer.writer.has_room()
    }

    /// A send has to wait: writes in the I/O threads' place what is queued for peers at their marks, where that is a
    /// stream. Returns whether that made room.
    pub(crate) fn carry(&mut self) -> bool {
        if self.count() > FEW {
            return false;
        }
        let carried = self.all.values_mut().fold(false, |any, peer| peer.carry_mark() | any);
        self.carries |= carried;
        carried
    }

    /// Leaves to the I/O threads what this side carries: whoever turns to something else, or would lose messages at
    /// the mark.
    #[inline]
    pub(crate) fn put_down(&mut self) {
        if std::mem::take(&mut self.carries) {
            let connections = self.all.values_mut().filter_map(|peer| peer.connection.as_ref());
            connections.for_each(|connection| connection.put_down());
        }
    }
}
