//! The end of a context, and the waits for it.

use super::{Context, ContextRef, Handle, Shared, SocketEntry};
use crate::command::{ToIo, ToSocket};
use crate::error::{Error, Result};
use crate::io::IoThread;
use crate::life::{Waited, lock};
use crate::lingering::{LingerBoard, Lingering};
use crate::trace;
use queue::Item;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

/// An end that has taken so long is worth a word.
const SOON: Duration = Duration::from_secs(1);
/// How long I/O threads have to say what they have not sent: long enough on a busy machine.
const PATIENCE: Duration = Duration::from_secs(2);

impl Context {
    /// Wakes every call that blocks in a socket or monitor of this context; it and all later ones fail with
    /// [`Error::Terminated`]. Returns at once (zmq_ctx_shutdown(3)).
    ///
    /// ```
    /// # use zincmq::{Context, Error, Rep};
    /// # fn main() -> zincmq::Result<()> {
    /// let context = Context::new();
    /// let mut server = Rep::new(&context)?;
    /// server.bind("tcp://127.0.0.1:*")?;
    /// let thread = std::thread::spawn(move || server.recv());
    /// context.shutdown();
    /// assert_eq!(thread.join().unwrap(), Err(Error::Terminated));
    /// # Ok(()) }
    /// ```
    pub fn shutdown(&self) {
        self.0.shared().shutdown();
    }

    /// [`Context::shutdown`], then waits until every socket has been dropped and has lingered
    /// (zmq_ctx_term(3)). A thread that holds a socket itself would wait for ever.
    ///
    /// ```
    /// # use zincmq::{Context, Push};
    /// # fn main() -> zincmq::Result<()> {
    /// # let elsewhere = Context::new();
    /// # let mut pull = zincmq::Pull::new(&elsewhere)?;
    /// # let endpoint = pull.bind("tcp://127.0.0.1:*")?;
    /// let context = Context::new();
    /// let mut push = Push::new(&context)?;
    /// push.connect(&endpoint)?;
    /// push.send("the last word")?;
    /// drop(push);
    /// context.term(); // the message is out
    /// # assert_eq!(pull.recv()?, "the last word");
    /// # Ok(()) }
    /// ```
    pub fn term(&self) {
        self.0.shared().term(None, false);
    }

    /// As [`Context::term`], but waits no longer than `patience`; and then for the I/O threads to say what lingers, which takes a
    /// moment, or two seconds at most.
    ///
    /// The error says what holds the end up. It is final: the context stays shut down, and the drop of its last handle does
    /// not wait any more. Messages that are not sent go on lingering as long as the process lives. The call may be repeated.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use zincmq::{Context, Push};
    /// # fn main() -> zincmq::Result<()> {
    /// let context = Context::new();
    /// let mut push = Push::new(&context)?;
    /// push.connect("ipc://@nobody-is-there")?;
    /// push.send("hello")?;
    /// drop(push);
    /// let lingering = context.term_timeout(Duration::from_millis(10)).unwrap_err();
    /// assert_eq!(lingering.unsent[0].endpoint, "ipc://@nobody-is-there");
    /// // The context has not ended: PUSH to ipc://@nobody-is-there: 1 message unsent
    /// println!("{lingering}");
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`Lingering`]; `?` makes an [`Error::Lingering`] of it.
    pub fn term_timeout(&self, patience: Duration) -> std::result::Result<(), Lingering> {
        let context = self.0.shared();
        // A time that no clock reaches is none.
        if context.term(Instant::now().checked_add(patience), false) == Waited::Over {
            return Ok(());
        }
        let lingering = context.lingering();
        // The last may have gone while the others were asked.
        if context.term(Some(Instant::now()), false) == Waited::Over {
            return Ok(());
        }
        lock(&context.state).given_up = true;
        Err(lingering)
    }

    /// As [`Context::term`], but a signal handler that runs meanwhile ends the wait. The context stays shut down;
    /// the call may be repeated.
    ///
    /// # Errors
    /// [`Error::Interrupted`].
    pub fn term_interruptible(&self) -> Result<()> {
        match self.0.shared().term(None, true) {
            Waited::Interrupted => Err(Error::Interrupted),
            Waited::Over | Waited::Late => Ok(()),
        }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.0.leave();
    }
}

impl Shared {
    fn shutdown(&self) {
        let mut state = lock(&self.state);
        state.stopped = true;
        let sockets: Vec<_> = state.sockets.values().cloned().collect();
        drop(state);
        // A socket that is told may use the context at once, hence without the context's locks.
        for SocketEntry { inbox, monitor, .. } in sockets {
            inbox.push(Item::Command(ToSocket::Stop));
            monitor.shut();
        }
        self.names.shutdown();
    }

    /// Ends the context, if that is done in time.
    fn term(&self, until: Option<Instant>, interruptible: bool) -> Waited {
        self.shutdown();
        let waited = self.wait(until, interruptible);
        if waited == Waited::Over {
            let threads = std::mem::take(&mut lock(&self.state).threads);
            threads.into_iter().for_each(IoThread::stop);
        }
        waited
    }

    /// The last handle goes: ends the context, unless the program has waited for that long enough.
    fn leave(&self) {
        if lock(&self.state).given_up {
            lock(&self.state).threads.iter().for_each(IoThread::release);
        } else {
            self.term(None, false);
        }
    }

    /// Waits for all sockets; says what for when that takes long.
    fn wait(&self, until: Option<Instant>, interruptible: bool) -> Waited {
        let soon = Instant::now() + SOON;
        if trace::IS_ON && until.is_none_or(|until| until > soon) {
            match self.living.wait(Some(soon), interruptible) {
                Waited::Late => self.lingering().warn(),
                waited => return waited,
            }
        }
        self.living.wait(until, interruptible)
    }

    /// The things that hold up the end now.
    fn lingering(&self) -> Lingering {
        let board = Arc::new(LingerBoard::default());
        let state = lock(&self.state);
        let mut open: Vec<_> = state.sockets.values().map(|socket| socket.socket_type).collect();
        for thread in &state.threads {
            thread.handle().inbox.push(Item::Command(ToIo::TellUnsent { board: board.clone() }));
        }
        let threads = state.threads.len();
        drop(state);
        open.sort_unstable_by_key(|socket_type| socket_type.name());
        Lingering { open, unsent: board.read(threads, PATIENCE) }
    }
}

impl ContextRef {
    /// Waits, as a task, until a socket of this context has been closed and has lingered. Neither that nor the end of the
    /// task waits for the context, if this was the last handle to it.
    pub(crate) async fn lingered(self, socket: u64) {
        let living = self.shared().living.clone();
        let _handle = Backstage(Some(self));
        living.wait_for(socket).await;
    }
}

/// A handle that is let go of without a wait: if it is the last, a thread of its own ends the context.
struct Backstage(Option<ContextRef>);

impl Drop for Backstage {
    fn drop(&mut self) {
        if let Some(last) = self.0.take().and_then(|context| Arc::into_inner(context.0)) {
            // If there is no thread to be had, the end is waited for here.
            _ = thread::Builder::new().name("ZMQbg/end".to_owned()).spawn(move || drop(last));
        }
    }
}
