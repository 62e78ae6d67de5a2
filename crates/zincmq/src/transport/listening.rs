//! A listening descriptor as two threads have it: the I/O thread accepts, and the socket's own closes it, so that the
//! address is free when unbind, or the end of the socket, returns.

use super::contract::{Bound, Cleanup};
use crate::life::lock;
use mio::unix::SourceFd;
use mio::{Interest, Registry, Token};
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::sync::{Arc, Mutex};

/// See the module.
#[derive(Debug)]
pub(crate) struct Listening {
    /// The descriptor's number, which outlives it in the monitor's last event.
    pub(crate) number: RawFd,
    open: Mutex<Option<Open>>,
}

#[derive(Debug)]
struct Open {
    fd: OwnedFd,
    poller: Option<Arc<Registry>>,
    /// Removed behind the descriptor.
    _cleanup: Option<Cleanup>,
}

impl Listening {
    pub(crate) fn new(bound: Bound) -> Self {
        let number = bound.fd.as_raw_fd();
        let open = Open { fd: bound.fd, poller: None, _cleanup: bound.cleanup };
        Self { number, open: Mutex::new(Some(open)) }
    }

    /// Has a poller watch the descriptor, unless it is closed already.
    pub(crate) fn watch(&self, poller: &Arc<Registry>, token: Token) -> io::Result<()> {
        let mut open = lock(&self.open);
        let Some(open) = open.as_mut() else { return Ok(()) };
        poller.register(&mut SourceFd(&open.fd.as_raw_fd()), token, Interest::READABLE)?;
        open.poller = Some(poller.clone());
        Ok(())
    }

    /// Uses the descriptor, for a moment. `None`: it is closed.
    pub(crate) fn with<T>(&self, act: impl FnOnce(BorrowedFd<'_>) -> T) -> Option<T> {
        lock(&self.open).as_ref().map(|open| act(open.fd.as_fd()))
    }

    /// Frees the address.
    pub(crate) fn close(&self) {
        let Some(open) = lock(&self.open).take() else { return };
        // An application that has the socket too (USE_FD) would keep it in the poller.
        if let Some(poller) = &open.poller {
            _ = poller.deregister(&mut SourceFd(&open.fd.as_raw_fd()));
        }
    }
}
