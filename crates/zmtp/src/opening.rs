//! The opening of a connection: greeting and handshake behind one face.

use std::{fmt, mem};

use crate::crypto::Cipher;
use crate::error::Error;
use crate::local::Local;
use crate::mechanism::{Verdict, ZapRequest};
use crate::phase::greeting::{Greeted, Greeting};
use crate::phase::handshake::{Handshake, Shaken};
use crate::phase::routing_id::{Identified, RoutingId};
use crate::phase::traffic::Peer;

/// The opening of a connection, from the first byte to the first frame of traffic. How to drive it stands
/// on the [front page](crate).
pub struct Opening {
    phase: Phase,
    output: Vec<u8>,
    cipher: Option<Cipher>,
}

/// How far an [`Opening`] has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// All input was taken and more is needed.
    More,
    /// The authenticator must be asked ([`Opening::zap_request`]); until [`Opening::verdict`] no input is
    /// taken.
    Waiting,
    /// Open. Input that was not taken is traffic. Said once.
    Open(Peer),
}

#[derive(Debug)]
enum Phase {
    Greeting(Greeting),
    RoutingId(RoutingId),
    Handshake(Handshake),
    Over,
}

/// The result of one phase's work on its input.
enum Step {
    Next(Phase),
    Stay(Phase, Status),
    Open(Peer, Option<Cipher>),
}

impl fmt::Debug for Opening {
    /// The output may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { phase, output, cipher } = self;
        let mut shown = f.debug_struct("Opening");
        shown.field("phase", phase).field("output", &output.len()).field("cipher", cipher).finish()
    }
}

impl Opening {
    /// The opening of a connection just made; the first output is there at once.
    #[must_use]
    pub fn new(local: Local) -> Self {
        let mut output = Vec::with_capacity(128);
        let phase = Phase::Greeting(Greeting::new(local, &mut output));
        Self { phase, output, cipher: None }
    }

    /// The bytes to be sent to the peer; the caller that sends them removes them. Must be looked at after
    /// every call, errors included (an `ERROR` command may be waiting).
    pub fn output(&mut self) -> &mut Vec<u8> {
        &mut self.output
    }

    /// Takes bytes of the peer. Returns how many were taken: all of them unless `Waiting` or `Open`;
    /// those not taken are to be fed again, or are traffic. How the stream is cut makes no difference.
    ///
    /// # Errors
    /// Any [`Error`]: the connection is to be closed, after its last output. [`Error::Over`] if it
    /// had opened or failed before.
    pub fn feed(&mut self, input: &[u8]) -> Result<(usize, Status), Error> {
        let mut rest = input;
        let status = self.advance(&mut rest)?;
        Ok((input.len() - rest.len(), status))
    }

    /// The question for the authenticator; `None` if not `Waiting`.
    #[must_use]
    pub fn zap_request(&self) -> Option<ZapRequest<'_>> {
        match &self.phase {
            Phase::Handshake(handshake) => handshake.zap_request(),
            _ => None,
        }
    }

    /// Takes the authenticator's answer, which must be `Success` as well if there is no authenticator and
    /// none is required. Ignored if not `Waiting`. Afterwards the input that was not taken is fed again.
    ///
    /// # Errors
    /// [`Error::Denied`] if the verdict is not `Success`, and what [`feed`](Self::feed) says.
    pub fn verdict(&mut self, verdict: Verdict) -> Result<Status, Error> {
        self.phase = match mem::replace(&mut self.phase, Phase::Over) {
            Phase::Handshake(handshake) => Phase::Handshake(handshake.verdict(verdict, &mut self.output)?),
            phase => phase,
        };
        self.advance(&mut &[][..])
    }

    /// The keys of the traffic, after [`Status::Open`], if the mechanism encrypts it: every frame is then a box
    /// ([`Cipher`]). Given once, since no key may count twice.
    pub fn take_cipher(&mut self) -> Option<Cipher> {
        self.cipher.take()
    }

    fn advance(&mut self, input: &mut &[u8]) -> Result<Status, Error> {
        loop {
            let phase = mem::replace(&mut self.phase, Phase::Over);
            match phase.step(input, &mut self.output)? {
                Step::Next(phase) => self.phase = phase,
                Step::Stay(phase, status) => {
                    self.phase = phase;
                    return Ok(status);
                }
                Step::Open(peer, cipher) => {
                    self.cipher = cipher;
                    return Ok(Status::Open(peer));
                }
            }
        }
    }
}

impl Phase {
    fn step(self, input: &mut &[u8], out: &mut Vec<u8>) -> Result<Step, Error> {
        Ok(match self {
            Self::Greeting(greeting) => match greeting.feed(input, out)? {
                Greeted::More(greeting) => Step::Stay(Self::Greeting(greeting), Status::More),
                Greeted::Old(routing_id) => Step::Next(Self::RoutingId(routing_id)),
                Greeted::Modern(handshake) => Step::Next(Self::Handshake(handshake)),
            },
            Self::RoutingId(routing_id) => match routing_id.feed(input)? {
                Identified::More(routing_id) => Step::Stay(Self::RoutingId(routing_id), Status::More),
                Identified::Open(peer) => Step::Open(peer, None),
            },
            Self::Handshake(handshake) => match handshake.feed(input, out)? {
                Shaken::More(handshake) => Step::Stay(Self::Handshake(handshake), Status::More),
                Shaken::Waiting(handshake) => Step::Stay(Self::Handshake(handshake), Status::Waiting),
                Shaken::Open(peer, cipher) => Step::Open(peer, cipher),
            },
            Self::Over => return Err(Error::Over),
        })
    }
}
