//! Who gets in: PLAIN, CURVE and ZAP over real connections.

mod common;

use common::*;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::mpsc::{Receiver, channel};
use std::thread::JoinHandle;
use std::time::Duration;
use zincmq::security::{Keypair, ZAP_ENDPOINT};
use zincmq::{Context, EventKind, Events, Message, Pull, Push, Rep, Stream, option};

/// An authenticator that answers each question as `answer` says, and tells what it was asked.
struct Authenticator {
    asked: Receiver<Vec<Vec<u8>>>,
    thread: JoinHandle<()>,
    context: Context,
}

impl Authenticator {
    fn start(context: &Context, answer: impl Fn(&[Vec<u8>]) -> Vec<Vec<u8>> + Send + 'static) -> Self {
        let mut rep = Rep::new(context).unwrap();
        rep.bind(ZAP_ENDPOINT).unwrap();
        let (tell, asked) = channel();
        let thread = std::thread::spawn(move || {
            while let Ok(question) = rep.recv() {
                let question: Vec<Vec<u8>> = question.iter().map(|frame| frame.to_vec()).collect();
                let answer = answer(&question);
                _ = tell.send(question);
                if rep.send(Message::from_iter(answer)).is_err() {
                    return;
                }
            }
        });
        Self { asked, thread, context: context.clone() }
    }

    fn stop(self) {
        self.context.shutdown();
        self.thread.join().unwrap();
    }
}

/// An answer with this status.
fn with_status(status: &str) -> Vec<Vec<u8>> {
    ["1.0", "1", status, "because", "joe", "\x05Hello\0\0\0\x05World"]
        .map(|part| part.as_bytes().to_vec())
        .to_vec()
}

#[test]
fn an_authenticator_sees_credentials_and_speaks_of_peers() {
    for endpoint in NETWORK {
        let context = Context::new();
        let keys = Keypair::generate().unwrap();
        let client = Keypair::generate().unwrap();
        let handler = Authenticator::start(&context, |_| with_status("200"));
        for mechanism in ["NULL", "PLAIN", "CURVE"] {
            let mut pull = Pull::new(&context).unwrap();
            let mut push = Push::new(&context).unwrap();
            let credentials = match mechanism {
                "PLAIN" => {
                    pull.plain_server().unwrap();
                    push.plain_client("alice", "sesame").unwrap();
                    vec![b"alice".to_vec(), b"sesame".to_vec()]
                }
                "CURVE" => {
                    pull.curve_server(&keys).unwrap();
                    push.curve_client(&client, keys.public).unwrap();
                    vec![client.public.as_bytes().to_vec()]
                }
                _ => Vec::new(),
            };
            pull.set(option::ZAP_DOMAIN, "domain").unwrap();
            pull.set(option::ROUTING_ID, b"server".to_vec()).unwrap();
            let bound = pull.bind(endpoint).unwrap();
            push.set(option::METADATA, "X-mine:yes").unwrap();
            push.connect(&bound).unwrap();
            push.send("hello").unwrap();
            let message = pull.recv_timeout(PATIENCE).unwrap();
            let asked = handler.asked.recv_timeout(PATIENCE).unwrap();
            assert_eq!(asked[..3], [b"1.0".to_vec(), b"1".to_vec(), b"domain".to_vec()]);
            assert!(
                asked[3].starts_with(if endpoint.starts_with("tcp") { b"127.0.0.1" } else { b"localhost:" }),
                "{asked:?}"
            );
            assert_eq!(asked[4..6], [b"server".to_vec(), mechanism.as_bytes().to_vec()]);
            assert_eq!(asked[6..], credentials);
            for (name, value) in
                [("User-Id", "joe"), ("Hello", "World"), ("X-mine", "yes"), ("Socket-Type", "PUSH")]
            {
                assert_eq!(message.metadata(name), Some(value.as_bytes()), "{mechanism} {name}");
            }
        }
        handler.stop();
    }
}

/// A peer cannot pass for another by what it says of itself.
#[test]
fn an_authenticators_word_comes_before_a_peers() {
    for (domain, user) in [("domain", Some(&b"joe"[..])), ("", None)] {
        let context = Context::new();
        let handler = Authenticator::start(&context, |_| with_status("200"));
        let message = introduced_as_root(&context, domain);
        assert_eq!(message.metadata("User-Id"), user);
        assert_eq!(message.metadata("Peer-Address"), Some(&b"127.0.0.1"[..]));
        handler.stop();
    }
}

/// A message of a peer that says that it is root, from nowhere. Without a domain nobody is asked about it.
fn introduced_as_root(context: &Context, domain: &str) -> Message {
    let mut pull = Pull::new(context).unwrap();
    pull.set(option::ZAP_DOMAIN, domain).unwrap();
    let bound = pull.bind("tcp://127.0.0.1:*").unwrap();
    let mut peer = TcpStream::connect(bound.strip_prefix("tcp://").unwrap()).unwrap();
    let mut bytes = b"\xFF\0\0\0\0\0\0\0\0\x7F\x03\0NULL".to_vec();
    bytes.resize(64, 0);
    let mut ready = b"\x05READY\x0BSocket-Type\0\0\0\x04PUSH\x07User-Id\0\0\0\x04root".to_vec();
    ready.extend(b"\x0CPeer-Address\0\0\0\x01?");
    bytes.extend([4, ready.len() as u8]);
    bytes.extend(ready);
    bytes.extend(b"\0\x05hello");
    peer.write_all(&bytes).unwrap();
    pull.recv_timeout(PATIENCE).unwrap()
}

#[test]
fn incomplete_security_is_refused_before_anything_is_sent() {
    let context = Context::new();
    let keys = Keypair::generate().unwrap();
    let refused = |prepare: &dyn Fn(&mut Push) -> zincmq::Result<()>| {
        let mut push = Push::new(&context).unwrap();
        prepare(&mut push).unwrap();
        let bind = push.bind("tcp://127.0.0.1:*").unwrap_err().to_string();
        let connect = push.connect(fresh_tcp()).unwrap_err().to_string();
        assert_eq!(bind, connect);
        bind
    };
    for (prepare, says) in [
        (
            &(|push: &mut Push| push.set(option::CURVE_SERVER, true)) as &dyn Fn(&mut Push) -> _,
            "CURVE_SERVER needs CURVE_SECRETKEY",
        ),
        (
            &|push| push.set(option::CURVE_SERVERKEY, Some(keys.public)),
            "CURVE_SERVERKEY needs CURVE_PUBLICKEY",
        ),
        (
            &|push| push.set(option::CURVE_SECRETKEY, Some(keys.secret.clone())),
            "CURVE_SECRETKEY needs CURVE_SERVERKEY, or CURVE_SERVER",
        ),
    ] {
        assert_eq!(refused(prepare), says);
    }
    let mut stream = Stream::new(&context).unwrap();
    stream.curve_server(&keys).unwrap();
    let error = stream.bind("tcp://127.0.0.1:*").unwrap_err().to_string();
    assert_eq!(error, "MECHANISM does not apply to a STREAM socket");
    let mut push = Push::new(&context).unwrap();
    let error = push.plain_client("me", "x".repeat(256)).unwrap_err().to_string();
    assert_eq!(error, "PLAIN_PASSWORD: (secret) is not allowed (allowed: text of 1 to 255 bytes)");
    for (user, password, lacks) in [("", "sesame", "PLAIN_USERNAME"), ("me", "", "PLAIN_PASSWORD")] {
        let error = push.plain_client(user, password).unwrap_err().to_string();
        assert_eq!(error, format!("PLAIN needs {lacks}"));
    }
    let error = option::CURVE_SECRETKEY.row().parse("not a key at all").unwrap_err().to_string();
    assert_eq!(
        error,
        "CURVE_SECRETKEY: text of 16 signs is not allowed (allowed: a key: 40 signs of Z85, or 32 bytes)"
    );
}

/// Nobody is let in, and others go on.
#[test]
fn an_authenticator_that_never_answers_holds_up_nobody_else() {
    let context = Context::new();
    let mut silent = Rep::new(&context).unwrap();
    silent.bind(ZAP_ENDPOINT).unwrap();
    let keys = Keypair::generate().unwrap();
    let mut pull = Pull::new(&context).unwrap();
    pull.curve_server(&keys).unwrap();
    pull.set(option::HANDSHAKE_IVL, Duration::from_millis(50)).unwrap();
    let mut monitor = pull.monitor(Events::ALL);
    let bound = pull.bind("tcp://127.0.0.1:*").unwrap();
    let mut push = Push::new(&context).unwrap();
    push.curve_client(&Keypair::generate().unwrap(), keys.public).unwrap();
    push.connect(&bound).unwrap();
    let (mut honest, mut server) = pipeline(&context, "tcp://127.0.0.1:*", 1000, 1000);
    for _ in 0..3 {
        let event = await_event(&mut monitor, EventKind::HandshakeFailedNoDetail);
        assert_eq!(event.value, 110, "ETIMEDOUT");
        honest.send("hello").unwrap();
        assert_eq!(server.recv_timeout(PATIENCE).unwrap().bytes(), b"hello");
    }
    assert_eq!(pull.stats().peers.len(), 0);
}

#[test]
fn an_authenticator_that_comes_back_is_asked_again() {
    let context = Context::new();
    let keys = Keypair::generate().unwrap();
    let mut dying = Rep::new(&context).unwrap();
    dying.bind(ZAP_ENDPOINT).unwrap();
    let mut pull = Pull::new(&context).unwrap();
    pull.curve_server(&keys).unwrap();
    let bound = pull.bind("tcp://127.0.0.1:*").unwrap();
    let mut push = Push::new(&context).unwrap();
    push.curve_client(&Keypair::generate().unwrap(), keys.public).unwrap();
    push.connect(&bound).unwrap();
    dying.recv_timeout(PATIENCE).unwrap();
    drop(dying);
    let handler = Authenticator::start(&context, |_| with_status("200"));
    push.send("hello").unwrap();
    assert_eq!(pull.recv_timeout(PATIENCE).unwrap().metadata("User-Id"), Some(&b"joe"[..]));
    handler.stop();
}

#[test]
fn an_authenticator_of_a_wrong_type_lets_nobody_in() {
    let context = Context::new();
    let mut unfit = Pull::new(&context).unwrap();
    unfit.bind(ZAP_ENDPOINT).unwrap();
    let mut pull = Pull::new(&context).unwrap();
    pull.curve_server(&Keypair::generate().unwrap()).unwrap();
    let keys = Keypair::generate().unwrap();
    pull.curve_server(&keys).unwrap();
    let mut monitor = pull.monitor(Events::ALL);
    let bound = pull.bind("tcp://127.0.0.1:*").unwrap();
    let mut push = Push::new(&context).unwrap();
    push.curve_client(&Keypair::generate().unwrap(), keys.public).unwrap();
    push.connect(&bound).unwrap();
    assert_eq!(await_event(&mut monitor, EventKind::HandshakeFailedNoDetail).value, 14, "EFAULT");
    assert_eq!(unfit.stats().peers.len(), 0);
}

#[test]
fn handshakes_under_way_are_limited() {
    let context = Context::new();
    let mut pull = Pull::new(&context).unwrap();
    pull.set(option::MAXHANDSHAKES, 5).unwrap();
    pull.set(option::HANDSHAKE_IVL, Duration::from_millis(500)).unwrap();
    let mut monitor = pull.monitor(Events::ALL);
    let bound = pull.bind("tcp://127.0.0.1:*").unwrap();
    let address = bound.strip_prefix("tcp://").unwrap();
    let idle: Vec<_> = (0..10).map(|_| TcpStream::connect(address).unwrap()).collect();
    assert_eq!(await_event(&mut monitor, EventKind::AcceptFailed).value, 87, "EUSERS");
    // It waits in the system's queue until the idle ones are given up.
    let mut push = Push::new(&context).unwrap();
    push.connect(&bound).unwrap();
    push.send("hello").unwrap();
    assert_eq!(pull.recv_timeout(PATIENCE).unwrap().bytes(), b"hello");
    assert!(pull.stats().handshake_failures >= 5);
    drop(idle);

    let mut pull = Pull::new(&context).unwrap();
    pull.set(option::MAXHANDSHAKES_ADDRESS, 3).unwrap();
    let bound = pull.bind("tcp://127.0.0.1:*").unwrap();
    let address = bound.strip_prefix("tcp://").unwrap();
    let mut idle: Vec<_> = (0..3).map(|_| raw_greeting(address)).collect();
    let mut refused = TcpStream::connect(address).unwrap();
    let mut bytes = Vec::new();
    // Closed, with whatever it had said already.
    _ = refused.read_to_end(&mut bytes);
    assert!(bytes.len() < 64, "{bytes:?}");
    until("it is counted", || pull.stats().handshake_failures == 1);
    idle.pop();
    until("the place is free", || pull.stats().handshake_failures == 2);
    let mut push = Push::new(&context).unwrap();
    push.connect(&bound).unwrap();
    push.send("hello").unwrap();
    assert_eq!(pull.recv_timeout(PATIENCE).unwrap().bytes(), b"hello");
}

/// A connection that has said something and was answered, so that it was accepted.
fn raw_greeting(address: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(b"\xFF\0\0\0\0\0\0\0\x01\x7F\x03").unwrap();
    stream.read_exact(&mut [0; 11]).unwrap();
    stream
}
