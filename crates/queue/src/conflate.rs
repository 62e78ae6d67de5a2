//! A direction that keeps only its last message (`ZMQ_CONFLATE`).
//!
//! Each end works on a private stream of its own, so that all kinds of ends are as ever. Between the two streams
//! stands one place for one message: the writing end passes its last message on to it, the reading end takes it
//! from there when it has nothing left or wants the newest. A message that meets another there replaces it.

use crate::PeerInfo;
use crate::channel::channel;
use crate::half::{CLOSED, Gauge};
use crate::header::MORE;
use crate::part::Part;
use crate::primitive::{Arc, AtomicPtr, AtomicU64, Ordering};
use crate::reader::{Reader, Source};
use crate::segment::Pool;
use crate::taken::Body;
use crate::words::Half;
use crate::writer::{Sink, Writer};
use bytes::Bytes;
use std::ptr;

/// One whole message on its way from one private stream to the other.
#[derive(Debug)]
struct Draft {
    /// Flags (kind and MORE) and body of each frame, and whether that came by reference.
    frames: Vec<(u8, Bytes, bool)>,
    peer: Option<Arc<PeerInfo>>,
}

/// The place that both ends share.
#[derive(Debug)]
struct LatestSlot {
    draft: AtomicPtr<Draft>,
    /// Messages that the reading end has moved to its own stream; for numbers only.
    moved: AtomicU64,
    /// Messages that a newer one took the place of; for numbers only.
    replaced: AtomicU64,
    /// Whether the reader rests, the writer has closed, either is gone; its own stream stays empty.
    words: Half,
}

impl LatestSlot {
    fn put(&self, draft: Draft) {
        let old = self.swap(Box::into_raw(Box::new(draft)));
        if old.is_some() {
            self.count_replaced(1);
        }
    }

    fn count_replaced(&self, messages: u64) {
        self.replaced.fetch_add(messages, Ordering::Relaxed);
    }

    fn replaced(&self) -> u64 {
        self.replaced.load(Ordering::Relaxed)
    }

    fn take(&self) -> Option<Box<Draft>> {
        if self.is_empty() { None } else { self.swap(ptr::null_mut()) }
    }

    fn swap(&self, with: *mut Draft) -> Option<Box<Draft>> {
        let old = self.draft.swap(with, Ordering::AcqRel);
        // SAFETY: the pointer came from `Box::into_raw`, and the swap gives it to one caller only.
        (!old.is_null()).then(|| unsafe { Box::from_raw(old) })
    }

    fn is_empty(&self) -> bool {
        self.draft.load(Ordering::Acquire).is_null()
    }
}

impl Drop for LatestSlot {
    fn drop(&mut self) {
        self.swap(ptr::null_mut());
    }
}

/// The writing end's way to the place.
#[derive(Debug)]
struct Inlet {
    last: Arc<LatestSlot>,
    stage: Reader,
    /// The reading end's own stream.
    beyond: Gauge,
}

impl Sink for Inlet {
    fn pass_on(&mut self, written: u64) {
        let mut waiting = written.wrapping_sub(self.stage.read());
        let mut last = None;
        while self.stage.is_ready() {
            if waiting > 1 {
                while self.stage.skip_frame() {}
                waiting -= 1;
                self.last.count_replaced(1);
            } else {
                last = Some(gather(&mut self.stage));
            }
        }
        self.stage.half.consumer().head.store(self.stage.cursor.at, Ordering::Relaxed);
        if let Some(draft) = last {
            self.last.put(draft);
        }
    }

    /// One or none.
    fn queued(&self) -> u64 {
        u64::from(!self.last.is_empty() || self.last.moved.load(Ordering::Relaxed) > self.beyond.read())
    }

    fn replaced(&self) -> u64 {
        self.last.replaced()
    }
}

fn gather(stage: &mut Reader) -> Draft {
    let mut draft = Draft { frames: Vec::new(), peer: None };
    while let Some(frame) = stage.take() {
        let (body, by_reference) = match frame.body {
            Body::Copy(bytes) => (Bytes::copy_from_slice(bytes), false),
            Body::Slice(slice) => (Bytes::from_owner(slice), false),
            Body::Shared(bytes) => (bytes, true),
            Body::Common(common) => (Bytes::from_owner(common), true),
        };
        let flags = frame.kind as u8 | if frame.more { MORE } else { 0 };
        draft.frames.push((flags, body, by_reference));
        if !frame.more {
            break;
        }
    }
    draft.peer = stage.peer().cloned();
    draft
}

/// The reading end's way from the place.
#[derive(Debug)]
struct Outlet {
    last: Arc<LatestSlot>,
    stage: Writer,
}

impl Source for Outlet {
    fn has_message(&self) -> bool {
        !self.last.is_empty()
    }

    fn has_closed(&self) -> bool {
        // In this order: the last message comes before the end.
        self.last.words.producer().tail.load(Ordering::Acquire) & CLOSED != 0 && self.last.is_empty()
    }

    fn pull(&mut self) -> bool {
        let Some(draft) = self.last.take() else { return false };
        let same = |one: &Arc<PeerInfo>| draft.peer.as_ref().is_some_and(|other| Arc::ptr_eq(one, other));
        if self.stage.chain.peer.as_ref().map_or(draft.peer.is_some(), |peer| !same(peer)) {
            self.stage.set_peer(draft.peer);
        }
        for (flags, body, by_reference) in draft.frames {
            match by_reference {
                true => self.stage.write_spliced(flags, body),
                false => self.stage.write_frame(flags, &Part::Shared(&body)),
            }
        }
        self.stage.publish_quietly();
        let moved = &self.last.moved;
        moved.store(moved.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
        true
    }

    fn count_replaced(&mut self, messages: u64) {
        self.last.count_replaced(messages);
    }

    fn replaced(&self) -> u64 {
        self.last.replaced()
    }
}

/// Makes one direction of a pipe that keeps only its last message: its two ends. High-water marks do not apply.
///
/// The last message survives [`Writer::close`]; a [`crate::Drain`] sends it again after [`crate::Drain::rewind`]
/// unless a newer one has come.
#[must_use]
pub fn conflating(pool: &Arc<Pool>) -> (Writer, Reader) {
    let draft = AtomicPtr::new(ptr::null_mut());
    let (moved, replaced) = (AtomicU64::new(0), AtomicU64::new(0));
    let last = Arc::new(LatestSlot { draft, moved, replaced, words: Half::new(pool) });
    let (mut writer, near) = channel(pool);
    let (mut far, mut reader) = channel(pool);
    let words = last.words.clone();
    let inlet = Inlet { last: last.clone(), stage: near, beyond: reader.gauge() };
    writer.pass_to(Box::new(inlet), words.clone());
    far.set_largest_class(0);
    reader.pull_from(Box::new(Outlet { last, stage: far }), words);
    (writer, reader)
}
