//! Whole handshakes of each mechanism, of peers of 3.0 and of 3.1, cut in two at every byte.

mod common;

use common::*;
use zmtp::{
    Cipher, Flags, Keypair, Local, NoRandomness, OVERHEAD, Opening, Peer, SecretKey, Security, Status,
    Verdict, Version, frame,
};

/// The same at each call, so that a handshake can be repeated.
fn client_random(bytes: &mut [u8]) -> Result<(), NoRandomness> {
    (1..).zip(bytes).for_each(|(value, byte)| *byte = value);
    Ok(())
}

fn server_random(bytes: &mut [u8]) -> Result<(), NoRandomness> {
    (101..).zip(bytes).for_each(|(value, byte)| *byte = value);
    Ok(())
}

/// A client and a server with each mechanism.
fn pairs() -> Vec<(Local, Local)> {
    let keys = |byte| Keypair::from(SecretKey::new([byte; 32]));
    let (alice, server) = (keys(7), keys(8));
    let plain = Security::PlainClient { user: "alice".to_owned(), password: "sesame".into() };
    let curve = Security::CurveClient { public: alice.public, secret: alice.secret, server: server.public };
    [
        (Security::Null { zap: false }, Security::Null { zap: false }),
        (Security::Null { zap: false }, Security::Null { zap: true }),
        (plain, Security::PlainServer),
        (curve.clone(), Security::CurveServer { secret: server.secret.clone(), zap: false }),
        (curve, Security::CurveServer { secret: server.secret, zap: true }),
    ]
    .map(|(client, server)| {
        (
            Local { security: client, random: client_random, ..dealer(b"me") },
            Local { security: server, random: server_random, ..local(ROUTER) },
        )
    })
    .into()
}

/// One side, and what it has come to.
struct Side {
    opening: Opening,
    sent: Vec<u8>,
    unread: Vec<u8>,
    peer: Option<Peer>,
    cipher: Option<Cipher>,
}

impl Side {
    fn new(local: Local) -> Self {
        let mut side = Self {
            opening: Opening::new(local),
            sent: Vec::new(),
            unread: Vec::new(),
            peer: None,
            cipher: None,
        };
        side.say();
        side
    }

    fn say(&mut self) {
        self.sent.append(self.opening.output());
    }

    /// Takes a piece, as far as it is not traffic already.
    fn take(&mut self, piece: &[u8]) {
        self.unread.extend_from_slice(piece);
        while self.peer.is_none() {
            let (taken, mut status) = self.opening.feed(&self.unread).unwrap();
            self.unread.drain(..taken);
            let asked = status == Status::Waiting;
            if asked {
                status = self.opening.verdict(Verdict::Success).unwrap();
            }
            self.say();
            match status {
                Status::Open(peer) => {
                    self.peer = Some(peer);
                    self.cipher = self.opening.take_cipher();
                }
                _ if asked => {}
                _ => return,
            }
        }
    }
}

/// Both sides of a handshake, as each speaks the version with this minor number; what each sent.
fn shake(client: Local, server: Local, minor: u8) -> [Vec<u8>; 2] {
    let (mut client, mut server) = (Side::new(client), Side::new(server));
    let (mut to_server, mut to_client) = (0, 0);
    while client.peer.is_none() || server.peer.is_none() {
        assert!(to_server < client.sent.len() || to_client < server.sent.len(), "both are silent");
        pass(&mut client, &mut server, &mut to_server, minor);
        pass(&mut server, &mut client, &mut to_client, minor);
    }
    [client.sent, server.sent]
}

/// Passes on what has been sent since the last time.
fn pass(from: &mut Side, to: &mut Side, done: &mut usize, minor: u8) {
    const MINOR: usize = 11;
    if let Some(byte) = from.sent.get_mut(MINOR) {
        *byte = minor;
    }
    to.take(&from.sent[*done..]);
    *done = from.sent.len();
}

/// A frame of traffic, in a box if there are keys.
fn message(cipher: &mut Option<Cipher>) -> Vec<u8> {
    let mut out = Vec::new();
    match cipher {
        Some(cipher) => {
            cipher.sealer.append(&mut out, Flags::LAST, b"hello");
            cipher.sealer.seal(&mut out, usize::MAX).unwrap();
        }
        None => frame::append(&mut out, Flags::LAST, &[b"hello"]),
    }
    out
}

#[test]
fn handshakes_open_wherever_they_are_cut() {
    for (client, server) in pairs() {
        for (minor, version) in [(0, Version::V3_0), (1, Version::V3_1)] {
            let [said, answered] = shake(client.clone(), server.clone(), minor);
            for (ours, heard, answer) in [(&server, &said, &answered), (&client, &answered, &said)] {
                for cut in 0..=heard.len() {
                    let (one, two) = heard.split_at(cut);
                    opens_at(ours, &[one, two], answer, version);
                }
                let bytes: Vec<&[u8]> = heard.chunks(1).collect();
                opens_at(ours, &bytes, answer, version);
            }
        }
    }
}

/// It answers as it did when nothing was cut, but for the number of its own version.
fn opens_at(ours: &Local, pieces: &[&[u8]], answer: &[u8], version: Version) {
    let mut side = Side::new(ours.clone());
    pieces.iter().for_each(|piece| side.take(piece));
    let peer = side.peer.expect("it is open");
    assert_eq!(peer.version, version);
    assert!(side.unread.is_empty());
    assert!(side.sent[..11] == answer[..11] && side.sent[12..] == answer[12..], "another answer");
    assert_eq!(side.cipher.is_some(), ours.security.name() == "CURVE");
}

/// A message stands behind the handshake, in one piece with whatever part of it.
#[test]
fn traffic_begins_where_the_handshake_ends_wherever_both_are_cut() {
    for (client, server) in pairs() {
        let [said, answered] = shake(client.clone(), server.clone(), 1);
        for (ours, theirs, heard, answer) in
            [(&server, &client, &said, &answered), (&client, &server, &answered, &said)]
        {
            let mut peer = Side::new(theirs.clone());
            peer.take(answer);
            let all = [&heard[..], &message(&mut peer.cipher)].concat();
            for cut in 0..=all.len() {
                let mut side = Side::new(ours.clone());
                side.take(&all[..cut]);
                side.take(&all[cut..]);
                assert!(side.peer.is_some());
                let mut traffic = all[heard.len()..].to_vec();
                assert_eq!(side.unread, traffic);
                let header = frame::decode_header(&traffic).unwrap();
                let body = &mut traffic[header.header_len..];
                if let Some(mut cipher) = side.cipher {
                    cipher.opener.open([&mut *body]).unwrap();
                    assert_eq!(&body[OVERHEAD..], b"hello");
                } else {
                    assert_eq!(body, b"hello");
                }
            }
        }
    }
}
