//! The terms that both ways of a payload agree on.

/// The offset of a payload in which no message begins.
pub(super) const NONE: [u8; 2] = [0xFF; 2];

/// An empty buffer that took more memory than this gives it back.
const KEPT_CAPACITY: usize = 64 << 10;

/// Empties a buffer, and frees it after something unusually large.
pub(super) fn empty(buffer: &mut Vec<u8>) {
    buffer.clear();
    if buffer.capacity() > KEPT_CAPACITY {
        *buffer = Vec::new();
    }
}
