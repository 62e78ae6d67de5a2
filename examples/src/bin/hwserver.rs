//! Request and reply, the server: greets everybody who gives a name.
//!
//! `hwserver [ENDPOINT] [COUNT]`: binds, and ends after so many requests.

use examples::{Result, number, text};
use zincmq::{Context, Rep};

fn main() -> Result {
    let context = Context::new();
    let mut server = Rep::new(&context)?;
    server.bind(text(1, "tcp://127.0.0.1:5555"))?;
    for _ in 0..number(2, 10) {
        let name = server.recv()?;
        // A REP socket answers whom it has just heard; it knows the way back by itself.
        server.send(format!("Hello, {}!", name.as_str()?))?;
    }
    Ok(())
    // Here the socket is closed, and the context waits until the last reply has gone out.
}
