//! The shared-memory structures of zincmq.

mod part;

pub use part::Part;

use bytes::Bytes;

/// A received body that stays where the network put it (a stub until the pipe lands).
#[derive(Clone, Debug)]
pub struct Slice(Bytes);

impl std::ops::Deref for Slice {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl AsRef<[u8]> for Slice {
    fn as_ref(&self) -> &[u8] {
        self
    }
}
