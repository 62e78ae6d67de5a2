//! What a receiver tells about its sources.

use super::SourceId;
use crate::{Sequence, Tsi};
use std::net::IpAddr;
use std::ops::AddAssign;

/// Counts of what came from one source, or from several.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Reception {
    /// Data packets that were accepted, original transmissions.
    pub data: u64,
    /// Data packets that were accepted, repairs.
    pub repairs: u64,
    /// Bytes of payload in the accepted data packets.
    pub bytes: u64,
    /// Data packets that had come before, or were older than the window.
    pub duplicates: u64,
    /// Data packets that there was no room for while the receiver was paused.
    pub dropped: u64,
    /// Packets that contradict themselves, such as an SPM whose trail is behind its lead.
    pub malformed: u64,
    /// SPMs that were accepted.
    pub spms: u64,
    /// NAK packets that were queued.
    pub naks: u64,
    /// Sequence numbers that were asked for, counted again each time.
    pub requested: u64,
    /// Sequence numbers that were reported as lost.
    pub lost: u64,
}

impl AddAssign for Reception {
    fn add_assign(&mut self, other: Self) {
        self.data += other.data;
        self.repairs += other.repairs;
        self.bytes += other.bytes;
        self.duplicates += other.duplicates;
        self.dropped += other.dropped;
        self.malformed += other.malformed;
        self.spms += other.spms;
        self.naks += other.naks;
        self.requested += other.requested;
        self.lost += other.lost;
    }
}

/// The state of one source, as [`sources`](super::Receiver::sources) returns it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SourceReport {
    /// The source's name in events.
    pub id: SourceId,
    /// Its transport session identifier.
    pub tsi: Tsi,
    /// The address from which its packets come.
    pub address: IpAddr,
    /// The oldest number that it can still repair, as it said last.
    pub trail: Sequence,
    /// The highest number that is known.
    pub lead: Sequence,
    /// The next number to deliver.
    pub next: Sequence,
    /// Numbers that are missing now and may still come.
    pub missing: u64,
    /// What came from it.
    pub statistics: Reception,
}

/// Counts of a whole receiver, as [`statistics`](super::Receiver::statistics) returns them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ReceiverStatistics {
    /// What came from all sources, also from those that are gone.
    pub reception: Reception,
    /// Sources that were heard for the first time, or again after they were gone.
    pub joined: u64,
    /// Packets of new sources that were ignored because there was no place for one more source.
    pub refused: u64,
}
