//! ZAP: how an authenticator is asked about a peer, and how it answers. Source: RFC 27, as libzmq does it.

use crate::error::{Error, ZapFault};
use crate::mechanism::{Verdict, ZapRequest};
use crate::metadata::{self, Property};

/// The endpoint at which a program's authenticator listens, as a REP or a ROUTER socket.
pub const ENDPOINT: &str = "inproc://zeromq.zap.01";

const VERSION: &[u8] = b"1.0";
/// Each question has a pipe of its own, so one id will do, as with libzmq.
const REQUEST_ID: &[u8] = b"1";

/// The parts of an answer.
const PARTS: usize = 7;

/// The facts beside the credentials.
#[derive(Clone, Copy, Debug)]
pub struct Circumstances<'a> {
    /// The domain of the socket (`ZMQ_ZAP_DOMAIN`).
    pub domain: &'a str,
    /// The peer's address: an IP address without port, or text for an ipc peer.
    pub address: &'a str,
    /// The routing id of this side's socket, which libzmq sends here.
    pub routing_id: &'a [u8],
}

/// The parts of the question, the empty one before the envelope's end included.
#[must_use]
pub fn question<'a>(request: &ZapRequest<'a>, about: Circumstances<'a>) -> Vec<&'a [u8]> {
    let mut parts = vec![
        b"".as_slice(),
        VERSION,
        REQUEST_ID,
        about.domain.as_bytes(),
        about.address.as_bytes(),
        about.routing_id,
        request.mechanism.as_bytes(),
    ];
    parts.extend(request.credentials.iter().map(Vec::as_slice));
    parts
}

/// An authenticator's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Whether the peer is let in.
    pub verdict: Verdict,
    /// What messages of this peer tell of it: `User-Id`, and what else the authenticator says.
    pub properties: Vec<Property>,
}

/// Reads an answer, part by part.
///
/// # Errors
/// [`Error::Zap`]: it is none.
pub fn answer<P: AsRef<[u8]>>(parts: &[P]) -> Result<Answer, Error> {
    let fault = |fault| Err(Error::Zap(fault));
    let parts: Vec<&[u8]> = parts.iter().map(AsRef::as_ref).collect();
    let Ok([delimiter, version, id, status, _, user, metadata]) = <[&[u8]; PARTS]>::try_from(parts) else {
        return fault(ZapFault::Parts);
    };
    if !delimiter.is_empty() {
        return fault(ZapFault::Delimiter);
    }
    if version != VERSION {
        return fault(ZapFault::Version);
    }
    if id != REQUEST_ID {
        return fault(ZapFault::RequestId);
    }
    let verdict = match status {
        b"200" => Verdict::Success,
        b"300" => Verdict::TemporaryError,
        b"400" => Verdict::AuthenticationFailure,
        b"500" => Verdict::InternalError,
        _ => return fault(ZapFault::Status),
    };
    let Ok(mut properties) = metadata::parse(metadata) else { return fault(ZapFault::Metadata) };
    properties.insert(0, ("User-Id".to_owned(), user.to_vec()));
    Ok(Answer { verdict, properties })
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: [&[u8]; PARTS] = [b"", b"1.0", b"1", b"200", b"OK", b"joe", b"\x05Hello\0\0\0\x05World"];

    #[test]
    fn an_answer_is_read() {
        let properties = vec![("User-Id".into(), b"joe".to_vec()), ("Hello".into(), b"World".to_vec())];
        assert_eq!(answer(&GOOD), Ok(Answer { verdict: Verdict::Success, properties }));
        for (status, verdict) in [
            (b"300", Verdict::TemporaryError),
            (b"400", Verdict::AuthenticationFailure),
            (b"500", Verdict::InternalError),
        ] {
            let mut parts = GOOD;
            parts[3] = status;
            assert_eq!(answer(&parts).unwrap().verdict, verdict);
        }
    }

    #[test]
    fn an_answer_that_is_none_is_told() {
        for (at, part, fault, code) in [
            (0, &b"x"[..], ZapFault::Delimiter, 0x2000_0000),
            (1, b"2.0", ZapFault::Version, 0x2000_0003),
            (2, b"2", ZapFault::RequestId, 0x2000_0002),
            (3, b"201", ZapFault::Status, 0x2000_0004),
            (3, b"", ZapFault::Status, 0x2000_0004),
            (6, b"\x05Hello", ZapFault::Metadata, 0x2000_0005),
        ] {
            let mut parts = GOOD;
            parts[at] = part;
            let error = answer(&parts).unwrap_err();
            assert_eq!((error.code(), error), (Some(code), Error::Zap(fault)));
        }
        let mut more = GOOD.to_vec();
        more.push(b"");
        for parts in [&GOOD[..6], &[], &more] {
            let error = answer(parts).unwrap_err();
            assert_eq!((error.code(), error), (Some(0x2000_0001), Error::Zap(ZapFault::Parts)));
        }
    }
}
