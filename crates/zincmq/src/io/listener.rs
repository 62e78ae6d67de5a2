//! A bound endpoint: accepts connections, each of which becomes a session.

use crate::command::Listen;
use crate::io::admission::Admission;
use crate::io::reactor::{Reactor, Timer, Timers, token};
use crate::io::session::Session;
use crate::monitor::{EventKind, Sides};
use crate::trace::event_of;
use crate::transport::Accept;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
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

    /// Accepts what waits. The new sessions are returned, to be started.
    pub(crate) fn accept(&mut self, reactor: &mut Reactor) -> Vec<Session> {
        let (listen, origin) = (&self.listen, &self.listen.origin);
        let mut sessions = Vec::new();
        for _ in 0..ACCEPTS {
            if self.admission.is_full(origin.options.maxhandshakes) {
                if !std::mem::replace(&mut self.waits, true) {
                    self.failed(rustix::io::Errno::USERS.into());
                }
                self.timers.set(Timer::Accept, Instant::now() + REST, reactor);
                return sessions;
            }
            let accept = |descriptor: BorrowedFd<'_>| {
                listen.transport.accept(descriptor, &origin.name, &origin.options)
            };
            let Some(accepted) = listen.listening.with(accept) else { return sessions };
            match accepted {
                Ok(Accept::Connection(descriptor, link)) => {
                    self.waits = false;
                    let limit = origin.options.maxhandshakes_address;
                    let Some(admitted) = self.admission.admit(&link.peer_address, limit) else {
                        origin.owner.troubles.handshake_failed();
                        self.failed(rustix::io::Errno::USERS.into());
                        continue;
                    };
                    let number = descriptor.as_raw_fd() as u64;
                    event_of!(origin, DEBUG, "connection", "accepted", peer = &*link.peer_address);
                    let sides = link.complete(Sides::of(&origin.name, false));
                    origin.owner.monitor.emit(EventKind::Accepted, number, sides);
                    sessions.push(Session::accepted(listen, descriptor, link, admitted));
                }
                Ok(Accept::Refused) => self.failed(rustix::io::Errno::CONNABORTED.into()),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return sessions,
                Err(error) if is_exhaustion(&error) => {
                    self.failed(error);
                    self.timers.set(Timer::Accept, Instant::now() + REST, reactor);
                    return sessions;
                }
                Err(error) => self.failed(error),
            }
        }
        // There may be more, and the edge has been seen.
        self.timers.set(Timer::Accept, Instant::now(), reactor);
        sessions
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
