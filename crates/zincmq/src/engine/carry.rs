//! A stream that its writer carries.
//!
//! A thread that sends without pause soon stands at its high-water mark, while the I/O thread, woken for the first
//! message, writes what little it finds and rests again, or writes at the writer's heels a few messages at a time:
//! where threads outnumber processors most of the time goes into that. So a writer that keeps having much queued
//! writes it in the I/O thread's place, all at once; the I/O thread does not ask to be woken, but looks from time to
//! time whether the writer is still at it. What the writer has left is written then: so late at most, and only at the
//! end of a stream.

use crate::engine::{Connection, Engine, Rest, Wish};
use queue::Milestone;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How often the I/O thread looks after writers that carry; at the second look without one it writes.
pub(crate) const LOOKS: Duration = Duration::from_micros(500);

/// Who writes what is queued.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) enum Carrier {
    /// The I/O thread, which the writer wakes.
    #[default]
    Thread,
    /// The writer, which has written since the last look.
    Writer,
    /// The writer, which has not.
    Idler,
}

/// What a writer wants of an I/O thread that has the engine. It is said before the engine's lock is tried, so that the
/// turn which follows a failure heeds it.
#[derive(Debug, Default)]
pub(crate) struct Wants {
    to_carry: AtomicBool,
    to_put_down: AtomicBool,
}

impl Wants {
    fn say(&self, to_carry: bool, to_put_down: bool) {
        self.to_carry.store(to_carry, Ordering::Relaxed);
        self.to_put_down.store(to_put_down, Ordering::Relaxed);
    }
}

impl Engine {
    pub(super) fn is_carried(&self) -> bool {
        self.carrier != Carrier::Thread
    }

    /// Writes what is queued, in the I/O thread's place.
    fn carry(&mut self, milestone: Milestone) {
        self.resume();
        self.drain.pass_on(milestone);
        let done = self.write().is_ok_and(|rest| rest == Rest::Quiet) && !self.is_blocked();
        // What cannot be done now is for the I/O thread.
        self.carrier = if done { Carrier::Writer } else { Carrier::Thread };
    }

    /// A look of the I/O thread: whether the writer still carries.
    pub(crate) fn look_after(&mut self) -> bool {
        self.carrier = if self.carrier == Carrier::Writer { Carrier::Idler } else { Carrier::Thread };
        self.is_carried()
    }
}

impl Connection {
    /// Writes what is queued in the I/O thread's place, if it is free and its bytes go out as they are. Returns whether
    /// anything was written.
    pub(crate) fn carry(&self, milestone: Milestone) -> bool {
        let Some(mut held) = self.engine.try_lock() else { return false };
        self.wants.say(false, false);
        let Some(engine) = held.as_mut().filter(|engine| engine.is_plain()) else { return false };
        let (before, read) = (engine.is_carried(), engine.sent());
        engine.carry(milestone);
        let (after, wrote) = (engine.is_carried(), engine.sent() != read);
        if held.unlock() || (!after && (before || wrote)) {
            self.tell(Wish::Turn);
        }
        if after && !before {
            self.tell(Wish::Carried);
        }
        wrote
    }

    /// As [`Connection::carry`]; if the I/O thread is at work, it shall leave the stream to the writer.
    pub(crate) fn claim(&self, milestone: Milestone) {
        self.wants.say(true, false);
        self.carry(milestone);
    }

    /// The I/O thread, before its turn, heeds what a writer wanted meanwhile. Returns whether that carries now.
    pub(crate) fn heed(&self, engine: &mut Engine) -> bool {
        let heard = |want: &AtomicBool| want.load(Ordering::Relaxed) && want.swap(false, Ordering::Relaxed);
        if heard(&self.wants.to_put_down) {
            engine.carrier = Carrier::Thread;
        }
        let carries = heard(&self.wants.to_carry) && engine.is_plain() && !engine.is_blocked();
        if carries {
            engine.carrier = Carrier::Writer;
        }
        carries
    }

    /// The writer carries no more, and leaves nothing behind.
    pub(crate) fn put_down(&self) {
        self.wants.say(false, true);
        let Some(mut held) = self.engine.try_lock() else { return };
        self.wants.say(false, false);
        let Some(engine) = held.as_mut() else { return };
        let carried = std::mem::take(&mut engine.carrier) != Carrier::Thread;
        let finished = !carried || engine.write_now();
        if held.unlock() || !finished {
            self.tell(Wish::Turn);
        }
    }
}
