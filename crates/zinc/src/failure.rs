//! Why a command fails, the exit code that says so, and what may help.

use crate::place::is_no_socket;
use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;
use zincmq::{Error, SendError};

#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// Something went wrong that is none of the others.
    #[error("{0}")]
    Failed(String),
    /// The command line, or a file that it names, asks for what cannot be.
    #[error("{0}")]
    Usage(String),
    /// Waited in vain.
    #[error("timeout: {what} within {} s", limit.as_secs_f64())]
    Timeout { what: &'static str, limit: Duration },
    /// The output has said it all.
    #[error("it stands in the output")]
    Told,
    /// Nobody reads the output any more: a silent end, as of any filter.
    #[error("nobody reads the output")]
    Unread,
    #[error(transparent)]
    Library(#[from] Error),
}

impl<M> From<SendError<M>> for Failure {
    fn from(failed: SendError<M>) -> Self {
        failed.error.into()
    }
}

impl Failure {
    /// A file in TOML is malformed. The line itself is not shown: there may be a secret in it that has no place there.
    pub(crate) fn malformed(file: &Path, text: &str, error: &toml::de::Error) -> Self {
        let before = error.span().and_then(|span| text.get(..span.start));
        let line = before.map(|before| format!(", line {}", before.matches('\n').count() + 1));
        let message = error.message().trim_end().replace('\n', "; ");
        Self::Usage(format!("{}{}: {message}", file.display(), line.unwrap_or_default()))
    }

    pub(crate) fn code(&self) -> u8 {
        match self {
            Self::Unread => 0,
            Self::Usage(_) | Self::Library(Error::Endpoint { .. } | Error::Option(_)) => 2,
            Self::Timeout { .. } => 124,
            Self::Failed(_) | Self::Told | Self::Library(_) => 1,
        }
    }

    /// Whether it is no failure but the end that an interrupt asked for.
    pub(crate) const fn is_interrupt(&self) -> bool {
        matches!(self, Self::Library(Error::Terminated))
    }

    /// The advice to the user, where a remedy is likely.
    pub(crate) fn advice(&self) -> Option<&'static str> {
        match self {
            Self::Library(Error::Io { endpoint, error }) => match error.kind() {
                ErrorKind::AddrInUse => Some(match endpoint.strip_prefix("ipc://") {
                    None => "another program is bound there: stop it, or choose another port",
                    Some(path) if is_no_socket(path) => {
                        "a file that is no socket stands there: choose another path, or remove it"
                    }
                    Some(_) => "another program is bound there: stop it, or choose another path",
                }),
                ErrorKind::AddrNotAvailable => {
                    Some("no interface of this machine has this address; * stands for all of them")
                }
                ErrorKind::PermissionDenied if endpoint.starts_with("pgm://") => {
                    Some("PGM without UDP takes the privilege CAP_NET_RAW; epgm takes none")
                }
                ErrorKind::NetworkUnreachable => Some(
                    "no route leads there; a multicast endpoint can name its interface: epgm://eth0;239.192.1.1:5555",
                ),
                ErrorKind::PermissionDenied => {
                    Some("ports below 1024 need privileges; paths need write access")
                }
                ErrorKind::NotFound => Some("the directory of the ipc path has to exist"),
                _ => None,
            },
            Self::Library(Error::Endpoint { endpoint, .. }) if endpoint.contains("//*") => {
                Some("* is for --bind (or @ before the endpoint); to connect, name a host")
            }
            Self::Timeout { what: "not all messages have gone out", .. } => {
                Some("nobody took them: zinc doctor ENDPOINT says why")
            }
            Self::Library(Error::Unsupported { .. }) => {
                Some("zinc --help tells what each socket type can do")
            }
            _ => None,
        }
    }
}
