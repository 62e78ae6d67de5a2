//! Peers of ZMTP 3.0 and 3.1 whose every byte comes alone, in either role, with each mechanism.

mod client;
mod common;

use client::{Client, curve, dial, local};
use common::PATIENCE;
use std::net::TcpListener;
use zincmq::authenticator::{Authenticator, Rules};
use zincmq::security::Keypair;
use zincmq::{AnySocket, Context, Message, SocketType};
use zmtp::{Cipher, Security};

/// A socket of ours in conversation with a hand that writes byte by byte.
struct Talk {
    socket: AnySocket,
    hand: Client,
    cipher: Option<Cipher>,
    is_3_1: bool,
}

/// Runs `test` with each mechanism and version, our socket listening as the server, or connecting as the client.
fn each(ours: SocketType, theirs: SocketType, prepare: impl Fn(&mut AnySocket), test: impl Fn(Talk)) {
    for mechanism in ["NULL", "PLAIN", "CURVE"] {
        for (minor, listens) in [(0, true), (0, false), (1, true), (1, false)] {
            println!("{mechanism}, 3.{minor}, ours {}", if listens { "listens" } else { "connects" });
            let context = Context::new();
            let rules = Rules::new().user("alice", "sesame").any_key();
            let _authenticator = Authenticator::start(&context, rules).unwrap();
            let mut socket = AnySocket::with_type(&context, ours).unwrap();
            prepare(&mut socket);
            let security = share(mechanism, listens, &mut socket);
            let stream = if listens {
                dial(&socket.bind("tcp://127.0.0.1:*").unwrap())
            } else {
                let listener = TcpListener::bind("127.0.0.1:0").unwrap();
                socket.connect(format!("tcp://{}", listener.local_addr().unwrap())).unwrap();
                listener.accept().unwrap().0
            };
            let mut hand = Client::over(stream, local(theirs, security));
            (hand.minor, hand.piece) = (minor, 1);
            let cipher = hand.open();
            assert_eq!(cipher.is_some(), mechanism == "CURVE");
            test(Talk { socket, hand, cipher, is_3_1: minor == 1 });
        }
    }
}

/// Gives our socket the credentials of its role; returns those of the other side.
fn share(mechanism: &str, listens: bool, socket: &mut AnySocket) -> Security {
    let keys = Keypair::generate().unwrap();
    match (mechanism, listens) {
        ("PLAIN", true) => {
            socket.plain_server().unwrap();
            Security::PlainClient { user: "alice".to_owned(), password: "sesame".into() }
        }
        ("PLAIN", false) => {
            socket.plain_client("alice", "sesame").unwrap();
            Security::PlainServer
        }
        ("CURVE", true) => {
            socket.curve_server(&keys).unwrap();
            curve(keys.public)
        }
        ("CURVE", false) => {
            socket.curve_client(&Keypair::generate().unwrap(), keys.public).unwrap();
            Security::CurveServer { secret: keys.secret, zap: false }
        }
        _ => Security::Null { zap: false },
    }
}

#[test]
fn messages_come_through_both_ways() {
    each(
        SocketType::Pair,
        SocketType::Pair,
        |_| (),
        |Talk { mut socket, mut hand, mut cipher, .. }| {
            for body in [&b""[..], b"hello", &[7; 300]] {
                hand.send(&mut cipher, body);
                assert_eq!(socket.recv_timeout(PATIENCE).unwrap(), Message::from(body));
                socket.send_timeout(body, PATIENCE).unwrap();
                assert_eq!(hand.receive(&mut cipher), (false, body.to_vec()));
            }
        },
    );
}

/// With 3.0 it is a message, in a box as well, and with 3.1 a command.
#[test]
fn subscriptions_go_out_in_the_form_of_the_version() {
    each(
        SocketType::Sub,
        SocketType::Pub,
        |sub| sub.subscribe("topic").unwrap(),
        |Talk { mut socket, mut hand, mut cipher, is_3_1 }| {
            let form = if is_3_1 { &b"\x09SUBSCRIBEtopic"[..] } else { b"\x01topic" };
            assert_eq!(hand.receive(&mut cipher), (is_3_1, form.to_vec()));
            hand.send(&mut cipher, b"other");
            hand.send(&mut cipher, b"topic!");
            assert_eq!(socket.recv_timeout(PATIENCE).unwrap(), Message::from("topic!"));
        },
    );
}

#[test]
fn publishers_take_subscriptions_that_are_messages() {
    each(
        SocketType::XPub,
        SocketType::Sub,
        |_| (),
        |Talk { mut socket, mut hand, mut cipher, .. }| {
            hand.send(&mut cipher, b"\x01topic");
            assert_eq!(socket.recv_timeout(PATIENCE).unwrap(), Message::from("\x01topic"));
            socket.send("other").unwrap();
            socket.send("topic!").unwrap();
            assert_eq!(hand.receive(&mut cipher), (false, b"topic!".to_vec()));
        },
    );
}
