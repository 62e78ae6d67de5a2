//! The things that hold up the end of a context: sockets that are open, and messages that are not sent.

use crate::life::lock;
use crate::socket_type::SocketType;
use crate::trace::event;
use std::fmt;
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

/// Why a context has not ended in time. The error of [`Context::term_timeout`](crate::Context::term_timeout).
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Lingering {
    /// The types of the sockets that have not been closed.
    pub open: Vec<SocketType>,
    /// The endpoints, of sockets that have been closed or have let go of the endpoint, with messages for a peer that has
    /// not taken them.
    pub unsent: Vec<Unsent>,
}

/// Messages that wait for one peer of a socket, or of one of its endpoints, that was closed.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Unsent {
    /// The endpoint: connected to by the socket, or bound, and the peer came by it.
    pub endpoint: String,
    /// The type of the socket.
    pub socket_type: SocketType,
    /// Messages that have not gone out whole. 0: the operating system has them all, and the peer has not.
    pub messages: u64,
    /// The bytes of these messages' frames, headers included; or else the number of bytes that are on their way.
    pub bytes: u64,
}

impl Lingering {
    /// Says in the log what a context waits for.
    pub(crate) fn warn(&self) {
        for socket in &self.open {
            event!(WARN, "end", "waiting for a {socket} socket that is open", socket = socket.name());
        }
        for unsent in &self.unsent {
            event!(
                WARN,
                "end",
                "waiting for {unsent}",
                socket = unsent.socket_type.name(),
                endpoint = &*unsent.endpoint,
                messages = unsent.messages,
                bytes = unsent.bytes,
            );
        }
    }
}

impl fmt::Display for Lingering {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the context has not ended")?;
        let mut mark = ": ";
        for socket in &self.open {
            write!(f, "{mark}a {socket} socket is open")?;
            mark = "; ";
        }
        for unsent in &self.unsent {
            write!(f, "{mark}{} to {unsent}", unsent.socket_type)?;
            mark = "; ";
        }
        Ok(())
    }
}

impl fmt::Display for Unsent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { endpoint, messages, bytes, .. } = self;
        match messages {
            0 => write!(f, "{endpoint}: {bytes} bytes on their way"),
            1 => write!(f, "{endpoint}: 1 message unsent"),
            _ => write!(f, "{endpoint}: {messages} messages unsent"),
        }
    }
}

impl fmt::Debug for Lingering {
    /// The text: it is what `unwrap` shows, and `?` in `main`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Lingering {}

/// The place where I/O threads tell what their sessions have not sent.
#[derive(Debug, Default)]
pub(crate) struct LingerBoard {
    told: Mutex<Told>,
    news: Condvar,
}

#[derive(Debug, Default)]
struct Told {
    threads: usize,
    unsent: Vec<Unsent>,
}

impl LingerBoard {
    /// One I/O thread answers.
    pub(crate) fn tell(&self, unsent: Vec<Unsent>) {
        let mut told = lock(&self.told);
        told.threads += 1;
        told.unsent.extend(unsent);
        self.news.notify_all();
    }

    /// Waits until so many I/O threads have answered, at most so long. Returns all that is known, in order.
    pub(crate) fn read(&self, threads: usize, patience: Duration) -> Vec<Unsent> {
        let waiting = |told: &mut Told| told.threads < threads;
        let result = self.news.wait_timeout_while(lock(&self.told), patience, waiting);
        let (mut told, _) = result.unwrap_or_else(PoisonError::into_inner);
        told.unsent.sort_by(|one, other| one.endpoint.cmp(&other.endpoint));
        std::mem::take(&mut told.unsent)
    }
}
