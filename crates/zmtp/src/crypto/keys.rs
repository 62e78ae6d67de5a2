//! Keys of CURVE: 32 bytes, or 40 signs of Z85 as text.

use std::fmt;
use std::str::FromStr;

use dryoc::classic::crypto_core::crypto_scalarmult_base;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::secret::Secret;
use crate::codec::z85;

/// The system has no random bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the system has no random bytes")]
pub struct NoRandomness;

/// Fills its argument with bytes that nobody can guess.
///
/// # Errors
/// [`NoRandomness`].
pub type Random = fn(&mut [u8]) -> Result<(), NoRandomness>;

/// The system's random bytes.
///
/// # Errors
/// [`NoRandomness`].
pub fn system_random(bytes: &mut [u8]) -> Result<(), NoRandomness> {
    getrandom::fill(bytes).map_err(|_| NoRandomness)
}

/// A text is no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// It has another length.
    #[error("a key has 40 signs of Z85, or 32 bytes; this has {0}")]
    Length(usize),
    /// It has a sign that Z85 does not know.
    #[error("a key is text of Z85, 40 of its 85 signs; this is none")]
    NotZ85,
}

/// A public key: it says who somebody is, and may be known to all.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PublicKey([u8; 32]);

impl PublicKey {
    /// The key of these bytes.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl FromStr for PublicKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        decode(text).map(|bytes| Self(*bytes))
    }
}

/// Its 40 signs of Z85.
impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&z85::encode(&self.0).unwrap_or_default())
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({self})")
    }
}

/// A secret key: it proves who its owner is. It is wiped when it is dropped, and no text that is not asked for has it.
#[derive(Clone)]
pub struct SecretKey(Zeroizing<[u8; 32]>);

impl SecretKey {
    /// The key of these bytes.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// A new one, of these random bytes ([`Random`](crate::Random)).
    ///
    /// # Errors
    /// [`NoRandomness`].
    pub fn generate(random: fn(&mut [u8]) -> Result<(), NoRandomness>) -> Result<Self, NoRandomness> {
        let mut bytes = Zeroizing::new([0; 32]);
        random(bytes.as_mut_slice())?;
        Ok(Self(bytes))
    }

    /// Its bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The public key that belongs to it.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        let mut public = [0; 32];
        crypto_scalarmult_base(&mut public, &self.0);
        PublicKey(public)
    }

    /// Its 40 signs of Z85, to be kept where nobody else reads them.
    #[must_use]
    pub fn to_z85(&self) -> Secret {
        z85::encode(self.0.as_slice()).unwrap_or_default().into()
    }
}

impl FromStr for SecretKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        decode(text).map(Self)
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(..)")
    }
}

/// In a time that does not depend on where two keys differ.
impl PartialEq for SecretKey {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(other.0.as_slice()).into()
    }
}

impl Eq for SecretKey {}

/// A secret key and the public one that belongs to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keypair {
    /// For everybody who talks to its owner.
    pub public: PublicKey,
    /// For its owner alone.
    pub secret: SecretKey,
}

impl Keypair {
    /// A new pair.
    ///
    /// # Errors
    /// [`NoRandomness`].
    pub fn generate() -> Result<Self, NoRandomness> {
        SecretKey::generate(system_random).map(Self::from)
    }
}

impl From<SecretKey> for Keypair {
    fn from(secret: SecretKey) -> Self {
        Self { public: secret.public(), secret }
    }
}

fn decode(text: &str) -> Result<Zeroizing<[u8; 32]>, KeyError> {
    if text.len() != 40 {
        return Err(KeyError::Length(text.len()));
    }
    let bytes = z85::decode(text.as_bytes()).map(Zeroizing::new).ok_or(KeyError::NotZ85)?;
    bytes.as_slice().try_into().map(Zeroizing::new).map_err(|_| KeyError::NotZ85)
}
