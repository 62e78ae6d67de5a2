//! Rules: which peers are let in.

use super::directory::{Certificates, UserFile};
use super::users::{UsersError, verify};
use crate::option::Subnet;
use crate::security::{PublicKey, Secret};
use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;

/// A question about a peer.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// The domain of the socket that the peer wants to reach (`ZAP_DOMAIN`).
    pub domain: Cow<'a, str>,
    /// The peer's address: an IP address without port; some text for ipc.
    pub address: Cow<'a, str>,
    /// The routing id of the socket that the peer wants to reach.
    pub routing_id: &'a [u8],
    /// The peer's proof.
    pub credentials: Credentials<'a>,
}

/// The proof that a peer brings.
#[derive(Clone)]
#[non_exhaustive]
pub enum Credentials<'a> {
    /// None (NULL).
    Null,
    /// A user name and a password (PLAIN).
    Plain {
        /// The user name.
        user: Cow<'a, str>,
        /// The password.
        password: Secret,
    },
    /// A public key, whose secret the peer has (CURVE).
    Curve(PublicKey),
    /// Of a mechanism that is not known, or malformed.
    Unknown,
}

impl fmt::Debug for Credentials<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("Null"),
            Self::Plain { user, .. } => write!(f, "Plain({user:?})"),
            Self::Curve(key) => write!(f, "Curve({key})"),
            Self::Unknown => f.write_str("Unknown"),
        }
    }
}

impl<'a> Request<'a> {
    pub(super) fn new(
        domain: &'a [u8],
        address: &'a [u8],
        routing_id: &'a [u8],
        mechanism: &[u8],
        credentials: &[&'a [u8]],
    ) -> Self {
        let credentials = match (mechanism, credentials) {
            (b"NULL", []) => Credentials::Null,
            (b"PLAIN", [user, password]) => match (str::from_utf8(user), str::from_utf8(password)) {
                (Ok(user), Ok(password)) => {
                    Credentials::Plain { user: user.into(), password: password.into() }
                }
                _ => Credentials::Unknown,
            },
            (b"CURVE", [key]) => <[u8; 32]>::try_from(*key)
                .map_or(Credentials::Unknown, |key| Credentials::Curve(PublicKey::new(key))),
            _ => Credentials::Unknown,
        };
        let (domain, address) = (String::from_utf8_lossy(domain), String::from_utf8_lossy(address));
        Self { domain, address, routing_id, credentials }
    }
}

/// The answer to a question.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Decision {
    /// The peer is let in.
    Admitted {
        /// The user id that its messages carry (`User-Id`).
        user: String,
    },
    /// The peer is refused.
    Refused {
        /// The reason, for those who look after the server; a peer is told the status 400 alone.
        reason: String,
    },
}

impl Decision {
    fn refused(reason: impl Into<String>) -> Self {
        Self::Refused { reason: reason.into() }
    }
}

type Judge = Box<dyn FnMut(&Request<'_>) -> Option<Decision> + Send>;
type Listener = Box<dyn FnMut(&Request<'_>, &Decision) + Send>;

/// Which peers are let in. Without any rule: peers without security (NULL) from any address, and nobody else.
///
/// A question is decided in this order: the rules of its domain, if there are some ([`Rules::domain`]); addresses
/// ([`Rules::deny`], [`Rules::allow`]); the program's own judge ([`Rules::judge`]); user names and passwords, or keys.
#[derive(Default)]
pub struct Rules {
    domains: HashMap<String, Self>,
    allowed: Vec<Subnet>,
    denied: Vec<Subnet>,
    users: HashMap<String, Secret>,
    user_files: Vec<UserFile>,
    keys: HashMap<PublicKey, String>,
    certificates: Vec<Certificates>,
    any_key: bool,
    judge: Option<Judge>,
    listener: Option<Listener>,
}

impl Rules {
    /// No rules yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Other rules for the sockets with this domain (`ZAP_DOMAIN`), instead of these.
    #[must_use]
    pub fn domain(mut self, domain: &str, rules: Self) -> Self {
        self.domains.insert(domain.to_owned(), rules);
        self
    }

    /// Lets in these addresses and no others, but for those of other calls. Peers over ipc have none.
    #[must_use]
    pub fn allow(mut self, addresses: Subnet) -> Self {
        self.allowed.push(addresses);
        self
    }

    /// Refuses these addresses, allowed or not.
    #[must_use]
    pub fn deny(mut self, addresses: Subnet) -> Self {
        self.denied.push(addresses);
        self
    }

    /// Lets a user in who knows the password (PLAIN).
    #[must_use]
    pub fn user(mut self, name: &str, password: impl Into<Secret>) -> Self {
        self.users.insert(name.to_owned(), password.into());
        self
    }

    /// Lets users in whose names and hashed passwords are in a file, a line each: `name:hash`, with a hash of
    /// [`hash_password`](super::hash_password). The file is read again when it changes; while it cannot be read, nobody
    /// in it is let in.
    ///
    /// # Errors
    /// [`UsersError`] if it cannot be read now.
    pub fn users_from(mut self, file: impl Into<PathBuf>) -> Result<Self, UsersError> {
        self.user_files.push(UserFile::open(file.into())?);
        Ok(self)
    }

    /// Lets the owner of this key in (CURVE), as this user.
    #[must_use]
    pub fn key(mut self, key: PublicKey, user: &str) -> Self {
        self.keys.insert(key, user.to_owned());
        self
    }

    /// Lets the owners of the keys in the certificates of a directory in (CURVE), in the form of czmq and pyzmq
    /// ([`Certificate`](super::Certificate)). The directory is read again when it changes. Files that are no certificates
    /// are passed over. The user is a certificate's `name`, or else the key's text.
    ///
    /// # Errors
    /// The system's, if the directory cannot be read now.
    pub fn certificates(mut self, directory: impl Into<PathBuf>) -> std::io::Result<Self> {
        self.certificates.push(Certificates::open(directory.into())?);
        Ok(self)
    }

    /// Lets every client in that knows the server's key (CURVE); the user is the key's text.
    #[must_use]
    pub fn any_key(mut self) -> Self {
        self.any_key = true;
        self
    }

    /// Lets the program judge, before users and keys are looked up. `None` leaves it to them.
    #[must_use]
    pub fn judge(mut self, judge: impl FnMut(&Request<'_>) -> Option<Decision> + Send + 'static) -> Self {
        self.judge = Some(Box::new(judge));
        self
    }

    /// Tells of each decision, to be logged.
    #[must_use]
    pub fn on_decision(mut self, listener: impl FnMut(&Request<'_>, &Decision) + Send + 'static) -> Self {
        self.listener = Some(Box::new(listener));
        self
    }

    pub(super) fn tell(&mut self, request: &Request<'_>, decision: &Decision) {
        let of_domain = self.domains.get_mut(&*request.domain).and_then(|rules| rules.listener.as_mut());
        if let Some(listener) = of_domain.or(self.listener.as_mut()) {
            listener(request, decision);
        }
    }

    pub(super) fn decide(&mut self, request: &Request<'_>) -> Decision {
        if let Some(rules) = self.domains.get_mut(&*request.domain) {
            return rules.decide(request);
        }
        if let Err(reason) = self.check_address(&request.address) {
            return Decision::refused(reason);
        }
        if let Some(decision) = self.judge.as_mut().and_then(|judge| judge(request)) {
            return decision;
        }
        match &request.credentials {
            Credentials::Null => Decision::Admitted { user: String::new() },
            Credentials::Plain { user, password } => self.check_user(user, password, verify),
            Credentials::Curve(key) => self.check_key(key),
            Credentials::Unknown => Decision::refused("the credentials are of no mechanism that is known"),
        }
    }

    fn check_address(&self, address: &str) -> Result<(), String> {
        let ip = address.parse::<IpAddr>();
        let is_in = |subnets: &[Subnet]| {
            ip.as_ref().is_ok_and(|ip| subnets.iter().any(|subnet| subnet.contains(*ip)))
        };
        if is_in(&self.denied) {
            Err(format!("the address {address} is denied"))
        } else if self.allowed.is_empty() || is_in(&self.allowed) {
            Ok(())
        } else {
            Err(format!("the address {address} is not among those allowed"))
        }
    }

    /// `verify` is as long as anything here, and every user whose password is wrong or is none costs one call of it, if
    /// there is a file with users: the time tells nobody which names there are.
    fn check_user(
        &mut self,
        user: &str,
        password: &Secret,
        mut verify: impl FnMut(&str, &Secret) -> bool,
    ) -> Decision {
        let wrong = || format!("{user}: wrong password");
        let known = self.users.get(user);
        if known == Some(password) {
            return Decision::Admitted { user: user.to_owned() };
        }
        let mut reason = known.map_or_else(|| format!("{user}: no such user"), |_| wrong());
        for file in &mut self.user_files {
            match file.hash_of(user) {
                Ok(Some(hash)) if known.is_none() => {
                    return if verify(&hash, password) {
                        Decision::Admitted { user: user.to_owned() }
                    } else {
                        Decision::refused(wrong())
                    };
                }
                Ok(_) => {}
                Err(error) => {
                    reason = error.to_string();
                    break;
                }
            }
        }
        self.user_files.iter().find_map(UserFile::any_hash).map(|hash| verify(hash, password));
        Decision::refused(reason)
    }

    fn check_key(&mut self, key: &PublicKey) -> Decision {
        let known = self.keys.get(key).cloned();
        let certified = || self.certificates.iter_mut().find_map(|certificates| certificates.user_of(key));
        let user = known.or_else(certified).or_else(|| self.any_key.then(|| key.to_string()));
        user.map_or_else(
            || Decision::refused(format!("the key {key} is not known")),
            |user| Decision::Admitted { user },
        )
    }
}

impl fmt::Debug for Rules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rules")
            .field("domains", &self.domains)
            .field("allowed", &self.allowed)
            .field("denied", &self.denied)
            .field("users", &self.users.keys())
            .field("keys", &self.keys)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::{Decision, Rules};
    use std::fs;
    use std::path::PathBuf;
    use std::time::{Duration, Instant};

    /// A file with these users, each with a hash that nobody computes.
    fn file(name: &str, users: &[&str]) -> PathBuf {
        let path = std::env::temp_dir().join(format!("zincmq-rules-{name}-{}", std::process::id()));
        let lines: String = users.iter().map(|user| format!("{user}:$argon2-of-{user}\n")).collect();
        fs::write(&path, lines).unwrap();
        path
    }

    /// Whether the user is let in whose password is right as the hash of `of` says, and how many hashes that took.
    fn check(rules: &mut Rules, user: &str, password: &str, of: &str) -> (Decision, usize) {
        let mut hashes = 0;
        let decision = rules.check_user(user, &password.into(), |hash, _| {
            hashes += 1;
            hash == format!("$argon2-of-{of}")
        });
        (decision, hashes)
    }

    fn admitted(user: &str) -> (Decision, usize) {
        (Decision::Admitted { user: user.to_owned() }, 1)
    }

    fn refused(reason: &str) -> (Decision, usize) {
        (Decision::refused(reason), 1)
    }

    #[test]
    fn every_user_costs_one_hash() {
        let files = [file("first", &["alice", "bob"]), file("second", &["carol"])];
        let mut rules = Rules::new().user("dave", "sesame");
        for file in &files {
            rules = rules.users_from(file).unwrap();
        }
        for user in ["alice", "bob", "carol"] {
            assert_eq!(check(&mut rules, user, "right", user), admitted(user));
            assert_eq!(check(&mut rules, user, "wrong", ""), refused(&format!("{user}: wrong password")));
        }
        // Their passwords are not asked for in a file, and no hash of another's lets them in.
        for user in ["alice", "carol"] {
            assert_eq!(check(&mut rules, "mallory", "guess", user), refused("mallory: no such user"));
            assert_eq!(check(&mut rules, "dave", "guess", user), refused("dave: wrong password"));
        }
        assert!(matches!(check(&mut rules, "dave", "sesame", ""), (Decision::Admitted { .. }, 0)));

        fs::remove_file(&files[1]).unwrap();
        let end = Instant::now() + Duration::from_secs(20);
        while check(&mut rules, "mallory", "guess", "").0 == refused("mallory: no such user").0 {
            assert!(Instant::now() < end, "the file is not missed");
        }
        for user in ["mallory", "carol"] {
            let (decision, hashes) = check(&mut rules, user, "guess", user);
            assert!(matches!(decision, Decision::Refused { .. }) && hashes == 1, "{decision:?} {hashes}");
        }
        fs::remove_file(&files[0]).unwrap();
    }

    /// Nobody is known by a hash then.
    #[test]
    fn without_users_in_files_no_hash_is_made() {
        let empty = file("empty", &[]);
        for mut rules in [Rules::new(), Rules::new().users_from(&empty).unwrap()] {
            rules = rules.user("dave", "sesame");
            for user in ["dave", "mallory"] {
                assert!(matches!(check(&mut rules, user, "guess", ""), (Decision::Refused { .. }, 0)));
            }
        }
        fs::remove_file(empty).unwrap();
    }
}
