//! A stream that its writer carries.
//!
//! A thread that sends without pause soon stands at its high-water mark, while the I/O thread, woken for the first
//! message, writes what little it finds and rests again, or writes at the writer's heels a few messages at a time:
//! where threads outnumber processors most of the time goes into that. So a writer that keeps having much queued
//! writes it in the I/O thread's place, all at once; the I/O thread does not ask to be woken, but looks from time to
//! time whether the writer is still at it. What a writer has left that has not written for half a millisecond, the I/O
//! thread writes: so late at most, and only at the end of a stream.

use crate::engine::{Connection, Engine, Rest, Wish};
use queue::Milestone;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// A writer that has not written for so long carries no more, and as often the I/O thread looks.
pub(crate) const LOOKS: Duration = Duration::from_micros(500);

impl Engine {
    pub(super) fn is_carried(&self) -> bool {
        self.carried.is_some()
    }

    /// Writes what is queued, in the I/O thread's place. Returns whether that was anything.
    fn carry(&mut self, milestone: Milestone) -> bool {
        self.outbound.resume();
        // Who made a body that goes by reference may be called when it has gone: not within the writer's own call.
        if self.outbound.drain.has_bodies() {
            self.carried = None;
            return false;
        }
        self.outbound.drain.pass_on(milestone);
        let before = self.outbound.drain.frames().passed();
        let done = self.write() == Rest::Quiet && !self.is_blocked();
        let wrote = self.outbound.drain.frames().passed() != before;
        // What cannot be done now is for the I/O thread.
        self.carried = (done && (wrote || self.is_carried())).then(Instant::now);
        wrote
    }

    /// Writes what is queued for a writer that would lose a message otherwise, as far as the kernel takes it.
    fn relieve(&mut self, milestone: Milestone) {
        if !self.outbound.may_write() || (self.translates() && self.outbound.drain.has_bodies()) {
            return;
        }
        self.outbound.resume();
        if !self.translates() {
            self.outbound.drain.pass_on(milestone);
        }
        self.outbound.drain.keep_bodies();
        // An error shows again in the I/O thread's turn.
        self.write();
    }

    /// A look of the I/O thread: when to look again, if the writer still carries.
    pub(crate) fn look_after(&mut self) -> Option<Instant> {
        let end = self.carried? + LOOKS;
        if Instant::now() < end {
            return Some(end);
        }
        self.carried = None;
        None
    }
}

impl Connection {
    /// Writes what is queued in the I/O thread's place. Returns whether that was anything. If the I/O thread is at work,
    /// it goes on for a writer that `waits`, and leaves the stream to one that does not.
    pub(crate) fn carry(&self, milestone: Milestone, waits: bool) -> bool {
        if !self.plain {
            return false;
        }
        self.wants.say(!waits, waits);
        let Some(mut held) = self.engine.try_lock() else { return false };
        self.wants.say(false, false);
        let Some(engine) = held.as_mut() else { return false };
        let before = engine.is_carried();
        let wrote = engine.carry(milestone);
        let after = engine.is_carried();
        if held.unlock() || (!after && (before || wrote)) {
            self.tell(Wish::Turn);
        }
        if after && !before {
            self.tell(Wish::Carried);
        }
        wrote
    }

    /// Writes what is queued in the I/O thread's place, for a writer that would lose a message otherwise. Returns whether
    /// the engine was free for it.
    pub(crate) fn relieve(&self, milestone: Milestone) -> bool {
        let Some(mut held) = self.engine.try_lock() else { return false };
        let Some(engine) = held.as_mut() else { return true };
        let before = !engine.outbound.may_write();
        engine.relieve(milestone);
        let unfinished = engine.outbound.drain.keeps_bodies() || (!before && !engine.outbound.may_write());
        if held.unlock() || unfinished {
            self.tell(Wish::Turn);
        }
        true
    }

    /// The I/O thread, before its turn, heeds what a writer wanted meanwhile. Returns whether that carries now.
    pub(crate) fn heed(&self, engine: &mut Engine) -> bool {
        let heard = |want: &AtomicBool| want.load(Ordering::Relaxed) && want.swap(false, Ordering::Relaxed);
        if heard(&self.wants.to_put_down) {
            engine.carried = None;
        }
        let carries = heard(&self.wants.to_carry) && !engine.is_blocked();
        if carries {
            engine.carried = Some(Instant::now());
        }
        carries
    }

    /// The writer carries no more, and leaves nothing behind.
    pub(crate) fn put_down(&self) {
        self.wants.say(false, true);
        let Some(mut held) = self.engine.try_lock() else { return };
        self.wants.say(false, false);
        let Some(engine) = held.as_mut() else { return };
        let finished = engine.carried.take().is_none() || engine.write_now();
        if held.unlock() || !finished {
            self.tell(Wish::Turn);
        }
    }
}
