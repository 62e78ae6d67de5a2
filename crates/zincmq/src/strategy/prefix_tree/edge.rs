//! The edges of a tree: few bytes stand in their node, more in a table beside it.

/// So many bytes stand in the node.
const INLINE: usize = 11;
/// The length of an edge whose bytes are in the table; `bytes` begins with their place.
const LONG: u8 = u8::MAX;

/// The bytes of an edge, or their place.
#[derive(Debug, Default)]
pub(super) struct Edge {
    len: u8,
    bytes: [u8; INLINE],
}

impl Edge {
    /// The place in the table, of a long one.
    fn place(&self) -> Option<u32> {
        let place = self.bytes.first_chunk().map(|place| u32::from_ne_bytes(*place));
        place.filter(|_| self.len == LONG)
    }
}

/// The table of long edges.
#[derive(Debug, Default)]
pub(super) struct Edges {
    long: Vec<Box<[u8]>>,
    /// Places in it that can be used again.
    free: Vec<u32>,
}

impl Edges {
    #[inline]
    pub(super) fn get<'a>(&'a self, edge: &'a Edge) -> &'a [u8] {
        match edge.bytes.get(..usize::from(edge.len)) {
            Some(short) => short,
            None => edge.place().map_or(&[], |place| &self.long[place as usize]),
        }
    }

    pub(super) fn put(&mut self, bytes: &[u8]) -> Edge {
        let mut edge = Edge::default();
        if let Some(short) = edge.bytes.get_mut(..bytes.len()) {
            short.copy_from_slice(bytes);
            edge.len = bytes.len() as u8;
            return edge;
        }
        let place = self.free.pop().unwrap_or_else(|| {
            self.long.push(Box::default());
            (self.long.len() - 1) as u32
        });
        self.long[place as usize] = bytes.into();
        edge.bytes[..4].copy_from_slice(&place.to_ne_bytes());
        edge.len = LONG;
        edge
    }

    /// Gives the memory of an edge back.
    pub(super) fn release(&mut self, edge: Edge) {
        if let Some(place) = edge.place() {
            self.long[place as usize] = Box::default();
            self.free.push(place);
        }
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.long.iter().all(|bytes| bytes.is_empty())
    }
}
