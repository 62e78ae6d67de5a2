//! The terms that the parts of an engine agree on: limits of a turn, what is left after one, why a connection ends; and
//! how another encoding than the pipe's own is spoken.

use queue::{Taken, Writer};
use std::io;

/// The bytes that one connection may move in one turn, each way, before others have theirs.
pub(super) const TURN: usize = 256 << 10;
/// A queue of so many bytes is short: they are copied in less time than it takes to wake a thread and let it go on.
pub(crate) const SHORT: u64 = 192 << 10;
/// The bytes that are read at once for a transcoder, or for nobody.
pub(super) const SCRATCH: usize = 32 << 10;

/// Why a connection ends.
#[derive(Debug, thiserror::Error)]
pub(crate) enum End {
    /// The socket closed this pipe and the peer has everything, or does not take it.
    #[error("closed by this side")]
    Flushed,
    /// The peer closed the connection.
    #[error("closed by the peer")]
    Eof,
    /// The connection broke.
    #[error(transparent)]
    Lost(io::Error),
    /// The peer was silent for too long.
    #[error("the peer was silent for too long")]
    Silent,
    /// The peer broke the protocol.
    #[error(transparent)]
    Protocol(zmtp::Error),
    /// A frame, message or command larger than allowed.
    #[error("a frame or message larger than allowed")]
    TooLarge,
    /// There is no memory for what the peer sends.
    #[error("no memory for what the peer sends")]
    NoMemory,
    /// The peer of a REQ sent what is no reply.
    #[error("a message that is no reply")]
    NoReply,
}

/// How much of the queue a caller has written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Written {
    All,
    /// What the kernel took.
    Part,
    /// Nothing: the I/O thread is to do it.
    Not,
}

/// The work that an engine has left.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Rest {
    /// Nothing, until a descriptor, a pipe or a timer tells.
    Quiet,
    /// More: its turn was over.
    Busy,
}

/// Translates between the frames of a pipe and the bytes of a connection. One instance serves one connection.
pub(crate) trait Transcode: Send + std::fmt::Debug {
    /// Appends a frame that the application sends to `out`.
    fn encode(&mut self, frame: Taken<'_>, out: &mut Vec<u8>);

    /// Appends frames of the protocol's own, which are plain in `plain`.
    fn control(&mut self, plain: &[u8], out: &mut Vec<u8>) {
        out.extend_from_slice(plain);
    }

    /// Completes what was appended to `out`, before it is written: so much of it as `budget` allows. Returns how many bytes
    /// of `out` may be written; if not all, it must be called again before anything is appended or taken away.
    ///
    /// # Errors
    /// It cannot be written.
    fn finish(&mut self, out: &mut [u8], _budget: usize) -> Result<usize, zmtp::Error> {
        Ok(out.len())
    }

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
