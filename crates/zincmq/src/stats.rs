//! Numbers: what a socket and each of its peers have sent, received, dropped and queued.

use crate::life::lock;
use crate::socket_type::SocketType;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The numbers of one socket since it was made. Read with [`Socket::stats`](crate::Socket::stats).
///
/// ```
/// # use zincmq::{Context, Pull, Push};
/// # fn main() -> zincmq::Result<()> {
/// # let context = Context::new();
/// let mut pull = Pull::new(&context)?;
/// pull.bind("inproc://work")?;
/// let mut push = Push::new(&context)?;
/// push.connect("inproc://work")?;
/// push.send("one")?;
/// push.send("two")?;
/// pull.recv()?;
///
/// let stats = push.stats();
/// assert_eq!((stats.sent, stats.queued_out), (2, 1));
/// assert_eq!(stats.peers[0].endpoint, "inproc://work");
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct SocketStats {
    /// Messages sent: accepted for a peer, once for each.
    pub sent: u64,
    /// Messages received by the application.
    pub received: u64,
    /// Bytes of frames sent, headers included.
    pub sent_bytes: u64,
    /// Bytes of frames received, likewise.
    pub received_bytes: u64,
    /// Messages dropped because a peer's queue was at its high-water mark.
    pub dropped_full: u64,
    /// Notices of subscriptions that were dropped because the application, which only sends, had left so many unread:
    /// XPUB only.
    pub dropped_unread: u64,
    /// Messages dropped because one connection after the other ended within them: the peer does not take them.
    pub dropped_refused: u64,
    /// Messages dropped because the peer that they were for is not there: those of ROUTER without `ROUTER_MANDATORY` to an unknown
    /// routing id, and replies of REP to a peer that has gone.
    pub dropped_unroutable: u64,
    /// Messages received from peers and thrown away, since the socket type has no use for them: what a SUB did not subscribe
    /// to, a reply that no request of a REQ waits for, a request without its envelope.
    pub discarded: u64,
    /// Messages that a newer one took the place of (`CONFLATE`), outbound after they were sent, inbound before they were
    /// received. Over inproc both sides count the same ones.
    pub conflated: u64,
    /// Connections that were made again after a loss.
    pub reconnects: u64,
    /// Connections that ended before the handshake was done.
    pub handshake_failures: u64,
    /// Messages queued outbound now, for all peers: not yet handed to the kernel or, over inproc, not yet received.
    pub queued_out: u64,
    /// Messages that have arrived and wait to be received now, from all peers; and, where a type receives notices of its
    /// peers (XPUB, ROUTER and STREAM), these.
    pub queued_in: u64,
    /// The multicast endpoints of this moment.
    pub multicast: Vec<MulticastStats>,
    /// The peers of this moment: those that have gone, and left nothing to receive, are not among them.
    pub peers: Vec<PeerStats>,
}

/// The numbers of one peer of a socket.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct PeerStats {
    /// The endpoint that it came by: bound or connected to by the socket; empty if that is gone.
    pub endpoint: String,
    /// Messages sent to it.
    pub sent: u64,
    /// Messages received from it.
    pub received: u64,
    /// Bytes of frames sent to it.
    pub sent_bytes: u64,
    /// Bytes of frames received from it.
    pub received_bytes: u64,
    /// Messages it did not get because its queue was at its high-water mark.
    pub dropped_full: u64,
    /// Messages received from it and thrown away, since the socket type has no use for them.
    pub discarded: u64,
    /// Messages to and from it that a newer one took the place of (`CONFLATE`).
    pub conflated: u64,
    /// Messages queued for it now: not yet handed to the kernel or, over inproc, not yet received by it.
    pub queued_out: u64,
    /// Messages from it that have arrived and wait to be received now.
    pub queued_in: u64,
}

/// The numbers of one multicast endpoint of a socket, in datagrams where nothing else is said. They say what the group's
/// packets were; messages are counted by [`PeerStats`].
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct MulticastStats {
    /// The endpoint, as it was bound or connected to.
    pub endpoint: String,
    /// Sent by this side, repairs not counted.
    pub sent: u64,
    /// Bytes in these, without headers.
    pub sent_bytes: u64,
    /// Sent again for receivers that had lost them.
    pub repairs_sent: u64,
    /// Requests for repair (NAK) that came.
    pub requests_received: u64,
    /// Received from all sources, also from those that have gone.
    pub received: u64,
    /// Bytes in these, without headers.
    pub received_bytes: u64,
    /// Received again after this side had asked for them.
    pub repairs_received: u64,
    /// Requests for repair (NAK) sent.
    pub requests_sent: u64,
    /// Lost for good, with all messages of which they held a part: see [`EventKind::Gap`](crate::EventKind::Gap).
    pub lost: u64,
    /// Dropped since they held no packet or no messages.
    pub malformed: u64,
    /// Dropped by the operating system when they were to be sent.
    pub refused_by_system: u64,
    /// The sources that are heard.
    pub sources: Vec<MulticastSource>,
}

/// The numbers of one source that a multicast endpoint hears, in datagrams where nothing else is said.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct MulticastSource {
    /// The address that its packets come from.
    pub address: IpAddr,
    /// The name that it chose for this run, and its port: the transport session identifier (RFC 3208).
    pub session: String,
    /// The first number that it can still send again.
    pub trail: u32,
    /// The last number that it has sent, as far as known.
    pub lead: u32,
    /// Received.
    pub received: u64,
    /// Bytes in these, without headers.
    pub received_bytes: u64,
    /// Received again after this side had asked for them.
    pub repairs: u64,
    /// Requests for repair sent to it.
    pub requests: u64,
    /// Missing now, and asked for.
    pub missing: u64,
    /// Lost for good.
    pub lost: u64,
}

/// The place where the I/O thread shows the numbers of a multicast endpoint.
#[derive(Debug, Default)]
pub(crate) struct GroupBoard(Mutex<MulticastStats>);

impl GroupBoard {
    /// Changes the numbers.
    pub(crate) fn tell(&self, change: impl FnOnce(&mut MulticastStats)) {
        change(&mut lock(&self.0));
    }

    /// The numbers, under the endpoint's name.
    pub(crate) fn read(&self, endpoint: &str) -> MulticastStats {
        MulticastStats { endpoint: endpoint.to_owned(), ..lock(&self.0).clone() }
    }
}

/// One socket of a context, as another thread sees it. See [`Context::stats`](crate::Context::stats).
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct SocketReport {
    /// Names the socket in its process.
    pub id: u64,
    /// Its type.
    pub socket_type: SocketType,
    /// How long ago it told the rest. `None`: it never has, and the rest is empty.
    pub age: Option<Duration>,
    /// The endpoints that it is bound to.
    pub bound: Vec<String>,
    /// The endpoints that it connects to.
    pub connected: Vec<String>,
    /// Its numbers.
    pub stats: SocketStats,
}

/// The numbers that the sockets of a context have told.
#[derive(Debug, Default)]
pub(crate) struct StatsRegistry {
    entries: Mutex<BTreeMap<u64, StatsEntry>>,
    told: Condvar,
}

#[derive(Debug)]
struct StatsEntry {
    asked: bool,
    told: Option<Instant>,
    report: SocketReport,
}

impl StatsRegistry {
    pub(crate) fn add(&self, id: u64, socket_type: SocketType) {
        let (bound, connected, stats) = (Vec::new(), Vec::new(), SocketStats::default());
        let report = SocketReport { id, socket_type, age: None, bound, connected, stats };
        lock(&self.entries).insert(id, StatsEntry { asked: false, told: None, report });
    }

    pub(crate) fn remove(&self, id: u64) {
        lock(&self.entries).remove(&id);
        self.told.notify_all();
    }

    /// Whether the socket is to be asked: not while an earlier question waits for it.
    pub(crate) fn ask(&self, id: u64) -> bool {
        lock(&self.entries).get_mut(&id).is_some_and(|note| !std::mem::replace(&mut note.asked, true))
    }

    /// The socket answers.
    pub(crate) fn tell(&self, id: u64, bound: Vec<String>, connected: Vec<String>, stats: SocketStats) {
        if let Some(note) = lock(&self.entries).get_mut(&id) {
            let socket_type = note.report.socket_type;
            note.report = SocketReport { id, socket_type, age: None, bound, connected, stats };
            (note.asked, note.told) = (false, Some(Instant::now()));
        }
        self.told.notify_all();
    }

    /// Waits until all have answered, at most so long. Returns what is known.
    pub(crate) fn read(&self, patience: Duration) -> Vec<SocketReport> {
        let waiting = |entries: &mut BTreeMap<u64, StatsEntry>| entries.values().any(|note| note.asked);
        let result = self.told.wait_timeout_while(lock(&self.entries), patience, waiting);
        let (entries, _) = result.unwrap_or_else(PoisonError::into_inner);
        let report = |note: &StatsEntry| SocketReport {
            age: note.told.map(|told| told.elapsed()),
            ..note.report.clone()
        };
        entries.values().map(report).collect()
    }
}

/// The counts of events that only I/O threads see.
#[derive(Debug, Default)]
pub(crate) struct FailureCounters {
    refused: AtomicU64,
    reconnects: AtomicU64,
    handshake_failures: AtomicU64,
}

impl FailureCounters {
    pub(crate) fn message_refused(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn reconnected(&self) {
        self.reconnects.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn handshake_failed(&self) {
        self.handshake_failures.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn fill(&self, stats: &mut SocketStats) {
        stats.dropped_refused = self.refused.load(Ordering::Relaxed);
        stats.reconnects = self.reconnects.load(Ordering::Relaxed);
        stats.handshake_failures = self.handshake_failures.load(Ordering::Relaxed);
    }
}
