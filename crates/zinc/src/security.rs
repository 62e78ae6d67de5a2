//! Security on the command line: keys, passwords, and who is let in.

use crate::failure::Failure;
use clap::Args;
use serde::Deserialize;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use zincmq::authenticator::{Authenticator, Certificate, Rules};
use zincmq::security::{Keypair, PublicKey, Secret};
use zincmq::{AnySocket, Context, option};

/// The arguments of every command that opens a socket: how it is secured.
#[derive(Args, Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[command(next_help_heading = "Security")]
pub(crate) struct Security {
    /// Encrypt (CURVE), as the server whose secret key is in this file (zinc keygen)
    #[arg(long, value_name = "FILE", conflicts_with_all = ["curve_server_key", "plain_user", "plain_users"])]
    curve_server: Option<PathBuf>,

    /// Let in only the clients whose public keys are in this directory; otherwise all that know the server's key
    #[arg(long, value_name = "DIRECTORY", requires = "curve_server")]
    curve_clients: Option<PathBuf>,

    /// Encrypt (CURVE), to the server with this public key: 40 signs, or a file
    #[arg(long, value_name = "KEY|FILE", conflicts_with_all = ["plain_user", "plain_users"])]
    curve_server_key: Option<String>,

    /// The client's secret key; without it, a new one is made
    #[arg(long, value_name = "FILE", requires = "curve_server_key")]
    curve_key: Option<PathBuf>,

    /// Say this user name (PLAIN, unencrypted)
    #[arg(long, value_name = "NAME", requires = "plain_password_file", conflicts_with = "plain_users")]
    plain_user: Option<String>,

    /// ... and the password in this file
    #[arg(long, value_name = "FILE", requires = "plain_user")]
    plain_password_file: Option<PathBuf>,

    /// Let in only the users in this file (PLAIN, unencrypted): a line each, as zinc keygen --password prints it
    #[arg(long, value_name = "FILE")]
    plain_users: Option<PathBuf>,

    /// Take these arguments from a file: curve-server = "FILE", and so on, a line each (TOML)
    #[arg(long, value_name = "FILE", exclusive = false)]
    #[serde(skip)]
    secure: Option<PathBuf>,
}

impl Security {
    /// Secures a socket that is not bound or connected yet. The authenticator, if there is one, lives as long as it is kept.
    pub(crate) fn apply(
        &self,
        context: &Context,
        socket: &mut AnySocket,
    ) -> Result<Option<Authenticator>, Failure> {
        if let Some(file) = &self.secure {
            let text = fs::read_to_string(file).map_err(|error| wrong(file, error))?;
            let profile: Self = toml::from_str(&text).map_err(|error| wrong(file, error))?;
            return profile.apply(context, socket);
        }
        self.check()?;
        let mut rules = None;
        if let Some(file) = &self.curve_server {
            socket.curve_server(&keypair(file)?)?;
            if let Some(directory) = &self.curve_clients {
                rules = Some(Rules::new().certificates(directory).map_err(|error| wrong(directory, error))?);
            }
        } else if let Some(server) = &self.curve_server_key {
            let own = match &self.curve_key {
                Some(file) => keypair(file)?,
                None => Keypair::generate().map_err(|error| Failure::Failed(error.to_string()))?,
            };
            socket.curve_client(&own, public_key(server)?)?;
        } else if let (Some(user), Some(file)) = (&self.plain_user, &self.plain_password_file) {
            if user.is_empty() {
                return Err(Failure::Usage("--plain-user: the name is empty".to_owned()));
            }
            socket.plain_client(user, password(file)?)?;
        } else if let Some(file) = &self.plain_users {
            socket.plain_server()?;
            rules = Some(Rules::new().users_from(file).map_err(|error| Failure::Usage(error.to_string()))?);
        }
        let Some(rules) = rules else { return Ok(None) };
        // Refuses whatever was not asked about: a domain, so that libzmq's rules for none do not apply.
        socket.set(option::ZAP_DOMAIN, "zinc")?;
        socket.set(option::ZAP_ENFORCE_DOMAIN, true)?;
        let rules = rules.on_decision(|request, decision| {
            if let zincmq::authenticator::Decision::Refused { reason } = decision {
                note!("zinc: refused {}: {reason}", request.address);
            }
        });
        Ok(Some(Authenticator::start(context, rules)?))
    }

    /// A profile may hold what clap would refuse.
    fn check(&self) -> Result<(), Failure> {
        let ways = [
            self.curve_server.is_some(),
            self.curve_server_key.is_some(),
            self.plain_user.is_some(),
            self.plain_users.is_some(),
        ];
        let lacks = self.plain_user.is_some() != self.plain_password_file.is_some()
            || (self.curve_clients.is_some() && self.curve_server.is_none())
            || (self.curve_key.is_some() && self.curve_server_key.is_none());
        if ways.iter().filter(|way| **way).count() > 1 {
            return Err(Failure::Usage("a socket is secured in one way only".to_owned()));
        }
        if lacks {
            let needs = "curve-clients needs curve-server, curve-key needs curve-server-key, and plain-user and \
                         plain-password-file need each other";
            return Err(Failure::Usage(needs.to_owned()));
        }
        Ok(())
    }
}

fn wrong(file: &Path, error: impl std::fmt::Display) -> Failure {
    Failure::Usage(format!("{}: {error}", file.display()))
}

fn keypair(file: &Path) -> Result<Keypair, Failure> {
    Certificate::read_keypair(file).map_err(|error| Failure::Usage(error.to_string()))
}

/// A key as text, or in a file.
fn public_key(text: &str) -> Result<PublicKey, Failure> {
    if let Ok(key) = text.parse() {
        return Ok(key);
    }
    if Path::new(text).exists() {
        return Certificate::read(text)
            .map(|certificate| certificate.public)
            .map_err(|error| Failure::Usage(error.to_string()));
    }
    Err(Failure::Usage(format!("{text:?} is neither a public key (40 signs of Z85) nor a file")))
}

/// The first line of a file that nobody else can read.
fn password(file: &Path) -> Result<Secret, Failure> {
    let about = fs::metadata(file).map_err(|error| wrong(file, error))?;
    if about.is_file() && about.mode() & 0o077 != 0 {
        return Err(wrong(file, format!("others can read this password: chmod 600 {}", file.display())));
    }
    let text = fs::read_to_string(file).map_err(|error| wrong(file, error))?;
    match text.lines().next() {
        None | Some("") => Err(wrong(file, "the first line, the password, is empty")),
        Some(password) => Ok(password.into()),
    }
}
