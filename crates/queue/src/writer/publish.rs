//! The last step of a send: what is written becomes visible, and a reader at rest is found.

use super::Writer;
use crate::half::CLOSED;
use crate::primitive::Ordering;

impl Writer {
    /// Publishes what was written. Returns whether the reader slept: then [`Writer::wake`] must follow (or the
    /// caller reads in its place).
    #[inline]
    #[must_use]
    pub fn publish(&mut self) -> bool {
        self.publish_quietly();
        self.reader_slept()
    }

    /// Publishes without a look at the reader; [`Writer::reader_slept`], or [`crate::fence_before_looks`] and
    /// [`Writer::finds_reader_asleep`], must follow.
    #[inline]
    pub fn publish_quietly(&mut self) {
        self.publish_to(self.chain.at);
    }

    /// Publishes what lies before `position`.
    #[inline]
    pub(crate) fn publish_to(&mut self, position: u64) {
        self.half.producer().tail.store(position | (u64::from(self.closed) * CLOSED), Ordering::Release);
        if self.onward.is_some() {
            self.pass_on();
        }
    }

    #[cold]
    fn pass_on(&mut self) {
        if let Some(onward) = &mut self.onward {
            onward.sink.pass_on(self.written);
        }
    }

    /// Whether the reader slept: then [`Writer::wake`] must follow.
    #[inline]
    #[must_use]
    pub fn reader_slept(&self) -> bool {
        self.words().reader_slept()
    }

    /// Whether the reader rests, or is about to: a look that changes nothing. Not where only the last message is kept.
    #[inline]
    #[must_use]
    pub fn reader_rests(&self) -> bool {
        self.half.reader_rests()
    }

    /// As [`Writer::reader_slept`], where [`crate::fence_before_looks`] has come after the publication.
    #[inline]
    #[must_use]
    pub fn finds_reader_asleep(&self) -> bool {
        self.words().finds_reader_asleep()
    }

    /// Tells the reader that there is something to read.
    pub fn wake(&self) {
        self.words().wake_reader();
    }
}
