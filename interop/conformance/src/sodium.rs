//! libsodium, as `libsodium-sys-stable` has built it.

use std::path::{Path, PathBuf};

/// The folder of sodium.h.
pub(crate) const INCLUDE: &str = env!("DEP_SODIUM_INCLUDE");

/// The library, to be linked into what uses it.
pub(crate) fn library() -> PathBuf {
    Path::new(env!("DEP_SODIUM_LIB")).join("libsodium.a")
}
