//! PLAIN and CURVE between two openings in memory, and against peers that break their rules.

mod common;

use common::*;
use proptest::prelude::*;
use zmtp::{
    Cipher, Error, Flags, Keypair, Local, OVERHEAD, Opening, Peer, PublicKey, Security, Status, Verdict,
    frame,
};

/// A client and a server with the keys of CURVE.
struct Keys {
    client: Keypair,
    server: Keypair,
}

impl Keys {
    fn new() -> Self {
        Self { client: Keypair::generate().unwrap(), server: Keypair::generate().unwrap() }
    }

    fn client_of(&self, server: PublicKey) -> Security {
        let Keypair { public, secret } = self.client.clone();
        Security::CurveClient { public, secret, server }
    }

    fn client(&self) -> Security {
        self.client_of(self.server.public)
    }

    fn server(&self, zap: bool) -> Security {
        Security::CurveServer { secret: self.server.secret.clone(), zap }
    }
}

fn plain_client() -> Security {
    Security::PlainClient { user: "alice".to_owned(), password: "sesame".into() }
}

/// One side of a handshake, and what it came to.
struct Side {
    opening: Opening,
    unread: Vec<u8>,
    peer: Option<Peer>,
    cipher: Option<Cipher>,
    /// What its authenticator was told.
    told: Option<(&'static str, Vec<Vec<u8>>)>,
    verdict: Verdict,
}

impl Side {
    fn new(local: Local) -> Self {
        let opening = Opening::new(local);
        Self { opening, unread: Vec::new(), peer: None, cipher: None, told: None, verdict: Verdict::Success }
    }

    /// Takes what has come, in pieces of `piece` bytes.
    fn take(&mut self, piece: usize) -> Result<(), Error> {
        while self.peer.is_none() && !self.unread.is_empty() {
            let given = self.unread.len().min(piece);
            let (taken, mut status) = self.opening.feed(&self.unread[..given])?;
            self.unread.drain(..taken);
            if status == Status::Waiting {
                let request = self.opening.zap_request().unwrap();
                self.told = Some((request.mechanism, request.credentials.to_vec()));
                status = self.opening.verdict(self.verdict)?;
            }
            if let Status::Open(peer) = status {
                self.peer = Some(peer);
                self.cipher = self.opening.take_cipher();
                assert!(self.opening.take_cipher().is_none(), "no keys twice");
            }
        }
        Ok(())
    }
}

/// Lets both talk, in pieces, until nothing more is said. `change` sees each flight on its way: who sent it, and the bytes.
fn talk(
    client: Security,
    server: Security,
    verdict: Verdict,
    piece: usize,
    mut change: impl FnMut(bool, &mut Vec<u8>),
) -> (Result<Side, Error>, Result<Side, Error>) {
    let mut client = Side::new(Local { security: client, ..dealer(b"me") });
    let mut server = Side::new(Local { security: server, ..local(ROUTER) });
    server.verdict = verdict;
    let (mut client_fails, mut server_fails) = (None, None);
    for _ in 0..20 {
        for from_client in [true, false] {
            let (from, to, fails) = if from_client {
                (&mut client, &mut server, &mut server_fails)
            } else {
                (&mut server, &mut client, &mut client_fails)
            };
            let mut flight = std::mem::take(from.opening.output());
            change(from_client, &mut flight);
            to.unread.extend(flight);
            if fails.is_none() {
                *fails = to.take(piece).err();
            }
        }
    }
    (client_fails.map_or(Ok(client), Err), server_fails.map_or(Ok(server), Err))
}

fn agree(client: Security, server: Security, piece: usize) -> (Side, Side) {
    let (client, server) = talk(client, server, Verdict::Success, piece, |_, _| ());
    (client.unwrap(), server.unwrap())
}

#[test]
fn plain_opens_however_the_stream_is_cut() {
    for piece in [1, 7, 1000] {
        let (client, server) = agree(plain_client(), Security::PlainServer, piece);
        assert_eq!(server.told, Some(("PLAIN", vec![b"alice".to_vec(), b"sesame".to_vec()])));
        assert_eq!(client.told, None);
        assert_eq!(client.peer.unwrap().socket_type.as_deref(), Some("ROUTER"));
        assert_eq!(server.peer.unwrap().routing_id.as_deref(), Some(&b"me"[..]));
        assert!(client.cipher.is_none() && server.cipher.is_none());
    }
}

#[test]
fn curve_opens_however_the_stream_is_cut() {
    for (piece, zap) in [(1, false), (7, true), (1000, true)] {
        let keys = Keys::new();
        let (client, server) = agree(keys.client(), keys.server(zap), piece);
        let told = ("CURVE", vec![keys.client.public.as_bytes().to_vec()]);
        assert_eq!(server.told, zap.then_some(told));
        assert_eq!(client.peer.unwrap().socket_type.as_deref(), Some("ROUTER"));
        assert_eq!(server.peer.unwrap().routing_id.as_deref(), Some(&b"me"[..]));
        assert!(client.cipher.is_some() && server.cipher.is_some());
    }
}

#[test]
fn the_authenticator_refuses() {
    let keys = Keys::new();
    for (verdict, status) in
        [(Verdict::TemporaryError, 300), (Verdict::AuthenticationFailure, 400), (Verdict::InternalError, 500)]
    {
        for (client, server) in [(plain_client(), Security::PlainServer), (keys.client(), keys.server(true))]
        {
            let (client, server) = talk(client, server, verdict, 1000, |_, _| ());
            assert_eq!(server.err(), Some(Error::Denied { status }));
            let refused = Error::Refused { reason: status.to_string().into_bytes() };
            match (status, client) {
                (300, client) => assert!(client.unwrap().peer.is_none(), "it is told nothing"),
                (_, client) => assert_eq!(client.err(), Some(refused)),
            }
        }
    }
}

/// libzmq's clients and servers of PLAIN spell ERROR in a way of their own.
#[test]
fn plain_spells_error_as_libzmq_and_reads_both() {
    for spelled in [&b"\x5ERROR\x03400"[..], b"\x05ERROR\x03400"] {
        let (client, server) = talk(
            plain_client(),
            Security::PlainServer,
            Verdict::AuthenticationFailure,
            1000,
            |from_client, flight| {
                if !from_client && let Some(at) = flight.windows(4).position(|bytes| bytes == b"RROR") {
                    assert!(flight.ends_with(b"\x04\x09\x5ERROR\x03400"));
                    flight.truncate(at - 3);
                    frame::append(flight, Flags::COMMAND, &[spelled]);
                }
            },
        );
        assert_eq!(server.err(), Some(Error::Denied { status: 400 }));
        assert_eq!(client.err(), Some(Error::Refused { reason: b"400".to_vec() }));
    }
}

#[test]
fn long_credentials_are_an_error() {
    let long = "x".repeat(256);
    for (user, password) in [(long.as_str(), ""), ("", long.as_str())] {
        let client = Security::PlainClient { user: user.to_owned(), password: password.into() };
        let (client, _) = talk(client, Security::PlainServer, Verdict::Success, 1000, |_, _| ());
        assert_eq!(client.err(), Some(Error::LongCredentials));
    }
}

#[test]
fn two_of_a_kind_never_open() {
    let keys = Keys::new();
    let unexpected = |name: &str| Some(Error::UnexpectedCommand { name: name.to_owned() });
    for (one, other, name) in
        [(plain_client(), plain_client(), "HELLO"), (keys.client(), keys.client(), "HELLO")]
    {
        let (one, other) = talk(one, other, Verdict::Success, 1000, |_, _| ());
        assert_eq!((one.err(), other.err()), (unexpected(name), unexpected(name)));
    }
    for (one, other) in
        [(Security::PlainServer, Security::PlainServer), (keys.server(true), keys.server(true))]
    {
        let (one, other) = talk(one, other, Verdict::Success, 1000, |_, _| ());
        assert!(one.unwrap().peer.is_none() && other.unwrap().peer.is_none());
    }
}

#[test]
fn a_client_with_another_servers_key_is_refused() {
    let (keys, others) = (Keys::new(), Keys::new());
    let client = keys.client_of(others.server.public);
    let (client, server) = talk(client, keys.server(false), Verdict::Success, 1000, |_, _| ());
    assert_eq!(server.err(), Some(Error::Sealed { command: "HELLO" }));
    assert!(client.unwrap().peer.is_none());
}

/// The client claims a long-term key whose secret it has not.
#[test]
fn a_client_with_another_clients_public_key_is_refused() {
    let (keys, others) = (Keys::new(), Keys::new());
    let client = Security::CurveClient {
        public: others.client.public,
        secret: keys.client.secret.clone(),
        server: keys.server.public,
    };
    let (_, server) = talk(client, keys.server(false), Verdict::Success, 1000, |_, _| ());
    assert_eq!(server.err(), Some(Error::Sealed { command: "INITIATE" }));
}

#[test]
fn weak_public_keys_are_refused() {
    let keys = Keys::new();
    let (client, _) =
        talk(keys.client_of(PublicKey::new([0; 32])), keys.server(false), Verdict::Success, 1000, |_, _| ());
    assert_eq!(client.err(), Some(Error::WeakKey));
    // C' in a HELLO: behind greeting, frame header, name, version and padding.
    let (_, server) =
        talk(keys.client(), keys.server(false), Verdict::Success, 1000, |from_client, flight| {
            if from_client && flight.windows(6).any(|window| window == b"\x05HELLO") {
                let at = flight.windows(6).position(|window| window == b"\x05HELLO").unwrap();
                flight[at + 80..at + 112].fill(0);
            }
        });
    assert_eq!(server.err(), Some(Error::WeakKey));
}

/// Every byte of every CURVE command matters, but for those that are padding or name a frame.
#[test]
fn a_changed_byte_anywhere_ends_the_handshake() {
    let keys = Keys::new();
    for (name, from_client, length, free) in [
        (&b"\x05HELLO"[..], true, 200, 8..80),
        (b"\x07WELCOME", false, 168, 0..0),
        (b"\x08INITIATE", true, 257 + 37, 0..0),
        (b"\x05READY", false, 30 + 22, 0..0),
    ] {
        for at in (0..length).filter(|at| !free.contains(at)) {
            let mut changed = false;
            let (client, server) =
                talk(keys.client(), keys.server(false), Verdict::Success, 1000, |by_client, flight| {
                    let place = flight.windows(name.len()).position(|window| window == name);
                    if let (true, Some(place)) = (by_client == from_client, place)
                        && let Some(byte) = flight.get_mut(place + at)
                    {
                        *byte ^= 1;
                        changed = true;
                    }
                });
            let receiver = if from_client { server } else { client };
            let opened = receiver.is_ok_and(|side| side.peer.is_some());
            assert!(changed, "{} has fewer bytes than {at}", name.escape_ascii());
            assert!(!opened, "{} opened with byte {at} changed", name.escape_ascii());
        }
    }
}

#[test]
fn commands_of_another_length_are_malformed() {
    let keys = Keys::new();
    for (name, from_client, command) in [
        (&b"\x05HELLO"[..], true, "HELLO"),
        (b"\x07WELCOME", false, "WELCOME"),
        (b"\x08INITIATE", true, "INITIATE"),
    ] {
        let (client, server) =
            talk(keys.client(), keys.server(false), Verdict::Success, 1000, |by_client, flight| {
                let place = flight.windows(name.len()).position(|window| window == name);
                if let (true, Some(place)) = (by_client == from_client, place) {
                    // Cut after 20 bytes, with a header that says so.
                    let header =
                        if flight[place - 2] & 2 == 0 && place < 9 || flight[place - 2] == 4 { 2 } else { 9 };
                    flight.truncate(place + 20);
                    flight.splice(place - header..place, [4, 20]);
                }
            });
        let error = if from_client { server.err() } else { client.err() };
        assert_eq!(error, Some(Error::Malformed { command }));
    }
}

/// Two ends of an encrypted connection.
fn ends() -> (Cipher, Cipher) {
    let keys = Keys::new();
    let (client, server) = agree(keys.client(), keys.server(false), 1000);
    (client.cipher.unwrap(), server.cipher.unwrap())
}

/// The bodies of frames.
fn bodies(mut wire: &[u8]) -> Vec<Vec<u8>> {
    let mut bodies = Vec::new();
    while let Some(header) = frame::decode_header(wire) {
        assert_eq!(header.flags.0 & !2, 0, "a box shows no flags");
        let end = header.header_len + header.size as usize;
        bodies.push(wire[header.header_len..end].to_vec());
        wire = &wire[end..];
    }
    bodies
}

fn open(cipher: &mut Cipher, bodies: &mut [Vec<u8>]) -> Result<Vec<(u8, Vec<u8>)>, Error> {
    cipher.opener.open(bodies.iter_mut().map(Vec::as_mut_slice))?;
    Ok(bodies.iter().map(|body| (zmtp::sealed_flags(body).0, body[OVERHEAD..].to_vec())).collect())
}

proptest! {
    #[test]
    fn what_is_sealed_opens(
        frames in prop::collection::vec((0..2_u8, any::<bool>(), prop_oneof![0..70_usize, 0..3000_usize]), 0..60),
        cuts in prop::collection::vec(1..20_usize, 1..10),
    ) {
        let (mut client, mut server) = ends();
        let mut wire = b"before".to_vec();
        let mut sent = Vec::new();
        let mut cut = cuts.iter().cycle();
        let mut left = *cut.next().unwrap();
        for (at, (more, command, size)) in frames.iter().enumerate() {
            let flags = if *command { Flags(*more) | Flags::COMMAND } else { Flags(*more) };
            let body = vec![at as u8; *size];
            client.sealer.append(&mut wire, flags, &body);
            sent.push((flags.0, body));
            left -= 1;
            if left == 0 {
                client.sealer.seal(&mut wire, usize::MAX).unwrap();
                left = *cut.next().unwrap();
            }
        }
        client.sealer.seal(&mut wire, usize::MAX).unwrap();
        let mut bodies = bodies(&wire[6..]);
        let mut received = Vec::new();
        for bodies in bodies.chunks_mut(cuts[0] + 3) {
            received.extend(open(&mut server, bodies).unwrap());
        }
        prop_assert_eq!(received, sent);
    }
}

#[test]
fn a_message_again_or_out_of_order_is_refused() {
    let (mut client, mut server) = ends();
    let mut wire = Vec::new();
    for _ in 0..3 {
        client.sealer.append(&mut wire, Flags::LAST, b"hello");
    }
    client.sealer.seal(&mut wire, usize::MAX).unwrap();
    let sealed = bodies(&wire);
    let mut again = [sealed[0].clone(), sealed[0].clone()];
    assert_eq!(open(&mut server, &mut again), Err(Error::Sequence));
    let (mut second, mut first) = (vec![sealed[2].clone()], vec![sealed[1].clone()]);
    assert!(open(&mut server, &mut second).is_ok());
    assert_eq!(open(&mut server, &mut first), Err(Error::Sequence));
    assert_eq!(Error::Sequence.code(), Some(0x1000_0002));
}

/// What one side sends does not open as if the other had sent it.
#[test]
fn a_message_sent_back_is_refused() {
    let (mut client, _) = ends();
    let mut wire = Vec::new();
    client.sealer.append(&mut wire, Flags::LAST, b"hello");
    client.sealer.seal(&mut wire, usize::MAX).unwrap();
    assert_eq!(open(&mut client, &mut bodies(&wire)), Err(Error::Sealed { command: "MESSAGE" }));
}

#[test]
fn a_changed_byte_of_a_message_is_found() {
    for at in 0..OVERHEAD + 5 {
        let (mut client, mut server) = ends();
        let mut wire = Vec::new();
        client.sealer.append(&mut wire, Flags::LAST, b"hello");
        client.sealer.seal(&mut wire, usize::MAX).unwrap();
        let mut bodies = bodies(&wire);
        bodies[0][at] ^= 0x80;
        assert!(open(&mut server, &mut bodies).is_err(), "byte {at}");
    }
}

#[test]
fn bodies_that_are_no_messages_are_refused() {
    let (_, mut server) = ends();
    let mut refused = |body: &[u8]| open(&mut server, &mut [body.to_vec()]).unwrap_err();
    assert_eq!(refused(b""), Error::UnexpectedCommand { name: String::new() });
    assert_eq!(refused(b"\x05HELLO"), Error::UnexpectedCommand { name: "HELLO".to_owned() });
    for length in [8, 15, OVERHEAD - 1] {
        let mut body = b"\x07MESSAGE".to_vec();
        body.resize(length, 0xFF);
        assert_eq!(refused(&body), Error::Malformed { command: "MESSAGE" });
    }
}

#[test]
fn no_text_shows_a_secret() {
    let keys = Keys::new();
    let shown = format!("{:?} {:?} {:?}", keys.client(), keys.server(true), plain_client());
    assert!(!shown.contains("sesame") && shown.contains("alice"), "{shown}");
    for secret in [&keys.client.secret, &keys.server.secret] {
        assert!(!shown.contains(secret.to_z85().reveal()));
    }
    let opening = format!("{:?}", Opening::new(Local { security: keys.client(), ..local(PUSH) }));
    assert!(!opening.contains(keys.client.secret.to_z85().reveal()));
}

/// A body of so many bytes, none like its neighbours.
fn large(size: usize) -> Vec<u8> {
    (0..size).map(|at| (at * 31 + at / 251) as u8).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// Each part of the work, at either end, may be as small or large as it will.
    #[test]
    fn a_large_message_is_sealed_and_opened_in_parts(
        size in (64 << 10)..(600_usize << 10),
        budgets in prop::collection::vec(1..100_000_usize, 1..8),
        cuts in prop::collection::vec(1..100_000_usize, 1..8),
        at_once in any::<bool>(),
    ) {
        let (mut client, mut server) = ends();
        let body = large(size);
        let mut wire = b"before".to_vec();
        client.sealer.append(&mut wire, Flags::LAST, b"small");
        client.sealer.append(&mut wire, Flags::MORE, &body);
        let mut budgets = budgets.iter().cycle();
        let mut ready = client.sealer.seal(&mut wire, *budgets.next().unwrap()).unwrap();
        let first = &wire[..ready];
        prop_assert!(ready == wire.len() || bodies(&first[6..]).len() == 1, "the small one does not wait");
        let mut calls = 0;
        while ready < wire.len() {
            ready = client.sealer.seal(&mut wire, *budgets.next().unwrap()).unwrap();
            calls += 1;
            prop_assert!(calls <= size);
        }
        client.sealer.append(&mut wire, Flags::LAST, b"last");
        let end = client.sealer.seal(&mut wire, 1).unwrap();
        prop_assert_eq!(end, wire.len());

        let mut sealed = bodies(&wire[6..]);
        let mut last = sealed.split_off(2);
        let mut second = sealed.pop().unwrap();
        let mut received = open(&mut server, &mut sealed).unwrap();
        if at_once {
            received.extend(open(&mut server, std::slice::from_mut(&mut second)).unwrap());
        } else {
            let (mut come, mut opened) = (0, 0);
            for cut in cuts.iter().cycle() {
                come = (come + cut).min(second.len());
                let whole = come == second.len();
                opened = server.opener.open_part(&mut second[..come], opened, whole).unwrap();
                if whole {
                    break;
                }
            }
            prop_assert_eq!(opened, second.len());
            received.push((zmtp::sealed_flags(&second).0, second[OVERHEAD..].to_vec()));
        }
        received.extend(open(&mut server, &mut last).unwrap());
        let sent = [(0, b"small".to_vec()), (1, body), (0, b"last".to_vec())];
        prop_assert_eq!(&received[..], &sent[..]);
    }
}

#[test]
fn a_large_message_that_was_changed_or_comes_again_is_refused() {
    let sealed = || {
        let ((mut client, server), mut wire) = (ends(), Vec::new());
        client.sealer.append(&mut wire, Flags::LAST, &large(100_000));
        client.sealer.seal(&mut wire, usize::MAX).unwrap();
        (server, bodies(&wire).remove(0))
    };
    let in_parts = |server: &mut Cipher, body: &mut [u8]| {
        let opened = server.opener.open_part(&mut body[..50_000], 0, false)?;
        server.opener.open_part(body, opened, true)
    };
    for at in [0, 8, 15, 16, 31, 32, 33, 49_999, 50_000, 100_032] {
        let (mut server, mut body) = sealed();
        body[at] ^= 0x80;
        assert!(in_parts(&mut server, &mut body).is_err(), "byte {at}");
    }
    let (mut server, mut body) = sealed();
    assert_eq!(in_parts(&mut server, &mut body.clone()), Ok(body.len()));
    assert_eq!(in_parts(&mut server, &mut body.clone()), Err(Error::Sequence));
    // Nothing is known yet of one that has hardly begun, unless no more comes.
    assert_eq!(server.opener.open_part(&mut body.clone()[..OVERHEAD - 1], 0, false), Ok(0));
    let refused = server.opener.open_part(&mut body[..OVERHEAD - 1], 0, true);
    assert_eq!(refused, Err(Error::Malformed { command: "MESSAGE" }));
}
