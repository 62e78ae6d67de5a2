//! Why an option was not set or read.

/// A fault of an option, its value, or both. In C all of these are `EINVAL`.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OptionError {
    /// No option has this name or number.
    #[error("there is no option {0}")]
    Unknown(String),
    /// The value is outside what the option allows.
    #[error("{name}: {value} is not allowed (allowed: {allowed})")]
    Value {
        /// The option, without `ZMQ_`.
        name: &'static str,
        /// The value given.
        value: String,
        /// The values that are allowed.
        allowed: String,
    },
    /// The option can be set but not read, or read but not set.
    #[error("{name} cannot be {}", if *.set { "set" } else { "read" })]
    Access {
        /// The option, without `ZMQ_`.
        name: &'static str,
        /// The attempt was to set it.
        set: bool,
    },
    /// The option needs another one, which is not set.
    #[error("{name} needs {needed}")]
    Missing {
        /// The option that is set, without `ZMQ_`.
        name: &'static str,
        /// The option that is not.
        needed: &'static str,
    },
    /// The option belongs to other socket types.
    #[error("{name} does not apply to a {socket} socket")]
    SocketType {
        /// The option, without `ZMQ_`.
        name: &'static str,
        /// The type of the socket.
        socket: &'static str,
    },
}

impl OptionError {
    /// The error number in C: always `EINVAL`.
    #[must_use]
    pub const fn errno(&self) -> i32 {
        rustix::io::Errno::INVAL.raw_os_error()
    }
}
