//! The arguments themselves, on the command line or in a file.

use super::files;
use super::guard::{Guard, Users, Way};
use super::origin::Origin;
use crate::failure::Failure;
use clap::Args;
use serde::Deserialize;
use std::borrow::Cow;
use std::path::{Path, PathBuf};
use zincmq::security::Keypair;

/// The arguments of every command that opens a socket: how it is secured.
#[derive(Args, Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
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
    pub(super) plain_password_file: Option<PathBuf>,

    /// Let in only the users in this file (PLAIN, unencrypted): a line each, as zinc keygen --password prints it
    #[arg(long, value_name = "FILE")]
    plain_users: Option<PathBuf>,

    /// Take these arguments from a file: curve-server = "FILE", and so on, a line each (TOML)
    #[arg(long, value_name = "FILE", conflicts_with_all = [
        "curve_server", "curve_clients", "curve_server_key", "curve_key", "plain_user", "plain_password_file",
        "plain_users",
    ])]
    #[serde(skip)]
    secure: Option<PathBuf>,

    /// Of a proxy's socket: let in the users of its domain (PLAIN).
    #[arg(skip)]
    plain_server: bool,

    /// Of a proxy's socket: the domain whose rules hold for it.
    #[arg(skip)]
    domain: Option<String>,
}

impl Security {
    /// The guard of the socket with this role, with all that the files say of it.
    pub(crate) fn guard(&self, role: &str) -> Result<Guard, Failure> {
        let (security, origin) = self.resolved()?;
        security.guard_from(role, &origin)
    }

    /// The guard of a socket by a part of a file that is for proxies.
    pub(crate) fn guard_in(&self, role: &str, file: &Path, section: &str) -> Result<Guard, Failure> {
        self.guard_from(role, &Origin::section(file, section))
    }

    /// Whether something is said at all.
    pub(crate) fn is_given(&self) -> bool {
        self.secure.is_some()
            || self.ways().contains(&true)
            || self.curve_clients.is_some()
            || self.curve_key.is_some()
    }

    /// These arguments, or those in the file that they name.
    pub(super) fn resolved(&self) -> Result<(Cow<'_, Self>, Origin), Failure> {
        let Some(file) = &self.secure else { return Ok((Cow::Borrowed(self), Origin::default())) };
        let wrong = |error: &dyn std::fmt::Display| Failure::Usage(format!("{}: {error}", file.display()));
        let text = std::fs::read_to_string(file).map_err(|error| {
            wrong(&format!("{error}; --secure takes a file with lines as curve-server = \"FILE\""))
        })?;
        let profile: Self = toml::from_str(&text).map_err(|error| Failure::malformed(file, &text, &error))?;
        if profile.plain_server || profile.domain.is_some() {
            let text = "plain-server and domain are for the sockets of zinc proxy and zinc auth; here plain-users names \
                        the users";
            return Err(wrong(&text));
        }
        Ok((Cow::Owned(profile), Origin::section(file, "")))
    }

    fn ways(&self) -> [bool; 4] {
        [
            self.curve_server.is_some(),
            self.curve_server_key.is_some(),
            self.plain_user.is_some() || self.plain_password_file.is_some(),
            self.plain_users.is_some() || self.plain_server,
        ]
    }

    fn guard_from(&self, role: &str, origin: &Origin) -> Result<Guard, Failure> {
        self.check(origin)?;
        Ok(Guard::new(role, self.domain.as_deref(), self.way(origin)?, origin.clone()))
    }

    pub(super) fn way(&self, origin: &Origin) -> Result<Way, Failure> {
        Ok(if let Some(file) = &self.curve_server {
            let keys = files::keypair(origin, "curve-server", file)?;
            let directory = |path| files::clients(origin, "curve-clients", path);
            let clients = self.curve_clients.as_deref().map(directory).transpose()?;
            Way::CurveServer { keys, clients }
        } else if let Some(server) = &self.curve_server_key {
            let server = files::public_key(origin, "curve-server-key", server)?;
            let keys = match &self.curve_key {
                Some(file) => files::keypair(origin, "curve-key", file)?,
                None => Keypair::generate().map_err(|error| Failure::Failed(error.to_string()))?,
            };
            Way::CurveClient { keys, server }
        } else if let (Some(user), Some(file)) = (&self.plain_user, &self.plain_password_file) {
            let user = files::user(origin, "plain-user", user)?;
            Way::PlainClient { user, password: files::password(origin, "plain-password-file", file)? }
        } else if let Some(file) = &self.plain_users {
            Way::PlainServer(Users::File(files::users(origin, "plain-users", file)?))
        } else if self.plain_server {
            Way::PlainServer(Users::OfDomain)
        } else {
            Way::Open
        })
    }

    /// A file may hold what clap would refuse.
    pub(super) fn check(&self, origin: &Origin) -> Result<(), Failure> {
        if self.ways().iter().filter(|way| **way).count() > 1 {
            let text = "a socket is secured in one way only: as CURVE server or client, or as PLAIN server or client";
            return Err(origin.wrong("", text));
        }
        let pairs = [
            ("curve-clients", self.curve_clients.is_some(), "curve-server", self.curve_server.is_some()),
            ("curve-key", self.curve_key.is_some(), "curve-server-key", self.curve_server_key.is_some()),
            (
                "plain-user",
                self.plain_user.is_some(),
                "plain-password-file",
                self.plain_password_file.is_some(),
            ),
            (
                "plain-password-file",
                self.plain_password_file.is_some(),
                "plain-user",
                self.plain_user.is_some(),
            ),
        ];
        match pairs.into_iter().find(|(_, given, _, other)| *given && !other) {
            Some((key, _, other, _)) => {
                Err(origin.wrong(key, &format!("it needs {} too", origin.key(other))))
            }
            None => Ok(()),
        }
    }
}
