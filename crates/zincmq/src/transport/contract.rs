//! The duties of a stream transport: it makes connected descriptors, and names their two ends. Reading and writing
//! is the engine's work, not the transport's.
//!
//! Nothing here waits, except [`Transport::bind`], [`Transport::places`] and [`Transport::resolve`] when they look a
//! name up. Every descriptor is close-on-exec and non-blocking.

use super::net::socks;
use crate::monitor::Sides;
use crate::option::Options;
use rustix::io::Errno;
use socket2::SockAddr;
use std::fmt::Debug;
use std::net::SocketAddr;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::path::PathBuf;
use std::{fs, io, process};

/// The use of an address: some forms are allowed on one side only.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Side {
    /// To listen there.
    Bind,
    /// To connect there.
    Connect,
}

/// One stream transport. Each is one file, and one row in `mod.rs`.
pub(crate) trait Transport: Send + Sync + Debug {
    /// The word before `://`.
    fn scheme(&self) -> &'static str;

    /// Checks the form of an address (and of the options that hold addresses), without looking anything up.
    ///
    /// # Errors
    /// [`AddressError`].
    fn check(&self, address: &str, side: Side, options: &Options) -> Result<(), AddressError>;

    /// Begins to listen. May look names up.
    ///
    /// # Errors
    /// [`BindError`].
    fn bind(&self, address: &str, options: &Options) -> Result<Bound, BindError>;

    /// Whether the system chooses a part of this address when it is bound, so that only [`Bound::endpoint`] names it.
    fn leaves_choice(&self, _address: &str) -> bool {
        false
    }

    /// The network addresses that an address to bind or to connect to, however it is spelled, may stand for; names are
    /// looked up only if `look_up`, which may take long. None where there is one spelling.
    fn places(&self, _address: &str, _look_up: bool, _options: &Options) -> Vec<SocketAddr> {
        Vec::new()
    }

    /// Takes one connection that waits at a listener bound as `endpoint`.
    ///
    /// # Errors
    /// As accept(2): `WouldBlock` if none waits. Any error concerns one connection, or a shortage of
    /// descriptors or memory; the listener is still good.
    fn accept(&self, listener: BorrowedFd<'_>, endpoint: &str, options: &Options) -> io::Result<Accept>;

    /// Whether [`Transport::resolve`] has to ask a name server, and so may take long.
    fn needs_lookup(&self, _address: &str, _options: &Options) -> bool {
        false
    }

    /// Finds out where to connect. To be done afresh for each attempt, since names move.
    ///
    /// # Errors
    /// Why the address leads nowhere now.
    fn resolve(&self, address: &str, options: &Options) -> io::Result<Target>;

    /// Begins to connect. Of several addresses, the `attempt`th (counted from 0, around and around) is
    /// tried. Returns whether the connection stands already; if not, it is complete, or has failed, when the
    /// descriptor becomes writable. Either way [`Transport::connected`] comes next.
    ///
    /// # Errors
    /// As socket(2), bind(2), connect(2).
    fn connect(&self, target: &Target, attempt: usize, options: &Options) -> io::Result<(OwnedFd, bool)>;

    /// Completes a connection to `endpoint`: tells whether it failed, applies the options that need a
    /// connection, and names the ends.
    ///
    /// # Errors
    /// Why the connection failed.
    fn connected(&self, fd: BorrowedFd<'_>, endpoint: &str, options: &Options) -> io::Result<Link>;
}

/// A listener.
#[derive(Debug)]
pub(crate) struct Bound {
    /// The listening descriptor.
    pub fd: OwnedFd,
    /// The endpoint in full, wildcards resolved (`LAST_ENDPOINT`).
    pub endpoint: String,
    /// Removes what bind left in the file system; to be dropped when the listener is closed.
    pub cleanup: Option<Cleanup>,
}

/// Removes a temporary directory and the socket file in it when dropped; not in a forked child.
#[derive(Debug)]
pub(crate) struct Cleanup {
    directory: PathBuf,
    file: PathBuf,
    owner: u32,
}

impl Cleanup {
    /// Takes care of `file` in `directory`.
    #[must_use]
    pub(crate) fn new(directory: PathBuf, file: PathBuf) -> Self {
        Self { directory, file, owner: process::id() }
    }
}

impl Drop for Cleanup {
    fn drop(&mut self) {
        if self.owner == process::id() {
            // If they are gone already, there is nothing to do.
            let _ = fs::remove_file(&self.file);
            let _ = fs::remove_dir(&self.directory);
        }
    }
}

/// The result of accepting.
#[derive(Debug)]
pub(crate) enum Accept {
    /// A connection.
    Connection(OwnedFd, Link),
    /// A peer that a filter keeps out; its connection is closed already.
    Refused,
}

/// The two ends of a connection.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Link {
    /// Three texts, one behind the other, since each connection has its own; and where the second and the third begin.
    text: Box<str>,
    begin: [usize; 2],
}

impl Link {
    pub(crate) fn new(local: &str, remote: &str, peer_address: &str) -> Self {
        let begin = [local.len(), local.len() + remote.len()];
        Self { text: [local, remote, peer_address].concat().into(), begin }
    }

    /// Our end, as an endpoint.
    pub(crate) fn local(&self) -> &str {
        &self.text[..self.begin[0]]
    }

    /// The peer's end, as an endpoint.
    pub(crate) fn remote(&self) -> &str {
        &self.text[self.begin[0]..self.begin[1]]
    }

    /// The `Peer-Address` property of messages: the IP address without port, or `:uid:gid:pid`.
    pub(crate) fn peer_address(&self) -> &str {
        &self.text[self.begin[1]..]
    }

    /// All that is known of a connection's ends, once it stands.
    pub(crate) fn complete<'a>(&'a self, sides: Sides<'a>) -> Sides<'a> {
        if sides.connects {
            Sides { local: self.local(), ..sides }
        } else {
            Sides { remote: self.remote(), ..sides }
        }
    }
}

/// Where to connect, all names looked up.
#[derive(Clone, Debug)]
pub(crate) enum Target {
    /// Over TCP.
    Internet {
        /// The address to connect from, if one was asked for.
        source: Option<SocketAddr>,
        /// The addresses to try, at least one, best first: the peer's, or the proxy's.
        addresses: Vec<SocketAddr>,
        /// The destination to ask the SOCKS5 proxy for, if there is one.
        proxied: Option<socks::Destination>,
    },
    /// Over any other family, whose addresses only their transport reads.
    Other(SockAddr),
}

impl Target {
    /// The conversation with a SOCKS5 proxy that has to come first on the connection, if any.
    #[must_use]
    pub(crate) fn proxy(&self, options: &Options) -> Option<socks::Client> {
        let Self::Internet { proxied: Some(destination), .. } = self else { return None };
        let login = (!options.socks_username.is_empty())
            .then_some((options.socks_username.as_str(), options.socks_password.as_str()));
        Some(socks::Client::new(destination, login))
    }
}

/// An address does not have the form its transport wants.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum AddressError {
    /// It is malformed.
    #[error("{endpoint:?}: {reason}")]
    Invalid {
        /// The endpoint.
        endpoint: String,
        /// The flaw in it.
        reason: &'static str,
    },
    /// It is longer than the system allows.
    #[error("{endpoint:?}: the name is longer than {limit} bytes")]
    TooLong {
        /// The endpoint.
        endpoint: String,
        /// The greatest length.
        limit: usize,
    },
}

impl AddressError {
    /// The error number in C: `EINVAL` or `ENAMETOOLONG`.
    #[must_use]
    pub(crate) const fn errno(&self) -> i32 {
        match self {
            Self::Invalid { .. } => Errno::INVAL.raw_os_error(),
            Self::TooLong { .. } => Errno::NAMETOOLONG.raw_os_error(),
        }
    }
}

/// Why a socket does not listen.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum BindError {
    /// The address is malformed.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// No host and no network device has this name, or it has no address of the kind wanted (`IPV6`).
    #[error("{endpoint:?}: no address found")]
    NotFound {
        /// The endpoint.
        endpoint: String,
        /// The system's error.
        source: io::Error,
    },
    /// The system refuses.
    #[error("{endpoint:?}: cannot {step}")]
    System {
        /// The endpoint.
        endpoint: String,
        /// The step that failed, such as `bind`.
        step: &'static str,
        /// The system's error.
        source: io::Error,
    },
}

impl BindError {
    /// The error number in C.
    #[must_use]
    pub(crate) fn errno(&self) -> i32 {
        match self {
            Self::Address(error) => error.errno(),
            Self::NotFound { .. } => Errno::NODEV.raw_os_error(),
            Self::System { source, .. } => source.raw_os_error().unwrap_or(Errno::INVAL.raw_os_error()),
        }
    }
}
