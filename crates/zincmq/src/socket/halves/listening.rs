//! The half that receives waits at the only connection and reads for itself, as a thread with a whole socket does: it claims
//! the descriptor with the lock, and waits and reads without.

use crate::bell::Bell;
use crate::command::ToSocket;
use crate::engine::{Connection, Reading};
use crate::error::Result;
use crate::pattern::contract::PeerId;
use crate::socket::caller_io::{read_after, read_awhile};
use crate::socket::core::Core;
use crate::spin::AdaptiveSpin;
use queue::Inbox;
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
        let (peer, connection) = self.peers.only_connection().map(|(peer, found)| (peer, found.clone()))?;
        let bell = self.waiting.listener.bell().ok()?.clone();
        self.waiting.listener.enter(Instant::now);
        self.peers.listens = true;
        let descriptor = connection.listen()?;
        Some(Listening { peer, connection, descriptor, bell })
    }

    /// Takes up what this thread, which goes on to something else, has read there.
    pub(super) fn heed(&mut self, listening: &Listening, reading: Reading) {
        match reading {
            Reading::Nothing | Reading::Messages { .. } => {}
            Reading::Much { .. } if !self.waiting.listener.leave(Instant::now()) => {}
            Reading::Unavailable => self.peers.end_listening(),
            Reading::Much { .. } | Reading::Stream { .. } => {
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

    /// Reads again and again for a while, if that is worth it, or for `least`. `None`: nothing came.
    pub(super) fn read_awhile(
        &self,
        spin: &mut AdaptiveSpin,
        least: Duration,
        inbox: &Inbox<ToSocket>,
    ) -> Option<Reading> {
        read_awhile(&self.connection, spin, least, inbox)
    }

    /// Waits for the descriptor or the bell, then reads. An error if a signal handler ended the wait.
    pub(super) fn wait(&self, until: Option<Instant>) -> Result<Reading> {
        read_after(self.bell.wait_beside(self.descriptor.as_fd(), until), &self.connection)
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.connection.leave();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bell;
    use crate::socket::halves::RecvHalf;
    use crate::{Context, Dealer};
    use rustix::event::{PollFd, PollFlags};

    fn only_connection(recv: &mut RecvHalf<Dealer>) -> Option<Arc<Connection>> {
        recv.half.with(|core| core.peers.only_connection().map(|(_, connection)| connection.clone()))
    }

    /// Whether the half has claimed the connection, where it is not now.
    fn has_left(recv: &mut RecvHalf<Dealer>) -> bool {
        only_connection(recv).is_some_and(|connection| connection.is_listened_to())
    }

    /// Where the I/O thread takes the descriptor back at that very moment, it is the one that reads: so once is enough.
    #[test]
    fn what_came_while_nobody_heard_of_it_is_found_by_a_call_that_does_not_wait() {
        let calls: [fn(&mut RecvHalf<Dealer>) -> bool; 3] = [
            |recv| recv.try_recv().is_ok(),
            |recv| recv.recv_timeout(Duration::ZERO).is_ok(),
            |recv| recv.can_recv() && recv.recv().is_ok(),
        ];
        for call in calls {
            let context = Context::new();
            let mut bound = Dealer::new(&context).unwrap();
            let endpoint = bound.bind("tcp://127.0.0.1:*").unwrap();
            let mut peer = Dealer::builder(&context).connect(endpoint).unwrap();
            let (_send, mut recv) = bound.into_split();
            let found = (0..1000).any(|_| {
                peer.send("first").unwrap();
                recv.recv().unwrap();
                let Some(connection) = only_connection(&mut recv) else { return false };
                peer.send("second").unwrap();
                let descriptor = connection.descriptor.upgrade().unwrap();
                let mut set = [PollFd::from_borrowed_fd(descriptor.as_fd(), PollFlags::IN)];
                _ = bell::wait(&mut set, Some(Duration::from_millis(1)), None);
                let unheard = bell::rang(&set[0]) && has_left(&mut recv);
                let found = call(&mut recv);
                if !found {
                    recv.recv().unwrap();
                }
                unheard && found
            });
            assert!(found);
        }
    }
}
