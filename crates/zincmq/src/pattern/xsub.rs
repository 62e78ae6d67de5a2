//! XSUB: as SUB, but subscribes by sending, and sends messages to XPUB (RFC 29).

use super::contract::{Attached, Denied, PeerId, Peers};
use super::{Pattern, Sides};
use crate::strategy::fair_queue::FairQueue;
use crate::strategy::subscriber::Subscriber;
use queue::Part;

/// A part that begins with 1 subscribes to the topic after it, one that begins with 0 cancels. Messages are
/// received as they come; they are not looked at.
#[derive(Debug, Default)]
pub(super) struct XSub(Subscriber);

impl XSub {
    /// Does what a part asks for; says no if it asks for nothing.
    fn apply(&mut self, peers: &mut impl Peers, part: &[u8]) -> bool {
        match part {
            [1, topic @ ..] => self.0.subscribe(peers, topic),
            [0, topic @ ..] => {
                let verbose = peers.options().xsub_verbose_unsubscribe;
                self.0.cancel(peers, topic, verbose);
            }
            _ => return false,
        }
        true
    }
}

impl<P: Peers> Pattern<P> for XSub {
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

    fn send(&mut self, peers: &mut P, parts: &[Part<'_>]) -> Result<(), Denied> {
        let only_first = peers.options().only_first_subscribe;
        // Subscriptions may stand anywhere; the rest of the message goes on.
        let mut left = Vec::new();
        let mut subscribing = true;
        for (at, part) in parts.iter().enumerate() {
            let subscribed = subscribing && self.apply(peers, part);
            if at == 0 {
                subscribing = subscribed || !only_first;
            }
            left.extend((!subscribed).then_some(*part));
        }
        if !left.is_empty() {
            self.0.send(peers, &left);
        }
        Ok(())
    }

    fn can_send(&mut self, _peers: &mut P) -> bool {
        true
    }

    fn lender(&mut self, _peers: &mut P) -> Option<&mut FairQueue> {
        Some(&mut self.0.inbound)
    }
}
