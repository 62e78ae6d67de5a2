//! The messages that wait in a direction, counted when somebody asks.

use super::Reader;
use crate::header::{Kind, MORE, REFERENCE, whole_size};

/// Messages that have been published and not been read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Backlog {
    /// Their number.
    pub messages: u64,
    /// The bytes of their frames, headers included.
    pub bytes: u64,
}

impl Reader {
    /// The messages that wait, counted one by one. Where only the last is kept, that is one, whose bytes are known once
    /// it has come to this end ([`Reader::skip_to_latest`]).
    #[must_use]
    pub fn backlog(&self) -> Backlog {
        let mut backlog = Backlog::default();
        if self.parked {
            return backlog;
        }
        if self.has_newer() {
            return Backlog { messages: 1, bytes: 0 };
        }
        let mut cursor = self.cursor;
        while cursor.at < cursor.limit || cursor.refresh(&self.half, |_| ()) {
            let Some((segment, flags, header, size)) = cursor.header() else { return backlog };
            let start = cursor.at + header;
            let by_reference = segment.get().body_at(start).is_some();
            cursor.at = start + if by_reference { 0 } else { size as u64 };
            if Kind::of(flags) != Kind::Skip {
                backlog.messages += u64::from(flags & MORE == 0);
                backlog.bytes += match flags & REFERENCE {
                    0 => header + size as u64,
                    // SAFETY: as in `Reader::peek`.
                    _ => whole_size(unsafe { segment.common_at(start) }.len()) as u64,
                };
            }
        }
        backlog
    }
}
