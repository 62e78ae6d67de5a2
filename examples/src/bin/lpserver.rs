//! Lazy Pirate, the server: squares numbers, and does not last long.
//!
//! `lpserver [ENDPOINT] [COUNT]`: binds, and ends in the middle of its work, with the request that is one too many.

use examples::{Result, number, square, text};
use zincmq::{Context, Rep};

fn main() -> Result {
    let context = Context::new();
    let mut server = Rep::builder(&context).bind(text(1, "tcp://127.0.0.1:5555"))?;
    for _ in 0..number(2, 3) {
        let number = server.recv()?.into_frame();
        server.send(square(&number))?;
    }
    server.recv()?;
    Ok(())
}
