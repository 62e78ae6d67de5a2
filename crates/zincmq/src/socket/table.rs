//! The peers of a socket: a table of pipe ends.

use crate::arena::SlotMap;
use crate::command::{Attach, EndpointId, PipeId};
use crate::engine::Connection;
use crate::monitor::Sides;
use crate::option::Options;
use crate::pattern::contract::PeerId;
use crate::shared_topics::SharedTopics;
use crate::socket::allowance::Allowance;
use crate::socket::lone::Lone;
use crate::socket::pacing::Due;
use crate::socket::peer::Peer;
use crate::stats::{PeerStats, SocketStats};
use queue::{Broadcast, Inbox};
use std::collections::HashMap;
use std::sync::Arc;

/// How the call at hand looks at high-water marks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Admission {
    /// A peer that has room takes a message.
    Strict,
    /// New credit is taken lazily.
    Lazy,
    /// The message was admitted before: the mark, which may be lower now, does not matter any more.
    Granted,
}

/// All peers of one socket.
#[derive(Debug)]
pub(crate) struct Table {
    pub(super) all: SlotMap<Box<Peer>>,
    pub(super) by_pipe: HashMap<PipeId, PeerId>,
    pub(crate) options: Options,
    /// Peers whose inbound queue was seen to have ended.
    pub(super) ended: Vec<PeerId>,
    /// There are such, or a peer that waits in the inbox has missed a subscription.
    pub(super) aftermath: bool,
    /// The calling thread may wait a moment before a reader rests.
    pub(crate) patient: bool,
    /// The call at hand sends, and may wait without limit.
    pub(super) may_wait: bool,
    /// The work that the call at hand is to do when its pattern is done.
    pub(super) due: Option<Box<Due>>,
    /// This side may hear from the descriptor of a connection.
    pub(super) listens: bool,
    /// This side may write the stream to some peer.
    pub(super) streams: bool,
    pub(super) lone: Lone,
    pub(super) broadcast: Broadcast,
    pub(crate) admission: Admission,
    /// Peers that were refused for that reason, and have room.
    pub(super) reluctant: Vec<PeerId>,
    /// Some pipe keeps, or kept, only its last inbound message.
    pub(crate) conflates: bool,
    /// The numbers of peers that have gone.
    pub(super) past: SocketStats,
    pub(super) allowance: Allowance,
    pub(super) topics: Arc<SharedTopics>,
    /// The socket's type and number, for the log.
    pub(super) socket: (&'static str, u64),
}

impl Table {
    pub(crate) fn new(options: Options, topics: Arc<SharedTopics>, socket: (&'static str, u64)) -> Self {
        Self {
            all: SlotMap::default(),
            by_pipe: HashMap::new(),
            options,
            ended: Vec::new(),
            aftermath: false,
            patient: false,
            may_wait: false,
            due: None,
            listens: false,
            streams: false,
            lone: Lone::default(),
            broadcast: Broadcast::default(),
            admission: Admission::Strict,
            reluctant: Vec::new(),
            conflates: false,
            past: SocketStats::default(),
            allowance: Allowance::default(),
            topics,
            socket,
        }
    }

    /// Gives the pipe a place, with the high-water marks as they are now.
    pub(crate) fn insert(&mut self, attach: Attach, inbox: &Arc<Inbox<crate::command::ToSocket>>) -> PeerId {
        self.end_listening();
        let pipe = attach.pipe;
        self.conflates |= attach.ends.reader.conflates();
        let peer = Peer::new(attach, &self.options, segment_class(self.by_pipe.len() + 1));
        let id = PeerId(self.all.insert(Box::new(peer)));
        if let Some(peer) = self.get(id) {
            peer.writer.attach(inbox.clone(), id.0);
            peer.reader.attach(inbox.clone(), id.0);
        }
        self.by_pipe.insert(pipe, id);
        id
    }

    #[inline]
    pub(crate) fn get(&mut self, id: PeerId) -> Option<&mut Peer> {
        self.all.get(id.0).map(|peer| &mut **peer)
    }

    /// Whether the peer, which is of this process, has gone. Of others the I/O thread tells.
    pub(crate) fn has_left(&mut self, id: PeerId) -> bool {
        self.get(id).is_some_and(|peer| peer.io.is_none() && peer.writer.is_gone())
    }

    pub(crate) fn of_pipe(&self, pipe: PipeId) -> Option<PeerId> {
        self.by_pipe.get(&pipe).copied()
    }

    pub(crate) fn ids(&self) -> Vec<PeerId> {
        self.all.iter().map(|(key, _)| PeerId(key)).collect()
    }

    pub(crate) fn of_endpoint(&self, endpoint: EndpointId) -> Vec<PeerId> {
        let belonging = self.all.iter().filter(|(_, peer)| peer.endpoint == endpoint);
        belonging.map(|(key, _)| PeerId(key)).collect()
    }

    pub(crate) fn count(&self) -> usize {
        self.by_pipe.len()
    }

    /// The only peer there is, and its connection.
    pub(crate) fn only_connection(&self) -> Option<(PeerId, &Arc<Connection>)> {
        let mut peers = self.all.iter();
        let (key, peer) = peers.next()?;
        if peers.next().is_some() { None } else { Some((PeerId(key), peer.connection.as_ref()?)) }
    }

    /// The peer's connection has opened, or was lost.
    pub(crate) fn set_connection(&mut self, id: PeerId, connection: Option<Arc<Connection>>) {
        self.end_listening();
        if let Some(peer) = self.get(id) {
            if let Some(connection) = &connection {
                peer.info = Some(connection.info.clone());
            }
            peer.connection = connection;
        }
    }

    pub(crate) fn set_farewell(&mut self, id: PeerId, message: Vec<u8>) {
        if let Some(peer) = self.get(id) {
            peer.disconnect_msg = message.into();
        }
    }

    /// Takes the peer out; its pipe ends with it.
    pub(crate) fn remove(&mut self, id: PeerId) -> Option<Box<Peer>> {
        let peer = self.all.remove(id.0)?;
        self.by_pipe.remove(&peer.pipe);
        if let Some(connection) = &peer.connection {
            connection.release_inbound();
            connection.end_stream();
        }
        add(&mut self.past, &peer.stats(String::new()));
        Some(peer)
    }

    /// A peer that has room although it was refused.
    pub(crate) fn next_reluctant(&mut self) -> Option<PeerId> {
        self.reluctant.pop()
    }

    /// A peer that has ended. After the last one nothing is left to be cleared up.
    pub(crate) fn next_ended(&mut self) -> Option<PeerId> {
        let next = self.ended.pop();
        self.aftermath = next.is_some();
        next
    }

    /// Peers that have gone, whether that was seen or not.
    pub(crate) fn over(&self) -> Vec<PeerId> {
        self.all.iter().filter(|(_, peer)| peer.has_ended()).map(|(key, _)| PeerId(key)).collect()
    }

    /// Whether something is left to be cleared up after a call of the pattern.
    #[inline]
    pub(crate) fn has_aftermath(&self) -> bool {
        self.aftermath
    }

    /// Whether a call that receives has to do with more than the next message.
    #[inline]
    pub(crate) fn is_due(&self) -> bool {
        self.streams | self.conflates | self.aftermath | self.is_overdue()
    }

    /// The high-water marks have changed: existing pipes follow.
    pub(crate) fn apply_high_water(&mut self) {
        self.end_streams();
        let options = &self.options;
        for peer in self.all.values_mut() {
            peer.set_high_water(options);
        }
    }

    /// Where a pipe keeps only its last message, the one that waits gives way to a newer one.
    #[cold]
    pub(crate) fn skip_to_latest(&mut self) {
        self.all.values_mut().for_each(|peer| peer.reader.skip_to_latest());
    }

    /// Gives memory back that idle pipes hold.
    pub(crate) fn sweep(&mut self) {
        self.broadcast.sweep();
        for peer in self.all.values_mut() {
            peer.writer.sweep();
        }
    }

    /// Of each peer: its endpoint, the names of both ends if they are connected over the network, and the messages
    /// queued outbound and inbound. `lazily`, messages that have been read count when they make room.
    pub(crate) fn queues(
        &self,
        lazily: bool,
    ) -> impl Iterator<Item = (EndpointId, Option<Sides<'_>>, u64, u64)> {
        self.all.iter().map(move |(_, peer)| {
            let sides = peer.connection.as_ref().map(|connection| connection.sides());
            let outbound = if lazily { peer.writer.uncredited() } else { peer.writer.queued() };
            (peer.endpoint, sides, outbound, peer.reader.backlog().messages)
        })
    }

    /// The numbers of all; `name` knows the endpoints.
    pub(crate) fn stats(&self, name: impl Fn(EndpointId) -> String) -> SocketStats {
        let mut stats = self.past.clone();
        stats.peers = self.all.iter().map(|(_, peer)| peer.stats(name(peer.endpoint))).collect();
        for peer in std::mem::take(&mut stats.peers) {
            add(&mut stats, &peer);
            stats.queued_out += peer.queued_out;
            stats.queued_in += peer.queued_in;
            stats.peers.push(peer);
        }
        stats
    }
}

fn add(total: &mut SocketStats, peer: &PeerStats) {
    total.sent += peer.sent;
    total.received += peer.received;
    total.sent_bytes += peer.sent_bytes;
    total.received_bytes += peer.received_bytes;
    total.dropped_full += peer.dropped_full;
    total.discarded += peer.discarded;
    total.conflated += peer.conflated;
}

/// The largest size class of segments for a socket with so many peers.
pub(crate) const fn segment_class(peers: usize) -> usize {
    match peers {
        0..=64 => 2,
        65..=1024 => 1,
        _ => 0,
    }
}
