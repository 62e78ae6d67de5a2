//! Messages that go to several pipes, whose bodies the pipes may share.

use super::Writer;
use crate::common::supply::{Stock, Supply};
use crate::common::{Common, WHOLE};
use crate::header::{self, MORE};
use crate::part::Part;
use crate::segment::CLASSES;
use bytes::Bytes;

/// Of the bodies that several pipes share, those up to this many bytes are copied: a reference takes as much memory.
const ALWAYS_COPIED: usize = 128;
/// Those up to this many bytes are copied to a few readers as long as these keep up.
const COPIED: usize = 1024;
/// A reader in this process does not copy a body of which all readers together would copy so many bytes.
const TOGETHER: usize = 4 << 10;
/// Likewise for a network, to which copies that follow each other go with less ado.
const TOGETHER_AWAY: usize = 16 << 10;
/// A body that is shared already, and larger than this, is not copied to become [`Common`].
const COPIED_ONCE: usize = 8 << 10;

/// Larger bodies lie in memory that [`warm`](crate::warm) keeps.
const LARGE: usize = 60 << 10;

/// What the pipes that get one message share of its parts.
#[derive(Debug, Default)]
pub struct Broadcast {
    parts: Vec<Copies>,
    readers: usize,
    stock: Stock,
}

/// One part, as it was made ready to be shared: for networks, and for readers in this process.
#[derive(Debug, Default)]
struct Copies {
    bytes: Option<Bytes>,
    common: Option<Supply>,
}

/// How a part goes into a pipe.
enum Way {
    Copied,
    Common,
    Spliced,
}

impl Broadcast {
    /// A message of so many parts goes to so many readers.
    pub fn begin(&mut self, parts: usize, readers: usize) {
        self.parts.clear();
        self.parts.resize_with(parts, Copies::default);
        self.readers = readers;
    }

    /// All have got it.
    pub fn end(&mut self) {
        for copies in self.parts.drain(..) {
            if let Some(supply) = copies.common {
                self.stock.take_back(supply);
            }
        }
    }

    /// Gives memory back that was kept for the next messages.
    pub fn sweep(&mut self) {
        self.stock.clear();
    }
}

impl Writer {
    /// Writes one whole message of frames that several pipes share, for which `broadcast` has begun. Bodies above 128
    /// bytes become [`Common`] where this pipe's reader lags, as judged by [`Writer::backlog`], or is one of many; all above
    /// 1 KiB do, but for those that are shared or kept already, which go by reference as they are.
    /// Nothing is written without parts.
    #[inline]
    pub fn write_shared(&mut self, parts: &[Part<'_>], broadcast: &mut Broadcast) {
        if parts.is_empty() {
            return;
        }
        if let [Part::Slice(only)] = parts
            && only.len() <= ALWAYS_COPIED
            && self.write_short(&[], only)
        {
            return;
        }
        let &mut Broadcast { parts: ref mut shared, readers, ref mut stock } = broadcast;
        for (index, (part, copies)) in parts.iter().zip(shared).enumerate() {
            let flags = if index + 1 < parts.len() { MORE } else { 0 };
            match self.way(part, readers) {
                Way::Copied => self.write_frame(flags, part),
                Way::Common => {
                    let supply = copies.common.get_or_insert_with(|| stock.supply(flags, part, readers));
                    self.write_common(flags, supply.take());
                }
                Way::Spliced => {
                    let bytes = copies.bytes.get_or_insert_with(|| part.to_bytes()).clone();
                    self.lend();
                    self.write_spliced(flags, bytes);
                }
            }
        }
        self.written += 1;
    }

    #[inline]
    fn way(&self, part: &Part<'_>, readers: usize) -> Way {
        if self.serves_process && matches!(part, Part::Kept(_)) {
            Way::Spliced
        } else if part.len() <= ALWAYS_COPIED {
            Way::Copied
        } else {
            self.way_of_large(part, readers)
        }
    }

    fn way_of_large(&self, part: &Part<'_>, readers: usize) -> Way {
        let size = part.len();
        let most = if matches!(part, Part::Slice(_)) { LARGE } else { COPIED_ONCE };
        let together = if self.serves_process { TOGETHER } else { TOGETHER_AWAY };
        if size > most {
            Way::Spliced
        } else if size > COPIED || size * readers >= together || self.lags() {
            Way::Common
        } else {
            Way::Copied
        }
    }

    fn lags(&self) -> bool {
        self.backlog() >= CLASSES[2] as u64
    }

    /// A frame whose body the stream only refers to.
    #[inline]
    fn write_common(&mut self, flags: u8, body: Common) {
        if self.chain.room() < WHOLE as u64 {
            self.grow(WHOLE);
        }
        let Some(segment) = self.chain.segment else { return };
        self.count_spliced(header::whole_size(body.len()) - WHOLE);
        // SAFETY: there is room, behind everything published, and this end alone writes it.
        unsafe { segment.put_common(self.chain.at, flags, body) };
        self.refers = true;
        self.chain.at += WHOLE as u64;
    }

    /// Fetches the place where the next message goes: for one who writes to many pipes, shortly before.
    #[inline]
    pub fn prefetch(&self) {
        if let Some(segment) = self.chain.segment {
            let place = segment.at(self.chain.at);
            sys::prefetch_to_write(place);
            sys::prefetch_to_write(place.wrapping_add(64));
        }
    }
}
