//! A direction of a pipe as it is made: its two ends.

use crate::half::Half;
use crate::primitive::Arc;
use crate::reader::Reader;
use crate::segment::Pool;
use crate::writer::Writer;

/// Makes one direction of a pipe: its two ends. No thread needs to be told of them yet.
#[must_use]
pub fn channel(pool: &Arc<Pool>) -> (Writer, Reader) {
    let half = Half::new(pool);
    (Writer::new(half.clone()), Reader::new(half))
}
