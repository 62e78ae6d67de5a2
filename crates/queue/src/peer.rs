//! What a connection said of itself.

/// What a peer's connection said of itself, as found on the messages that came by it.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct PeerInfo {
    /// The properties of the handshake and the connection: `Socket-Type`, `Routing-Id`, `Peer-Address`, any
    /// `X-...`.
    pub properties: Vec<(String, Vec<u8>)>,
    /// The number of the connection's descriptor (`ZMQ_SRCFD`), -1 if it has none.
    pub descriptor: i32,
}

impl PeerInfo {
    /// One property by its name, which is case-sensitive.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.properties.iter().find(|(key, _)| key == name).map(|(_, value)| &**value)
    }
}
