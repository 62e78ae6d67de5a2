//! What the tests share: sockets of a few types, and drivers that stand in for a transport.
#![allow(dead_code)] // Each test takes what it needs.

use zmtp::{Error, Local, Opening, Peer, Security, SocketName, Status};

pub(crate) const DEALER: SocketName =
    SocketName { name: "DEALER", code: 5, peers: &["REP", "DEALER", "ROUTER"] };
pub(crate) const ROUTER: SocketName =
    SocketName { name: "ROUTER", code: 6, peers: &["REQ", "DEALER", "ROUTER"] };
pub(crate) const PULL: SocketName = SocketName { name: "PULL", code: 7, peers: &["PUSH"] };
pub(crate) const PUSH: SocketName = SocketName { name: "PUSH", code: 8, peers: &["PULL"] };

/// A side with NULL security that lets everybody in.
pub(crate) fn local(socket_type: SocketName) -> Local {
    Local {
        socket_type,
        routing_id: None,
        metadata: Vec::new(),
        security: Security::Null { zap: false },
        random: zmtp::system_random,
        allow_old: true,
    }
}

/// A DEALER with this routing id.
pub(crate) fn dealer(routing_id: &[u8]) -> Local {
    Local { routing_id: Some(routing_id.to_vec()), ..local(DEALER) }
}

/// What one side came to: its result, all it sent, how many bytes it took.
#[derive(Debug, PartialEq)]
pub(crate) struct Outcome {
    pub(crate) result: Result<Status, Error>,
    pub(crate) sent: Vec<u8>,
    pub(crate) taken: usize,
}

impl Outcome {
    #[track_caller]
    pub(crate) fn peer(&self) -> &Peer {
        match &self.result {
            Ok(Status::Open(peer)) => peer,
            other => panic!("not open: {other:?}"),
        }
    }

    #[track_caller]
    pub(crate) fn error(&self) -> &Error {
        self.result.as_ref().expect_err("did not fail")
    }
}

/// Feeds `input` in pieces of the given sizes (the last one repeats) until it is used up or the end.
pub(crate) fn feed(local: Local, input: &[u8], pieces: &[usize]) -> Outcome {
    let mut opening = Opening::new(local);
    let mut pieces = pieces.iter().copied();
    let (mut piece, mut taken) = (input.len().max(1), 0);
    let mut result = Ok(Status::More);
    while taken < input.len() {
        piece = pieces.next().unwrap_or(piece);
        let end = (taken + piece).min(input.len());
        match opening.feed(&input[taken..end]) {
            Ok((count, Status::More)) => {
                assert_eq!(count, end - taken, "More must take everything");
                taken = end;
            }
            Ok((count, status)) => {
                taken += count;
                result = Ok(status);
                break;
            }
            Err(error) => {
                result = Err(error);
                break;
            }
        }
    }
    if result.is_err() {
        taken = 0; // Means nothing then.
    }
    Outcome { result, sent: std::mem::take(opening.output()), taken }
}

/// A greeting of 3.x.
pub(crate) fn greeting(revision: u8, minor: u8, mechanism: &str) -> Vec<u8> {
    let mut bytes = b"\xFF\0\0\0\0\0\0\0\x01\x7F".to_vec();
    bytes.extend([revision, minor]);
    bytes.extend(mechanism.bytes());
    bytes.resize(64, 0);
    bytes
}

/// A greeting of 3.1 with NULL, and a command frame with this body.
pub(crate) fn greeting_and(body: &[u8]) -> Vec<u8> {
    let mut bytes = greeting(3, 1, "NULL");
    zmtp::frame::append(&mut bytes, zmtp::Flags::COMMAND, &[body]);
    bytes
}

/// A READY with these properties.
pub(crate) fn ready(properties: &[(&[u8], &[u8])]) -> Vec<u8> {
    let mut body = b"\x05READY".to_vec();
    for (name, value) in properties {
        body.push(name.len() as u8);
        body.extend_from_slice(name);
        body.extend((value.len() as u32).to_be_bytes());
        body.extend_from_slice(value);
    }
    body
}
