//! A peer without credentials never reaches a socket: no message, no subscription, no id, no pipe, no place in a queue.

mod common;

use common::*;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::time::Duration;
use zincmq::SocketType::{Dealer, Pair, Pub, Push, Rep, Req, Router, Sub, XPub, XSub};
use zincmq::authenticator::{Authenticator, Rules};
use zincmq::security::Keypair;
use zincmq::{AnySocket, Context, Error, EventKind, Events, Message, Monitor, SocketType, option};
use zmtp::{Local, Opening, Security, SocketName, Status};

/// A connection over tcp or ipc.
trait Wire: Read + Write {}
impl Wire for TcpStream {}
impl Wire for UnixStream {}

fn connect(endpoint: &str) -> Box<dyn Wire> {
    if let Some(path) = endpoint.strip_prefix("ipc://") {
        let stream = UnixStream::connect(path).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        return Box::new(stream);
    }
    let stream = TcpStream::connect(endpoint.strip_prefix("tcp://").unwrap()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    Box::new(stream)
}

/// A server that lets in only those who know `alice`'s password, or have her keys.
struct Guarded {
    socket: AnySocket,
    /// The type of those who talk to it.
    peer: SocketType,
    bound: String,
    monitor: Monitor,
    is_curve: bool,
    server: Keypair,
    alice: Keypair,
    context: Context,
    _authenticator: Authenticator,
}

impl Guarded {
    fn new(socket_type: SocketType, is_curve: bool, endpoint: &str) -> Self {
        let context = Context::new();
        let (server, alice) = (Keypair::generate().unwrap(), Keypair::generate().unwrap());
        let rules = Rules::new().user("alice", "sesame").key(alice.public, "alice");
        let authenticator = Authenticator::start(&context, rules).unwrap();
        let mut socket = AnySocket::with_type(&context, socket_type).unwrap();
        if is_curve {
            socket.curve_server(&server).unwrap()
        } else {
            socket.plain_server().unwrap()
        }
        socket.set(option::SNDHWM, 1).unwrap();
        socket.set(option::LINGER, Duration::ZERO).unwrap();
        // Those that do not finish stay.
        socket.set(option::HANDSHAKE_IVL, None).unwrap();
        match socket_type {
            Sub => socket.subscribe("").unwrap(),
            XSub => socket.send(b"\x01").unwrap(),
            Router => socket.set(option::ROUTER_MANDATORY, true).unwrap(),
            _ => {}
        }
        let monitor = socket.monitor(Events::ALL);
        let bound = socket.bind(endpoint).unwrap();
        let peer = match socket_type {
            Router | Dealer => Dealer,
            other => other.peers()[0].parse().unwrap(),
        };
        Self { socket, peer, bound, monitor, is_curve, server, alice, context, _authenticator: authenticator }
    }

    /// Nothing shows that anybody was there.
    fn nobody_has_come(&mut self) {
        let stats = self.socket.stats();
        assert_eq!((stats.peers.len(), stats.received, stats.queued_out), (0, 0, 0));
        assert!(self.socket.try_recv().is_err(), "a message, or a notice");
        let sent = |socket: &mut AnySocket, message: Message| socket.try_send(message).unwrap_err().error;
        match self.socket.socket_type() {
            Push | Pair | Dealer | Req => {
                assert!(matches!(sent(&mut self.socket, "nobody".into()), Error::Again));
            }
            Router => {
                assert!(matches!(sent(&mut self.socket, ["me", "nobody"].into()), Error::Unroutable));
            }
            Rep => assert!(matches!(sent(&mut self.socket, "unasked".into()), Error::State)),
            Pub | XPub => assert_eq!(self.socket.topics().unwrap(), 0),
            _ => {}
        }
    }

    /// One who has credentials is let in and served, under the id that strangers have claimed.
    fn serves_alice(&mut self) {
        let mut alice = AnySocket::with_type(&self.context, self.peer).unwrap();
        alice.set(option::ROUTING_ID, *b"me").unwrap();
        alice.set(option::LINGER, Duration::ZERO).unwrap();
        if self.is_curve {
            alice.curve_client(&self.alice, self.server.public).unwrap();
        } else {
            alice.plain_client("alice", "sesame").unwrap();
        }
        alice.connect(&self.bound).unwrap();
        await_event(&mut self.monitor, EventKind::HandshakeSucceeded);
        let socket = &mut self.socket;
        match socket.socket_type() {
            Router => {
                until("it has an id", || socket.try_send(["me", "hello"]).is_ok());
                assert_eq!(alice.recv_timeout(PATIENCE).unwrap(), Message::from("hello"));
            }
            Push | Pair | Dealer | Req => {
                socket.send_timeout("hello", PATIENCE).unwrap();
                assert_eq!(alice.recv_timeout(PATIENCE).unwrap(), Message::from("hello"));
            }
            Pub | XPub => {
                alice.subscribe("hello").unwrap();
                until("it has subscribed", || socket.topics().unwrap() == 1);
            }
            _ => until("its message comes", || {
                // A request is made once.
                _ = alice.try_send("hello");
                socket.try_recv().is_ok_and(|message| message == "hello")
            }),
        }
    }
}

fn greeting(minor: u8, mechanism: &str) -> Vec<u8> {
    let mut bytes = b"\xFF\0\0\0\0\0\0\0\x01\x7F\x03".to_vec();
    bytes.push(minor);
    bytes.extend(mechanism.bytes());
    bytes.resize(64, 0);
    bytes
}

/// A frame of a command with a name and the metadata of this type of socket, which calls itself `me`.
fn introduction(name: &[u8], socket_type: &str) -> Vec<u8> {
    let mut body =
        [name, b"\x0BSocket-Type\0\0\0", &[socket_type.len() as u8], socket_type.as_bytes()].concat();
    body.extend(b"\x08Identity\0\0\0\x02me");
    [&[4, body.len() as u8], &body[..]].concat()
}

/// The words of peers that have no credentials, each followed by messages and a subscription.
fn said_by_strangers(peer: SocketType) -> Vec<Vec<u8>> {
    let messages = &b"\x01\0\0\x06\x01hello\0\x05hello\x04\x0F\x09SUBSCRIBEhello"[..];
    let ready = introduction(b"\x05READY", peer.name());
    let initiate = introduction(b"\x08INITIATE", peer.name());
    let hello = b"\x04\x10\x05HELLO\x04root\x04root";
    let mut said = Vec::new();
    for mechanism in ["NULL", "PLAIN", "CURVE"] {
        for minor in [0, 1] {
            let greeting = greeting(minor, mechanism);
            said.push([&greeting, &ready[..], messages].concat());
            said.push([&greeting[..], messages].concat());
            said.push([&greeting, &hello[..], &ready, messages].concat());
            said.push([&greeting, &hello[..], &initiate, messages].concat());
            said.push([&greeting, &initiate[..], messages].concat());
        }
    }
    // ZMTP 2.0 and 1.0, with a routing id.
    let number = [peer.number() as u8];
    said.push([&b"\xFF\0\0\0\0\0\0\0\x01\x7F\x01"[..], &number, b"\0\x02me", messages].concat());
    said.push([&b"\xFF\0\0\0\0\0\0\0\x01\x7F\0"[..], &number, b"\x03\0me", messages].concat());
    said.push(b"\x03\0me\x07\0\x01hello".to_vec());
    said.push(b"GET / HTTP/1.1\r\n\r\n".to_vec());
    said
}

/// Credentials that are wrong.
fn wrong(guarded: &Guarded) -> Vec<Security> {
    let curve = |server| {
        let Keypair { public, secret } = Keypair::generate().unwrap();
        Security::CurveClient { public, secret, server }
    };
    let plain = |user: &str, password: &str| Security::PlainClient {
        user: user.to_owned(),
        password: password.into(),
    };
    if !guarded.is_curve {
        return vec![plain("alice", "Sesame"), plain("bob", "sesame")];
    }
    let claimed = Security::CurveClient {
        public: guarded.alice.public,
        secret: Keypair::generate().unwrap().secret,
        server: guarded.server.public,
    };
    vec![curve(guarded.server.public), curve(Keypair::generate().unwrap().public), claimed]
}

/// Shakes hands until it is refused.
fn is_refused(endpoint: &str, peer: SocketType, security: Security) {
    let mut opening = Opening::new(Local {
        socket_type: SocketName { name: peer.name(), code: peer.number() as u8, peers: peer.peers() },
        routing_id: Some(b"me".to_vec()),
        metadata: Vec::new(),
        security,
        random: zmtp::system_random,
        allow_old: false,
    });
    let mut wire = connect(endpoint);
    loop {
        let said = std::mem::take(opening.output());
        let mut heard = [0; 512];
        let read = wire.write_all(&said).and_then(|()| wire.read(&mut heard)).unwrap_or(0);
        match opening.feed(&heard[..read]) {
            Ok((_, Status::More)) if read > 0 => {}
            Ok((_, Status::More)) | Err(_) => return,
            Ok((_, status)) => panic!("{status:?}"),
        }
    }
}

/// Peers that have begun, and have been heard as far as they came.
fn unfinished(guarded: &Guarded) -> Vec<Box<dyn Wire>> {
    let greeting = greeting(1, if guarded.is_curve { "CURVE" } else { "PLAIN" });
    [(&b""[..], 10), (&greeting[..10], 11), (&greeting, 64)]
        .map(|(said, heard)| {
            let mut wire = connect(&guarded.bound);
            wire.write_all(said).unwrap();
            wire.read_exact(&mut vec![0; heard]).unwrap();
            wire
        })
        .into()
}

fn nobody_reaches(mut guarded: Guarded) {
    let unfinished = unfinished(&guarded);
    let mut count = 0;
    let mut wires = Vec::new();
    for said in said_by_strangers(guarded.peer) {
        let mut wire = connect(&guarded.bound);
        // It may be refused before it has said everything.
        _ = wire.write_all(&said);
        wires.push(wire);
        count += 1;
    }
    for security in wrong(&guarded) {
        is_refused(&guarded.bound, guarded.peer, security);
        count += 1;
    }
    let mut refused = 0;
    while refused < count {
        let event = guarded.monitor.recv_timeout(PATIENCE).unwrap();
        assert_ne!(event.kind, EventKind::HandshakeSucceeded);
        refused += usize::from(event.kind == EventKind::Disconnected);
    }
    guarded.nobody_has_come();
    assert_eq!(guarded.socket.stats().handshake_failures, count as u64);
    guarded.serves_alice();
    drop((wires, unfinished));
}

#[test]
fn a_peer_without_credentials_never_reaches_a_socket() {
    // STREAM has no handshake, so it refuses to be a server.
    let types: Vec<_> = SocketType::all().filter(|socket_type| !socket_type.peers().is_empty()).collect();
    assert_eq!(types.len(), 11);
    for socket_type in types {
        for is_curve in [false, true] {
            for endpoint in NETWORK {
                println!("{socket_type}, {endpoint}, {}", if is_curve { "CURVE" } else { "PLAIN" });
                nobody_reaches(Guarded::new(socket_type, is_curve, endpoint));
            }
        }
    }
}
