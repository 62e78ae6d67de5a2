//! The client's side.

use super::CLIENT;
use crate::{Result, lazy};
use zincmq::{Context, Message};

/// A client of the services behind a broker. It asks again while it gets no reply.
#[derive(Debug)]
pub struct Client(lazy::Client);

impl Client {
    /// A client of this broker.
    ///
    /// # Errors
    /// If the endpoint is none.
    pub fn new(context: &Context, broker: String) -> Result<Self> {
        Ok(Self(lazy::Client::new(context, vec![broker], 20)?))
    }

    /// The reply of a service.
    ///
    /// # Errors
    /// If there has been none after many tries, or it is of another protocol.
    pub fn request(&mut self, service: &str, request: impl Into<Message>) -> Result<Message> {
        let mut message = Message::from([CLIENT, service]);
        message.extend(request.into());
        let mut reply = self.0.ask(message)?;
        match reply.as_slice() {
            [protocol, from, _, ..] if protocol == CLIENT && from == service => Ok(reply.split_off(2)),
            _ => Err(format!("no reply of {service}: {reply:?}").into()),
        }
    }
}
