//! Endpoints on the command line: `@` binds, `>` connects, otherwise the command decides.

use std::str::FromStr;
use zincmq::Socket;
use zincmq::endpoint::Endpoint;

#[derive(Clone, Debug)]
pub(crate) struct Place {
    endpoint: String,
    /// Whether its prefix says to bind.
    bind: Option<bool>,
}

impl FromStr for Place {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (endpoint, bind) = match text.split_at_checked(1) {
            Some(("@", endpoint)) => (endpoint, Some(true)),
            Some((">", endpoint)) => (endpoint, Some(false)),
            _ => (text, None),
        };
        let parsed = Endpoint::parse(endpoint).map_err(|error| match guess(endpoint) {
            Some(guess) => format!("{error}; did you mean {guess}?"),
            None => format!("{error}; write tcp://HOST:PORT or ipc://PATH"),
        })?;
        if zincmq::transport::by_scheme(parsed.scheme()).is_none() && parsed.scheme() != "inproc" {
            return Err(format!("{}; there are tcp, ipc and inproc", parsed.unsupported()));
        }
        Ok(Self { endpoint: endpoint.to_owned(), bind })
    }
}

/// What was probably meant by a text without a transport.
fn guess(text: &str) -> Option<String> {
    let is_port = |port: &str| port == "*" || port.parse::<u16>().is_ok();
    match text.rsplit_once(':') {
        Some((_, port)) if is_port(port) && !text.contains("://") => Some(format!("tcp://{text}")),
        None if text.starts_with(['/', '.']) => Some(format!("ipc://{text}")),
        None if text.parse::<u16>().is_ok() => Some(format!("tcp://127.0.0.1:{text}")),
        _ => None,
    }
}

impl Place {
    /// Binds or connects. A wildcard that was resolved is told to the user, on the standard error.
    pub(crate) fn open<K>(&self, socket: &mut Socket<K>, bind: bool) -> zincmq::Result<()> {
        if !self.bind.unwrap_or(bind) {
            return socket.connect(&self.endpoint);
        }
        let bound = socket.bind(&self.endpoint)?;
        if bound != self.endpoint {
            note!("zinc: bound to {bound}");
        }
        Ok(())
    }

    /// The endpoint without its prefix.
    pub(crate) fn endpoint(&self) -> &str {
        &self.endpoint
    }
}
