//! A bare connection, to speak ZMTP by hand as its RFCs have it.

use crate::PATIENCE;
use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

/// What a hand-made peer speaks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub enum Version {
    V1_0,
    V2_0,
    V3_0,
    V3_1,
}

/// A frame of ZMTP 2.0 to 3.1 (RFC 15, RFC 23): flags, size, body.
#[must_use]
pub fn frame(flags: u8, body: &[u8]) -> Vec<u8> {
    match u8::try_from(body.len()) {
        Ok(size) => [&[flags, size], body].concat(),
        Err(_) => [&[flags | 2][..], &(body.len() as u64).to_be_bytes(), body].concat(),
    }
}

/// A frame of ZMTP 1.0 (RFC 13): length of flags and body, flags, body.
#[must_use]
pub fn frame_v1(flags: u8, body: &[u8]) -> Vec<u8> {
    match u8::try_from(body.len() + 1) {
        Ok(length) if length < 0xFF => [&[length, flags], body].concat(),
        _ => [&[0xFF][..], &(body.len() as u64 + 1).to_be_bytes(), &[flags], body].concat(),
    }
}

/// The connection.
#[derive(Debug)]
pub struct Wire(TcpStream);

impl Wire {
    /// Connects to an endpoint such as `tcp://127.0.0.1:5555`.
    #[must_use]
    pub fn connect(endpoint: &str) -> Self {
        Self::new(TcpStream::connect(endpoint.trim_start_matches("tcp://")).expect(endpoint))
    }

    /// Listens; returns the endpoint.
    #[must_use]
    pub fn listen() -> (TcpListener, String) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let endpoint = format!("tcp://{}", listener.local_addr().expect("an address"));
        (listener, endpoint)
    }

    /// Accepts the next connection.
    #[must_use]
    pub fn accept(listener: &TcpListener) -> Self {
        Self::new(listener.accept().expect("a connection").0)
    }

    fn new(stream: TcpStream) -> Self {
        stream.set_read_timeout(Some(PATIENCE)).expect("an option");
        stream.set_write_timeout(Some(PATIENCE)).expect("an option");
        stream.set_nodelay(true).expect("an option");
        Self(stream)
    }

    /// Writes all of it.
    pub fn write(&mut self, bytes: impl AsRef<[u8]>) {
        self.0.write_all(bytes.as_ref()).expect("to be read");
    }

    /// Reads exactly so many bytes.
    pub fn read(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        self.0.read_exact(&mut bytes).expect("enough bytes");
        bytes
    }

    /// Reads `most` bytes, or fewer if the other side closes before.
    pub fn read_some(&mut self, most: usize) -> Vec<u8> {
        let mut bytes = Vec::new();
        // What was read before an error is kept, and an end that shows itself as one is the end.
        _ = Read::by_ref(&mut self.0).take(most as u64).read_to_end(&mut bytes);
        bytes
    }

    /// Reads what must be these bytes.
    pub fn expect(&mut self, bytes: impl AsRef<[u8]>) {
        let bytes = bytes.as_ref();
        let read = self.read(bytes.len());
        let begin = |bytes: &[u8]| bytes[..bytes.len().min(100)].escape_ascii().to_string();
        assert!(read == bytes, "read {}... for {}...", begin(&read), begin(bytes));
    }

    /// Whether there is something to read, now or very soon.
    #[must_use]
    pub fn has_bytes(&self) -> bool {
        self.0.set_read_timeout(Some(Duration::from_millis(1))).expect("an option");
        let peeked = self.0.peek(&mut [0]);
        self.0.set_read_timeout(Some(PATIENCE)).expect("an option");
        peeked.is_ok_and(|count| count > 0)
    }

    /// Reads a frame of ZMTP 2.0 to 3.1: flags and body.
    pub fn read_frame(&mut self) -> (u8, Vec<u8>) {
        let flags = self.read(1)[0];
        let size = if flags & 2 == 0 {
            u64::from(self.read(1)[0])
        } else {
            u64::from_be_bytes(self.read(8).try_into().expect("eight bytes"))
        };
        (flags & !2, self.read(usize::try_from(size).expect("a size")))
    }

    /// Waits for the other side to close; returns what it had sent.
    pub fn read_to_end(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        match self.0.read_to_end(&mut bytes) {
            Ok(_) => bytes,
            Err(error) if error.kind() == ErrorKind::ConnectionReset => bytes,
            Err(error) => panic!("not closed: {error}"),
        }
    }

    /// Opens a connection of this version as a socket of this type (its name, and its number in 2.0) with this
    /// routing id; returns the other side's READY in 3.x, and its routing id before.
    pub fn open(&mut self, version: Version, socket: (&str, u8), routing_id: &[u8]) -> Vec<u8> {
        match version {
            // No greeting at all: the first frame is the routing id.
            Version::V1_0 => {
                self.write(frame_v1(0, routing_id));
                self.expect([0xFF, 0, 0, 0, 0, 0, 0, 0]);
                let length = usize::from(self.read(1)[0]);
                self.expect([0x7F]);
                self.read(length - 1)
            }
            Version::V2_0 => {
                self.write(
                    [&[0xFF, 0, 0, 0, 0, 0, 0, 0, 1, 0x7F, 1, socket.1][..], &frame(0, routing_id)].concat(),
                );
                self.expect_signature();
                assert!(self.read(1)[0] >= 1, "a revision of at least 1");
                self.read(1);
                let (flags, routing_id) = self.read_frame();
                assert_eq!(flags, 0);
                routing_id
            }
            Version::V3_0 | Version::V3_1 => {
                let minor = u8::from(version == Version::V3_1);
                let mut greeting = vec![0xFF, 0, 0, 0, 0, 0, 0, 0, 1, 0x7F, 3, minor];
                greeting.extend(b"NULL");
                greeting.resize(64, 0);
                greeting.extend(frame(4, &ready(socket.0, routing_id)));
                self.write(greeting);
                self.expect_signature();
                self.expect(b"\x03\x01NULL");
                self.read(48);
                let (flags, ready) = self.read_frame();
                assert_eq!((flags, &ready[..6]), (4, &b"\x05READY"[..]));
                ready
            }
        }
    }

    fn expect_signature(&mut self) {
        let signature = self.read(10);
        assert_eq!((signature[0], signature[9]), (0xFF, 0x7F), "{signature:?}");
    }
}

/// The READY command (RFC 23).
fn ready(socket: &str, routing_id: &[u8]) -> Vec<u8> {
    let property = |name: &str, value: &[u8]| {
        [&[name.len() as u8], name.as_bytes(), &(value.len() as u32).to_be_bytes(), value].concat()
    };
    [&b"\x05READY"[..], &property("Socket-Type", socket.as_bytes()), &property("Identity", routing_id)]
        .concat()
}
