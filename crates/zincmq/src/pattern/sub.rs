//! SUB: receives what it subscribed to, from each publisher in turn (RFC 29).

use super::contract::{Attached, Denied, Kind, PeerId, Peers};
use super::{Pattern, Sides};
use crate::message::Message;
use crate::strategy::fair_queue::FairQueue;
use crate::strategy::subscriber::Subscriber;

/// Looks at each message again: a publisher may send more than was asked for.
#[derive(Debug, Default)]
pub(super) struct Sub(Subscriber);

impl<P: Peers> Pattern<P> for Sub {
    fn sides(&mut self) -> Sides<'_> {
        (None, Some(&mut self.0.inbound))
    }

    fn attached(&mut self, peers: &mut P, peer: PeerId, how: Attached) {
        self.0.attached(peers, peer, &how);
    }

    fn bound(&mut self, peers: &mut P) {
        self.0.bound(peers);
    }

    fn reconnected(&mut self, peers: &mut P, peer: PeerId) {
        self.0.resend(peers, peer);
    }

    fn closing(&mut self, _peers: &mut P, peer: PeerId) {
        self.0.closing(peer);
    }

    fn topics(&self) -> Result<usize, Denied> {
        Ok(self.0.topics())
    }

    fn subscribe(&mut self, peers: &mut P, kind: Kind, topic: &[u8]) -> Result<(), Denied> {
        match kind {
            Kind::Subscribe => self.0.subscribe(peers, topic),
            Kind::Cancel => self.0.cancel(peers, topic, false),
            Kind::Data => return Err(Denied::Invalid),
        }
        Ok(())
    }

    fn admit(&mut self, _peers: &mut P, _first: &[u8]) -> Result<(), Denied> {
        Err(Denied::Unsupported)
    }

    fn recv(&mut self, peers: &mut P, into: &mut Message) -> Result<(), Denied> {
        self.0.recv_matching(peers, into)
    }

    fn lender(&mut self, peers: &mut P) -> Option<&mut FairQueue> {
        self.0.shows(peers).then_some(&mut self.0.inbound)
    }

    fn can_recv(&mut self, peers: &mut P) -> bool {
        self.0.seek(peers)
    }
}
