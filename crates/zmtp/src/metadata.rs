//! Metadata: properties, each a name and a value, that both sides tell each other in the handshake.
//!
//! On the wire: the name's length in one byte, the name, the value's length in four, the value.
//! Source: RFC 37 "Metadata". Names are compared byte by byte, as libzmq does.

use crate::error::Error;

/// The property that names a socket's type.
pub(crate) const SOCKET_TYPE: &str = "Socket-Type";
/// The property that holds a routing id.
pub(crate) const IDENTITY: &str = "Identity";

/// The most properties taken from a peer, so that a command of tiny ones cannot be blown up in memory.
const MAX_PROPERTIES: usize = 256;

/// A name and its value.
pub type Property = (String, Vec<u8>);

/// Appends a property; one that the form cannot hold (name above 255 bytes, value above 2^31 - 1) is left
/// out.
pub(crate) fn append(out: &mut Vec<u8>, name: &str, value: &[u8]) {
    let (Ok(name_len), Ok(value_len)) = (u8::try_from(name.len()), i32::try_from(value.len())) else {
        return;
    };
    out.push(name_len);
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(&value_len.to_be_bytes());
    out.extend_from_slice(value);
}

/// All properties in `block`, in order; of equal names the first counts. Empty names and values are
/// allowed, as libzmq does; bytes of a name that are not UTF-8 are replaced.
///
/// # Errors
/// [`Error::Metadata`] if a property is cut off, bytes are left over, or there are above 256 properties.
pub(crate) fn parse(mut block: &[u8]) -> Result<Vec<Property>, Error> {
    let mut properties: Vec<Property> = Vec::new();
    while !block.is_empty() {
        let (name, value, rest) = split(block).ok_or(Error::Metadata("a property is cut off"))?;
        block = rest;
        let name = String::from_utf8_lossy(name);
        if find(&properties, &name).is_some() {
            continue;
        }
        if properties.len() == MAX_PROPERTIES {
            return Err(Error::Metadata("too many properties"));
        }
        properties.push((name.into_owned(), value.to_vec()));
    }
    Ok(properties)
}

/// Name, value and remainder.
fn split(block: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let (&len, block) = block.split_first()?;
    let (name, block) = block.split_at_checked(usize::from(len))?;
    let (len, block) = block.split_first_chunk::<4>()?;
    let (value, block) = block.split_at_checked(usize::try_from(u32::from_be_bytes(*len)).ok()?)?;
    Some((name, value, block))
}

/// The value of the property called `name`.
pub(crate) fn find<'a>(properties: &'a [Property], name: &str) -> Option<&'a [u8]> {
    properties.iter().find(|(candidate, _)| candidate == name).map(|(_, value)| value.as_slice())
}
