//! The security of one socket, ready to be used: the files are read.

use super::origin::Origin;
use crate::failure::Failure;
use std::path::PathBuf;
use zincmq::Socket;
use zincmq::authenticator::Rules;
use zincmq::security::{Keypair, PublicKey, Secret};

/// The way in which a socket is secured.
#[derive(Clone, Debug)]
pub(super) enum Way {
    Open,
    CurveServer {
        keys: Keypair,
        /// Their certificates; without them, clients are let in that know the server's key.
        clients: Option<PathBuf>,
    },
    CurveClient {
        keys: Keypair,
        server: PublicKey,
    },
    PlainServer(Users),
    PlainClient {
        user: String,
        password: Secret,
    },
}

/// The users that a server lets in.
#[derive(Clone, Debug)]
pub(super) enum Users {
    /// Those that the rules of the socket's domain name.
    OfDomain,
    File(PathBuf),
    /// The command's own other end.
    One(String, Secret),
}

/// The security of one socket.
#[derive(Clone, Debug)]
pub(crate) struct Guard {
    /// The socket's place in its command, such as front.
    pub(super) role: String,
    /// The domain whose rules hold for it: that of its role, or of this name.
    pub(super) domain: String,
    pub(super) way: Way,
    pub(super) origin: Origin,
}

impl Guard {
    pub(super) fn new(role: &str, domain: Option<&str>, way: Way, origin: Origin) -> Self {
        let domain = domain.unwrap_or(role).to_owned();
        Self { role: role.to_owned(), domain, way, origin }
    }

    /// No security.
    pub(crate) fn none(role: &str) -> Self {
        Self::new(role, None, Way::Open, Origin::default())
    }

    /// The same for another socket. One that waits for peers that are clients cannot be a client itself: it is not
    /// secured.
    pub(crate) fn for_server(&self, role: &str) -> Self {
        let way = if self.is_server() { self.way.clone() } else { Way::Open };
        Self::new(role, None, way, self.origin.clone())
    }

    /// The same for another socket.
    pub(crate) fn for_role(&self, role: &str) -> Self {
        Self { role: role.to_owned(), domain: role.to_owned(), ..self.clone() }
    }

    /// Whether it demands proof of its peers.
    pub(super) const fn is_server(&self) -> bool {
        matches!(self.way, Way::CurveServer { .. } | Way::PlainServer(_))
    }

    pub(super) const fn is_client(&self) -> bool {
        matches!(self.way, Way::CurveClient { .. } | Way::PlainClient { .. })
    }

    /// Whether peers are to be judged, by what is said of this socket alone.
    pub(super) const fn judges(&self) -> bool {
        matches!(self.way, Way::CurveServer { clients: Some(_), .. } | Way::PlainServer(_))
    }

    /// The mechanism's name.
    pub(crate) const fn mechanism(&self) -> &'static str {
        match self.way {
            Way::Open => "NULL",
            Way::CurveServer { .. } | Way::CurveClient { .. } => "CURVE",
            Way::PlainServer(_) | Way::PlainClient { .. } => "PLAIN",
        }
    }

    /// A client's part of a handshake, for whoever makes it without a socket; none without security.
    pub(crate) fn credentials(&self) -> Result<Option<zmtp::Security>, Failure> {
        match &self.way {
            Way::Open => Ok(None),
            Way::CurveClient { keys, server } => Ok(Some(zmtp::Security::CurveClient {
                public: keys.public,
                secret: keys.secret.clone(),
                server: *server,
            })),
            Way::PlainClient { user, password } => {
                Ok(Some(zmtp::Security::PlainClient { user: user.clone(), password: password.clone() }))
            }
            Way::CurveServer { .. } | Way::PlainServer(_) => {
                let text = "this command comes as a client: give it what the server's clients have, the server's public key \
                            with curve-server-key, or plain-user and plain-password-file";
                Err(self.origin.wrong("", text))
            }
        }
    }

    /// Secures a socket that is not bound or connected yet; a [`Gate`](super::Gate) says whether peers are judged.
    pub(super) fn apply<K>(&self, socket: &mut Socket<K>) -> zincmq::Result<()> {
        match &self.way {
            Way::Open => Ok(()),
            Way::CurveServer { keys, .. } => socket.curve_server(keys),
            Way::CurveClient { keys, server } => socket.curve_client(keys, *server),
            Way::PlainServer(_) => socket.plain_server(),
            Way::PlainClient { user, password } => socket.plain_client(user, password.clone()),
        }
    }

    /// The rules with those added that are said of this socket. `decided` if its domain has rules of its own.
    pub(super) fn add_rules(&self, rules: Rules, decided: bool) -> Result<Rules, String> {
        match &self.way {
            Way::CurveServer { clients: Some(directory), .. } => {
                rules.certificates(directory).map_err(|error| format!("{}: {error}", directory.display()))
            }
            Way::CurveServer { clients: None, .. } if !decided => Ok(rules.any_key()),
            Way::PlainServer(Users::File(file)) => rules.users_from(file).map_err(|error| error.to_string()),
            Way::PlainServer(Users::One(user, password)) => Ok(rules.user(user, password.clone())),
            _ => Ok(rules),
        }
    }
}
