//! Request and reply with a broker between, the client: has numbers squared.
//!
//! `rrclient [BROKER] [COUNT]`

use examples::{Result, number, text};
use zincmq::{Context, Req};

fn main() -> Result {
    let context = Context::new();
    let mut client = Req::new(&context)?;
    client.connect(text(1, "tcp://127.0.0.1:5559"))?;
    for number in 1..=number(2, 10) {
        client.send(number.to_string())?;
        println!("{number} squared is {}", client.recv_string()?);
    }
    Ok(())
}
