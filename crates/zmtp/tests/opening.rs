//! Two openings in memory, the stream between them cut anywhere.

mod common;

use common::*;
use proptest::prelude::*;
use zmtp::{Error, Local, Opening, Peer, Security, Status, Verdict, Version};

/// One side, the bytes on their way to it, and what it came to.
struct Side {
    opening: Opening,
    wire: Vec<u8>,
    peer: Option<Peer>,
}

impl Side {
    fn new(local: Local) -> Self {
        Self { opening: Opening::new(local), wire: Vec::new(), peer: None }
    }

    /// Lets at most `count` bytes arrive; returns what goes back.
    fn step(&mut self, count: usize) -> Result<Vec<u8>, Error> {
        let count = count.min(self.wire.len());
        if self.peer.is_none() {
            let (taken, mut status) = self.opening.feed(&self.wire[..count])?;
            self.wire.drain(..taken);
            if status == Status::Waiting {
                assert_eq!(self.opening.zap_request().map(|request| request.mechanism), Some("NULL"));
                status = self.opening.verdict(Verdict::Success)?;
            }
            if let Status::Open(peer) = status {
                self.peer = Some(peer);
            }
        }
        Ok(std::mem::take(self.opening.output()))
    }
}

/// Runs both until both are open or fail, cutting the streams as `cuts` says, for ever.
fn run(left: Local, right: Local, cuts: &[usize]) -> Result<(Side, Side), Error> {
    let (mut left, mut right) = (Side::new(left), Side::new(right));
    for cut in cuts.iter().cycle().take(2000) {
        let sent = left.step(*cut)?;
        right.wire.extend(sent);
        let sent = right.step(*cut)?;
        left.wire.extend(sent);
        if left.peer.is_some() && right.peer.is_some() {
            return Ok((left, right));
        }
    }
    panic!("both sides are stuck: {:?} {:?}", left.opening, right.opening);
}

fn cuts() -> impl Strategy<Value = Vec<usize>> {
    prop_oneof![Just(vec![1]), prop::collection::vec(1..80_usize, 1..20)]
}

proptest! {
    #[test]
    fn two_sides_open_however_the_stream_is_cut(
        cuts in cuts(),
        id in prop::collection::vec(any::<u8>(), 0..=255),
        value in prop::collection::vec(any::<u8>(), 0..400),
        zap in any::<bool>(),
    ) {
        let metadata = vec![("X-Name".to_owned(), value.clone())];
        let left = Local { metadata, ..dealer(&id) };
        let right = Local { security: Security::Null { zap }, ..local(ROUTER) };
        let (left, right) = run(left, right, &cuts).unwrap();
        prop_assert!(left.wire.is_empty() && right.wire.is_empty());
        prop_assert_eq!(left.peer, Some(Peer {
            version: Version::V3_1,
            socket_type: Some("ROUTER".into()),
            routing_id: None,
            properties: vec![("Socket-Type".into(), b"ROUTER".to_vec())],
            unversioned: false,
        }));
        prop_assert_eq!(right.peer, Some(Peer {
            version: Version::V3_1,
            socket_type: Some("DEALER".into()),
            routing_id: Some(id.clone()),
            properties: vec![
                ("Socket-Type".into(), b"DEALER".to_vec()),
                ("Identity".into(), id),
                ("X-Name".into(), value),
            ],
            unversioned: false,
        }));
    }

    #[test]
    fn incompatible_sockets_never_open(cuts in cuts()) {
        let error = run(local(PUSH), local(PUSH), &cuts).err();
        prop_assert_eq!(error, Some(Error::IncompatibleSocket { ours: "PUSH", theirs: "PUSH".into() }));
    }
}

/// Feeds greeting and READY to a side with an authenticator, up to the question.
fn asked() -> (Opening, Vec<u8>) {
    let mut opening = Opening::new(Local { security: Security::Null { zap: true }, ..local(PULL) });
    let input = greeting_and(&ready(&[(b"Socket-Type", b"PUSH")]));
    let (taken, status) = opening.feed(&input).unwrap();
    assert_eq!((taken, status), (64, Status::Waiting), "the greeting is taken, READY is not");
    let request = opening.zap_request().unwrap();
    assert_eq!((request.mechanism, request.credentials.len()), ("NULL", 0));
    assert_eq!(opening.output().len(), 64, "READY waits for the verdict");
    opening.output().clear();
    (opening, input[taken..].to_vec())
}

#[test]
fn the_authenticator_lets_in() {
    let (mut opening, kept) = asked();
    assert_eq!(opening.feed(&kept), Ok((0, Status::Waiting)), "still nothing is taken");
    assert_eq!(opening.verdict(Verdict::Success), Ok(Status::More));
    assert!(opening.output().starts_with(b"\x04\x1A\x05READY"));
    let (taken, status) = opening.feed(&kept).unwrap();
    assert_eq!(taken, kept.len());
    assert!(matches!(status, Status::Open(_)));
}

#[test]
fn the_authenticator_refuses() {
    for (verdict, status, sent) in [
        (Verdict::TemporaryError, 300, &b""[..]),
        (Verdict::AuthenticationFailure, 400, b"\x04\x0A\x05ERROR\x03400"),
        (Verdict::InternalError, 500, b"\x04\x0A\x05ERROR\x03500"),
    ] {
        let (mut opening, kept) = asked();
        let error = opening.verdict(verdict).unwrap_err();
        assert_eq!(error, Error::Denied { status });
        assert_eq!((error.auth_status(), error.code()), (Some(status), None));
        assert_eq!(opening.output(), sent);
        assert_eq!(opening.feed(&kept), Err(Error::Over));
    }
}

#[test]
fn a_verdict_nobody_asked_for_changes_nothing() {
    let mut opening = Opening::new(local(PULL));
    assert_eq!(opening.zap_request(), None);
    assert_eq!(opening.verdict(Verdict::AuthenticationFailure), Ok(Status::More));
    assert_eq!(opening.output().len(), 10);
    let (_, status) = opening.feed(&greeting_and(&ready(&[]))).unwrap();
    assert!(matches!(status, Status::Open(_)));
    assert_eq!(opening.verdict(Verdict::Success), Err(Error::Over));
}
