//! Handshakes that fail, and some that do not: what the doctor and a dump say of mechanism, step and reason.

mod common;

use common::{
    ANY, DATA, FIN, PATIENCE, SYN, Server, assert_ends, assert_says, capture, dump, folder, friends, keys,
    option, private, run, said, users, zinc,
};
use serde_json::Value;
use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// Keys, a user, and the arguments that go with them.
struct Stock {
    folder: PathBuf,
    curve: Vec<String>,
    plain: String,
    server_key: String,
    alice: String,
    eve: String,
    bob: [String; 2],
    mallory: [String; 2],
}

impl Stock {
    fn new(name: &str) -> Self {
        let folder = folder(name);
        let (server, public) = keys(&folder, "server");
        let (alice, known) = keys(&folder, "alice");
        let clients = option("curve-clients", friends(&folder, "friends", &known));
        let user = |file: &str, password: &str| {
            let password = private(&folder.join(file), password);
            [option("plain-user", "bob"), option("plain-password-file", password)]
        };
        Self {
            curve: vec![option("curve-server", server), clients],
            plain: option("plain-users", users(&folder, "bob", "sesame")),
            server_key: option("curve-server-key", public),
            alice: option("curve-key", alice),
            eve: option("curve-key", keys(&folder, "eve").0),
            bob: user("password", "sesame\n"),
            mallory: user("wrong", "Sesame\n"),
            folder,
        }
    }

    fn curve_server(&self, socket: &[&str]) -> Server {
        let secure: Vec<&str> = self.curve.iter().map(String::as_str).collect();
        Server::start(&[socket, &[ANY, PATIENCE], &secure].concat(), 1)
    }

    fn plain_server(&self, socket: &[&str]) -> Server {
        Server::start(&[socket, &[ANY, PATIENCE, &self.plain]].concat(), 1)
    }
}

impl Drop for Stock {
    fn drop(&mut self) {
        _ = fs::remove_dir_all(&self.folder);
    }
}

fn doctor(endpoint: &str, arguments: &[&str], code: i32, expected: &[&str]) {
    let output = run(&[&["doctor", endpoint, PATIENCE], arguments].concat(), "");
    assert_says(&output, code, expected);
    assert!(!String::from_utf8_lossy(&output.stdout).to_lowercase().contains("sesame"), "{output:?}");
}

#[test]
fn the_doctor_makes_the_handshake_of_curve() {
    let stock = Stock::new("doctor-curve");
    let rep = stock.curve_server(&["rep"]);
    let at = &rep.endpoints[0];
    let (knows, alice, eve) = (stock.server_key.as_str(), stock.alice.as_str(), stock.eve.as_str());
    doctor(
        at,
        &[],
        1,
        &["fails at the greeting: its security mechanism is CURVE, yours NULL", "--curve-server-key"],
    );
    doctor(at, &[knows, alice], 0, &["the CURVE handshake succeeds: you are let in", "it is a REP socket"]);
    doctor(at, &[knows, alice, "--type=req"], 0, &["which talks to your REQ"]);
    let refused = "the CURVE handshake fails at INITIATE: it refuses with ERROR \"400\" (ZAP status 400";
    doctor(at, &[knows, eve], 1, &[refused, "--curve-key FILE"]);
    doctor(at, &[knows], 1, &[refused]);
    let other = format!("--curve-server-key={}", stock.folder.join("eve.key").display());
    let closed = "the CURVE handshake fails at HELLO: it closes the connection without a word";
    doctor(at, &[&other, alice], 1, &[closed, "the key of --curve-server-key is not that of this server"]);
    let closed = "the CURVE handshake fails at INITIATE: it closes the connection without a word";
    doctor(at, &[knows, alice, "--type=sub"], 1, &[closed, "--type"]);
    let [user, password] = &stock.bob;
    doctor(at, &[user, password], 1, &["its security mechanism is CURVE, yours PLAIN"]);
    let json = run(&["doctor", at, "--json", knows, eve], "").stdout;
    let json: Value = serde_json::from_slice(&json).unwrap();
    assert_eq!((&json["failed_step"], &json["mechanism"]), (&"INITIATE".into(), &"CURVE".into()));
    rep.interrupt();
    assert_eq!(rep.end(0), "");
}

#[test]
fn the_doctor_makes_the_handshake_of_plain() {
    let stock = Stock::new("doctor-plain");
    let router = stock.plain_server(&["router", "--routing-id=me"]);
    let at = &router.endpoints[0];
    doctor(at, &[], 1, &["its security mechanism is PLAIN, yours NULL", "--plain-user NAME"]);
    let [user, right] = &stock.bob;
    let [_, wrong] = &stock.mallory;
    doctor(at, &[user, right], 0, &["the PLAIN handshake succeeds", "\"me\"", "it is a ROUTER socket"]);
    let refused = "the PLAIN handshake fails at HELLO: it refuses with ERROR \"400\" (ZAP status 400";
    doctor(at, &[user, wrong], 1, &[refused, "the user name or the password is wrong"]);
    doctor(at, &["--plain-user=eve", right], 1, &[refused]);
    router.interrupt();
    assert_eq!(router.end(0), "");
}

/// They would hand it to whoever is there.
#[test]
fn the_doctor_takes_no_message_of_a_secured_peer() {
    let stock = Stock::new("doctor-takes-nothing");
    for (sender, receiver) in [("push", "pull"), ("dealer", "dealer"), ("req", "rep"), ("pair", "pair")] {
        let server = stock.curve_server(&[sender, "-m=kept"]);
        let (at, friend) = (server.endpoints[0].clone(), [&*stock.server_key, &*stock.alice]);
        let proved = "it has the secret key of --curve-server-key";
        doctor(&at, &friend, 0, &[proved, "whose messages stay untouched"]);
        let own = option("type", receiver);
        doctor(&at, &[&own, friend[0], friend[1]], 0, &[proved, "this would take its messages"]);
        // A receiver that answers, or waits for an answer, need not come to its end.
        let receive = [receiver, &at, "--count=1", "--timeout=30"];
        let peer = zinc(&[&receive[..], &friend].concat()).spawn().unwrap();
        let output = peer.wait_with_output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stdout), "kept\n", "{sender}: {output:?}");
        let mut server = server;
        _ = server.child.kill();
        server.child.wait().unwrap();
    }
}

#[test]
fn the_doctor_needs_what_a_client_has() {
    let stock = Stock::new("doctor-usage");
    for (arguments, says) in [
        (vec![&*stock.curve[0]], "this command comes as a client"),
        (vec![&*stock.plain], "this command comes as a client"),
        (
            vec![&*stock.server_key, "--mechanism=null"],
            "--mechanism NULL: the security arguments are those of CURVE",
        ),
    ] {
        let output = run(&[&["doctor", "tcp://127.0.0.1:1"], &arguments[..]].concat(), "");
        assert_eq!(output.status.code(), Some(2));
        assert!(String::from_utf8_lossy(&output.stderr).contains(says), "{output:?}");
    }
    // Two clients.
    let push = Server::start(&["push", ANY, "-m=x", PATIENCE, &stock.server_key], 1);
    let both = "the CURVE handshake fails at HELLO: it says HELLO too: it is a client, as you are";
    doctor(&push.endpoints[0], &[&stock.server_key], 1, &[both]);
    let mut push = push;
    push.child.kill().unwrap();
    push.child.wait().unwrap();
}

/// Bytes that one side sent, the client or the server.
type Piece = (bool, Vec<u8>);

/// Stands between a client and the server at this endpoint for one connection, and returns all that was said on it.
fn listen_in(server: &str) -> (String, JoinHandle<Vec<Piece>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("tcp://{}", listener.local_addr().unwrap());
    let server = server.strip_prefix("tcp://").unwrap().to_owned();
    let thread = thread::spawn(move || {
        let client = listener.accept().unwrap().0;
        drop(listener);
        let server = TcpStream::connect(server).unwrap();
        let pieces = Arc::new(Mutex::new(Vec::new()));
        let ways = [(true, &client, &server), (false, &server, &client)].map(|(is_client, from, to)| {
            let (from, to, pieces) = (from.try_clone().unwrap(), to.try_clone().unwrap(), pieces.clone());
            thread::spawn(move || pass_on(from, to, |bytes| pieces.lock().unwrap().push((is_client, bytes))))
        });
        ways.into_iter().for_each(|way| way.join().unwrap());
        pieces.lock().unwrap().clone()
    });
    (endpoint, thread)
}

fn pass_on(mut from: TcpStream, mut to: TcpStream, note: impl Fn(Vec<u8>)) {
    from.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let mut buffer = [0; 4096];
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        // Noted first: the answer comes after it.
        note(buffer[..count].to_vec());
        if to.write_all(&buffer[..count]).is_err() {
            break;
        }
    }
    _ = to.shutdown(Shutdown::Write);
    _ = from.shutdown(Shutdown::Read);
}

/// A capture of this connection, which the server closes first.
fn captured(pieces: &[Piece]) -> Vec<u8> {
    let (client, server) = (5000, 5555);
    let mut numbers = [100, 1000];
    let mut packets = vec![(client, server, 99, SYN, &b""[..]), (server, client, 999, SYN, &b""[..])];
    let mut add = |is_client: bool, flags, bytes| {
        let number = &mut numbers[usize::from(!is_client)];
        let (from, to) = if is_client { (client, server) } else { (server, client) };
        packets.push((from, to, *number, flags, bytes));
        *number += <[u8]>::len(bytes) as u32;
    };
    pieces.iter().for_each(|(is_client, bytes)| add(*is_client, DATA, bytes));
    add(false, FIN, b"");
    add(true, FIN, b"");
    capture(&packets)
}

/// The dump of what a client with these arguments says to a server.
fn dump_of(server: &Server, client: &[&str]) -> (Vec<u8>, String) {
    let (endpoint, pieces) = listen_in(&server.endpoints[0]);
    run(&[&["push", &endpoint, "-m=hidden", "--timeout=2"], client].concat(), "");
    let file = captured(&pieces.join().unwrap());
    let output = dump(&[], &file);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    (file, String::from_utf8(output.stdout).unwrap())
}

/// Each text comes behind the one before.
fn assert_in_order(dump: &str, expected: &[&str]) {
    let mut rest = dump;
    for text in expected {
        rest = rest.split_once(text).unwrap_or_else(|| panic!("no {text:?} in its place in {dump}")).1;
    }
    assert!(!dump.to_lowercase().contains("sesame") && !dump.contains("hidden"), "{dump}");
}

#[test]
fn a_dump_shows_the_handshake_of_curve() {
    let stock = Stock::new("dump-curve");
    let server = stock.curve_server(&["pull"]);
    let (_, said) = dump_of(&server, &[&stock.server_key, &stock.alice]);
    let handshake = [
        "HELLO      version=\"1.0\" key-of-this-connection=\"",
        "(CURVE handshake, 200 bytes)",
        "WELCOME    box=\"144 bytes, encrypted\"  (CURVE handshake, 168 bytes)",
        "INITIATE   cookie=\"96 bytes, encrypted\" box=\"",
        "READY      box=\"",
        // Encrypted: eight bytes of name, eight of count, sixteen to check it, and one of flags.
        "MESSAGE    39 bytes, encrypted: 6 of content",
    ];
    assert_in_order(&said, &handshake);
    assert!(!said.contains("handshake failed"), "{said}");

    let (file, said) = dump_of(&server, &[&stock.server_key, &stock.eve]);
    let refused = "ERROR \"400\" (ZAP status 400, the authenticator refuses)";
    let error =
        "ERROR      reason=\"400\" meaning=\"ZAP status 400, the authenticator refuses\"  (CURVE handshake";
    assert_in_order(
        &said,
        &["INITIATE ", error, "end", &format!("handshake failed: CURVE, at INITIATE: {refused}")],
    );
    let json = String::from_utf8(dump(&["--json"], &file).stdout).unwrap();
    let events: Vec<Value> = json.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let failed = events.last().unwrap();
    assert_eq!(failed["event"], "handshake_failed");
    assert_eq!(
        (&failed["mechanism"], &failed["step"], &failed["reason"]),
        (&"CURVE".into(), &"INITIATE".into(), &refused.into())
    );
    assert_eq!(failed["from"], "10.0.0.2:5555");
    let hello = events.iter().find(|event| event["name"] == "HELLO").unwrap();
    assert_eq!(
        (&hello["event"], &hello["mechanism"], &hello["size"]),
        (&"command".into(), &"CURVE".into(), &200.into())
    );

    let other = option("curve-server-key", stock.folder.join("eve.key").display().to_string());
    let (_, said) = dump_of(&server, &[&other]);
    let closed = "handshake failed: CURVE, at HELLO: the connection is closed without a word: the client may have the key";
    assert_in_order(&said, &["HELLO ", closed]);
    let (_, said) = dump_of(&server, &[]);
    assert_in_order(
        &said,
        &["greeting   ZMTP 3.1, ", "handshake failed: ", ", at greeting: the mechanisms differ"],
    );
    assert!(said.contains("NULL and CURVE") || said.contains("CURVE and NULL"), "{said}");
    server.interrupt();
    server.finish();
}

#[test]
fn a_dump_shows_the_handshake_of_plain_without_the_password() {
    let stock = Stock::new("dump-plain");
    let mut server = stock.plain_server(&["pull", "--count=1"]);
    let (_, dumped) = dump_of(&server, &[&stock.mallory[0], &stock.mallory[1]]);
    let hello = "HELLO      username=\"bob\" password=\"not shown\"  (PLAIN handshake, ";
    assert_in_order(
        &dumped,
        &[hello, "ERROR      reason=\"400\" ", "handshake failed: PLAIN, at HELLO: ERROR \"400\""],
    );
    assert_eq!(said(&mut server), "zinc: refused 127.0.0.1: bob: wrong password\n");
    let (endpoint, pieces) = listen_in(&server.endpoints[0]);
    let user = [&*stock.bob[0], &*stock.bob[1]];
    assert_ends(&run(&[&["push", &endpoint, "-m=shown", PATIENCE], &user[..]].concat(), ""), 0, "");
    assert_eq!(server.end(0), "shown\n");
    let dumped = String::from_utf8(dump(&[], &captured(&pieces.join().unwrap())).stdout).unwrap();
    let rest = [
        hello,
        "WELCOME  ",
        "INITIATE   Socket-Type=\"PUSH\"",
        "READY      Socket-Type=\"PULL\"",
        "5 bytes  \"shown\"",
    ];
    assert_in_order(&dumped, &rest);
    assert!(!dumped.contains("handshake failed"), "{dumped}");
}
