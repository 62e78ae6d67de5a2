//! PULL: receives work, one message from each peer in turn (RFC 30).

use super::contract::{Denied, Peers};
use super::{Pattern, Sides};
use crate::strategy::fair_queue::FairQueue;

/// Receives from all peers; never sends.
#[derive(Debug, Default)]
pub(super) struct Pull(FairQueue);

impl<P: Peers> Pattern<P> for Pull {
    fn sides(&mut self) -> Sides<'_> {
        (None, Some(&mut self.0))
    }

    fn admit(&mut self, _peers: &mut P, _first: &[u8]) -> Result<(), Denied> {
        Err(Denied::Unsupported)
    }

    fn lender(&mut self, _peers: &mut P) -> Option<&mut FairQueue> {
        Some(&mut self.0)
    }
}
