//! What a receiver hands to its caller.

use crate::{Sequence, Tsi};
use std::net::IpAddr;

/// The name of a source in events. It is never used again for another source.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct SourceId(pub(super) u64);

/// Something that happened to a source. The events of one source come in order: `Joined` first, then `Data` and `Lost`
/// in the order of sequence numbers, each number once, and at the end either `Finished` or `Gone`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Event<'a> {
    /// A source is heard for the first time.
    Joined {
        /// Its name from now on.
        source: SourceId,
        /// Its transport session identifier.
        tsi: Tsi,
        /// The address from which its packets come.
        address: IpAddr,
    },
    /// The payload of the next data packet. It may have any length, also none.
    Data {
        /// Whose.
        source: SourceId,
        /// The payload.
        payload: &'a [u8],
    },
    /// Numbers that will never come. They are missing exactly here in the order of `Data`.
    Lost {
        /// Whose.
        source: SourceId,
        /// The first of them.
        first: Sequence,
        /// How many.
        count: u32,
    },
    /// The source has ended, and everything up to its end was delivered or reported as lost.
    Finished {
        /// Which one.
        source: SourceId,
    },
    /// The source was silent for too long, or had to make place for another one.
    Gone {
        /// Which one.
        source: SourceId,
    },
}

/// The answer to an event.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Flow {
    /// More can be delivered.
    Go,
    /// This event was taken, but no more of any source until [`resume`](super::Receiver::resume). Until then packets
    /// are held in the windows. What does not fit is dropped as if it had not come, and asked for after `resume`.
    Pause,
}
