//! The heart of a socket: one pattern, its peers, and the commands that change them. Never blocks.

use crate::bell::Bell;
use crate::command::{IoHandle, SocketShared, ToIo, ToSocket};
use crate::context::ContextRef;
use crate::error::{Error, Result};
use crate::message::Message;
use crate::monitor::Sink;
use crate::option::{self, Form, OptionKey, Options, Row, Value};
use crate::pattern::{
    self, Pattern,
    contract::{Denied, Kind, Peers},
};
use crate::socket::entry::Entry;
use crate::socket::listener::Listener;
use crate::socket::table::{Admission, Table};
use crate::socket::turn::Turn;
use crate::socket_type::{Refused, SocketType};
use crate::spin::AdaptiveSpin;
use crate::stats::FailureCounters;
use crate::trace::event;
use queue::{Inbox, Item, Lent, Part};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

pub(crate) struct Core {
    pub(crate) owner: Arc<SocketShared>,
    pub(super) pattern: Box<dyn Pattern<Table>>,
    pub(crate) peers: Table,
    pub(super) endpoints: Vec<Entry>,
    /// The options that the last endpoint was made with.
    pub(super) shared_options: Option<Arc<Options>>,
    /// The I/O threads that have, or had, something of this socket.
    pub(super) threads: Vec<Arc<Inbox<ToIo>>>,
    pub(crate) last_endpoint: String,
    pub(super) items: VecDeque<Item<ToSocket>>,
    pub(super) stopped: bool,
    /// Sends that do not wait take new credit lazily.
    pub(crate) lazy: bool,
    pub(super) swept: Instant,
    pub(crate) waiting: Waiting,
    /// A message that a sink took, and that was denied for now.
    #[cfg(feature = "futures")]
    pub(super) unsent: Option<Box<Message>>,
    /// Last, so that it goes last: the last handle waits for the end of all sockets, this one among them.
    pub(crate) home: ContextRef,
}

/// How this socket waits.
#[derive(Default)]
pub(crate) struct Waiting {
    /// The next call that waits does not.
    pub(crate) interrupted: bool,
    /// A signal handler ends a wait.
    pub(crate) interruptible: bool,
    /// The bell that event loops listen to, once somebody has asked for it.
    pub(crate) watch: Option<Arc<Bell>>,
    pub(super) listener: Listener,
    pub(super) spin: AdaptiveSpin,
    pub(super) turn: Turn,
}

impl Core {
    pub(crate) fn new(home: ContextRef, socket_type: SocketType) -> Result<Self> {
        let inbox = Arc::new(Inbox::default());
        let monitor = Arc::new(Sink::default());
        let id = home.register(&inbox, &monitor, socket_type)?;
        let owner = SocketShared {
            id,
            socket_type,
            inbox,
            monitor,
            troubles: FailureCounters::default(),
            sweeping: AtomicBool::new(false),
            exposed: AtomicBool::new(false),
            pool: home.pool().clone(),
            topics: Arc::default(),
            authenticator: home.shared().names.clone(),
            _life: home.life(id),
        };
        let mut options = Options::new(socket_type);
        home.inherit(&mut options);
        Ok(Self {
            pattern: pattern::new(socket_type, crate::life::random()),
            peers: Table::new(options, owner.topics.clone(), (socket_type.name(), id)),
            owner: Arc::new(owner),
            endpoints: Vec::new(),
            shared_options: None,
            threads: Vec::new(),
            last_endpoint: String::new(),
            items: VecDeque::new(),
            stopped: false,
            lazy: false,
            swept: Instant::now(),
            waiting: Waiting::default(),
            #[cfg(feature = "futures")]
            unsent: None,
            home,
        })
    }

    pub(crate) fn name(&self) -> &'static str {
        self.owner.socket_type.name()
    }

    /// An I/O thread may have something of this socket from now on.
    pub(crate) fn involve(&mut self, io: &IoHandle) {
        if !self.threads.iter().any(|known| Arc::ptr_eq(known, &io.inbox)) {
            self.threads.push(io.inbox.clone());
        }
    }

    /// Whether the context has shut down; messages that a stream has left go out.
    pub(crate) fn check(&mut self) -> Result<()> {
        self.peers.end_streams();
        self.process();
        if self.stopped { Err(Error::Terminated) } else { Ok(()) }
    }

    pub(crate) fn set_value(&mut self, row: &Row, value: Value) -> Result<()> {
        self.check()?;
        row.require(self.owner.socket_type)?;
        self.peers.options.set_value(row, value)?;
        if row.number == option::SNDHWM.row().number || row.number == option::RCVHWM.row().number {
            self.apply_high_water();
        }
        Ok(())
    }

    pub(crate) fn get<F: Form, G>(&mut self, option: OptionKey<F, G>) -> Result<F::Value> {
        self.check()?;
        Ok(self.peers.options.get(option))
    }

    // Inlined, it would be part of a closure that reads the parts from memory just written in smaller pieces.
    #[inline(never)]
    pub(crate) fn try_send(&mut self, parts: &[Part<'_>]) -> std::result::Result<(), Denied> {
        self.try_send_inlined(parts)
    }

    /// [`Core::try_send`], for callers that are one function for all messages.
    #[inline(always)]
    pub(crate) fn try_send_inlined(&mut self, parts: &[Part<'_>]) -> std::result::Result<(), Denied> {
        self.process();
        let result = match parts {
            // Callers tell this from a full queue by `is_stopped`.
            _ if self.stopped => Err(Denied::Again),
            [] => Err(Denied::Invalid),
            _ => self.pattern.send(&mut self.peers, parts),
        };
        self.peers.admission = Admission::Strict;
        self.reap();
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
        if !self.lazy || self.waiting.watch.is_some() {
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
        self.try_recv_inlined(into)
    }

    /// [`Core::try_recv`], as with [`Core::try_send_inlined`].
    #[inline(always)]
    pub(crate) fn try_recv_inlined(&mut self, into: &mut Message) -> std::result::Result<(), Denied> {
        self.peers.end_streams();
        self.process();
        into.clear();
        if self.stopped {
            return Err(Denied::Again);
        }
        if self.peers.conflates {
            self.peers.skip_to_latest();
        }
        let result = self.pattern.recv(&mut self.peers, into);
        if self.peers.has_aftermath() { self.recv_after(result, into) } else { result }
    }

    /// The end of a peer may be something to receive; or another peer's end comes to light.
    #[cold]
    fn recv_after(
        &mut self,
        mut result: std::result::Result<(), Denied>,
        into: &mut Message,
    ) -> std::result::Result<(), Denied> {
        while self.reap() && result == Err(Denied::Again) {
            result = self.pattern.recv(&mut self.peers, into);
        }
        result
    }

    /// As [`Core::try_recv`], if the message is one part of `most` bytes or less that can be shown where it lies. `None`: it is not,
    /// nothing is there yet, or there is more to do than to take a message.
    #[inline(always)]
    pub(crate) fn recv_lent(&mut self, most: usize) -> Option<Lent<'_>> {
        let due = self.waiting.interrupted | self.stopped | self.owner.inbox.is_pending();
        if due | self.peers.is_due() {
            return None;
        }
        let lender = self.pattern.lender(&mut self.peers)?;
        let lent = self.peers.get(lender.current()?)?.reader.lend(most)?;
        lender.turn();
        Some(lent)
    }

    /// This thread will not wait at the connection: the I/O thread hears from it again. Returns whether something had come
    /// that neither had heard of.
    pub(crate) fn end_caller_io(&mut self) -> bool {
        self.peers.patient = false;
        self.peers.end_streams();
        let missed = self.read_missed();
        self.peers.end_listening();
        missed
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
        while self.reap() && !ready {
            ready = self.pattern.can_recv(&mut self.peers);
        }
        ready
    }

    pub(crate) fn subscribe(&mut self, kind: Kind, topic: &[u8]) -> Result<()> {
        self.check()?;
        let name = self.name();
        let result = self.pattern.subscribe(&mut self.peers, kind, topic);
        self.reap();
        result.map_err(|denied| Error::denied(denied, name))
    }

    /// Before the first bind: publishers that come are asked for the topics of the socket by the thread that makes
    /// the pipe.
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

    /// The high-water marks have changed: a peer that was full may have room, and its reader need not tell.
    pub(crate) fn apply_high_water(&mut self) {
        self.peers.apply_high_water();
        for id in self.peers.ids() {
            self.pattern.writable(&mut self.peers, id);
        }
    }
}

impl Drop for Core {
    fn drop(&mut self) {
        // An inproc peer may have said what it wants to hear when this side leaves.
        self.process();
        self.peers.end_streams();
        self.peers.end_listening();
        self.home.shared().names.unbind_all(self.owner.id);
        self.endpoints.iter().for_each(Entry::close);
        let linger = self.peers.options.linger;
        event!(DEBUG, "socket", "closed", socket = self.name(), id = self.owner.id, linger_ms = linger);
        for io in &self.threads {
            io.push(Item::Command(ToIo::CloseSocket { socket: self.owner.id, linger }));
        }
        self.home.unregister(self.owner.id);
        // Pipes that were never attached end here: their sessions, which keep the inbox, wait for that.
        self.owner.inbox.close();
    }
}
