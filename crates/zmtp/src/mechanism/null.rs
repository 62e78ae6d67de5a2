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
    fn produce(&mut self, out: &mut Vec<u8>) -> Result<(), Error> {
        if !self.asking
            && let Some(metadata) = self.unsent.take()
        {
            frame::append(out, Flags::COMMAND, &[command::READY, &metadata]);
        }
        Ok(())
    }

    fn consume(&mut self, body: &[u8], peer: &mut Vec<Property>) -> Result<(), Error> {
        match command::split(body).unwrap_or_default() {
            (b"READY", metadata) => {
                *peer = metadata::parse(metadata)?;
                self.heard = true;
                Ok(())
            }
            (b"ERROR", reason) => Err(command::refusal(reason)),
            _ => Err(command::unexpected(body)),
        }
    }

    fn progress(&self) -> Progress {
        match (self.asking, self.heard) {
            (true, _) => Progress::Waiting,
            (false, false) => Progress::Talking,
            (false, true) => Progress::Done,
        }
    }

    fn grant(&mut self) {
        self.asking = false;
    }
}
