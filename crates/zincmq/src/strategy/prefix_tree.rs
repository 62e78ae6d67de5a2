//! A set of byte strings in which all prefixes of a text are found in one walk.
//!
//! A radix tree in one table. Strangers choose the keys: nothing here recurses, memory is bounded by the sum
//! of the keys' lengths, and no operation takes longer than its key, or the edge it meets, is long.

use smallvec::SmallVec;

/// The node of the empty string.
const ROOT: usize = 0;

/// An edge; most are short and stand in their node.
type Edge = SmallVec<[u8; 16]>;

/// Values under keys. A key's place stays the same until the key is removed.
#[derive(Debug)]
pub(crate) struct PrefixTree<V> {
    nodes: Vec<Node<V>>,
    /// The first place in `nodes` that can be used again, whose `parent` is the next one; the root: none.
    free: usize,
    len: usize,
}

/// Without a value, every node but the root has at least two children.
#[derive(Debug)]
struct Node<V> {
    /// The bytes from the parent's key to this one.
    edge: Edge,
    parent: usize,
    /// By the first byte of their edges, in order.
    children: Vec<(u8, usize)>,
    value: Option<V>,
}

impl<V> Node<V> {
    fn child(&self, first: u8) -> Result<usize, usize> {
        self.children.binary_search_by_key(&first, |&(byte, _)| byte)
    }
}

impl<V> Default for PrefixTree<V> {
    fn default() -> Self {
        let root = Node { edge: Edge::new(), parent: ROOT, children: Vec::new(), value: None };
        Self { nodes: vec![root], free: ROOT, len: 0 }
    }
}

impl<V> PrefixTree<V> {
    /// The number of keys.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Whether the empty string is a key.
    #[inline]
    pub(crate) fn has_empty_key(&self) -> bool {
        self.nodes[ROOT].value.is_some()
    }

    /// The value at a place.
    pub(crate) fn get(&self, place: usize) -> Option<&V> {
        self.nodes.get(place)?.value.as_ref()
    }

    /// The value at a place.
    pub(crate) fn get_mut(&mut self, place: usize) -> Option<&mut V> {
        self.nodes.get_mut(place)?.value.as_mut()
    }

    /// The place of a key.
    pub(crate) fn find(&self, key: &[u8]) -> Option<usize> {
        let (node, rest) = self.descend(key, |_| true);
        (rest.is_empty() && self.nodes[node].value.is_some()).then_some(node)
    }

    /// Visits the places of all keys that `text` begins with, shortest first, until `visit` says no.
    #[inline]
    pub(crate) fn prefixes(&self, text: &[u8], mut visit: impl FnMut(usize) -> bool) {
        self.descend(text, |node| self.nodes[node].value.is_none() || visit(node));
    }

    /// Follows `text` down, and returns the last node and what is left of it.
    #[inline]
    fn descend<'t>(&self, text: &'t [u8], mut visit: impl FnMut(usize) -> bool) -> (usize, &'t [u8]) {
        let (mut node, mut rest) = (ROOT, text);
        while visit(node) {
            let Some(&first) = rest.first() else { break };
            let Ok(at) = self.nodes[node].child(first) else { break };
            let child = self.nodes[node].children[at].1;
            let Some(after) = rest.strip_prefix(&*self.nodes[child].edge) else { break };
            (node, rest) = (child, after);
        }
        (node, rest)
    }

    /// The key at a place.
    pub(crate) fn key(&self, place: usize) -> Vec<u8> {
        let mut edges = Vec::new();
        let mut node = place;
        while node != ROOT {
            edges.push(&*self.nodes[node].edge);
            node = self.nodes[node].parent;
        }
        edges.reverse();
        edges.concat()
    }

    /// Visits all keys in order.
    pub(crate) fn for_each(&self, mut visit: impl FnMut(&[u8], &V)) {
        let mut key = Vec::new();
        let mut left = vec![(ROOT, 0)];
        while let Some((node, depth)) = left.pop() {
            let node = &self.nodes[node];
            key.truncate(depth);
            key.extend_from_slice(&node.edge);
            if let Some(value) = &node.value {
                visit(&key, value);
            }
            left.extend(node.children.iter().rev().map(|&(_, child)| (child, key.len())));
        }
    }

    /// Removes the key at a place.
    pub(crate) fn remove(&mut self, place: usize) {
        if self.nodes[place].value.take().is_some() {
            self.len -= 1;
            let parent = self.nodes[place].parent;
            self.tidy(place);
            self.tidy(parent);
        }
    }

    /// Removes a node that no longer has a reason to be: no value, and fewer than two children.
    fn tidy(&mut self, node: usize) {
        let Node { parent, ref mut edge, ref mut children, ref value } = self.nodes[node];
        if node == ROOT || value.is_some() || children.len() > 1 {
            return;
        }
        let (mut edge, only) = (std::mem::take(edge), std::mem::take(children).pop());
        match (only, self.nodes[parent].child(edge[0])) {
            (Some((_, child)), _) => {
                self.replace_child(parent, edge[0], child);
                edge.extend_from_slice(&self.nodes[child].edge);
                self.nodes[child].edge = edge;
            }
            (None, Ok(at)) => {
                self.nodes[parent].children.remove(at);
            }
            (None, Err(_)) => {}
        }
        self.nodes[node].parent = std::mem::replace(&mut self.free, node);
    }

    fn replace_child(&mut self, parent: usize, first: u8, child: usize) {
        self.nodes[child].parent = parent;
        match self.nodes[parent].child(first) {
            Ok(at) => self.nodes[parent].children[at].1 = child,
            Err(at) => self.nodes[parent].children.insert(at, (first, child)),
        }
    }

    /// Puts a node without value below `parent`, in place of a child whose edge begins alike.
    fn add_node(&mut self, parent: usize, edge: &[u8]) -> usize {
        let node = Node { edge: Edge::from_slice(edge), parent, children: Vec::new(), value: None };
        let place = self.free;
        let place = if place == ROOT {
            self.nodes.push(node);
            self.nodes.len() - 1
        } else {
            self.free = self.nodes[place].parent;
            self.nodes[place] = node;
            place
        };
        self.replace_child(parent, edge[0], place);
        place
    }

    /// Puts a node into a child's edge, after its first `at` bytes.
    fn split(&mut self, child: usize, at: usize) -> usize {
        let edge = std::mem::take(&mut self.nodes[child].edge);
        let middle = self.add_node(self.nodes[child].parent, &edge[..at]);
        self.replace_child(middle, edge[at], child);
        self.nodes[child].edge = Edge::from_slice(&edge[at..]);
        middle
    }
}

impl<V: Default> PrefixTree<V> {
    /// The place of a key, which is made if there is none.
    pub(crate) fn insert(&mut self, key: &[u8]) -> usize {
        let (mut node, mut rest) = self.descend(key, |_| true);
        if let Some(Ok(at)) = rest.first().map(|&first| self.nodes[node].child(first)) {
            // The key leaves the tree in the middle of this child's edge.
            let child = self.nodes[node].children[at].1;
            let common = rest.iter().zip(&*self.nodes[child].edge).take_while(|(a, b)| a == b).count();
            node = self.split(child, common);
            rest = &rest[common..];
        }
        if !rest.is_empty() {
            node = self.add_node(node, rest);
        }
        if self.nodes[node].value.is_none() {
            self.nodes[node].value = Some(V::default());
            self.len += 1;
        }
        node
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
        let free = std::iter::successors(Some(tree.free), |&node| Some(tree.nodes[node].parent));
        tree.nodes.len() - free.take_while(|&node| node != ROOT).count()
    }

    fn check(tree: &PrefixTree<u32>, model: &BTreeMap<Vec<u8>, usize>, text: &[u8]) {
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
    fn a_deep_chain_needs_neither_stack_nor_much_memory() {
        let text = vec![b'a'; 1 << 16];
        let mut tree = PrefixTree::<u32>::default();
        for len in (0..text.len()).step_by(32) {
            tree.insert(&text[..len]);
        }
        let bytes: usize = tree.nodes.iter().map(|node| node.edge.len()).sum();
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
        let left: usize = tree.nodes.iter().map(|node| node.edge.len()).sum();
        assert_eq!(left, 0, "removed nodes hold no memory");
    }
}
