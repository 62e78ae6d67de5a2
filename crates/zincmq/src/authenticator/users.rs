//! Users with hashed passwords.

use crate::security::Secret;
use dryoc::classic::crypto_pwhash::{crypto_pwhash_str, crypto_pwhash_str_verify};
use std::io;
use std::path::PathBuf;

/// The cost of a hash: twice over 19 MiB, some 20 to 50 ms of a processor. It bounds how many passwords a second can be
/// tried on one authenticator.
const PASSES: u64 = 2;
const MEMORY: usize = 19 << 20;

/// A file of users cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UsersError {
    /// The system does not let it be read.
    #[error("{}: {error}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's error.
        error: io::Error,
    },
    /// A line is malformed.
    #[error("{}, line {line}: a user is name:hash, with a hash that begins with $argon2", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The line's number, from 1.
        line: usize,
    },
}

/// The hash of a password (argon2id), as [`Rules::users_from`](super::Rules::users_from) reads it.
///
/// # Errors
/// The system's, if there is no memory or no randomness for it.
pub fn hash_password(password: &Secret) -> io::Result<String> {
    crypto_pwhash_str(password.reveal().as_bytes(), PASSES, MEMORY).map_err(io::Error::other)
}

/// Whether a password has this hash.
pub(super) fn verify(hash: &str, password: &Secret) -> bool {
    crypto_pwhash_str_verify(hash, password.reveal().as_bytes()).is_ok()
}
