//! Sockets that ask for keys and passwords, or have them.

#[cfg(doc)]
use crate::error::Error;
use crate::error::Result;
use crate::option::{self, OptionError};
use crate::socket::Socket;
use zmtp::{Keypair, PublicKey, Secret};

/// Security. What is set holds for binds and connects that follow, but over inproc: nobody listens within a process.
impl<K> Socket<K> {
    /// Lets clients connect that know the public key of `keys`, and encrypts their traffic (`CURVE_SERVER`). Which
    /// clients, a ZAP handler decides; without one, all of them, unless `ZAP_ENFORCE_DOMAIN` and a `ZAP_DOMAIN` are set.
    ///
    /// ```
    /// # use zincmq::{Context, Pull, security::Keypair};
    /// # fn main() -> zincmq::Result<()> {
    /// # let context = Context::new();
    /// let keys = Keypair::generate()?;
    /// let mut pull = Pull::new(&context)?;
    /// pull.curve_server(&keys)?;
    /// pull.bind("tcp://127.0.0.1:*")?;
    /// println!("clients need {}", keys.public);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`Error::Terminated`].
    pub fn curve_server(&mut self, keys: &Keypair) -> Result<()> {
        self.set(option::CURVE_PUBLICKEY, Some(keys.public))?;
        self.set(option::CURVE_SECRETKEY, Some(keys.secret.clone()))?;
        self.set(option::CURVE_SERVER, true)
    }

    /// Connects to a server with this public key only, as the owner of `keys`, and encrypts the traffic
    /// (`CURVE_SERVERKEY`).
    ///
    /// ```
    /// # use zincmq::{Context, Pull, Push, security::Keypair};
    /// # fn main() -> zincmq::Result<()> {
    /// # let context = Context::new();
    /// # let server = Keypair::generate()?;
    /// # let mut pull = Pull::new(&context)?;
    /// # pull.curve_server(&server)?;
    /// # let endpoint = pull.bind("tcp://127.0.0.1:*")?;
    /// let mut push = Push::new(&context)?;
    /// push.curve_client(&Keypair::generate()?, server.public)?;
    /// push.connect(endpoint)?;
    /// push.send("for your eyes only")?;
    /// # pull.recv()?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`Error::Terminated`].
    pub fn curve_client(&mut self, keys: &Keypair, server: PublicKey) -> Result<()> {
        self.set(option::CURVE_PUBLICKEY, Some(keys.public))?;
        self.set(option::CURVE_SECRETKEY, Some(keys.secret.clone()))?;
        self.set(option::CURVE_SERVERKEY, Some(server))
    }

    /// Lets clients connect whose user name and password a ZAP handler accepts (`PLAIN_SERVER`); without a handler,
    /// none.
    ///
    /// ```
    /// # use zincmq::{Context, Pull};
    /// # fn main() -> zincmq::Result<()> {
    /// # let context = Context::new();
    /// let mut pull = Pull::new(&context)?;
    /// pull.plain_server()?;
    /// pull.bind("tcp://127.0.0.1:*")?; // nobody gets in before there is a handler
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`Error::Terminated`].
    pub fn plain_server(&mut self) -> Result<()> {
        self.set(option::PLAIN_SERVER, true)
    }

    /// Connects with a user name and a password, of 1 to 255 bytes each, which everybody on the way can read
    /// (`PLAIN_USERNAME`, `PLAIN_PASSWORD`).
    ///
    /// ```
    /// # use zincmq::{Context, Push};
    /// # fn main() -> zincmq::Result<()> {
    /// # let context = Context::new();
    /// let mut push = Push::new(&context)?;
    /// push.plain_client("alice", "in clear text")?;
    /// assert!(push.plain_client("", "for nobody").is_err());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`Error::Option`] for longer ones and for none, which would switch PLAIN off;
    /// [`Error::Terminated`].
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
