//! A body in a buffer of the store, as it is sent.

use bytes::Bytes;
use queue::Keep;
use queue::warm::Buffer;

/// A buffer that is shared. Nobody is called when it is done with: its memory goes back to the store.
#[derive(Clone, Debug)]
pub struct Filled(Bytes);

impl From<Buffer> for Filled {
    fn from(buffer: Buffer) -> Self {
        Self(buffer.into())
    }
}

impl From<Filled> for Bytes {
    fn from(filled: Filled) -> Self {
        filled.0
    }
}

impl AsRef<[u8]> for Filled {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Keep for Filled {
    fn share(&self) -> Bytes {
        self.0.clone()
    }

    fn calls_back(&self) -> bool {
        false
    }
}
