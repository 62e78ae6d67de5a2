//! Freelance, the third model: a client that knows which of its servers live, and asks one of these at once.
//!
//! `flclient [REQUESTS] [SERVER]...`: has so many numbers squared. The protocol is 10/FLP. The first model, a client
//! that asks its servers by turns, is `lpclient`.

use examples::heartbeat::{Lease, Pulse};
use examples::{Result, number, texts};
use std::time::{Duration, Instant};
use zincmq::{Context, Error, Frame, Router};

/// How long a request is tried.
const PATIENCE: Duration = Duration::from_secs(20);

fn main() -> Result {
    let context = Context::new();
    let mut client = Client::new(&context, &texts(2, &["tcp://127.0.0.1:5555", "tcp://127.0.0.1:5556"]))?;
    for number in 1..=number(1, 10) {
        println!("{number} squared is {}", client.ask(&number.to_string())?.as_str()?);
    }
    Ok(())
}

struct Client {
    /// One socket for all servers, which sends to the server that the first part names.
    socket: Router,
    servers: Vec<Server>,
    pulse: Pulse,
    /// The number of the last request.
    requests: u32,
}

struct Server {
    endpoint: String,
    /// `None` before the first sign of life.
    lease: Option<Lease>,
}

impl Server {
    fn lives(&self, now: Instant) -> bool {
        self.lease.as_ref().is_some_and(|lease| !lease.is_over(now))
    }
}

impl Client {
    fn new(context: &Context, endpoints: &[String]) -> Result<Self> {
        let mut socket = Router::builder(context).linger(Duration::ZERO).build()?;
        let mut servers = Vec::new();
        for endpoint in endpoints {
            socket.connect(endpoint)?;
            servers.push(Server { endpoint: endpoint.clone(), lease: None });
        }
        Ok(Self { socket, servers, pulse: Pulse::new(Instant::now()), requests: 0 })
    }

    /// The reply of the first server in the list that lives. When that one falls silent the next is asked, and when it
    /// has lost the request, because it has started anew, it is asked again.
    fn ask(&mut self, request: &str) -> Result<Frame> {
        self.requests += 1;
        let (number, until) = (self.requests.to_be_bytes(), Instant::now() + PATIENCE);
        let mut asked: Option<(usize, Lease)> = None;
        while Instant::now() < until {
            let now = Instant::now();
            asked = asked.filter(|(at, patience)| self.servers[*at].lives(now) && !patience.is_over(now));
            let living = self.servers.iter().position(|server| server.lives(now));
            if asked.is_none()
                && let Some(at) = living
            {
                self.socket.send((&self.servers[at].endpoint, number, request))?;
                asked = Some((at, Lease::new(now)));
            }
            match self.socket.recv_timeout(self.pulse.left()) {
                Ok(message) => {
                    self.hear_of(&message[0]);
                    // A reply to an earlier request, from a server that had been given up, has another number.
                    if let [_, of, reply] = message.as_slice()
                        && *of == number
                    {
                        return Ok(reply.clone());
                    }
                }
                Err(Error::Timeout) => {}
                Err(error) => return Err(error.into()),
            }
            self.ping()?;
        }
        Err("no server replies".into())
    }

    fn hear_of(&mut self, endpoint: &Frame) {
        if let Some(server) = self.servers.iter_mut().find(|server| *endpoint == server.endpoint) {
            server.lease = Some(Lease::new(Instant::now()));
        }
    }

    /// What is for a server that is not connected is dropped, and the next ping comes soon.
    fn ping(&mut self) -> Result {
        if self.pulse.is_due(Instant::now()) {
            for server in &self.servers {
                self.socket.send([&server.endpoint, "PING"])?;
            }
        }
        Ok(())
    }
}
