//! The places for the parts of a message, side by side: one needs no memory of its own.

use super::frame::Frame;
use std::{mem, slice};

/// One place, or a vector of several. They are never taken away: what an earlier message left in them is memory for the
/// next one.
pub(super) enum Frames {
    One(Frame),
    Many(Vec<Frame>),
}

/// A message of several parts has a few, most likely.
const SEVERAL: usize = 4;

impl Frames {
    pub(super) const fn new() -> Self {
        Self::One(Frame::new())
    }

    #[inline]
    pub(super) fn as_slice(&self) -> &[Frame] {
        match self {
            Self::One(frame) => slice::from_ref(frame),
            Self::Many(frames) => frames,
        }
    }

    #[inline]
    pub(super) fn get(&self, at: usize) -> Option<&Frame> {
        match self {
            Self::One(frame) => (at == 0).then_some(frame),
            Self::Many(frames) => frames.get(at),
        }
    }

    #[inline]
    pub(super) fn as_mut_slice(&mut self) -> &mut [Frame] {
        match self {
            Self::One(frame) => slice::from_mut(frame),
            Self::Many(frames) => frames,
        }
    }

    /// The place at `at`, which is there already or the next.
    #[inline]
    pub(super) fn place(&mut self, at: usize) -> &mut Frame {
        if at >= self.as_slice().len() {
            self.grow();
        }
        &mut self.as_mut_slice()[at]
    }

    fn grow(&mut self) {
        match self {
            Self::One(first) => {
                let mut frames = Vec::with_capacity(SEVERAL);
                frames.extend([mem::take(first), Frame::new()]);
                *self = Self::Many(frames);
            }
            Self::Many(frames) => frames.push(Frame::new()),
        }
    }

    /// Takes out the frame at `at`, before which and behind which others may be.
    pub(super) fn remove(&mut self, at: usize) -> Frame {
        match self {
            Self::One(frame) => mem::take(frame),
            Self::Many(frames) => frames.remove(at),
        }
    }
}
