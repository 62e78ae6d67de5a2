//! Scenarios for each pattern, on peers made of deques.

mod exchange;
mod pipeline;
mod publish;
mod request;
mod route;
mod subscribe;

use super::Pattern;
use super::contract::{Attached, Denied, FRAME_COST, Head, Kind, PeerId, Peers, Refused};
use crate::message::{Message, PeerInfo};
use crate::option::Options;
use crate::socket_type::SocketType;
use queue::Part;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

const UNLIMITED: usize = usize::MAX;

/// How a pattern ended a connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Fate {
    Closed,
    Aborted,
}

/// One peer: what it has sent, and what it has been sent.
#[derive(Debug, Default)]
struct Lane {
    inbox: VecDeque<VecDeque<(Kind, Vec<u8>)>>,
    outbox: Vec<Vec<String>>,
    /// How many messages the outbox takes.
    hwm: usize,
    /// The pattern has been told that there is nothing to read, or no room.
    told_empty: bool,
    told_full: bool,
    /// It takes no more messages.
    gone: bool,
    fate: Option<Fate>,
    /// The announcements of the connections of the messages in the inbox, the first in front; then, nothing.
    announced: VecDeque<&'static str>,
}

impl Lane {
    fn has_room(&mut self) -> bool {
        let room = !self.gone && self.outbox.len() < self.hwm;
        self.told_full |= !room;
        room
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Splits frames as ZMTP encodes them, and insists that each has more to follow.
fn decode(mut bytes: &[u8]) -> Vec<String> {
    let mut frames = Vec::new();
    while let [flags, rest @ ..] = bytes {
        let (size, rest) = match flags {
            1 => (usize::from(rest[0]), &rest[1..]),
            3 => (u64::from_be_bytes(rest[..8].try_into().unwrap()) as usize, &rest[8..]),
            other => panic!("flags {other}"),
        };
        frames.push(text(&rest[..size]));
        bytes = &rest[size..];
    }
    frames
}

#[derive(Default)]
struct Lanes {
    options: Options,
    lanes: BTreeMap<PeerId, Lane>,
    dropped: usize,
    unread: u64,
    unroutable: u64,
    /// The allowance that one call has left, if it is limited, and the peer whose message it reads part by part.
    left: Option<usize>,
    inside: Option<PeerId>,
    overdue: Vec<PeerId>,
    /// The subscriptions for publishers that come later.
    ahead: Vec<(Kind, String, bool)>,
}

impl Lanes {
    fn lane(&mut self, peer: PeerId) -> Option<&mut Lane> {
        self.lanes.get_mut(&peer).filter(|lane| lane.fate.is_none())
    }

    fn spend(&mut self, cost: usize) {
        self.left = self.left.map(|left| left.saturating_sub(cost));
    }
}

impl Peers for Lanes {
    fn options(&self) -> &Options {
        &self.options
    }

    fn send(&mut self, peer: PeerId, envelope: &[u8], parts: &[Part<'_>]) -> Result<(), Refused> {
        assert!(!parts.is_empty());
        let lane = self.lane(peer).filter(|lane| !lane.gone).ok_or(Refused::Gone)?;
        if !lane.has_room() {
            return Err(Refused::Full);
        }
        let mut frames = decode(envelope);
        frames.extend(parts.iter().map(|part| text(part)));
        lane.outbox.push(frames);
        Ok(())
    }

    fn send_exempt(&mut self, peer: PeerId, parts: &[Part<'_>]) {
        if let Some(lane) = self.lane(peer) {
            lane.outbox.push(parts.iter().map(|part| text(part)).collect());
        }
    }

    fn offer(&mut self, peer: PeerId, envelope: &[u8], parts: &[Part<'_>]) -> bool {
        let result = self.send(peer, envelope, parts);
        self.dropped += usize::from(result.is_err());
        result != Err(Refused::Gone)
    }

    fn broadcast(&mut self, targets: &[PeerId], parts: &[Part<'_>]) {
        for &peer in targets {
            self.offer(peer, &[], parts);
        }
    }

    fn subscribe(&mut self, peer: PeerId, kind: Kind, topic: &[u8]) {
        if let Some(lane) = self.lane(peer) {
            lane.outbox.push(vec![format!("{kind:?}"), text(topic)]);
        }
    }

    fn subscribe_ahead(&mut self, kind: Kind, topic: &[u8], standing: bool) {
        self.ahead.push((kind, text(topic), standing));
    }

    fn accepts(&mut self, peer: PeerId) -> Result<(), Refused> {
        let lane = self.lane(peer).filter(|lane| !lane.gone).ok_or(Refused::Gone)?;
        if lane.has_room() { Ok(()) } else { Err(Refused::Full) }
    }

    fn head(&mut self, peer: PeerId) -> Option<Head<'_>> {
        if self.inside != Some(peer) && !self.may_go_on(peer, 0) {
            return None;
        }
        let lane = self.lane(peer)?;
        lane.told_empty |= lane.inbox.is_empty();
        let message = lane.inbox.front()?;
        let (kind, body) = message.front()?;
        Some(Head { kind: *kind, more: message.len() > 1, body })
    }

    fn pass(&mut self, peer: PeerId, mut accept: impl FnMut(Head<'_>) -> bool) -> Option<bool> {
        let passed = accept(self.head(peer)?);
        if passed {
            self.skip_frame(peer);
        }
        Some(passed)
    }

    fn take(&mut self, peer: PeerId, into: &mut Message) -> bool {
        if self.head(peer).is_none() {
            return false;
        }
        self.stamp(peer, into);
        let lane = self.lane(peer).unwrap();
        lane.announced.pop_front();
        let frames = lane.inbox.pop_front().unwrap();
        frames.iter().for_each(|(_, body)| into.slot().fill(body));
        true
    }

    fn skip_frame(&mut self, peer: PeerId) {
        let lane = self.lane(peer).unwrap();
        let message = lane.inbox.front_mut().unwrap();
        message.pop_front();
        let more = !message.is_empty();
        if !more {
            lane.inbox.pop_front();
        }
        self.inside = more.then_some(peer);
        self.spend(FRAME_COST);
    }

    fn skip(&mut self, peer: PeerId) {
        self.lane(peer).unwrap().inbox.pop_front().unwrap();
        self.inside = None;
        self.spend(FRAME_COST);
    }

    fn may_go_on(&mut self, peer: PeerId, cost: usize) -> bool {
        self.spend(cost);
        let spent = self.left == Some(0);
        if spent && !self.overdue.contains(&peer) {
            self.overdue.push(peer);
        }
        !spent
    }

    fn count_unread(&mut self, messages: u64) {
        self.unread += messages;
    }

    fn count_unroutable(&mut self) {
        self.unroutable += 1;
    }

    fn stamp(&mut self, peer: PeerId, into: &mut Message) {
        let Some(lane) = self.lane(peer) else { return into.set_source(None) };
        let id = lane.announced.front().map(|id| ("Routing-Id".to_owned(), id.as_bytes().to_vec()));
        into.set_source(Some(&Arc::new(PeerInfo::new(&Vec::from_iter(id), peer.0 as i32))));
    }

    fn close(&mut self, peer: PeerId) {
        self.lanes.get_mut(&peer).unwrap().fate = Some(Fate::Closed);
    }

    fn abort(&mut self, peer: PeerId) {
        self.lanes.get_mut(&peer).unwrap().fate = Some(Fate::Aborted);
    }
}

/// A pattern and its peers. Tells the pattern what the contract says, and nothing more.
struct Rig {
    pattern: Box<dyn Pattern<Lanes>>,
    peers: Lanes,
    /// The peer whose connection brought the message received last.
    source: Option<i32>,
    /// The amount of work that one call may do beside its own task, if that is limited.
    allowance: Option<usize>,
}

impl Rig {
    fn new(socket_type: SocketType) -> Self {
        Self { pattern: super::new(socket_type, 0), peers: Lanes::default(), source: None, allowance: None }
    }

    fn with(socket_type: SocketType, peers: u64) -> Self {
        let mut rig = Self::new(socket_type);
        (1..=peers).for_each(|peer| rig.attach(peer));
        rig
    }

    fn options(&mut self) -> &mut Options {
        &mut self.peers.options
    }

    /// A peer that announces no routing id.
    fn attach(&mut self, peer: u64) {
        self.attach_as(peer, Attached { routing_id: Some(Vec::new()), ..Attached::default() });
    }

    fn attach_named(&mut self, peer: u64, routing_id: &str) {
        self.attach_as(peer, Attached { routing_id: Some(routing_id.into()), ..Attached::default() });
    }

    fn attach_as(&mut self, peer: u64, how: Attached) {
        self.peers.lanes.entry(PeerId(peer)).or_insert_with(|| Lane { hwm: UNLIMITED, ..Lane::default() });
        self.pattern.attached(&mut self.peers, PeerId(peer), how);
    }

    fn lane(&mut self, peer: u64) -> &mut Lane {
        self.peers.lanes.get_mut(&PeerId(peer)).unwrap()
    }

    fn limit(&mut self, peer: u64, hwm: usize) {
        self.lane(peer).hwm = hwm;
    }

    fn fate(&mut self, peer: u64) -> Option<Fate> {
        self.lane(peer).fate
    }

    fn arrives(&mut self, peer: u64, frames: impl IntoIterator<Item = (Kind, Vec<u8>)>) {
        let lane = self.lane(peer);
        lane.inbox.push_back(frames.into_iter().collect());
        if std::mem::take(&mut lane.told_empty) {
            self.pattern.readable(&mut self.peers, PeerId(peer));
        }
    }

    /// The peer sends a message.
    fn incoming(&mut self, peer: u64, parts: &[&str]) {
        self.arrives(peer, parts.iter().map(|part| (Kind::Data, part.as_bytes().to_vec())));
    }

    fn subscribes(&mut self, peer: u64, topic: &str) {
        self.arrives(peer, [(Kind::Subscribe, topic.into())]);
    }

    fn cancels(&mut self, peer: u64, topic: &str) {
        self.arrives(peer, [(Kind::Cancel, topic.into())]);
    }

    fn closing(&mut self, peer: u64) {
        self.lane(peer).gone = true;
        self.pattern.closing(&mut self.peers, PeerId(peer));
    }

    fn detached(&mut self, peer: u64) {
        self.peers.lanes.remove(&PeerId(peer));
        self.pattern.detached(&mut self.peers, PeerId(peer));
    }

    fn leaves(&mut self, peer: u64) {
        self.closing(peer);
        self.detached(peer);
    }

    /// Takes the messages sent to the peer since the last call; that makes room.
    fn outgoing(&mut self, peer: u64) -> Vec<Vec<String>> {
        let lane = self.lane(peer);
        let sent = std::mem::take(&mut lane.outbox);
        if lane.hwm > 0 && std::mem::take(&mut lane.told_full) {
            self.pattern.writable(&mut self.peers, PeerId(peer));
        }
        sent
    }

    /// From now on a call deals with so many frames beside its own task.
    fn allow(&mut self, frames: usize) {
        self.allowance = Some(frames * FRAME_COST);
        self.peers.left = self.allowance;
    }

    /// A call begins, with what calls before it have left.
    fn begin(&mut self) {
        self.peers.left = self.allowance;
        for peer in std::mem::take(&mut self.peers.overdue) {
            self.pattern.readable(&mut self.peers, peer);
        }
    }

    /// Whether a call has left something.
    fn is_unsettled(&self) -> bool {
        !self.peers.overdue.is_empty()
    }

    fn send(&mut self, parts: &[&str]) -> Result<(), Denied> {
        self.begin();
        let parts: Vec<_> = parts.iter().map(|part| Part::Slice(part.as_bytes())).collect();
        self.pattern.send(&mut self.peers, &parts)
    }

    fn recv(&mut self) -> Result<Vec<String>, Denied> {
        self.begin();
        let mut message = Message::new();
        let received = self.pattern.recv(&mut self.peers, &mut message);
        self.source = message.peer().map(|info| info.descriptor);
        assert_eq!(received.is_err(), message.is_empty());
        received.map(|()| message.iter().map(|part| text(part)).collect())
    }

    /// The peer that a caller may take the next message from itself.
    fn lender(&mut self) -> Option<u64> {
        self.begin();
        Some(self.pattern.lender(&mut self.peers)?.current()?.0)
    }

    fn can_send(&mut self) -> bool {
        self.begin();
        self.pattern.can_send(&mut self.peers)
    }

    fn can_recv(&mut self) -> bool {
        self.begin();
        self.pattern.can_recv(&mut self.peers)
    }

    fn asks(&mut self, kind: Kind, topic: &str) -> Result<(), Denied> {
        self.pattern.subscribe(&mut self.peers, kind, topic.as_bytes())
    }

    /// Receives until there is nothing left; one text for each message, its parts joined by `|`.
    fn all(&mut self) -> Vec<String> {
        let mut look = false;
        std::iter::from_fn(|| {
            // Every other time only: looking first must not be needed.
            look = !look;
            let could = look.then(|| self.can_recv());
            let received = self.recv().ok();
            assert!(could.is_none_or(|could| could == received.is_some()), "can_recv and recv disagree");
            received.map(|parts| parts.join("|"))
        })
        .collect()
    }
}
