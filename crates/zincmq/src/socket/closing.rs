//! The end of a socket, as a task waits for it.

use crate::socket::Socket;

impl<K> Socket<K> {
    /// Closes the socket, and waits until it has lingered: until peers have taken all messages that were sent, or `LINGER` is
    /// over. For async code; needs no particular executor. Dropping the future leaves the closing to go on.
    ///
    /// Where a socket is dropped instead, the drop of the context waits for that, and holds up its thread.
    ///
    /// ```
    /// # use zincmq::{Context, Pull, Push};
    /// # smol::block_on(async {
    /// # let context = Context::new();
    /// let mut pull = Pull::new(&context)?;
    /// let mut push = Push::new(&context)?;
    /// push.connect(pull.bind("tcp://127.0.0.1:*")?)?;
    /// push.send_async("the last word").await?;
    /// push.close_async().await; // out
    /// assert_eq!(pull.recv_async().await?, "the last word");
    /// # zincmq::Result::Ok(())
    /// # }).unwrap();
    /// ```
    pub async fn close_async(mut self) {
        // Its own handle may be the last, which would wait here.
        let core = self.core_mut();
        let (id, home) = (core.owner.id, core.home.clone());
        drop(self);
        home.lingered(id).await;
    }
}
