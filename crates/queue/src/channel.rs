//! Directions of a pipe as they are made: their two ends. No thread needs to be told of them yet.

use crate::primitive::Arc;
use crate::reader::Reader;
use crate::segment::Pool;
use crate::words::Half;
use crate::writer::Writer;

/// Makes one direction: its two ends.
#[must_use]
pub fn channel(pool: &Arc<Pool>) -> (Writer, Reader) {
    ends(Half::new(pool))
}

/// Makes both directions of a pipe, which share a block of memory: the two ends of each. The writer of one and the reader of
/// the other are one side's: whichever is attached first says by whom, and by which key, that side is told of both.
#[must_use]
pub fn pipe(pool: &Arc<Pool>) -> [(Writer, Reader); 2] {
    Half::both(pool).map(ends)
}

fn ends(half: Half) -> (Writer, Reader) {
    (Writer::new(half.clone()), Reader::new(half))
}
