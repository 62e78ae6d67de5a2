//! Which thread does a connection's I/O, in each direction: the I/O thread, or a caller of the socket that has claimed
//! the direction.
//!
//! Claims are bits of the engine's lock word ([`TryLock`]), so that taking the lock and stating a claim is one step, and
//! a thread that finds the lock taken leaves its claim with whoever holds it. A claim ends when its owner releases it, or
//! when the I/O thread finds at a check that it was not used since the check before: [`Custody`].

use crate::lock::TryLock;

/// Bits of the word that the lock itself uses.
pub(crate) const LOCK: u32 = 0b11;
const INBOUND_AT: u32 = 2;
const OUTBOUND_AT: u32 = 4;
const FIELD: u32 = 0b11;
/// The uses of the inbound claim are counted in the bits above, and wrap around.
const USE: u32 = 1 << 6;

/// Who hears from the descriptor and reads.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Inbound {
    /// The I/O thread's poller hears.
    Io = 0,
    /// A caller has claimed it and is elsewhere; the I/O thread checks whether it comes back.
    Away = 1,
    /// A caller waits at the descriptor; the I/O thread has a check set.
    Here = 2,
    /// As `Here`, for so long that there are no checks any more: the caller tells when it leaves.
    Settled = 3,
}

/// Who writes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outbound {
    /// The I/O thread, woken for the first message.
    Io = 0,
    /// A caller has just read: it may write what it sends next itself, once.
    Answer = 1,
    /// A caller that sends a stream writes it; the I/O thread keeps off, and checks whether the stream goes on.
    Stream = 2,
}

/// Both claims of a connection at one moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Claims(pub(crate) u32);

impl Claims {
    /// Who reads.
    #[must_use]
    pub const fn inbound(self) -> Inbound {
        match self.0 >> INBOUND_AT & FIELD {
            0 => Inbound::Io,
            1 => Inbound::Away,
            2 => Inbound::Here,
            _ => Inbound::Settled,
        }
    }

    /// Who writes.
    #[must_use]
    pub const fn outbound(self) -> Outbound {
        match self.0 >> OUTBOUND_AT & FIELD {
            0 => Outbound::Io,
            1 => Outbound::Answer,
            _ => Outbound::Stream,
        }
    }

    /// Whether a caller writes its stream itself.
    #[must_use]
    pub const fn streams(self) -> bool {
        matches!(self.outbound(), Outbound::Stream)
    }

    /// With another reader.
    #[must_use]
    pub const fn with_inbound(self, inbound: Inbound) -> Self {
        Self(self.0 & !(FIELD << INBOUND_AT) | (inbound as u32) << INBOUND_AT)
    }

    /// With another writer.
    #[must_use]
    pub const fn with_outbound(self, outbound: Outbound) -> Self {
        Self(self.0 & !(FIELD << OUTBOUND_AT) | (outbound as u32) << OUTBOUND_AT)
    }

    /// A caller begins to wait at the descriptor.
    #[must_use]
    pub const fn listening(self) -> Self {
        Self(self.with_inbound(Inbound::Here).0.wrapping_add(USE))
    }

    /// The caller goes elsewhere, and may be back soon.
    #[must_use]
    pub const fn away(self) -> Self {
        match self.inbound() {
            // The I/O thread has taken it back meanwhile.
            Inbound::Io => self,
            _ => self.with_inbound(Inbound::Away),
        }
    }

    /// Nobody waits at the descriptor any more, or answers: the I/O thread's poller hears.
    #[must_use]
    pub const fn released(self) -> Self {
        let io = self.with_inbound(Inbound::Io);
        if matches!(self.outbound(), Outbound::Answer) { io.with_outbound(Outbound::Io) } else { io }
    }

    const fn uses(self) -> u32 {
        self.0 / USE
    }
}

/// The I/O thread's part: which claims it checks, and what it saw at the last check.
#[derive(Debug, Default)]
pub struct Custody {
    /// The uses that were seen.
    inbound: Option<u32>,
    outbound: bool,
}

/// What a check has found.
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
