//! The heart of a socket: one pattern, its peers, and the commands that change them. Never blocks.

use crate::bell::Bell;
use crate::command::{Attach, EndpointId, Owner, ToIo, ToSocket};
use crate::context::Home;
use crate::error::{Error, Result};
use crate::message::Message;
use crate::monitor::{Sides, Sink};
use crate::option::Options;
use crate::pattern::{
    self, Pattern,
    contract::{Attached, Denied, Kind, PeerId, Peers},
};
use crate::socket::caller_io::Listener;
use crate::socket::future::Turn;
use crate::socket::peers::{Admission, Table};
use crate::socket_type::{Refused, SocketType};
use crate::spin::Spin;
use crate::stats::{SocketStats, Troubles};
use crate::transport::Listening;
use queue::{Inbox, Item, Part};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How often a socket in use gives memory of idle pipes back, inproc ones among them.
const SWEEP: Duration = Duration::from_secs(1);

pub(crate) struct Core {
    pub(crate) owner: Arc<Owner>,
    pattern: Box<dyn Pattern<Table>>,
    pub(crate) peers: Table,
    pub(crate) endpoints: Vec<Entry>,
    /// The I/O threads that have, or had, something of this socket.
    threads: Vec<Arc<Inbox<ToIo>>>,
    pub(crate) last_endpoint: String,
    items: VecDeque<Item<ToSocket>>,
    stopped: bool,
    /// The next call that waits does not.
    pub(crate) interrupted: bool,
    /// A signal handler ends a wait.
    pub(crate) interruptible: bool,
    /// Sends that do not wait take new credit lazily.
    pub(crate) lazy: bool,
    /// What event loops listen to, once somebody has asked for it.
    pub(crate) watch: Option<Arc<Bell>>,
    swept: Instant,
    pub(crate) listener: Listener,
    pub(crate) spin: Spin,
    pub(crate) turn: Turn,
    /// Last, so that it goes last: the last handle waits for the end of all sockets, this one among them.
    pub(crate) home: Home,
}

/// A bind or a connect of this socket.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) id: EndpointId,
    pub(crate) name: String,
    /// Another name: the text that was bound, where that says as much.
    pub(crate) alias: Option<String>,
    /// The I/O thread it lives on; none for inproc.
    pub(crate) io: Option<Arc<Inbox<ToIo>>>,
    pub(crate) bound: bool,
    /// What a bind over the network listens at.
    pub(crate) listening: Option<Arc<Listening>>,
}

impl Entry {
    pub(crate) fn new(id: EndpointId, name: &str, io: Option<Arc<Inbox<ToIo>>>, bound: bool) -> Self {
        Self { id, name: name.to_owned(), alias: None, io, bound, listening: None }
    }

    /// Frees the address at once: the I/O thread may be busy.
    pub(crate) fn close(&self) {
        if let Some(listening) = &self.listening {
            listening.close();
        }
    }
}

impl Core {
    pub(crate) fn new(home: Home, socket_type: SocketType) -> Result<Self> {
        let inbox = Arc::new(Inbox::default());
        let monitor = Arc::new(Sink::default());
        let id = home.register(&inbox, &monitor, socket_type)?;
        let owner = Owner {
            id,
            socket_type,
            inbox,
            monitor,
            troubles: Troubles::default(),
            sweeping: AtomicBool::new(false),
            pool: home.pool().clone(),
            topics: Arc::default(),
            _life: home.life(),
        };
        let mut options = Options::new(socket_type);
        home.inherit(&mut options);
        Ok(Self {
            pattern: pattern::new(socket_type, crate::life::random()),
            peers: Table::new(options, owner.topics.clone()),
            owner: Arc::new(owner),
            endpoints: Vec::new(),
            threads: Vec::new(),
            last_endpoint: String::new(),
            items: VecDeque::new(),
            stopped: false,
            interrupted: false,
            interruptible: false,
            lazy: false,
            watch: None,
            swept: Instant::now(),
            listener: Listener::default(),
            spin: Spin::default(),
            turn: Turn::default(),
            home,
        })
    }

    pub(crate) fn name(&self) -> &'static str {
        self.owner.socket_type.name()
    }

    /// Gives an I/O thread something of this socket.
    pub(crate) fn hand_over(&mut self, io: &Arc<Inbox<ToIo>>, command: ToIo) {
        if !self.threads.iter().any(|known| Arc::ptr_eq(known, io)) {
            self.threads.push(io.clone());
        }
        io.push(Item::Command(command));
    }

    /// Whether the context has shut down; what a stream has left goes out.
    pub(crate) fn check(&mut self) -> Result<()> {
        self.peers.end_streams();
        self.process();
        if self.stopped { Err(Error::Terminated) } else { Ok(()) }
    }

    // Inlined, it would be part of a closure that reads the parts from memory just written in smaller pieces.
    #[inline(never)]
    pub(crate) fn try_send(&mut self, parts: &[Part<'_>]) -> std::result::Result<(), Denied> {
        self.process();
        let result = match parts {
            // Callers tell this from a full queue by `is_stopped`.
            _ if self.stopped => Err(Denied::Again),
            [] => Err(Denied::Invalid),
            _ => self.pattern.send(&mut self.peers, parts),
        };
        self.peers.admission = Admission::Strict;
        self.bury();
        result
    }

    /// An attempt to send that does not wait.
    #[inline]
    pub(crate) fn offer(
        &mut self,
        attempt: impl FnMut(&mut Self) -> std::result::Result<(), Denied>,
    ) -> std::result::Result<(), Denied> {
        let result = self.offer_lazily(attempt);
        if result == Err(Denied::Again) {
            self.peers.end_streams();
        }
        result
    }

    /// As [`Core::offer`], with new credit taken lazily where the socket does that.
    #[inline]
    fn offer_lazily(
        &mut self,
        attempt: impl FnMut(&mut Self) -> std::result::Result<(), Denied>,
    ) -> std::result::Result<(), Denied> {
        // A descriptor would not tell of room that is there already.
        if !self.lazy || self.watch.is_some() {
            return self.attempt(attempt);
        }
        if self.keeps_refused() && self.peers.admission == Admission::Strict {
            self.peers.admission = Admission::Lazy;
        }
        let result = self.attempt(attempt);
        if self.peers.admission == Admission::Lazy {
            self.peers.admission = Admission::Strict;
        }
        while let Some(id) = self.peers.next_reluctant() {
            self.pattern.writable(&mut self.peers, id);
        }
        result
    }

    /// Whether a message that begins with `first` would be accepted now; the next one is, then.
    pub(crate) fn try_admit(&mut self, first: &[u8]) -> std::result::Result<(), Denied> {
        self.process();
        if self.stopped {
            return Err(Denied::Again);
        }
        self.pattern.admit(&mut self.peers, first)?;
        if self.keeps_refused() {
            self.peers.admission = Admission::Granted;
        }
        Ok(())
    }

    /// Whether a message for which there is no room is refused, not lost.
    fn keeps_refused(&self) -> bool {
        match self.owner.socket_type.profile().refused {
            Refused::Kept => true,
            Refused::Lost => false,
            Refused::Mandatory => self.peers.options.router_mandatory,
            Refused::Nodrop => self.peers.options.xpub_nodrop,
        }
    }

    #[inline]
    pub(crate) fn try_recv(&mut self, into: &mut Message) -> std::result::Result<(), Denied> {
        self.peers.end_streams();
        self.process();
        into.clear();
        if self.stopped {
            return Err(Denied::Again);
        }
        if self.peers.conflates {
            self.peers.freshen();
        }
        let mut result = self.pattern.recv(&mut self.peers, into);
        // The end of a peer may be something to receive; or another peer's end comes to light.
        while self.bury() && result == Err(Denied::Again) {
            result = self.pattern.recv(&mut self.peers, into);
        }
        result
    }

    /// This thread will not wait at the connection: the I/O thread hears from it again.
    pub(crate) fn end_caller_io(&mut self) {
        self.peers.patient = false;
        self.peers.end_streams();
        self.peers.end_listening();
    }

    pub(crate) fn can_send(&mut self) -> bool {
        self.end_caller_io();
        self.would_send()
    }

    /// As [`Core::can_send`], in the midst of sending; no more after the context's end.
    pub(crate) fn would_send(&mut self) -> bool {
        self.process();
        let would = self.pattern.can_send(&mut self.peers);
        if !would {
            self.peers.end_streams();
        }
        would && !self.stopped
    }

    pub(crate) fn can_recv(&mut self) -> bool {
        self.end_caller_io();
        self.process();
        let mut ready = self.pattern.can_recv(&mut self.peers);
        while self.bury() && !ready {
            ready = self.pattern.can_recv(&mut self.peers);
        }
        ready
    }

    pub(crate) fn subscribe(&mut self, kind: Kind, topic: &[u8]) -> Result<()> {
        self.check()?;
        let name = self.name();
        let result = self.pattern.subscribe(&mut self.peers, kind, topic);
        self.bury();
        result.map_err(|denied| Error::denied(denied, name))
    }

    /// Before the first bind: publishers that come are asked for the topics of the socket by whoever makes the pipe.
    pub(crate) fn share_topics(&mut self) {
        if self.owner.socket_type.profile().subscribes && self.owner.topics.begin() {
            self.pattern.bound(&mut self.peers);
        }
    }

    /// Whether the peer of this routing id has room.
    pub(crate) fn has_room_for(&mut self, routing_id: &[u8]) -> Result<bool> {
        self.check()?;
        let peer = self.pattern.peer_of(routing_id).map_err(|denied| Error::denied(denied, self.name()))?;
        Ok(self.peers.has_room(peer))
    }

    pub(crate) fn topics(&self) -> Result<usize> {
        self.pattern.topics().map_err(|denied| Error::denied(denied, self.name()))
    }

    /// Whether to ask again rather than sleep: this call, or one before, has not looked at everything.
    #[inline]
    pub(crate) fn is_unsettled(&self) -> bool {
        self.peers.is_overdue()
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.stopped
    }

    /// Takes a new peer in.
    pub(crate) fn attach(&mut self, attach: Attach) -> PeerId {
        let told = attach.told;
        let how = Attached { subscribed: told.is_some(), ..attach.how.clone() };
        let id = self.peers.insert(attach, &self.owner.inbox);
        if let Some(told) = told {
            for (kind, topic) in self.owner.topics.catch_up(told) {
                self.peers.subscribe(id, kind, &topic);
            }
        }
        self.pattern.attached(&mut self.peers, id, how);
        if self.owner.socket_type.profile().shows_given_id
            && let Some(given) = self.pattern.routing_id_of(id)
        {
            // So that who connected can name the peer (zmq_getsockopt(3), ZMQ_ROUTING_ID).
            self.peers.options.routing_id = given.to_vec();
        }
        self.look(id);
        if self.peers.has_left(id) {
            self.left(id);
        }
        id
    }

    /// What the reader of this peer has for us now, unless it rests.
    pub(super) fn look(&mut self, id: PeerId) {
        let Some(peer) = self.peers.get(id) else { return };
        peer.resume();
        if peer.look() {
            if peer.has_ended() {
                return self.end(id);
            }
            self.pattern.readable(&mut self.peers, id);
        }
    }

    /// The peer has room again, or has gone.
    fn make_room(&mut self, id: PeerId) {
        if self.peers.has_left(id) {
            return self.left(id);
        }
        self.pattern.writable(&mut self.peers, id);
    }

    /// The peer has gone; what it sent can still be read, which is nothing in most cases.
    fn left(&mut self, id: PeerId) {
        self.close_peer(id);
        self.look(id);
    }

    /// The peer has gone and everything has been read. It may have come to light twice.
    fn end(&mut self, id: PeerId) {
        if self.peers.get(id).is_none() {
            return;
        }
        self.close_peer(id);
        self.pattern.detached(&mut self.peers, id);
        self.peers.remove(id);
    }

    fn close_peer(&mut self, id: PeerId) {
        if self.peers.get(id).is_some_and(|peer| peer.set_closing()) {
            self.pattern.closing(&mut self.peers, id);
        }
    }

    /// Takes a peer away at once: disconnected or unbound. What was queued outbound lingers in its session.
    pub(crate) fn detach(&mut self, id: PeerId) {
        self.end(id);
    }

    /// Lets go of peers whose end the pattern has come upon, and takes in those that have missed a subscription. Returns
    /// whether there were any.
    #[inline]
    fn bury(&mut self) -> bool {
        let any = self.peers.has_aftermath();
        if any {
            self.clear_up();
        }
        any
    }

    #[cold]
    fn clear_up(&mut self) {
        while let Some(id) = self.peers.next_ended() {
            self.end(id);
        }
        // What ends here is let go of by the next call at the latest.
        self.take_items();
    }

    /// Lets go of all peers that have gone, before somebody is told who is there.
    fn bury_all(&mut self) {
        for id in self.peers.over() {
            self.end(id);
        }
    }

    /// Does what other threads asked for, and what earlier calls have left.
    #[inline]
    pub(crate) fn process(&mut self) {
        self.peers.renew_allowance();
        if self.owner.inbox.is_pending() || self.is_unsettled() {
            self.process_items();
        }
    }

    #[cold]
    fn process_items(&mut self) {
        self.take_items();
        let pattern = &mut self.pattern;
        self.peers.take_up(|peers, id| pattern.readable(peers, id));
        // The call's own task is not to suffer for what earlier ones have left.
        self.peers.renew_allowance();
        self.bury();
        self.keep_watch();
        if self.swept.elapsed() > SWEEP {
            self.sweep();
        }
    }

    fn take_items(&mut self) {
        let mut items = std::mem::take(&mut self.items);
        self.owner.inbox.take_all(&mut items);
        for item in items.drain(..) {
            match item {
                Item::Readable(key) => self.look(PeerId(key)),
                Item::Writable(key) => self.make_room(PeerId(key)),
                Item::Command(command) => self.obey(command),
            }
        }
        self.items = items;
    }

    fn sweep(&mut self) {
        self.swept = Instant::now();
        self.peers.sweep();
    }

    fn obey(&mut self, command: ToSocket) {
        match command {
            ToSocket::Attach(attach) => {
                self.attach(*attach);
            }
            ToSocket::Identified { pipe, routing_id, farewell } => {
                let Some(id) = self.peers.of_pipe(pipe) else { return };
                self.peers.set_farewell(id, farewell);
                self.pattern.identified(&mut self.peers, id, &routing_id);
            }
            ToSocket::Opened { pipe, connection } => {
                let Some(id) = self.peers.of_pipe(pipe) else { return };
                connection.recheck();
                self.peers.set_connection(id, Some(connection));
            }
            ToSocket::Lost { pipe, fresh } => {
                let Some(id) = self.peers.of_pipe(pipe) else { return };
                self.peers.set_connection(id, None);
                if let Some(writer) = fresh
                    && let Some(peer) = self.peers.get(id)
                {
                    peer.replace_writer(writer, &self.owner.inbox, id);
                    self.peers.apply_high_water();
                    self.pattern.reconnected(&mut self.peers, id);
                }
            }
            ToSocket::HungUp { pipe } => {
                let Some(id) = self.peers.of_pipe(pipe) else { return };
                self.pattern.hung_up(&mut self.peers, id);
            }
            ToSocket::Detach { pipe } => {
                let Some(id) = self.peers.of_pipe(pipe) else { return };
                self.left(id);
            }
            ToSocket::Forget { endpoint } => self.endpoints.retain(|entry| entry.id != endpoint),
            ToSocket::Interrupt => self.interrupted = true,
            ToSocket::Report => self.report(),
            ToSocket::Sweep => {
                self.owner.sweeping.store(false, Ordering::Relaxed);
                self.sweep();
            }
            ToSocket::Stop => self.stopped = true,
        }
    }

    /// The high-water marks have changed: who was full may have room, and its reader need not tell.
    pub(crate) fn apply_high_water(&mut self) {
        self.peers.apply_high_water();
        for id in self.peers.ids() {
            self.pattern.writable(&mut self.peers, id);
        }
    }

    /// Tells the monitor what is queued for each peer; lazily, in the steps in which room is noticed.
    pub(crate) fn report_queues(&mut self) -> Result<()> {
        self.check()?;
        self.bury_all();
        let mut none = true;
        for (endpoint, sides, outbound, inbound) in self.peers.queues(self.lazy) {
            none = false;
            let entry = self.endpoints.iter().find(|entry| entry.id == endpoint);
            let (name, bound) = entry.map_or(("", true), |entry| (&entry.name, entry.bound));
            let sides = sides.unwrap_or(Sides { local: name, remote: name, connects: !bound });
            self.owner.monitor.report(outbound, inbound, sides);
        }
        if none { Err(Error::Again) } else { Ok(()) }
    }

    pub(crate) fn stats(&mut self) -> SocketStats {
        self.process();
        self.bury_all();
        self.numbers()
    }

    fn numbers(&self) -> SocketStats {
        let name = |id| self.endpoints.iter().find(|entry| entry.id == id).map(|entry| entry.name.clone());
        let mut stats = self.peers.stats(|endpoint| name(endpoint).unwrap_or_default());
        self.owner.troubles.fill(&mut stats);
        stats
    }

    /// Tells its numbers to whoever looks at the context's.
    fn report(&mut self) {
        self.bury_all();
        let names = |bound| {
            let entries = self.endpoints.iter().filter(move |entry| entry.bound == bound);
            entries.map(|entry| entry.name.clone()).collect()
        };
        self.home.shared().board.tell(self.owner.id, names(true), names(false), self.numbers());
    }
}

impl Drop for Core {
    fn drop(&mut self) {
        // An inproc peer may have said what it wants to hear when this side leaves.
        self.process();
        self.peers.end_streams();
        self.home.shared().names.unbind_all(self.owner.id);
        self.endpoints.iter().for_each(Entry::close);
        let linger = self.peers.options.linger;
        for io in &self.threads {
            io.push(Item::Command(ToIo::CloseSocket { socket: self.owner.id, linger }));
        }
        self.home.unregister(self.owner.id);
        // Pipes that were never attached end here: their sessions, which keep the inbox, wait for that.
        self.owner.inbox.close();
    }
}
