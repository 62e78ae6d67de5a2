//! When a caller does a connection's I/O in the I/O thread's place, so that no other thread need be woken on a message's
//! way: a thread that waits for a message hears from the only connection's descriptor and reads; a thread that sends a
//! stream or a large message, or would lose a message, writes. How is the matter of [`Connection`].

use crate::command::ToSocket;
use crate::engine::{Connection, Reading, Written};
use crate::error::{Error, Result};
use crate::pattern::contract::PeerId;
use crate::socket::core::Core;
use crate::socket::pacing::{Due, Large, patience};
use crate::socket::peer::Peer;
use crate::socket::run::Segments;
use crate::socket::streaming::{self, write_stream};
use crate::socket::table::Table;
use crate::spin::AdaptiveSpin;
use queue::{Inbound, Inbox, Part};
use std::io;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

/// At its mark with fewer messages than these, a writer leaves them to the I/O thread, no matter which messages
/// come after them.
const MANY: u64 = 64;
/// Where there is no mark: so many messages to a segment are tiny ones, which cost more than their bytes.
const TINY: u64 = 2048;
/// Of more peers each has too little to be looked at.
const FEW: usize = 64;

impl Core {
    /// Waits at the only connection. `None`: there is none to wait at, or the I/O thread is to do it.
    pub(crate) fn listen(&mut self, until: Option<Instant>) -> Option<Result<()>> {
        // Event loops that watch the socket are told by the I/O thread.
        if self.waiting.watch.is_some() || self.waiting.listener.is_paused() {
            return None;
        }
        let (id, heard) = self.hear(until)?;
        self.peers.listens = true;
        let reading = *heard.as_ref().unwrap_or(&Reading::Nothing);
        self.keep(id, reading);
        match reading {
            Reading::Unavailable => return None,
            Reading::Stream { .. } => self.waiting.listener.pause(),
            Reading::Much { .. } if self.waiting.listener.leave(Instant::now()) => {
                self.peers.end_listening();
                self.waiting.listener.pause();
            }
            Reading::Nothing | Reading::Messages { .. } | Reading::Much { .. } => {}
        }
        Some(heard.map(drop))
    }

    /// Claims the descriptor of the only connection, waits for it or for a change of the socket, and reads. `None`: there is no
    /// connection, or it has ended. An error if a signal handler ended the wait.
    fn hear(&mut self, until: Option<Instant>) -> Option<(PeerId, Result<Reading>)> {
        let spin = self.spin_time(until);
        let Self { owner, peers, waiting, .. } = self;
        let (id, connection) = peers.only_connection()?;
        waiting.listener.enter(Instant::now);
        // Made before the descriptor is claimed.
        let bell = waiting.listener.bell().ok()?;
        let descriptor = connection.listen()?;
        let inbox = &owner.inbox;
        if let Some(reading) = read_awhile(connection, &mut waiting.spin, spin, inbox) {
            return Some((id, Ok(reading)));
        }
        inbox.signal().arm_again(bell);
        let waited = if inbox.is_pending() { Ok(false) } else { bell.wait_beside(descriptor.as_fd(), until) };
        inbox.signal().disarm();
        match read_after(waited, connection) {
            Err(_) if !waiting.interruptible => Some((id, Ok(Reading::Nothing))),
            heard => Some((id, heard)),
        }
    }

    /// Reads what has come since this thread left the descriptor, of which nobody else has heard. Returns whether that was
    /// a message.
    pub(crate) fn read_missed(&mut self) -> bool {
        if !self.peers.listens {
            return false;
        }
        let Some((id, connection)) = self.peers.only_connection() else { return false };
        // A thread that waits there without this core, as a half does, hears for itself.
        if connection.engine.claims().inbound() != Inbound::Away {
            return false;
        }
        let reading = connection.read();
        self.take_up(id, reading);
        matches!(reading, Reading::Messages { .. } | Reading::Much { .. } | Reading::Stream { .. })
    }

    /// After the wait: messages read are this thread's to take up; the claim is kept for the next wait, or ends.
    fn keep(&mut self, id: PeerId, reading: Reading) {
        match reading {
            Reading::Nothing => self.peers.leave(),
            Reading::Messages { .. } | Reading::Much { .. } => {}
            Reading::Stream { .. } | Reading::Unavailable => self.peers.end_listening(),
        }
        self.take_up(id, reading);
    }

    /// A reader that slept is awake, and nobody else resumes it.
    pub(super) fn take_up(&mut self, id: PeerId, reading: Reading) {
        match reading {
            Reading::Messages { woke: true } | Reading::Much { woke: true } => self.resume(id),
            Reading::Stream { woke: true } => self.look(id),
            _ => {}
        }
    }
}

/// Reads again and again for a while, if that is worth it, or for `least`. `None`: nothing came.
pub(super) fn read_awhile(
    connection: &Connection,
    spin: &mut AdaptiveSpin,
    least: Duration,
    inbox: &Inbox<ToSocket>,
) -> Option<Reading> {
    let mut found = None;
    spin.look(least, || {
        found = match connection.read() {
            Reading::Nothing => inbox.is_pending().then_some(Reading::Nothing),
            reading => Some(reading),
        };
        found.is_some()
    });
    found
}

/// Reads after a wait at the descriptor that ended so.
pub(super) fn read_after(waited: io::Result<bool>, connection: &Connection) -> Result<Reading> {
    match waited {
        Ok(true) => Ok(connection.read()),
        Ok(false) => Ok(Reading::Nothing),
        Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(Error::Interrupted),
        Err(_) => Ok(Reading::Unavailable),
    }
}

impl Peer {
    /// Queues a large message, and writes to the connection what the kernel takes at once. Returns the rest, which the caller
    /// is to write when the pattern is done. `None`: all this is not to be done, and nothing has happened.
    #[cold]
    pub(super) fn send_large(&mut self, envelope: &[u8], parts: &[Part<'_>]) -> Option<Option<Box<Due>>> {
        let size = parts.iter().map(|part| part.len()).sum();
        if self.io.is_none() {
            return Some(self.send_nearby(envelope, parts, size));
        }
        let connection = self.connection.as_ref()?;
        if !self.pacing.begin() {
            return None;
        }
        let patience = patience(size);
        let queued = self.writer.queued() + 1;
        let through = match parts {
            [body] if envelope.is_empty() => connection.write_through(&mut self.writer, body),
            _ => None,
        };
        if through.is_none() {
            self.writer.write(envelope, parts);
        }
        if through == Some(true) {
            self.pacing.end(true);
            return Some(None);
        }
        let begun = Instant::now();
        let slept = self.writer.publish();
        let (connection, lends, full) = (connection.clone(), self.writer.lends(), through.is_some());
        let (pipe, written) = (self.pipe, Written::Not);
        let large = Large { pipe, connection, begun, patience, lends, full, slept, queued, written };
        Some(Some(Box::new(Due::Large(large))))
    }

    /// As [`Peer::send_large`], for a peer of this process.
    fn send_nearby(&mut self, envelope: &[u8], parts: &[Part<'_>], size: usize) -> Option<Box<Due>> {
        self.writer.write(envelope, parts);
        self.publish();
        let lag = self.lead.grow(size, self.pipe, &self.writer)?;
        self.pacing.begin().then(|| Box::new(Due::Lag(lag)))
    }

    /// The work that was due is done, or left to the I/O thread.
    fn end_due(&mut self, due: &Due) {
        let in_time = match due {
            Due::Large(large) => Some(self.end_large(large)),
            Due::Segments(segments) => self.run.end(segments),
            Due::Lag(lag) => Some(lag.in_time),
        };
        if let Some(in_time) = in_time {
            self.pacing.end(in_time);
        }
    }

    /// Likewise, of a large message. Returns whether the wait was not in vain.
    fn end_large(&self, large: &Large) -> bool {
        if large.slept && large.written == Written::Not {
            self.writer.wake();
        }
        let messages = u32::try_from(large.queued.saturating_sub(self.writer.queued())).unwrap_or(u32::MAX);
        messages > 0 && large.begun.elapsed() <= large.patience.saturating_mul(messages)
    }

    /// If it is at its mark: writes what is queued, where that is a stream. Returns whether that made room.
    fn write_stream(&mut self) -> bool {
        let Some(connection) = &self.connection else { return false };
        let full = !self.writer.has_room() && self.writer.uncredited() >= MANY;
        if full {
            self.run.wait();
        }
        full && self.streaming.goes_on(&self.writer) && write_stream(connection, &self.writer, true)
    }

    /// A segment of so many messages is full. If the mark is far away and the run is long: what the sender is to write, and to wait
    /// for.
    fn pace_segment(&mut self, messages: u64) -> Option<Box<Due>> {
        let connection = self.connection.as_ref().filter(|connection| connection.plain)?;
        let now = Instant::now();
        if !self.run.fill(now, messages, &self.writer) || !self.pacing.begin() {
            return None;
        }
        let segments = Segments::new(self.pipe, connection.clone(), now, &self.writer);
        Some(Box::new(Due::Segments(segments)))
    }

    /// Likewise, where the sender does not wait: writes what is queued, if these are tiny messages without a mark. Returns whether that
    /// is a stream.
    fn write_segment(&mut self, messages: u64) -> bool {
        let Some(connection) = &self.connection else { return false };
        let stream = messages >= TINY && self.writer.is_unlimited() && self.streaming.goes_on(&self.writer);
        if stream {
            write_stream(connection, &self.writer, false);
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
            self.end_streams();
        }
        let socket = self.socket;
        match self.get(id) {
            Some(peer) if relieved => write(peer),
            Some(peer) => peer.lose(socket),
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
    pub(crate) fn write_streams(&mut self) -> bool {
        if self.count() > FEW {
            return false;
        }
        let wrote = self.all.values_mut().fold(false, |any, peer| peer.write_stream() | any);
        self.streams |= wrote;
        wrote
    }

    /// Whether there are peers, not many, and all in this process.
    pub(crate) fn are_within_process(&self) -> bool {
        (1..=FEW).contains(&self.count()) && self.all.iter().all(|(_, peer)| peer.connection.is_none())
    }

    /// A message for this peer has begun a segment.
    #[cold]
    pub(super) fn write_segment(&mut self, id: PeerId, may_wait: bool) {
        // Where there are others, a slow one would keep them waiting.
        let waits = may_wait && self.count() == 1;
        let Some(peer) = self.get(id) else { return };
        let messages = peer.streaming.messages_in_segment(peer.writer.written());
        let due = if waits { peer.pace_segment(messages) } else { None };
        let wrote = due.is_none() && peer.write_segment(messages);
        self.due = due;
        self.streams |= wrote;
    }

    /// The thread has done what was due as far as it could.
    #[cold]
    pub(crate) fn end_due(&mut self, due: &Due) {
        if let Due::Segments(segments) = due
            && segments.are_written()
        {
            streaming::remember(&segments.connection);
            self.streams = true;
        }
        if let Some(peer) = self.of_pipe(due.pipe()).and_then(|id| self.get(id)) {
            peer.end_due(due);
        }
    }

    /// Leaves nothing behind of the streams that this side writes: for a caller that does anything but write on.
    #[inline]
    pub(crate) fn end_streams(&mut self) {
        if self.streams {
            self.end_all_streams();
        }
    }

    #[cold]
    fn end_all_streams(&mut self) {
        self.streams = false;
        let connections = self.all.values_mut().filter_map(|peer| peer.connection.as_ref());
        connections.for_each(|connection| connection.end_stream());
    }

    /// This side hears from the only connection no more for now.
    fn leave(&self) {
        if let Some((_, connection)) = self.only_connection() {
            connection.leave();
        }
    }

    /// Lets the I/O thread hear from the connection again, if this side does.
    pub(crate) fn end_listening(&mut self) {
        if std::mem::take(&mut self.listens) {
            let connections = self.all.values_mut().filter_map(|peer| peer.connection.as_ref());
            connections.for_each(|connection| connection.release_inbound());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bell;
    use crate::{Context, Pull, Push};
    use rustix::event::{PollFd, PollFlags};

    /// Where the I/O thread takes the descriptor back at that very moment, it is the one that reads: so once is enough.
    #[test]
    fn what_came_while_nobody_heard_of_it_is_found_by_a_call_that_does_not_wait() {
        let calls: [fn(&mut Pull) -> bool; 3] = [
            |pull| pull.try_recv().is_ok(),
            |pull| pull.recv_timeout(Duration::ZERO).is_ok(),
            |pull| pull.can_recv() && pull.recv().is_ok(),
        ];
        for call in calls {
            let context = Context::new();
            let mut pull = Pull::new(&context).unwrap();
            let mut push = Push::new(&context).unwrap();
            push.connect(pull.bind("tcp://127.0.0.1:*").unwrap()).unwrap();
            let found = (0..1000).any(|_| {
                push.send("first").unwrap();
                pull.recv().unwrap();
                let connection =
                    pull.core_mut().peers.only_connection().map(|(_, connection)| connection.clone());
                let Some(connection) = connection else { return false };
                push.send("second").unwrap();
                let descriptor = connection.descriptor.upgrade().unwrap();
                let mut set = [PollFd::from_borrowed_fd(descriptor.as_fd(), PollFlags::IN)];
                _ = bell::wait(&mut set, Some(Duration::from_millis(1)), None);
                let unheard = bell::rang(&set[0]) && connection.is_listened_to();
                let found = call(&mut pull);
                if !found {
                    pull.recv().unwrap();
                }
                unheard && found
            });
            assert!(found);
        }
    }
}
