//! The authenticator of a context, which its sockets share: each is known to it by its domain.

use super::access::Domains;
use super::guard::Guard;
use crate::failure::Failure;
use std::collections::BTreeSet;
use zincmq::authenticator::{Authenticator, Credentials, Decision, Request, Rules};
use zincmq::{Context, Socket, option};

/// The decisions that are told on the standard error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Log {
    /// Those against a peer.
    Refusals,
    All,
}

/// Lives as long as the sockets of its context.
pub(crate) struct Gate {
    domains: BTreeSet<String>,
    _authenticator: Option<Authenticator>,
}

impl Gate {
    /// For the one socket of a command.
    pub(crate) fn of_one(context: &Context, guard: &Guard) -> Result<Self, Failure> {
        Self::open(context, &[guard], &Domains::default(), Log::Refusals)
    }

    /// Starts an authenticator if one of the sockets has peers judged.
    pub(crate) fn open(
        context: &Context,
        guards: &[&Guard],
        rules: &Domains,
        log: Log,
    ) -> Result<Self, Failure> {
        if !Self::judges(guards, rules)? {
            return Ok(Self { domains: BTreeSet::new(), _authenticator: None });
        }
        // A server whose peers need no judge is asked about all the same, once there is one.
        let asked = guards.iter().filter(|guard| guard.is_server() || rules.has(&guard.domain));
        let domains: BTreeSet<String> = asked.map(|guard| guard.domain.clone()).collect();
        let several = guards.len() > 1;
        let mut all =
            Rules::new().on_decision(move |request, decision| tell(log, several, request, decision));
        for name in &domains {
            let mut of_domain = rules.rules(name)?;
            for guard in guards.iter().filter(|guard| guard.domain == *name) {
                let added = guard.add_rules(of_domain, rules.has(name));
                of_domain = added.map_err(|text| guard.origin.wrong("", &text))?;
            }
            all = all.domain(name, of_domain);
        }
        Ok(Self { domains, _authenticator: Some(Authenticator::start(context, all)?) })
    }

    /// Whether one of the sockets has its peers judged. Rules and sockets that do not go together are told.
    pub(crate) fn judges(guards: &[&Guard], rules: &Domains) -> Result<bool, Failure> {
        rules.check(guards)?;
        Ok(guards.iter().any(|guard| guard.judges() || rules.has(&guard.domain)))
    }

    /// Secures a socket that is not bound or connected yet.
    pub(crate) fn secure<K>(&self, socket: &mut Socket<K>, guard: &Guard) -> Result<(), Failure> {
        guard.apply(socket)?;
        if self.domains.contains(&guard.domain) {
            socket.set(option::ZAP_DOMAIN, guard.domain.as_str())?;
            // Refuses those that nobody was asked about.
            socket.set(option::ZAP_ENFORCE_DOMAIN, true)?;
        }
        Ok(())
    }
}

/// Tells of a decision. The peer's own words in it make no lines.
fn tell(log: Log, several: bool, request: &Request<'_>, decision: &Decision) {
    let Request { address, domain, .. } = request;
    let place = if several { format!(" at {domain}") } else { String::new() };
    let text = match decision {
        Decision::Refused { reason } => format!("refused {address}{place}: {reason}"),
        Decision::Admitted { .. } if log == Log::Refusals => return,
        Decision::Admitted { user } => format!("admitted {address}{place}: {}", proof(request, user)),
    };
    note!("zinc: {}", text.replace('\n', r"\x0a"));
}

/// The reason why a peer is let in.
fn proof(request: &Request<'_>, user: &str) -> String {
    match &request.credentials {
        Credentials::Curve(_) => format!("the key of {user} (CURVE)"),
        Credentials::Plain { .. } => format!("the password of {user} (PLAIN)"),
        _ => "the address, for nothing else is asked (NULL)".to_owned(),
    }
}
