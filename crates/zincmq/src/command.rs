//! Every command that crosses a thread: plain data, on one page.

use crate::admission::Admitted;
use crate::engine::Connection;
use crate::engine::multicast::Multicast;
use crate::life::WaitGuard;
use crate::lingering::{LingerBoard, Unsent};
use crate::load::Load;
use crate::monitor::Sink;
use crate::option::Options;
use crate::pattern::contract::Attached;
use crate::pipe::Ends;
use crate::shared_topics::{SharedTopics, Told};
use crate::socket_type::SocketType;
use crate::stats::{FailureCounters, GroupBoard};
use crate::transport::{Link, Listening, Transport};
use queue::{Backlog, Inbox, Item, Pool, Writer};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Names a pipe in commands; never reused in a process.
pub(crate) type PipeId = u64;
/// Names a bind or a connect; never reused in a process.
pub(crate) type EndpointId = u64;

/// The part of a socket that threads other than its own know.
#[derive(Debug)]
pub(crate) struct SocketShared {
    pub(crate) id: u64,
    pub(crate) socket_type: SocketType,
    pub(crate) inbox: Arc<Inbox<ToSocket>>,
    pub(crate) monitor: Arc<Sink>,
    pub(crate) troubles: FailureCounters,
    /// [`ToSocket::Sweep`] is on its way.
    pub(crate) sweeping: AtomicBool,
    /// It has used PLAIN over a public network, and a warning has been logged.
    pub(crate) exposed: AtomicBool,
    pub(crate) pool: Arc<Pool>,
    pub(crate) topics: Arc<SharedTopics>,
    pub(crate) authenticator: Arc<dyn Authenticator>,
    /// The context waits for it to end.
    pub(crate) _life: WaitGuard,
}

/// The way to the socket that answers for a context's peers (RFC 27).
pub(crate) trait Authenticator: Send + Sync + std::fmt::Debug {
    /// A pipe of its own to that socket: this side's ends.
    fn connect(&self, pool: &Arc<Pool>) -> Result<Ends, NoAuthenticator>;
}

/// Nobody can be asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum NoAuthenticator {
    /// Nobody has bound the name.
    Absent,
    /// There was somebody, who may come back.
    Gone,
    /// The socket there cannot answer.
    Unfit,
}

impl Drop for SocketShared {
    fn drop(&mut self) {
        self.monitor.stop();
    }
}

/// To a socket.
#[derive(Debug)]
pub(crate) enum ToSocket {
    /// A new peer: a connection was accepted, or an inproc peer connected.
    Attach(Box<Attach>),
    /// The peer of a pipe has become known, or is another one since it was connected again: its routing id, and the
    /// message for it when this side leaves.
    Identified { pipe: PipeId, routing_id: Vec<u8>, disconnect_msg: Vec<u8> },
    /// The connection of a pipe has opened, for the first time or again.
    Opened { pipe: PipeId, connection: Arc<Connection> },
    /// The connection of a pipe was lost; `fresh` replaces the outbound half where the old one is void.
    Lost { pipe: PipeId, fresh: Option<Writer> },
    /// The peer has closed, and has sent more than the pipe takes: the messages left, and its end, wait for room.
    HungUp { pipe: PipeId },
    /// The peer has gone for good: nothing more can be sent to it.
    Detach { pipe: PipeId },
    /// This endpoint will not be connected to again, unless the socket says so anew.
    Forget { endpoint: EndpointId },
    /// The call that waits, or the next that would, is interrupted.
    Interrupt,
    /// Somebody wants to know the socket's numbers.
    Report,
    /// Connections have come to rest: give back what idle pipes hold.
    Sweep,
    /// The context shuts down.
    Stop,
}

/// A pipe for a socket.
#[derive(Debug)]
pub(crate) struct Attach {
    pub(crate) pipe: PipeId,
    pub(crate) endpoint: EndpointId,
    pub(crate) ends: Ends,
    pub(crate) how: Attached,
    /// The I/O thread at the other end; none for inproc.
    pub(crate) io: Option<Arc<Inbox<ToIo>>>,
    pub(crate) connection: Option<Arc<Connection>>,
    /// The message for an inproc peer when this side leaves (its `DISCONNECT_MSG`); empty: none.
    pub(crate) disconnect_msg: Vec<u8>,
    /// The changes of topics that the peer has been told already.
    pub(crate) told: Option<Told>,
}

impl Attach {
    /// Gives the pipe to the socket of this inbox; if that subscribes, the peer is asked for its `topics` first.
    pub(crate) fn send(mut self, inbox: &Inbox<ToSocket>, topics: &SharedTopics) {
        let (told, unchanged) = topics.tell(&mut self.ends.writer);
        self.told = told;
        let refused = inbox.put(Item::Command(ToSocket::Attach(Box::new(self))));
        // A thread that is woken, or told of a pipe's end, may be about to change the topics.
        drop(unchanged);
        drop(refused);
        inbox.signal().notify();
    }
}

/// An I/O thread, as others see it.
#[derive(Clone, Debug, Default)]
pub(crate) struct IoHandle {
    pub(crate) inbox: Arc<Inbox<ToIo>>,
    pub(crate) load: Arc<Load>,
}

impl IoHandle {
    /// Gives it one more: a command that brings it.
    pub(crate) fn give(&self, command: ToIo) {
        self.load.count();
        self.inbox.push(Item::Command(command));
    }

    /// The one with the least load.
    pub(crate) fn least_loaded(threads: &[Self]) -> Option<&Self> {
        threads.iter().min_by_key(|thread| thread.load.weight())
    }
}

/// To an I/O thread.
#[derive(Debug)]
pub(crate) enum ToIo {
    /// Accept connections.
    Listen(Box<Listen>),
    /// A listener on another thread has accepted a connection.
    Accepted(Box<Accepted>),
    /// Connect, and keep connected.
    Connect(Box<Connect>),
    /// Take part in a multicast group.
    Join(Box<Join>),
    /// A name has been looked up for the session of this key.
    Resolved { session: u64, target: std::io::Result<crate::transport::Target> },
    /// A caller has changed its claims on the connection of a session, or has left something to do for a turn of its engine.
    Attend { session: u64, turn: bool },
    /// An endpoint was unbound or disconnected; linger in milliseconds, -1 for ever.
    CloseEndpoint { socket: u64, endpoint: EndpointId, linger: i32 },
    /// A pipe ends at once, with all that is in it.
    Abort { pipe: PipeId },
    /// Somebody wants to know what has not been sent.
    TellUnsent { board: Arc<LingerBoard> },
    /// A socket was closed.
    CloseSocket { socket: u64, linger: i32 },
    /// End when nothing is left to do.
    Stop,
}

/// Where sessions and memberships come from: their socket, and what it has bound or connected.
#[derive(Debug)]
pub(crate) struct Origin {
    pub(crate) owner: Arc<SocketShared>,
    pub(crate) options: Arc<Options>,
    pub(crate) endpoint: EndpointId,
    /// The endpoint that was bound or connected.
    pub(crate) name: Arc<str>,
}

impl Origin {
    /// Messages that have come from here and are not sent, for those who wait for that.
    pub(crate) fn unsent(&self, Backlog { messages, bytes }: Backlog) -> Unsent {
        Unsent { endpoint: self.name.to_string(), socket_type: self.owner.socket_type, messages, bytes }
    }

    /// The address behind `scheme://`.
    pub(crate) fn address(&self) -> &str {
        self.name.split_once("://").map_or("", |(_, address)| address)
    }

    /// Whether it is this socket, and this endpoint of it if one is given.
    pub(crate) fn is(&self, socket: u64, endpoint: Option<EndpointId>) -> bool {
        self.owner.id == socket && endpoint.is_none_or(|endpoint| self.endpoint == endpoint)
    }
}

/// A bound listener.
#[derive(Debug)]
pub(crate) struct Listen {
    pub(crate) origin: Arc<Origin>,
    pub(crate) transport: &'static dyn Transport,
    pub(crate) listening: Arc<Listening>,
    /// The I/O threads among which its connections are spread.
    pub(crate) threads: Arc<[IoHandle]>,
}

/// A connection that a listener has accepted.
#[derive(Debug)]
pub(crate) struct Accepted {
    pub(crate) origin: Arc<Origin>,
    pub(crate) descriptor: OwnedFd,
    pub(crate) link: Link,
    pub(crate) admitted: Admitted,
}

/// A connection to be made.
#[derive(Debug)]
pub(crate) struct Connect {
    pub(crate) origin: Arc<Origin>,
    pub(crate) transport: &'static dyn Transport,
    pub(crate) pipe: PipeId,
    /// The session's ends; none with IMMEDIATE: then the pipe comes with the connection.
    pub(crate) ends: Option<Ends>,
}

/// A multicast endpoint.
#[derive(Debug)]
pub(crate) struct Join {
    pub(crate) origin: Arc<Origin>,
    pub(crate) pipe: PipeId,
    pub(crate) engine: Multicast,
    /// The endpoint was bound, not connected to, which makes no other difference.
    pub(crate) bound: bool,
    pub(crate) board: Arc<GroupBoard>,
}
