//! Claims: a caller against the I/O thread's turns and checks.

use super::model;
use loom::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use loom::thread;
use queue::{Check, Claims, Custody, Inbound, Outbound, TryLock};
use std::sync::Arc;

/// A connection as its claims see it: what a thread writes and reads under the lock, what the writer has queued and the
/// kernel has received, and the word that callers leave for the I/O thread.
struct Link {
    lock: TryLock<Moved>,
    queued: AtomicUsize,
    received: AtomicUsize,
    /// All that was queued is written: who queues more tells the I/O thread.
    rests: AtomicBool,
    called: AtomicBool,
    turn: AtomicBool,
    /// The kernel takes no bytes: only the poller hears when it does again.
    blocked: bool,
}

#[derive(Default)]
struct Moved {
    written: usize,
    read: usize,
    /// A writer has written its stream since the last check.
    used: bool,
}

impl Link {
    fn new(blocked: bool) -> Arc<Self> {
        Arc::new(Self {
            blocked,
            lock: TryLock::new(Moved::default()),
            queued: AtomicUsize::new(0),
            received: AtomicUsize::new(0),
            rests: AtomicBool::new(true),
            called: AtomicBool::new(false),
            turn: AtomicBool::new(false),
        })
    }

    /// As an inbox.
    fn call(&self, turn: bool) {
        if turn {
            self.turn.swap(true, Ordering::AcqRel);
        }
        self.called.swap(true, Ordering::AcqRel);
    }

    /// A caller waits at the descriptor for a moment, and reads what has been received.
    fn wait(&self) {
        if self.lock.change(Claims::listening).inbound() == Inbound::Io {
            self.call(false);
        }
        if let Some(mut held) = self.lock.try_lock() {
            held.read = self.received.load(Ordering::Acquire);
            if held.unlock() {
                self.call(true);
            }
        }
    }

    fn leave(&self) {
        if self.lock.change(Claims::away).inbound() == Inbound::Settled {
            self.call(false);
        }
    }

    fn release(&self) {
        if self.lock.change(Claims::released).inbound() != Inbound::Io {
            self.call(true);
        }
    }

    fn queue(&self) {
        self.queued.fetch_add(1, Ordering::AcqRel);
        if self.rests.swap(false, Ordering::AcqRel) {
            self.call(true);
        }
    }

    /// Under the lock: writes what is queued, and rests then.
    fn write_all(&self, moved: &mut Moved) {
        self.rests.swap(true, Ordering::AcqRel);
        moved.written = self.queued.load(Ordering::Acquire);
    }

    /// A writer writes its stream.
    fn write_stream(&self, waits: bool) {
        let claim = |claims: Claims, free| claims.streaming(free, waits);
        let Some(mut held) = self.lock.try_lock_and(claim) else { return };
        held.written = self.queued.load(Ordering::Acquire);
        held.used = true;
        let (called, before) = held.unlock_and(|claims| claims.with_outbound(Outbound::Stream));
        if called || !before.streams() {
            self.call(called);
        }
    }

    fn end_stream(&self) {
        let Some(mut held) = self.lock.try_lock_and(|claims, _| claims.with_outbound(Outbound::Io)) else {
            return;
        };
        self.write_all(&mut held);
        if held.unlock() {
            self.call(true);
        }
    }
}

impl Link {
    /// A caller writes a large message, of which the kernel takes a part, and gives up waiting for it to take the rest.
    fn write_large(&self) {
        self.queue();
        if let Some(held) = self.lock.try_lock() {
            let (called, _) = held.unlock_and(|claims| claims.with_outbound(Outbound::Large));
            if called {
                self.call(true);
            }
        }
        if self.lock.change(Claims::large_given_up).outbound() == Outbound::Large {
            self.call(true);
        }
    }
}

/// The I/O thread of a [`Link`].
#[derive(Default)]
struct Io {
    custody: Custody,
    /// The poller does not hear of the descriptor.
    unwatched: bool,
    check_inbound: bool,
    check_outbound: bool,
}

impl Io {
    fn follow(&mut self, link: &Link) {
        let claims = link.lock.claims();
        self.check_inbound |= self.custody.begin_inbound(claims);
        self.check_outbound |= self.custody.begin_outbound(claims);
        self.unwatched = claims.inbound() != Inbound::Io;
    }

    /// Moves what can be moved; again if a caller tried meanwhile.
    fn turn(&mut self, link: &Link) {
        for _ in 0..3 {
            let Some(mut held) = link.lock.try_lock() else { break };
            if matches!(link.lock.claims().outbound(), Outbound::Io | Outbound::Answer) {
                link.write_all(&mut held);
            }
            held.read = link.received.load(Ordering::Acquire);
            if !held.unlock() {
                break;
            }
        }
        if link.blocked && link.lock.claims().inbound() != Inbound::Io {
            link.lock.change(Claims::released);
        }
        self.follow(link);
    }

    /// What callers have told it.
    fn attend(&mut self, link: &Link) -> bool {
        let called = link.called.swap(false, Ordering::AcqRel);
        if called {
            self.follow(link);
            // A turn also for who listens: the poller may have been about to tell.
            if link.turn.swap(false, Ordering::AcqRel) || self.unwatched {
                self.turn(link);
            }
        }
        called
    }

    /// Both checks, if they are set.
    fn check(&mut self, link: &Link) {
        if std::mem::take(&mut self.check_inbound) {
            match self.custody.check_inbound(&link.lock) {
                Check::Used => self.check_inbound = true,
                Check::Over => {}
                Check::TakenBack => self.turn(link),
            }
        }
        if std::mem::take(&mut self.check_outbound) {
            let used = match link.lock.try_lock() {
                None => true,
                Some(mut held) => {
                    let used = std::mem::take(&mut held.used);
                    if held.unlock() {
                        self.turn(link);
                    }
                    used
                }
            };
            match self.custody.check_outbound(&link.lock, used) {
                Check::Used => self.check_outbound = true,
                Check::Over => {}
                Check::TakenBack => self.turn(link),
            }
        }
    }
}

/// A caller does `calls` while the I/O thread takes a turn, attends and checks; then so much time passes.
fn race_for_claims(before: fn(&Link), calls: fn(&Link), checks: usize, then: fn(&Link, &Io)) {
    race_over(false, before, calls, checks, then);
}

fn race_over(blocked: bool, before: fn(&Link), calls: fn(&Link), checks: usize, then: fn(&Link, &Io)) {
    model(move || {
        let link = Link::new(blocked);
        let mut io = Io::default();
        before(&link);
        io.attend(&link);
        let there = link.clone();
        let caller = thread::spawn(move || calls(&there));
        link.received.fetch_add(1, Ordering::AcqRel);
        if !io.unwatched {
            io.turn(&link);
        }
        io.attend(&link);
        if checks > 0 {
            io.check(&link);
        }
        caller.join().unwrap();
        io.attend(&link);
        for _ in 0..checks {
            io.check(&link);
            io.attend(&link);
        }
        then(&link, &io);
    });
}

/// Somebody hears from the descriptor: the poller, or a caller that waits there; never both for long.
fn is_heard(link: &Link, io: &Io) {
    let inbound = link.lock.claims().inbound();
    assert_eq!(io.unwatched, inbound != Inbound::Io, "{inbound:?}");
}

/// What was received while nobody waited has been read by the I/O thread.
fn is_read(link: &Link, io: &Io) {
    is_heard(link, io);
    assert!(!io.unwatched, "nobody came back");
    assert_eq!(link.lock.try_lock().unwrap().read, 1);
}

/// Nothing that a writer has queued is left behind, whether it has said so or not.
fn is_written(link: &Link, _: &Io) {
    assert!(!link.lock.claims().streams());
    assert_eq!(link.lock.try_lock().unwrap().written, link.queued.load(Ordering::Acquire));
}

/// A claim that is not used is taken back by the second check at the latest.
const CHECKS: usize = 2;

fn come_and_go(link: &Link) {
    link.wait();
    link.leave();
}

fn begin_a_stream(link: &Link) {
    link.queue();
    link.write_stream(true);
}

fn end_the_stream(link: &Link) {
    link.queue();
    link.end_stream();
}

#[test]
fn a_caller_that_waits_and_leaves_against_a_check() {
    race_for_claims(|_| (), come_and_go, CHECKS, is_read);
}

#[test]
fn a_caller_that_comes_back_against_a_check() {
    race_for_claims(come_and_go, Link::wait, CHECKS, |link, io| {
        is_heard(link, io);
        assert_eq!(link.lock.claims().inbound(), Inbound::Settled, "it waits on without checks");
    });
}

#[test]
fn a_caller_that_leaves_after_long_against_a_check() {
    race_for_claims(Link::wait, Link::leave, CHECKS, is_read);
}

#[test]
fn a_caller_that_releases_the_descriptor_against_a_check() {
    race_for_claims(come_and_go, Link::release, CHECKS, is_read);
}

/// Whatever the caller claims, the poller hears when the kernel takes bytes again.
#[test]
fn a_caller_that_waits_against_a_turn_that_cannot_write() {
    race_over(
        true,
        come_and_go,
        |link| {
            link.wait();
            link.leave();
            link.wait();
        },
        0,
        |_, io| assert!(!io.unwatched),
    );
}

#[test]
fn a_stream_that_stops_without_a_word_against_a_check() {
    race_for_claims(
        |_| (),
        |link| {
            link.queue();
            link.write_stream(false);
            link.queue();
        },
        CHECKS,
        is_written,
    );
}

#[test]
fn a_stream_that_ends_against_a_check() {
    race_for_claims(begin_a_stream, end_the_stream, CHECKS, is_written);
}

#[test]
fn a_writer_that_waits_against_a_turn() {
    race_for_claims(
        |link| {
            link.queue();
            link.write_stream(false);
        },
        |link| {
            link.queue();
            link.write_stream(true);
        },
        CHECKS,
        is_written,
    );
}

/// Without a check: what a stream leaves behind goes out at once when its writer turns to something else.
#[test]
fn a_stream_that_ends_against_a_turn() {
    race_for_claims(begin_a_stream, end_the_stream, 0, is_written);
}

#[test]
fn the_rest_of_a_large_message_is_left_to_the_io_thread() {
    race_for_claims(|_| (), Link::write_large, 0, is_written);
    race_for_claims(begin_a_stream, Link::write_large, CHECKS, is_written);
}
