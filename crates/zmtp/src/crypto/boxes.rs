//! The boxes of CURVE's commands, and the keys of its messages.

use dryoc::classic::crypto_core::{crypto_core_hsalsa20, crypto_scalarmult};
use dryoc::classic::crypto_secretbox::{crypto_secretbox_detached, crypto_secretbox_open_detached};
use zeroize::Zeroizing;

use super::keys::{PublicKey, Random, SecretKey};
use crate::error::Error;

/// What makes each box under one key another: never used twice.
pub(crate) type Nonce = [u8; 24];

/// The length of the authenticator in front of a box.
pub(crate) const MAC: usize = 16;

/// The first bytes of a message's key stream are the authenticator's key.
pub(super) const MAC_KEY: usize = 32;

/// The key that seals and opens the boxes between two pairs of keys, or a cookie.
pub(crate) struct SharedKey(pub(super) Zeroizing<[u8; 32]>);

/// The number that two owners of keys agree on (RFC 7748, section 6.1).
pub(super) fn agree(ours: &SecretKey, theirs: &PublicKey) -> Result<Zeroizing<[u8; 32]>, Error> {
    let mut point = Zeroizing::new([0; 32]);
    crypto_scalarmult(&mut point, ours.as_bytes(), theirs.as_bytes()).map_err(|_| Error::WeakKey)?;
    Ok(point)
}

impl SharedKey {
    /// The key that the owner of `ours` shares with the owner of `theirs`.
    ///
    /// # Errors
    /// [`Error::WeakKey`] for a public key with which everybody would have the same (RFC 7748, section 6.1).
    pub(crate) fn new(ours: &SecretKey, theirs: &PublicKey) -> Result<Self, Error> {
        let point = Self(agree(ours, theirs)?);
        Ok(Self(point.subkey(&[0; 16])))
    }

    /// A key of this side's own.
    pub(crate) fn generate(random: Random) -> Result<Self, Error> {
        let mut key = Zeroizing::new([0; 32]);
        random(key.as_mut_slice())?;
        Ok(Self(key))
    }

    /// The key under which Salsa20 encrypts where the nonce begins like this.
    pub(super) fn subkey(&self, prefix: &[u8; 16]) -> Zeroizing<[u8; 32]> {
        let mut subkey = Zeroizing::new([0; 32]);
        crypto_core_hsalsa20(&mut subkey, prefix, &self.0, None);
        subkey
    }

    /// The box: the authenticator, then what was encrypted.
    pub(crate) fn seal(&self, nonce: &Nonce, plain: &[u8]) -> Vec<u8> {
        let (mut sealed, mut mac) = (vec![0; MAC + plain.len()], [0; MAC]);
        // It fails for messages of more than 2^38 bytes only.
        _ = crypto_secretbox_detached(&mut sealed[MAC..], &mut mac, plain, nonce, &self.0);
        sealed[..MAC].copy_from_slice(&mac);
        sealed
    }

    /// The contents of a box, if it was sealed with this key and nonce.
    pub(crate) fn open(&self, nonce: &Nonce, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (mac, sealed) = sealed.split_first_chunk::<MAC>()?;
        let mut plain = Zeroizing::new(vec![0; sealed.len()]);
        crypto_secretbox_open_detached(&mut plain, sealed, mac, nonce, &self.0).ok()?;
        Some(plain)
    }
}

/// The key of the messages of one direction.
pub(super) struct Key(pub(super) Zeroizing<[u32; 8]>);

impl Key {
    pub(super) fn new(shared: &SharedKey, purpose: &[u8; 16]) -> Self {
        let bytes = shared.subkey(purpose);
        let mut words = Zeroizing::new([0; 8]);
        for (word, bytes) in words.iter_mut().zip(bytes.as_chunks::<4>().0) {
            *word = u32::from_le_bytes(*bytes);
        }
        Self(words)
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(..)")
    }
}
