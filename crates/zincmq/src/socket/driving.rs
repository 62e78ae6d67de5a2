//! A thread that waits for a message does the connection's I/O itself, where there is exactly one and the I/O
//! thread has nothing to do with it: no other thread needs to be woken on the message's way.

use crate::bell::{self, Bell};
use crate::engine::{Connection, Driven};
use crate::error::{Error, Result};
use crate::socket::Core;
use rustix::event::{PollFd, PollFlags};
use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// After messages have streamed in, the I/O thread keeps the connection for so long.
const PAUSE: Duration = Duration::from_millis(10);

/// What a socket keeps for driving its connection.
#[derive(Debug, Default)]
pub(crate) struct Driving {
    bell: Option<Arc<Bell>>,
    paused_until: Option<Instant>,
}

impl Driving {
    /// The connection to drive, if this is a time for it.
    fn connection(&mut self, core: &Core) -> Option<Arc<Connection>> {
        if let Some(until) = self.paused_until {
            if Instant::now() < until {
                return None;
            }
            self.paused_until = None;
        }
        // Event loops that watch the socket are told by the I/O thread.
        if core.watch.is_some() { None } else { core.peers.only_connection() }
    }

    fn bell(&mut self) -> Result<Arc<Bell>> {
        if self.bell.is_none() {
            self.bell = Some(Arc::new(Bell::new()?));
        }
        self.bell.clone().ok_or(Error::Again)
    }
}

impl Core {
    /// Waits on the only connection itself. `None`: there is none to wait on, or the wait is not this
    /// thread's to drive.
    pub(crate) fn drive(&mut self, until: Option<Instant>) -> Option<Result<()>> {
        let mut driving = std::mem::take(&mut self.driving);
        let connection = driving.connection(self);
        let bell = connection.as_ref().and_then(|_| driving.bell().ok());
        let result = match (connection, bell) {
            (Some(connection), Some(bell)) => {
                let driven = self.listen(&connection, &bell, until);
                if let Some(Ok(Driven::Streams)) = driven {
                    driving.paused_until = Some(Instant::now() + PAUSE);
                }
                driven.map(|driven| driven.map(drop))
            }
            _ => None,
        };
        self.driving = driving;
        result
    }

    /// One wait for the descriptor or a change of the socket. `None`: not this thread's any more. An error if a signal
    /// handler ended it.
    fn listen(
        &mut self,
        connection: &Connection,
        bell: &Arc<Bell>,
        until: Option<Instant>,
    ) -> Option<Result<Driven>> {
        self.peers.leases = true;
        let descriptor = connection.take_lease()?;
        let owner = self.owner.clone();
        let signal = owner.inbox.signal();
        signal.arm(bell.clone());
        if owner.inbox.is_pending() {
            signal.disarm();
            connection.leave_lease();
            return Some(Ok(Driven::Well));
        }
        if let Some(driven) = self.read_awhile(connection) {
            return self.settle(connection, driven, true).map(Ok);
        }
        let mut set = [
            PollFd::from_borrowed_fd(descriptor.as_fd(), PollFlags::IN),
            PollFd::from_borrowed_fd(bell.descriptor(), PollFlags::IN),
        ];
        let left = until.map(|until| until.saturating_duration_since(Instant::now()));
        let polled = bell::wait(&mut set, left, None);
        signal.disarm();
        let (heard, rang) = (bell::rang(&set[0]), bell::rang(&set[1]));
        if rang {
            bell.silence();
        }
        let one_way = self.peers.has_inline();
        let driven = if polled.is_ok() && heard { connection.read(one_way).1 } else { Driven::Well };
        let settled = self.settle(connection, driven, heard);
        if self.interruptible && matches!(polled, Ok(false)) {
            return Some(Err(Error::Interrupted));
        }
        settled.map(Ok)
    }

    /// Reads again and again for a while, if that is worth it. `None`: nothing came.
    fn read_awhile(&mut self, connection: &Connection) -> Option<Driven> {
        let mut found = None;
        let inbox = self.owner.inbox.clone();
        let one_way = self.peers.has_inline();
        self.spin.look(|| {
            found = match connection.read(one_way) {
                (0, Driven::Well) if inbox.is_pending() => Some(Driven::Well),
                (0, Driven::Well) => None,
                (_, driven) => Some(driven),
            };
            found.is_some()
        });
        if found.is_some() {
            self.owner.inbox.signal().disarm();
        }
        found
    }

    /// After the wait: the lease is kept for the next one, or ends.
    fn settle(&mut self, connection: &Connection, driven: Driven, heard: bool) -> Option<Driven> {
        if driven == Driven::Well {
            connection.leave_lease();
            if heard {
                self.peers.allow_inline();
            }
            return Some(driven);
        }
        self.peers.end_lease();
        (driven == Driven::Streams).then_some(driven)
    }
}
