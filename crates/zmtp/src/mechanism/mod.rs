//! The security mechanisms: the list, and what the outside world has to do with them.

pub(crate) mod contract;
mod curve;
mod null;
mod plain;

use crate::crypto::{PublicKey, Random, Secret, SecretKey};
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
    /// The side that says a user name and a password, unencrypted (RFC 24).
    PlainClient {
        /// The user name, 255 bytes at most.
        user: String,
        /// The password, 255 bytes at most.
        password: Secret,
    },
    /// The side that asks an authenticator about them.
    PlainServer,
    /// The side that knows the server's public key beforehand (RFC 26).
    CurveClient {
        /// The client's public key.
        public: PublicKey,
        /// The secret one that belongs to it.
        secret: SecretKey,
        /// The server's public key.
        server: PublicKey,
    },
    /// The side whose public key clients know.
    CurveServer {
        /// The server's secret key.
        secret: SecretKey,
        /// Whether an authenticator is asked about the client's key. If not, any client is let in that knows the
        /// server's.
        zap: bool,
    },
}

impl Security {
    /// The name in the greeting and in ZAP requests.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Null { .. } => "NULL",
            Self::PlainClient { .. } | Self::PlainServer => "PLAIN",
            Self::CurveClient { .. } | Self::CurveServer { .. } => "CURVE",
        }
    }

    /// Whether a peer of 1.0 or 2.0, which can prove nothing, may be let in.
    pub(crate) const fn admits_old(&self) -> bool {
        matches!(self, Self::Null { zap: false })
    }

    /// The mechanism itself; `metadata` is what the peer shall be told.
    pub(crate) fn start(&self, metadata: Vec<u8>, random: Random) -> Box<dyn Mechanism> {
        match self {
            Self::Null { zap } => Box::new(null::Null::new(metadata, *zap)),
            Self::PlainClient { user, password } => Box::new(plain::Client::new(metadata, user, password)),
            Self::PlainServer => Box::new(plain::Server::new(metadata)),
            Self::CurveClient { public, secret, server } => {
                Box::new(curve::Client::new(metadata, (*public, secret.clone()), *server, random))
            }
            Self::CurveServer { secret, zap } => {
                Box::new(curve::Server::new(metadata, secret.clone(), *zap, random))
            }
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
