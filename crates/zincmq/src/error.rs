//! The errors, with the endpoint, option and reason.

use crate::option::OptionError;
use crate::pattern::contract::Denied;
use rustix::io::Errno;
use std::io;

/// Why a call failed. `errno()` is the number that C would see.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// It would block: no peer, no message, a queue at its high-water mark, or the timeout is over (EAGAIN).
    #[error("the operation would block")]
    Again,
    /// Out of turn, such as a second request before the reply (EFSM).
    #[error("the socket is not in the state for this: requests and replies take turns")]
    State,
    /// The context was terminated or shut down (ETERM).
    #[error("the context was terminated")]
    Terminated,
    /// [`crate::Interrupter`] was used (EINTR).
    #[error("the call was interrupted")]
    Interrupted,
    /// No such peer (EHOSTUNREACH).
    #[error("no peer has this routing id")]
    Unroutable,
    /// This socket type never does this (ENOTSUP).
    #[error("a {socket} socket cannot do this")]
    Unsupported {
        /// The type of the socket.
        socket: &'static str,
    },
    /// The message has the wrong form for this socket type, such as no part at all, or one part where ROUTER and STREAM
    /// need a routing id and a body (EINVAL).
    #[error("a {socket} socket cannot send such a message")]
    InvalidMessage {
        /// The type of the socket.
        socket: &'static str,
    },
    /// The context has as many sockets as it may (EMFILE).
    #[error("the context has its maximum of {0} sockets")]
    TooManySockets(usize),
    /// The context has no I/O thread that the socket may use (EMTHREAD).
    #[error("{endpoint}: no I/O thread is available")]
    NoIoThread {
        /// The endpoint that needs one.
        endpoint: String,
    },
    /// The endpoint is malformed, or nothing of the kind is known (EINVAL, EPROTONOSUPPORT, ...).
    #[error("{endpoint}: {reason}")]
    Endpoint {
        /// The endpoint as it was given.
        endpoint: String,
        /// The reason why it was refused.
        reason: String,
        /// The number in C.
        errno: i32,
    },
    /// The operating system refused (EADDRINUSE, EACCES, ...).
    #[error("{endpoint}: {source}")]
    Io {
        /// The endpoint as it was given.
        endpoint: String,
        /// The operating system's error.
        source: io::Error,
    },
    /// No endpoint of this name is bound or connected (ENOENT).
    #[error("{endpoint}: not an endpoint of this socket")]
    NoEndpoint {
        /// The endpoint as it was given.
        endpoint: String,
    },
    /// An option, its value, or both are wrong (EINVAL).
    #[error(transparent)]
    Option(#[from] OptionError),
    /// The operating system refused something that belongs to no endpoint.
    #[error(transparent)]
    System(#[from] io::Error),
}

const HAUSNUMERO: i32 = 156_384_712;

impl Error {
    /// The error number that C would see in `errno`.
    #[must_use]
    pub fn errno(&self) -> i32 {
        match self {
            Self::Again => Errno::AGAIN.raw_os_error(),
            Self::State => HAUSNUMERO + 51,
            Self::Terminated => HAUSNUMERO + 53,
            Self::NoIoThread { .. } => HAUSNUMERO + 54,
            Self::Interrupted => Errno::INTR.raw_os_error(),
            Self::Unroutable => Errno::HOSTUNREACH.raw_os_error(),
            Self::Unsupported { .. } => Errno::NOTSUP.raw_os_error(),
            Self::InvalidMessage { .. } => Errno::INVAL.raw_os_error(),
            Self::TooManySockets(_) => Errno::MFILE.raw_os_error(),
            Self::Endpoint { errno, .. } => *errno,
            Self::NoEndpoint { .. } => Errno::NOENT.raw_os_error(),
            Self::Option(error) => error.errno(),
            Self::Io { source, .. } | Self::System(source) => {
                source.raw_os_error().unwrap_or(Errno::INVAL.raw_os_error())
            }
        }
    }

    /// The error for a pattern's refusal, in the name of its socket type.
    pub(crate) fn denied(denied: Denied, socket: &'static str) -> Self {
        match denied {
            Denied::Again => Self::Again,
            Denied::State => Self::State,
            Denied::Unroutable => Self::Unroutable,
            Denied::Unsupported => Self::Unsupported { socket },
            Denied::Invalid => Self::InvalidMessage { socket },
        }
    }
}

/// Why a batch ended, and how far it had come. See [`Socket::send_batch`](crate::Socket::send_batch).
#[derive(Debug, thiserror::Error)]
#[error("{error}; {sent} messages of the batch had been sent")]
#[non_exhaustive]
pub struct BatchError {
    /// So many messages were sent; the one after them was not.
    pub sent: usize,
    /// Why it was not.
    #[source]
    pub error: Error,
}

impl From<BatchError> for Error {
    fn from(batch: BatchError) -> Self {
        batch.error
    }
}

/// The result of most calls.
pub type Result<T> = std::result::Result<T, Error>;
