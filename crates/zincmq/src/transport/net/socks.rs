//! The client's side of SOCKS5 (RFC 1928; user name and password, RFC 1929), without I/O: bytes in, bytes out.

use std::fmt;
use std::net::SocketAddr;

/// Where the proxy shall connect to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Destination {
    /// A numeric address.
    Address(SocketAddr),
    /// A name that the proxy looks up (at most 255 bytes), and a port.
    Name(String, u16),
}

/// Why the proxy does not serve us.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub(crate) enum SocksError {
    /// It does not speak SOCKS5.
    #[error("the proxy does not speak SOCKS5 (it sent {0:#04x} for a version)")]
    Version(u8),
    /// It wants another way of authentication.
    #[error("the proxy refuses {}", if *.login { "a login" } else { "to serve without a login" })]
    Method {
        /// A user name was offered.
        login: bool,
    },
    /// User name or password are wrong.
    #[error("the proxy rejects the user name or the password (status {0})")]
    Login(u8),
    /// It does not connect (RFC 1928, section 6).
    #[error("the proxy cannot connect: {}", reply_text(*.0))]
    Reply(u8),
    /// It answers with an address of no known type.
    #[error("the proxy answers with an address of unknown type {0}")]
    AddressType(u8),
}

/// The part of the conversation that the proxy's next bytes are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stage {
    Method,
    Login,
    /// Version, reply, reserved, type of address, and the first byte of it.
    Reply,
    /// The rest of the address, and the port.
    Address,
    Done,
}

/// The longest message of a proxy: a reply with a name of 255 bytes.
const LONGEST: usize = 4 + 1 + 255 + 2;

const VERSION: u8 = 5;
const NO_AUTHENTICATION: u8 = 0;
const USER_AND_PASSWORD: u8 = 2;

/// A conversation with a proxy. Until [`Client::is_done`], the caller writes [`Client::output`], and feeds
/// [`Client::input`] with what it reads: never more than [`Client::wanted`] bytes, so that nothing of the
/// peer's is taken.
#[derive(Clone)]
pub(crate) struct Client {
    stage: Stage,
    login: Option<Vec<u8>>,
    request: Vec<u8>,
    output: Vec<u8>,
    input: [u8; LONGEST],
    /// Bytes of the proxy's message that are here, and that are needed.
    have: usize,
    need: usize,
}

impl Client {
    /// Asks for a connection to `destination`, as the user in `login` (name and password; each is cut to 255
    /// bytes) or without a login.
    #[must_use]
    pub(crate) fn new(destination: &Destination, login: Option<(&str, &str)>) -> Self {
        let method = if login.is_some() { USER_AND_PASSWORD } else { NO_AUTHENTICATION };
        Self {
            stage: Stage::Method,
            login: login.map(|(user, password)| [&[1][..], &counted(user), &counted(password)].concat()),
            request: request(destination),
            output: vec![VERSION, 1, method],
            input: [0; LONGEST],
            have: 0,
            need: 2,
        }
    }

    /// The bytes to be written now.
    #[must_use]
    pub(crate) fn output(&self) -> &[u8] {
        &self.output
    }

    /// The first `count` bytes of the output have been written.
    pub(crate) fn wrote(&mut self, count: usize) {
        self.output.drain(..count.min(self.output.len()));
    }

    /// The proxy has connected us: from here on the bytes are the peer's.
    #[must_use]
    pub(crate) fn is_done(&self) -> bool {
        self.stage == Stage::Done
    }

    /// How many bytes may be read now; 0 when done.
    #[must_use]
    pub(crate) const fn wanted(&self) -> usize {
        self.need - self.have
    }

    /// Takes bytes that were read. Returns how many belong to the conversation: all, unless it ended.
    ///
    /// # Errors
    /// [`SocksError`]; the connection is of no use then.
    pub(crate) fn input(&mut self, bytes: &[u8]) -> Result<usize, SocksError> {
        let mut taken = 0;
        while !self.is_done() {
            let rest = bytes.get(taken..).unwrap_or_default();
            let count = rest.len().min(self.wanted());
            let room = self.input.get_mut(self.have..self.have + count).unwrap_or_default();
            room.copy_from_slice(&rest[..room.len()]);
            self.have += count;
            taken += count;
            if self.wanted() > 0 {
                break;
            }
            self.step()?;
        }
        Ok(taken)
    }

    /// A message, or enough of it, is here.
    fn step(&mut self) -> Result<(), SocksError> {
        let [version, status, _, kind, length, ..] = self.input;
        let expected = if self.stage == Stage::Login { 1 } else { VERSION };
        if version != expected {
            return Err(SocksError::Version(version));
        }
        match (self.stage, status) {
            (Stage::Method, USER_AND_PASSWORD) if self.login.is_some() => {
                self.say(Stage::Login, 2, self.login.clone().unwrap_or_default());
            }
            (Stage::Method, NO_AUTHENTICATION) if self.login.is_none() => self.ask(),
            (Stage::Method, _) => return Err(SocksError::Method { login: self.login.is_some() }),
            (Stage::Login, 0) => self.ask(),
            (Stage::Login, status) => return Err(SocksError::Login(status)),
            (Stage::Reply, 0) => {
                self.stage = Stage::Address;
                self.need = 4
                    + 2
                    + match kind {
                        1 => 4,
                        3 => 1 + usize::from(length),
                        4 => 16,
                        _ => return Err(SocksError::AddressType(kind)),
                    };
            }
            (Stage::Reply, status) => return Err(SocksError::Reply(status)),
            (Stage::Address | Stage::Done, _) => self.stage = Stage::Done,
        }
        Ok(())
    }

    fn ask(&mut self) {
        self.say(Stage::Reply, 5, self.request.clone());
    }

    /// Sends `bytes` and waits for an answer of at least `need` bytes.
    fn say(&mut self, stage: Stage, need: usize, bytes: Vec<u8>) {
        (self.stage, self.have, self.need) = (stage, 0, need);
        self.output.extend(bytes);
    }
}

impl fmt::Debug for Client {
    /// Without the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("stage", &self.stage).finish_non_exhaustive()
    }
}

/// The text's length in one byte, and the text.
fn counted(text: &str) -> Vec<u8> {
    let bytes = &text.as_bytes()[..text.len().min(255)];
    [&[bytes.len() as u8], bytes].concat()
}

/// CONNECT (RFC 1928, section 4).
fn request(destination: &Destination) -> Vec<u8> {
    let (kind, address, port) = match destination {
        Destination::Name(name, port) => (3, counted(name), *port),
        Destination::Address(SocketAddr::V4(address)) => (1, address.ip().octets().to_vec(), address.port()),
        Destination::Address(SocketAddr::V6(address)) => (4, address.ip().octets().to_vec(), address.port()),
    };
    [&[VERSION, 1, 0, kind][..], &address, &port.to_be_bytes()].concat()
}

/// RFC 1928, section 6.
const fn reply_text(reply: u8) -> &'static str {
    match reply {
        1 => "it failed",
        2 => "its rules forbid the connection",
        3 => "the network is unreachable",
        4 => "the host is unreachable",
        5 => "the connection was refused",
        6 => "the time to live expired",
        7 => "it does not know the command",
        8 => "it does not know the type of address",
        _ => "for an unknown reason",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const METHOD: &[u8] = &[5, 0];
    const METHOD_LOGIN: &[u8] = &[5, 2];
    const LOGIN: &[u8] = &[1, 0];
    const REPLY_V4: &[u8] = &[5, 0, 0, 1, 127, 0, 0, 1, 0, 80];
    const REPLY_NAME: &[u8] = &[5, 0, 0, 3, 2, b'h', b'i', 0, 80];
    const REPLY_NO_NAME: &[u8] = &[5, 0, 0, 3, 0, 0, 80];
    const REPLY_V6: &[u8] = &[5, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 80];

    fn name() -> Destination {
        Destination::Name("peer".into(), 258)
    }

    /// Feeds `script` in pieces of `size`, and returns what the client said.
    fn talk(client: &mut Client, script: &[u8], size: usize) -> Result<Vec<u8>, SocksError> {
        let mut said = Vec::new();
        for piece in script.chunks(size) {
            said.extend_from_slice(client.output());
            client.wrote(client.output().len());
            assert_eq!(client.input(piece)?, piece.len());
        }
        said.extend_from_slice(client.output());
        Ok(said)
    }

    #[test]
    fn any_split_and_any_reply() {
        for reply in [REPLY_V4, REPLY_NAME, REPLY_NO_NAME, REPLY_V6] {
            for size in 1..30 {
                let mut client = Client::new(&name(), None);
                let said = talk(&mut client, &[METHOD, reply].concat(), size).unwrap();
                assert!(client.is_done() && client.wanted() == 0);
                assert_eq!(said, b"\x05\x01\x00\x05\x01\x00\x03\x04peer\x01\x02");
            }
        }
    }

    #[test]
    fn a_login() {
        for size in 1..30 {
            let mut client = Client::new(&name(), Some(("me", "")));
            let said = talk(&mut client, &[METHOD_LOGIN, LOGIN, REPLY_V4].concat(), size).unwrap();
            assert!(client.is_done());
            assert_eq!(said, b"\x05\x01\x02\x01\x02me\x00\x05\x01\x00\x03\x04peer\x01\x02");
        }
    }

    #[test]
    fn numeric_destinations() {
        for (text, request) in [
            ("1.2.3.4:80", &b"\x05\x01\x00\x01\x01\x02\x03\x04\x00\x50"[..]),
            ("[::1]:80", b"\x05\x01\x00\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x00\x50"),
        ] {
            assert_eq!(super::request(&Destination::Address(text.parse().unwrap())), request);
        }
    }

    #[test]
    fn the_peers_bytes_are_left_alone() {
        let mut client = Client::new(&name(), None);
        let all = [METHOD, REPLY_NAME, b"\xffpeer"].concat();
        assert_eq!(client.input(&all), Ok(all.len() - 5));
        assert_eq!(client.input(b"more"), Ok(0));
    }

    #[test]
    fn hostile_and_unwilling_proxies() {
        for (login, script, error) in [
            (false, &b"HTTP"[..], SocksError::Version(b'H')),
            (false, b"\x04\x00", SocksError::Version(4)),
            (false, b"\x05\xff", SocksError::Method { login: false }),
            (false, b"\x05\x02", SocksError::Method { login: false }),
            (true, b"\x05\x00", SocksError::Method { login: true }),
            (true, b"\x05\x02\x01\x01", SocksError::Login(1)),
            (true, b"\x05\x02\x05\x00", SocksError::Version(5)),
            (false, b"\x05\x00\x05\x05\x00\x01\x00", SocksError::Reply(5)),
            (false, b"\x05\x00\x05\x00\x00\x09\x00", SocksError::AddressType(9)),
            (false, b"\x05\x00\x00\x00\x00\x01\x00", SocksError::Version(0)),
        ] {
            let mut client = Client::new(&name(), login.then_some(("me", "secret")));
            assert_eq!(client.input(script), Err(error), "{script:?}");
            assert!(!client.is_done() && !error.to_string().is_empty());
            assert!(!format!("{client:?}").contains("secret"));
        }
        // Random bytes end in an error, in success or in hunger, never beyond the bound.
        for seed in 0..500_u32 {
            let mut client = Client::new(&name(), None);
            let noise =
                (0..600).map(|i| (seed.wrapping_mul(2_654_435_761).wrapping_add(i * 40_503) >> 13) as u8);
            let script = METHOD.iter().copied().chain([5, 0, 0, 3]).chain(noise).collect::<Vec<_>>();
            assert!(client.input(&script).is_ok_and(|taken| taken <= 2 + LONGEST));
        }
    }
}
