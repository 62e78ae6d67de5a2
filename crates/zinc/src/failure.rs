//! Why a command fails, and the exit code that says so.

use std::time::Duration;
use zincmq::Error;

#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// Something went wrong that is neither of the others.
    #[error("{0}")]
    Failed(String),
    /// Waited in vain.
    #[error("timeout: {what} within {} s", limit.as_secs_f64())]
    Timeout { what: &'static str, limit: Duration },
    /// Nobody reads the output any more: a silent end, as of any filter.
    #[error("nobody reads the output")]
    Unread,
    #[error(transparent)]
    Library(#[from] Error),
}

impl Failure {
    pub(crate) fn code(&self) -> u8 {
        match self {
            Self::Unread => 0,
            Self::Library(Error::Endpoint { .. } | Error::Option(_)) => 2,
            Self::Timeout { .. } => 124,
            Self::Failed(_) | Self::Library(_) => 1,
        }
    }

    /// Whether it is no failure but the end that an interrupt asked for.
    pub(crate) const fn is_interrupt(&self) -> bool {
        matches!(self, Self::Library(Error::Terminated))
    }
}
