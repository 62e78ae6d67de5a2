//! The form of a reply, as a REQ understands it (RFC 28).

/// How much of a reply has been passed: perhaps a number of 4 bytes, then an empty part, then the body in at least one
/// part.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Reply {
    /// Nothing yet, or all of it.
    #[default]
    Nothing,
    /// The number of the request.
    Number,
    /// The envelope: the body follows.
    Envelope,
}

impl Reply {
    /// Passes one more part, of so many bytes. `None`: the message is no reply.
    #[must_use]
    pub const fn pass(self, more: bool, size: u64) -> Option<Self> {
        match (self, more, size) {
            (Self::Nothing, true, 4) => Some(Self::Number),
            (Self::Nothing | Self::Number, true, 0) | (Self::Envelope, true, _) => Some(Self::Envelope),
            (Self::Envelope, false, _) => Some(Self::Nothing),
            _ => None,
        }
    }
}
