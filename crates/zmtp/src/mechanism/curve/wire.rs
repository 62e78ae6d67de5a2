//! The bytes of CURVE's commands: how long they are, and the nonces of their boxes.

use crate::crypto::Nonce;

/// The bodies of commands behind their names: whole, or at least.
pub(super) const HELLO_LEN: usize = 2 + 72 + 32 + 8 + 80;
pub(super) const WELCOME_LEN: usize = 16 + 144;
pub(super) const COOKIE_LEN: usize = 16 + 80;

/// The version of CURVE that a HELLO names.
pub(super) const VERSION: [u8; 2] = [1, 0];

/// The nonce of a box in a command that counts.
pub(super) fn counted(purpose: &[u8; 16], count: u64) -> Nonce {
    let mut nonce = [0; 24];
    nonce[..16].copy_from_slice(purpose);
    nonce[16..].copy_from_slice(&count.to_be_bytes());
    nonce
}

/// The nonce of a box that brings its random part along.
pub(super) fn random(purpose: &[u8; 8], part: &[u8; 16]) -> Nonce {
    let mut nonce = [0; 24];
    nonce[..8].copy_from_slice(purpose);
    nonce[8..].copy_from_slice(part);
    nonce
}
