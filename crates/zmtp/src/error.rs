//! Why a connection cannot go on. Every error is final for its connection.

use crate::version::Version;

/// Why a connection cannot go on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The peer speaks a version without security and this side wants some
    /// ([`Local::allow_old`](crate::Local::allow_old); CVE-2014-7202, CVE-2014-9721).
    #[error("the peer speaks ZMTP {version}, which knows no security mechanism")]
    OldPeer {
        /// The version that the peer speaks.
        version: Version,
    },
    /// The first bytes are neither a greeting nor the routing id of a ZMTP 1.0 peer: the other side speaks HTTP,
    /// TLS, SSH or the like.
    #[error("the other side does not speak ZMTP")]
    Foreign,
    /// The greeting names another security mechanism.
    #[error("the peer's security mechanism is {theirs:?}, ours is {ours:?}")]
    MechanismMismatch {
        /// Our mechanism.
        ours: &'static str,
        /// The peer's, without the padding.
        theirs: String,
    },
    /// The peer's socket type is not among those that ours accepts.
    #[error("a {ours} socket does not talk to a {theirs:?} socket")]
    IncompatibleSocket {
        /// Our socket type.
        ours: &'static str,
        /// The `Socket-Type` of the peer.
        theirs: String,
    },
    /// A handshake command out of turn, unknown, or without a readable name.
    #[error("unexpected command {name:?} in the handshake")]
    UnexpectedCommand {
        /// The command's name; empty if it has none.
        name: String,
    },
    /// An `ERROR` command whose reason is cut off.
    #[error("malformed ERROR command in the handshake")]
    MalformedError,
    /// Properties that are cut off, followed by stray bytes, or too many.
    #[error("malformed metadata: {0}")]
    Metadata(&'static str),
    /// A frame above the limit that holds at this point.
    #[error("a frame of {size} bytes exceeds the limit of {limit}")]
    Oversize {
        /// The size of the body, as announced.
        size: u64,
        /// The most that is allowed here.
        limit: u64,
    },
    /// A ZMTP 1.0 frame of length zero: not even the flags fit.
    #[error("a ZMTP 1.0 frame of length zero")]
    EmptyFrame,
    /// The peer sent `ERROR` instead of going on.
    #[error("the peer refused the connection: {:?}", String::from_utf8_lossy(reason))]
    Refused {
        /// The reason, at most 255 bytes; libzmq sends the ZAP status.
        reason: Vec<u8>,
    },
    /// The authenticator refused the peer ([`Opening::verdict`](crate::Opening::verdict)).
    #[error("the authenticator refused the peer with status {status}")]
    Denied {
        /// The ZAP status: 300, 400 or 500.
        status: u16,
    },
    /// An [`Opening`](crate::Opening) was used again after it had opened or failed.
    #[error("the opening of this connection is over")]
    Over,
}

impl Error {
    /// libzmq's protocol error code (`ZMQ_PROTOCOL_ERROR_*`), the value of its monitor event
    /// `HANDSHAKE_FAILED_PROTOCOL`; `None` where libzmq has no code.
    ///
    /// Incompatible sockets and malformed metadata carry `ZMTP_INVALID_METADATA` as with PLAIN and
    /// CURVE; libzmq itself stays silent about them under NULL.
    #[must_use]
    pub const fn code(&self) -> Option<u32> {
        match self {
            Self::UnexpectedCommand { .. } => Some(0x1000_0001),
            Self::MalformedError => Some(0x1000_0015),
            Self::Metadata(_) | Self::IncompatibleSocket { .. } => Some(0x1000_0018),
            Self::MechanismMismatch { .. } => Some(0x1100_0002),
            _ => None,
        }
    }

    /// The ZAP status (300, 400 or 500) if authentication failed, here or on the peer's side: the value
    /// of libzmq's monitor event `HANDSHAKE_FAILED_AUTH`. A peer's `ERROR` counts if its reason is
    /// exactly such a number.
    #[must_use]
    pub fn auth_status(&self) -> Option<u16> {
        match self {
            Self::Denied { status } => Some(*status),
            Self::Refused { reason } => match reason.as_slice() {
                b"300" => Some(300),
                b"400" => Some(400),
                b"500" => Some(500),
                _ => None,
            },
            _ => None,
        }
    }
}
