//! How a thread waits: attempts of the `try_` core, one before any wait, and one after each.

use crate::error::{Error, Result};
use crate::message::Message;
use crate::pattern::contract::Denied;
use crate::socket::Core;
use crate::socket::streaming::end_streams_of_thread;
use std::time::{Duration, Instant};

/// The moment at which a timeout option ends a wait; `None`: never.
pub(super) fn deadline(timeout: i32) -> Option<Instant> {
    u64::try_from(timeout).ok().and_then(|timeout| Instant::now().checked_add(Duration::from_millis(timeout)))
}

impl Core {
    /// Waits for a change. `Err`: the time is over, or the context.
    fn wait(&mut self, until: Option<Instant>, receives: bool) -> Result<()> {
        if self.is_stopped() {
            return Err(Error::Terminated);
        }
        self.heed_interrupt()?;
        if until.is_some_and(|until| Instant::now() >= until) {
            self.peers.end_streams();
            return Err(Error::Timeout);
        }
        if self.is_unsettled() {
            return Ok(());
        }
        if !receives && self.peers.write_streams() {
            return Ok(());
        }
        end_streams_of_thread();
        if receives && let Some(result) = self.listen(until) {
            return result;
        }
        let inbox = self.owner.inbox.clone();
        let spin = self.spin_time(until);
        let pending = || inbox.is_pending();
        // An I/O thread that is let run for each message brings one at a time.
        let within = self.peers.are_within_process();
        let looks = &mut self.waiting.spin;
        let found = if within { looks.look_and_yield(spin, pending) } else { looks.look(spin, pending) };
        if found {
            return Ok(());
        }
        inbox.signal().arm_thread();
        if inbox.is_pending() {
            inbox.signal().disarm();
            return Ok(());
        }
        let undisturbed = inbox.signal().sleep(until);
        if undisturbed || !self.waiting.interruptible { Ok(()) } else { Err(Error::Interrupted) }
    }

    /// How long a wait looks awake in any case: as `SPIN` says, and not past its end.
    pub(super) fn spin_time(&self, until: Option<Instant>) -> Duration {
        let spin = self.peers.options.spin_time();
        match until {
            Some(until) if !spin.is_zero() => spin.min(until.saturating_duration_since(Instant::now())),
            _ => spin,
        }
    }

    /// Tries to send until that is not denied for now, as long as `SNDTIMEO` allows.
    #[inline(always)]
    pub(crate) fn send_in_time(
        &mut self,
        attempt: impl Fn(&mut Self) -> std::result::Result<(), Denied>,
    ) -> Result<()> {
        let first = self.begin_send().and_then(|()| attempt(self));
        self.end_send(first, attempt, Err)
    }

    /// Before the first attempt of [`Core::send_in_time`], if there is to be one.
    #[inline(always)]
    pub(crate) fn begin_send(&mut self) -> std::result::Result<(), Denied> {
        self.peers.may_wait = self.peers.options.sndtimeo < 0;
        self.begin()?;
        self.peers.patient = false;
        Ok(())
    }

    /// After the first attempt of [`Core::send_in_time`]: `attempt` does the same again. `failed` turns an error into what the
    /// caller returns.
    #[inline(always)]
    pub(crate) fn end_send<E>(
        &mut self,
        first: std::result::Result<(), Denied>,
        attempt: impl FnMut(&mut Self) -> std::result::Result<(), Denied>,
        failed: impl FnOnce(Error) -> std::result::Result<(), E>,
    ) -> std::result::Result<(), E> {
        let until = |core: &Self| deadline(core.peers.options.sndtimeo);
        let result = match first {
            Ok(()) => Ok(()),
            Err(denied) => self.go_on(denied, false, until, attempt).or_else(failed),
        };
        self.peers.may_wait = false;
        if self.peers.due.is_some() {
            self.finish_due();
        }
        result
    }

    /// Does what the call at hand has left to do.
    #[cold]
    fn finish_due(&mut self) {
        if let Some(mut due) = self.peers.due.take() {
            due.finish();
            self.peers.end_due(&due);
        }
    }

    /// After a first attempt to receive: as [`Core::end_send`], as long as `RCVTIMEO` allows.
    #[inline(always)]
    pub(crate) fn end_recv<E>(
        &mut self,
        first: std::result::Result<(), Denied>,
        message: &mut Message,
        failed: impl FnOnce(Error) -> std::result::Result<(), E>,
    ) -> std::result::Result<(), E> {
        let Err(denied) = first else { return Ok(()) };
        // What is waited for may come into the memory of the message before, which is warm.
        message.let_go();
        let until = |core: &Self| deadline(core.peers.options.rcvtimeo);
        let attempt = |core: &mut Self| core.try_recv(message).inspect_err(|_| message.let_go());
        self.go_on(denied, true, until, attempt).or_else(|error| {
            message.clear();
            failed(error)
        })
    }

    /// Before the first attempt of a call. None is made where an interrupt has come, which ends the call before it waits.
    #[inline(always)]
    pub(crate) fn begin(&self) -> std::result::Result<(), Denied> {
        if self.waiting.interrupted { Err(Denied::Again) } else { Ok(()) }
    }

    /// After a first attempt that was denied: further ones, if it was for now.
    #[cold]
    pub(super) fn go_on(
        &mut self,
        denied: Denied,
        receives: bool,
        until: impl FnOnce(&Self) -> Option<Instant>,
        attempt: impl FnMut(&mut Self) -> std::result::Result<(), Denied>,
    ) -> Result<()> {
        if denied != Denied::Again || self.is_stopped() {
            return Err(self.refusal(denied));
        }
        self.heed_interrupt()?;
        let until = until(self);
        self.keep_trying(receives, until, attempt)
    }

    /// Waits and tries by turns.
    fn keep_trying(
        &mut self,
        receives: bool,
        until: Option<Instant>,
        mut attempt: impl FnMut(&mut Self) -> std::result::Result<(), Denied>,
    ) -> Result<()> {
        self.peers.patient = self.waiting.spin.is_worth_it();
        let result = loop {
            if let Err(error) = self.wait(until, receives) {
                // The time may have been over before the wait, and a message there.
                let missed = receives && matches!(error, Error::Timeout) && self.read_missed();
                break if missed && attempt(self).is_ok() { Ok(()) } else { Err(error) };
            }
            match attempt(self) {
                Ok(()) => break Ok(()),
                Err(Denied::Again) => {}
                Err(denied) => break Err(self.refusal(denied)),
            }
        };
        // A thread that waits in calls goes on so: the next call need not find out anew. With several peers it would
        // look for one while another has something.
        self.peers.patient =
            receives && result.is_ok() && self.peers.count() == 1 && self.waiting.spin.is_worth_it();
        self.keep_watch();
        result
    }

    /// After the context's end, that; otherwise what the pattern denied.
    #[cold]
    pub(crate) fn refusal(&self, denied: Denied) -> Error {
        if self.is_stopped() { Error::Terminated } else { Error::denied(denied, self.name()) }
    }
}
