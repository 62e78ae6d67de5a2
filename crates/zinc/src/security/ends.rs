//! Commands that have both ends of their connections.

use super::arguments::Security;
use super::guard::{Guard, Users, Way};
use crate::failure::Failure;
use zincmq::security::Keypair;

/// Both ends, and the arguments that have another process be the client.
pub(crate) struct Ends {
    pub(crate) server: Guard,
    pub(crate) client: Guard,
    pub(crate) arguments: Vec<String>,
}

impl Security {
    /// The security of the server and of the client, of which one is given.
    pub(crate) fn ends(&self) -> Result<Ends, Failure> {
        let (security, origin) = self.resolved()?;
        security.check(&origin)?;
        let way = security.way(&origin)?;
        let guard = |role, way| Guard::new(role, None, way, origin.clone());
        let (server, client, arguments) = match way {
            Way::Open => (Way::Open, Way::Open, Vec::new()),
            Way::CurveServer { keys, clients: None } => {
                let public = keys.public;
                let own = Keypair::generate().map_err(|error| Failure::Failed(error.to_string()))?;
                let client = Way::CurveClient { keys: own, server: public };
                (
                    Way::CurveServer { keys, clients: None },
                    client,
                    vec![format!("--curve-server-key={public}")],
                )
            }
            Way::PlainClient { user, password } => {
                let server = Way::PlainServer(Users::One(user.clone(), password.clone()));
                let file =
                    security.plain_password_file.as_deref().map(|file| origin.path(file)).unwrap_or_default();
                let arguments =
                    vec![format!("--plain-user={user}"), format!("--plain-password-file={}", file.display())];
                (server, Way::PlainClient { user, password }, arguments)
            }
            _ => {
                let text = "this command is both server and client: give it the server's keys with curve-server, or a user \
                            and a password with plain-user and plain-password-file";
                return Err(origin.wrong("", text));
            }
        };
        Ok(Ends { server: guard("server", server), client: guard("client", client), arguments })
    }
}
