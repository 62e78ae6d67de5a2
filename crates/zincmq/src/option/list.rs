//! Options that gather values: each setting adds one.

use super::value::Field;
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// A range of network addresses, written `192.0.2.0/24` or `2001:db8::/32`; without `/`, one address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Subnet {
    address: IpAddr,
    bits: u8,
}

impl Subnet {
    /// Whether the address lies in this range. An IPv4 address mapped into IPv6 counts as IPv4.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(net), IpAddr::V4(ip)) => {
                (net.to_bits() ^ ip.to_bits()).checked_shr(32 - u32::from(self.bits)).unwrap_or(0) == 0
            }
            (IpAddr::V6(net), IpAddr::V6(ip)) => {
                (net.to_bits() ^ ip.to_bits()).checked_shr(128 - u32::from(self.bits)).unwrap_or(0) == 0
            }
            _ => false,
        }
    }
}

/// The text is not an address range.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("not an address range (address/bits)")]
pub struct ParseSubnetError;

impl FromStr for Subnet {
    type Err = ParseSubnetError;

    fn from_str(text: &str) -> Result<Self, ParseSubnetError> {
        let (address, bits) = text.split_once('/').map_or((text, None), |(a, b)| (a, Some(b)));
        let address: IpAddr = address.parse().map_err(|_| ParseSubnetError)?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Ok(most), str::parse).map_err(|_| ParseSubnetError)?;
        if bits > most { Err(ParseSubnetError) } else { Ok(Self { address, bits }) }
    }
}

impl fmt::Display for Subnet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.bits)
    }
}

/// `TCP_ACCEPT_FILTER`: an empty text empties the list.
impl Field for Vec<Subnet> {
    type Value = String;

    fn read(&self) -> String {
        self.iter().map(Subnet::to_string).collect::<Vec<_>>().join(",")
    }

    fn write(&mut self, value: String) -> Option<()> {
        if value.is_empty() {
            self.clear();
        } else {
            self.push(value.parse().ok()?);
        }
        Some(())
    }
}

/// `IPC_FILTER_*`: `None` empties the list.
impl Field for Vec<u32> {
    type Value = Option<u32>;

    fn read(&self) -> Option<u32> {
        self.last().copied()
    }

    fn write(&mut self, value: Option<u32>) -> Option<()> {
        match value {
            None => self.clear(),
            Some(id) if self.contains(&id) => {}
            Some(id) => self.push(id),
        }
        Some(())
    }
}

/// `METADATA`: one `X-name:value` a setting; a name that is there already gets the new value.
impl Field for Vec<(String, Vec<u8>)> {
    type Value = String;

    fn read(&self) -> String {
        let pair = |(name, value): &(String, Vec<u8>)| format!("{name}:{}", String::from_utf8_lossy(value));
        self.last().map(pair).unwrap_or_default()
    }

    fn write(&mut self, text: String) -> Option<()> {
        let (name, value) = text.split_once(':')?;
        // The name's length is one byte on the wire (RFC 23, metadata).
        if !name.starts_with("X-") || value.is_empty() || name.len() > 255 {
            return None;
        }
        self.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self.push((name.to_owned(), value.as_bytes().to_vec()));
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subnets() {
        for (subnet, address, inside) in [
            ("127.0.0.0/8", "127.200.0.1", true),
            ("127.0.0.0/8", "128.0.0.1", false),
            ("127.0.0.1", "127.0.0.1", true),
            ("127.0.0.1", "127.0.0.2", false),
            ("0.0.0.0/0", "203.0.113.9", true),
            ("0.0.0.0/0", "::1", false),
            ("10.0.0.0/8", "::ffff:10.1.2.3", true),
            ("fe80::/10", "fe80::1", true),
            ("fe80::/10", "fec0::1", false),
            ("::/0", "2001:db8::1", true),
        ] {
            let subnet: Subnet = subnet.parse().unwrap();
            assert_eq!(subnet.contains(address.parse().unwrap()), inside, "{subnet} {address}");
        }
        for text in ["", "/", "10.0.0.0/33", "10.0.0/8", "::/129", "host/8", "10.0.0.0/", "10.0.0.0/-1"] {
            assert_eq!(text.parse::<Subnet>(), Err(ParseSubnetError), "{text}");
        }
    }

    #[test]
    fn metadata_needs_a_prefix_and_both_sides() {
        let mut metadata = Vec::<(String, Vec<u8>)>::new();
        for text in ["", "X-a", "a:b", "X-a:", ":b", "x-a:b"] {
            assert_eq!(metadata.write(text.into()), None, "{text}");
        }
        assert_eq!(metadata.write("X-a:1".into()), Some(()));
        assert_eq!(metadata.write("X-b:2:3".into()), Some(()));
        assert_eq!(metadata.write("X-a:4".into()), Some(()));
        assert_eq!(metadata, [("X-b".into(), b"2:3".to_vec()), ("X-a".into(), b"4".to_vec())]);
    }
}
