//! Handshake: the mechanisms talk until each side knows the other's properties.

use crate::crypto::Cipher;
use crate::error::Error;
use crate::local::{Local, SocketName};
use crate::mechanism::contract::{Mechanism, Progress};
use crate::mechanism::{Verdict, ZapRequest};
use crate::metadata::{self, Property};
use crate::phase::inbox::{self, Inbox};
use crate::phase::traffic::Peer;
use crate::version::Version;

/// The longest handshake command.
const MAX_COMMAND: u64 = 64 * 1024;

/// The handshake phase.
#[derive(Debug)]
pub(crate) struct Handshake {
    socket_type: SocketName,
    version: Version,
    security: &'static str,
    mechanism: Box<dyn Mechanism>,
    properties: Vec<Property>,
    inbox: Inbox,
}

/// The state after some more bytes.
#[derive(Debug)]
pub(crate) enum Shaken {
    /// More commands of the peer are needed.
    More(Handshake),
    /// The authenticator's verdict is needed before any further byte is taken.
    Waiting(Handshake),
    /// Traffic begins, encrypted if there are keys for it.
    Open(Peer, Option<Cipher>),
}

impl Handshake {
    /// Begins by sending what the mechanism says first.
    pub(crate) fn new(local: &Local, version: Version, out: &mut Vec<u8>) -> Result<Self, Error> {
        let mut mechanism = local.security.start(local.metadata_block(), local.random);
        mechanism.produce(out)?;
        Ok(Self {
            socket_type: local.socket_type,
            version,
            security: local.security.name(),
            mechanism,
            properties: Vec::new(),
            inbox: Inbox::default(),
        })
    }

    /// Takes commands until open, and not a byte more. Frame flags are ignored, as libzmq does.
    pub(crate) fn feed(mut self, input: &mut &[u8], out: &mut Vec<u8>) -> Result<Shaken, Error> {
        loop {
            match self.mechanism.progress() {
                Progress::Waiting => return Ok(Shaken::Waiting(self)),
                Progress::Done => {
                    let cipher = self.mechanism.cipher();
                    return Ok(Shaken::Open(self.into_peer(), cipher));
                }
                Progress::Talking => {}
            }
            let Some(body) = self.inbox.take(input, MAX_COMMAND, inbox::decode)? else {
                return Ok(Shaken::More(self));
            };
            self.mechanism.consume(&body, &mut self.properties)?;
            self.check_socket_type()?;
            self.mechanism.produce(out)?;
        }
    }

    /// The question for the authenticator, if it is the authenticator's turn.
    pub(crate) fn zap_request(&self) -> Option<ZapRequest<'_>> {
        (self.mechanism.progress() == Progress::Waiting)
            .then(|| ZapRequest { mechanism: self.security, credentials: self.mechanism.credentials() })
    }

    /// Takes the authenticator's answer; without a question it is ignored.
    pub(crate) fn verdict(mut self, verdict: Verdict, out: &mut Vec<u8>) -> Result<Self, Error> {
        if self.mechanism.progress() != Progress::Waiting {
            return Ok(self);
        }
        let status = verdict.status();
        match verdict {
            Verdict::Success => {
                self.mechanism.grant();
                self.mechanism.produce(out)?;
                return Ok(self);
            }
            Verdict::TemporaryError => {}
            Verdict::AuthenticationFailure | Verdict::InternalError => {
                self.mechanism.refuse(status.to_string().as_bytes(), out);
            }
        }
        Err(Error::Denied { status })
    }

    /// A peer that does not say what it is passes, as with libzmq.
    fn check_socket_type(&self) -> Result<(), Error> {
        let SocketName { name: ours, peers, .. } = self.socket_type;
        match metadata::find(&self.properties, metadata::SOCKET_TYPE) {
            Some(theirs) if !peers.iter().any(|peer| peer.as_bytes() == theirs) => {
                let theirs = String::from_utf8_lossy(theirs).into_owned();
                Err(Error::IncompatibleSocket { ours, theirs })
            }
            _ => Ok(()),
        }
    }

    fn into_peer(self) -> Peer {
        let socket_type = metadata::find(&self.properties, metadata::SOCKET_TYPE)
            .map(|name| String::from_utf8_lossy(name).into_owned());
        let routing_id = metadata::find(&self.properties, metadata::IDENTITY).map(<[u8]>::to_vec);
        Peer {
            version: self.version,
            socket_type,
            routing_id,
            properties: self.properties,
            unversioned: false,
        }
    }
}
