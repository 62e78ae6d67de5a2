//! Freelance, the third model: a server among several, without a broker.
//!
//! `flserver [ENDPOINT]`: binds, squares numbers, runs until Ctrl-C. The protocol is 10/FLP.

use examples::{Result, square, text};
use zincmq::{Context, Router};

fn main() -> Result {
    let (context, endpoint) = (Context::new(), text(1, "tcp://127.0.0.1:5555"));
    // Clients address the server by its endpoint: they know it before they have heard of the server.
    let mut clients = Router::builder(&context).routing_id(&endpoint).bind(&endpoint)?;
    loop {
        let mut message = clients.recv()?;
        match message.as_slice() {
            [_, ping] if ping == "PING" => message[1] = "PONG".into(),
            // The part in the middle is the client's own.
            [_, _, number] => message[2] = square(number).into(),
            _ => continue,
        }
        clients.send(message)?;
    }
}
