//! A messaging pattern's view of its socket: the peers, and what can be done with them.
//!
//! All below the patterns share these words with them.

use crate::message::Message;
use crate::option::Options;
use queue::Part;

/// One peer of a socket, as the socket's pattern knows it. Never reused while the socket lives.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub(crate) struct PeerId(pub(crate) u64);

impl PeerId {
    /// Its place among the peers that there are, of which there is never more than one at a place.
    #[inline]
    pub(crate) fn index(self) -> usize {
        self.0 as u32 as usize
    }
}

/// The kind of a frame at the head of a peer's inbound queue.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// A part of a message.
    Data,
    /// The peer subscribes to the topic in the body (a single frame).
    Subscribe,
    /// The peer cancels its subscription to the topic in the body (a single frame).
    Cancel,
}

/// The next frame of a peer's inbound queue. The whole message it belongs to has arrived.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Head<'a> {
    /// Data, or a subscription.
    pub(crate) kind: Kind,
    /// More parts of the same message follow.
    pub(crate) more: bool,
    /// The part itself, or the topic.
    pub(crate) body: &'a [u8],
}

/// The cost of dealing with a frame ([`Peers::may_go_on`]): the time of some 16 steps of a loop.
pub(crate) const FRAME_COST: usize = 16;

/// Why a peer did not take a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Refused {
    /// Its queue is at the high-water mark; [`super::Pattern::writable`] tells when there is room again.
    Full,
    /// It has gone, or takes no more messages.
    Gone,
}

impl From<Refused> for Denied {
    /// For a message that only this peer can take.
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Full => Self::Again,
            Refused::Gone => Self::Unroutable,
        }
    }
}

/// Why a pattern did not do what was asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Denied {
    /// Not now: no peer, no message, or every queue at its high-water mark. Waiting helps.
    Again,
    /// Out of turn: REQ sends again before the reply, REP replies before a request (EFSM).
    State,
    /// No such peer (EHOSTUNREACH).
    Unroutable,
    /// This socket type never does this (ENOTSUP).
    Unsupported,
    /// The message has the wrong form for this socket type (EINVAL).
    Invalid,
}

/// How a peer came to the socket.
#[derive(Clone, Debug, Default)]
pub(crate) struct Attached {
    /// The routing id the peer announced; `None` while it is not known yet (a connection still under way:
    /// [`super::Pattern::identified`] follows). An empty one asks for an automatic id.
    pub(crate) routing_id: Option<Vec<u8>>,
    /// The id set with `CONNECT_ROUTING_ID` for this connection, if any.
    pub(crate) assigned_id: Option<Vec<u8>>,
    /// The peer has been asked for all that the socket subscribes to.
    pub(crate) subscribed: bool,
    /// The peer is a multicast group, which gets everything and cannot say so.
    pub(crate) takes_all: bool,
}

/// The peers of one socket: what a pattern may do with them. A peer that is unknown or gone is treated as
/// empty and full, never as an error.
pub(crate) trait Peers {
    /// The socket's options as they are now.
    fn options(&self) -> &Options;

    /// Queues one whole message: `envelope` (frames already encoded, each with MORE set; may be empty), then
    /// `parts` (at least one).
    ///
    /// # Errors
    /// [`Refused`]; nothing is queued then.
    fn send(&mut self, peer: PeerId, envelope: &[u8], parts: &[Part<'_>]) -> Result<(), Refused>;

    /// As [`Peers::send`], but a peer without room loses the message, which is counted as a drop. Returns whether the peer is
    /// there.
    fn offer(&mut self, peer: PeerId, envelope: &[u8], parts: &[Part<'_>]) -> bool;

    /// As [`Peers::send`], past a full queue: for what must not be lost (probe, welcome message).
    fn send_exempt(&mut self, peer: PeerId, parts: &[Part<'_>]);

    /// Queues one message to each of `targets` that has room and counts a drop for each that has not.
    /// Large bodies are shared, and all readers are woken after the last has been written.
    fn broadcast(&mut self, targets: &[PeerId], parts: &[Part<'_>]);

    /// Queues a subscription or its cancellation towards a publisher; exempt from the high-water mark.
    fn subscribe(&mut self, peer: PeerId, kind: Kind, topic: &[u8]);

    /// Subscriptions and cancellations that the pattern's peers hear of, for those that it has not been told of yet; with
    /// `standing`, for all that come later, too. Heeded once the socket is bound.
    fn subscribe_ahead(&mut self, kind: Kind, topic: &[u8], standing: bool);

    /// Whether [`Peers::send`] would take a message.
    ///
    /// # Errors
    /// As that. Where the queue is at its high-water mark, [`super::Pattern::writable`] will tell.
    fn accepts(&mut self, peer: PeerId) -> Result<(), Refused>;

    /// Whether the peer's queue is below its high-water mark. If not, [`super::Pattern::writable`] will tell.
    fn has_room(&mut self, peer: PeerId) -> bool {
        self.accepts(peer).is_ok()
    }

    /// The next frame from this peer; stable until something is taken from this peer. `None`: nothing whole
    /// has arrived, or the call at hand has thrown away as much as one call may; [`super::Pattern::readable`] will tell
    /// when to go on.
    fn head(&mut self, peer: PeerId) -> Option<Head<'_>>;

    /// Appends the rest of the message at the head to `into` and removes it. Returns whether there was one.
    fn take(&mut self, peer: PeerId, into: &mut Message) -> bool;

    /// Removes the frame at the head.
    fn skip_frame(&mut self, peer: PeerId);

    /// Removes the frame at the head if `accept` says yes to it. Returns whether it did; `None`: there is none, as
    /// [`Peers::head`] says.
    fn pass(&mut self, peer: PeerId, accept: impl FnMut(Head<'_>) -> bool) -> Option<bool>;

    /// Removes the rest of the message at the head, which nobody is to have: it counts as discarded.
    fn skip(&mut self, peer: PeerId);

    /// Counts `cost` against what one call may do beside its own task, where [`FRAME_COST`] is a frame. If it may not
    /// go on, [`super::Pattern::readable`] follows for this peer (even if it has gone) in the next call.
    fn may_go_on(&mut self, peer: PeerId, cost: usize) -> bool;

    /// Counts messages that are dropped since the application leaves too many unread.
    fn count_unread(&mut self, messages: u64);

    /// Counts a message that is dropped since the peer that it is for is not there.
    fn count_unroutable(&mut self);

    /// Drops all that has arrived from this peer.
    fn discard(&mut self, peer: PeerId) {
        while self.head(peer).is_some() {
            self.skip(peer);
        }
    }

    /// Marks `into` as come from this peer's connection (metadata), as [`Peers::take`] does by itself.
    fn stamp(&mut self, peer: PeerId, into: &mut Message);

    /// Ends the connection to this peer: messages queued outbound still go out, those queued inbound are
    /// lost. [`super::Pattern::detached`] is not called for it.
    fn close(&mut self, peer: PeerId);

    /// Ends the connection to this peer at once, dropping what was queued both ways.
    fn abort(&mut self, peer: PeerId);
}
