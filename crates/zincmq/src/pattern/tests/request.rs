//! REQ and REP.

use super::*;

#[test]
fn req_takes_turns_with_itself() {
    let mut req = Rig::with(SocketType::Req, 1);
    assert_eq!(req.recv(), Err(Denied::State));
    assert!(req.can_send() && !req.can_recv());
    req.send(&["a", "b"]).unwrap();
    assert_eq!(req.outgoing(1), [["", "a", "b"]]);
    assert_eq!(req.send(&["c"]), Err(Denied::State));
    assert!(!req.can_send());
    assert_eq!(req.recv(), Err(Denied::Again));
    assert!(!req.can_recv());
    req.incoming(1, &["", "x", "y"]);
    assert!(req.can_recv());
    assert_eq!(req.recv().unwrap(), ["x", "y"]);
    assert_eq!(req.recv(), Err(Denied::State));
    req.send(&["c"]).unwrap();
}

#[test]
fn req_asks_each_peer_in_turn_and_waits_for_room() {
    let mut req = Rig::new(SocketType::Req);
    assert_eq!(req.send(&["a"]), Err(Denied::Again));
    assert!(!req.can_send());
    req.attach(1);
    req.attach(2);
    for peer in [1, 2, 1] {
        req.send(&["q"]).unwrap();
        assert_eq!(req.outgoing(peer), [["", "q"]]);
        req.incoming(peer, &["", "a"]);
        assert_eq!(req.recv().unwrap(), ["a"]);
    }
    req.limit(1, 0);
    req.limit(2, 0);
    assert_eq!(req.send(&["q"]), Err(Denied::Again));
    assert_eq!(req.recv(), Err(Denied::State), "a request that was not sent awaits no reply");
}

#[test]
fn req_hears_only_whom_it_asked() {
    let mut req = Rig::with(SocketType::Req, 2);
    req.send(&["q"]).unwrap();
    req.incoming(2, &["", "not asked"]);
    assert!(!req.can_recv());
    assert_eq!(req.recv(), Err(Denied::Again));
    req.incoming(1, &["", "asked"]);
    assert_eq!(req.recv().unwrap(), ["asked"]);
}

#[test]
fn req_drops_what_came_before_the_request() {
    let mut req = Rig::with(SocketType::Req, 2);
    req.incoming(1, &["", "early"]);
    req.incoming(2, &["", "early"]);
    req.send(&["q"]).unwrap();
    assert_eq!(req.recv(), Err(Denied::Again));
    req.incoming(1, &["", "in time"]);
    assert_eq!(req.recv().unwrap(), ["in time"]);
    assert!(req.lane(2).inbox.is_empty());
}

#[test]
fn req_skips_replies_without_delimiter() {
    let mut req = Rig::with(SocketType::Req, 1);
    req.send(&["q"]).unwrap();
    for bad in [&["no delimiter"][..], &["x", "y"], &[""], &["x", "", "y"]] {
        req.incoming(1, bad);
        assert!(!req.can_recv(), "{bad:?}");
    }
    req.incoming(1, &["x"]);
    req.incoming(1, &["", "", "good"]);
    assert_eq!(req.recv().unwrap(), ["", "good"]);
}

#[test]
fn req_numbers_its_requests_with_correlate() {
    let mut req = Rig::with(SocketType::Req, 1);
    req.options().req_correlate = true;
    req.send(&["q"]).unwrap();
    assert_eq!(req.outgoing(1), [["\0\0\0\x01", "", "q"]]);
    for bad in [
        &["", "no number"][..],
        &["\0\0\0\x02", "", "other"],
        &["\0\0\0\x01"],
        &["\0\0\0\x01", "x", "y"],
        &["\0\0\0\x01", ""],
    ] {
        req.incoming(1, bad);
        assert!(!req.can_recv(), "{bad:?}");
    }
    req.incoming(1, &["\0\0\0\x01", "", "good"]);
    assert!(req.can_recv(), "looked at twice, opened once");
    assert_eq!(req.all(), ["good"]);
    req.send(&["q"]).unwrap();
    assert_eq!(req.outgoing(1), [["\0\0\0\x02", "", "q"]]);
}

#[test]
fn req_relaxed_may_ask_again_and_drops_the_old_reply() {
    let mut req = Rig::with(SocketType::Req, 2);
    req.options().req_relaxed = true;
    req.options().req_correlate = true;
    req.send(&["q1"]).unwrap();
    req.incoming(1, &["\0\0\0\x01", "", "a1"]);
    assert!(req.can_recv(), "opened, then given up");
    assert!(req.can_send());
    req.send(&["q2"]).unwrap();
    assert!(!req.can_recv());
    req.incoming(1, &["\0\0\0\x01", "", "a1"]);
    req.incoming(2, &["\0\0\0\x02", "", "a2"]);
    assert_eq!(req.recv().unwrap(), ["a2"]);
    assert_eq!(req.recv(), Err(Denied::State));
}

#[test]
fn req_waits_for_ever_when_the_peer_has_gone() {
    let mut req = Rig::with(SocketType::Req, 1);
    req.send(&["q"]).unwrap();
    req.leaves(1);
    req.attach(2);
    req.incoming(2, &["", "x"]);
    assert_eq!(req.recv(), Err(Denied::Again));
    assert_eq!(req.send(&["q"]), Err(Denied::State));
    req.options().req_relaxed = true;
    req.send(&["q"]).unwrap();
    assert_eq!(req.outgoing(2), [["", "q"]]);
}

#[test]
fn rep_answers_whom_it_heard() {
    let mut rep = Rig::with(SocketType::Rep, 2);
    assert_eq!(rep.send(&["a"]), Err(Denied::State));
    assert!(!rep.can_send() && !rep.can_recv());
    rep.incoming(2, &["", "q", "r"]);
    rep.incoming(1, &["", "other"]);
    assert!(rep.can_recv() && !rep.can_send());
    rep.limit(1, 1);
    assert_eq!(rep.recv().unwrap(), ["q", "r"]);
    assert_eq!(rep.recv(), Err(Denied::State));
    assert!(rep.can_send() && !rep.can_recv());
    rep.send(&["a", "b"]).unwrap();
    assert_eq!(rep.outgoing(2), [["", "a", "b"]]);
    assert_eq!(rep.recv().unwrap(), ["other"]);
}

#[test]
fn rep_returns_the_whole_envelope() {
    let long = "h".repeat(300);
    let mut rep = Rig::with(SocketType::Rep, 1);
    rep.incoming(1, &["one", &long, "", "q"]);
    assert_eq!(rep.recv().unwrap(), ["q"]);
    rep.send(&["a"]).unwrap();
    assert_eq!(rep.outgoing(1), [["one", &long, "", "a"]]);
    rep.incoming(1, &["", "", "q"]);
    assert_eq!(rep.recv().unwrap(), ["", "q"]);
    rep.send(&["a"]).unwrap();
    assert_eq!(rep.outgoing(1), [["", "a"]]);
}

#[test]
fn rep_discards_requests_without_delimiter() {
    let mut rep = Rig::with(SocketType::Rep, 1);
    for bad in [&["x"][..], &["x", "y"], &[""], &["x", ""]] {
        rep.incoming(1, bad);
        assert!(!rep.can_recv(), "{bad:?}");
        assert_eq!(rep.recv(), Err(Denied::Again), "{bad:?}");
    }
    rep.incoming(1, &["x"]);
    rep.incoming(1, &["", "good"]);
    assert_eq!(rep.all(), ["good"]);
    rep.send(&["a"]).unwrap();
    assert_eq!(rep.outgoing(1), [["", "a"]], "nothing of the bad ones is left in the envelope");
}

#[test]
fn rep_hears_each_peer_in_turn() {
    let mut rep = Rig::with(SocketType::Rep, 2);
    for text in ["x", "y"] {
        rep.incoming(1, &["", "1", text]);
        rep.incoming(2, &["", "2", text]);
    }
    let mut heard = Vec::new();
    while let Ok(request) = rep.recv() {
        heard.push(request.join("|"));
        rep.send(&["a"]).unwrap();
    }
    assert_eq!(heard, ["1|x", "2|x", "1|y", "2|y"]);
}

#[test]
fn rep_drops_replies_that_nobody_can_take() {
    let mut rep = Rig::with(SocketType::Rep, 2);
    rep.incoming(1, &["", "q"]);
    rep.recv().unwrap();
    rep.leaves(1);
    assert!(rep.can_send());
    rep.send(&["a"]).unwrap();
    rep.incoming(2, &["", "q"]);
    rep.limit(2, 0);
    rep.recv().unwrap();
    rep.send(&["never blocks"]).unwrap();
    assert_eq!(rep.outgoing(2), [[""; 0]; 0]);
    assert_eq!(rep.recv(), Err(Denied::Again));
}

#[test]
fn rep_forgets_an_opened_request_whose_peer_is_cut() {
    let mut rep = Rig::with(SocketType::Rep, 2);
    rep.incoming(1, &["", "q"]);
    assert!(rep.can_recv());
    rep.leaves(1);
    assert!(!rep.can_recv());
    rep.incoming(2, &["", "r"]);
    assert_eq!(rep.all(), ["r"]);
}
