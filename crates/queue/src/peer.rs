//! A peer's account of itself and its connection.

use std::sync::OnceLock;

/// A peer's account of itself and its connection, as found on the messages that came by it.
#[derive(Debug, Default, Clone)]
pub struct PeerInfo {
    /// The properties of the handshake and the connection: `Socket-Type`, `Routing-Id`, `Peer-Address`, any
    /// `X-...`.
    properties: Vec<(String, Vec<u8>)>,
    /// The number of the connection's descriptor (`ZMQ_SRCFD`), -1 if it has none.
    pub descriptor: i32,
    /// The values once more, as C reads them; made when first asked for.
    texts: OnceLock<Vec<Vec<u8>>>,
}

impl PeerInfo {
    /// All that is known of the connection with this descriptor.
    #[doc(hidden)]
    #[must_use]
    pub fn new(properties: Vec<(String, Vec<u8>)>, descriptor: i32) -> Self {
        Self { properties, descriptor, texts: OnceLock::new() }
    }

    /// All properties.
    #[must_use]
    pub fn properties(&self) -> &[(String, Vec<u8>)] {
        &self.properties
    }

    /// One property by its name, which is case-sensitive.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.place(name).map(|at| &*self.properties[at].1)
    }

    /// As [`PeerInfo::get`], with a final NUL.
    #[doc(hidden)]
    #[must_use]
    pub fn get_terminated(&self, name: &str) -> Option<&[u8]> {
        let terminated = |(_, value): &(String, Vec<u8>)| [value, &[0][..]].concat();
        let texts = self.texts.get_or_init(|| self.properties.iter().map(terminated).collect());
        texts.get(self.place(name)?).map(Vec::as_slice)
    }

    fn place(&self, name: &str) -> Option<usize> {
        self.properties.iter().position(|(key, _)| key == name)
    }
}

impl PartialEq for PeerInfo {
    fn eq(&self, other: &Self) -> bool {
        self.properties == other.properties && self.descriptor == other.descriptor
    }
}

impl Eq for PeerInfo {}
