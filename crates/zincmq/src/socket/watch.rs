//! A descriptor for the event loops of others, and what is ready.

use crate::bell::Bell;
use crate::error::{Error, Result};
use crate::pattern::contract::Denied;
use crate::socket::{Core, Socket};
use queue::Wake;
use std::os::fd::BorrowedFd;
use std::sync::Arc;

/// The readiness to wait for, or the readiness found.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Interest {
    /// A message can be received, or the descriptor can be read.
    pub readable: bool,
    /// A send would be accepted, or the descriptor can be written.
    pub writable: bool,
    /// The descriptor has something urgent to read (POLLPRI). Sockets never have.
    pub urgent: bool,
    /// The descriptor has failed, was hung up or is closed (POLLERR, POLLHUP, POLLNVAL); found whether asked for or not,
    /// and without `readable` where nothing is left to read.
    pub failed: bool,
}

impl Interest {
    /// To read.
    pub const READABLE: Self = Self { readable: true, writable: false, urgent: false, failed: false };
    /// To write.
    pub const WRITABLE: Self = Self { readable: false, writable: true, urgent: false, failed: false };
    /// Both.
    pub const BOTH: Self = Self { readable: true, writable: true, urgent: false, failed: false };

    pub(crate) const fn any(self) -> bool {
        self.readable || self.writable || self.urgent || self.failed
    }
}

impl<K> Socket<K> {
    /// A descriptor that becomes readable when the answer of [`Socket::events`] may have changed, for event loops
    /// (`ZMQ_FD`). It tells of changes, not of states: use the socket, or ask [`Socket::events`], until there is nothing
    /// left to do, and only then wait again. Neither read nor close it.
    ///
    /// ```
    /// # use zincmq::{Context, Pull, Push};
    /// # fn main() -> zincmq::Result<()> {
    /// # let context = Context::new();
    /// # let (mut push, mut pull) = (Push::new(&context)?, Pull::new(&context)?);
    /// # push.connect(pull.bind("inproc://x")?)?;
    /// use std::os::fd::AsRawFd;
    /// let descriptor = pull.descriptor()?.as_raw_fd(); // to be watched by an event loop
    /// push.send("message")?;
    /// // When it is readable:
    /// while pull.events()?.readable {
    ///     pull.recv()?;
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`Error::System`] if there are no descriptors left.
    pub fn descriptor(&mut self) -> Result<BorrowedFd<'_>> {
        if self.core_mut().waiting.watch.is_none() {
            let fresh = Arc::new(Bell::new().map_err(Error::System)?);
            // Something may have happened before anybody listened.
            fresh.wake();
            self.core_mut().waiting.watch = Some(fresh);
            self.core_mut().end_caller_io();
        }
        self.core_mut().keep_watch();
        let watch = self.core_mut().waiting.watch.as_ref().ok_or(Error::Again)?;
        Ok(watch.descriptor())
    }

    /// Whether a message can be received and whether a send would be accepted now (`ZMQ_EVENTS`). From now on
    /// [`Socket::descriptor`] tells of what is not so.
    ///
    /// ```
    /// # use zincmq::{Context, Pull, Push};
    /// # fn main() -> zincmq::Result<()> {
    /// # let context = Context::new();
    /// # let (mut push, mut pull) = (Push::new(&context)?, Pull::new(&context)?);
    /// # push.connect(pull.bind("inproc://x")?)?;
    /// assert!(push.events()?.writable && !pull.events()?.readable);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`Error::Terminated`].
    pub fn events(&mut self) -> Result<Interest> {
        self.core_mut().hush();
        let checked = self.core_mut().check();
        let (readable, writable) = (self.core_mut().can_recv(), self.core_mut().can_send());
        self.core_mut().keep_watch();
        checked.map(|()| Interest { readable, writable, ..Interest::default() })
    }
}

impl Core {
    /// Before a look at everything: changes from now on are told anew.
    fn hush(&self) {
        if let Some(watch) = &self.waiting.watch {
            watch.silence();
        }
    }

    /// After somebody else used the signal, or it was used up: the descriptor tells again, at once if something is
    /// left.
    pub(crate) fn keep_watch(&self) {
        if let Some(watch) = &self.waiting.watch {
            self.owner.inbox.signal().arm(watch.clone());
            if self.owner.inbox.is_pending() || self.is_unsettled() || self.waiting.interrupted {
                watch.wake();
            }
        }
    }

    /// A wait by other means than a thread's is over.
    pub(crate) fn rest(&self) {
        self.owner.inbox.signal().forget();
        self.keep_watch();
    }

    /// An attempt that does not wait; a no is followed by another look, from which on the descriptor tells.
    #[inline]
    pub(crate) fn attempt(
        &mut self,
        mut attempt: impl FnMut(&mut Self) -> std::result::Result<(), Denied>,
    ) -> std::result::Result<(), Denied> {
        match attempt(self) {
            Err(Denied::Again) if self.waiting.watch.is_some() => {
                self.hush();
                let result = attempt(self);
                self.keep_watch();
                result
            }
            result => result,
        }
    }
}
