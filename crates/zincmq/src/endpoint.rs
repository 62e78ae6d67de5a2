//! Endpoints: `scheme://address`, the text that bind and connect take.

use std::fmt;
use std::str::FromStr;

/// Every transport that ZeroMQ knows, built in or not: to tell a missing transport from a misspelt one.
const SCHEMES: [&str; 13] =
    ["tcp", "ipc", "inproc", "ws", "wss", "udp", "tipc", "vsock", "vmci", "hyperv", "pgm", "epgm", "norm"];

/// Where to bind or connect: a transport's scheme, and an address in that transport's own form.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Endpoint {
    scheme: String,
    address: String,
}

impl Endpoint {
    /// Splits `scheme://address` (`zmq_bind(3)`, `zmq_connect(3)`). The address is not looked at.
    ///
    /// # Errors
    /// [`EndpointError`]. A scheme that no transport has is left for [`Endpoint::unsupported`].
    pub fn parse(text: &str) -> Result<Self, EndpointError> {
        let refuse = |reason| EndpointError::Syntax { endpoint: text.to_owned(), reason };
        let (scheme, address) = text.split_once("://").ok_or_else(|| refuse(SyntaxError::NoScheme))?;
        if scheme.is_empty() {
            return Err(refuse(SyntaxError::EmptyScheme));
        }
        if address.is_empty() {
            return Err(refuse(SyntaxError::EmptyAddress));
        }
        Ok(Self { scheme: scheme.to_owned(), address: address.to_owned() })
    }

    /// The transport: `tcp`.
    #[must_use]
    pub fn scheme(&self) -> &str {
        &self.scheme
    }

    /// The part behind `://`.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The error for an endpoint whose scheme no transport here serves.
    #[must_use]
    pub fn unsupported(&self) -> EndpointError {
        let known = SCHEMES.contains(&self.scheme());
        EndpointError::Unsupported { endpoint: self.to_string(), scheme: self.scheme.clone(), known }
    }
}

impl FromStr for Endpoint {
    type Err = EndpointError;

    fn from_str(text: &str) -> Result<Self, EndpointError> {
        Self::parse(text)
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.address)
    }
}

/// The part that a text lacks to be an endpoint.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum SyntaxError {
    /// There is no `://`.
    NoScheme,
    /// Nothing stands before `://`.
    EmptyScheme,
    /// Nothing stands after `://`.
    EmptyAddress,
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoScheme => "there is no \"://\"",
            Self::EmptyScheme => "there is no transport before \"://\"",
            Self::EmptyAddress => "there is no address after \"://\"",
        })
    }
}

/// Why a text is no endpoint for bind or connect.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EndpointError {
    /// It does not have the form `scheme://address`.
    #[error("{endpoint:?} is not an endpoint: {}", self.reason())]
    Syntax {
        /// The text given.
        endpoint: String,
        /// The part that it lacks.
        reason: SyntaxError,
    },
    /// No transport serves its scheme.
    #[error("{endpoint:?}: {}", self.reason())]
    Unsupported {
        /// The text given.
        endpoint: String,
        /// Its scheme.
        scheme: String,
        /// ZeroMQ has such a transport, but this build has not.
        known: bool,
    },
}

impl EndpointError {
    /// The reason, without the endpoint.
    #[must_use]
    pub fn reason(&self) -> String {
        match self {
            Self::Syntax { reason, .. } => reason.to_string(),
            Self::Unsupported { scheme, known: true, .. } => {
                format!("this build has no transport {scheme:?}")
            }
            Self::Unsupported { scheme, known: false, .. } => format!("there is no transport {scheme:?}"),
        }
    }

    /// The error number in C: `EINVAL` or `EPROTONOSUPPORT`.
    #[must_use]
    pub const fn errno(&self) -> i32 {
        match self {
            Self::Syntax { .. } => rustix::io::Errno::INVAL.raw_os_error(),
            Self::Unsupported { .. } => rustix::io::Errno::PROTONOSUPPORT.raw_os_error(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_split_at_the_first_mark() {
        for (text, scheme, address) in [
            ("tcp://*:5555", "tcp", "*:5555"),
            ("ipc:///tmp/a://b", "ipc", "/tmp/a://b"),
            ("inproc://x", "inproc", "x"),
            ("nonsense://x", "nonsense", "x"),
        ] {
            let endpoint: Endpoint = text.parse().unwrap();
            assert_eq!((endpoint.scheme(), endpoint.address()), (scheme, address));
            assert_eq!(endpoint.to_string(), text);
        }
    }

    #[test]
    fn flaws_are_named() {
        for (text, reason) in [
            ("", SyntaxError::NoScheme),
            ("tcp", SyntaxError::NoScheme),
            ("tcp:/x", SyntaxError::NoScheme),
            ("tcp:127.0.0.1:80", SyntaxError::NoScheme),
            ("://x", SyntaxError::EmptyScheme),
            ("://", SyntaxError::EmptyScheme),
            ("tcp://", SyntaxError::EmptyAddress),
        ] {
            let error = Endpoint::parse(text).unwrap_err();
            assert_eq!(error, EndpointError::Syntax { endpoint: text.into(), reason });
            assert_eq!(error.errno(), 22);
        }
        let text = Endpoint::parse("tcp:/x").unwrap_err().to_string();
        assert_eq!(text, "\"tcp:/x\" is not an endpoint: there is no \"://\"");
    }

    #[test]
    fn missing_transports_differ_from_misspelt_ones() {
        let error = |text| Endpoint::parse(text).unwrap().unsupported();
        assert_eq!(error("tcpp://x").to_string(), "\"tcpp://x\": there is no transport \"tcpp\"");
        assert_eq!(error("norm://x").to_string(), "\"norm://x\": this build has no transport \"norm\"");
        assert_eq!(error("norm://x").errno(), 93);
    }
}
