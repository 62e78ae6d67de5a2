//! PLAIN: the client says a user name and a password, in clear text, and the server's authenticator judges them.
//!
//! ```text
//! client ── HELLO user, password ──► server, which asks its authenticator
//!        ◄───────── WELCOME ──────── or ERROR
//!        ── INITIATE metadata ─────►
//!        ◄────── READY metadata ────
//! ```
//!
//! Source: RFC 24; libzmq takes the same commands.

use std::fmt;

use crate::codec::command::{self, HELLO, INITIATE, WELCOME};
use crate::codec::frame::{self, Flags};
use crate::crypto::Secret;
use crate::error::Error;
use crate::mechanism::contract::{Mechanism, Progress};
use crate::metadata::{self, Property};

/// What libzmq's servers send in place of ERROR and its length, and what its clients take for it: they know no other. (In
/// C++, the E belongs to the number before it.)
const LIBZMQ_ERROR: &[u8] = b"\x5ERROR";

/// The client.
#[derive(Debug)]
pub(crate) struct Client {
    state: ClientState,
    metadata: Vec<u8>,
}

#[derive(Debug)]
enum ClientState {
    SaysHello { user: String, password: Secret },
    AwaitsWelcome,
    SaysInitiate,
    AwaitsReady,
    Done,
}

impl Client {
    pub(crate) fn new(metadata: Vec<u8>, user: &str, password: &Secret) -> Self {
        let state = ClientState::SaysHello { user: user.to_owned(), password: password.clone() };
        Self { state, metadata }
    }
}

impl Mechanism for Client {
    fn produce(&mut self, out: &mut Vec<u8>) -> Result<(), Error> {
        match &self.state {
            ClientState::SaysHello { user, password } => {
                let (user, password) = (user.as_bytes(), password.reveal().as_bytes());
                let length = |text: &[u8]| u8::try_from(text.len()).map_err(|_| Error::LongCredentials);
                let lengths = [[length(user)?], [length(password)?]];
                frame::append(out, Flags::COMMAND, &[HELLO, &lengths[0], user, &lengths[1], password]);
                self.state = ClientState::AwaitsWelcome;
            }
            ClientState::SaysInitiate => {
                frame::append(out, Flags::COMMAND, &[INITIATE, &self.metadata]);
                self.state = ClientState::AwaitsReady;
            }
            _ => {}
        }
        Ok(())
    }

    fn consume(&mut self, body: &[u8], peer: &mut Vec<Property>) -> Result<(), Error> {
        let command = match body.strip_prefix(LIBZMQ_ERROR) {
            Some(reason) => (&b"ERROR"[..], reason),
            None => command::split(body).unwrap_or_default(),
        };
        match (&self.state, command) {
            (ClientState::AwaitsWelcome, (b"WELCOME", b"")) => self.state = ClientState::SaysInitiate,
            (ClientState::AwaitsWelcome, (b"WELCOME", _)) => {
                return Err(Error::Malformed { command: "WELCOME" });
            }
            (ClientState::AwaitsReady, (b"READY", metadata)) => {
                *peer = metadata::parse(metadata)?;
                self.state = ClientState::Done;
            }
            (ClientState::AwaitsWelcome | ClientState::AwaitsReady, (b"ERROR", reason)) => {
                return Err(command::refusal(reason));
            }
            _ => return Err(command::unexpected(body)),
        }
        Ok(())
    }

    fn progress(&self) -> Progress {
        if matches!(self.state, ClientState::Done) { Progress::Done } else { Progress::Talking }
    }

    fn grant(&mut self) {}
}

/// The server.
#[derive(Debug)]
pub(crate) struct Server {
    state: ServerState,
    metadata: Vec<u8>,
}

enum ServerState {
    AwaitsHello,
    /// The user name and the password wait for their judge.
    Asks(Vec<Vec<u8>>),
    SaysWelcome,
    AwaitsInitiate,
    SaysReady,
    Done,
}

impl Server {
    pub(crate) fn new(metadata: Vec<u8>) -> Self {
        Self { state: ServerState::AwaitsHello, metadata }
    }
}

impl Mechanism for Server {
    fn produce(&mut self, out: &mut Vec<u8>) -> Result<(), Error> {
        match self.state {
            ServerState::SaysWelcome => {
                frame::append(out, Flags::COMMAND, &[WELCOME]);
                self.state = ServerState::AwaitsInitiate;
            }
            ServerState::SaysReady => {
                frame::append(out, Flags::COMMAND, &[command::READY, &self.metadata]);
                self.state = ServerState::Done;
            }
            _ => {}
        }
        Ok(())
    }

    fn consume(&mut self, body: &[u8], peer: &mut Vec<Property>) -> Result<(), Error> {
        self.state = match (&self.state, command::split(body).unwrap_or_default()) {
            (ServerState::AwaitsHello, (b"HELLO", credentials)) => {
                let credentials = split(credentials).ok_or(Error::Malformed { command: "HELLO" })?;
                ServerState::Asks(credentials.map(<[u8]>::to_vec).to_vec())
            }
            (ServerState::AwaitsInitiate, (b"INITIATE", metadata)) => {
                *peer = metadata::parse(metadata)?;
                ServerState::SaysReady
            }
            _ => return Err(command::unexpected(body)),
        };
        Ok(())
    }

    fn progress(&self) -> Progress {
        match self.state {
            ServerState::Asks(_) => Progress::Waiting,
            ServerState::Done => Progress::Done,
            _ => Progress::Talking,
        }
    }

    fn credentials(&self) -> &[Vec<u8>] {
        match &self.state {
            ServerState::Asks(credentials) => credentials,
            _ => &[],
        }
    }

    fn grant(&mut self) {
        if matches!(self.state, ServerState::Asks(_)) {
            self.state = ServerState::SaysWelcome;
        }
    }

    fn refuse(&mut self, reason: &[u8], out: &mut Vec<u8>) {
        let length = [u8::try_from(reason.len()).unwrap_or(u8::MAX)];
        frame::append(out, Flags::COMMAND, &[LIBZMQ_ERROR, &length, reason.get(..255).unwrap_or(reason)]);
    }
}

/// The user name and the password of a HELLO, and nothing behind them.
fn split(bytes: &[u8]) -> Option<[&[u8]; 2]> {
    let (user, rest) = command::split(bytes)?;
    let (password, rest) = command::split(rest)?;
    rest.is_empty().then_some([user, password])
}

impl fmt::Debug for ServerState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AwaitsHello => "AwaitsHello",
            Self::Asks(_) => "Asks",
            Self::SaysWelcome => "SaysWelcome",
            Self::AwaitsInitiate => "AwaitsInitiate",
            Self::SaysReady => "SaysReady",
            Self::Done => "Done",
        })
    }
}
