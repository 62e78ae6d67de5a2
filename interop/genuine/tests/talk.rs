//! The wrapper does what it says, and what it wraps is the version that we compare with.

use genuine::{Context, Error, Msg, PollItem, Result, Socket, event, flag, kind, option, poll};

fn pair(endpoint: &str, bound: i32, connected: i32) -> Result<(Socket, Socket)> {
    let context = Context::new()?;
    let (one, other) = (Socket::new(&context, bound)?, Socket::new(&context, connected)?);
    for socket in [&one, &other] {
        socket.set(option::LINGER, 0)?;
        socket.set(option::RCVTIMEO, 10_000)?;
        socket.set(option::SNDTIMEO, 10_000)?;
    }
    one.bind(endpoint)?;
    other.connect(&one.last_endpoint()?)?;
    Ok((one, other))
}

#[test]
fn is_the_genuine_version() {
    assert_eq!(genuine::version(), (4, 3, 5));
    assert!(genuine::has("ipc") && !genuine::has("draft"));
}

#[test]
fn two_sockets_talk() -> Result<()> {
    for endpoint in ["inproc://talk", "ipc://*", "tcp://127.0.0.1:*"] {
        let (rep, req) = pair(endpoint, kind::REP, kind::REQ)?;
        req.send_multipart(&["a", "question"], 0)?;
        assert_eq!(rep.recv(0)?, [b"a".to_vec(), b"question".to_vec()]);
        assert_eq!(req.send("too early", 0), Err(Error::STATE));
        rep.send_msg(&mut Msg::copied(b"answer")?, 0)?;
        let mut msg = Msg::new();
        req.recv_msg(&mut msg, 0)?;
        assert_eq!((msg.as_slice(), msg.more()), (&b"answer"[..], false));
        assert_eq!(req.get(option::TYPE)?, kind::REQ);
        assert_eq!(rep.recv(flag::DONTWAIT), Err(Error::AGAIN));
    }
    Ok(())
}

#[test]
fn large_parts_arrive_as_filled() -> Result<()> {
    let (pull, push) = pair("tcp://127.0.0.1:*", kind::PULL, kind::PUSH)?;
    for size in [0, 16, 100, 1 << 20] {
        push.send_msg(&mut Msg::filled(size, 7)?, 0)?;
        assert_eq!(pull.recv(0)?, [vec![7; size]]);
    }
    Ok(())
}

#[test]
fn metadata_is_readable() -> Result<()> {
    let (pull, push) = pair("tcp://127.0.0.1:*", kind::PULL, kind::PUSH)?;
    push.send("x", 0)?;
    let mut msg = Msg::new();
    pull.recv_msg(&mut msg, 0)?;
    assert_eq!(msg.metadata("Socket-Type").as_deref(), Some("PUSH"));
    assert_eq!(msg.metadata("No-Such-Thing"), None);
    Ok(())
}

#[test]
fn polls_and_monitors() -> Result<()> {
    let context = Context::new()?;
    let pull = Socket::new(&context, kind::PULL)?;
    pull.monitor("inproc://events", 0xffff)?;
    let events = Socket::new(&context, kind::PAIR)?;
    events.connect("inproc://events")?;
    let mut items = [PollItem::socket(&pull, event::POLLIN), PollItem::socket(&events, event::POLLIN)];
    assert_eq!(poll(&mut items, 0)?, 0);
    pull.bind("tcp://127.0.0.1:*")?;
    assert_eq!(poll(&mut items, 10_000)?, 1);
    assert_eq!((items[0].revents(), items[1].revents()), (0, event::POLLIN));
    let [number, endpoint] = <[Vec<u8>; 2]>::try_from(events.recv(0)?).expect("two parts");
    assert_eq!(number[..2], 8u16.to_ne_bytes(), "listening");
    assert_eq!(endpoint, pull.last_endpoint()?.into_bytes());
    Ok(())
}

#[test]
fn shutdown_ends_a_blocked_call() -> Result<()> {
    let context = Context::new()?;
    let pull = Socket::new(&context, kind::PULL)?;
    let blocked = std::thread::spawn(move || pull.recv(0));
    context.shutdown()?;
    assert_eq!(blocked.join().expect("no panic"), Err(Error::TERMINATED));
    Ok(())
}
