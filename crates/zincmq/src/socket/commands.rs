//! The requests of other threads to a socket, and what becomes of its peers then.

use crate::command::{Attach, ToSocket};
use crate::pattern::contract::{Attached, PeerId, Peers};
use crate::socket::core::Core;
use queue::{Item, KEPT_ROOM};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// How often a socket in use gives memory of idle pipes back, inproc ones among them.
const SWEEP: Duration = Duration::from_secs(1);

impl Core {
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
            // So that the side that connected can name the peer (zmq_getsockopt(3), ZMQ_ROUTING_ID).
            self.peers.options.routing_id = given.to_vec();
        }
        self.look(id);
        if self.peers.has_left(id) {
            self.left(id);
        }
        id
    }

    /// Takes up what the reader of this peer has for us now, unless it rests.
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

    /// As [`Core::look`], where a message has come.
    pub(super) fn resume(&mut self, id: PeerId) {
        let Some(peer) = self.peers.get(id) else { return };
        peer.resume();
        self.pattern.readable(&mut self.peers, id);
    }

    /// The peer has room again, or has gone.
    fn make_room(&mut self, id: PeerId) {
        if self.peers.has_left(id) {
            return self.left(id);
        }
        self.pattern.writable(&mut self.peers, id);
    }

    /// The peer has gone; its messages can still be read, of which there are none in most cases.
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

    /// Takes a peer away at once: disconnected or unbound. Messages queued outbound linger in its session.
    pub(crate) fn detach(&mut self, id: PeerId) {
        self.end(id);
    }

    /// Lets go of peers whose end the pattern has come upon, and takes in those that have missed a subscription. Returns
    /// whether there were any.
    #[inline]
    pub(super) fn reap(&mut self) -> bool {
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
        // Peers that end here are let go of by the next call at the latest.
        self.take_items();
    }

    /// Lets go of all peers that have gone, before somebody is told who is there.
    pub(super) fn reap_all(&mut self) {
        for id in self.peers.over() {
            self.end(id);
        }
    }

    /// Does what other threads asked for, and what earlier calls have left.
    #[inline(always)]
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
        self.reap();
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
                Item::Command(command) => self.handle(command),
            }
        }
        items.shrink_to(KEPT_ROOM);
        self.items = items;
    }

    fn sweep(&mut self) {
        self.swept = Instant::now();
        self.peers.sweep();
    }

    fn handle(&mut self, command: ToSocket) {
        match command {
            // One that was on its way when its endpoint was unbound ends with the ends of its pipe. Those of inproc outlive that.
            ToSocket::Attach(attach) => {
                if attach.io.is_none() || self.endpoints.iter().any(|entry| entry.id() == attach.endpoint) {
                    self.attach(*attach);
                }
            }
            ToSocket::Identified { pipe, routing_id, disconnect_msg } => {
                let Some(id) = self.peers.of_pipe(pipe) else { return };
                self.peers.set_farewell(id, disconnect_msg);
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
            ToSocket::Forget { endpoint } => self.endpoints.retain(|entry| entry.id() != endpoint),
            ToSocket::Interrupt => self.waiting.interrupted = true,
            ToSocket::Report => self.report(),
            ToSocket::Sweep => {
                self.owner.sweeping.store(false, Ordering::Relaxed);
                self.sweep();
            }
            ToSocket::Stop => self.stopped = true,
        }
    }
}
