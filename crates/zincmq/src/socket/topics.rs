//! Subscriptions.

#[cfg(doc)]
use crate::error::Error;
use crate::error::Result;
#[cfg(doc)]
use crate::option;
use crate::pattern::ability::Subscribes;
use crate::pattern::contract::Kind;
use crate::socket::Socket;

/// Subscriptions.
impl<K> Socket<K> {
    /// Subscribes to every message that begins with `topic`; the empty topic stands for all. Subscribing twice
    /// needs two cancellations.
    ///
    /// On XPUB with [`XPUB_MANUAL`](crate::option::XPUB_MANUAL) or
    /// [`XPUB_MANUAL_LAST_VALUE`](crate::option::XPUB_MANUAL_LAST_VALUE), where subscriptions act only when they are
    /// confirmed: subscribes the peer whose request was received last, to whatever topic.
    ///
    /// ```
    /// # use zincmq::{Context, Sub, XPub, option};
    /// # fn main() -> zincmq::Result<()> {
    /// # let context = Context::new();
    /// let mut publisher = XPub::new(&context)?;
    /// publisher.set(option::XPUB_MANUAL, true)?;
    /// publisher.bind("inproc://cache")?;
    /// let mut late = Sub::new(&context)?;
    /// late.connect("inproc://cache")?;
    /// late.subscribe("prices")?;
    ///
    /// // 1 and the topic: somebody asks for it.
    /// if let [1, topic @ ..] = publisher.recv()?.bytes() {
    ///     publisher.subscribe(topic)?;
    ///     publisher.send("prices: the last ones")?;
    /// }
    /// assert_eq!(late.recv()?.as_str(), Ok("prices: the last ones"));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`Error::Terminated`]; [`Error::InvalidMessage`] on XPUB without these options, and on an
    /// [`AnySocket`](crate::AnySocket) of another type than these two.
    pub fn subscribe(&mut self, topic: impl AsRef<[u8]>) -> Result<()>
    where
        K: Subscribes,
    {
        self.core_mut().subscribe(Kind::Subscribe, topic.as_ref())
    }

    /// Cancels a subscription.
    ///
    /// ```
    /// # use zincmq::{Context, Sub};
    /// # fn main() -> zincmq::Result<()> {
    /// # let context = Context::new();
    /// let mut sub = Sub::new(&context)?;
    /// sub.subscribe("weather")?;
    /// sub.unsubscribe("weather")?;
    /// assert_eq!(sub.topics()?, 0);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`Socket::subscribe`].
    pub fn unsubscribe(&mut self, topic: impl AsRef<[u8]>) -> Result<()>
    where
        K: Subscribes,
    {
        self.core_mut().subscribe(Kind::Cancel, topic.as_ref())
    }

    /// The number of distinct topics that are subscribed to, here or by subscribers (`TOPICS_COUNT`).
    ///
    /// ```
    /// # use zincmq::{Context, Sub};
    /// # fn main() -> zincmq::Result<()> {
    /// # let context = Context::new();
    /// let mut sub = Sub::new(&context)?;
    /// sub.subscribe("weather")?;
    /// sub.subscribe("news")?;
    /// assert_eq!(sub.topics()?, 2);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`Error::InvalidMessage`] on types without subscriptions.
    pub fn topics(&self) -> Result<usize> {
        let mut core = self.locked();
        core.process();
        core.topics()
    }
}
