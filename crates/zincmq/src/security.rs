//! Security: keys, passwords, and sockets that ask for them.
//!
//! - **CURVE** encrypts all traffic, and both sides prove who they are: [`Socket::curve_server`],
//!   [`Socket::curve_client`] (RFC 26, `zmq_curve(7)`).
//! - **PLAIN** says a user name and a password in clear text, for networks where nobody listens:
//!   [`Socket::plain_server`], [`Socket::plain_client`] (RFC 24, `zmq_plain(7)`).
//!
//! The side that listens decides who is let in by asking a ZAP handler (RFC 27): a REP or ROUTER socket bound to
//! [`ZAP_ENDPOINT`] in the same context.
//!
//! ```
//! use zincmq::security::Keypair;
//! use zincmq::{Context, Pull, Push};
//! # fn main() -> zincmq::Result<()> {
//! let context = Context::new();
//! let (server, client) = (Keypair::generate()?, Keypair::generate()?);
//!
//! let mut pull = Pull::new(&context)?;
//! pull.curve_server(&server)?;
//! let endpoint = pull.bind("tcp://127.0.0.1:*")?;
//!
//! let mut push = Push::new(&context)?;
//! push.curve_client(&client, server.public)?;
//! push.connect(&endpoint)?;
//! push.send("for your eyes only")?;
//! assert_eq!(pull.recv()?.as_str(), Ok("for your eyes only"));
//! # Ok(()) }
//! ```

#[cfg(doc)]
use crate::socket::Socket;
#[doc(inline)]
pub use zmtp::zap::ENDPOINT as ZAP_ENDPOINT;
#[doc(inline)]
pub use zmtp::{KeyError, Keypair, NoRandomness, PublicKey, Secret, SecretKey};
