//! Load balancing, a worker: says that it is ready, then squares numbers.
//!
//! `lbworker [BROKER]`: runs until Ctrl-C.

use examples::{Result, square, text};
use zincmq::{Context, Req};

fn main() -> Result {
    let context = Context::new();
    // The worker asks for work: its request is the reply to the last client, and its reply the next client's request.
    let mut broker = Req::builder(&context).connect(text(1, "tcp://127.0.0.1:5560"))?;
    broker.send("READY")?;
    loop {
        // The client's envelope stays in front, for the broker.
        let mut message = broker.recv()?;
        let number = message.pop().unwrap_or_default();
        message.push(square(&number));
        broker.send(message)?;
    }
}
