use crate::Sequence;
use std::collections::VecDeque;

/// Data packets that may wait to be sent.
const MAX_DATA: usize = 1_024;

/// NCFs that may wait to be sent.
const MAX_CONFIRMATIONS: usize = 64;

/// What waits to be sent, in order.
#[derive(Debug, Default)]
pub(super) struct Queue {
    entries: VecDeque<Entry>,
    data: usize,
    spms: usize,
    confirmations: usize,
}

#[derive(Debug)]
pub(super) enum Entry {
    /// A packet of the window, which is not copied.
    Data(Sequence),
    Spm(Vec<u8>),
    Confirmation(Vec<u8>),
}

impl Queue {
    pub(super) fn push(&mut self, entry: Entry) {
        *self.count(&entry) += 1;
        self.entries.push_back(entry);
    }

    pub(super) fn pop(&mut self) -> Option<Entry> {
        let entry = self.entries.pop_front()?;
        *self.count(&entry) -= 1;
        Some(entry)
    }

    pub(super) fn get(&self, index: usize) -> Option<&Entry> {
        self.entries.get(index)
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is room for a data packet.
    pub(super) const fn has_room(&self) -> bool {
        self.data < MAX_DATA
    }

    /// Whether there is room for an NCF.
    pub(super) const fn can_confirm(&self) -> bool {
        self.confirmations < MAX_CONFIRMATIONS
    }

    pub(super) const fn has_spm(&self) -> bool {
        self.spms > 0
    }

    const fn count(&mut self, entry: &Entry) -> &mut usize {
        match entry {
            Entry::Data(_) => &mut self.data,
            Entry::Spm(_) => &mut self.spms,
            Entry::Confirmation(_) => &mut self.confirmations,
        }
    }
}
