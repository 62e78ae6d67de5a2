//! REQ: sends a request to each peer in turn, and waits for its reply before the next (RFC 28).

use super::contract::{Denied, PeerId, Peers};
use super::{Pattern, Sides};
use crate::message::Message;
use crate::strategy::envelope::{Delimiter, Opened};
use crate::strategy::fair_queue::FairQueue;
use crate::strategy::load_balance::LoadBalance;
use queue::Part;

/// Strictly alternates between sending and receiving, unless `REQ_RELAXED` is set.
#[derive(Debug)]
pub(super) struct Req {
    outbound: LoadBalance,
    inbound: FairQueue,
    awaited: Option<Awaited>,
    number: u32,
}

/// The reply to the last request.
#[derive(Debug)]
struct Awaited {
    from: PeerId,
    delimiter: Delimiter,
    /// It is there, and its envelope has been removed.
    opened: bool,
}

impl Req {
    pub(super) fn new(seed: u64) -> Self {
        let (outbound, inbound) = (LoadBalance::default(), FairQueue::default());
        Self { outbound, inbound, awaited: None, number: seed as u32 }
    }

    /// Whether it may send.
    fn has_turn(&self, peers: &impl Peers) -> bool {
        self.awaited.is_none() || peers.options().req_relaxed
    }
}

impl Awaited {
    /// Goes to the body of the reply, and drops messages that are none.
    fn open(&mut self, peers: &mut impl Peers) -> bool {
        while !self.opened {
            match self.delimiter.open(peers, self.from) {
                Opened::Body => self.opened = true,
                Opened::Malformed => {}
                Opened::Nothing => return false,
            }
        }
        true
    }
}

impl<P: Peers> Pattern<P> for Req {
    fn sides(&mut self) -> Sides<'_> {
        (Some(&mut self.outbound), Some(&mut self.inbound))
    }

    fn send(&mut self, peers: &mut P, parts: &[Part<'_>]) -> Result<(), Denied> {
        if !self.has_turn(peers) {
            return Err(Denied::State);
        }
        // An old reply must not be taken for the one to this request.
        if !self.inbound.drain(peers) {
            return Err(Denied::Again);
        }
        self.number = self.number.wrapping_add(1);
        let delimiter = Delimiter::new(peers.options().req_correlate.then_some(self.number));
        let from = self.outbound.send(peers, delimiter.encoded(), parts)?;
        self.awaited = Some(Awaited { from, delimiter, opened: false });
        Ok(())
    }

    fn admit(&mut self, peers: &mut P, _first: &[u8]) -> Result<(), Denied> {
        match self.has_turn(peers) {
            false => Err(Denied::State),
            true if self.outbound.can_send(peers) => Ok(()),
            true => Err(Denied::Again),
        }
    }

    fn recv(&mut self, peers: &mut P, into: &mut Message) -> Result<(), Denied> {
        let awaited = self.awaited.as_mut().ok_or(Denied::State)?;
        if !awaited.open(peers) || !peers.take(awaited.from, into) {
            return Err(Denied::Again);
        }
        self.awaited = None;
        Ok(())
    }

    fn can_send(&mut self, peers: &mut P) -> bool {
        self.has_turn(peers) && self.outbound.can_send(peers)
    }

    fn can_recv(&mut self, peers: &mut P) -> bool {
        self.awaited.as_mut().is_some_and(|awaited| awaited.open(peers))
    }
}
