//! Makes keys for an encrypted conversation, as `zinc keygen` does: of a server, and of alice, whom it knows.
//!
//! `ironkeys [FOLDER]`. In life each side makes its own keys, and only the public ones travel.

use examples::{Result, text};
use std::fs;
use std::path::Path;
use zincmq::authenticator::Certificate;
use zincmq::security::Keypair;

fn main() -> Result {
    let folder = text(1, "ironhouse");
    let folder = Path::new(&folder);
    fs::create_dir_all(folder.join("friends"))?;
    let (server, alice) = (Keypair::generate()?, Keypair::generate()?);
    Certificate::secret_of(&server, "server").write(folder.join("server.key_secret"))?;
    Certificate::public_of(&server, "server").write(folder.join("server.key"))?;
    Certificate::secret_of(&alice, "alice").write(folder.join("alice.key_secret"))?;
    Certificate::public_of(&alice, "alice").write(folder.join("friends/alice.key"))?;
    Ok(())
}
