//! The client's side of CURVE. A state a type: each has what it needs and no more, and makes the next.

use std::fmt;
use std::mem;

use super::wire::{COOKIE_LEN, VERSION, WELCOME_LEN, counted, random};
use crate::codec::command::{self, HELLO, INITIATE};
use crate::codec::frame::{self, Flags};
use crate::crypto::{Cipher, PublicKey, Random, SecretKey, SharedKey};
use crate::error::Error;
use crate::mechanism::contract::{Mechanism, Progress};
use crate::metadata::{self, Property};

/// See the module.
pub(crate) struct Client {
    state: State,
    long_term: LongTerm,
    metadata: Vec<u8>,
    random: Random,
}

/// The keys that stay: ours, and the server's public one.
struct LongTerm {
    public: PublicKey,
    secret: SecretKey,
    server: PublicKey,
}

enum State {
    Begins,
    Welcome(AwaitsWelcome),
    Initiate(SaysInitiate),
    Ready(AwaitsReady),
    Done(Option<Cipher>),
    /// A step has failed, or is being made.
    Over,
}

/// HELLO is sent.
struct AwaitsWelcome {
    secret: SecretKey,
    public: PublicKey,
    with_server: SharedKey,
}

/// WELCOME has come.
struct SaysInitiate {
    secret: SecretKey,
    public: PublicKey,
    /// The server's key for this connection.
    server: PublicKey,
    cookie: [u8; COOKIE_LEN],
}

/// INITIATE is sent.
struct AwaitsReady {
    shared: SharedKey,
}

impl Client {
    pub(crate) fn new(
        metadata: Vec<u8>,
        (public, secret): (PublicKey, SecretKey),
        server: PublicKey,
        random: Random,
    ) -> Self {
        Self { state: State::Begins, long_term: LongTerm { public, secret, server }, metadata, random }
    }

    fn say_hello(&self, out: &mut Vec<u8>) -> Result<AwaitsWelcome, Error> {
        let secret = SecretKey::generate(self.random)?;
        let public = secret.public();
        let with_server = SharedKey::new(&secret, &self.long_term.server)?;
        let signature = with_server.seal(&counted(b"CurveZMQHELLO---", 1), &[0; 64]);
        let (padding, count) = ([0; 72], 1_u64.to_be_bytes());
        let parts: [&[u8]; 6] = [HELLO, &VERSION, &padding, public.as_bytes(), &count, &signature];
        frame::append(out, Flags::COMMAND, &parts);
        Ok(AwaitsWelcome { secret, public, with_server })
    }
}

impl AwaitsWelcome {
    fn take(self, body: &[u8]) -> Result<SaysInitiate, Error> {
        let (nonce, sealed) = (body.len() == WELCOME_LEN)
            .then(|| body.split_first_chunk::<16>())
            .flatten()
            .ok_or(Error::Malformed { command: "WELCOME" })?;
        let opened = self.with_server.open(&random(b"WELCOME-", nonce), sealed);
        let opened = opened.ok_or(Error::Sealed { command: "WELCOME" })?;
        let parts = opened.split_first_chunk::<32>().and_then(|(key, rest)| Some((key, rest.first_chunk()?)));
        let (server, cookie) = parts.ok_or(Error::Malformed { command: "WELCOME" })?;
        Ok(SaysInitiate {
            secret: self.secret,
            public: self.public,
            server: PublicKey::new(*server),
            cookie: *cookie,
        })
    }
}

impl SaysInitiate {
    fn say(
        self,
        keys: &LongTerm,
        metadata: &[u8],
        draw: Random,
        out: &mut Vec<u8>,
    ) -> Result<AwaitsReady, Error> {
        let mut part = [0; 16];
        draw(&mut part)?;
        let vouch = [self.public.as_bytes().as_slice(), keys.server.as_bytes()].concat();
        let vouch = SharedKey::new(&keys.secret, &self.server)?.seal(&random(b"VOUCH---", &part), &vouch);
        let shared = SharedKey::new(&self.secret, &self.server)?;
        let plain = [keys.public.as_bytes().as_slice(), &part, &vouch, metadata].concat();
        let sealed = shared.seal(&counted(b"CurveZMQINITIATE", 2), &plain);
        frame::append(out, Flags::COMMAND, &[INITIATE, &self.cookie, &2_u64.to_be_bytes(), &sealed]);
        Ok(AwaitsReady { shared })
    }
}

impl AwaitsReady {
    fn take(self, body: &[u8], peer: &mut Vec<Property>) -> Result<Cipher, Error> {
        const MALFORMED: Error = Error::Malformed { command: "READY" };
        let (count, sealed) = body.split_first_chunk::<8>().ok_or(MALFORMED)?;
        if sealed.len() < 16 {
            return Err(MALFORMED);
        }
        let count = u64::from_be_bytes(*count);
        let opened = self.shared.open(&counted(b"CurveZMQREADY---", count), sealed);
        *peer = metadata::parse(&opened.ok_or(Error::Sealed { command: "READY" })?)?;
        Ok(Cipher::new(&self.shared, (b"CurveZMQMESSAGEC", 3), (b"CurveZMQMESSAGES", count)))
    }
}

impl Mechanism for Client {
    fn produce(&mut self, out: &mut Vec<u8>) -> Result<(), Error> {
        self.state = match mem::replace(&mut self.state, State::Over) {
            State::Begins => State::Welcome(self.say_hello(out)?),
            State::Initiate(state) => {
                State::Ready(state.say(&self.long_term, &self.metadata, self.random, out)?)
            }
            state => state,
        };
        Ok(())
    }

    fn consume(&mut self, body: &[u8], peer: &mut Vec<Property>) -> Result<(), Error> {
        let command = command::split(body).unwrap_or_default();
        self.state = match (mem::replace(&mut self.state, State::Over), command) {
            (State::Welcome(state), (b"WELCOME", body)) => State::Initiate(state.take(body)?),
            (State::Ready(state), (b"READY", body)) => State::Done(Some(state.take(body, peer)?)),
            (State::Welcome(_) | State::Ready(_), (b"ERROR", reason)) => {
                return Err(command::refusal(reason));
            }
            _ => return Err(command::unexpected(body)),
        };
        Ok(())
    }

    fn progress(&self) -> Progress {
        if matches!(self.state, State::Done(_)) { Progress::Done } else { Progress::Talking }
    }

    fn grant(&mut self) {}

    fn cipher(&mut self) -> Option<Cipher> {
        match &mut self.state {
            State::Done(cipher) => cipher.take(),
            _ => None,
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match self.state {
            State::Begins => "begins",
            State::Welcome(_) => "awaits WELCOME",
            State::Initiate(_) => "says INITIATE",
            State::Ready(_) => "awaits READY",
            State::Done(_) => "done",
            State::Over => "over",
        };
        f.debug_tuple("Client").field(&state).finish()
    }
}
