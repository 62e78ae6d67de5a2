//! Records handshakes of genuine libzmq with an opening of ours, for `crates/zmtp/tests/recorded.rs` to play again.
//! `cargo test -p interop --test record -- --ignored` rewrites the files.

use interop::{Peer, Wire};
use std::fmt::Write;
use std::path::Path;
use std::{fs, thread};
use zincmq::SocketType::{Dealer, Rep};
use zincmq::option;
use zincmq::security::ZAP_ENDPOINT;
use zmtp::{
    Cipher, Flags, Keypair, Local, NoRandomness, Opening, SecretKey, Security, SocketName, Status, Verdict,
    frame,
};

/// The keys and draws that the player has as well.
fn keys(byte: u8) -> Keypair {
    Keypair::from(SecretKey::new([byte; 32]))
}

fn draw(bytes: &mut [u8]) -> Result<(), NoRandomness> {
    (1..).zip(bytes).for_each(|(value, byte)| *byte = value);
    Ok(())
}

/// The messages of genuine: frames with their flags.
fn messages() -> [(u8, Vec<u8>); 4] {
    [(0, b"hello".to_vec()), (1, b"two".to_vec()), (0, b"parts".to_vec()), (0, vec![7; 300])]
}

/// All that both sides have said on one connection.
struct Recording {
    wire: Wire,
    genuine: Vec<u8>,
    ours: Vec<u8>,
}

impl Recording {
    fn say(&mut self, bytes: Vec<u8>) {
        self.wire.write(&bytes);
        self.ours.extend(bytes);
    }

    fn hear(&mut self) -> u8 {
        let byte = self.wire.read(1)[0];
        self.genuine.push(byte);
        byte
    }

    fn shake(&mut self, security: Security) -> Option<Cipher> {
        let mut opening = Opening::new(Local {
            socket_type: SocketName { name: "DEALER", code: 5, peers: &["DEALER"] },
            routing_id: Some(b"ours".to_vec()),
            metadata: Vec::new(),
            security,
            random: draw,
            allow_old: false,
        });
        loop {
            self.say(std::mem::take(opening.output()));
            let byte = self.hear();
            let (_, mut status) = opening.feed(&[byte]).expect("a handshake");
            if status == Status::Waiting {
                status = opening.verdict(Verdict::Success).expect("a handshake");
            }
            if let Status::Open(_) = status {
                self.say(std::mem::take(opening.output()));
                return opening.take_cipher();
            }
        }
    }

    /// One message of ours, and those of genuine.
    fn talk(&mut self, genuine: &mut Peer, mut cipher: Option<Cipher>) {
        let mut answer = Vec::new();
        match &mut cipher {
            Some(cipher) => {
                cipher.sealer.append(&mut answer, Flags::LAST, b"answer");
                cipher.sealer.seal(&mut answer, usize::MAX).expect("a box");
            }
            None => frame::append(&mut answer, Flags::LAST, &[b"answer"]),
        }
        self.say(answer);
        assert_eq!(genuine.recv().expect("an answer"), [b"answer"]);
        genuine.send(&[b"hello"]).expect("room");
        genuine.send(&["two", "parts"]).expect("room");
        genuine.send(&[[7; 300]]).expect("room");
        for (_, body) in messages() {
            let begin = self.genuine.len();
            let header = loop {
                self.hear();
                if let Some(header) = frame::decode_header(&self.genuine[begin..]) {
                    break header;
                }
            };
            (0..header.size).for_each(|_| _ = self.hear());
            assert!(header.size >= body.len() as u64);
        }
    }

    fn write(self, name: &str, about: &str) {
        let (major, minor, patch) = genuine::version();
        let mut text = format!(
            "# {about}\n# Recorded by `cargo test -p interop --test record -- --ignored`: the bytes of genuine libzmq \
             {major}.{minor}.{patch}, and ours,\n# whose draws are 1, 2, 3 and so on. The secret keys are 32 times 7 (client) and 8 (server).\n"
        );
        for (who, bytes) in [("genuine", self.genuine), ("ours", self.ours)] {
            writeln!(text, "{who}").expect("text");
            for line in bytes.chunks(50) {
                line.iter().for_each(|byte| write!(text, "{byte:02x}").expect("text"));
                text.push('\n');
            }
        }
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/zmtp/tests/recorded");
        fs::write(folder.join(name), text).expect("a file");
    }
}

/// Genuine connects, and is the client.
fn record_client(name: &str, about: &str, prepare: impl Fn(&mut Peer), ours: Security) {
    let mut genuine = Peer::genuine(Dealer);
    genuine.set(option::ROUTING_ID, *b"genuine");
    prepare(&mut genuine);
    let (listener, endpoint) = Wire::listen();
    genuine.connect(&endpoint);
    finish(name, about, genuine, Wire::accept(&listener), ours);
}

/// Genuine listens, and is the server.
fn record_server(name: &str, about: &str, prepare: impl Fn(&mut Peer), ours: Security) {
    let mut genuine = Peer::genuine(Dealer);
    genuine.set(option::ROUTING_ID, *b"genuine");
    prepare(&mut genuine);
    let endpoint = genuine.bind_tcp();
    finish(name, about, genuine, Wire::connect(&endpoint), ours);
}

fn finish(name: &str, about: &str, mut genuine: Peer, wire: Wire, ours: Security) {
    let mut recording = Recording { wire, genuine: Vec::new(), ours: Vec::new() };
    let cipher = recording.shake(ours);
    recording.talk(&mut genuine, cipher);
    recording.write(name, about);
}

#[test]
#[ignore = "rewrites files of crates/zmtp"]
fn record_curve() {
    let (client, server) = (keys(7), keys(8));
    record_client(
        "curve_client.txt",
        "A CURVE client of genuine libzmq with our server.",
        |genuine| {
            genuine
                .set(option::CURVE_PUBLICKEY, Some(client.public))
                .set(option::CURVE_SECRETKEY, Some(client.secret.clone()))
                .set(option::CURVE_SERVERKEY, Some(server.public));
        },
        Security::CurveServer { secret: server.secret.clone(), zap: true },
    );
    record_server(
        "curve_server.txt",
        "A CURVE server of genuine libzmq with our client.",
        |genuine| {
            genuine.set(option::CURVE_SECRETKEY, Some(server.secret.clone())).set(option::CURVE_SERVER, true);
        },
        Security::CurveClient { public: client.public, secret: client.secret, server: server.public },
    );
}

#[test]
#[ignore = "rewrites files of crates/zmtp"]
fn record_plain() {
    record_client(
        "plain_client.txt",
        "A PLAIN client of genuine libzmq with our server.",
        |genuine| {
            genuine.set(option::PLAIN_USERNAME, "alice").set(option::PLAIN_PASSWORD, "sesame");
        },
        Security::PlainServer,
    );
    record_server(
        "plain_server.txt",
        "A PLAIN server of genuine libzmq with our client.",
        |genuine| {
            let mut handler = genuine.beside(Rep);
            handler.bind(ZAP_ENDPOINT);
            thread::spawn(move || {
                handler.recv().expect("a question");
                handler.send(&["1.0", "1", "200", "", "", ""]).expect("somebody who asked");
            });
            genuine.set(option::PLAIN_SERVER, true);
        },
        Security::PlainClient { user: "alice".to_owned(), password: "sesame".into() },
    );
}
