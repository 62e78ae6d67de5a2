//! The rules of domains, as the file of a proxy says them: which peers may come in.

use super::files;
use super::guard::{Guard, Users, Way};
use super::origin::Origin;
use crate::failure::Failure;
use serde::Deserialize;
use serde::de::{Deserializer, Error};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use zincmq::authenticator::Rules;
use zincmq::option::Subnet;

/// The peers that may come in where a domain holds.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
struct Access {
    #[serde(deserialize_with = "subnets")]
    allow: Vec<Subnet>,
    #[serde(deserialize_with = "subnets")]
    deny: Vec<Subnet>,
    users: Option<PathBuf>,
    certificates: Option<PathBuf>,
    any_key: bool,
}

/// The domains of a file, by name.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(transparent)]
pub(crate) struct Domains {
    all: BTreeMap<String, Access>,
    #[serde(skip)]
    file: PathBuf,
}

fn subnets<'de, D: Deserializer<'de>>(input: D) -> Result<Vec<Subnet>, D::Error> {
    let texts = Vec::<String>::deserialize(input)?;
    let wrong = |text: &str| {
        D::Error::custom(format!("{text:?} is no address: write 192.0.2.7, 192.0.2.0/24 or 2001:db8::/32"))
    };
    texts.iter().map(|text| text.parse().map_err(|_| wrong(text))).collect()
}

impl Domains {
    /// The same, with the file that they stand in.
    pub(crate) fn in_file(self, file: &Path) -> Self {
        Self { file: file.to_owned(), ..self }
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.all.contains_key(name)
    }

    fn origin(&self, name: &str) -> Origin {
        Origin::section(&self.file, &format!("domains.{name}"))
    }

    /// The rules of a domain; none if the file has none for it.
    pub(super) fn rules(&self, name: &str) -> Result<Rules, Failure> {
        let Some(access) = self.all.get(name) else { return Ok(Rules::new()) };
        let origin = self.origin(name);
        let rules = access.allow.iter().fold(Rules::new(), |rules, addresses| rules.allow(*addresses));
        let mut rules = access.deny.iter().fold(rules, |rules, addresses| rules.deny(*addresses));
        if let Some(file) = &access.users {
            let file = files::users(&origin, "users", file)?;
            rules = rules.users_from(file).map_err(|error| origin.wrong("users", &error.to_string()))?;
        }
        if let Some(directory) = &access.certificates {
            let directory = files::clients(&origin, "certificates", directory)?;
            rules = rules
                .certificates(directory)
                .map_err(|error| origin.wrong("certificates", &error.to_string()))?;
        }
        Ok(if access.any_key { rules.any_key() } else { rules })
    }

    /// Finds rules without a socket, and sockets without rules.
    pub(super) fn check(&self, guards: &[&Guard]) -> Result<(), Failure> {
        for (name, access) in &self.all {
            let members: Vec<&Guard> = guards.iter().copied().filter(|guard| guard.domain == *name).collect();
            self.check_domain(name, access, &members, guards)?;
        }
        for guard in guards {
            if guard.domain != guard.role && !self.has(&guard.domain) {
                let text = format!("there are no rules of this name: write [domains.{}]", guard.domain);
                return Err(guard.origin.wrong("domain", &text));
            }
            if matches!(guard.way, Way::PlainServer(Users::OfDomain))
                && !self.lists(&guard.domain, |a| a.users.is_some())
            {
                let text = format!("nobody is let in: write users = \"FILE\" in [domains.{}]", guard.domain);
                return Err(guard.origin.wrong("plain-server", &text));
            }
            let shut = matches!(guard.way, Way::CurveServer { clients: None, .. }) && self.has(&guard.domain);
            if shut && !self.lists(&guard.domain, |access| access.certificates.is_some() || access.any_key) {
                let name = &guard.domain;
                let text = format!(
                    "nobody is let in: write certificates = \"DIRECTORY\" in [domains.{name}], or any-key = true"
                );
                return Err(guard.origin.wrong("curve-server", &text));
            }
        }
        Ok(())
    }

    fn lists(&self, name: &str, so: impl Fn(&Access) -> bool) -> bool {
        self.all.get(name).is_some_and(so)
    }

    fn check_domain(
        &self,
        name: &str,
        access: &Access,
        members: &[&Guard],
        guards: &[&Guard],
    ) -> Result<(), Failure> {
        let origin = self.origin(name);
        if members.is_empty() {
            let names: Vec<&str> = guards.iter().map(|guard| &*guard.domain).collect();
            let text = format!(
                "no socket has this domain; there are {}: write domain = {name:?} in [security.front] or another",
                names.join(", ")
            );
            return Err(origin.wrong("", &text));
        }
        if let Some(client) = members.iter().find(|guard| guard.is_client()) {
            let text = format!(
                "{} is secured as a client, which judges nobody: give it curve-server or plain-server, or another domain",
                client.role
            );
            return Err(origin.wrong("", &text));
        }
        let speaks = |mechanism: &str| members.iter().any(|guard| guard.mechanism() == mechanism);
        let roles: Vec<&str> = members.iter().map(|guard| &*guard.role).collect();
        let first = roles.first().copied().unwrap_or_default();
        for (key, given, mechanism, fix) in [
            ("users", access.users.is_some(), "PLAIN", "plain-server = true"),
            ("certificates", access.certificates.is_some(), "CURVE", "curve-server = \"NAME.key_secret\""),
            ("any-key", access.any_key, "CURVE", "curve-server = \"NAME.key_secret\""),
        ] {
            if given && !speaks(mechanism) {
                let text = format!(
                    "this is for {mechanism}, which {} does not speak: write {fix} in [security.{first}]",
                    roles.join(", ")
                );
                return Err(origin.wrong(key, &text));
            }
        }
        Ok(())
    }
}
