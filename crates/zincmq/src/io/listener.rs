//! A bound endpoint: accepts connections, each of which becomes a session.

use crate::admission::Admission;
use crate::command::{Accepted, IoHandle, Listen, ToIo};
use crate::io::reactor::{Reactor, Timer, Timers, token};
use crate::monitor::{EventKind, Sides};
use crate::trace::event_of;
use crate::transport::Accept;
use queue::Inbox;
use std::io;
use std::os::fd::BorrowedFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How many connections are accepted before others have their turn.
const ACCEPTS: usize = 64;
/// How long a listener rests when the process has run out of descriptors.
const REST: Duration = Duration::from_millis(100);

#[derive(Debug)]
pub(crate) struct Listener {
    listen: Box<Listen>,
    timers: Timers,
    admission: Arc<Admission>,
    /// So many handshakes are under way that connections wait; the monitor knows.
    waits: bool,
}

impl Listener {
    pub(crate) fn start(listen: Box<Listen>, key: u64, reactor: &Reactor) -> Self {
        let listener = Self { listen, timers: Timers::of(key), admission: Arc::default(), waits: false };
        let listening = &listener.listen.listening;
        if let Err(error) = listening.watch(&reactor.registry, token(key)) {
            listener.emit(EventKind::BindFailed, error.raw_os_error().unwrap_or(0) as u64);
        }
        listener
    }

    fn emit(&self, kind: EventKind, value: u64) {
        let origin = &self.listen.origin;
        origin.owner.monitor.emit(kind, value, Sides::of(&origin.name, false));
    }

    pub(crate) fn belongs_to(&self, socket: u64, endpoint: Option<u64>) -> bool {
        self.listen.origin.is(socket, endpoint)
    }

    /// Accepts what waits. The connections for this thread are returned; others have theirs already.
    pub(crate) fn accept(&mut self, reactor: &mut Reactor) -> Vec<Accepted> {
        let mut own = Vec::new();
        for _ in 0..ACCEPTS {
            if self.admission.is_full(self.listen.origin.options.maxhandshakes) {
                if !std::mem::replace(&mut self.waits, true) {
                    self.failed(rustix::io::Errno::USERS.into());
                }
                self.timers.set(Timer::Accept, Instant::now() + REST, reactor);
                return own;
            }
            // Other threads hear of a connection while the socket cannot close the descriptor, hence before they hear of the
            // socket's, or the endpoint's, end.
            let spread = |descriptor: BorrowedFd<'_>| self.spread(descriptor, &reactor.inbox);
            let Some(accepted) = self.listen.listening.with(spread) else { return own };
            match accepted {
                Ok(connection) => {
                    self.waits = false;
                    own.extend(connection);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return own,
                Err(error) if is_exhaustion(&error) => {
                    self.failed(error);
                    self.timers.set(Timer::Accept, Instant::now() + REST, reactor);
                    return own;
                }
                Err(error) => self.failed(error),
            }
        }
        // There may be more, and the edge has been seen.
        self.timers.set(Timer::Accept, Instant::now(), reactor);
        own
    }

    /// Accepts a connection, for the thread with the least load. Returns it if that is this one.
    fn spread(&self, descriptor: BorrowedFd<'_>, here: &Arc<Inbox<ToIo>>) -> io::Result<Option<Accepted>> {
        let Listen { origin, transport, threads, .. } = &*self.listen;
        let Accept::Connection(descriptor, link) =
            transport.accept(descriptor, &origin.name, &origin.options)?
        else {
            return Err(rustix::io::Errno::CONNABORTED.into());
        };
        let Some(admitted) = self.admission.admit(link.peer_address(), origin.options.maxhandshakes_address)
        else {
            origin.owner.troubles.handshake_failed();
            return Err(rustix::io::Errno::USERS.into());
        };
        let accepted = Accepted { origin: origin.clone(), descriptor, link, admitted };
        match IoHandle::least_loaded(threads) {
            Some(other) if !Arc::ptr_eq(&other.inbox, here) => {
                other.give(ToIo::Accepted(Box::new(accepted)));
                Ok(None)
            }
            this => {
                this.inspect(|this| this.load.count());
                Ok(Some(accepted))
            }
        }
    }

    fn failed(&self, error: io::Error) {
        let reason = format_args!("{error}");
        event_of!(self.listen.origin, INFO, "connection", "not accepted", reason = reason);
        self.emit(EventKind::AcceptFailed, error.raw_os_error().unwrap_or(0) as u64);
    }

    /// The end: the socket has closed the descriptor already, if it could.
    pub(crate) fn close(mut self, reactor: &mut Reactor) {
        self.timers.cancel_all(reactor);
        let listening = &self.listen.listening;
        listening.close();
        self.emit(EventKind::Closed, listening.number as u64);
    }
}

fn is_exhaustion(error: &io::Error) -> bool {
    use rustix::io::Errno;
    let errno = Errno::from_io_error(error);
    matches!(errno, Some(Errno::MFILE | Errno::NFILE | Errno::NOBUFS | Errno::NOMEM))
}
