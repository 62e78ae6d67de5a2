//! A peer's account of itself and its connection.

/// A peer's account of itself and its connection, as found on the messages that came by it.
#[derive(Clone, PartialEq, Eq)]
pub struct PeerInfo {
    /// The properties, one behind the other, since each connection has its own: the name's length (a byte), the name, the
    /// value's length (four bytes), the value, and a NUL.
    properties: Box<[u8]>,
    /// The number of the connection's descriptor (`ZMQ_SRCFD`), -1 if it has none.
    pub descriptor: i32,
}

/// A property: its name, and its value with a NUL behind it.
type Terminated<'a> = (&'a str, &'a [u8]);

impl PeerInfo {
    /// All that is known of the connection with this descriptor. A property whose name has more than 255 bytes is left out.
    #[doc(hidden)]
    #[must_use]
    pub fn new(properties: &[(String, Vec<u8>)], descriptor: i32) -> Self {
        let mut bytes = Vec::new();
        for (name, value) in properties {
            if let (Ok(name_len), Ok(value_len)) = (u8::try_from(name.len()), u32::try_from(value.len())) {
                bytes.push(name_len);
                bytes.extend_from_slice(name.as_bytes());
                bytes.extend_from_slice(&value_len.to_ne_bytes());
                bytes.extend_from_slice(value);
                bytes.push(0);
            }
        }
        Self { properties: bytes.into(), descriptor }
    }

    /// All properties of the handshake and the connection, each with its value: `Socket-Type`, `Routing-Id`, `Peer-Address`,
    /// any `X-...`.
    pub fn properties(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.terminated().map(|(name, value)| (name, &value[..value.len() - 1]))
    }

    /// One property by its name, which is case-sensitive.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.properties().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// As [`PeerInfo::get`], with a final NUL.
    #[doc(hidden)]
    #[must_use]
    pub fn get_terminated(&self, name: &str) -> Option<&[u8]> {
        self.terminated().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    fn terminated(&self) -> impl Iterator<Item = Terminated<'_>> {
        let mut rest = &*self.properties;
        std::iter::from_fn(move || {
            let (property, behind) = split(rest)?;
            rest = behind;
            Some(property)
        })
    }
}

/// The first property, and the bytes behind it.
fn split(bytes: &[u8]) -> Option<(Terminated<'_>, &[u8])> {
    let (&name_len, rest) = bytes.split_first()?;
    let (name, rest) = rest.split_at_checked(usize::from(name_len))?;
    let (value_len, rest) = rest.split_first_chunk()?;
    let (value, rest) = rest.split_at_checked(u32::from_ne_bytes(*value_len) as usize + 1)?;
    Some(((std::str::from_utf8(name).ok()?, value), rest))
}

impl Default for PeerInfo {
    fn default() -> Self {
        Self::new(&[], 0)
    }
}

impl std::fmt::Debug for PeerInfo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { properties: _, descriptor } = self;
        let properties: Vec<_> = self.properties().collect();
        f.debug_struct("PeerInfo").field("properties", &properties).field("descriptor", descriptor).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn properties_are_found_by_name_and_listed_in_order() {
        let property = |name: &str, value: &[u8]| (name.to_owned(), value.to_vec());
        let (long, empty) = (property("X-Long", &[7; 300]), property("X-Empty", b""));
        let nameless = property(&"n".repeat(256), b"");
        let info = PeerInfo::new(&[long.clone(), nameless, empty.clone(), property("X-Long", b"second")], 5);
        assert_eq!(info.get("X-Long"), Some(&[7; 300][..]));
        assert_eq!((info.get("X-Empty"), info.get("x-empty")), (Some(&b""[..]), None));
        assert_eq!(info.get_terminated("X-Empty"), Some(&b"\0"[..]));
        let listed: Vec<_> =
            info.properties().map(|(name, value)| (name.to_owned(), value.to_vec())).collect();
        assert_eq!(listed, [long, empty, property("X-Long", b"second")]);
        assert_eq!(PeerInfo::new(&listed, 5), info);
        assert_eq!(PeerInfo::default().properties().count(), 0);
    }
}
