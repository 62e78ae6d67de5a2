use crate::Sequence;
use std::fmt;
use std::net::IpAddr;

/// Numbers of data packets that are asked for (NAK), or whose request is confirmed (NCF).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Request<'a> {
    /// The first number.
    pub first: Sequence,
    /// The source's address.
    pub source: IpAddr,
    /// The address of the group that the source sends to.
    pub group: IpAddr,
    /// The other numbers.
    pub more: More<'a>,
}

impl Request<'_> {
    /// The most numbers that a request can have besides the first.
    pub const MAX_MORE: usize = 62;

    /// All numbers, in the order in which they were written.
    pub fn sequences(&self) -> impl Iterator<Item = Sequence> + Clone {
        std::iter::once(self.first).chain(self.more.iter())
    }
}

/// The numbers of a request besides its first. Two are equal if they have the same numbers.
#[derive(Clone, Copy)]
pub struct More<'a> {
    given: &'a [Sequence],
    /// As in the packet. One of the two is empty.
    read: &'a [[u8; 4]],
    /// A byte without meaning, which libzmq never sets. It is kept so that a packet stays the same.
    pub(super) extra: u8,
}

impl<'a> More<'a> {
    /// No other numbers.
    #[must_use]
    pub const fn none() -> Self {
        Self { given: &[], read: &[], extra: 0 }
    }

    /// These numbers; the first [`Request::MAX_MORE`] where there are more.
    #[must_use]
    pub fn of(sequences: &'a [Sequence]) -> Self {
        let given = sequences.get(..Request::MAX_MORE).unwrap_or(sequences);
        Self { given, ..Self::none() }
    }

    pub(super) const fn read(numbers: &'a [[u8; 4]], extra: u8) -> Self {
        Self { read: numbers, extra, ..Self::none() }
    }

    /// The numbers.
    pub fn iter(&self) -> impl Iterator<Item = Sequence> + Clone + use<'a> {
        let read = self.read.iter().map(|bytes| Sequence(u32::from_be_bytes(*bytes)));
        self.given.iter().copied().chain(read)
    }

    /// How many there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.given.len() + self.read.len()
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl PartialEq for More<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for More<'_> {}

impl fmt::Debug for More<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_list().entries(self.iter().map(|sequence| sequence.0)).finish()
    }
}
