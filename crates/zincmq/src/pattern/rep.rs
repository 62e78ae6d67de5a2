//! REP: receives a request from each peer in turn, and replies to the peer it came from (RFC 28).

use super::contract::{Denied, PeerId, Peers};
use super::{Pattern, Sides};
use crate::message::Message;
use crate::strategy::envelope::{Envelope, Opened};
use crate::strategy::fair_queue::FairQueue;
use queue::Part;

/// Strictly alternates between receiving and sending; a reply that cannot be delivered is dropped.
#[derive(Debug, Default)]
pub(super) struct Rep {
    inbound: FairQueue,
    /// The address on the request that is opened or being answered.
    envelope: Envelope,
    /// The peer whose request is opened: its envelope has been removed.
    opened: Option<PeerId>,
    /// The peer that waits for a reply.
    requester: Option<PeerId>,
}

impl Rep {
    /// Goes to the body of the next request, and drops messages that are none.
    fn open(&mut self, peers: &mut impl Peers) -> Option<PeerId> {
        while self.opened.is_none() {
            let peer = self.inbound.current()?;
            match self.envelope.open(peers, peer) {
                Opened::Nothing => self.inbound.rest(),
                opened => {
                    self.inbound.turn();
                    self.opened = (opened == Opened::Body).then_some(peer);
                }
            }
        }
        self.opened
    }
}

impl<P: Peers> Pattern<P> for Rep {
    fn sides(&mut self) -> Sides<'_> {
        (None, Some(&mut self.inbound))
    }

    fn detached(&mut self, _peers: &mut P, peer: PeerId) {
        self.inbound.remove(peer);
        self.opened = self.opened.filter(|&opened| opened != peer);
    }

    fn send(&mut self, peers: &mut P, parts: &[Part<'_>]) -> Result<(), Denied> {
        let requester = self.requester.take().ok_or(Denied::State)?;
        // A peer that does not collect replies loses this one.
        if !peers.offer(requester, self.envelope.encoded(), parts) {
            peers.count_unroutable();
        }
        Ok(())
    }

    fn admit(&mut self, _peers: &mut P, _first: &[u8]) -> Result<(), Denied> {
        self.requester.map(drop).ok_or(Denied::State)
    }

    fn recv(&mut self, peers: &mut P, into: &mut Message) -> Result<(), Denied> {
        if self.requester.is_some() {
            return Err(Denied::State);
        }
        while let Some(peer) = self.open(peers) {
            self.opened = None;
            if peers.take(peer, into) {
                self.requester = Some(peer);
                return Ok(());
            }
        }
        Err(Denied::Again)
    }

    fn can_send(&mut self, _peers: &mut P) -> bool {
        self.requester.is_some()
    }

    fn can_recv(&mut self, peers: &mut P) -> bool {
        self.requester.is_none() && self.open(peers).is_some()
    }
}
