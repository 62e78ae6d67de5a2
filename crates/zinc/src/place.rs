//! Endpoints on the command line: `@` binds, `>` connects, otherwise the command decides.

use std::net::IpAddr;
use std::os::unix::fs::FileTypeExt;
use std::str::FromStr;
use zincmq::endpoint::Endpoint;
use zincmq::{Socket, option};

/// The transports that speak to a group, in UDP and without.
const MULTICAST: [&str; 2] = ["epgm", "pgm"];

#[derive(Clone, Debug)]
pub(crate) struct Place {
    endpoint: String,
    /// Whether its prefix says to bind.
    bind: Option<bool>,
}

impl FromStr for Place {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let place = Self::any(text)?;
        if place.endpoint.starts_with("inproc://") {
            let endpoint = place.endpoint;
            return Err(format!(
                "{endpoint}: inproc endpoints exist inside one process only; use ipc or tcp"
            ));
        }
        Ok(place)
    }
}

impl Place {
    /// Reads an endpoint that need not make sense here.
    pub(crate) fn any(text: &str) -> Result<Self, String> {
        let (endpoint, bind) = match text.split_at_checked(1) {
            Some(("@", endpoint)) => (endpoint, Some(true)),
            Some((">", endpoint)) => (endpoint, Some(false)),
            _ => (text, None),
        };
        let parsed = Endpoint::parse(endpoint).map_err(|error| match guess(endpoint) {
            Some(guess) => format!("{error}; did you mean {guess}?"),
            None => format!("{error}; write tcp://HOST:PORT or ipc://PATH"),
        })?;
        let scheme = parsed.scheme();
        if !["tcp", "ipc", "inproc"].contains(&scheme) && !MULTICAST.contains(&scheme) {
            return Err(format!("{}; there are tcp, ipc, epgm and pgm", parsed.unsupported()));
        }
        Ok(Self { endpoint: endpoint.to_owned(), bind })
    }

    /// Binds or connects. A wildcard that was resolved is told to the user, on the standard error.
    pub(crate) fn open<K>(&self, socket: &mut Socket<K>, bind: bool) -> zincmq::Result<()> {
        if !self.names_ipv6() {
            return self.open_as_set(socket, bind);
        }
        // For this endpoint alone: names and wildcards stay what they are.
        let others = socket.get(option::IPV6)?;
        socket.set(option::IPV6, true)?;
        self.open_as_set(socket, bind)?;
        socket.set(option::IPV6, others)
    }

    fn open_as_set<K>(&self, socket: &mut Socket<K>, bind: bool) -> zincmq::Result<()> {
        if !self.bind.unwrap_or(bind) {
            return socket.connect(&self.endpoint);
        }
        let bound = socket.bind(&self.endpoint)?;
        if bound != self.endpoint {
            note!("zinc: bound to {bound}");
        }
        Ok(())
    }

    /// Whether there is an IPv6 address in it, which a socket knows only where the option IPV6 is set: such a text can
    /// mean nothing else.
    fn names_ipv6(&self) -> bool {
        match self.endpoint.split_once("://") {
            Some(("tcp", address)) => address.split(';').any(|end| end.matches(':').count() > 1),
            // The last colon is the port's.
            Some((_, address)) if self.is_multicast() => address.matches(':').count() > 1,
            _ => false,
        }
    }

    /// Whether it is that of a group.
    pub(crate) fn is_multicast(&self) -> bool {
        self.endpoint.split_once("://").is_some_and(|(scheme, _)| MULTICAST.contains(&scheme))
    }

    /// The endpoint without its prefix.
    pub(crate) fn endpoint(&self) -> &str {
        &self.endpoint
    }
}

/// The endpoint that was probably meant by a text without a transport.
fn guess(text: &str) -> Option<String> {
    // The mark is misspelt, as in tcp:/host:5555.
    for scheme in ["tcp", "ipc"] {
        if let Some(address) = text.strip_prefix(scheme).filter(|address| address.starts_with([':', '/'])) {
            let address = address.trim_start_matches(':');
            let address = if scheme == "tcp" { address.trim_start_matches('/') } else { address };
            let host = if scheme == "tcp" && address.parse::<u16>().is_ok() { "127.0.0.1:" } else { "" };
            return (!address.is_empty()).then(|| format!("{scheme}://{host}{address}"));
        }
    }
    let is_port = |port: &str| port == "*" || port.parse::<u16>().is_ok();
    match text.rsplit_once(':') {
        Some((network, port)) if is_port(port) && names_a_group(network) => Some(format!("epgm://{text}")),
        Some((host, port)) if is_port(port) && !host.contains('/') => Some(format!("tcp://{text}")),
        None if text.starts_with(['/', '.']) => Some(format!("ipc://{text}")),
        None if text.parse::<u16>().is_ok() => Some(format!("tcp://127.0.0.1:{text}")),
        _ => None,
    }
}

/// Whether one of these addresses is that of a group.
fn names_a_group(network: &str) -> bool {
    let is_group = |text: &str| {
        text.trim_matches(['[', ']']).parse::<IpAddr>().is_ok_and(|address| address.is_multicast())
    };
    network.split([';', ',']).any(is_group)
}

/// Whether something stands at this path that is no socket.
pub(crate) fn is_no_socket(path: &str) -> bool {
    std::fs::metadata(path).is_ok_and(|about| !about.file_type().is_socket())
}
