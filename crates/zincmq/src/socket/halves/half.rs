//! What either half is made of, and how it waits: without the lock, on its own signal.

use crate::command::ToSocket;
use crate::engine::Reading;
use crate::error::{Error, Result};
use crate::pattern::contract::Denied;
use crate::socket::core::Core;
use crate::socket::halves::listening::Listening;
use crate::socket::outgoing::Parts;
use crate::socket::streaming::end_streams_of_thread;
use crate::socket::turn::Turn;
use crate::socket::waiting::deadline;
use crate::spin::AdaptiveSpin;
use queue::biased::End;
use queue::{Both, Inbox, Part, Signal};
use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

/// What is left to a thread whose attempt was denied.
enum Outlook<T> {
    /// The call returns this.
    Over(Result<T>),
    /// The next attempt may succeed at once.
    Unsettled,
    /// A change is to be waited for: whether a signal handler ends the wait, the connection to wait at, if there is one, and how
    /// long to look awake in any case.
    Nothing { interruptible: bool, listening: Option<Listening>, spin: Duration },
}

impl<T> Outlook<T> {
    /// Whether this thread `receives`, and `listens` if there is a connection for it.
    fn after(denied: Denied, core: &mut Core, receives: bool, until: Option<Instant>, listens: bool) -> Self {
        if denied != Denied::Again || core.is_stopped() {
            return Self::Over(Err(core.refusal(denied)));
        }
        if let Err(error) = core.heed_interrupt() {
            return Self::Over(Err(error));
        }
        if until.is_some_and(|until| Instant::now() >= until) {
            core.peers.end_streams();
            let missed = receives && core.read_missed();
            return if missed { Self::Unsettled } else { Self::Over(Err(Error::Timeout)) };
        }
        if core.is_unsettled() || !receives && core.peers.write_streams() {
            return Self::Unsettled;
        }
        let listening = if listens { core.begin_listening() } else { None };
        Self::Nothing { interruptible: core.waiting.interruptible, listening, spin: core.spin_time(until) }
    }
}

/// What this thread has read where it waited.
type Heard = (Listening, Reading);

/// What an attempt of a pattern says.
pub(crate) type Attempt = std::result::Result<(), Denied>;

/// The work that a first attempt to send has left: to try again, or what is due.
pub(super) enum Unfinished {
    Denied(Denied),
    Due,
}

impl Unfinished {
    /// Out of the way of a call that has sent a small message, which would otherwise work out without a branch which of the
    /// results it has.
    #[cold]
    #[inline(never)]
    fn due() -> std::result::Result<(), Self> {
        Err(Self::Due)
    }
}

impl From<Denied> for Unfinished {
    fn from(denied: Denied) -> Self {
        Self::Denied(denied)
    }
}

/// The half that sends, of whatever type.
pub(super) type SendingHalf = Half<false>;
/// The half that receives.
pub(super) type ReceivingHalf = Half<true>;

/// Either half.
pub(crate) struct Half<const RECEIVES: bool> {
    core: End<Core, RECEIVES>,
    changes: Arc<Changes>,
    turn: Turn,
    spin: Box<AdaptiveSpin>,
}

/// How the halves hear of changes.
struct Changes {
    /// The core's.
    inbox: Arc<Inbox<ToSocket>>,
    both: Arc<Both>,
}

impl SendingHalf {
    /// The half that sends and the half that receives.
    pub(super) fn two_of(core: Core) -> (Self, ReceivingHalf) {
        let changes = Arc::new(Changes { inbox: core.owner.inbox.clone(), both: Arc::default() });
        let (sends, receives) = End::two_of(core);
        (Self::new(sends, changes.clone()), ReceivingHalf::new(receives, changes))
    }

    /// The core, if these are the halves of one.
    pub(super) fn join(self, other: ReceivingHalf) -> std::result::Result<Core, (Self, ReceivingHalf)> {
        self.core
            .join(other.core)
            .map_err(|(core, others)| (Self { core, ..self }, ReceivingHalf { core: others, ..other }))
    }

    /// The first attempt to send with the timeout that is set. Without one, this thread does itself what is due.
    #[inline(always)]
    pub(super) fn begin_to_send(&mut self, parts: &[Part<'_>]) -> std::result::Result<(), Unfinished> {
        self.begin(|core| {
            send_in_time(core, parts)?;
            if core.peers.due.is_some() { Unfinished::due() } else { Ok(()) }
        })
    }

    /// After that: this thread waits without the lock, for room, and for the kernel or the reader that is to take what it has queued.
    #[cold]
    pub(super) fn go_on_sending(&mut self, rest: Unfinished, message: &impl Parts) -> Result<()> {
        if let Unfinished::Denied(denied) = rest {
            let until = |core: &Core| deadline(core.peers.options.sndtimeo);
            message.with(|parts| self.keep_trying(denied, until, |core| send_in_time(core, parts)))?;
        }
        if let Some(mut due) = self.with(|core| core.peers.due.take()) {
            due.finish();
            self.with(|core| core.peers.end_due(&due));
        }
        Ok(())
    }
}

impl<const RECEIVES: bool> Half<RECEIVES> {
    fn new(core: End<Core, RECEIVES>, changes: Arc<Changes>) -> Self {
        Self { core, changes, turn: Turn::default(), spin: Box::default() }
    }

    fn signal(&self) -> &Signal {
        &self.changes.both.halves[usize::from(RECEIVES)]
    }

    /// Does something with the core that does not wait.
    #[inline(always)]
    pub(super) fn with<R>(&mut self, act: impl FnOnce(&mut Core) -> R) -> R {
        self.core.with(|core, _| act(core))
    }

    /// As [`Half::with`], for questions, which several threads may ask.
    pub(super) fn ask<R>(&self, question: impl FnOnce(&mut Core) -> R) -> R {
        self.core.with_shared(question)
    }

    /// An attempt that does not wait.
    #[inline(always)]
    pub(crate) fn attempt(&mut self, attempt: impl FnOnce(&mut Core) -> Attempt) -> Result<()> {
        self.with(attempt).map_err(|denied| self.refusal(denied))
    }

    #[cold]
    fn refusal(&mut self, denied: Denied) -> Error {
        self.with(|core| refusal(core, denied))
    }

    /// Tries until the attempt is not denied for now, or the moment has come that `until` gives; `None`: no limit.
    pub(super) fn block<T>(
        &mut self,
        until: impl FnOnce(&Core) -> Option<Instant>,
        mut attempt: impl FnMut(&mut Core) -> std::result::Result<T, Denied>,
    ) -> Result<T> {
        match self.begin(&mut attempt) {
            Ok(done) => Ok(done),
            Err(denied) => self.keep_trying(denied, until, attempt),
        }
    }

    /// The first attempt of a call that waits. In most cases it is the only one, and is to be inlined: not so the later ones, which
    /// are [`Half::keep_trying`].
    #[inline(always)]
    pub(super) fn begin<T, E: From<Denied>>(
        &mut self,
        attempt: impl FnOnce(&mut Core) -> std::result::Result<T, E>,
    ) -> std::result::Result<T, E> {
        self.core.with(|core, alone| {
            if core.waiting.interrupted {
                return Err(Denied::Again.into());
            }
            // Patience is for a thread that keeps nobody out.
            core.peers.patient &= RECEIVES && alone;
            attempt(core)
        })
    }

    /// After a first attempt that was denied. This thread waits without the lock: first awake, as long as that pays off,
    /// then asleep, once it has announced that and tried again.
    #[cold]
    pub(super) fn keep_trying<T>(
        &mut self,
        denied: Denied,
        until: impl FnOnce(&Core) -> Option<Instant>,
        mut attempt: impl FnMut(&mut Core) -> std::result::Result<T, Denied>,
    ) -> Result<T> {
        let (mut outlook, until) = self.with(|core| {
            let until = until(core);
            (Outlook::after(denied, core, RECEIVES, until, RECEIVES), until)
        });
        // Where this thread sleeps, once it has announced that.
        let mut place = None;
        // After another thread had the connection it is that one which reads, until there is news.
        let mut listens = RECEIVES;
        let mut announced = false;
        let result = loop {
            let mut heard = None;
            match outlook {
                Outlook::Over(result) => break result,
                Outlook::Unsettled => announced = false,
                Outlook::Nothing { interruptible, .. } if announced => {
                    (announced, listens) = (false, RECEIVES);
                    match self.sleep(place.take(), until) {
                        Ok(reading) => heard = reading,
                        Err(error) if interruptible => break Err(error),
                        Err(_) => {}
                    }
                }
                Outlook::Nothing { listening, spin, .. } => {
                    end_streams_of_thread();
                    (announced, place, heard) = self.look(listening, spin);
                }
            }
            if announced {
                self.announce(place.as_ref());
            } else {
                place = None;
            }
            listens &= !matches!(heard, Some((_, Reading::Unavailable)));
            outlook = self.try_again(announced, listens, heard, until, &mut attempt);
        };
        self.signal().disarm();
        result
    }

    /// Looks awake for a while, where that pays off, or for `least`. Returns whether to sleep now, and where; or what was heard.
    fn look(
        &mut self,
        listening: Option<Listening>,
        least: Duration,
    ) -> (bool, Option<Listening>, Option<Heard>) {
        let inbox = &self.changes.inbox;
        let Some(listening) = listening else {
            return (!self.spin.look(least, || inbox.is_pending()), None, None);
        };
        match listening.read_awhile(&mut self.spin, least, inbox) {
            Some(reading) => (false, None, Some((listening, reading))),
            None => (true, Some(listening), None),
        }
    }

    /// This thread is about to sleep, at its place or on the signal.
    fn announce(&self, place: Option<&Listening>) {
        match place {
            Some(listening) => self.signal().arm_again(listening.bell()),
            None => self.signal().arm_thread(),
        }
    }

    /// An error if a signal handler ended the sleep.
    fn sleep(&self, place: Option<Listening>, until: Option<Instant>) -> Result<Option<Heard>> {
        let Some(listening) = place else {
            return if self.signal().sleep(until) { Ok(None) } else { Err(Error::Interrupted) };
        };
        let reading = listening.wait(until);
        self.signal().disarm();
        reading.map(|reading| Some((listening, reading)))
    }

    /// `announced`: the last attempt before this thread sleeps.
    fn try_again<T>(
        &mut self,
        announced: bool,
        listens: bool,
        heard: Option<Heard>,
        until: Option<Instant>,
        attempt: impl FnOnce(&mut Core) -> std::result::Result<T, Denied>,
    ) -> Outlook<T> {
        let Self { core, changes, spin, .. } = self;
        core.with(|core, alone| {
            if let Some((listening, reading)) = heard {
                core.heed(&listening, reading);
            }
            if announced {
                core.owner.inbox.signal().arm_again(&changes.both);
            }
            core.peers.patient = alone && RECEIVES && !announced && spin.is_worth_it();
            match attempt(core) {
                Ok(done) => {
                    core.peers.patient &= core.peers.count() == 1;
                    Outlook::Over(Ok(done))
                }
                Err(denied) => Outlook::after(denied, core, RECEIVES, until, listens && !announced),
            }
        })
    }

    /// As [`Half::poll_once`], unless it is others' turn.
    pub(crate) fn poll(
        &mut self,
        context: &Context<'_>,
        attempt: impl FnMut(&mut Core) -> Attempt,
    ) -> Poll<Result<()>> {
        if self.turn.is_over() {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let result = self.poll_once(context, attempt);
        self.turn.count(result.is_ready());
        result
    }

    /// Tries; if it is denied for now, has the task woken at the next change.
    fn poll_once(
        &mut self,
        context: &Context<'_>,
        mut attempt: impl FnMut(&mut Core) -> Attempt,
    ) -> Poll<Result<()>> {
        let first = self.with(|core| {
            core.peers.patient = false;
            if RECEIVES {
                core.end_caller_io();
            }
            core.heed_interrupt()?;
            attempt_as_task(core, &mut attempt)
        });
        if let Some(result) = first.transpose() {
            return Poll::Ready(result);
        }
        // Without the lock: the waker that goes may be the last of a task, whose end uses the other half.
        self.signal().arm(Arc::new(context.waker().clone()));
        let both = self.changes.both.clone();
        let second = self.with(|core| {
            core.owner.inbox.signal().arm_again(&both);
            let result = attempt_as_task(core, &mut attempt);
            if matches!(result, Ok(None)) && (core.is_unsettled() || core.waiting.interrupted) {
                context.waker().wake_by_ref();
            }
            result
        });
        if let Some(result) = second.transpose() {
            return Poll::Ready(result);
        }
        end_streams_of_thread();
        Poll::Pending
    }
}

/// The error of an attempt that is not repeated.
pub(super) fn refusal(core: &mut Core, denied: Denied) -> Error {
    core.peers.end_streams();
    core.refusal(denied)
}

/// An attempt to send with the timeout that is set.
#[inline(always)]
fn send_in_time(core: &mut Core, parts: &[Part<'_>]) -> Attempt {
    core.peers.may_wait = core.peers.options.sndtimeo < 0;
    let result = core.try_send(parts);
    core.peers.may_wait = false;
    result
}

/// `None`: a change is to be waited for.
fn attempt_as_task(core: &mut Core, attempt: impl FnOnce(&mut Core) -> Attempt) -> Result<Option<()>> {
    match attempt(core) {
        Err(Denied::Again) if !core.is_stopped() => Ok(None),
        result => result.map(Some).map_err(|denied| core.refusal(denied)),
    }
}

/// A half whose task waits; when the future is gone, nobody is called any more.
pub(super) struct Waiting<'a, const RECEIVES: bool>(pub(super) &'a mut Half<RECEIVES>);

impl<const RECEIVES: bool> Waiting<'_, RECEIVES> {
    /// Ready when an attempt is not denied for now.
    pub(super) async fn until(self, mut attempt: impl FnMut(&mut Core) -> Attempt) -> Result<()> {
        poll_fn(|context| self.0.poll(context, &mut attempt)).await
    }
}

impl<const RECEIVES: bool> Drop for Waiting<'_, RECEIVES> {
    fn drop(&mut self) {
        self.0.signal().forget();
    }
}
