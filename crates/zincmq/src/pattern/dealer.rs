//! DEALER: sends to each peer in turn, receives from each in turn (RFC 28).

use super::contract::Peers;
use super::{Pattern, Sides};
use crate::strategy::fair_queue::FairQueue;
use crate::strategy::load_balance::LoadBalance;

/// Blocks when no peer has room.
#[derive(Debug, Default)]
pub(super) struct Dealer {
    outbound: LoadBalance,
    inbound: FairQueue,
}

impl<P: Peers> Pattern<P> for Dealer {
    fn sides(&mut self) -> Sides<'_> {
        (Some(&mut self.outbound), Some(&mut self.inbound))
    }

    fn lender(&mut self, _peers: &mut P) -> Option<&mut FairQueue> {
        Some(&mut self.inbound)
    }
}
