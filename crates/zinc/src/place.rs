//! Endpoints on the command line: `@` binds, `>` connects, otherwise the command decides.

use std::str::FromStr;
use zincmq::Socket;
use zincmq::endpoint::{Endpoint, EndpointError};

#[derive(Clone, Debug)]
pub(crate) struct Place {
    endpoint: String,
    /// Whether its prefix says to bind.
    bind: Option<bool>,
}

impl FromStr for Place {
    type Err = EndpointError;

    fn from_str(text: &str) -> Result<Self, EndpointError> {
        let (endpoint, bind) = match text.split_at_checked(1) {
            Some(("@", endpoint)) => (endpoint, Some(true)),
            Some((">", endpoint)) => (endpoint, Some(false)),
            _ => (text, None),
        };
        Endpoint::parse(endpoint)?;
        Ok(Self { endpoint: endpoint.to_owned(), bind })
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
            eprintln!("zinc: bound to {bound}");
        }
        Ok(())
    }
}
