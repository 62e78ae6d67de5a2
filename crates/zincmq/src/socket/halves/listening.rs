//! The half that receives waits at the only connection and reads for itself, as a thread with a whole socket does: it claims
//! the descriptor with the lock, and waits and reads without.

use crate::bell::{self, Bell};
use crate::command::ToSocket;
use crate::engine::{Connection, Reading};
use crate::error::{Error, Result};
use crate::pattern::contract::PeerId;
use crate::socket::core::Core;
use crate::spin::AdaptiveSpin;
use queue::Inbox;
use rustix::event::{PollFd, PollFlags};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A connection whose descriptor this thread has claimed. The thread leaves it when this goes.
pub(super) struct Listening {
    peer: PeerId,
    connection: Arc<Connection>,
    descriptor: Arc<OwnedFd>,
    bell: Arc<Bell>,
}

impl Core {
    /// Claims the only connection. `None`: there is none to wait at, or the I/O thread is to do it.
    pub(super) fn begin_listening(&mut self) -> Option<Listening> {
        if self.waiting.listener.is_paused() {
            return None;
        }
        let (peer, connection) = self.peers.only_connection()?;
        let bell = self.waiting.listener.bell().ok()?.clone();
        self.peers.listens = true;
        let descriptor = connection.listen()?;
        Some(Listening { peer, connection, descriptor, bell })
    }

    /// Takes up what this thread, which goes on to something else, has read there.
    pub(super) fn heed(&mut self, listening: &Listening, reading: Reading) {
        match reading {
            Reading::Nothing | Reading::Messages { .. } => {}
            Reading::Unavailable => self.peers.end_listening(),
            Reading::Stream { .. } => {
                self.peers.end_listening();
                self.waiting.listener.pause();
            }
        }
        self.take_up(listening.peer, reading);
    }
}

impl Listening {
    /// What rings while this thread waits.
    pub(super) fn bell(&self) -> &Arc<Bell> {
        &self.bell
    }

    /// Reads again and again for a while, if that is worth it. `None`: nothing came.
    pub(super) fn read_awhile(&self, spin: &mut AdaptiveSpin, inbox: &Inbox<ToSocket>) -> Option<Reading> {
        let mut found = None;
        spin.look(Duration::ZERO, || {
            found = match self.connection.read() {
                Reading::Nothing => inbox.is_pending().then_some(Reading::Nothing),
                reading => Some(reading),
            };
            found.is_some()
        });
        found
    }

    /// Waits for the descriptor or the bell, then reads. An error if a signal handler ended the wait.
    pub(super) fn wait(&self, until: Option<Instant>) -> Result<Reading> {
        let mut set = [
            PollFd::from_borrowed_fd(self.descriptor.as_fd(), PollFlags::IN),
            PollFd::from_borrowed_fd(self.bell.descriptor(), PollFlags::IN),
        ];
        let left = until.map(|until| until.saturating_duration_since(Instant::now()));
        let polled = bell::wait(&mut set, left, None);
        if bell::rang(&set[1]) {
            self.bell.silence();
        }
        match polled {
            Err(_) => Ok(Reading::Unavailable),
            Ok(_) if bell::rang(&set[0]) => Ok(self.connection.read()),
            Ok(true) => Ok(Reading::Nothing),
            Ok(false) => Err(Error::Interrupted),
        }
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.connection.leave();
    }
}
