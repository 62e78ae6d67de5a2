//! The nodes of a tree: most are leaves, and small.

use super::edge::Edge;

/// The place of a node, and of its key.
pub(crate) type Place = u32;

#[derive(Debug)]
pub(super) struct Node<V> {
    /// The bytes from the parent's key to this one.
    pub(super) edge: Edge,
    pub(super) parent: Place,
    pub(super) body: Body<V>,
}

#[derive(Debug)]
pub(super) enum Body<V> {
    /// A key with nothing below it.
    Leaf(V),
    Inner(Box<Inner<V>>),
}

/// Without a value, every inner node but the root has at least two children; with one, at least one.
#[derive(Debug)]
pub(super) struct Inner<V> {
    pub(super) value: Option<V>,
    /// By the first byte of their edges, in order.
    pub(super) children: Box<[(u8, Place)]>,
}

impl<V> Body<V> {
    pub(super) fn inner(value: Option<V>, children: impl Into<Box<[(u8, Place)]>>) -> Self {
        Self::Inner(Box::new(Inner { value, children: children.into() }))
    }

    pub(super) fn children(&self) -> &[(u8, Place)] {
        match self {
            Self::Leaf(_) => &[],
            Self::Inner(inner) => &inner.children,
        }
    }

    #[inline]
    pub(super) fn value(&self) -> Option<&V> {
        match self {
            Self::Leaf(value) => Some(value),
            Self::Inner(inner) => inner.value.as_ref(),
        }
    }

    /// The place of the child whose edge begins with `first`.
    #[inline]
    pub(super) fn child(&self, first: u8) -> Option<Place> {
        let children = self.children();
        let at = children.binary_search_by_key(&first, |&(byte, _)| byte).ok()?;
        Some(children[at].1)
    }
}
