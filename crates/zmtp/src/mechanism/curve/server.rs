//! The server's side of CURVE. A state a type: each has what it needs and no more, and makes the next.

use std::fmt;
use std::mem;

use super::wire::{COOKIE_LEN, HELLO_LEN, VERSION, counted, random};
use crate::codec::command::{self, WELCOME};
use crate::codec::frame::{self, Flags};
use crate::crypto::{Cipher, PublicKey, Random, SecretKey, SharedKey};
use crate::error::Error;
use crate::mechanism::contract::{Mechanism, Progress};
use crate::metadata::{self, Property};

/// See the module.
pub(crate) struct Server {
    state: State,
    secret: SecretKey,
    /// Whether the authenticator is asked about the client's key.
    asks: bool,
    metadata: Vec<u8>,
    random: Random,
}

enum State {
    Hello,
    Welcome(SaysWelcome),
    Initiate(AwaitsInitiate),
    Asking(Vec<Vec<u8>>, SaysReady),
    Ready(SaysReady),
    Done(Option<Cipher>),
    /// A step has failed, or is being made.
    Over,
}

/// HELLO has come.
struct SaysWelcome {
    client: PublicKey,
    with_client: SharedKey,
}

/// WELCOME is sent: this connection's keys are in the cookie, and only the key to the cookie is kept.
struct AwaitsInitiate {
    cookie_key: SharedKey,
}

/// INITIATE has come.
struct SaysReady {
    shared: SharedKey,
    /// The count in the client's INITIATE.
    heard: u64,
}

impl SaysWelcome {
    fn take(secret: &SecretKey, body: &[u8]) -> Result<Self, Error> {
        let body: &[u8; HELLO_LEN] = body.try_into().map_err(|_| Error::Malformed { command: "HELLO" })?;
        let rest = body.strip_prefix(&VERSION).ok_or(Error::Malformed { command: "HELLO" })?;
        let (client, rest) = rest[72..].split_first_chunk().ok_or(Error::Malformed { command: "HELLO" })?;
        let (count, signature) = rest.split_first_chunk().ok_or(Error::Malformed { command: "HELLO" })?;
        let client = PublicKey::new(*client);
        let with_client = SharedKey::new(secret, &client)?;
        let nonce = counted(b"CurveZMQHELLO---", u64::from_be_bytes(*count));
        with_client.open(&nonce, signature).ok_or(Error::Sealed { command: "HELLO" })?;
        Ok(Self { client, with_client })
    }

    fn say(self, draw: Random, out: &mut Vec<u8>) -> Result<AwaitsInitiate, Error> {
        let secret = SecretKey::generate(draw)?;
        let cookie_key = SharedKey::generate(draw)?;
        let mut parts = [[0; 16]; 2];
        draw(parts.as_flattened_mut())?;
        let cookie = [self.client.as_bytes().as_slice(), secret.as_bytes()].concat();
        let cookie = cookie_key.seal(&random(b"COOKIE--", &parts[0]), &cookie);
        let plain = [secret.public().as_bytes().as_slice(), &parts[0], &cookie].concat();
        let sealed = self.with_client.seal(&random(b"WELCOME-", &parts[1]), &plain);
        frame::append(out, Flags::COMMAND, &[WELCOME, &parts[1], &sealed]);
        Ok(AwaitsInitiate { cookie_key })
    }
}

impl AwaitsInitiate {
    /// Returns the client's long-term key as well.
    fn take(self, body: &[u8], peer: &mut Vec<Property>) -> Result<(PublicKey, SaysReady), Error> {
        const MALFORMED: Error = Error::Malformed { command: "INITIATE" };
        const SEALED: Error = Error::Sealed { command: "INITIATE" };
        let (cookie, rest) = body.split_first_chunk::<COOKIE_LEN>().ok_or(MALFORMED)?;
        let (count, sealed) = rest.split_first_chunk::<8>().ok_or(MALFORMED)?;
        if sealed.len() < 16 + 32 + 16 + 80 {
            return Err(MALFORMED);
        }
        let (part, cookie) = cookie.split_first_chunk().ok_or(MALFORMED)?;
        let cookie = self.cookie_key.open(&random(b"COOKIE--", part), cookie).ok_or(SEALED)?;
        let (client, secret) = cookie.split_first_chunk::<32>().ok_or(MALFORMED)?;
        let secret = SecretKey::new(secret.try_into().map_err(|_| MALFORMED)?);
        let shared = SharedKey::new(&secret, &PublicKey::new(*client))?;

        let heard = u64::from_be_bytes(*count);
        let opened = shared.open(&counted(b"CurveZMQINITIATE", heard), sealed).ok_or(SEALED)?;
        let (long_term, rest) = opened.split_first_chunk::<32>().ok_or(MALFORMED)?;
        let (part, rest) = rest.split_first_chunk().ok_or(MALFORMED)?;
        let (vouch, properties) = rest.split_first_chunk::<80>().ok_or(MALFORMED)?;
        let long_term = PublicKey::new(*long_term);
        let vouch =
            SharedKey::new(&secret, &long_term)?.open(&random(b"VOUCH---", part), vouch).ok_or(SEALED)?;
        // The client's key of this connection, by whoever has the secret of the long-term key.
        if vouch.first_chunk() != Some(client) {
            return Err(Error::Vouch);
        }
        *peer = metadata::parse(properties)?;
        Ok((long_term, SaysReady { shared, heard }))
    }
}

impl SaysReady {
    fn say(self, metadata: &[u8], out: &mut Vec<u8>) -> Cipher {
        let sealed = self.shared.seal(&counted(b"CurveZMQREADY---", 1), metadata);
        frame::append(out, Flags::COMMAND, &[command::READY, &1_u64.to_be_bytes(), &sealed]);
        Cipher::new(&self.shared, (b"CurveZMQMESSAGES", 2), (b"CurveZMQMESSAGEC", self.heard))
    }
}

impl Server {
    pub(crate) fn new(metadata: Vec<u8>, secret: SecretKey, asks: bool, random: Random) -> Self {
        Self { state: State::Hello, secret, asks, metadata, random }
    }
}

impl Mechanism for Server {
    fn produce(&mut self, out: &mut Vec<u8>) -> Result<(), Error> {
        self.state = match mem::replace(&mut self.state, State::Over) {
            State::Welcome(state) => State::Initiate(state.say(self.random, out)?),
            State::Ready(state) => State::Done(Some(state.say(&self.metadata, out))),
            state => state,
        };
        Ok(())
    }

    fn consume(&mut self, body: &[u8], peer: &mut Vec<Property>) -> Result<(), Error> {
        let command = command::split(body).unwrap_or_default();
        self.state = match (mem::replace(&mut self.state, State::Over), command) {
            (State::Hello, (b"HELLO", body)) => State::Welcome(SaysWelcome::take(&self.secret, body)?),
            (State::Initiate(state), (b"INITIATE", body)) => match state.take(body, peer)? {
                (client, state) if self.asks => State::Asking(vec![client.as_bytes().to_vec()], state),
                (_, state) => State::Ready(state),
            },
            _ => return Err(command::unexpected(body)),
        };
        Ok(())
    }

    fn progress(&self) -> Progress {
        match self.state {
            State::Asking(..) => Progress::Waiting,
            State::Done(_) => Progress::Done,
            _ => Progress::Talking,
        }
    }

    fn credentials(&self) -> &[Vec<u8>] {
        match &self.state {
            State::Asking(credentials, _) => credentials,
            _ => &[],
        }
    }

    fn grant(&mut self) {
        self.state = match mem::replace(&mut self.state, State::Over) {
            State::Asking(_, state) => State::Ready(state),
            state => state,
        };
    }

    fn cipher(&mut self) -> Option<Cipher> {
        match &mut self.state {
            State::Done(cipher) => cipher.take(),
            _ => None,
        }
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match self.state {
            State::Hello => "awaits HELLO",
            State::Welcome(_) => "says WELCOME",
            State::Initiate(_) => "awaits INITIATE",
            State::Asking(..) => "asks",
            State::Ready(_) => "says READY",
            State::Done(_) => "done",
            State::Over => "over",
        };
        f.debug_tuple("Server").field(&state).finish()
    }
}
