//! A security mechanism, as the handshake sees it.

use std::fmt::Debug;

use crate::codec::command;
use crate::crypto::Cipher;
use crate::error::Error;
use crate::metadata::Property;

/// How far a mechanism has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// Waits for the peer's next command.
    Talking,
    /// Waits for the authenticator; takes no command until [`Mechanism::grant`].
    Waiting,
    /// Both sides have said and heard everything.
    Done,
}

/// One side of a security handshake. Commands come and go as the handshake's frames; the mechanism sees
/// no greeting, no cut and no oversize command.
///
/// Each is asked in this order: `produce`, `progress`; then, by turns, `consume` or `grant`, `produce`,
/// `progress`; after [`Progress::Done`] `cipher`.
pub(crate) trait Mechanism: Debug + Send {
    /// Appends the frames of the commands due now, if any.
    fn produce(&mut self, out: &mut Vec<u8>) -> Result<(), Error>;

    /// Takes the body of the peer's next command, and adds the properties that it may contain to `peer`.
    /// Called only while [`Progress::Talking`].
    fn consume(&mut self, body: &[u8], peer: &mut Vec<Property>) -> Result<(), Error>;

    /// How far it has come.
    fn progress(&self) -> Progress;

    /// The peer's credentials for the authenticator, a frame each; asked while [`Progress::Waiting`].
    fn credentials(&self) -> &[Vec<u8>] {
        &[]
    }

    /// The authenticator let the peer in.
    fn grant(&mut self);

    /// The authenticator refused the peer, which is to be told this reason.
    fn refuse(&mut self, reason: &[u8], out: &mut Vec<u8>) {
        command::error(out, reason);
    }

    /// The keys of the traffic, if it is encrypted.
    fn cipher(&mut self) -> Option<Cipher> {
        None
    }
}
