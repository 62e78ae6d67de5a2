//! The packets that wait to be sent: NAKs and SPMRs.

use crate::{Packet, To, Transmit};
use std::collections::VecDeque;

/// Packets that may wait. When the network takes none, requests are put off and not piled up.
const MOST: usize = 256;

#[derive(Debug, Default)]
pub(super) struct Outbox(VecDeque<(To, Vec<u8>)>);

impl Outbox {
    /// The number of packets that it takes.
    pub(super) fn room(&self) -> usize {
        MOST.saturating_sub(self.0.len())
    }

    pub(super) fn push(&mut self, to: To, packet: &Packet<'_>) {
        let mut bytes = Vec::new();
        packet.encode(&mut bytes);
        self.0.push_back((to, bytes));
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn peek(&self, index: usize) -> Option<Transmit<'_>> {
        self.0.get(index).map(|(to, bytes)| Transmit { to: *to, bytes })
    }

    pub(super) fn sent(&mut self, count: usize) {
        self.0.drain(..count.min(self.0.len()));
    }
}
