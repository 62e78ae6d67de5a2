//! The kinds of events, and sets of them.

use std::fmt;
use std::ops::BitOr;

macro_rules! kinds {
    ($($(#[doc = $doc:literal])+ $kind:ident = $bit:literal,)+) => {
        /// The kind of an event. The numbers are the bits of `zmq_socket_monitor(3)`.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        #[repr(u32)]
        #[non_exhaustive]
        pub enum EventKind {
            $($(#[doc = $doc])+ $kind = $bit,)+
        }

        const KINDS: &[EventKind] = &[$(EventKind::$kind),+];
    };
}

kinds! {
    /// A connection was made; the value is its descriptor.
    Connected = 0x1,
    /// A connection is under way; the value is the error number that says so.
    ConnectDelayed = 0x2,
    /// A connection will be tried again; the value is the pause in milliseconds.
    ConnectRetried = 0x4,
    /// The socket listens; the value is the descriptor.
    Listening = 0x8,
    /// The socket could not be bound; the value is the error number.
    BindFailed = 0x10,
    /// A connection was accepted; the value is its descriptor.
    Accepted = 0x20,
    /// A connection could not be accepted; the value is the error number.
    AcceptFailed = 0x40,
    /// A listener, or an attempt to connect, was closed; the value is the descriptor.
    Closed = 0x80,
    /// A descriptor could not be closed; the value is the error number.
    CloseFailed = 0x100,
    /// A connection was lost or ended; the value is the descriptor.
    Disconnected = 0x200,
    /// The monitor has stopped: its socket was closed. Nothing follows.
    MonitorStopped = 0x400,
    /// The handshake failed for a reason without a code; the value is the error number.
    HandshakeFailedNoDetail = 0x800,
    /// The handshake is done: messages can flow.
    HandshakeSucceeded = 0x1000,
    /// The peer broke the protocol; the value is a `ZMQ_PROTOCOL_ERROR_...` code.
    HandshakeFailedProtocol = 0x2000,
    /// The peer was refused, or refused us; the value is the status: 300, 400 or 500.
    HandshakeFailedAuth = 0x4000,
    /// A report of the messages queued for a peer, which comes when asked for
    /// (`zmq_socket_monitor_pipes_stats`, in C only). The value is the number of messages queued outbound,
    /// [`Event::inbound`](crate::Event::inbound) that inbound.
    PipesStats = 0x10000,
    /// A source was heard for the first time on a multicast endpoint. [`Event::remote`](crate::Event::remote) names it: its address and session.
    SourceJoined = 0x0100_0000,
    /// Some datagrams of a multicast source are lost for good, and the messages that were in them; the value is the number of
    /// datagrams.
    Gap = 0x8000,
    /// A multicast source has said that it ends, and all that it sent has come, or is lost.
    SourceFinished = 0x0400_0000,
    /// A multicast source is forgotten: it was silent for five minutes, or too many others came.
    SourceGone = 0x0800_0000,
}

/// A set of event kinds: `EventKind::Connected | EventKind::Disconnected`, or one kind by itself.
///
/// ```
/// use zincmq::{EventKind, Events};
///
/// let ends = EventKind::Disconnected | EventKind::Closed;
/// assert!(ends.contains(EventKind::Closed));
/// let shown = format!("{:?}", ends | EventKind::Connected);
/// assert_eq!(shown, "Events(Connected | Closed | Disconnected)");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Events(u32);

impl Events {
    /// Every event.
    pub const ALL: Self = Self(u32::MAX);
    /// No event.
    pub const NONE: Self = Self(0);

    /// These events and `kind`: as `|`, in a constant too.
    ///
    /// ```
    /// use zincmq::{EventKind, Events};
    /// let events = Events::NONE.with(EventKind::Accepted);
    /// assert_eq!(events, EventKind::Accepted.into());
    /// ```
    #[must_use]
    pub const fn with(self, kind: EventKind) -> Self {
        Self(self.0 | kind as u32)
    }

    /// The events whose bits are set, as C names them.
    ///
    /// ```
    /// use zincmq::{EventKind, Events};
    /// assert!(Events::from_bits(0x20).contains(EventKind::Accepted));
    /// ```
    #[must_use]
    pub const fn from_bits(bits: u32) -> Self {
        Self(bits)
    }

    /// Whether `kind` is among these.
    ///
    /// ```
    /// use zincmq::{EventKind, Events};
    /// let events = EventKind::Accepted | EventKind::Disconnected;
    /// assert!(events.contains(EventKind::Accepted) && !events.contains(EventKind::Closed));
    /// ```
    #[must_use]
    pub const fn contains(self, kind: EventKind) -> bool {
        self.0 & kind as u32 != 0
    }
}

impl From<EventKind> for Events {
    fn from(kind: EventKind) -> Self {
        Self(kind as u32)
    }
}

impl<E: Into<Self>> BitOr<E> for Events {
    type Output = Self;

    fn bitor(self, others: E) -> Self {
        Self(self.0 | others.into().0)
    }
}

impl<E: Into<Events>> BitOr<E> for EventKind {
    type Output = Events;

    fn bitor(self, others: E) -> Events {
        Events::from(self) | others
    }
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::ALL => return f.write_str("Events(ALL)"),
            Self::NONE => return f.write_str("Events(NONE)"),
            _ => {}
        }
        let known = KINDS.iter().filter(|kind| self.contains(**kind));
        let unknown = known.clone().fold(self.0, |bits, kind| bits & !(*kind as u32));
        let names = known.map(|kind| format!("{kind:?}"));
        let names: Vec<_> = names.chain((unknown != 0).then(|| format!("{unknown:#x}"))).collect();
        write!(f, "Events({})", names.join(" | "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_shows_its_names_and_what_has_none() {
        let known = EventKind::Gap | EventKind::Connected | EventKind::SourceGone;
        assert_eq!(format!("{known:?}"), "Events(Connected | Gap | SourceGone)");
        assert_eq!(
            format!("{:?}", Events::from_bits(0x2002)),
            "Events(ConnectDelayed | HandshakeFailedProtocol)"
        );
        assert_eq!(format!("{:?}", Events::from_bits(0x4000_0001)), "Events(Connected | 0x40000000)");
        assert_eq!(format!("{:?} {:?}", Events::ALL, Events::NONE), "Events(ALL) Events(NONE)");
    }

    #[test]
    fn a_set_is_made_of_kinds_and_sets() {
        let (one, two) = (EventKind::Accepted, EventKind::Closed);
        let both = Events::NONE.with(one).with(two);
        assert_eq!([one | two, Events::from(one) | two, one | Events::from(two)], [both; 3]);
        assert_eq!(Events::from(one) | both, both);
    }
}
