//! NULL: each side sends READY with its metadata and is open when it has the peer's.
//!
//! If an authenticator is to be asked, READY waits for its verdict. Source: RFC 37 "The NULL
//! Security Mechanism".

use crate::codec::command;
use crate::codec::frame::{self, Flags};
use crate::error::Error;
use crate::mechanism::contract::{Mechanism, Progress};
use crate::metadata::{self, Property};

/// One side of a NULL handshake.
#[derive(Debug)]
pub(crate) struct Null {
    /// Our metadata, until READY has been produced.
    unsent: Option<Vec<u8>>,
    asking: bool,
    heard: bool,
}

impl Null {
    /// `metadata` is what READY shall carry; `zap` whether an authenticator is to be asked first.
    pub(crate) fn new(metadata: Vec<u8>, zap: bool) -> Self {
        Self { unsent: Some(metadata), asking: zap, heard: false }
    }
}

impl Mechanism for Null {
    fn produce(&mut self, out: &mut Vec<u8>) {
        if self.asking {
            return;
        }
        if let Some(metadata) = self.unsent.take() {
            frame::append(out, Flags::COMMAND, &[b"\x05READY", &metadata]);
        }
    }

    fn consume(&mut self, body: &[u8], peer: &mut Vec<Property>) -> Result<(), Error> {
        let (name, rest) = command::split(body).unwrap_or_default();
        match name {
            b"READY" => {
                *peer = metadata::parse(rest)?;
                self.heard = true;
                Ok(())
            }
            b"ERROR" => {
                let reason = command::parse_reason(rest).ok_or(Error::MalformedError)?;
                Err(Error::Refused { reason: reason.to_vec() })
            }
            _ => Err(Error::UnexpectedCommand { name: String::from_utf8_lossy(name).into_owned() }),
        }
    }

    fn progress(&self) -> Progress {
        match (self.asking, self.heard) {
            (true, _) => Progress::Waiting,
            (false, false) => Progress::Talking,
            (false, true) => Progress::Done,
        }
    }

    fn credentials(&self) -> &[Vec<u8>] {
        &[]
    }

    fn grant(&mut self) {
        self.asking = false;
    }
}
