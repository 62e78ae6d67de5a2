//! NULL, PLAIN and CURVE, ours with genuine libzmq: each role, tcp and ipc, right and wrong credentials, with an
//! authenticator and without one.

use interop::{GLANCE, Library, Monitor, Peer, noise};
use std::thread::{self, JoinHandle};
use std::time::Duration;
use zincmq::SocketType::{Dealer, Rep};
use zincmq::security::{Keypair, ZAP_ENDPOINT};
use zincmq::{EventKind, option};

const LIBRARIES: [Library; 2] = [Library::Ours, Library::Genuine];
const ENDPOINTS: [&str; 2] = ["tcp://127.0.0.1:*", "ipc://*"];

/// A server of one library and a client of the other.
struct Pair {
    server: Peer,
    client: Peer,
    events: Monitor,
}

impl Pair {
    fn new(server: Library) -> Self {
        let client = Peer::new(server.other(), Dealer);
        let mut server = Peer::new(server, Dealer);
        let events = server.monitor();
        Self { server, client, events }
    }

    fn connect(&mut self, endpoint: &str) {
        let bound = self.server.bind(endpoint);
        self.client.connect(&bound);
    }

    /// Messages of many sizes, both ways, in one part and in several.
    fn converse(&mut self) {
        let bytes = noise(300_000);
        for size in
            [0, 1, 31, 32, 33, 221, 222, 223, 224, 255, 256, 1000, 8192, 65_000, 65_503, 65_536, 300_000]
        {
            let message = [&bytes[..size], b"", &bytes[..size / 2]];
            self.client.send(&message).unwrap();
            assert_eq!(self.server.recv().unwrap(), message);
            self.server.send(&message[..1]).unwrap();
            assert_eq!(self.client.recv().unwrap(), message[..1]);
        }
        for at in 0..2000_u32 {
            self.client.send(&[at.to_be_bytes()]).unwrap();
        }
        for at in 0..2000_u32 {
            assert_eq!(self.server.recv().unwrap(), [at.to_be_bytes()]);
        }
    }
}

/// Answers each question with this status, until a message says otherwise. Returns its questions.
struct Authenticator(JoinHandle<Vec<Vec<Vec<u8>>>>);

impl Authenticator {
    fn start(beside: &Peer, status: &'static str) -> Self {
        let mut rep = beside.beside(Rep);
        rep.bind(ZAP_ENDPOINT);
        Self(thread::spawn(move || {
            let mut asked = Vec::new();
            loop {
                let question = rep.recv().unwrap();
                if question == [b"stop"] {
                    return asked;
                }
                asked.push(question);
                rep.send(&["1.0", "1", status, "", "joe", ""].map(str::as_bytes)).unwrap();
            }
        }))
    }

    fn stop(self, beside: &Peer) -> Vec<Vec<Vec<u8>>> {
        let mut stop = beside.beside(zincmq::SocketType::Req);
        stop.connect(ZAP_ENDPOINT);
        stop.send(&[b"stop"]).unwrap();
        self.0.join().unwrap()
    }
}

fn curve(pair: &mut Pair) -> (Keypair, Keypair) {
    let (server, client) = (Keypair::generate().unwrap(), Keypair::generate().unwrap());
    pair.server.set(option::CURVE_SECRETKEY, Some(server.secret.clone())).set(option::CURVE_SERVER, true);
    pair.client
        .set(option::CURVE_PUBLICKEY, Some(client.public))
        .set(option::CURVE_SECRETKEY, Some(client.secret.clone()))
        .set(option::CURVE_SERVERKEY, Some(server.public));
    (server, client)
}

fn plain(pair: &mut Pair) {
    pair.server.set(option::PLAIN_SERVER, true);
    pair.client.set(option::PLAIN_USERNAME, "alice").set(option::PLAIN_PASSWORD, "sesame");
}

fn each(test: impl Fn(Pair, &str)) {
    for server in LIBRARIES {
        for endpoint in ENDPOINTS {
            println!("server {server:?}, {endpoint}");
            test(Pair::new(server), endpoint);
        }
    }
}

#[test]
fn curve_without_an_authenticator() {
    each(|mut pair, endpoint| {
        curve(&mut pair);
        pair.connect(endpoint);
        pair.converse();
    });
}

#[test]
fn curve_with_heartbeats() {
    each(|mut pair, endpoint| {
        curve(&mut pair);
        for peer in [&mut pair.server, &mut pair.client] {
            peer.set(option::HEARTBEAT_IVL, Duration::from_millis(20))
                .set(option::HEARTBEAT_TIMEOUT, Duration::from_secs(2));
        }
        pair.connect(endpoint);
        pair.client.send(&[b"hello"]).unwrap();
        assert_eq!(pair.server.recv().unwrap(), [b"hello"]);
        // Some ten PINGs each way.
        assert_eq!(pair.server.recv_within(GLANCE * 4), None);
        pair.converse();
        assert_eq!(pair.events.find(EventKind::Disconnected, GLANCE), None);
    });
}

#[test]
fn each_mechanism_with_an_authenticator() {
    for mechanism in ["NULL", "PLAIN", "CURVE"] {
        each(|mut pair, endpoint| {
            let credentials = match mechanism {
                "PLAIN" => {
                    plain(&mut pair);
                    vec![b"alice".to_vec(), b"sesame".to_vec()]
                }
                "CURVE" => vec![curve(&mut pair).1.public.as_bytes().to_vec()],
                _ => Vec::new(),
            };
            pair.server.set(option::ZAP_DOMAIN, "domain");
            let authenticator = Authenticator::start(&pair.server, "200");
            pair.connect(endpoint);
            pair.client.send(&[b"hello"]).unwrap();
            let told = pair.server.recv_metadata(&["User-Id", "Socket-Type"]);
            assert_eq!(told, ["joe", "DEALER"].map(|text| Some(text.to_owned())));
            pair.converse();
            let asked = authenticator.stop(&pair.server);
            assert_eq!(asked.len(), 1);
            assert_eq!(asked[0][..3], [b"1.0".to_vec(), b"1".to_vec(), b"domain".to_vec()]);
            assert_eq!(asked[0][5], mechanism.as_bytes());
            assert_eq!(asked[0][6..], credentials);
        });
    }
}

#[test]
fn the_authenticator_refuses() {
    for status in ["300", "400", "500"] {
        for mechanism in ["NULL", "PLAIN", "CURVE"] {
            each(|mut pair, endpoint| {
                println!("{mechanism} {status}");
                match mechanism {
                    "PLAIN" => plain(&mut pair),
                    "CURVE" => _ = curve(&mut pair),
                    _ => {}
                }
                pair.server.set(option::ZAP_DOMAIN, "domain");
                let authenticator = Authenticator::start(&pair.server, status);
                let mut client_events = pair.client.monitor();
                pair.connect(endpoint);
                assert_eq!(pair.events.wait_for(EventKind::HandshakeFailedAuth), status.parse().unwrap());
                if status != "300" {
                    assert_eq!(
                        client_events.wait_for(EventKind::HandshakeFailedAuth),
                        status.parse().unwrap()
                    );
                }
                assert!(!authenticator.stop(&pair.server).is_empty());
            });
        }
    }
}

#[test]
fn another_servers_key_opens_nothing() {
    each(|mut pair, endpoint| {
        curve(&mut pair);
        let another = Keypair::generate().unwrap();
        pair.client.set(option::CURVE_SERVERKEY, Some(another.public));
        pair.connect(endpoint);
        assert_eq!(pair.events.wait_for(EventKind::HandshakeFailedProtocol), 0x1100_0001);
        pair.client.set(option::SNDTIMEO, Duration::ZERO);
        _ = pair.client.send(&[b"hello"]);
        assert_eq!(pair.server.recv_within(GLANCE), None);
    });
}

#[test]
fn mechanisms_must_match() {
    for mechanism in ["PLAIN", "CURVE"] {
        each(|mut pair, endpoint| {
            match mechanism {
                "PLAIN" => _ = pair.server.set(option::PLAIN_SERVER, true),
                _ => {
                    let keys = Keypair::generate().unwrap();
                    pair.server
                        .set(option::CURVE_SECRETKEY, Some(keys.secret))
                        .set(option::CURVE_SERVER, true);
                }
            }
            pair.connect(endpoint);
            // Whichever side notices first closes, so that the other may not come to tell why.
            pair.events.wait_for(EventKind::Disconnected);
            pair.client.set(option::SNDTIMEO, Duration::ZERO);
            _ = pair.client.send(&[b"hello"]);
            assert_eq!(pair.server.recv_within(GLANCE), None);
        });
    }
}
