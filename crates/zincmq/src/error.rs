//! The errors, with the endpoint, option and reason.

use crate::lingering::Lingering;
use crate::message::PartsError;
use crate::option::OptionError;
use crate::pattern::contract::Denied;
use rustix::io::Errno;
use std::str::Utf8Error;
use std::string::FromUtf8Error;
use std::{fmt, io, mem};
use zmtp::NoRandomness;

/// Why a call failed. `errno()` is the number that C would see.
///
/// Results have to be handed back by every call, so it is small: what is said at length is in a box.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// It would block: no peer, no message, or a queue at its high-water mark (EAGAIN). Calls that wait end with
    /// [`Error::Timeout`] instead.
    #[error("the operation would block")]
    Again,
    /// It would block still, and the time to wait is over: the call's, `RCVTIMEO` or `SNDTIMEO` (EAGAIN).
    #[error("timed out")]
    Timeout,
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
        endpoint: Box<str>,
    },
    /// The endpoint is malformed, or nothing of the kind is known (EINVAL, EPROTONOSUPPORT, ...).
    #[error("{endpoint}: {reason}")]
    Endpoint {
        /// The endpoint as it was given.
        endpoint: Box<str>,
        /// The reason why it was refused.
        reason: Box<Reason>,
    },
    /// The operating system refused (EADDRINUSE, EACCES, ...).
    #[error("{endpoint}: {error}")]
    Io {
        /// The endpoint as it was given.
        endpoint: Box<str>,
        /// The operating system's error. It is in the text, so it is no [source](std::error::Error::source).
        error: io::Error,
    },
    /// No endpoint of this name is bound or connected (ENOENT).
    #[error("{endpoint}: not an endpoint of this socket")]
    NoEndpoint {
        /// The endpoint as it was given.
        endpoint: Box<str>,
    },
    /// An option, its value, or both are wrong (EINVAL).
    #[error(transparent)]
    Option(Box<OptionError>),
    /// The operating system refused something that belongs to no endpoint.
    #[error(transparent)]
    System(io::Error),
    /// The context has not ended in time (EAGAIN).
    #[error(transparent)]
    Lingering(Box<Lingering>),
    /// What was received is no text (EINVAL).
    #[error("not a text: {0}")]
    Text(Utf8Error),
    /// What was received has another number of parts (EINVAL).
    #[error("a message of {found} parts, not {wanted}")]
    Parts {
        /// The number of its parts.
        found: usize,
        /// The number asked for.
        wanted: usize,
    },
}

const HAUSNUMERO: i32 = 156_384_712;

impl Error {
    /// The error number that C would see in `errno`.
    #[must_use]
    pub fn errno(&self) -> i32 {
        match self {
            Self::Again | Self::Timeout | Self::Lingering(_) => Errno::AGAIN.raw_os_error(),
            Self::State => HAUSNUMERO + 51,
            Self::Terminated => HAUSNUMERO + 53,
            Self::NoIoThread { .. } => HAUSNUMERO + 54,
            Self::Interrupted => Errno::INTR.raw_os_error(),
            Self::Unroutable => Errno::HOSTUNREACH.raw_os_error(),
            Self::Unsupported { .. } => Errno::NOTSUP.raw_os_error(),
            Self::InvalidMessage { .. } | Self::Text(_) | Self::Parts { .. } => Errno::INVAL.raw_os_error(),
            Self::TooManySockets(_) => Errno::MFILE.raw_os_error(),
            Self::Endpoint { reason, .. } => reason.errno,
            Self::NoEndpoint { .. } => Errno::NOENT.raw_os_error(),
            Self::Option(error) => error.errno(),
            Self::Io { error, .. } | Self::System(error) => {
                error.raw_os_error().unwrap_or(Errno::INVAL.raw_os_error())
            }
        }
    }

    /// The error for an endpoint that cannot be one.
    pub(crate) fn endpoint(endpoint: &str, text: String, errno: i32) -> Self {
        Self::Endpoint { endpoint: endpoint.into(), reason: Box::new(Reason { text, errno }) }
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

/// Why an endpoint was refused.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Reason {
    /// In words.
    pub text: String,
    /// The number in C.
    pub errno: i32,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Error {
    /// The text: it is what `unwrap` shows, and `?` in `main`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Errors are equal if they are of one kind and say the same.
impl PartialEq for Error {
    fn eq(&self, other: &Self) -> bool {
        mem::discriminant(self) == mem::discriminant(other) && self.to_string() == other.to_string()
    }
}

impl Eq for Error {}

impl From<OptionError> for Error {
    fn from(error: OptionError) -> Self {
        Self::Option(Box::new(error))
    }
}

impl From<Lingering> for Error {
    fn from(lingering: Lingering) -> Self {
        Self::Lingering(Box::new(lingering))
    }
}

impl From<NoRandomness> for Error {
    fn from(error: NoRandomness) -> Self {
        Self::System(io::Error::other(error))
    }
}

impl From<Utf8Error> for Error {
    fn from(error: Utf8Error) -> Self {
        Self::Text(error)
    }
}

impl From<FromUtf8Error> for Error {
    fn from(error: FromUtf8Error) -> Self {
        error.utf8_error().into()
    }
}

impl From<PartsError> for Error {
    fn from(error: PartsError) -> Self {
        Self::Parts { found: error.message.len(), wanted: error.wanted }
    }
}

/// Why a message was not sent, with the message. See [`Socket::send`](crate::Socket::send).
///
/// `?` makes an [`Error`] of it, without the message. What `message` is depends on what was to be sent: see
/// [`Outgoing`](crate::Outgoing).
///
/// ```
/// # use zincmq::{Context, Error, Push, SendError};
/// # fn main() -> zincmq::Result<()> {
/// # let context = Context::new();
/// let mut push = Push::new(&context)?;
/// let text = String::from("for nobody");
/// let Err(SendError { error, message }) = push.try_send(text) else { unreachable!() };
/// assert_eq!(error, Error::Again);
/// assert_eq!(message, "for nobody");
/// # Ok(()) }
/// ```
#[derive(PartialEq, Eq)]
pub struct SendError<M = ()> {
    /// Why it was not.
    pub error: Error,
    /// What was not sent.
    pub message: M,
}

/// Why a batch ended before its end, how far it had come, and the message that failed. See
/// [`Socket::send_batch`](crate::Socket::send_batch).
#[derive(PartialEq, Eq)]
#[non_exhaustive]
pub struct BatchError<M = ()> {
    /// So many messages were sent; the one after them was not.
    pub sent: usize,
    /// Why it was not.
    pub error: Error,
    /// That message.
    pub message: M,
}

/// What is left of an error of sending is why.
macro_rules! of_sending {
    ($($name:ident)+) => {$(
        impl<M> From<$name<M>> for Error {
            fn from(failed: $name<M>) -> Self {
                failed.error
            }
        }

        impl<M> fmt::Debug for $name<M> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl<M> std::error::Error for $name<M> {}
    )+};
}

of_sending!(SendError BatchError);

impl<M> fmt::Display for SendError<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.error, f)
    }
}

impl<M> fmt::Display for BatchError<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {} messages of the batch had been sent", self.error, self.sent)
    }
}

/// The result of most calls.
pub type Result<T> = std::result::Result<T, Error>;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Message;

    /// Clippy finds errors of 128 bytes too large, in the programs that hand them on.
    #[test]
    fn errors_are_small() {
        assert!(size_of::<Error>() <= 32);
        assert!(size_of::<SendError<Message>>() < 128);
    }
}
