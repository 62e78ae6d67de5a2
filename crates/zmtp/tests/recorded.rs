//! Handshakes and messages of genuine libzmq, recorded by `interop/tests/record.rs`, which says how, and played again.

mod common;

use common::*;
use zmtp::{
    Cipher, Error, Flags, Keypair, Local, NoRandomness, OVERHEAD, Opening, Peer, Random, SecretKey, Security,
    Status, Verdict, Version, frame,
};

/// As the recorder has them.
fn keys(byte: u8) -> Keypair {
    Keypair::from(SecretKey::new([byte; 32]))
}

fn draw(bytes: &mut [u8]) -> Result<(), NoRandomness> {
    (1..).zip(bytes).for_each(|(value, byte)| *byte = value);
    Ok(())
}

/// The parts of genuine's messages, each with its flags.
fn messages() -> [(Flags, Vec<u8>); 4] {
    let last = |body: &[u8]| (Flags::LAST, body.to_vec());
    [last(b"hello"), (Flags::MORE, b"two".to_vec()), last(b"parts"), last(&[7; 300])]
}

/// One connection: all that each side said, and the side that we were.
struct Recording {
    genuine: Vec<u8>,
    ours: Vec<u8>,
    security: Security,
    /// The credentials of genuine, where it had to show some.
    shown: Vec<Vec<u8>>,
}

impl Recording {
    fn new(text: &str, security: Security, shown: Vec<Vec<u8>>) -> Self {
        let (_, both) = text.split_once("genuine\n").unwrap();
        let (genuine, ours) = both.split_once("ours\n").unwrap();
        Self { genuine: bytes(genuine), ours: bytes(ours), security, shown }
    }

    fn all() -> [Self; 4] {
        let (client, server) = (keys(7), keys(8));
        let curve_server = Security::CurveServer { secret: server.secret, zap: true };
        let curve_client =
            Security::CurveClient { public: client.public, secret: client.secret, server: server.public };
        let plain_client = Security::PlainClient { user: "alice".to_owned(), password: "sesame".into() };
        let key = client.public.as_bytes().to_vec();
        [
            Self::new(include_str!("recorded/curve_client.txt"), curve_server, vec![key]),
            Self::new(include_str!("recorded/curve_server.txt"), curve_client, Vec::new()),
            Self::new(
                include_str!("recorded/plain_client.txt"),
                Security::PlainServer,
                vec![b"alice".to_vec(), b"sesame".to_vec()],
            ),
            Self::new(include_str!("recorded/plain_server.txt"), plain_client, Vec::new()),
        ]
    }

    /// Plays genuine's side in pieces of this size, to a side of ours that draws so.
    fn play(&self, piece: usize, random: Random) -> Result<Played, Error> {
        let mut opening = Opening::new(Local {
            routing_id: Some(b"ours".to_vec()),
            security: self.security.clone(),
            random,
            ..local(DEALER)
        });
        let (mut said, mut shown, mut done, mut unread) = (Vec::new(), Vec::new(), 0, 0);
        loop {
            unread = (unread + piece).min(self.genuine.len() - done);
            let (taken, mut status) = opening.feed(&self.genuine[done..done + unread])?;
            (done, unread) = (done + taken, unread - taken);
            if status == Status::Waiting {
                shown = opening.zap_request().unwrap().credentials.to_vec();
                status = opening.verdict(Verdict::Success)?;
            }
            said.append(opening.output());
            if let Status::Open(peer) = status {
                let traffic = self.genuine[done..].to_vec();
                return Ok(Played { said, shown, peer, cipher: opening.take_cipher(), traffic });
            }
            assert!(done < self.genuine.len(), "it is over, and not open");
        }
    }
}

/// The end of a handshake, as our side sees it.
struct Played {
    said: Vec<u8>,
    shown: Vec<Vec<u8>>,
    peer: Peer,
    cipher: Option<Cipher>,
    traffic: Vec<u8>,
}

fn bytes(digits: &str) -> Vec<u8> {
    let digits: Vec<u8> = digits.bytes().filter(u8::is_ascii_hexdigit).collect();
    let byte = |pair: &[u8]| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.chunks(2).map(byte).collect()
}

/// The frames of traffic, opened if there are keys.
fn frames(mut traffic: &[u8], cipher: &mut Option<Cipher>) -> Vec<(Flags, Vec<u8>)> {
    let mut frames = Vec::new();
    while let Some(header) = frame::decode_header(traffic) {
        let (bytes, rest) = traffic.split_at(header.header_len + header.size as usize);
        let mut body = bytes[header.header_len..].to_vec();
        let mut flags = Flags(header.flags.0 & Flags::MORE.0);
        if let Some(cipher) = cipher {
            cipher.opener.open([&mut body[..]]).unwrap();
            flags = zmtp::sealed_flags(&body);
            body.drain(..OVERHEAD);
        }
        frames.push((flags, body));
        traffic = rest;
    }
    assert!(traffic.is_empty(), "half a frame");
    frames
}

/// The answer, as it is sent.
fn answer(cipher: &mut Option<Cipher>) -> Vec<u8> {
    let mut out = Vec::new();
    match cipher {
        Some(cipher) => {
            cipher.sealer.append(&mut out, Flags::LAST, b"answer");
            cipher.sealer.seal(&mut out, usize::MAX).unwrap();
        }
        None => frame::append(&mut out, Flags::LAST, &[b"answer"]),
    }
    out
}

#[test]
fn what_genuine_said_is_understood_again() {
    for recording in Recording::all() {
        for piece in [1, 7, 100, 100_000] {
            let Played { mut said, shown, peer, mut cipher, traffic } = recording.play(piece, draw).unwrap();
            assert_eq!(shown, recording.shown);
            assert_eq!((peer.version, peer.socket_type.as_deref()), (Version::V3_1, Some("DEALER")));
            assert_eq!(peer.routing_id.as_deref(), Some(&b"genuine"[..]));
            assert_eq!(frames(&traffic, &mut cipher), messages());
            said.extend(answer(&mut cipher));
            assert!(said == recording.ours, "it does not say what it said to genuine");
        }
    }
}

/// A third that has listened to a connection of CURVE, and says all of it again, comes in nowhere.
#[test]
fn what_genuine_said_opens_no_other_connection() {
    let commands = ["INITIATE", "WELCOME"];
    for (recording, command) in Recording::all().iter().zip(commands) {
        let error = recording.play(1000, zmtp::system_random).err();
        assert_eq!(error, Some(Error::Sealed { command }));
    }
}
