//! One side of a handshake over tcp, by hand: a client unless it is told otherwise.

#![allow(dead_code, reason = "each test binary uses its part")]

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;
use zincmq::SocketType;
use zincmq::security::{Keypair, PublicKey};
use zmtp::{Cipher, Flags, Local, OVERHEAD, Opening, Security, SocketName, Status, Verdict, frame};

/// Where a greeting has the minor number of its version.
const MINOR: usize = 11;

pub(crate) struct Client {
    pub(crate) stream: TcpStream,
    pub(crate) opening: Opening,
    /// The version that it speaks is 3 and this.
    pub(crate) minor: u8,
    /// So many bytes are written at a time.
    pub(crate) piece: usize,
    said: usize,
    unread: Vec<u8>,
}

impl Client {
    /// A PUSH with these credentials.
    pub(crate) fn connect(address: &str, security: Security) -> Self {
        Self::with_metadata(address, security, &[])
    }

    /// It tells this much of itself as well.
    pub(crate) fn with_metadata(address: &str, security: Security, metadata: &[(&str, Vec<u8>)]) -> Self {
        let metadata = metadata.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        Self::over(dial(address), Local { metadata, ..local(SocketType::Push, security) })
    }

    /// Over a connection that there is.
    pub(crate) fn over(stream: TcpStream, local: Local) -> Self {
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream.set_nodelay(true).unwrap();
        let opening = Opening::new(local);
        Self { stream, opening, minor: 1, piece: usize::MAX, said: 0, unread: Vec::new() }
    }

    pub(crate) fn say(&mut self) {
        let mut bytes = std::mem::take(self.opening.output());
        if let Some(byte) = MINOR.checked_sub(self.said).and_then(|at| bytes.get_mut(at)) {
            *byte = self.minor;
        }
        self.said += bytes.len();
        self.write(&bytes);
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) {
        bytes.chunks(self.piece).for_each(|piece| self.stream.write_all(piece).unwrap());
    }

    /// Says and hears until this has been heard.
    pub(crate) fn until_heard(&mut self, command: &[u8]) {
        let mut heard = Vec::new();
        while !heard.windows(command.len()).any(|window| window == command) {
            self.say();
            self.hear();
            assert!(matches!(self.opening.feed(&self.unread).unwrap().1, Status::More));
            heard.append(&mut self.unread);
        }
    }

    /// Shakes hands to the end; a server lets everybody in. Returns the keys of the traffic, if it is encrypted.
    pub(crate) fn open(&mut self) -> Option<Cipher> {
        loop {
            self.say();
            self.hear();
            let (taken, mut status) = self.opening.feed(&self.unread).unwrap();
            self.unread.drain(..taken);
            if status == Status::Waiting {
                status = self.opening.verdict(Verdict::Success).unwrap();
            }
            if let Status::Open(_) = status {
                self.say();
                return self.opening.take_cipher();
            }
        }
    }

    /// Sends a frame, in a box if there are keys.
    pub(crate) fn send(&mut self, cipher: &mut Option<Cipher>, body: &[u8]) {
        let mut bytes = Vec::new();
        match cipher {
            Some(cipher) => {
                cipher.sealer.append(&mut bytes, Flags::LAST, body);
                cipher.sealer.seal(&mut bytes, usize::MAX).unwrap();
            }
            None => frame::append(&mut bytes, Flags::LAST, &[body]),
        }
        self.write(&bytes);
    }

    /// Receives a frame: whether it is a command, and its body.
    pub(crate) fn receive(&mut self, cipher: &mut Option<Cipher>) -> (bool, Vec<u8>) {
        loop {
            if let Some(header) = frame::decode_header(&self.unread) {
                let end = header.header_len + header.size as usize;
                if end <= self.unread.len() {
                    let mut body: Vec<u8> = self.unread.drain(..end).skip(header.header_len).collect();
                    let Some(cipher) = cipher else { return (header.flags.has(Flags::COMMAND), body) };
                    cipher.opener.open([&mut body[..]]).unwrap();
                    let is_command = zmtp::sealed_flags(&body).has(Flags::COMMAND);
                    return (is_command, body.split_off(OVERHEAD));
                }
            }
            self.hear();
        }
    }

    fn hear(&mut self) {
        let mut bytes = [0; 512];
        let read = self.stream.read(&mut bytes).unwrap();
        assert_ne!(read, 0, "the other side has hung up");
        self.unread.extend_from_slice(&bytes[..read]);
    }
}

pub(crate) fn dial(address: &str) -> TcpStream {
    TcpStream::connect(address.trim_start_matches("tcp://")).unwrap()
}

/// A socket of this type that says nothing else of itself.
pub(crate) fn local(socket_type: SocketType, security: Security) -> Local {
    Local {
        socket_type: SocketName {
            name: socket_type.name(),
            code: socket_type.number() as u8,
            peers: socket_type.peers(),
        },
        routing_id: None,
        metadata: Vec::new(),
        security,
        random: zmtp::system_random,
        allow_old: false,
    }
}

/// The credentials of a client with new keys.
pub(crate) fn curve(server: PublicKey) -> Security {
    let Keypair { public, secret } = Keypair::generate().unwrap();
    Security::CurveClient { public, secret, server }
}
