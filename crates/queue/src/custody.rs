//! How long claims last: the I/O thread checks whether they are still in use.

use crate::claim::{Claims, Inbound, Outbound};
use crate::lock::TryLock;

/// The I/O thread's part: which claims it checks, and what it saw at the last check.
#[derive(Debug, Default)]
pub struct Custody {
    /// The uses that were seen.
    inbound: Option<u32>,
    outbound: bool,
}

/// The finding of a check.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Check {
    /// In use: check again.
    Used,
    /// Nothing to check until told again.
    Over,
    /// Not used any more: the direction is the I/O thread's again from now on.
    TakenBack,
}

impl Custody {
    /// After word of a change, or a turn: whether a check of the inbound claim is to be set, which there is not yet.
    #[must_use]
    pub fn begin_inbound(&mut self, claims: Claims) -> bool {
        let begins = self.inbound.is_none() && matches!(claims.inbound(), Inbound::Here | Inbound::Away);
        if begins {
            self.inbound = Some(claims.uses());
        }
        begins
    }

    /// Likewise for the outbound claim.
    #[must_use]
    pub fn begin_outbound(&mut self, claims: Claims) -> bool {
        let begins = !self.outbound && claims.streams();
        self.outbound |= begins;
        begins
    }

    /// The time for a check of the inbound claim has come.
    pub fn check_inbound<T>(&mut self, lock: &TryLock<T>) -> Check {
        let Some(seen) = self.inbound.take() else { return Check::Over };
        let mut uses = seen;
        let before = lock.change(|claims| {
            uses = claims.uses();
            match claims.inbound() {
                _ if uses != seen => claims,
                Inbound::Here => claims.with_inbound(Inbound::Settled),
                Inbound::Away => claims.released(),
                Inbound::Io | Inbound::Settled => claims,
            }
        });
        match before.inbound() {
            Inbound::Io => Check::Over,
            _ if uses != seen => {
                self.inbound = Some(uses);
                Check::Used
            }
            Inbound::Away => Check::TakenBack,
            Inbound::Here | Inbound::Settled => Check::Over,
        }
    }

    /// The time for a check of the outbound claim has come. `used`: its writer has written since the last one, or does so
    /// at this moment.
    pub fn check_outbound<T>(&mut self, lock: &TryLock<T>, used: bool) -> Check {
        if !std::mem::take(&mut self.outbound) || !lock.claims().streams() {
            return Check::Over;
        }
        if used {
            self.outbound = true;
            return Check::Used;
        }
        let take_back =
            |claims: Claims| if claims.streams() { claims.with_outbound(Outbound::Io) } else { claims };
        if lock.change(take_back).streams() { Check::TakenBack } else { Check::Over }
    }
}
