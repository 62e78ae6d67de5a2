//! What an engine needs to speak another encoding than the pipe's own.

use crate::engine::zmtp::End;
use queue::{Taken, Writer};

/// Translates between the frames of a pipe and the bytes of a connection. One instance serves one connection.
pub(crate) trait Transcode: Send + std::fmt::Debug {
    /// Appends a frame that the application sends to `out`.
    fn encode(&mut self, frame: Taken<'_>, out: &mut Vec<u8>);

    /// Whether inbound bytes are translated too; otherwise they are ZMTP 2 or 3 frames.
    fn decodes(&self) -> bool {
        false
    }

    /// Writes the messages found at the beginning of `bytes` into the pipe, as long as it has room. Returns the
    /// number of bytes that are done with.
    ///
    /// # Errors
    /// [`End::Protocol`] if the peer breaks the protocol.
    fn decode(&mut self, _bytes: &[u8], _into: &mut Writer) -> Result<usize, End> {
        Ok(0)
    }
}
