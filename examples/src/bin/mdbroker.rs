//! Majordomo, the broker: clients name a service, and its workers get their requests.
//!
//! `mdbroker [ENDPOINT]`: binds, for clients and workers; runs until Ctrl-C.

use examples::heartbeat::Pulse;
use examples::majordomo::Broker;
use examples::{Result, text};
use std::time::Instant;
use zincmq::{Context, Error, Message, Router};

fn main() -> Result {
    let context = Context::new();
    let mut socket = Router::builder(&context).bind(text(1, "tcp://127.0.0.1:5555"))?;
    let mut broker = Broker::default();
    let mut pulse = Pulse::new(Instant::now());
    loop {
        match socket.recv_timeout(pulse.left()) {
            Ok(message) => send(&mut socket, broker.receive(message, Instant::now()))?,
            Err(Error::Timeout) => {}
            Err(error) => return Err(error.into()),
        }
        if pulse.is_due(Instant::now()) {
            send(&mut socket, broker.beat(Instant::now()))?;
        }
    }
}

/// What is for a peer that has gone is dropped: this is how ROUTER is.
fn send(socket: &mut Router, messages: Vec<Message>) -> Result {
    for message in messages {
        socket.send(message)?;
    }
    Ok(())
}
