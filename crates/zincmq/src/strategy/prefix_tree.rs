//! A set of byte strings in which all prefixes of a text are found in one walk.
//!
//! A radix tree in one table. Strangers choose the keys: nothing here recurses, memory is bounded by the sum
//! of the keys' lengths, and no operation takes longer than its key, or the edge it meets, is long. There may be
//! millions of keys, so a node has 32 bytes (docs/decisions/scale.md).

mod edge;
mod node;

use edge::{Edge, Edges};
pub(crate) use node::Place;
use node::{Body, Node};
use std::mem::{replace, take};

/// The node of the empty string.
const ROOT: Place = 0;

/// The table grows by such a part of itself. The system moves large tables without a copy.
const GROWTH: usize = 16;

/// Values under keys. A key's place stays the same until the key is removed.
#[derive(Debug)]
pub(crate) struct PrefixTree<V> {
    nodes: Vec<Node<V>>,
    edges: Edges,
    /// The first place in `nodes` that can be used again, whose `parent` is the next one; the root: none.
    free: Place,
    len: usize,
}

impl<V: Default> Default for PrefixTree<V> {
    fn default() -> Self {
        let root = Node { edge: Edge::default(), parent: ROOT, body: Body::inner(None, []) };
        Self { nodes: vec![root], edges: Edges::default(), free: ROOT, len: 0 }
    }
}

impl<V: Default> PrefixTree<V> {
    /// The number of keys.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    #[inline]
    fn node(&self, place: Place) -> &Node<V> {
        &self.nodes[place as usize]
    }

    fn node_mut(&mut self, place: Place) -> &mut Node<V> {
        &mut self.nodes[place as usize]
    }

    /// Whether the empty string is a key.
    #[inline]
    pub(crate) fn has_empty_key(&self) -> bool {
        self.node(ROOT).body.value().is_some()
    }

    /// The value at a place.
    pub(crate) fn get(&self, place: Place) -> Option<&V> {
        self.nodes.get(place as usize)?.body.value()
    }

    /// The value at a place.
    pub(crate) fn get_mut(&mut self, place: Place) -> Option<&mut V> {
        match &mut self.nodes.get_mut(place as usize)?.body {
            Body::Leaf(value) => Some(value),
            Body::Inner(inner) => inner.value.as_mut(),
        }
    }

    /// The place of a key.
    pub(crate) fn find(&self, key: &[u8]) -> Option<Place> {
        let (node, rest) = self.descend(key, |_, _| true);
        (rest.is_empty() && self.get(node).is_some()).then_some(node)
    }

    /// Visits the places of all keys that `text` begins with, shortest first, until `visit` says no.
    #[inline]
    pub(crate) fn prefixes(&self, text: &[u8], mut visit: impl FnMut(Place) -> bool) {
        self.descend(text, |place, node| node.body.value().is_none() || visit(place));
    }

    /// Follows `text` down, and returns the last node and what is left of it.
    #[inline]
    fn descend<'t>(
        &self,
        text: &'t [u8],
        mut visit: impl FnMut(Place, &Node<V>) -> bool,
    ) -> (Place, &'t [u8]) {
        let (mut place, mut rest) = (ROOT, text);
        let mut node = self.node(place);
        while visit(place, node) {
            let Some(&first) = rest.first() else { break };
            let Some(child) = node.body.child(first) else { break };
            let below = self.node(child);
            // Its first byte is the same: most have no other.
            let after = match self.edges.get(&below.edge) {
                [_] => &rest[1..],
                edge => match rest.strip_prefix(edge) {
                    Some(after) => after,
                    None => break,
                },
            };
            (place, node, rest) = (child, below, after);
        }
        (place, rest)
    }

    /// The key at a place.
    pub(crate) fn key(&self, place: Place) -> Vec<u8> {
        let mut edges = Vec::new();
        let mut node = place;
        while node != ROOT {
            edges.push(self.edges.get(&self.node(node).edge));
            node = self.node(node).parent;
        }
        edges.reverse();
        edges.concat()
    }

    /// Visits all keys in order.
    pub(crate) fn for_each(&self, mut visit: impl FnMut(&[u8], &V)) {
        let mut key = Vec::new();
        let mut left = vec![(ROOT, 0)];
        while let Some((node, depth)) = left.pop() {
            let node = self.node(node);
            key.truncate(depth);
            key.extend_from_slice(self.edges.get(&node.edge));
            if let Some(value) = node.body.value() {
                visit(&key, value);
            }
            left.extend(node.body.children().iter().rev().map(|&(_, child)| (child, key.len())));
        }
    }

    /// The place of a key, which is made if there is none.
    pub(crate) fn insert(&mut self, key: &[u8]) -> Place {
        let (mut node, mut rest) = self.descend(key, |_, _| true);
        if let Some(child) = rest.first().and_then(|&first| self.node(node).body.child(first)) {
            // The key leaves the tree in the middle of this child's edge.
            let edge = self.edges.get(&self.node(child).edge);
            let common = rest.iter().zip(edge).take_while(|(a, b)| a == b).count();
            node = self.split(child, common);
            rest = &rest[common..];
        }
        if !rest.is_empty() {
            self.len += 1;
            return self.add_node(node, rest, Body::Leaf(V::default()));
        }
        if let Body::Inner(inner) = &mut self.node_mut(node).body
            && inner.value.is_none()
        {
            inner.value = Some(V::default());
            self.len += 1;
        }
        node
    }

    /// Removes the key at a place.
    pub(crate) fn remove(&mut self, place: Place) {
        let parent = self.node(place).parent;
        match &mut self.node_mut(place).body {
            Body::Inner(inner) => {
                if inner.value.take().is_none() {
                    return;
                }
                self.tidy(place);
            }
            Body::Leaf(_) => {
                let first = self.edges.get(&self.node(place).edge).first().copied();
                self.change_children(parent, |children| {
                    children.retain(|&(byte, _)| Some(byte) != first);
                });
                self.release(place);
                self.tidy(parent);
            }
        }
        self.len -= 1;
    }

    /// Makes a leaf of an inner node without children, and removes one with neither a value nor more than one child.
    fn tidy(&mut self, place: Place) {
        let Node { parent, body: Body::Inner(inner), .. } = self.node_mut(place) else { return };
        if place == ROOT {
            return;
        }
        let parent = *parent;
        match (&mut inner.value, &*inner.children) {
            (value @ Some(_), []) => {
                let value = value.take().unwrap_or_default();
                self.node_mut(place).body = Body::Leaf(value);
            }
            (None, &[(_, child)]) => {
                let edge =
                    [self.edges.get(&self.node(place).edge), self.edges.get(&self.node(child).edge)].concat();
                self.put_below(parent, &edge, child);
                self.release(place);
            }
            _ => {}
        }
    }

    fn change_children(&mut self, place: Place, change: impl FnOnce(&mut Vec<(u8, Place)>)) {
        if let Body::Inner(inner) = &mut self.node_mut(place).body {
            let mut children = take(&mut inner.children).into_vec();
            change(&mut children);
            inner.children = children.into();
        }
    }

    /// Puts a node below another, at the end of this edge, in place of a child whose edge begins alike.
    fn put_below(&mut self, parent: Place, edge: &[u8], place: Place) {
        let fresh = self.edges.put(edge);
        let node = self.node_mut(place);
        node.parent = parent;
        let old = replace(&mut node.edge, fresh);
        self.edges.release(old);
        self.change_children(parent, |children| {
            match children.binary_search_by_key(&edge[0], |&(byte, _)| byte) {
                Ok(at) => children[at].1 = place,
                Err(at) => {
                    children.reserve_exact(1);
                    children.insert(at, (edge[0], place));
                }
            }
        });
    }

    /// Makes a node below `parent`.
    fn add_node(&mut self, parent: Place, edge: &[u8], body: Body<V>) -> Place {
        let node = Node { edge: Edge::default(), parent, body };
        let place = if self.free == ROOT {
            if self.nodes.len() == self.nodes.capacity() {
                self.nodes.reserve_exact(self.nodes.len() / GROWTH + GROWTH);
            }
            self.nodes.push(node);
            (self.nodes.len() - 1) as Place
        } else {
            let place = self.free;
            self.free = replace(self.node_mut(place), node).parent;
            place
        };
        let above = self.node_mut(parent);
        if let Body::Leaf(value) = &mut above.body {
            above.body = Body::inner(Some(take(value)), []);
        }
        self.put_below(parent, edge, place);
        place
    }

    /// Frees a place that nothing leads to any more.
    fn release(&mut self, place: Place) {
        let free = replace(&mut self.free, place);
        let node = Node { edge: Edge::default(), parent: free, body: Body::Leaf(V::default()) };
        let old = replace(self.node_mut(place), node);
        self.edges.release(old.edge);
    }

    /// Puts a node into a child's edge, after its first `at` bytes.
    fn split(&mut self, child: Place, at: usize) -> Place {
        let edge = self.edges.get(&self.node(child).edge).to_vec();
        let middle = self.add_node(self.node(child).parent, &edge[..at], Body::inner(None, []));
        self.put_below(middle, &edge[at..], child);
        middle
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn found(tree: &PrefixTree<u32>, text: &[u8]) -> Vec<Vec<u8>> {
        let mut keys = Vec::new();
        tree.prefixes(text, |place| {
            keys.push(tree.key(place));
            true
        });
        keys
    }

    /// The number of nodes in use.
    fn live(tree: &PrefixTree<u32>) -> usize {
        let free = std::iter::successors(Some(tree.free), |&node| Some(tree.node(node).parent));
        tree.nodes.len() - free.take_while(|&node| node != ROOT).count()
    }

    fn check(tree: &PrefixTree<u32>, model: &BTreeMap<Vec<u8>, Place>, text: &[u8]) {
        let mut keys = Vec::new();
        tree.for_each(|key, _| keys.push(key.to_vec()));
        assert_eq!(keys, model.keys().cloned().collect::<Vec<_>>());
        assert_eq!(tree.len(), model.len());
        for (key, &place) in model {
            assert_eq!(tree.find(key), Some(place), "places are stable");
            assert_eq!(tree.key(place), *key);
        }
        let expected: Vec<_> = model.keys().filter(|key| text.starts_with(key)).cloned().collect();
        assert_eq!(found(tree, text), expected);
        let live = live(tree);
        assert!(live <= 2 * model.len() + 1, "{live} nodes for {} keys", model.len());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]
        #[test]
        fn behaves_as_a_sorted_map(
            steps in prop::collection::vec((any::<bool>(), prop::collection::vec(0u8..3, 0..6)), 0..60),
            text in prop::collection::vec(0u8..3, 0..8),
        ) {
            let (mut tree, mut model) = (PrefixTree::default(), BTreeMap::new());
            for (add, key) in steps {
                if add {
                    let place = tree.insert(&key);
                    model.insert(key, place);
                } else {
                    assert_eq!(tree.find(&key), model.get(&key).copied());
                    if let Some(place) = model.remove(&key) {
                        tree.remove(place);
                    }
                }
                check(&tree, &model, &text);
            }
        }
    }

    #[test]
    fn a_node_has_few_bytes() {
        assert!(size_of::<Node<usize>>() <= 32);
    }

    #[test]
    fn a_deep_chain_needs_neither_stack_nor_much_memory() {
        let text = vec![b'a'; 1 << 16];
        let mut tree = PrefixTree::<u32>::default();
        for len in (0..text.len()).step_by(32) {
            tree.insert(&text[..len]);
        }
        let bytes: usize = tree.nodes.iter().map(|node| tree.edges.get(&node.edge).len()).sum();
        assert!(bytes <= text.len());
        let mut count = 0;
        tree.prefixes(&text, |_| {
            count += 1;
            true
        });
        assert_eq!(count, tree.len());
        for len in (0..text.len()).step_by(32).rev() {
            tree.remove(tree.find(&text[..len]).expect("inserted"));
        }
        assert_eq!((tree.len(), live(&tree)), (0, 1));
        assert!(tree.edges.is_empty(), "removed nodes hold no memory");
    }
}
