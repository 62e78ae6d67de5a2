//! Reads greetings and metadata, for code that looks at them from outside (RFC 37, 15, 13).

use zmtp::{Flags, Version, frame};

/// Bytes of the greeting up to the revision, and of all of it from 3.0 on.
pub(crate) const REVISION: usize = 10;
pub(crate) const GREETING: usize = 64;

/// A whole greeting of 3.x.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Greeting {
    pub(crate) version: Version,
    /// Such as NULL or CURVE.
    pub(crate) mechanism: String,
    pub(crate) as_server: bool,
}

/// The kind of a stream's beginning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Beginning {
    /// More bytes are needed.
    Unclear,
    /// No greeting: ZMTP 1.0, or no ZMTP at all.
    Bare,
    /// A greeting of 1.0 or 2.0.
    Old(Version),
    Modern(Greeting),
}

/// Looks at the first bytes of a peer.
pub(crate) fn beginning(bytes: &[u8]) -> Beginning {
    let (Some(0xFF), Some(signature_end)) = (bytes.first(), bytes.get(9)) else {
        return if matches!(bytes.first(), None | Some(0xFF)) { Beginning::Unclear } else { Beginning::Bare };
    };
    if signature_end & 1 == 0 {
        return Beginning::Bare;
    }
    match bytes.get(REVISION) {
        None => Beginning::Unclear,
        Some(0) => Beginning::Old(Version::V1_0),
        Some(1 | 2) => Beginning::Old(Version::V2_0),
        Some(_) => bytes.get(..GREETING).map_or(Beginning::Unclear, |bytes| Beginning::Modern(modern(bytes))),
    }
}

fn modern(bytes: &[u8]) -> Greeting {
    let name = bytes.get(12..32).unwrap_or_default();
    let name = name.split(|&byte| byte == 0).next().unwrap_or_default();
    Greeting {
        version: if bytes.get(10..12) == Some(&[3, 0]) { Version::V3_0 } else { Version::V3_1 },
        mechanism: String::from_utf8_lossy(name).into_owned(),
        as_server: bytes.get(32) == Some(&1),
    }
}

/// A client's greeting of 3.1.
pub(crate) fn greeting(mechanism: &str) -> [u8; GREETING] {
    let mut bytes = [0; GREETING];
    let parts: [(usize, &[u8]); 3] = [(0, &[0xFF]), (8, &[1, 0x7F, 3, 1]), (12, mechanism.as_bytes())];
    for (at, part) in parts {
        bytes.iter_mut().skip(at).zip(part).for_each(|(to, byte)| *to = *byte);
    }
    bytes
}

/// The command by which a socket of this type introduces itself.
pub(crate) fn ready(socket_type: &str) -> Vec<u8> {
    let (size, mut frame) = ((socket_type.len() as u32).to_be_bytes(), Vec::new());
    let parts: [&[u8]; 4] = [b"\x05READY", b"\x0BSocket-Type", &size, socket_type.as_bytes()];
    frame::append(&mut frame, Flags::COMMAND, &parts);
    frame
}

/// The name of a command, and what follows it.
pub(crate) fn split_command(body: &[u8]) -> Option<(&[u8], &[u8])> {
    let (&length, rest) = body.split_first()?;
    rest.split_at_checked(length.into())
}

/// The name of a command of a handshake, and what follows it.
pub(crate) fn split_handshake(body: &[u8]) -> Option<(&[u8], &[u8])> {
    // libzmq's PLAIN servers write the length of this name and its first letter as one byte.
    match body.strip_prefix(b"\x5eRROR") {
        Some(rest) => Some((b"ERROR", rest)),
        None => split_command(body).filter(|(name, _)| !name.is_empty()),
    }
}

/// The reason in an ERROR, and for people what it means.
pub(crate) fn refusal(rest: &[u8]) -> (String, Option<&'static str>) {
    let length = rest.first().copied().unwrap_or_default().into();
    let reason = rest.get(1..).unwrap_or_default();
    let reason = String::from_utf8_lossy(reason.get(..length).unwrap_or(reason)).into_owned();
    let meaning = match &*reason {
        "300" => Some("ZAP status 300, the authenticator cannot decide now"),
        "400" => Some("ZAP status 400, the authenticator refuses"),
        "500" => Some("ZAP status 500, the authenticator has failed"),
        _ => None,
    };
    (reason, meaning)
}

/// Properties, as far as they are whole.
pub(crate) fn properties(mut block: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut all = Vec::new();
    while let Some((name, value, rest)) = property(block) {
        all.push((String::from_utf8_lossy(name).into_owned(), value.to_vec()));
        block = rest;
    }
    all
}

fn property(block: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let (name, rest) = split_command(block)?;
    let (length, rest) = rest.split_first_chunk::<4>()?;
    let (value, rest) = rest.split_at_checked(u32::from_be_bytes(*length) as usize)?;
    Some((name, value, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_greeting_reads_back() {
        let expected = Greeting { version: Version::V3_1, mechanism: "NULL".into(), as_server: false };
        assert_eq!(beginning(&greeting("NULL")), Beginning::Modern(expected));
        assert_eq!(beginning(&greeting("NULL")[..63]), Beginning::Unclear);
        assert_eq!(beginning(b"\xFF\0\0\0\0\0\0\0\x01\x7F\x01\x08"), Beginning::Old(Version::V2_0));
        assert_eq!(beginning(b"\x01\0"), Beginning::Bare);
        assert_eq!(beginning(b"HTTP/1.1"), Beginning::Bare);
        assert_eq!(beginning(b""), Beginning::Unclear);
    }

    #[test]
    fn a_refusal_is_read_in_both_forms() {
        for body in [&b"\x05ERROR\x03400"[..], b"\x5eRROR\x03400"] {
            let (name, rest) = split_handshake(body).unwrap();
            assert_eq!((name, &*refusal(rest).0), (&b"ERROR"[..], "400"));
            assert!(refusal(rest).1.is_some_and(|meaning| meaning.contains("refuses")));
        }
        assert_eq!(refusal(b""), (String::new(), None));
        assert_eq!(refusal(b"\xffcut"), ("cut".to_owned(), None));
        assert_eq!(split_handshake(b"\0"), None);
    }

    #[test]
    fn properties_are_read_as_far_as_they_go() {
        let block = b"\x01a\0\0\0\x02bc\x00\0\0\0\0\x05cut";
        assert_eq!(properties(block), [("a".to_owned(), b"bc".to_vec()), (String::new(), Vec::new())]);
    }
}
