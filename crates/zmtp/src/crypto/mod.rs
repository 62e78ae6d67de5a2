//! The cryptography of CURVE: keys, the boxes of its commands, and the boxes of its messages, many side by side.
//!
//! The primitives are those of NaCl: X25519, XSalsa20 and Poly1305.

mod batch;
mod boxes;
mod cipher;
mod keys;
mod part;
mod secret;
#[cfg(test)]
mod tests;

pub(crate) use boxes::{Nonce, SharedKey};
pub use cipher::{Cipher, OVERHEAD, Opener, Sealer, flags};
pub use keys::{KeyError, Keypair, NoRandomness, PublicKey, Random, SecretKey, system_random};
pub use secret::Secret;
