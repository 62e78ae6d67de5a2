//! Makes keys of CURVE, and hashes of passwords.

use crate::failure::Failure;
use clap::Args;
use std::io::{BufRead, Write, stdin, stdout};
use std::path::PathBuf;
use zincmq::authenticator::{Certificate, hash_password};
use zincmq::security::{Keypair, Secret};

/// Make a pair of keys for CURVE, or the hash of a password for PLAIN
///
/// The public key is printed, and written to NAME.key, for all who talk to its owner. The secret key is written to
/// NAME.key_secret, which only its owner can read. The files have the form of czmq's and pyzmq's certificates. Nothing is
/// overwritten.
#[derive(Args)]
#[command(after_help = "\
Examples:
  zinc keygen server                                     # server.key, server.key_secret
  zinc pull @tcp://*:5557 --curve-server server.key_secret
  zinc push tcp://host:5557 --curve-server-key server.key -m hello
  zinc keygen --password alice >> users                  # reads the password from the standard input
  zinc rep @tcp://*:5555 --plain-users users")]
pub(crate) struct Keygen {
    /// The name of the files, and of the owner in them; with --password, of the user
    #[arg(value_name = "NAME")]
    name: PathBuf,

    /// Read a password, and print the user with its hash
    #[arg(long)]
    password: bool,
}

impl Keygen {
    pub(crate) fn run(self) -> Result<(), Failure> {
        if self.password { self.hash() } else { self.make() }
    }

    fn make(&self) -> Result<(), Failure> {
        let failed = |error: &dyn std::fmt::Display| Failure::Failed(error.to_string());
        let keys = Keypair::generate().map_err(|error| failed(&error))?;
        let name = self.name.file_name().unwrap_or_default().to_string_lossy();
        let file = |ending: &str| {
            let mut file = self.name.clone().into_os_string();
            file.push(ending);
            PathBuf::from(file)
        };
        // The secret one first: a public key alone would be of no use.
        Certificate::secret_of(&keys, &name).write(file(".key_secret")).map_err(|error| failed(&error))?;
        Certificate::public_of(&keys, &name).write(file(".key")).map_err(|error| failed(&error))?;
        writeln!(stdout(), "{}", keys.public).map_err(|error| failed(&error))
    }

    fn hash(&self) -> Result<(), Failure> {
        let name = self.name.to_string_lossy();
        if name.contains([':', '\n']) {
            return Err(Failure::Usage(format!("{name:?}: the name of a user has no colon in it")));
        }
        let mut line = String::new();
        let failed = |error: std::io::Error| Failure::Failed(error.to_string());
        stdin().lock().read_line(&mut line).map_err(failed)?;
        let password = Secret::from(line.trim_end_matches(['\n', '\r']));
        if password.is_empty() {
            return Err(Failure::Failed("there is no password on the standard input".to_owned()));
        }
        let hash = hash_password(&password).map_err(failed)?;
        writeln!(stdout(), "{name}:{hash}").map_err(failed)
    }
}
