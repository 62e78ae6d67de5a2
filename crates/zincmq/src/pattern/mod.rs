//! The messaging patterns, one file each: which peer comes next, and what is legal.
//!
//! A pattern knows its peers, not pipes, threads or descriptors; so it is tested with a few deques.
//! Its methods are called by the thread that uses the socket, one at a time, and never block.

pub mod ability;
pub(crate) mod contract;
#[cfg(test)]
mod tests;

use crate::message::Message;
use crate::socket_type::{SocketType, each_socket_type};
use crate::strategy::fair_queue::FairQueue;
use crate::strategy::load_balance::LoadBalance;
use contract::{Attached, Denied, Kind, PeerId, Peers};
use queue::Part;

macro_rules! patterns {
    ($($(#[doc = $doc:literal])+ $variant:ident = $number:literal, $name:literal to [$($peer:literal),*],
        $($ability:ident)+, $(in $file:ident)? $(of $other:ident)?: $make:expr, $profile:tt;)*) => {
        $($(mod $file;)?)*

        /// The pattern that a socket of this type follows. `seed` should be random: numbers that peers get to see
        /// (automatic routing ids, request ids) count up from it.
        #[must_use]
        pub(crate) fn new<P: Peers>(socket_type: SocketType, seed: u64) -> Box<dyn Pattern<P>> {
            match socket_type {
                $(SocketType::$variant => {
                    let make = $make;
                    Box::new(make(seed))
                })*
            }
        }
    };
}

each_socket_type!(patterns);

/// The parts that a pattern sends with, and receives with.
pub(crate) type Sides<'a> = (Option<&'a mut LoadBalance>, Option<&'a mut FairQueue>);

/// One messaging pattern: PUSH, ROUTER, ... Each is a file, and a row in `socket_type.rs`.
///
/// Most keep their peers in a [`LoadBalance`] for what they send and a [`FairQueue`] for what they receive, and name
/// these in [`Pattern::sides`]: the methods that a pattern does not define work with them.
pub(crate) trait Pattern<P: Peers>: Send {
    /// The peers to send to in turn, and those to receive from.
    fn sides(&mut self) -> Sides<'_> {
        (None, None)
    }

    /// A peer has come. It counts as readable and writable until [`Peers`] says otherwise.
    fn attached(&mut self, peers: &mut P, peer: PeerId, _how: Attached) {
        probe(peers, peer);
        let (outbound, inbound) = self.sides();
        outbound.into_iter().for_each(|outbound| outbound.attach(peer));
        inbound.into_iter().for_each(|inbound| inbound.attach(peer));
    }

    /// The peer's routing id has become known, or the peer is another one since the connection was made again.
    fn identified(&mut self, _peers: &mut P, _peer: PeerId, _routing_id: &[u8]) {}

    /// The peer's connection was lost and made again with a fresh, empty outbound queue: subscriptions
    /// must be sent once more. Called for SUB and XSUB only.
    fn reconnected(&mut self, _peers: &mut P, _peer: PeerId) {}

    /// [`Peers::head`] said `None` before; now there is a message (or the peer's end). Or [`Peers::may_go_on`] said no.
    fn readable(&mut self, _peers: &mut P, peer: PeerId) {
        self.sides().1.into_iter().for_each(|inbound| inbound.activate(peer));
    }

    /// [`Refused::Full`] or [`Peers::has_room`] said no before; now there is room.
    fn writable(&mut self, _peers: &mut P, peer: PeerId) {
        self.sides().0.into_iter().for_each(|outbound| outbound.activate(peer));
    }

    /// The peer has closed its connection, and has sent more than its queue takes: its end comes to light when that has
    /// been read. Called for ROUTER, STREAM and PAIR, each time that the queue is full.
    fn hung_up(&mut self, _peers: &mut P, _peer: PeerId) {}

    /// The peer takes no more messages; messages that it sent before can still be read.
    fn closing(&mut self, _peers: &mut P, peer: PeerId) {
        self.sides().0.into_iter().for_each(|outbound| outbound.remove(peer));
    }

    /// The peer has gone and all it sent has been read. Follows [`Pattern::closing`].
    fn detached(&mut self, _peers: &mut P, peer: PeerId) {
        let (outbound, inbound) = self.sides();
        outbound.into_iter().for_each(|outbound| outbound.remove(peer));
        inbound.into_iter().for_each(|inbound| inbound.remove(peer));
    }

    /// Sends one whole message (at least one part).
    ///
    /// # Errors
    /// [`Denied`]; nothing is sent then.
    fn send(&mut self, peers: &mut P, parts: &[Part<'_>]) -> Result<(), Denied> {
        let outbound = self.sides().0.ok_or(Denied::Unsupported)?;
        outbound.send(peers, &[], parts).map(drop)
    }

    /// Whether [`Pattern::send`] would take a message that begins with `first`, for a caller that has its other parts
    /// later.
    ///
    /// # Errors
    /// The reason for which the send would be denied.
    fn admit(&mut self, peers: &mut P, _first: &[u8]) -> Result<(), Denied> {
        if self.can_send(peers) { Ok(()) } else { Err(Denied::Again) }
    }

    /// Receives one whole message, appended to `into` (which is empty).
    ///
    /// # Errors
    /// [`Denied`]; `into` is left empty then.
    fn recv(&mut self, peers: &mut P, into: &mut Message) -> Result<(), Denied> {
        self.sides().1.ok_or(Denied::Unsupported)?.recv(peers, into)
    }

    /// The peers to receive from, where [`Pattern::recv`] takes their messages by turns and does no more: the caller may do the
    /// same with the next one.
    fn lender(&mut self, _peers: &mut P) -> Option<&mut FairQueue> {
        None
    }

    /// Whether a send would be accepted now (`ZMQ_POLLOUT`).
    fn can_send(&mut self, peers: &mut P) -> bool {
        self.sides().0.is_some_and(|outbound| outbound.can_send(peers))
    }

    /// Whether a message can be received now (`ZMQ_POLLIN`).
    fn can_recv(&mut self, peers: &mut P) -> bool {
        self.sides().1.is_some_and(|inbound| inbound.can_recv(peers))
    }

    /// Adds (or, with [`Kind::Cancel`], removes) a subscription: SUB; XPUB and PUB in manual mode.
    ///
    /// # Errors
    /// [`Denied::Invalid`] on every other socket type.
    fn subscribe(&mut self, _peers: &mut P, _kind: Kind, _topic: &[u8]) -> Result<(), Denied> {
        Err(Denied::Invalid)
    }

    /// The socket is bound for the first time: its subscriptions are to be said by [`Peers::subscribe_ahead`], as every
    /// change from now on. SUB and XSUB.
    fn bound(&mut self, _peers: &mut P) {}

    /// The number of distinct topics subscribed to (`ZMQ_TOPICS_COUNT`).
    ///
    /// # Errors
    /// [`Denied::Invalid`] on types without subscriptions.
    fn topics(&self) -> Result<usize, Denied> {
        Err(Denied::Invalid)
    }

    /// Messages that the pattern keeps for the application: notices, and what it has read ahead.
    fn kept(&self) -> u64 {
        0
    }

    /// The routing id the pattern gave this peer (ROUTER, STREAM).
    fn routing_id_of(&self, _peer: PeerId) -> Option<&[u8]> {
        None
    }

    /// The peer that this routing id names.
    ///
    /// # Errors
    /// [`Denied::Unroutable`] if it names none, [`Denied::Unsupported`] on types other than ROUTER.
    fn peer_of(&self, _routing_id: &[u8]) -> Result<PeerId, Denied> {
        Err(Denied::Unsupported)
    }
}

/// Sends a new peer an empty message, so that a ROUTER hears of this side at once (`PROBE_ROUTER`).
fn probe(peers: &mut impl Peers, peer: PeerId) {
    if peers.options().probe_router {
        peers.send_exempt(peer, &[Part::Slice(&[])]);
    }
}
