//! The limits of what a peer may send, and the message begun as they see it.

use crate::reply::Reply;

/// Bytes that a frame costs in the sum of a message, beside its own.
const FRAME_COST: u64 = 16;

/// The reason for which a peer's bytes were refused.
#[derive(Debug, PartialEq, Eq)]
pub enum Refusal {
    /// A frame (or a whole message) larger than allowed.
    TooLarge(u64),
    /// A message of more parts than allowed.
    TooManyParts(u64),
    /// A command too large to be one: see [`crate::Filler::allow_large`].
    CommandTooLarge(u64),
    /// No memory for the body.
    NoMemory(u64),
    /// The message is no reply: see [`crate::Filler::expect_replies`].
    NoReply,
}

/// The limits that the walk enforces.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Largest frame in bytes.
    pub frame: u64,
    /// Largest message in bytes, each frame counting 16 more.
    pub message: u64,
    /// Most parts of a message.
    pub parts: u64,
}

/// The sum of the message begun.
#[derive(Debug)]
pub(super) struct Sum {
    pub(super) bounds: Bounds,
    /// Bytes of its frames, with their cost; 0 only between messages.
    bytes: u64,
    /// Its frames; not looked at between messages.
    parts: u64,
    /// The part of a reply that it is so far, if only replies may come.
    reply: Option<Reply>,
    /// A message of one frame is allowed if that frame is.
    by_frame: bool,
}

impl Sum {
    pub(super) fn new(bounds: Bounds) -> Self {
        let frame = bounds.frame.min(bounds.message.saturating_sub(FRAME_COST));
        let by_frame = bounds.message >= FRAME_COST;
        Self { bounds: Bounds { frame, ..bounds }, bytes: 0, parts: 0, reply: None, by_frame }
    }

    pub(super) fn expect_replies(&mut self) {
        self.reply = Some(Reply::default());
        self.by_frame = false;
    }

    #[inline]
    pub(super) fn is_begun(&self) -> bool {
        self.bytes != 0
    }

    /// Whether the next frame need not be added if it is a message by itself.
    #[inline]
    pub(super) fn is_plain(&self) -> bool {
        !self.is_begun() && self.by_frame
    }

    /// Adds a frame, if it is allowed.
    pub(super) fn add(&mut self, more: bool, size: u64) -> Result<(), Refusal> {
        if let Some(passed) = self.reply {
            self.reply = Some(passed.pass(more, size).ok_or(Refusal::NoReply)?);
        }
        (self.bytes, self.parts) = self.check(size)?;
        Ok(())
    }

    /// The bytes and parts with one more frame of `size`.
    pub(super) fn check(&self, size: u64) -> Result<(u64, u64), Refusal> {
        let bytes = self.bytes.saturating_add(size).saturating_add(FRAME_COST);
        let parts = if self.is_begun() { self.parts + 1 } else { 1 };
        if bytes > self.bounds.message {
            return Err(Refusal::TooLarge(bytes));
        }
        if parts > self.bounds.parts { Err(Refusal::TooManyParts(parts)) } else { Ok((bytes, parts)) }
    }

    /// Whether it is within its bounds with the commands that stand in it, but for those that will give so many bytes
    /// back.
    pub(super) fn check_commands(&self, back: u64) -> Result<(), Refusal> {
        if !self.is_begun() {
            Ok(())
        } else if self.bytes.saturating_sub(back) > self.bounds.message {
            Err(Refusal::TooLarge(self.bytes))
        } else if self.parts > self.bounds.parts {
            Err(Refusal::TooManyParts(self.parts))
        } else {
            Ok(())
        }
    }

    /// Adds a command that became a frame; checked at the next frame or command.
    pub(super) fn add_unchecked(&mut self, size: u64) {
        self.bytes = self.bytes.saturating_add(size + FRAME_COST);
        self.parts += 1;
    }

    /// Adds a command that was dropped inside it; checked at the next frame, unless the place is given back before.
    pub(super) fn add_dropped(&mut self, size: u64) {
        if self.is_begun() {
            self.bytes = self.bytes.saturating_add(size);
        }
    }

    /// Commands that were dropped have given so many bytes back.
    pub(super) fn subtract(&mut self, size: u64) {
        self.bytes = self.bytes.saturating_sub(size);
    }

    /// The message is whole.
    #[inline]
    pub(super) fn end(&mut self) {
        self.bytes = 0;
    }

    /// The message stays unfinished.
    pub(super) fn forget(&mut self) {
        self.end();
        self.reply = self.reply.map(|_| Reply::default());
    }
}
