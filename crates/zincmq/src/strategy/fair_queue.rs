//! Messages come in from one peer after the other, so that none is starved (RFC 28, RFC 30).

use super::rotation::RoundRobin;
use crate::message::Message;
use crate::pattern::contract::{Denied, Head, PeerId, Peers};

/// Round-robin over the peers that have something to read; the turn passes after each whole message.
#[derive(Debug, Default)]
pub(crate) struct FairQueue(RoundRobin);

impl FairQueue {
    pub(crate) fn attach(&mut self, peer: PeerId) {
        self.0.attach(peer);
    }

    /// The peer has something to read again.
    pub(crate) fn activate(&mut self, peer: PeerId) {
        self.0.activate(peer);
    }

    pub(crate) fn remove(&mut self, peer: PeerId) {
        self.0.remove(peer);
    }

    /// The peer whose turn it is; whether it has something is not known yet.
    pub(crate) fn current(&self) -> Option<PeerId> {
        self.0.current()
    }

    /// A message of the current peer has been dealt with.
    pub(crate) fn turn(&mut self) {
        self.0.turn();
    }

    /// The current peer has nothing to read.
    pub(crate) fn rest(&mut self) {
        self.0.rest();
    }

    /// Takes the next message.
    #[inline(always)]
    pub(crate) fn recv(&mut self, peers: &mut impl Peers, into: &mut Message) -> Result<(), Denied> {
        self.recv_labelled(peers, into, |_, _| ())
    }

    /// Takes the next message, with what `label` puts in front of it for the peer it comes from.
    #[inline(always)]
    pub(crate) fn recv_labelled(
        &mut self,
        peers: &mut impl Peers,
        into: &mut Message,
        label: impl Fn(PeerId, &mut Message),
    ) -> Result<(), Denied> {
        while let Some(peer) = self.0.current() {
            label(peer, into);
            if peers.take(peer, into) {
                self.0.turn();
                return Ok(());
            }
            into.clear();
            self.0.rest();
        }
        Err(Denied::Again)
    }

    /// Goes to the next message whose first part is accepted, and drops all before it. The message stays at
    /// the head of the peer returned, whose turn it is.
    pub(crate) fn seek(
        &mut self,
        peers: &mut impl Peers,
        mut accept: impl FnMut(Head<'_>) -> bool,
    ) -> Option<PeerId> {
        while let Some(peer) = self.0.current() {
            match peers.head(peer).map(&mut accept) {
                Some(true) => return Some(peer),
                Some(false) => {
                    peers.skip(peer);
                    self.0.turn();
                }
                None => self.0.rest(),
            }
        }
        None
    }

    /// Whether a message waits.
    pub(crate) fn can_recv(&mut self, peers: &mut impl Peers) -> bool {
        self.seek(peers, |_| true).is_some()
    }

    /// Drops all that waits. Returns whether that was all, and not only as much as one call may.
    pub(crate) fn drain(&mut self, peers: &mut impl Peers) -> bool {
        let mut last = None;
        while let Some(peer) = self.0.current() {
            last = Some(peer);
            if peers.head(peer).is_some() {
                peers.skip(peer);
                self.0.turn();
            } else {
                self.0.rest();
            }
        }
        last.is_none_or(|peer| peers.may_go_on(peer, 0))
    }
}
