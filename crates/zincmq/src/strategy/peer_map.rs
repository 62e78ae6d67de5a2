//! Maps and sets keyed by small numbers that this library hands out itself.

use crate::pattern::contract::PeerId;
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};

/// One multiplication: the keys count upwards and no peer chooses them, so no defence is needed.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct CountHasher(u64);

/// Odd, with its bits well spread: 2^64 divided by the golden ratio.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

impl Hasher for CountHasher {
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u64(u64::from(byte));
        }
    }

    #[inline]
    fn write_u64(&mut self, number: u64) {
        self.0 = (self.0 ^ number).wrapping_mul(SPREAD);
    }

    #[inline]
    fn finish(&self) -> u64 {
        self.0
    }
}

/// Something for each peer.
pub(crate) type PeerMap<V> = HashMap<PeerId, V, BuildHasherDefault<CountHasher>>;

/// A set of peers.
pub(crate) type PeerSet = HashSet<PeerId, BuildHasherDefault<CountHasher>>;
