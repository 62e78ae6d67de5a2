//! Which peer an address names, and which address a peer has (RFC 28: ROUTER).

use crate::pattern::contract::PeerId;
use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, Hasher, RandomState};
use std::ops::Deref;

/// Ids up to this many bytes need no memory of their own.
const INLINE: usize = 22;

/// A routing id: 1 to 255 bytes that a peer announced or this side made up.
#[derive(Clone, Debug)]
pub(crate) enum RoutingId {
    Short { len: u8, bytes: [u8; INLINE] },
    Long(Box<[u8]>),
}

impl From<&[u8]> for RoutingId {
    fn from(id: &[u8]) -> Self {
        let mut bytes = [0; INLINE];
        match bytes.get_mut(..id.len()) {
            Some(place) => {
                place.copy_from_slice(id);
                Self::Short { len: id.len() as u8, bytes }
            }
            None => Self::Long(id.into()),
        }
    }
}

impl Deref for RoutingId {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        match self {
            Self::Short { len, bytes } => &bytes[..usize::from(*len)],
            Self::Long(bytes) => bytes,
        }
    }
}

impl Borrow<[u8]> for RoutingId {
    fn borrow(&self) -> &[u8] {
        self
    }
}

impl PartialEq for RoutingId {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for RoutingId {}

impl Hash for RoutingId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }
}

/// Routing ids come from strangers, so the hash is keyed; they are short, so it folds eight bytes at a time.
#[derive(Clone, Copy, Debug)]
struct IdHasher(u64);

impl IdHasher {
    #[inline]
    fn fold(&mut self, word: u64) {
        let wide = u128::from(self.0 ^ word) * u128::from(0x9e37_79b9_7f4a_7c15_u64 ^ self.0.rotate_left(32));
        self.0 = (wide as u64) ^ ((wide >> 64) as u64);
    }
}

impl Hasher for IdHasher {
    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.fold(u64::from_le_bytes(word));
        }
    }

    #[inline]
    fn write_usize(&mut self, number: usize) {
        self.fold(number as u64);
    }

    #[inline]
    fn finish(&self) -> u64 {
        self.0
    }
}

/// The secret of one table.
#[derive(Clone, Copy, Debug)]
struct IdKey(u64);

impl BuildHasher for IdKey {
    type Hasher = IdHasher;

    #[inline]
    fn build_hasher(&self) -> IdHasher {
        IdHasher(self.0)
    }
}

/// The addresses of a socket's peers.
#[derive(Debug)]
pub(crate) struct Routing {
    by_id: HashMap<RoutingId, PeerId, IdKey>,
    /// By the peers' indices.
    by_peer: Vec<Option<(PeerId, RoutingId)>>,
    counter: u32,
}

impl Routing {
    /// Automatic ids count up from the low half of `seed`.
    pub(crate) fn new(seed: u64) -> Self {
        let key = IdKey(RandomState::new().hash_one(seed));
        Self { by_id: HashMap::with_hasher(key), by_peer: Vec::new(), counter: seed as u32 }
    }

    /// A fresh id: a zero byte and a number.
    pub(crate) fn automatic(&mut self) -> RoutingId {
        loop {
            let [a, b, c, d] = self.counter.to_be_bytes();
            self.counter = self.counter.wrapping_add(1);
            let id = [0, a, b, c, d];
            if self.peer_of(&id).is_none() {
                return RoutingId::from(&id[..]);
            }
        }
    }

    /// Gives a peer its id, which must be free.
    pub(crate) fn add(&mut self, peer: PeerId, id: RoutingId) {
        self.by_id.insert(id.clone(), peer);
        if self.by_peer.len() <= peer.index() {
            self.by_peer.resize(peer.index() + 1, None);
        }
        self.by_peer[peer.index()] = Some((peer, id));
    }

    #[inline]
    pub(crate) fn peer_of(&self, id: &[u8]) -> Option<PeerId> {
        self.by_id.get(id).copied()
    }

    #[inline]
    pub(crate) fn id_of(&self, peer: PeerId) -> Option<&[u8]> {
        let (known, id) = self.by_peer.get(peer.index())?.as_ref()?;
        (*known == peer).then_some(id)
    }

    /// All peers that can be addressed.
    pub(crate) fn reachable(&self) -> impl Iterator<Item = PeerId> {
        self.by_id.values().copied()
    }

    /// The peer can no longer be addressed; messages that it sent still bear its id. Returns the id if that is
    /// free now.
    pub(crate) fn retire(&mut self, peer: PeerId) -> Option<RoutingId> {
        let id = self.id_of(peer).filter(|id| self.peer_of(id) == Some(peer))?;
        let id = RoutingId::from(id);
        self.by_id.remove_entry(&*id).map(|(id, _)| id)
    }

    /// Forgets the peer.
    pub(crate) fn remove(&mut self, peer: PeerId) {
        self.retire(peer);
        if let Some(place) = self
            .by_peer
            .get_mut(peer.index())
            .filter(|place| place.as_ref().is_some_and(|(known, _)| *known == peer))
        {
            *place = None;
        }
    }
}
