//! Majordomo, a client: has numbers squared, by whoever does it.
//!
//! `mdclient [BROKER] [COUNT] [SERVICE]`

use examples::majordomo::Client;
use examples::{Result, number, text};
use zincmq::Context;

fn main() -> Result {
    let context = Context::new();
    let mut client = Client::new(&context, text(1, "tcp://127.0.0.1:5555"))?;
    let service = text(3, "square");
    for number in 1..=number(2, 10) {
        let reply = client.request(&service, number.to_string())?;
        println!("{number} squared is {}", reply.as_str()?);
    }
    Ok(())
}
