//! Ending a wait from outside.

use crate::command::ToSocket;
use crate::error::{Error, Result};
use crate::socket::{Core, Socket};
use crate::socket_type::SocketType;
use queue::{Inbox, Item};
use std::fmt;
use std::sync::{Arc, Weak};

/// Makes calls that wait in one socket return [`Error::Interrupted`], from any thread: for Ctrl-C, or to tell a
/// thread to stop. Clones do the same; the socket may be dropped before.
///
/// Not to be used inside a signal handler, but by a thread that waits for signals:
///
/// ```
/// use zincmq::{Context, Error, Pull};
/// # fn main() -> zincmq::Result<()> {
/// let context = Context::new();
/// let mut pull = Pull::new(&context)?;
/// pull.bind("inproc://work")?;
/// let interrupter = pull.interrupter();
/// // With the crate `ctrlc`: ctrlc::set_handler(move || interrupter.interrupt());
/// std::thread::spawn(move || interrupter.interrupt());
/// loop {
///     match pull.recv() {
///         Ok(message) => println!("{message:?}"),
///         Err(Error::Interrupted) => break, // tidy up, and sockets linger as ever
///         Err(error) => return Err(error),
///     }
/// }
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Interrupter {
    inbox: Weak<Inbox<ToSocket>>,
    socket_type: SocketType,
}

impl Interrupter {
    /// Interrupts the call that waits in the socket now; if none does, the next `send`, `recv` (their batch,
    /// timeout and async forms too), [`Poller::wait`](crate::Poller::wait) or [`proxy`](crate::proxy()), at the
    /// latest when it would wait. `try_` calls are not concerned. Several interrupts before that count as one.
    pub fn interrupt(&self) {
        if let Some(inbox) = self.inbox.upgrade() {
            inbox.push(Item::Command(ToSocket::Interrupt));
        }
    }
}

impl<K> Socket<K> {
    /// An interrupter of the calls that wait in this socket.
    ///
    /// ```
    /// # use zincmq::{Context, Error, Pull};
    /// # fn main() -> zincmq::Result<()> {
    /// # let context = Context::new();
    /// let mut pull = Pull::builder(&context).bind("inproc://work")?;
    /// let interrupter = pull.interrupter();
    /// std::thread::spawn(move || interrupter.interrupt());
    /// assert_eq!(pull.recv(), Err(Error::Interrupted));
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn interrupter(&self) -> Interrupter {
        let core = self.locked();
        Interrupter { inbox: Arc::downgrade(&core.owner.inbox), socket_type: core.owner.socket_type }
    }
}

impl fmt::Debug for Interrupter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Interrupter({})", self.socket_type)
    }
}

impl Core {
    /// An interrupt that has come ends one call.
    #[inline]
    pub(crate) fn heed_interrupt(&mut self) -> Result<()> {
        if std::mem::take(&mut self.waiting.interrupted) { Err(Error::Interrupted) } else { Ok(()) }
    }
}
