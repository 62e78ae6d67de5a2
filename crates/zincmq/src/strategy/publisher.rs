//! The publishing side (RFC 29): keeps subscriptions, sends to whom they match, tells of them.

use super::distribute::{self, Choice, Distribute};
use super::peer_map::PeerSet;
use super::subscription::{Cancelled, Subscriptions};
use crate::message::Message;
use crate::pattern::contract::{Denied, Head, Kind, PeerId, Peers};
use queue::Part;
use std::collections::VecDeque;

/// What PUB and XPUB have in common, which is all but receiving.
#[derive(Debug, Default)]
pub(crate) struct Publisher {
    subscribers: Distribute,
    /// Peers that take no more messages; what they still subscribe to does not count for sending.
    leaving: PeerSet,
    /// What decides who gets a message.
    subscriptions: Subscriptions,
    /// What peers asked for in manual mode.
    requests: Subscriptions,
    /// Who asked for what the application has last been told of.
    asker: Option<PeerId>,
    /// What the application is still to be told; `None` for PUB, which is told nothing.
    notices: Option<VecDeque<Notice>>,
}

/// A message for the application.
#[derive(Debug)]
struct Notice {
    /// The peer whose subscription it is about; `None` for a message from a peer.
    asker: Option<PeerId>,
    message: Message,
}

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
        Self { notices: Some(VecDeque::new()), ..Self::default() }
    }

    /// The number of distinct topics.
    pub(crate) fn topics(&self) -> usize {
        self.subscriptions.len()
    }

    /// Takes in a peer, welcomes it, and reads what it has subscribed to already.
    pub(crate) fn attached(&mut self, peers: &mut impl Peers, peer: PeerId) {
        self.subscribers.attach(peer);
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
        self.leaving.remove(&peer);
        self.asker = self.asker.filter(|&asker| asker != peer);
        let rules = Rules::of(peers);
        let tell = self.notices.is_some();
        let requested = self.requests.remove_peer(peer, |_| tell && rules.manual);
        let cancelled = self
            .subscriptions
            .remove_peer(peer, |last| tell && !rules.manual && (last || rules.every_cancel));
        for topic in requested.iter().chain(&cancelled) {
            self.tell(peers, peer, Some(peer), notice(Kind::Cancel, topic));
        }
    }

    /// Reads all that the peer has sent: subscriptions, and messages for the application.
    pub(crate) fn read(&mut self, peers: &mut impl Peers, peer: PeerId) {
        let rules = Rules::of(peers);
        let tell = self.notices.is_some();
        let mut message = Message::new();
        // Whether the next frame begins a message, and whether it can be a subscription.
        let (mut first, mut subscribing) = (true, true);
        while let Some(head) = peers.head(peer) {
            let more = head.more;
            let found = if first || subscribing { subscription(&head) } else { None };
            if first {
                subscribing = !rules.only_first || found.is_some();
            }
            if let Some((kind, topic)) = found {
                if self.apply(rules, peer, kind, topic) && tell {
                    let notice = notice(kind, topic);
                    self.tell(peers, peer, Some(peer), notice);
                }
            } else if tell {
                message.slot().fill(head.body);
            }
            if !more && !message.is_empty() {
                self.tell(peers, peer, None, std::mem::take(&mut message));
            }
            peers.skip_frame(peer);
            first = !more;
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
            notices.push_back(Notice { asker, message });
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

    /// Who among those that match gets the next message, and whether it is a last value.
    fn choice(&self, peers: &impl Peers) -> (Choice, bool) {
        let options = peers.options();
        let last_value = options.xpub_manual_last_value;
        let only = if last_value { self.asker } else { None };
        (Choice { only, invert: options.invert_matching }, last_value)
    }

    /// Takes the next notice or message from a peer.
    pub(crate) fn recv(&mut self, into: &mut Message) -> Result<(), Denied> {
        let notices = self.notices.as_mut().ok_or(Denied::Unsupported)?;
        let Notice { asker, message } = notices.pop_front().ok_or(Denied::Again)?;
        if asker.is_some() {
            self.asker = asker.filter(|&asker| self.subscribers.contains(asker));
        }
        *into = message;
        Ok(())
    }

    /// Whether there is something to receive.
    pub(crate) fn can_recv(&self) -> bool {
        self.notices.as_ref().is_some_and(|notices| !notices.is_empty())
    }
}

/// What the application is told of a subscription: 1 or 0, then the topic.
fn notice(kind: Kind, topic: &[u8]) -> Message {
    let mut bytes = Vec::with_capacity(1 + topic.len());
    bytes.push(u8::from(kind != Kind::Cancel));
    bytes.extend_from_slice(topic);
    bytes.into()
}
