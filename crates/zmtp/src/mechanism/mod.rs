//! The security mechanisms: the list, and what the outside world has to do with them.

pub(crate) mod contract;
mod null;

use contract::Mechanism;

/// The security mechanism of this side, with what it needs.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Security {
    /// No encryption and no credentials (RFC 37).
    Null {
        /// Whether an authenticator is asked about the peer (`ZMQ_ZAP_DOMAIN` is set).
        zap: bool,
    },
}

impl Security {
    /// The name in the greeting and in ZAP requests.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Null { .. } => "NULL",
        }
    }

    /// Whether traffic frames are transformed, so that bodies cannot go out as they are.
    #[must_use]
    pub const fn transcodes(&self) -> bool {
        match self {
            Self::Null { .. } => false,
        }
    }

    /// Whether a peer of 1.0 or 2.0, which can prove nothing, may be let in.
    pub(crate) const fn admits_old(&self) -> bool {
        matches!(self, Self::Null { zap: false })
    }

    /// The mechanism itself; `metadata` is what the peer shall be told.
    pub(crate) fn start(&self, metadata: Vec<u8>) -> Box<dyn Mechanism> {
        match self {
            Self::Null { zap } => Box::new(null::Null::new(metadata, *zap)),
        }
    }
}

/// The question for the authenticator about the peer (RFC 27); the caller knows domain, address and the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ZapRequest<'a> {
    /// The mechanism's name.
    pub mechanism: &'static str,
    /// The credentials, a frame each; none with NULL.
    pub credentials: &'a [Vec<u8>],
}

/// The authenticator's answer, the status of a ZAP reply (RFC 27).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// 200: the peer is let in.
    Success,
    /// 300: not now. The peer is told nothing and may try again.
    TemporaryError,
    /// 400: refused. The peer is told.
    AuthenticationFailure,
    /// 500: the authenticator failed. The peer is told.
    InternalError,
}

impl Verdict {
    /// The number in the ZAP reply.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::Success => 200,
            Self::TemporaryError => 300,
            Self::AuthenticationFailure => 400,
            Self::InternalError => 500,
        }
    }
}
