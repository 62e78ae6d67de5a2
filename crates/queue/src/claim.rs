//! Which thread does a connection's I/O, in each direction: the I/O thread, or a caller of the socket that has claimed
//! the direction.
//!
//! Claims are bits of the engine's lock word ([`crate::TryLock`]), so that taking the lock and stating a claim is one
//! step, and a thread that finds the lock taken leaves its claim with the holder. A claim ends when its owner releases
//! it, or when the I/O thread finds at a check that it was not used since the check before: [`crate::Custody`].

/// Bits of the word that the lock itself uses.
pub(crate) const LOCK: u32 = 0b11;
const INBOUND_AT: u32 = 2;
const OUTBOUND_AT: u32 = 4;
const FIELD: u32 = 0b11;
/// The uses of the inbound claim are counted in the bits above, and wrap around.
const USE: u32 = 1 << 6;

/// The thread that hears from the descriptor and reads.
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

/// The thread that writes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outbound {
    /// The I/O thread, woken for the first message.
    Io = 0,
    /// A caller has just read: it may write what it sends next itself, once.
    Answer = 1,
    /// A caller that sends a stream writes it; the I/O thread keeps off, and checks whether the stream goes on.
    Stream = 2,
    /// A caller writes a large message, and waits within its call for the kernel to take it; the I/O thread keeps off, and
    /// the caller calls it if it has to give up.
    Large = 3,
}

/// Both claims of a connection at one moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Claims(pub(crate) u32);

impl Claims {
    /// The claim of the one who reads.
    #[must_use]
    pub const fn inbound(self) -> Inbound {
        match self.0 >> INBOUND_AT & FIELD {
            0 => Inbound::Io,
            1 => Inbound::Away,
            2 => Inbound::Here,
            _ => Inbound::Settled,
        }
    }

    /// The claim of the one who writes.
    #[must_use]
    pub const fn outbound(self) -> Outbound {
        match self.0 >> OUTBOUND_AT & FIELD {
            0 => Outbound::Io,
            1 => Outbound::Answer,
            2 => Outbound::Stream,
            _ => Outbound::Large,
        }
    }

    /// Whether a caller writes its stream itself.
    #[must_use]
    pub const fn streams(self) -> bool {
        matches!(self.outbound(), Outbound::Stream)
    }

    /// Whether any is in force.
    #[must_use]
    pub const fn is_any(self) -> bool {
        self.0 & (FIELD << INBOUND_AT | FIELD << OUTBOUND_AT) != 0
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

    /// A writer goes to the engine to write its stream. If the engine is not free, it goes on for a writer that `waits`, and
    /// leaves the stream to one that does not.
    #[must_use]
    pub const fn streaming(self, free: bool, waits: bool) -> Self {
        match (free, waits) {
            (true, _) => self,
            (false, true) => self.with_outbound(Outbound::Io),
            (false, false) => self.with_outbound(Outbound::Stream),
        }
    }

    /// A caller leaves the rest of its large message to the I/O thread.
    #[must_use]
    pub const fn large_given_up(self) -> Self {
        match self.outbound() {
            Outbound::Large => self.with_outbound(Outbound::Io),
            Outbound::Io | Outbound::Answer | Outbound::Stream => self,
        }
    }

    /// Nobody waits at the descriptor any more, or answers: the I/O thread's poller hears.
    #[must_use]
    pub const fn released(self) -> Self {
        let io = self.with_inbound(Inbound::Io);
        if matches!(self.outbound(), Outbound::Answer) { io.with_outbound(Outbound::Io) } else { io }
    }

    pub(crate) const fn uses(self) -> u32 {
        self.0 / USE
    }
}
