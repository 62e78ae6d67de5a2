//! PAIR: one peer, both ways (RFC 31).

use super::contract::{Attached, Denied, Pattern, PeerId, Peers};
use crate::message::Message;
use queue::Part;

/// The first peer wins. Others are turned away as long as it is there.
#[derive(Debug, Default)]
pub(super) struct Pair(Option<PeerId>);

impl<P: Peers> Pattern<P> for Pair {
    fn attached(&mut self, peers: &mut P, peer: PeerId, _how: Attached) {
        if self.0.is_none() {
            self.0 = Some(peer);
        } else {
            peers.abort(peer);
        }
    }

    fn readable(&mut self, _peers: &mut P, _peer: PeerId) {}

    fn writable(&mut self, _peers: &mut P, _peer: PeerId) {}

    fn closing(&mut self, _peers: &mut P, _peer: PeerId) {}

    fn detached(&mut self, _peers: &mut P, peer: PeerId) {
        self.0 = self.0.filter(|&only| only != peer);
    }

    fn send(&mut self, peers: &mut P, parts: &[Part<'_>]) -> Result<(), Denied> {
        let peer = self.0.ok_or(Denied::Again)?;
        peers.send(peer, &[], parts).map_err(|_| Denied::Again)
    }

    fn recv(&mut self, peers: &mut P, into: &mut Message) -> Result<(), Denied> {
        let peer = self.0.ok_or(Denied::Again)?;
        if peers.take(peer, into) { Ok(()) } else { Err(Denied::Again) }
    }

    fn can_send(&mut self, peers: &mut P) -> bool {
        self.0.is_some_and(|peer| peers.has_room(peer))
    }

    fn can_recv(&mut self, peers: &mut P) -> bool {
        self.0.is_some_and(|peer| peers.head(peer).is_some())
    }
}
