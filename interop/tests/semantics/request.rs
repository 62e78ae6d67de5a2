//! Requests: taking turns, and the two options that loosen it.

use crate::{connected, subjects};
use std::time::Duration;
use zincmq::EventKind::Disconnected;
use zincmq::SocketType::{Rep, Req, Router};
use zincmq::{Error, option};

#[test]
fn turns_are_taken() {
    for subject in subjects() {
        let (mut req, mut rep) = connected(subject, Req, Rep);
        let state = Error::State.errno();
        assert_eq!(req.recv(), Err(state));
        assert_eq!(rep.send(&["unasked"]), Err(state));
        req.send(&["question"]).unwrap();
        assert_eq!(req.send(&["another"]), Err(state));
        assert_eq!(rep.recv().unwrap(), [b"question"]);
        assert_eq!(rep.recv(), Err(state));
        rep.send(&["answer"]).unwrap();
        assert_eq!(req.recv().unwrap(), [b"answer"]);
    }
}

#[test]
fn replies_to_older_requests_are_dropped() {
    for subject in subjects() {
        let (mut req, mut router) = connected(subject, Req, Router);
        req.set(option::REQ_CORRELATE, true).set(option::REQ_RELAXED, true);
        let mut requests = Vec::new();
        for text in ["one", "two"] {
            req.send(&[text]).unwrap();
            let request = router.recv().unwrap();
            let [_, number, delimiter, body] = &request[..] else { panic!("{request:?}") };
            assert_eq!((number.len(), &delimiter[..], &body[..]), (4, &b""[..], text.as_bytes()));
            requests.push(request);
        }
        assert_ne!(requests[0][1], requests[1][1]);
        for request in &requests {
            router.send(request).unwrap();
        }
        assert_eq!(req.recv().unwrap(), [b"two"], "{subject:?}");
        assert_eq!(req.recv(), Err(Error::State.errno()));
    }
}

#[test]
fn a_reply_without_an_envelope_ends_the_connection() {
    for subject in subjects() {
        let (mut req, mut router) = connected(subject, Req, Router);
        let mut events = req.monitor();
        req.send(&["question"]).unwrap();
        let id = router.recv().unwrap().remove(0);
        router.send(&[&id[..], b"no delimiter", b"answer"]).unwrap();
        // Nothing that follows on this connection is delivered either: its end comes after all of that.
        router.send(&[&id[..], b"", b"answer"]).unwrap();
        events.wait_for(Disconnected);
        assert_eq!(req.recv_within(Duration::from_millis(1)), None, "{subject:?}");
    }
}

#[test]
fn a_request_without_a_delimiter_is_none() {
    for subject in subjects() {
        let (mut dealer, mut rep) = connected(subject, zincmq::SocketType::Dealer, Rep);
        dealer.send(&["no", "delimiter"]).unwrap();
        dealer.send(&["", "question"]).unwrap();
        assert_eq!(rep.recv().unwrap(), [b"question"], "{subject:?}");
        rep.send(&["answer"]).unwrap();
        assert_eq!(dealer.recv().unwrap(), [&b""[..], b"answer"]);
        // There is one answer to each question, and no other.
        dealer.send(&["", "another"]).unwrap();
        assert_eq!(rep.recv().unwrap(), [b"another"], "{subject:?}");
        rep.send(&["last"]).unwrap();
        assert_eq!(dealer.recv().unwrap(), [&b""[..], b"last"]);
    }
}
