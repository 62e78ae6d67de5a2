//! Messages whose parts come one by one, and parts whose memory stays the caller's.

use crate::error::Result;
use crate::pattern::ability::Sends;
use crate::socket::Socket;
use crate::socket::outgoing::{Outgoing, Parts};
use queue::{Keep, Part};

/// A socket that says beforehand whether it would send.
pub trait Admits {
    /// Waits until a message that begins with the part `first` would be accepted: what [`Socket::send`] would wait
    /// for or fail with, before the rest of the message is there. A send that follows does not wait, unless the
    /// peer has left meanwhile.
    ///
    /// # Errors
    /// As [`Socket::send`].
    fn admit(&mut self, first: &[u8]) -> Result<()>;

    /// As [`Admits::admit`], without waiting.
    ///
    /// # Errors
    /// As [`Admits::admit`].
    fn try_admit(&mut self, first: &[u8]) -> Result<()>;
}

impl<K: Sends> Admits for Socket<K> {
    fn admit(&mut self, first: &[u8]) -> Result<()> {
        self.core_mut().send_in_time(|core| core.try_admit(first))
    }

    fn try_admit(&mut self, first: &[u8]) -> Result<()> {
        let core = self.core_mut();
        core.offer(|core| core.try_admit(first)).map_err(|denied| core.refusal(denied))
    }
}

/// A part that a reader in this process gets as it is, however small.
#[derive(Clone, Copy, Debug)]
pub struct Kept<'a>(pub &'a dyn Keep);

impl Parts for Kept<'_> {
    fn with<R>(&self, send: impl FnOnce(&[Part<'_>]) -> R) -> R {
        send(&[Part::Kept(self.0)])
    }
}

impl Outgoing for Kept<'_> {
    type Ready = Self;
    type Unsent = ();

    fn ready(self) -> Self {
        self
    }

    fn unsent(_: Self) {}
}
