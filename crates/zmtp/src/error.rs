//! Why a connection cannot go on. Every error is final for its connection.

use crate::crypto::NoRandomness;
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
    /// A command of a mechanism that has another length or version than it should.
    #[error("malformed {command} command")]
    Malformed {
        /// The command's name.
        command: &'static str,
    },
    /// A box that this side cannot open: it was sealed with other keys than the peer's and this side's, or was changed.
    #[error("the box in {command} cannot be opened: it was sealed with other keys, or changed")]
    Sealed {
        /// The command that brought it.
        command: &'static str,
    },
    /// The vouch in an INITIATE is for another connection.
    #[error("the client's vouch is for another connection")]
    Vouch,
    /// A public key with which everybody would share the same secret.
    #[error("a weak public key")]
    WeakKey,
    /// A message whose count is not above the last one's: it was repeated, or came out of order.
    #[error("an encrypted message came again, or out of order")]
    Sequence,
    /// This side has used up all counts for its messages.
    #[error("no more messages can be encrypted on this connection")]
    Exhausted,
    /// The system has no random bytes.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    /// A user name or password of more than 255 bytes, which PLAIN cannot send.
    #[error("a user name or password is longer than 255 bytes")]
    LongCredentials,
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
    /// The authenticator answered with something that is no answer.
    #[error("the authenticator's answer is none: {0}")]
    Zap(ZapFault),
    /// An [`Opening`](crate::Opening) was used again after it had opened or failed.
    #[error("the opening of this connection is over")]
    Over,
}

/// The fault of an authenticator's answer (RFC 27).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ZapFault {
    /// It does not have seven parts.
    #[error("it does not have seven parts")]
    Parts,
    /// Its first part is not empty.
    #[error("its first part is not empty")]
    Delimiter,
    /// It is of another version than 1.0.
    #[error("it is of another version")]
    Version,
    /// It answers another question.
    #[error("it answers another question")]
    RequestId,
    /// Its status is none of 200, 300, 400 and 500.
    #[error("its status is none of 200, 300, 400 and 500")]
    Status,
    /// Its properties are malformed.
    #[error("its properties are malformed")]
    Metadata,
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
            Self::Sequence => Some(0x1000_0002),
            Self::Vouch => Some(0x1000_0003),
            Self::Malformed { command } => Some(malformed(command)),
            Self::Metadata(_) | Self::IncompatibleSocket { .. } => Some(0x1000_0018),
            Self::Sealed { .. } | Self::WeakKey => Some(0x1100_0001),
            Self::MechanismMismatch { .. } => Some(0x1100_0002),
            Self::Zap(fault) => Some(match fault {
                ZapFault::Delimiter => 0x2000_0000,
                ZapFault::Parts => 0x2000_0001,
                ZapFault::RequestId => 0x2000_0002,
                ZapFault::Version => 0x2000_0003,
                ZapFault::Status => 0x2000_0004,
                ZapFault::Metadata => 0x2000_0005,
            }),
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

/// libzmq's code for a malformed command of this name.
const fn malformed(command: &str) -> u32 {
    match command.as_bytes() {
        b"MESSAGE" => 0x1000_0012,
        b"HELLO" => 0x1000_0013,
        b"INITIATE" => 0x1000_0014,
        b"ERROR" => 0x1000_0015,
        b"READY" => 0x1000_0016,
        b"WELCOME" => 0x1000_0017,
        _ => 0x1000_0011,
    }
}
