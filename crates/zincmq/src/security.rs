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

use crate::error::Result;
use crate::option::{self, OptionError};
use crate::socket::Socket;
#[doc(inline)]
pub use zmtp::zap::ENDPOINT as ZAP_ENDPOINT;
#[doc(inline)]
pub use zmtp::{KeyError, Keypair, NoRandomness, PublicKey, Secret, SecretKey};

/// Both act for binds and connects from now on, those over inproc excepted: nobody listens within a process.
impl<K> Socket<K> {
    /// Lets clients connect that know the public key of `keys`, and encrypts their traffic (`CURVE_SERVER`). Which
    /// clients, a ZAP handler decides; without one, all of them, unless `ZAP_ENFORCE_DOMAIN` and a `ZAP_DOMAIN` are set.
    ///
    /// # Errors
    /// [`Error::Terminated`](crate::Error::Terminated).
    pub fn curve_server(&mut self, keys: &Keypair) -> Result<()> {
        self.set(option::CURVE_PUBLICKEY, Some(keys.public))?;
        self.set(option::CURVE_SECRETKEY, Some(keys.secret.clone()))?;
        self.set(option::CURVE_SERVER, true)
    }

    /// Connects to a server with this public key only, as the owner of `keys`, and encrypts the traffic
    /// (`CURVE_SERVERKEY`).
    ///
    /// # Errors
    /// [`Error::Terminated`](crate::Error::Terminated).
    pub fn curve_client(&mut self, keys: &Keypair, server: PublicKey) -> Result<()> {
        self.set(option::CURVE_PUBLICKEY, Some(keys.public))?;
        self.set(option::CURVE_SECRETKEY, Some(keys.secret.clone()))?;
        self.set(option::CURVE_SERVERKEY, Some(server))
    }

    /// Lets clients connect whose user name and password a ZAP handler accepts (`PLAIN_SERVER`); without a handler,
    /// none.
    ///
    /// # Errors
    /// [`Error::Terminated`](crate::Error::Terminated).
    pub fn plain_server(&mut self) -> Result<()> {
        self.set(option::PLAIN_SERVER, true)
    }

    /// Connects with a user name and a password, of 1 to 255 bytes each, which everybody on the way can read
    /// (`PLAIN_USERNAME`, `PLAIN_PASSWORD`).
    ///
    /// # Errors
    /// [`Error::Option`](crate::Error::Option) for longer ones and for none, which would switch PLAIN off;
    /// [`Error::Terminated`](crate::Error::Terminated).
    pub fn plain_client(&mut self, user: &str, password: impl Into<Secret>) -> Result<()> {
        let password = password.into();
        for (name, lacks) in [("PLAIN_USERNAME", user.is_empty()), ("PLAIN_PASSWORD", password.is_empty())] {
            if lacks {
                return Err(OptionError::Missing { name: "PLAIN", needed: name }.into());
            }
        }
        self.set(option::PLAIN_USERNAME, user)?;
        self.set(option::PLAIN_PASSWORD, password)
    }
}
