//! Request and reply, the client: gives names, and prints the greetings.
//!
//! `hwclient [ENDPOINT] [COUNT]`: connects, and ends after so many replies.

use examples::{Result, number, text};
use zincmq::{Context, Req};

fn main() -> Result {
    let context = Context::new();
    let mut client = Req::new(&context)?;
    // The server need not be there yet: the connection is made when it can be, and again when it is lost.
    client.connect(text(1, "tcp://127.0.0.1:5555"))?;
    for guest in 1..=number(2, 10) {
        client.send(format!("guest {guest}"))?;
        println!("{}", client.recv_string()?);
    }
    Ok(())
}
