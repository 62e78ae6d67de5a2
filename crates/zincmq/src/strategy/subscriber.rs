//! The subscribing side (RFC 29): messages come in from all publishers, subscriptions go out to all of them.

use super::distribute::Distribute;
use super::fair_queue::FairQueue;
use super::subscription::Topics;
use crate::message::Message;
use crate::pattern::contract::{Attached, Denied, Head, Kind, PeerId, Peers};
use queue::Part;

/// The common part of SUB and XSUB.
#[derive(Debug, Default)]
pub(crate) struct Subscriber {
    pub(crate) inbound: FairQueue,
    publishers: Distribute,
    topics: Topics,
}

impl Subscriber {
    /// The number of distinct topics.
    pub(crate) fn topics(&self) -> usize {
        self.topics.len()
    }

    /// Takes in a peer and tells it of all subscriptions, unless that has been done.
    pub(crate) fn attached(&mut self, peers: &mut impl Peers, peer: PeerId, how: &Attached) {
        self.inbound.attach(peer);
        self.publishers.attach(peer);
        if !how.subscribed {
            self.resend(peers, peer);
        }
    }

    /// Publishers may come before the socket looks.
    pub(crate) fn bound(&self, peers: &mut impl Peers) {
        self.topics.for_each(|topic| peers.subscribe_ahead(Kind::Subscribe, topic, true));
    }

    /// Tells a peer of all subscriptions.
    pub(crate) fn resend(&self, peers: &mut impl Peers, peer: PeerId) {
        self.topics.for_each(|topic| peers.subscribe(peer, Kind::Subscribe, topic));
    }

    /// The peer takes no more subscriptions.
    pub(crate) fn closing(&mut self, peer: PeerId) {
        self.publishers.remove(peer);
    }

    /// Subscribes to a topic; the publishers hear of it every time.
    pub(crate) fn subscribe(&mut self, peers: &mut impl Peers, topic: &[u8]) {
        self.topics.add(topic);
        peers.subscribe_ahead(Kind::Subscribe, topic, true);
        self.publishers.subscribe_to_all(peers, Kind::Subscribe, topic);
    }

    /// Takes back one subscription; the publishers hear of the last one, or with `verbose` of each.
    pub(crate) fn cancel(&mut self, peers: &mut impl Peers, topic: &[u8], verbose: bool) {
        let last = self.topics.cancel(topic);
        if last || verbose {
            peers.subscribe_ahead(Kind::Cancel, topic, last);
            self.publishers.subscribe_to_all(peers, Kind::Cancel, topic);
        }
    }

    /// Sends a message to all publishers that have room.
    pub(crate) fn send(&self, peers: &mut impl Peers, parts: &[Part<'_>]) {
        self.publishers.send_to_all(peers, parts);
    }

    /// Takes the next message that was subscribed to, and drops all before it.
    #[inline]
    pub(crate) fn recv_matching(&mut self, peers: &mut impl Peers, into: &mut Message) -> Result<(), Denied> {
        if self.finds(peers) { self.inbound.recv(peers, into) } else { Err(Denied::Again) }
    }

    /// Whether the next message, if there is one, was subscribed to; all before it are dropped.
    #[inline]
    pub(crate) fn finds(&mut self, peers: &mut impl Peers) -> bool {
        self.wants_all(peers) || self.seek(peers)
    }

    /// Whether the message whose turn it is was subscribed to; nothing is dropped.
    #[inline]
    pub(crate) fn shows(&self, peers: &mut impl Peers) -> bool {
        let invert = peers.options().invert_matching;
        let matches = |head: Head<'_>| self.topics.matches(head.body) != invert;
        self.wants_all(peers)
            || self.inbound.current().is_some_and(|peer| peers.head(peer).is_some_and(matches))
    }

    /// Whether no message needs to be looked at.
    fn wants_all(&self, peers: &impl Peers) -> bool {
        self.topics.all() && !peers.options().invert_matching
    }

    /// Whether a message that was subscribed to waits, after dropping those that were not.
    pub(crate) fn seek(&mut self, peers: &mut impl Peers) -> bool {
        let invert = peers.options().invert_matching;
        let topics = &self.topics;
        self.inbound.seek(peers, |head| topics.matches(head.body) != invert).is_some()
    }
}
