//! A client that does not give up at once: Lazy Pirate.

use crate::Result;
use std::time::Duration;
use zincmq::{Context, Error, Message, Req};

/// How long a client waits for a reply before it asks again. Longer than [a lease](crate::heartbeat::LEASE), so that a
/// broker has found out meanwhile that a worker is dead.
const PATIENCE: Duration = Duration::from_millis(800);

/// Asks a server, and asks again while no reply comes: each time the next server, if there are several.
///
/// A request may be served twice, so requests must be such that this does no harm.
#[derive(Debug)]
pub struct Client {
    context: Context,
    servers: Vec<String>,
    current: usize,
    socket: Req,
    tries: u32,
}

impl Client {
    /// A client of these servers, which tries so often.
    ///
    /// # Errors
    /// If there is no server, or its endpoint is none.
    pub fn new(context: &Context, servers: Vec<String>, tries: u32) -> Result<Self> {
        let socket = connect(context, servers.first().ok_or("no servers")?)?;
        Ok(Self { context: context.clone(), servers, current: 0, socket, tries })
    }

    /// The reply to a request.
    ///
    /// # Errors
    /// If no server has replied, after all tries.
    pub fn ask(&mut self, request: impl Into<Message>) -> Result<Message> {
        let request = request.into();
        for _ in 0..self.tries {
            self.socket.send(&request)?;
            match self.socket.recv_timeout(PATIENCE) {
                Err(Error::Timeout) => self.turn_to_next()?,
                reply => return Ok(reply?),
            }
        }
        Err(format!("no reply after {} tries", self.tries).into())
    }

    /// A REQ that waits for a reply sends no other request. So it is closed, together with what it has not sent, and
    /// another takes its place. A late reply to the old one goes nowhere.
    fn turn_to_next(&mut self) -> Result {
        eprintln!("no reply from {}", self.servers[self.current]);
        self.current = (self.current + 1) % self.servers.len();
        self.socket = connect(&self.context, &self.servers[self.current])?;
        Ok(())
    }
}

fn connect(context: &Context, server: &str) -> Result<Req> {
    Ok(Req::builder(context).linger(Duration::ZERO).connect(server)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use zincmq::Rep;

    #[test]
    fn gives_up_in_the_end() -> Result {
        let context = Context::new();
        let silent = Rep::builder(&context).bind("tcp://127.0.0.1:*")?;
        let servers = vec![silent.last_endpoint()];
        let error = Client::new(&context, servers, 2)?.ask("hello").unwrap_err();
        assert_eq!(error.to_string(), "no reply after 2 tries");
        Ok(())
    }
}
