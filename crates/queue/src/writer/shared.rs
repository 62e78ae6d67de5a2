//! Messages that go to several pipes, whose bodies the pipes may share.

use super::Writer;
use crate::header::MORE;
use crate::part::Part;
use crate::segment::CLASSES;
use bytes::Bytes;

/// Of the bodies that several pipes share, those up to this many bytes are copied: a reference takes as much memory.
const ALWAYS_COPIED: usize = 128;
/// Those up to this many bytes are copied as long as the reader keeps up.
const COPIED: usize = 1024;

impl Writer {
    /// Writes one whole message of frames that several pipes share: bodies above 128 bytes go by reference where
    /// this pipe's reader lags, as judged by [`Writer::backlog`], and all that are kept. `shared` keeps what was made
    /// shared for the next pipe, one place a part. Nothing is written without parts.
    #[inline]
    pub fn write_shared(&mut self, parts: &[Part<'_>], shared: &mut [Option<Bytes>]) {
        if parts.is_empty() {
            return;
        }
        let lags = self.backlog() >= CLASSES[2] as u64;
        for (index, part) in parts.iter().enumerate() {
            let flags = if index + 1 < parts.len() { MORE } else { 0 };
            let kept = self.serves_process && matches!(part, Part::Kept(_));
            let copied = !kept && (part.len() <= ALWAYS_COPIED || (part.len() <= COPIED && !lags));
            match shared.get_mut(index) {
                Some(place) if !copied => {
                    let bytes = place.get_or_insert_with(|| part.to_bytes()).clone();
                    self.write_spliced(flags, bytes);
                }
                _ => self.write_frame(flags, part),
            }
        }
        self.written += 1;
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
