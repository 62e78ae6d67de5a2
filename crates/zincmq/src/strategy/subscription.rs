//! Subscriptions to topics: a publisher's view, and a subscriber's own.

use super::peer_map::{PeerMap, PeerSet};
use super::prefix_tree::{Place, PrefixTree};
use crate::pattern::contract::PeerId;
use std::collections::{BTreeSet, btree_set};

/// The effect of cancelling a subscription.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Cancelled {
    /// The peer had no such subscription.
    Unknown,
    /// Others still subscribe to the topic.
    Shared,
    /// It was the last one to this topic.
    Last,
}

/// The topics that peers subscribe to. A peer subscribes to a topic or does not; twice is the same as once.
#[derive(Debug, Default)]
pub(crate) struct Subscriptions {
    topics: PrefixTree<Holders>,
    /// For each peer, the places of its topics. A hash table would grow by leaps, and let everybody wait while it does.
    held: PeerMap<BTreeSet<Place>>,
    /// The topics that the latest message matched.
    path: Vec<Place>,
    union: Union,
}

/// The subscriptions of a peer that has gone, as far as they have not been removed yet.
#[derive(Debug)]
pub(crate) struct Removal {
    peer: PeerId,
    left: btree_set::IntoIter<Place>,
}

impl Removal {
    /// Whether nothing is left.
    pub(crate) fn is_done(&self) -> bool {
        self.left.len() == 0
    }
}

/// The peers of a topic, in order. Most topics have one, and there may be millions.
#[derive(Debug, Default)]
enum Holders {
    #[default]
    Nobody,
    One(PeerId),
    #[expect(clippy::box_collection, reason = "every topic would have two more words")]
    Many(Box<Vec<PeerId>>),
}

impl Holders {
    #[inline]
    fn as_slice(&self) -> &[PeerId] {
        match self {
            Self::Nobody => &[],
            Self::One(only) => std::slice::from_ref(only),
            Self::Many(peers) => peers,
        }
    }

    fn is_empty(&self) -> bool {
        self.as_slice().is_empty()
    }

    /// Adds a peer and says whether it is new.
    fn insert(&mut self, peer: PeerId) -> bool {
        let Err(at) = self.as_slice().binary_search(&peer) else { return false };
        match self {
            Self::Nobody => *self = Self::One(peer),
            Self::One(other) => {
                let mut peers = vec![*other];
                peers.insert(at, peer);
                *self = Self::Many(Box::new(peers));
            }
            Self::Many(peers) => peers.insert(at, peer),
        }
        true
    }

    /// Removes a peer and says whether it was there.
    fn remove(&mut self, peer: PeerId) -> bool {
        let Ok(at) = self.as_slice().binary_search(&peer) else { return false };
        match self {
            Self::Many(peers) => {
                peers.remove(at);
                if let &[only] = &peers[..] {
                    *self = Self::One(only);
                }
            }
            Self::Nobody | Self::One(_) => *self = Self::Nobody,
        }
        true
    }
}

/// The peers of several topics, each once; kept as long as messages match the same topics.
#[derive(Debug, Default)]
struct Union {
    path: Vec<Place>,
    peers: Vec<PeerId>,
    seen: PeerSet,
}

impl Subscriptions {
    /// The number of distinct topics.
    pub(crate) fn len(&self) -> usize {
        self.topics.len()
    }

    /// Whether the peer subscribes to anything.
    pub(crate) fn has(&self, peer: PeerId) -> bool {
        self.held.contains_key(&peer)
    }

    /// Adds a subscription and says whether it is the first one to this topic.
    pub(crate) fn add(&mut self, topic: &[u8], peer: PeerId) -> bool {
        let place = self.topics.insert(topic);
        let Some(peers) = self.topics.get_mut(place) else { return false };
        let first = peers.is_empty();
        if peers.insert(peer) {
            self.union.path.clear();
            self.held.entry(peer).or_default().insert(place);
        }
        first
    }

    /// Removes a subscription.
    pub(crate) fn cancel(&mut self, topic: &[u8], peer: PeerId) -> Cancelled {
        let Some(place) = self.topics.find(topic) else { return Cancelled::Unknown };
        let Some(held) = self.held.get_mut(&peer) else { return Cancelled::Unknown };
        if !held.remove(&place) {
            return Cancelled::Unknown;
        }
        if held.is_empty() {
            self.held.remove(&peer);
        }
        if self.strike(place, peer) {
            self.topics.remove(place);
            return Cancelled::Last;
        }
        Cancelled::Shared
    }

    /// Takes all subscriptions of a peer together, to be removed.
    pub(crate) fn take_peer(&mut self, peer: PeerId) -> Removal {
        Removal { peer, left: self.held.remove(&peer).unwrap_or_default().into_iter() }
    }

    /// Removes up to `most` subscriptions of a peer. Returns, in order, those of their topics for which `wanted` is
    /// true, which is told whether it was the last subscription to that topic.
    pub(crate) fn remove_some(
        &mut self,
        removal: &mut Removal,
        most: usize,
        wanted: impl Fn(bool) -> bool,
    ) -> Vec<Vec<u8>> {
        let mut topics = Vec::new();
        for place in removal.left.by_ref().take(most) {
            let last = self.strike(place, removal.peer);
            if wanted(last) {
                topics.push(self.topics.key(place));
            }
            if last {
                self.topics.remove(place);
            }
        }
        topics.sort_unstable();
        topics
    }

    /// Takes the peer out of a topic's list and says whether the list is empty now.
    fn strike(&mut self, place: Place, peer: PeerId) -> bool {
        self.union.path.clear();
        let Some(peers) = self.topics.get_mut(place) else { return false };
        peers.remove(peer);
        peers.is_empty()
    }

    /// The peers subscribed to any prefix of `text`, each once, in no order.
    #[inline]
    pub(crate) fn matching(&mut self, text: &[u8]) -> &[PeerId] {
        let Self { topics, path, union, .. } = self;
        path.clear();
        topics.prefixes(text, |place| {
            path.push(place);
            true
        });
        match path[..] {
            [] => &[],
            [only] => topics.get(only).map_or(&[], Holders::as_slice),
            _ => {
                if union.path != *path {
                    union.path.clone_from(path);
                    union.collect(path.iter().filter_map(|&place| topics.get(place)));
                }
                &union.peers
            }
        }
    }
}

impl Union {
    fn collect<'a>(&mut self, lists: impl Iterator<Item = &'a Holders>) {
        self.seen.clear();
        self.peers.clear();
        let Self { peers, seen, .. } = self;
        peers.extend(lists.flat_map(Holders::as_slice).filter(|&&peer| seen.insert(peer)));
    }
}

/// The topics that this side subscribes to, each as often as it was asked to.
#[derive(Debug, Default)]
pub(crate) struct Topics(PrefixTree<usize>);

impl Topics {
    /// The number of distinct topics.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn add(&mut self, topic: &[u8]) {
        let place = self.0.insert(topic);
        if let Some(count) = self.0.get_mut(place) {
            *count += 1;
        }
    }

    /// Takes back one subscription; says whether it was the last one to this topic.
    pub(crate) fn cancel(&mut self, topic: &[u8]) -> bool {
        let Some(place) = self.0.find(topic) else { return false };
        let Some(count) = self.0.get_mut(place) else { return false };
        *count -= 1;
        let last = *count == 0;
        if last {
            self.0.remove(place);
        }
        last
    }

    /// Whether everything matches.
    #[inline]
    pub(crate) fn all(&self) -> bool {
        self.0.has_empty_key()
    }

    /// Whether some topic is a prefix of `text`.
    pub(crate) fn matches(&self, text: &[u8]) -> bool {
        let mut found = false;
        self.0.prefixes(text, |_| {
            found = true;
            false
        });
        found
    }

    /// Visits each topic once, in order.
    pub(crate) fn for_each(&self, mut visit: impl FnMut(&[u8])) {
        self.0.for_each(|topic, _| visit(topic));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn matching(subscriptions: &mut Subscriptions, text: &[u8]) -> Vec<u64> {
        let mut peers: Vec<_> = subscriptions.matching(text).iter().map(|peer| peer.0).collect();
        peers.sort_unstable();
        peers
    }

    #[derive(Clone, Debug)]
    enum Step {
        Add(Vec<u8>, u64),
        Cancel(Vec<u8>, u64),
        Remove(u64),
    }

    fn step() -> impl Strategy<Value = Step> {
        let topic = || prop::collection::vec(0u8..2, 0..4);
        prop_oneof![
            4 => (topic(), 0u64..4).prop_map(|(topic, peer)| Step::Add(topic, peer)),
            3 => (topic(), 0u64..4).prop_map(|(topic, peer)| Step::Cancel(topic, peer)),
            1 => (0u64..4).prop_map(Step::Remove),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]
        #[test]
        fn agrees_with_a_set_of_pairs(
            steps in prop::collection::vec(step(), 0..50),
            text in prop::collection::vec(0u8..2, 0..5),
        ) {
            let (mut store, mut model) = (Subscriptions::default(), BTreeSet::new());
            let holders = |model: &BTreeSet<(Vec<u8>, u64)>, topic: &Vec<u8>| {
                model.iter().filter(|(held, _)| held == topic).count()
            };
            for step in steps {
                match step {
                    Step::Add(topic, peer) => {
                        prop_assert_eq!(store.add(&topic, PeerId(peer)), holders(&model, &topic) == 0);
                        model.insert((topic, peer));
                    }
                    Step::Cancel(topic, peer) => {
                        let known = model.remove(&(topic.clone(), peer));
                        let expected = match (known, holders(&model, &topic)) {
                            (false, _) => Cancelled::Unknown,
                            (true, 0) => Cancelled::Last,
                            (true, _) => Cancelled::Shared,
                        };
                        prop_assert_eq!(store.cancel(&topic, PeerId(peer)), expected);
                    }
                    Step::Remove(peer) => {
                        let held: Vec<_> = model.iter().filter(|pair| pair.1 == peer).cloned().collect();
                        model.retain(|pair| pair.1 != peer);
                        let held = held.into_iter().map(|pair| pair.0);
                        let last: Vec<_> = held.filter(|topic| holders(&model, topic) == 0).collect();
                        let mut removal = store.take_peer(PeerId(peer));
                        prop_assert_eq!(store.remove_some(&mut removal, 9, |last| last), last);
                        prop_assert!(removal.is_done());
                    }
                }
                let expected: BTreeSet<_> =
                    model.iter().filter(|(topic, _)| text.starts_with(topic)).map(|pair| pair.1).collect();
                prop_assert_eq!(matching(&mut store, &text), expected.into_iter().collect::<Vec<_>>());
                let topics: BTreeSet<_> = model.iter().map(|pair| &pair.0).collect();
                prop_assert_eq!(store.len(), topics.len());
            }
        }
    }

    #[test]
    fn peers_that_are_removed_in_steps_share_topics() {
        let mut store = Subscriptions::default();
        let topics: Vec<Vec<u8>> = (0..100_u32).map(|topic| topic.to_be_bytes().to_vec()).collect();
        for (topic, peer) in topics.iter().flat_map(|topic| (0..4).map(move |peer| (topic, peer))) {
            store.add(topic, PeerId(peer));
        }
        let mut removals = [0, 1, 2].map(|peer| store.take_peer(PeerId(peer)));
        let mut last = 0;
        while !removals.iter().all(Removal::is_done) {
            for removal in &mut removals {
                last += store.remove_some(removal, 7, |last| last).len();
            }
        }
        assert_eq!((last, store.len()), (0, 100));
        assert!(topics.iter().all(|topic| matching(&mut store, topic) == [3]));
        assert!(topics.iter().all(|topic| store.cancel(topic, PeerId(3)) == Cancelled::Last));
    }

    #[test]
    fn one_topic_needs_no_copy_and_several_are_joined_once() {
        let mut store = Subscriptions::default();
        (0..100).for_each(|peer| {
            store.add(b"", PeerId(peer));
        });
        let first = store.matching(b"anything").as_ptr();
        assert_eq!(store.matching(b"other").as_ptr(), first);
        assert!(store.union.peers.is_empty());

        store.add(b"a", PeerId(5));
        assert_eq!(store.matching(b"abc").len(), 100);
        store.union.peers.truncate(1);
        assert_eq!(store.matching(b"axy").len(), 1, "the same topics: not joined again");
        store.add(b"a", PeerId(6));
        assert_eq!(store.matching(b"axy").len(), 100);
    }

    #[test]
    fn a_topic_counts_as_often_as_it_was_subscribed_to() {
        let mut topics = Topics::default();
        topics.add(b"a");
        topics.add(b"a");
        topics.add(b"abc");
        assert_eq!(topics.len(), 2);
        assert!(!topics.cancel(b"ab"));
        assert!(!topics.cancel(b"a"));
        assert!(topics.matches(b"ax"));
        assert!(topics.cancel(b"a"));
        assert!(!topics.matches(b"ax"));
        assert!(topics.matches(b"abcd"));
        assert!(!topics.all());
        topics.add(b"");
        assert!(topics.all() && topics.matches(b""));
    }
}
