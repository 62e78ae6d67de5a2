//! What either half is made of, and how it waits: without the lock, on its own signal.

use crate::error::{Error, Result};
use crate::life::lock;
use crate::pattern::contract::Denied;
use crate::socket::core::Core;
use crate::socket::streaming::end_streams_of_thread;
use crate::socket::turn::Turn;
use queue::{Both, Signal};
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Instant;

/// What an attempt of a pattern says.
pub(crate) type Attempt = std::result::Result<(), Denied>;

/// A half, of whatever type.
pub(crate) struct Half {
    shared: Arc<Shared>,
    side: Side,
    turn: Turn,
}

struct Shared {
    core: Mutex<Core>,
    both: Arc<Both>,
}

/// Which of the two signals is a half's.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Sends = 0,
    Receives = 1,
}

impl Half {
    /// The half that sends and the half that receives.
    pub(super) fn two_of(core: Core) -> (Self, Self) {
        let shared = Arc::new(Shared { core: Mutex::new(core), both: Arc::default() });
        let half = |side| Self { shared: shared.clone(), side, turn: Turn::default() };
        (half(Side::Sends), half(Side::Receives))
    }

    /// The core, if these are the halves of one.
    pub(super) fn join(self, other: Self) -> std::result::Result<Core, (Self, Self)> {
        if !Arc::ptr_eq(&self.shared, &other.shared) {
            return Err((self, other));
        }
        let Self { shared, side, turn } = self;
        drop(shared);
        match Arc::try_unwrap(other.shared) {
            Ok(shared) => Ok(shared.core.into_inner().unwrap_or_else(PoisonError::into_inner)),
            // There is no third half that could keep it.
            Err(shared) => {
                let other = Self { shared: shared.clone(), side: other.side, turn: other.turn };
                Err((Self { shared, side, turn }, other))
            }
        }
    }

    fn signal(&self) -> &Signal {
        &self.shared.both.sides[self.side as usize]
    }

    pub(super) fn core(&self) -> MutexGuard<'_, Core> {
        lock(&self.shared.core)
    }

    /// An attempt that does not wait.
    pub(crate) fn attempt(&self, attempt: impl FnOnce(&mut Core) -> Attempt) -> Result<()> {
        let mut core = self.core();
        attempt(&mut core).map_err(|denied| core.refusal(denied))
    }

    /// Tries until the attempt is not denied for now, or the moment has come that `until` gives; `None`: no limit.
    pub(super) fn block(
        &self,
        until: impl FnOnce(&Core) -> Option<Instant>,
        mut attempt: impl FnMut(&mut Core) -> Attempt,
    ) -> Result<()> {
        let mut core = self.core();
        core.heed_interrupt()?;
        match attempt(&mut core) {
            Ok(()) => return Ok(()),
            Err(Denied::Again) => {}
            Err(denied) => return Err(core.refusal(denied)),
        }
        let until = until(&core);
        drop(core);
        let result = loop {
            if let Some(result) = self.wait(until, &mut attempt) {
                break result;
            }
        };
        self.signal().disarm();
        result
    }

    /// Announces itself, looks once more, and sleeps. `None`: to be called again.
    fn wait(
        &self,
        until: Option<Instant>,
        mut attempt: impl FnMut(&mut Core) -> Attempt,
    ) -> Option<Result<()>> {
        self.signal().arm_thread();
        let mut core = self.core();
        core.owner.inbox.signal().arm_again(&self.shared.both);
        match attempt(&mut core) {
            Ok(()) => return Some(Ok(())),
            Err(Denied::Again) if !core.is_stopped() => {}
            Err(denied) => return Some(Err(core.refusal(denied))),
        }
        if let Err(error) = core.heed_interrupt() {
            return Some(Err(error));
        }
        if until.is_some_and(|until| Instant::now() >= until) {
            core.peers.end_streams();
            return Some(Err(Error::Timeout));
        }
        if core.is_unsettled() || self.side == Side::Sends && core.peers.write_streams() {
            return None;
        }
        let interruptible = core.waiting.interruptible;
        drop(core);
        end_streams_of_thread();
        let undisturbed = self.signal().sleep(until);
        (!undisturbed && interruptible).then_some(Err(Error::Interrupted))
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
        &self,
        context: &Context<'_>,
        mut attempt: impl FnMut(&mut Core) -> Attempt,
    ) -> Poll<Result<()>> {
        let mut core = self.core();
        if let Err(error) = core.heed_interrupt() {
            return Poll::Ready(Err(error));
        }
        match attempt(&mut core) {
            Err(Denied::Again) if !core.is_stopped() => {}
            result => return Poll::Ready(result.map_err(|denied| core.refusal(denied))),
        }
        drop(core);
        // Without the lock: the waker that goes may be the last of a task, whose end uses the other half.
        self.signal().arm(Arc::new(context.waker().clone()));
        let mut core = self.core();
        core.owner.inbox.signal().arm_again(&self.shared.both);
        match attempt(&mut core) {
            Err(Denied::Again) if !core.is_stopped() => {}
            result => return Poll::Ready(result.map_err(|denied| core.refusal(denied))),
        }
        if core.is_unsettled() || core.waiting.interrupted {
            context.waker().wake_by_ref();
        }
        drop(core);
        end_streams_of_thread();
        Poll::Pending
    }
}

/// A half whose task waits; when the future is gone, nobody is called any more.
pub(super) struct Waiting<'a>(pub(super) &'a mut Half);

impl Waiting<'_> {
    /// Ready when an attempt is not denied for now.
    pub(super) async fn until(self, mut attempt: impl FnMut(&mut Core) -> Attempt) -> Result<()> {
        poll_fn(|context| self.0.poll(context, &mut attempt)).await
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.signal().forget();
    }
}
