//! The publishing side (RFC 29): keeps subscriptions, sends to the peers that they match, tells of them.

use super::distribute::{self, Choice, Distribute};
use super::notices::{Notice, Notices};
use super::peer_map::{PeerMap, PeerSet};
use super::subscription::{Cancelled, Removal, Subscriptions};
use crate::message::Message;
use crate::pattern::contract::{Denied, FRAME_COST, Head, Kind, PeerId, Peers};
use queue::Part;

/// The common part of PUB and XPUB, which is all but receiving.
#[derive(Debug, Default)]
pub(crate) struct Publisher {
    subscribers: Distribute,
    /// Peers that take no more messages; their subscriptions do not count for sending.
    leaving: PeerSet,
    /// The subscriptions that decide which peers get a message.
    subscriptions: Subscriptions,
    /// The subscriptions that peers asked for in manual mode.
    requests: Subscriptions,
    /// The peer whose request the application has last been told of.
    asker: Option<PeerId>,
    /// The notices that the application has not received yet; `None` for PUB, which receives none.
    notices: Option<Notices>,
    /// Messages that were read in part, where one call could not read them to their ends.
    begun: PeerMap<Begun>,
    /// The subscriptions of peers that have gone, which are cancelled a few at a time.
    removals: PeerMap<Removals>,
}

/// A message of a peer that is being read.
#[derive(Debug)]
struct Begun {
    message: Message,
    /// The next frame begins it.
    first: bool,
    /// The next frame can be a subscription.
    subscribing: bool,
}

impl Default for Begun {
    fn default() -> Self {
        Self { message: Message::new(), first: true, subscribing: true }
    }
}

/// The subscriptions that are left to cancel for a peer that has gone.
#[derive(Debug)]
struct Removals {
    requests: Removal,
    subscriptions: Removal,
}

/// So many subscriptions of a peer that has gone are cancelled at a time.
const STRIDE: usize = 128;

/// The options that say what the application hears of.
#[derive(Clone, Copy, Debug)]
struct Rules {
    every_subscribe: bool,
    every_cancel: bool,
    manual: bool,
    only_first: bool,
}

impl Rules {
    fn of(peers: &impl Peers) -> Self {
        let options = peers.options();
        Self {
            every_subscribe: options.xpub_verbose || options.xpub_verboser,
            every_cancel: options.xpub_verboser,
            manual: options.xpub_manual || options.xpub_manual_last_value,
            only_first: options.only_first_subscribe,
        }
    }
}

/// The subscription in a frame: a command, or a first byte of 1 or 0 as old peers and raw XSUB send it.
fn subscription<'a>(head: &Head<'a>) -> Option<(Kind, &'a [u8])> {
    match (head.kind, head.body) {
        (Kind::Data, [1, topic @ ..]) => Some((Kind::Subscribe, topic)),
        (Kind::Data, [0, topic @ ..]) => Some((Kind::Cancel, topic)),
        (Kind::Data, _) => None,
        (kind, topic) => Some((kind, topic)),
    }
}

impl Publisher {
    /// A publisher whose application hears of subscriptions.
    pub(crate) fn with_notices() -> Self {
        Self { notices: Some(Notices::default()), ..Self::default() }
    }

    /// The number of distinct topics.
    pub(crate) fn topics(&self) -> usize {
        self.subscriptions.len()
    }

    /// Notices, and messages from peers, that the application has not received yet.
    pub(crate) fn kept(&self) -> u64 {
        self.notices.as_ref().map_or(0, Notices::len)
    }

    /// Takes in a peer, welcomes it, and reads what it has subscribed to already. The application is not told of one that
    /// `takes_all`.
    pub(crate) fn attached(&mut self, peers: &mut impl Peers, peer: PeerId, takes_all: bool) {
        self.subscribers.attach(peer);
        if takes_all {
            self.subscriptions.add(b"", peer);
        }
        let welcome = peers.options().xpub_welcome_msg.clone();
        if !welcome.is_empty() {
            peers.send_exempt(peer, &[Part::Slice(&welcome)]);
        }
        self.read(peers, peer);
    }

    /// The peer takes no more messages.
    pub(crate) fn closing(&mut self, peer: PeerId) {
        if self.subscribers.remove(peer) {
            self.leaving.insert(peer);
        }
    }

    /// Cancels all that the peer subscribed to.
    pub(crate) fn detached(&mut self, peers: &mut impl Peers, peer: PeerId) {
        self.subscribers.remove(peer);
        self.leaving.insert(peer);
        self.begun.remove(&peer);
        self.asker = self.asker.filter(|&asker| asker != peer);
        let (requests, subscriptions) = (self.requests.take_peer(peer), self.subscriptions.take_peer(peer));
        self.removals.insert(peer, Removals { requests, subscriptions });
        self.forget(peers, peer);
    }

    /// Cancels what a peer that has gone subscribed to, as far as this call may.
    fn forget(&mut self, peers: &mut impl Peers, peer: PeerId) {
        let Some(mut removals) = self.removals.remove(&peer) else { return };
        let rules = Rules::of(peers);
        let tell = self.notices.is_some();
        let asks = |_| tell && rules.manual;
        let counts = |last| tell && !rules.manual && (last || rules.every_cancel);
        loop {
            let Removals { requests, subscriptions } = &mut removals;
            let topics = if requests.is_done() {
                self.subscriptions.remove_some(subscriptions, STRIDE, counts)
            } else {
                self.requests.remove_some(requests, STRIDE, asks)
            };
            for topic in topics {
                self.tell(peers, peer, Some(peer), notice(Kind::Cancel, &topic));
            }
            if removals.requests.is_done() && removals.subscriptions.is_done() {
                self.leaving.remove(&peer);
                return;
            }
            if !peers.may_go_on(peer, STRIDE * FRAME_COST) {
                self.removals.insert(peer, removals);
                return;
            }
        }
    }

    /// Reads what the peer has sent, as far as this call may: subscriptions, and messages for the application.
    pub(crate) fn read(&mut self, peers: &mut impl Peers, peer: PeerId) {
        if self.removals.contains_key(&peer) {
            return self.forget(peers, peer);
        }
        let rules = Rules::of(peers);
        let tell = self.notices.is_some();
        let mut begun = self.begun.remove(&peer).unwrap_or_default();
        while let Some(head) = peers.head(peer) {
            let more = head.more;
            let found = if begun.first || begun.subscribing { subscription(&head) } else { None };
            if begun.first
                && self.notices.as_mut().is_some_and(|notices| notices.hold_up(peer, found.is_none()))
            {
                break;
            }
            if begun.first {
                begun.subscribing = !rules.only_first || found.is_some();
            }
            if let Some((kind, topic)) = found {
                if self.apply(rules, peer, kind, topic) && tell {
                    let notice = notice(kind, topic);
                    self.tell(peers, peer, Some(peer), notice);
                }
            } else if tell {
                begun.message.slot().fill(head.body);
            }
            if !more && !begun.message.is_empty() {
                self.tell(peers, peer, None, std::mem::take(&mut begun.message));
            }
            peers.skip_frame(peer);
            begun.first = !more;
            if more && !peers.may_go_on(peer, 0) {
                break;
            }
        }
        if !begun.first {
            self.begun.insert(peer, begun);
        }
    }

    /// Does what a subscription asks for; says whether the application is to know of it.
    fn apply(&mut self, rules: Rules, peer: PeerId, kind: Kind, topic: &[u8]) -> bool {
        match (kind, rules.manual) {
            (Kind::Cancel, true) => {
                self.requests.cancel(topic, peer);
                true
            }
            (_, true) => {
                self.requests.add(topic, peer);
                true
            }
            (Kind::Cancel, false) => {
                self.subscriptions.cancel(topic, peer) != Cancelled::Shared || rules.every_cancel
            }
            (_, false) => self.subscriptions.add(topic, peer) || rules.every_subscribe,
        }
    }

    /// Queues a message for the application that came from `peer`.
    fn tell(&mut self, peers: &mut impl Peers, peer: PeerId, asker: Option<PeerId>, mut message: Message) {
        if let Some(notices) = &mut self.notices {
            peers.stamp(peer, &mut message);
            let dropped = notices.push(Notice { asker, message });
            peers.count_unread(dropped);
        }
    }

    /// In manual mode, adds or removes a subscription of the peer that the last notice received was about.
    pub(crate) fn subscribe(&mut self, peers: &impl Peers, kind: Kind, topic: &[u8]) -> Result<(), Denied> {
        if !Rules::of(peers).manual {
            return Err(Denied::Invalid);
        }
        if let Some(peer) = self.asker {
            match kind {
                Kind::Cancel => drop(self.subscriptions.cancel(topic, peer)),
                _ => drop(self.subscriptions.add(topic, peer)),
            }
        }
        Ok(())
    }

    /// Sends a message to all whose subscriptions its first part matches.
    pub(crate) fn send(&mut self, peers: &mut impl Peers, parts: &[Part<'_>]) -> Result<(), Denied> {
        self.heed(peers, false);
        let nodrop = peers.options().xpub_nodrop;
        let (choice, last_value) = self.choice(peers);
        let matching = self.subscriptions.matching(parts.first().map_or(&[], |part| part));
        if choice.is_plain() && self.leaving.is_empty() {
            return distribute::send(peers, matching, parts, nodrop);
        }
        distribute::send(peers, self.subscribers.choose(matching, choice), parts, nodrop)?;
        if last_value {
            self.asker = None;
        }
        Ok(())
    }

    /// Whether a message that begins with `first` would be sent now: no only where nobody may lose it.
    pub(crate) fn admit(&mut self, peers: &mut impl Peers, first: &[u8]) -> Result<(), Denied> {
        if !peers.options().xpub_nodrop {
            return Ok(());
        }
        let (choice, _) = self.choice(peers);
        let matching = self.subscriptions.matching(first);
        if choice.is_plain() && self.leaving.is_empty() {
            return distribute::admit(peers, matching);
        }
        distribute::admit(peers, self.subscribers.choose(matching, choice))
    }

    /// Whether every message would be sent now: where nobody may lose one, each subscriber needs room.
    pub(crate) fn can_send(&mut self, peers: &mut impl Peers) -> bool {
        if !peers.options().xpub_nodrop {
            return true;
        }
        let invert = peers.options().invert_matching;
        let Self { subscribers, subscriptions, .. } = self;
        subscribers.all_have_room(peers, |peer| invert || subscriptions.has(peer))
    }

    /// The choice among the peers that match the next message, and whether that is a last value.
    fn choice(&self, peers: &impl Peers) -> (Choice, bool) {
        let options = peers.options();
        let last_value = options.xpub_manual_last_value;
        let only = if last_value { self.asker } else { None };
        (Choice { only, invert: options.invert_matching }, last_value)
    }

    /// Takes the next notice or message from a peer.
    pub(crate) fn recv(&mut self, peers: &mut impl Peers, into: &mut Message) -> Result<(), Denied> {
        self.heed(peers, true);
        let notices = self.notices.as_mut().ok_or(Denied::Unsupported)?;
        let Notice { asker, message } = notices.pop().ok_or(Denied::Again)?;
        if asker.is_some() {
            self.asker = asker.filter(|&asker| self.subscribers.contains(asker));
        }
        *into = message;
        Ok(())
    }

    /// The application receives, or sends: peers that were held up may go on.
    #[inline]
    fn heed(&mut self, peers: &mut impl Peers, reads: bool) {
        let due = self.notices.as_mut().map_or(0, |notices| notices.turn(reads));
        for _ in 0..due {
            let Some(peer) = self.notices.as_mut().and_then(Notices::next_held_up) else { return };
            self.read(peers, peer);
        }
    }

    /// Whether there is something to receive.
    pub(crate) fn can_recv(&self) -> bool {
        self.notices.as_ref().is_some_and(|notices| !notices.is_empty())
    }
}

/// The notice of a subscription to the application: 1 or 0, then the topic.
fn notice(kind: Kind, topic: &[u8]) -> Message {
    let mut bytes = Vec::with_capacity(1 + topic.len());
    bytes.push(u8::from(kind != Kind::Cancel));
    bytes.extend_from_slice(topic);
    bytes.into()
}
