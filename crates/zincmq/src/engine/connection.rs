//! An open connection, as both sides hold it: the engine behind a lock that either may take, so that a caller of the
//! socket can do the connection's I/O itself. Claims in the lock's word say which thread does it: a caller that waits
//! for a message hears from the descriptor and reads; one that has just read may write its answer; one that sends a
//! stream writes it, a whole queue at a time. Work that a caller cannot finish is left to the I/O thread.

use crate::bell;
use crate::engine::Engine;
use crate::engine::contract::{Rest, Written};
use crate::monitor::Sides;
use crate::transport::Link;
use queue::{Claims, Inbound, Milestone, Outbound, Part, PeerInfo, TryLock, Writer};
use rustix::event::{PollFd, PollFlags};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

/// So many messages at once are a stream: the I/O thread reads that better.
const STREAMING: u64 = 16;
/// Unless they are of so many bytes each or more: then the reader's thread reads them as fast as the I/O thread could, which would
/// wake it for each segment.
const SMALL: u64 = 2 << 10;

/// The sender of a large message waits for the kernel for so long at a time. Before the next tick of the kernel's clock, which
/// comes every 4 ms, a wait would need a timer of its own in the hardware: on a virtual machine that takes as long as to copy
/// 64 KiB.
const WAIT: Duration = Duration::from_millis(10);

/// The I/O thread, as a caller sees it.
pub(crate) trait Overseer: Send + Sync + std::fmt::Debug {
    /// Has it look at the claims of a session, and give the engine a `turn`.
    fn call(&self, session: u64, turn: bool);
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Connection {
    /// None after the connection's end.
    pub(crate) engine: TryLock<Option<Engine>>,
    /// The session and the engine own it; a caller that waits holds it for that time.
    pub(crate) descriptor: Weak<OwnedFd>,
    /// The connection's properties, as messages show them.
    pub(crate) info: Arc<PeerInfo>,
    /// The endpoints of this side and the other: the name that was bound or connected to, and the link's.
    pub(crate) name: Arc<str>,
    pub(crate) link: Option<Arc<Link>>,
    pub(crate) connects: bool,
    /// The session's key on its I/O thread.
    pub(crate) session: u64,
    pub(crate) overseer: Arc<dyn Overseer>,
    /// Whether the pipe's bytes go out as they are: only then can a writer write its stream.
    pub(crate) plain: bool,
    /// A caller has read much, since the I/O thread looked.
    pub(crate) reads_much: AtomicBool,
}

/// The result of a caller's reading.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Reading {
    /// Nothing has come, or nothing whole.
    Nothing,
    /// Messages have come. Whether the reader slept: it is awake from now on, and this thread's to resume.
    Messages { woke: bool },
    /// Messages have come, and more may be there: this is a stream of large ones. The reader likewise.
    Much { woke: bool },
    /// So many that this is a stream. The reader likewise.
    Stream { woke: bool },
    /// The connection has ended, or another thread has the engine.
    Unavailable,
}

/// The result of a visit, and the work that it leaves.
struct Visit<R> {
    result: R,
    /// The outbound claim from now on, if it changes.
    outbound: Option<Outbound>,
    /// The caller, which has heard from the descriptor, goes elsewhere with what it has read.
    leaves: bool,
    /// Something is left for the I/O thread.
    unfinished: bool,
}

impl<R> Visit<R> {
    /// The claims stay as they are.
    fn new(result: R, unfinished: bool) -> Self {
        Self { result, outbound: None, leaves: false, unfinished }
    }

    fn with_outbound(self, outbound: Outbound) -> Self {
        Self { outbound: Some(outbound), ..self }
    }
}

/// Whether so many messages of so many bytes, read at once, are better read by the I/O thread.
fn is_stream(messages: u64, bytes: u64) -> bool {
    messages >= STREAMING && bytes < messages * SMALL
}

impl Connection {
    /// The endpoints of this side and the other, as far as known.
    pub(crate) fn sides(&self) -> Sides<'_> {
        let sides = Sides::of(&self.name, self.connects);
        self.link.as_ref().map_or(sides, |link| link.complete(sides))
    }

    /// The I/O thread gives the engine a turn: the messages that the reader has read before it knew of the connection
    /// may have made room.
    pub(crate) fn recheck(&self) {
        self.call(true);
    }

    fn call(&self, turn: bool) {
        self.overseer.call(self.session, turn);
    }

    /// A caller does something with the engine, unless another thread has it; the claims become what `claim` makes of them
    /// either way.
    fn visit<R>(
        &self,
        claim: impl Fn(Claims, bool) -> Claims,
        act: impl FnOnce(&mut Engine, Claims) -> Visit<R>,
    ) -> Option<R> {
        let mut held = self.engine.try_lock_and(claim)?;
        let engine = held.as_mut()?;
        let was_blocked = engine.is_blocked();
        let Visit { result, outbound, leaves, mut unfinished } = act(engine, self.engine.claims());
        // Only the poller can tell when the kernel takes bytes again, unless the caller waits for that.
        unfinished |= engine.is_blocked() && !was_blocked && outbound != Some(Outbound::Large);
        let change = |claims: Claims| {
            let claims = if leaves { claims.away() } else { claims };
            outbound.map_or(claims, |outbound| claims.with_outbound(outbound))
        };
        let (called, before) = held.unlock_and(change);
        let begins = outbound == Some(Outbound::Stream) && !before.streams();
        if called || unfinished {
            self.call(true);
        } else if begins || (leaves && before.inbound() == Inbound::Settled) {
            self.call(false);
        }
        Some(result)
    }

    /// The caller begins to wait at the descriptor. `None`: the connection has ended.
    pub(crate) fn listen(&self) -> Option<Arc<OwnedFd>> {
        let descriptor = self.descriptor.upgrade()?;
        if self.engine.change(Claims::listening).inbound() == Inbound::Io {
            self.call(false);
        }
        Some(descriptor)
    }

    /// The caller goes elsewhere, and may be back soon.
    pub(crate) fn leave(&self) {
        let is_there = matches!(self.engine.claims().inbound(), Inbound::Here | Inbound::Settled);
        if is_there && self.engine.change(Claims::away).inbound() == Inbound::Settled {
            self.call(false);
        }
    }

    /// The caller listens no more.
    pub(crate) fn release_inbound(&self) {
        if self.is_listened_to() && self.engine.change(Claims::released).inbound() != Inbound::Io {
            self.call(true);
        }
    }

    /// Whether a caller has claimed the descriptor.
    pub(crate) fn is_listened_to(&self) -> bool {
        self.engine.claims().inbound() != Inbound::Io
    }

    /// Reads what is there. A caller that gets messages leaves the descriptor with them.
    pub(crate) fn read(&self) -> Reading {
        let read = |engine: &mut Engine, claims: Claims| {
            // Nothing was sent since the last reading.
            let one_way = claims.outbound() == Outbound::Answer;
            let (before, place) = (engine.received(), engine.position());
            let result = engine.read_for_reader();
            let messages = engine.received() - before;
            let bytes = engine.position().saturating_sub(place);
            let woke = engine.has_woken_reader();
            let reading = match result {
                Ok(_) if is_stream(messages, bytes) => Reading::Stream { woke },
                Ok(true) if messages > 0 && one_way => {
                    self.reads_much.store(true, Ordering::Relaxed);
                    Reading::Much { woke }
                }
                Ok(_) if messages > 0 => Reading::Messages { woke },
                Ok(_) => Reading::Nothing,
                Err(_) if woke => Reading::Stream { woke },
                Err(_) => Reading::Unavailable,
            };
            let answers = messages > 0 && claims.inbound() != Inbound::Io && !claims.streams();
            Visit {
                result: reading,
                outbound: answers.then_some(Outbound::Answer),
                leaves: messages > 0,
                // PING's answer, if there was one, is not for this thread.
                unfinished: result.is_err() || engine.owes_turn(claims.streams()),
            }
        };
        self.visit(|claims, _| claims, read).unwrap_or(Reading::Unavailable)
    }

    /// Goes on where the high-water mark stopped the engine, for a reader that has read all.
    pub(crate) fn read_on(&self) {
        let read_on = |engine: &mut Engine, claims: Claims| {
            let done = matches!(engine.read_on(), Ok(Rest::Quiet));
            // The reader, which does not sleep or is about to look, learns of it anyway.
            engine.has_woken_reader();
            Visit::new((), !done || engine.owes_turn(claims.streams()))
        };
        self.visit(|claims, _| claims, read_on);
    }

    /// Writes what is queued, if the caller has just read. Returns whether it did.
    pub(crate) fn answer(&self) -> bool {
        self.answer_by(Engine::answer)
    }

    /// As [`Connection::answer`], for a message that the writer has not published. Returns `false` if that is left to be done.
    pub(crate) fn answer_at_once(&self, writer: &mut Writer) -> bool {
        self.answer_by(|engine| engine.answer_at_once(writer))
    }

    /// Writes a message that comes alone, and that the writer has not published, where the I/O thread has both directions and nothing
    /// else to write. Returns `false` if nothing has happened.
    pub(crate) fn write_lone(&self, writer: &mut Writer) -> bool {
        if self.engine.claims().is_any() {
            return false;
        }
        let write = |engine: &mut Engine, _| {
            let whole = engine.write_lone(writer);
            Visit::new(whole.is_some(), whole == Some(false))
        };
        self.visit(|claims, _| claims, write).unwrap_or(false)
    }

    fn answer_by(&self, write: impl FnOnce(&mut Engine) -> bool) -> bool {
        if self.engine.claims().outbound() != Outbound::Answer {
            return false;
        }
        let write = |engine: &mut Engine, _| {
            let all = write(engine);
            Visit::new((), !all || engine.owes_turn(all))
        };
        self.visit(|claims, _| claims.with_outbound(Outbound::Io), write).is_some()
    }

    /// Writes what is queued of a stream. Returns whether that was anything. For `waits` see [`Claims::streaming`].
    pub(crate) fn write_stream(&self, milestone: Milestone, waits: bool) -> bool {
        if !self.plain {
            return false;
        }
        let write = |engine: &mut Engine, claims: Claims| {
            let (wrote, all) = engine.write_stream(milestone);
            let goes_on = all && (wrote || claims.streams());
            let visit = Visit::new(wrote, !goes_on && (wrote || claims.streams()));
            visit.with_outbound(if goes_on { Outbound::Stream } else { Outbound::Io })
        };
        self.visit(|claims, free| claims.streaming(free, waits), write).unwrap_or(false)
    }

    /// Writes a large message past the pipe, if nothing is before it there. Returns whether all of it; `None`: the pipe does
    /// not have the message.
    pub(crate) fn write_through(&self, writer: &mut Writer, body: &Part<'_>) -> Option<bool> {
        if !self.plain {
            return None;
        }
        let write = |engine: &mut Engine, _| {
            let result = engine.write_through(writer, body);
            let outbound = (result == Some(false)).then_some(Outbound::Large);
            Visit { outbound, ..Visit::new(result, false) }
        };
        self.visit(|claims, _| claims, write).flatten()
    }

    /// Writes what is queued, for the sender of a large message, and waits for the kernel to take it, but does not wait again
    /// after `until`. Another thread that has the engine meanwhile writes, too. Something was written already if the kernel is
    /// `full`. For `lends` see [`Engine::write_large`].
    pub(crate) fn write_large(&self, until: Instant, lends: bool, full: bool) -> Written {
        self.write_whole(until, full.then_some(Written::Part), || self.write_large_once(lends))
    }

    /// Writes the segments that a stream has filled, and waits for the kernel likewise.
    pub(crate) fn write_segments(&self, until: Instant, milestone: Milestone) -> Written {
        self.write_whole(until, None, || self.write_segments_once(milestone))
    }

    /// Writes with `once`, whose last result was `visited`, until everything is written or it is late.
    fn write_whole(
        &self,
        until: Instant,
        mut visited: Option<Written>,
        once: impl Fn() -> Option<Written>,
    ) -> Written {
        let Some(descriptor) = self.descriptor.upgrade().filter(|_| self.plain) else { return Written::Not };
        let mut written = visited.unwrap_or(Written::Not);
        loop {
            if visited.is_none() {
                visited = once();
            }
            if visited == Some(Written::All) {
                return Written::All;
            }
            written = visited.unwrap_or(written);
            // Once the connection has ended, nobody else has the descriptor.
            if visited == Some(Written::Not) || Instant::now() > until || Arc::strong_count(&descriptor) == 1
            {
                break;
            }
            if visited.take().is_none() {
                std::thread::yield_now();
                continue;
            }
            // The other side may wait for its own bytes to be read.
            self.release_inbound();
            let mut set = [PollFd::from_borrowed_fd(descriptor.as_fd(), PollFlags::OUT)];
            if !bell::wait(&mut set, Some(WAIT), None).unwrap_or(false) {
                break;
            }
        }
        if self.engine.change(Claims::large_given_up).outbound() == Outbound::Large {
            self.call(true);
        }
        written
    }

    /// `None`: another thread has the engine, or the connection has ended.
    fn write_large_once(&self, lends: bool) -> Option<Written> {
        let write = |engine: &mut Engine, _| {
            let (written, keeps) = engine.write_large(lends);
            let outbound = if written == Written::Part { Outbound::Large } else { Outbound::Io };
            Visit::new(written, keeps || written == Written::Not).with_outbound(outbound)
        };
        self.visit(|claims, _| claims, write)
    }

    /// As [`Connection::write_large_once`].
    fn write_segments_once(&self, milestone: Milestone) -> Option<Written> {
        let write = |engine: &mut Engine, _| {
            let written = engine.write_segments(milestone);
            let outbound = match written {
                Written::All => Outbound::Stream,
                Written::Part => Outbound::Large,
                Written::Not => Outbound::Io,
            };
            Visit::new(written, written == Written::Not).with_outbound(outbound)
        };
        self.visit(|claims, _| claims, write)
    }

    /// The writer's stream is over, or it turns to something else: nothing is left behind.
    pub(crate) fn end_stream(&self) {
        if !self.engine.claims().streams() {
            return;
        }
        let write = |engine: &mut Engine, _| Visit::new((), !engine.end_stream());
        self.visit(|claims, _| claims.with_outbound(Outbound::Io), write);
    }

    /// Writes what is queued, for a writer that would lose a message otherwise. Returns whether the engine was free for it.
    pub(crate) fn relieve(&self, milestone: Milestone) -> bool {
        let relieve = |engine: &mut Engine, _| Visit::new((), engine.relieve(milestone));
        self.visit(|claims, _| claims, relieve).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_small_messages_are_a_stream() {
        assert!(is_stream(STREAMING, STREAMING * (SMALL - 1)));
        assert!(!is_stream(STREAMING, STREAMING * SMALL));
        assert!(!is_stream(STREAMING - 1, 0));
    }
}
