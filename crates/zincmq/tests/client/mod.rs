//! The client's side of a handshake over tcp, by hand.

#![allow(dead_code, reason = "each test binary uses its part")]

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;
use zincmq::security::{Keypair, PublicKey};
use zmtp::{Cipher, Local, Opening, Security, SocketName, Status};

pub(crate) struct Client {
    pub(crate) stream: TcpStream,
    pub(crate) opening: Opening,
}

impl Client {
    /// A PUSH with these credentials.
    pub(crate) fn connect(address: &str, security: Security) -> Self {
        Self::with_metadata(address, security, &[])
    }

    /// It tells this much of itself as well.
    pub(crate) fn with_metadata(address: &str, security: Security, metadata: &[(&str, Vec<u8>)]) -> Self {
        let local = Local {
            socket_type: SocketName { name: "PUSH", code: 8, peers: &["PULL"] },
            routing_id: None,
            metadata: metadata.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect(),
            security,
            random: zmtp::system_random,
            allow_old: false,
        };
        let stream = TcpStream::connect(address.trim_start_matches("tcp://")).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        Self { stream, opening: Opening::new(local) }
    }

    pub(crate) fn say(&mut self) {
        let bytes = std::mem::take(self.opening.output());
        self.stream.write_all(&bytes).unwrap();
    }

    /// Says and hears until this has been heard.
    pub(crate) fn until_heard(&mut self, command: &[u8]) {
        let mut heard = Vec::new();
        while !heard.windows(command.len()).any(|window| window == command) {
            let bytes = self.hear();
            assert!(matches!(self.opening.feed(&bytes).unwrap().1, Status::More));
            heard.extend(bytes);
        }
    }

    /// Shakes hands to the end. Returns the keys of the traffic, if it is encrypted.
    pub(crate) fn open(&mut self) -> Option<Cipher> {
        loop {
            let bytes = self.hear();
            if let Status::Open(_) = self.opening.feed(&bytes).unwrap().1 {
                self.say();
                return self.opening.take_cipher();
            }
        }
    }

    fn hear(&mut self) -> Vec<u8> {
        self.say();
        let mut bytes = vec![0; 512];
        let read = self.stream.read(&mut bytes).unwrap();
        assert_ne!(read, 0, "the server has hung up");
        bytes.truncate(read);
        bytes
    }
}

/// The credentials of a client with new keys.
pub(crate) fn curve(server: PublicKey) -> Security {
    let Keypair { public, secret } = Keypair::generate().unwrap();
    Security::CurveClient { public, secret, server }
}
